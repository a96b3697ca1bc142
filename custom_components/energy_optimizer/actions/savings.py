"""Joins the proof of savings to what steers and plans a Powerwall."""

from ..control.held import Held
from ..coordinators.planning import find_planning
from ..coordinators.powerwall import PowerwallCoordinator
from ..coordinators.savings import async_start_savings
from ..core.accounting.counterfactual import Habit
from ..core.model.powerwall import ExportRule, OperationMode, PowerwallSettings
from .steering import backup_percent, find_steering


async def async_start_proof(powerwall: PowerwallCoordinator) -> None:
    """Begin to settle the days of a Powerwall that is planned for; its planning and steering have started."""
    if (planning := find_planning(powerwall)) is not None:
        await async_start_savings(planning, lambda: habit_of(powerwall))


def habit_of(powerwall: PowerwallCoordinator) -> Habit:
    """Return what a Powerwall does when nobody steers it: by what will be put back, or by what stands there now."""
    steering = find_steering(powerwall)
    held = steering.control.state.held if steering is not None else {}
    shown = powerwall.data.reading.settings if powerwall.data is not None else PowerwallSettings()
    mode = _before(held.get("operation_mode"), shown.operation_mode)
    rule = _before(held.get("export_rule"), shown.export_rule)
    reserve = backup_percent(powerwall)
    if reserve is None and (planning := find_planning(powerwall)) is not None:
        reserve = planning.data.settings.reserve_percent
    usual = Habit()
    return Habit(
        mode=mode if isinstance(mode, OperationMode) else usual.mode,
        reserve_percent=usual.reserve_percent if reserve is None else reserve,
        export_rule=rule if isinstance(rule, ExportRule) else usual.export_rule,
    )


def _before(held: Held | None, shown: object) -> object:
    return shown if held is None or held.baseline is None else held.baseline
