"""The proof of savings in the real core: meters that are read, days that are settled, and what is shown of them."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import get_instance
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.energy_optimizer.coordinators.planning import PlanningCoordinator, WhyNot, planning_of
from custom_components.energy_optimizer.coordinators.planning_problem import Round
from custom_components.energy_optimizer.coordinators.powerwall import PowerwallCoordinator
from custom_components.energy_optimizer.coordinators.savings import SavingsCoordinator, savings_of
from custom_components.energy_optimizer.coordinators.savings_statistics import statistic_id
from custom_components.energy_optimizer.coordinators.tariff import TariffCoordinator
from custom_components.energy_optimizer.core.model.battery import BatteryModel
from custom_components.energy_optimizer.core.model.contract import GridLimits
from custom_components.energy_optimizer.core.planning.problem import PlanningProblem
from tests.coordinators.tariff_in_san_diego import PRICED, ZONE, local, tariff
from tests.homes import BATTERY_ENTITIES, home, powerwall, set_up

SLOT = timedelta(minutes=5)
COUNTERS = ("grid_import", "grid_export", "battery_charge", "battery_discharge", "solar", "home")
COUNTED = BATTERY_ENTITIES | {f"{name}_energy": f"sensor.{name}_energy" for name in COUNTERS}
BATTERY = BatteryModel(
    capacity_kwh=13.5,
    reserve_kwh=0.0,
    max_charge_kw=5.0,
    max_discharge_kw=5.0,
    charge_efficiency=0.95,
    discharge_efficiency=0.95,
)
NOWHERE = np.zeros((5, 1))
PROBLEM = PlanningProblem(
    now=datetime(2026, 7, 1, tzinfo=UTC),
    edges=(datetime(2026, 7, 1, tzinfo=UTC), datetime(2026, 7, 1, 0, 5, tzinfo=UTC)),
    load_kw=NOWHERE,
    solar_kw=NOWHERE,
    import_per_kwh=NOWHERE,
    export_per_kwh=NOWHERE,
    level_kwh=5.0,
    battery=BATTERY,
    grid=GridLimits(max_import_kw=20.0, max_export_kw=20.0),
)

type Steer = Callable[[datetime, float], float]
"""From the local time and what the house lacks, in kW, to what the battery should give."""


@pytest.fixture(autouse=True)
def _enable_custom_integrations(recorder_mock: Any, enable_custom_integrations: None) -> None:
    """Start the recorder before all else, as it wants."""


@pytest.fixture(autouse=True)
async def _in_san_diego(hass: HomeAssistant, freezer: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the planner know the battery and make no plans, which would take most of the time here."""

    async def make(_planning: PlanningCoordinator, _now: datetime) -> Round:
        return Round(problem=PROBLEM, why_not=WhyNot.PRICES_UNKNOWN)

    await hass.config.async_set_time_zone("America/Los_Angeles")
    freezer.move_to(local(2026, 6, 30, 23, 40))
    monkeypatch.setattr(PlanningCoordinator, "_make", make)


