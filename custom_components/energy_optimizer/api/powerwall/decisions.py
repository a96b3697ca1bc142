"""Which decisions of a plan a path can carry out, by what means, at what power and with what delay.

Powers are of Tesla's firmware as owners measured them. A decision that could end with a battery sold empty, should Home
Assistant die in the midst of it, is never offered: orders end within a minute, a tariff's window with its half-hour.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from ...core.model.contract import ConnectionRule
from ...core.model.decision import DecisionKind
from ...core.model.force import ForceMeans
from ...core.planning.problem import Means
from . import PowerwallAbilities

TARIFF_KW: Final = 5.0
"""What each Powerwall takes and gives in autonomous operation."""
BACKUP_KW: Final = 3.3
"""What each takes from the grid in backup mode."""
RESERVE_KW: Final = 1.7
"""What each takes from the grid up to a raised reserve."""
ORDERS_ACT_WITHIN: Final = timedelta(minutes=1)
SETTINGS_ACT_WITHIN: Final = timedelta(minutes=2)
"""Mode and reserve are acted upon at once; only a new tariff is thought over for long."""

_NEEDED: Final = {
    (DecisionKind.HOLD, ForceMeans.SETTINGS): {"operation_mode", "grid_charging"},
    (DecisionKind.CHARGE, ForceMeans.TARIFF): {"operation_mode", "grid_charging"},
    (DecisionKind.CHARGE, ForceMeans.SETTINGS): {"backup_reserve_percent", "grid_charging"},
    (DecisionKind.DISCHARGE, ForceMeans.TARIFF): {"operation_mode", "export_rule", "grid_charging"},
}
_ORDER: Final = {
    DecisionKind.SELF_CONSUMPTION: (ForceMeans.SETTINGS,),
    DecisionKind.HOLD: (ForceMeans.DISPATCH, ForceMeans.SETTINGS),
    DecisionKind.EXPORT_SOLAR: (ForceMeans.DISPATCH,),
    DecisionKind.CHARGE: (ForceMeans.DISPATCH, ForceMeans.TARIFF, ForceMeans.SETTINGS),
    DecisionKind.DISCHARGE: (ForceMeans.DISPATCH, ForceMeans.TARIFF),
}


def means_of_decision(
    kind: DecisionKind, abilities: PowerwallAbilities, rule: ConnectionRule
) -> tuple[ForceMeans, ...]:
    """Return by what means a path can carry a decision out, the best first; none if the plan must not count on it.

    Self-consumption is always possible: it is what a Powerwall does that is told nothing.
    """
    return tuple(means for means in _ORDER[kind] if _can(kind, means, abilities, rule))


def decisions_of(
    abilities: PowerwallAbilities, rule: ConnectionRule, *, battery_count: int | None = None
) -> Mapping[DecisionKind, Means]:
    """Return what a path can carry out under the home's connection rule, and how; powers are of the whole site."""
    units = battery_count or 1
    found = {kind: means_of_decision(kind, abilities, rule) for kind in DecisionKind}
    return {kind: _described(kind, means[0], abilities, units) for kind, means in found.items() if means}


def can_steer(abilities: PowerwallAbilities, rule: ConnectionRule) -> bool:
    """Say whether anything but watching can be done by a path."""
    return bool(decisions_of(abilities, rule).keys() - {DecisionKind.SELF_CONSUMPTION})


def _can(kind: DecisionKind, means: ForceMeans, abilities: PowerwallAbilities, rule: ConnectionRule) -> bool:
    ordered = means is ForceMeans.DISPATCH
    if kind is DecisionKind.CHARGE and not rule.allows_grid_charging and not ordered:
        return False  # only an order can be kept within what the panels give
    if kind in {DecisionKind.DISCHARGE, DecisionKind.EXPORT_SOLAR} and not rule.allows_battery_export:
        return False  # an order lags behind a load that falls, and what it gives too much is sold
    if ordered:
        return abilities.can_dispatch
    if means is ForceMeans.TARIFF and not abilities.can_set_tariff:
        return False
    return abilities.writable >= _NEEDED.get((kind, means), set())


def _described(kind: DecisionKind, means: ForceMeans, abilities: PowerwallAbilities, units: int) -> Means:
    charging = kind is DecisionKind.CHARGE
    most_kw = abilities.most_charge_kw if charging else abilities.most_discharge_kw
    has_power = charging or kind is DecisionKind.DISCHARGE
    match means:
        case ForceMeans.DISPATCH:
            delay = min(abilities.acts_within, ORDERS_ACT_WITHIN)
            return Means(delay=delay, power_kw=most_kw if has_power else None)
        case ForceMeans.TARIFF:
            power_kw = _within(TARIFF_KW * units, most_kw) if charging or most_kw is None else most_kw
            return Means(delay=abilities.acts_within, power_kw=power_kw, adjustable=False)
        case ForceMeans.SETTINGS:
            delay = min(abilities.acts_within, SETTINGS_ACT_WITHIN) if abilities.writable else timedelta(0)
            if not charging:
                return Means(delay=delay)
            unit_kw = BACKUP_KW if "operation_mode" in abilities.writable else RESERVE_KW
            return Means(delay=delay, power_kw=_within(unit_kw * units, most_kw), adjustable=False)


def _within(power_kw: float, most_kw: float | None) -> float:
    return power_kw if most_kw is None else min(power_kw, most_kw)
