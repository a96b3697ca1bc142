"""Days that are settled late, anew, or across a clock change, from a ledger that is written beforehand."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder.statistics import async_list_statistic_ids
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import get_instance
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.energy_optimizer.coordinators.planning import PlanningCoordinator, WhyNot, planning_of
from custom_components.energy_optimizer.coordinators.planning_problem import Round
from custom_components.energy_optimizer.coordinators.savings import SavingsCoordinator
from custom_components.energy_optimizer.coordinators.tariff import TariffCoordinator
from custom_components.energy_optimizer.core.accounting.cost import Counter
from custom_components.energy_optimizer.core.accounting.metered_steps import FLOWS
from custom_components.energy_optimizer.core.accounting.slots import SlotEnergy, Track
from custom_components.energy_optimizer.core.model.price import PriceSlot
from custom_components.energy_optimizer.storage.ledger import LedgerUnavailableError
from custom_components.energy_optimizer.storage.ledger.errors import LedgerError
from tests.coordinators.tariff_in_san_diego import go_to, local, tariff
from tests.coordinators.test_savings import PROBLEM, powerwall_of, proof_of
from tests.homes import BATTERY_ENTITIES, FLAT, SIMULATED, home, powerwall, set_up, show_battery

SLOT = timedelta(minutes=5)


@pytest.fixture(autouse=True)
def _enable_custom_integrations(recorder_mock: Any, enable_custom_integrations: None) -> None:
    """Start the recorder before all else, as it wants."""


@pytest.fixture(autouse=True)
async def _in_san_diego(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    async def make(_planning: PlanningCoordinator, _now: datetime) -> Round:
        return Round(problem=PROBLEM, why_not=WhyNot.PRICES_UNKNOWN)

    await hass.config.async_set_time_zone("America/Los_Angeles")
    monkeypatch.setattr(PlanningCoordinator, "_make", make)


async def begin(hass: HomeAssistant, freezer: FrozenDateTimeFactory, at: datetime) -> MockConfigEntry:
    freezer.move_to(at)
    show_battery(hass)
    entry = await set_up(hass, home(powerwall(BATTERY_ENTITIES), tariff(FLAT)))
    await planning_of(powerwall_of(entry)).async_plan_now()
    return entry


def write(entry: MockConfigEntry, first: datetime, end: datetime, **kw: float) -> None:
    """Let a house have drawn *kw* by channel in all slots of a time."""
    counter = Counter(kwh=0.0, read_at=end, changed_at=end)
    track = Track(origin="test", epoch_started_at=first, start_kwh=0.0, counter=counter, open_slot=SlotEnergy())
    rows: dict[str, tuple[Track, dict[datetime, SlotEnergy]]] = {}
    for name in FLOWS:
        at, slots = first.astimezone(UTC), {}
        while at < end:
            slots[at] = SlotEnergy(kwh=kw.get(name.removesuffix("_kwh"), 0.0) / 12)
            at += SLOT
        rows[name] = (track, slots)
    entry.runtime_data.ledger.note_energies(powerwall_of(entry).subentry_id, rows)


def hold(proof: SavingsCoordinator, percent: float, *midnights: datetime) -> None:
    """Let the battery have held so much at these midnights."""
    for midnight in midnights:
        proof._keep_level(midnight.astimezone(UTC), percent)


@pytest.mark.parametrize(("month", "day", "hours"), [(3, 8, 23), (11, 1, 25)])
async def test_days_on_which_the_clocks_change(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, month: int, day: int, hours: int
) -> None:
    entry = await begin(hass, freezer, local(2026, month, day))
    proof = proof_of(entry)
    await planning_of(powerwall_of(entry)).async_change(optimizes=True)
    write(entry, local(2026, month, day), local(2026, month, day + 1), grid_import=2.0)
    freezer.move_to(local(2026, month, day + 1, 4))
    hold(proof, 50.0, local(2026, month, day), local(2026, month, day + 1))
    await proof.async_refresh()
    settled = proof.books.days[date(2026, month, day)]
    assert settled.steps == hours * 12
    assert settled.unknown_steps == 0
    assert settled.measured == pytest.approx(2.0 * hours * 0.31)
    # The other home covers 2 kW from its battery for as long as that lasts, and ends the day empty.
    covered = 6.75 * 0.95
    assert settled.without == pytest.approx((2.0 * hours - covered) * 0.31 + 6.75 * 0.95 * 0.31)
    assert settled.steered_share == pytest.approx(1.0)


async def test_a_day_is_settled_anew_when_its_prices_become_known(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    start = local(2026, 7, 1)
    entry = await begin(hass, freezer, start - timedelta(minutes=10))
    proof, ledger = proof_of(entry), entry.runtime_data.ledger
    await planning_of(powerwall_of(entry)).async_change(optimizes=True)
    ledger.note_terms("spot", "amber", {"kind": "amber"}, start.astimezone(UTC))
    write(entry, start, local(2026, 7, 3), grid_import=1.0)
    hold(proof, 0.0, start, local(2026, 7, 2), local(2026, 7, 3))
    freezer.move_to(local(2026, 7, 3, 4))
    await proof.async_refresh()
    first, second = (proof.books.days[date(2026, 7, day)] for day in (1, 2))
    assert (first.saved, first.unknown_steps, second.unknown_steps) == (None, 288, 288)
    assert hass.states.get("sensor.powerwall_saved_this_month").state == "unknown"
    assert hass.states.get("sensor.powerwall_saved_this_month").attributes["unknown_days"] == 2
    slot = PriceSlot(
        starts_at=start.astimezone(UTC),
        ends_at=local(2026, 7, 2).astimezone(UTC),
        tier="",
        import_per_kwh=0.5,
        export_per_kwh=0.1,
    )
    ledger.note_prices("spot", [slot], datetime(2026, 7, 3, 12, tzinfo=UTC))
    await go_to(hass, freezer, local(2026, 7, 3, 5, 4))
    assert proof.books.days[date(2026, 7, 1)] == first, "what is not whole is looked at again once a day"
    write(entry, local(2026, 7, 3), local(2026, 7, 4), grid_import=1.0)
    hold(proof, 0.0, local(2026, 7, 4))
    freezer.move_to(local(2026, 7, 4, 4))
    await proof.async_refresh()
    first, second = (proof.books.days[date(2026, 7, day)] for day in (1, 2))
    assert first.measured == first.without == pytest.approx(12.0)
    assert first.unknown_steps == 0
    assert second.saved is None


async def test_a_ledger_that_does_not_answer_makes_no_day(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = await begin(hass, freezer, local(2026, 7, 1))
    proof = proof_of(entry)
    hold(proof, 50.0, local(2026, 7, 1), local(2026, 7, 2))

    async def silent(*_: Any, **__: Any) -> Any:
        raise LedgerUnavailableError(LedgerError("cannot_connect", "away"))

    freezer.move_to(local(2026, 7, 2, 4))
    with monkeypatch.context() as patch:
        patch.setattr(entry.runtime_data.ledger, "energies", silent)
        await proof.async_refresh()
    assert not proof.books.days
    assert hass.states.get("sensor.powerwall_saved_today").state == "unavailable"
    write(entry, local(2026, 7, 1), local(2026, 7, 2), grid_import=1.0)
    await proof.async_refresh()
    assert proof.books.days[date(2026, 7, 1)].is_known
    assert hass.states.get("sensor.powerwall_saved_today").state == "unknown", "four hours that nobody metered"


async def test_statistics_have_names_that_people_read(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    entry = await begin(hass, freezer, local(2026, 7, 1))
    proof = proof_of(entry)
    write(entry, local(2026, 7, 1), local(2026, 7, 2), grid_import=1.0)
    hold(proof, 50.0, local(2026, 7, 1), local(2026, 7, 2))
    freezer.move_to(local(2026, 7, 2, 4))
    await proof.async_refresh()
    await get_instance(hass).async_block_till_done()
    named = {each["name"] for each in await async_list_statistic_ids(hass) if each["source"] == "energy_optimizer"}
    assert named == {
        "Powerwall: energy cost",
        "Powerwall: energy cost without optimizing",
        "Powerwall: energy cost at best",
        "Powerwall: saved",
    }


async def test_a_simulated_home_that_nobody_steers_saves_nothing(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """Its physics are finer than the model's: full batteries take less, and readings lie between the slots."""
    freezer.move_to(local(2026, 7, 1) - timedelta(minutes=20))
    entry = await set_up(hass, home(powerwall(SIMULATED), tariff(FLAT)))
    await planning_of(powerwall_of(entry)).async_plan_now()
    for each in entry.runtime_data.sources.values():
        if isinstance(each, TariffCoordinator):
            await each.bills.async_shutdown()
    at = local(2026, 7, 1) - timedelta(minutes=20)
    while at < local(2026, 7, 2, 0, 20):
        at += timedelta(minutes=4, seconds=50)
        freezer.move_to(at)
        await powerwall_of(entry).async_refresh()
    await go_to(hass, freezer, at)
    await proof_of(entry).async_refresh()
    settled = proof_of(entry).books.days[date(2026, 7, 1)]
    assert settled.saved == 0.0
    assert settled.unknown_steps == 0
    assert settled.model_error == pytest.approx(0.0, abs=0.05)
    assert settled.best is not None
    assert settled.best < settled.measured + 0.05
