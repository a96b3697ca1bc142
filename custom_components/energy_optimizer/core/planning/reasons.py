"""Why a decision is the best, in terms that a person can check: a price now, and what it will be worth later."""

from ..model.battery import BatteryModel
from ..model.decision import DecisionKind
from ..model.plan import Reason, ReasonKey
from .decide import Taken

_SLIGHT_KW = 0.02
_SLIGHT_KWH = 0.05


def reason_for(
    taken: Taken, battery: BatteryModel, *, import_per_kwh: float, export_per_kwh: float, worth_per_kwh: float
) -> Reason:
    """Return why *taken* was decided at these prices, when a kWh that it stores or keeps is worth *worth_per_kwh*."""
    given = worth_per_kwh / battery.discharge_efficiency
    """What a kWh must earn now to make up for what is taken out of the battery for it."""
    put_in = worth_per_kwh * battery.charge_efficiency
    lacks = taken.net_kw > _SLIGHT_KW
    match taken.decision.kind:
        case DecisionKind.CHARGE if import_per_kwh < 0.0:
            return Reason(key=ReasonKey.PAID_TO_TAKE, price_per_kwh=import_per_kwh)
        case DecisionKind.CHARGE if put_in >= import_per_kwh:
            return Reason(key=ReasonKey.BUY_CHEAP, price_per_kwh=import_per_kwh, later_per_kwh=put_in)
        case DecisionKind.DISCHARGE if export_per_kwh >= given:
            return Reason(key=ReasonKey.SELL_DEAR, price_per_kwh=export_per_kwh, later_per_kwh=given)
        case DecisionKind.EXPORT_SOLAR if export_per_kwh >= put_in:
            return Reason(key=ReasonKey.SELL_SURPLUS, price_per_kwh=export_per_kwh, later_per_kwh=put_in)
        case DecisionKind.HOLD if lacks and given >= import_per_kwh:
            return Reason(key=ReasonKey.KEEP_FOR_LATER, price_per_kwh=import_per_kwh, later_per_kwh=given)
        case DecisionKind.SELF_CONSUMPTION | DecisionKind.HOLD:
            pass
        case _:  # it stands because no other is worth enough more, or some outcomes are not the median
            return Reason(key=ReasonKey.NOTHING_TO_GAIN)
    return _of_following(taken, battery, import_per_kwh, export_per_kwh, given, put_in)


def _of_following(
    taken: Taken, battery: BatteryModel, import_per_kwh: float, export_per_kwh: float, given: float, put_in: float
) -> Reason:
    """Return why the battery follows the house."""
    if taken.net_kw < -_SLIGHT_KW:
        if taken.before_kwh >= battery.capacity_kwh - _SLIGHT_KWH:
            return Reason(key=ReasonKey.BATTERY_FULL)
        if put_in < export_per_kwh:
            return Reason(key=ReasonKey.NOTHING_TO_GAIN)
        return Reason(key=ReasonKey.STORE_SURPLUS, price_per_kwh=export_per_kwh, later_per_kwh=put_in)
    if taken.before_kwh <= battery.reserve_kwh + _SLIGHT_KWH:
        return Reason(key=ReasonKey.RESERVE_REACHED)
    covers = taken.net_kw > _SLIGHT_KW and taken.decision.kind is DecisionKind.SELF_CONSUMPTION
    if covers and import_per_kwh >= given:
        return Reason(key=ReasonKey.COVER_HOUSE, price_per_kwh=import_per_kwh, later_per_kwh=given)
    return Reason(key=ReasonKey.NOTHING_TO_GAIN)
