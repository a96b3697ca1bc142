"""What is asked of a day that a home lived through: was the plan obeyed, did it flap, do the books add up."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from custom_components.energy_optimizer.control.state import RunningDecision
from custom_components.energy_optimizer.coordinators.powerwall_paths import home_place
from custom_components.energy_optimizer.core.model.decision import DecisionKind
from custom_components.energy_optimizer.core.model.force import ForceMeans
from custom_components.energy_optimizer.core.model.metering import SLOT
from custom_components.energy_optimizer.core.model.powerwall import OperationMode, PowerwallSettings
from custom_components.energy_optimizer.core.model.price import PriceSlot
from custom_components.energy_optimizer.core.simulation.home import SimulatedHome
from custom_components.energy_optimizer.core.simulation.settings import SimulationSettings
from custom_components.energy_optimizer.core.simulation.state import HomeState
from tests.lived_days import Life, Look

LATE = timedelta(seconds=30)
"""So long after its time a decision may be carried out, as nobody looks between two ticks."""
SHORTEST = timedelta(minutes=15) - LATE
NEAR_KW = 0.3
MOST_IN_KW, MOST_OUT_KW = 5.0, 11.5
NEARLY_FULL_PERCENT = 95.0
SELF, HOLD = DecisionKind.SELF_CONSUMPTION, DecisionKind.HOLD
CHARGE, DISCHARGE = DecisionKind.CHARGE, DecisionKind.DISCHARGE


def not_by_plan(looks: Iterable[Look]) -> list[str]:
    """Return when something else was carried out than was planned for that time; without a plan, all goes on."""
    return [
        f"{look.reading.taken_at}: {look.decided and look.decided.decision} instead of {look.planned.decision}"
        for look in looks
        if look.planned is not None and not look.goes_by_plan
    ]


def obeyed(looks: Iterable[Look], before: PowerwallSettings, within: timedelta) -> float:
    """Return for what share of the time the Powerwall had the settings and the power that were decided.

    What was decided less than *within* ago does not count yet. The settings *before* are those of the user.
    """
    counted, good = timedelta(), timedelta()
    for look in looks:
        if look.decided is None or look.reading.taken_at - look.decided.asked_at < within:
            continue
        counted += look.lasting
        if has_settings(look, look.decided, before) and has_power(look, look.decided, before):
            good += look.lasting
    assert counted > timedelta()
    return good / counted


def has_settings(look: Look, decided: RunningDecision, before: PowerwallSettings) -> bool:
    """Say whether mode, reserve and charging from the grid are what the decision needs, by whatever it is done."""
    shown = look.reading.settings
    kept = shown.backup_reserve_percent == before.backup_reserve_percent
    match decided.means, decided.decision.kind:
        case (ForceMeans.DISPATCH, _) | (ForceMeans.SETTINGS, DecisionKind.SELF_CONSUMPTION):
            calm = shown.grid_charging == before.grid_charging
            return shown.operation_mode is OperationMode.SELF_CONSUMPTION and kept and calm
        case ForceMeans.SETTINGS, DecisionKind.HOLD:
            level, reserve = look.reading.level_percent, shown.backup_reserve_percent
            assert level is not None
            assert reserve is not None
            raised = shown.operation_mode is OperationMode.SELF_CONSUMPTION and reserve >= level - 4.0
            return (raised or shown.operation_mode is OperationMode.BACKUP) and shown.grid_charging is False
        case ForceMeans.TARIFF, DecisionKind.CHARGE:
            return shown.operation_mode is OperationMode.AUTONOMOUS and shown.grid_charging is True
        case ForceMeans.TARIFF, DecisionKind.DISCHARGE:
            return shown.operation_mode is OperationMode.AUTONOMOUS and kept
    return False


def has_power(look: Look, decided: RunningDecision, before: PowerwallSettings) -> bool:
    """Say whether the battery does what was decided, as far as its level lets it."""
    reading, decision = look.reading, decided.decision
    power, level, solar = reading.battery_kw, reading.level_percent, reading.solar_kw
    assert power is not None
    assert level is not None
    assert solar is not None
    assert reading.home_kw is not None
    assert before.backup_reserve_percent is not None
    wanted = min(max(decision.battery_kw(reading.home_kw - solar), -MOST_IN_KW), MOST_OUT_KW)
    if level <= before.backup_reserve_percent + 0.1:
        wanted = min(wanted, 0.0)
    lowest, highest = wanted - NEAR_KW, wanted + NEAR_KW
    if wanted < 0.0 and level >= NEARLY_FULL_PERCENT:
        highest = NEAR_KW  # less and less goes in
    by_settings = decided.means is not ForceMeans.DISPATCH
    if by_settings and decision.kind is HOLD:
        lowest = min(lowest, -solar - NEAR_KW)  # the sun fills it up to the reserve before it feeds the house
    if by_settings and decision.kind is DISCHARGE:
        lowest = 0.0  # how much a Powerwall sells in a dear window is its own choice
    return lowest <= power <= highest


def too_short(life: Life) -> list[tuple[RunningDecision, RunningDecision]]:
    """Return decisions that gave way to others within 15 minutes although no price had changed since."""
    found = []
    for one, other in pairwise(life.carried):
        slots = price_slots(life, one.asked_at, other.asked_at + LATE)
        changed = any(one.asked_at < slot.starts_at <= other.asked_at for slot in slots)
        if other.asked_at - one.asked_at < SHORTEST and not changed:
            found.append((one, other))
    return found


def price_slots(life: Life, start: datetime, end: datetime) -> Sequence[PriceSlot]:
    """Return what the home's tariff says of a time."""
    assert life.tariff.tariff is not None
    return list(life.tariff.tariff.slots(start, end))


async def ledger_kwh(life: Life, channel: str, start: datetime, end: datetime) -> dict[datetime, float]:
    """Return what the ledger has of a channel, by slot."""
    rows = await life.entry.runtime_data.ledger.energies(life.powerwall.subentry_id, channel, start, end)
    return {at: kwh for at, kwh, _ in rows}


def money(life: Life, imported: dict[datetime, float], exported: dict[datetime, float]) -> float:
    """Return what energy costs at the prices of the tariff, each slot at its own."""
    total = 0.0
    for at in sorted(imported.keys() | exported.keys()):
        price = next(slot for slot in price_slots(life, at, at + SLOT) if slot.starts_at <= at < slot.ends_at)
        assert price.import_per_kwh is not None
        total += imported.get(at, 0.0) * price.import_per_kwh - exported.get(at, 0.0) * (price.export_per_kwh or 0.0)
    return total


def left_alone(life: Life, state: HomeState, end: datetime) -> tuple[float, float]:
    """Return what the same home had paid from *state* to *end* without anybody steering, and what it then holds."""
    settings = SimulationSettings.from_data(life.powerwall.settings["ways"]["simulated"])
    twin = SimulatedHome(settings, home_place(life.powerwall))
    imported, exported = {}, {}
    at, before = state.at, twin.settle(state, state.at)
    while at < end:
        after = twin.settle(before, at + SLOT)
        one, other = before.counters.totals, after.counters.totals
        assert one.grid_import_kwh is not None
        assert one.grid_export_kwh is not None
        assert other.grid_import_kwh is not None
        assert other.grid_export_kwh is not None
        imported[at] = other.grid_import_kwh - one.grid_import_kwh
        exported[at] = other.grid_export_kwh - one.grid_export_kwh
        at, before = at + SLOT, after
    return money(life, imported, exported), before.stored_kwh