class House:
    """A house with sun and a battery, whose meters other integrations show."""

    def __init__(self, hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
        self.hass, self.freezer = hass, freezer
        self.level_kwh = 4.0
        self.kwh = dict.fromkeys(COUNTERS, 100.0)
        self.cost = 0.0
        self.now = local(2026, 6, 30, 23, 40)

    def show(self) -> None:
        for name, kwh in self.kwh.items():
            attributes = {"unit_of_measurement": "kWh", "device_class": "energy"}
            self.hass.states.async_set(f"sensor.{name}_energy", f"{kwh:.9f}", attributes)
        for name in ("grid", "battery", "solar", "home"):
            attributes = {"unit_of_measurement": "kW", "device_class": "power"}
            self.hass.states.async_set(f"sensor.{name}", "0.0", attributes)
        level = {"unit_of_measurement": "%", "device_class": "battery"}
        self.hass.states.async_set("sensor.level", f"{self.level_kwh / 0.135:.9f}", level)

    async def live(self, until: datetime, steer: Steer, *, shown: bool = True) -> None:
        while self.now < until:
            clock = self.now.astimezone(ZONE)
            load, solar = demand(clock)
            flow, self.level_kwh = step(self.level_kwh, steer(clock, load - solar))
            grid = load - solar - flow
            self.cost += (grid * price(clock) if grid > 0 else grid * 0.05) / 12
            for name, kw in zip(COUNTERS, (grid, -grid, -flow, flow, solar, load), strict=True):
                self.kwh[name] += max(kw, 0.0) / 12
            self.now += SLOT
            if shown:
                await self.look()
            else:
                self.freezer.move_to(self.now)

    async def look(self) -> None:
        self.freezer.move_to(self.now)
        self.show()
        async_fire_time_changed(self.hass, self.now)
        await self.hass.async_block_till_done(wait_background_tasks=True)


def demand(clock: datetime) -> tuple[float, float]:
    """Return what the house draws and the sun gives, in kW."""
    hour = clock.hour + clock.minute / 60
    return 0.6 + 2.4 * (17 <= hour < 22), max(0.0, 1.5 * np.sin((hour - 6) / 12 * np.pi)) if 6 < hour < 18 else 0.0


def step(level_kwh: float, wanted_kw: float) -> tuple[float, float]:
    """Return what a battery makes of a wanted power in five minutes, and what it holds then."""
    most = min(5.0, level_kwh * 0.95 * 12)
    least = -min(5.0, (13.5 - level_kwh) / 0.95 * 12)
    flow = min(max(wanted_kw, least), most)
    return flow, level_kwh - (flow / 0.95 if flow > 0 else flow * 0.95) / 12


def price(clock: datetime) -> float:
    """Return what a summer weekday's kWh costs."""
    cheap = clock.hour < 6 or 10 <= clock.hour < 14
    tier = "Peak" if 16 <= clock.hour < 21 else "Super off-peak" if cheap else "Off-peak"
    prices = {(each["season"], each["tier"]): each["import_per_kwh"] for each in PRICED["prices"]}
    return float(prices["Summer", tier])


def follow(_clock: datetime, net_kw: float) -> float:
    return net_kw


def buy_by_night(clock: datetime, net_kw: float) -> float:
    return -3.0 if 1 <= clock.hour < 4 else net_kw if clock.hour >= 16 else min(net_kw, 0.0)


def powerwall_of(entry: MockConfigEntry) -> PowerwallCoordinator:
    (found,) = (each for each in entry.runtime_data.sources.values() if isinstance(each, PowerwallCoordinator))
    return found


def proof_of(entry: MockConfigEntry) -> SavingsCoordinator:
    return savings_of(powerwall_of(entry))


async def begin(hass: HomeAssistant, house: House, *subentries: Any) -> MockConfigEntry:
    house.show()
    entry = await set_up(hass, home(powerwall(COUNTED), *(subentries or [tariff(PRICED)])))
    await planning_of(powerwall_of(entry)).async_plan_now()
    house.kwh = {name: kwh + 0.001 for name, kwh in house.kwh.items()}  # which shows that the counters are fine ones
    house.now += SLOT
    await house.look()
    for each in entry.runtime_data.sources.values():
        if isinstance(each, TariffCoordinator):
            await each.bills.async_shutdown()  # the bills of today, month and year take time, and are not looked at
    return entry


def value(hass: HomeAssistant, name: str) -> float:
    state = hass.states.get(f"sensor.powerwall_{name}")
    assert state is not None
    return float(state.state)


async def test_days_with_and_without_us(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    house = House(hass, freezer)
    entry = await begin(hass, house)
    proof = proof_of(entry)
    await house.live(local(2026, 7, 2), follow)
    house.cost = 0.0
    without_kwh = house.level_kwh
    await planning_of(powerwall_of(entry)).async_change(optimizes=True)
    await house.live(local(2026, 7, 2, 16), buy_by_night)
    idle = proof.books.days[date(2026, 7, 1)]
    assert idle.saved == 0.0
    assert idle.model_error == pytest.approx(0.0, abs=0.01)
    assert idle.unknown_steps == 0
    assert not idle.is_estimated
    await house.live(local(2026, 7, 3, 0, 20), buy_by_night)
    steered = proof.books.days[date(2026, 7, 2)]
    without = 0.0
    at = local(2026, 7, 2)
    for index in range(288):
        clock = (at + index * SLOT).astimezone(ZONE)
        load, solar = demand(clock)
        flow, without_kwh = step(without_kwh, load - solar)
        grid = load - solar - flow
        without += (grid * price(clock) if grid > 0 else grid * 0.05) / 12
    prices = [price((at + index * SLOT).astimezone(ZONE)) for index in range(288)]
    worth = 0.95 * sum(prices) / 288
    assert steered.value_per_kwh == pytest.approx(worth, abs=1e-4)
    assert steered.stored_difference_kwh == pytest.approx(steered.end_kwh - without_kwh, abs=0.01)
    assert steered.without == pytest.approx(without + (steered.end_kwh - without_kwh) * worth, abs=0.01)
    assert steered.saved > 1.0
    assert steered.best <= steered.measured + 0.01
    assert steered.steered_share == pytest.approx(1.0, abs=0.001)
    assert value(hass, "saved_since_start") == pytest.approx(steered.saved + value(hass, "saved_today"), abs=0.001)
    month = hass.states.get("sensor.powerwall_saved_this_month")
    assert month.attributes["last_reset"] == "2026-07-01T07:00:00+00:00"
    today = hass.states.get("sensor.powerwall_saved_today")
    assert today.attributes["last_reset"] == "2026-07-03T07:00:00+00:00"
    assert today.attributes["unit_of_measurement"] == "USD"
    share = value(hass, "share_of_possible_savings_yesterday")
    assert share == pytest.approx(100 * steered.saved / (steered.without - steered.best), abs=0.1)
    await _statistics_tell_the_same(hass, proof, steered.saved)
    await _goes_on_after_a_restart(hass, house, entry)
    await _leaves_nothing_behind(hass, entry)


async def _statistics_tell_the_same(hass: HomeAssistant, proof: SavingsCoordinator, saved: float) -> None:
    await get_instance(hass).async_block_till_done()
    ids = {name: statistic_id(proof.powerwall.subentry_id, name, "USD") for name in ("saved", "measured")}
    rows = await get_instance(hass).async_add_executor_job(
        statistics_during_period, hass, local(2026, 7, 1), None, set(ids.values()), "day", None, {"state", "sum"}
    )
    assert [row["state"] for row in rows[ids["saved"]]] == [0.0, pytest.approx(saved)]
    assert rows[ids["saved"]][-1]["sum"] == pytest.approx(saved)
    measured = [proof.books.days[date(2026, 7, day)].measured for day in (1, 2)]
    assert rows[ids["measured"]][-1]["sum"] == pytest.approx(sum(measured))
    starts = [datetime.fromtimestamp(row["start"], ZONE) for row in rows[ids["saved"]]]
    assert starts == [local(2026, 7, 1), local(2026, 7, 2)]


async def _goes_on_after_a_restart(hass: HomeAssistant, house: House, entry: MockConfigEntry) -> None:
    """Three days without anybody looking are caught up with from the counters, as an estimate."""
    before = proof_of(entry).books
    assert await hass.config_entries.async_unload(entry.entry_id)
    await house.live(local(2026, 7, 6, 1, 10), follow, shown=False)
    house.show()
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    await planning_of(powerwall_of(entry)).async_plan_now()
    await house.live(local(2026, 7, 6, 1, 20), follow)
    after = proof_of(entry).books
    assert after.days[date(2026, 7, 2)].saved == pytest.approx(before.days[date(2026, 7, 2)].saved, abs=1e-5)
    assert list(after.days) == [date(2026, 6, 30), *(date(2026, 7, day) for day in range(1, 6))]
    for day in (3, 4, 5):
        settled = after.days[date(2026, 7, day)]
        assert settled.is_known
        assert settled.is_estimated
        assert settled.steered_share == 1.0
    assert after.days[date(2026, 6, 30)].saved is None


async def _leaves_nothing_behind(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    ids = {statistic_id(powerwall_of(entry).subentry_id, "saved", "USD")}
    assert await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()
    await get_instance(hass).async_block_till_done()
    rows = await get_instance(hass).async_add_executor_job(
        statistics_during_period, hass, local(2026, 7, 1), None, ids, "day", None, {"state"}
    )
    assert not rows
