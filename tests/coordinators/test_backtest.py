"""Living through the past: from the ledger, the recorder and the Energy dashboard, told as an answer."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.energy.data import async_get_manager
from homeassistant.components.recorder.models import StatisticMeanType, StatisticMetaData
from homeassistant.components.recorder.statistics import async_add_external_statistics
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.recorder import get_instance
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.energy_optimizer.const import DOMAIN
from custom_components.energy_optimizer.coordinators.backtest import (
    STEP,
    TIME_LIMIT_S,
    Past,
    TooSlowError,
    live_through,
    published_until,
)
from custom_components.energy_optimizer.coordinators.planning import PlanningCoordinator, WhyNot, planning_of
from custom_components.energy_optimizer.coordinators.planning_problem import Round
from custom_components.energy_optimizer.core.accounting.backtest import LivedSteps
from custom_components.energy_optimizer.core.model.place import Place
from custom_components.energy_optimizer.core.model.price import PriceSlot
from custom_components.energy_optimizer.core.model.site import SolarSite
from custom_components.energy_optimizer.storage.ledger import Publication
from tests.coordinators.tariff_in_san_diego import PRICED, ZONE, local, tariff
from tests.coordinators.test_savings import PROBLEM, demand, powerwall_of, price
from tests.homes import BATTERY_ENTITIES, home, powerwall, set_up, show_battery

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _enable_custom_integrations(recorder_mock: Any, enable_custom_integrations: None) -> None:
    """Start the recorder before all else, as it wants."""


@pytest.fixture(autouse=True)
async def _in_san_diego(hass: HomeAssistant, freezer: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    async def make(_planning: PlanningCoordinator, _now: datetime) -> Round:
        return Round(problem=PROBLEM, why_not=WhyNot.PRICES_UNKNOWN)

    await hass.config.async_set_time_zone("America/Los_Angeles")
    freezer.move_to(local(2026, 7, 16, 9))
    monkeypatch.setattr(PlanningCoordinator, "_make", make)


async def begin(hass: HomeAssistant) -> MockConfigEntry:
    show_battery(hass)
    entry = await set_up(hass, home(powerwall(BATTERY_ENTITIES), tariff(PRICED)))
    await planning_of(powerwall_of(entry)).async_plan_now()
    return entry


async def show_in_dashboard(hass: HomeAssistant, first: datetime, end: datetime) -> None:
    """Let the Energy dashboard have hourly meters of a house with sun and no battery."""
    assert await async_setup_component(hass, "energy", {})
    sums = dict.fromkeys(("import", "export", "solar"), 0.0)
    rows: dict[str, list[Any]] = {name: [] for name in sums}
    at = first
    while at < end:
        load, solar = demand(at.astimezone(ZONE))
        flows = {"import": max(load - solar, 0.0), "export": max(solar - load, 0.0), "solar": solar}
        for name, kwh in flows.items():
            sums[name] += float(kwh)
            rows[name].append({"start": at.astimezone(UTC), "sum": sums[name]})
        at = (at.astimezone(UTC) + HOUR).astimezone(ZONE)
    for name, each in rows.items():
        metadata = StatisticMetaData(
            source="old",
            statistic_id=f"old:{name}",
            name=name,
            has_sum=True,
            mean_type=StatisticMeanType.NONE,
            unit_class="energy",
            unit_of_measurement="kWh",
        )
        async_add_external_statistics(hass, metadata, each)
    await get_instance(hass).async_block_till_done()
    manager = await async_get_manager(hass)
    grid: Any = {"type": "grid", "stat_energy_from": "old:import", "stat_energy_to": "old:export"}
    solar_source: Any = {"type": "solar", "stat_energy_from": "old:solar"}
    await manager.async_update({"energy_sources": [grid, solar_source]})


async def ask(hass: HomeAssistant, **data: Any) -> Any:
    return await hass.services.async_call(DOMAIN, "backtest", data, blocking=True, return_response=True)


async def test_a_past_that_only_the_energy_dashboard_knows(hass: HomeAssistant) -> None:
    await begin(hass)
    await show_in_dashboard(hass, local(2026, 7, 1), local(2026, 7, 15))
    answer = await ask(hass, start_date="2026-07-12", end_date="2026-07-15")
    assert answer["currency"] == "USD"
    assert [day["date"] for day in answer["days"]] == [f"2026-07-{day}" for day in (12, 13, 14, 15)]
    assert [day["known_percent"] for day in answer["days"]] == [100.0, 100.0, 100.0, 0.0]
    assert answer["days"][-1]["optimized"] is None
    assert answer["known_percent"] == 75.0
    assert answer["export_prices_known"] is True
    costs = answer["costs"]
    assert costs["best_possible"] <= costs["optimized"] < costs["self_consumption"] < costs["without_battery"]
    monday = answer["days"][1]
    without = 0.0
    for hour in range(24):
        load, solar = demand(local(2026, 7, 13, hour))
        grid = load - solar
        without += grid * price(local(2026, 7, 13, hour)) if grid > 0 else grid * 0.05
    assert monday["without_battery"] == pytest.approx(without, abs=0.01)
    assert answer["saved"] == pytest.approx(costs["self_consumption"] - costs["optimized"], abs=0.011)
    assert answer["captured_percent"] == pytest.approx(100 * answer["saved"] / answer["possible"], abs=1.0)
    for name, cost in costs.items():
        assert sum(day[name] or 0.0 for day in answer["days"]) == pytest.approx(cost, abs=0.03)


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ({"end_date": "2026-07-16"}, "backtest_not_over"),
        ({"start_date": "2026-07-16"}, "backtest_not_over"),
        ({"start_date": "2026-07-10", "end_date": "2026-07-09"}, "bill_ends_before_start"),
        ({"start_date": "2026-06-01"}, "backtest_too_long"),
        ({}, "backtest_too_little"),
    ],
)
async def test_what_is_refused(hass: HomeAssistant, data: dict[str, str], key: str) -> None:
    await begin(hass)
    with pytest.raises(ServiceValidationError) as err:
        await ask(hass, **data)
    assert err.value.translation_key == key


async def test_homes_that_cannot_be_tried(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    show_battery(hass)
    entry = await set_up(hass, home(powerwall(BATTERY_ENTITIES)))
    with pytest.raises(ServiceValidationError) as err:
        await ask(hass)
    assert err.value.translation_key == "home_without_tariff"
    assert await hass.config_entries.async_remove(entry.entry_id)

    async def cannot(_planning: PlanningCoordinator, _now: datetime) -> Round:
        return Round(why_not=WhyNot.LEVEL_UNKNOWN)

    monkeypatch.setattr(PlanningCoordinator, "_make", cannot)
    await begin(hass)
    with pytest.raises(ServiceValidationError) as err:
        await ask(hass)
    assert err.value.translation_key == "backtest_not_ready"


async def test_one_asks_at_a_time(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    await begin(hass)
    await show_in_dashboard(hass, local(2026, 7, 10), local(2026, 7, 15))
    begun, go_on = threading.Event(), threading.Event()

    def slow(*args: Any) -> Any:
        begun.set()
        go_on.wait(10)
        return live_through(*args)

    monkeypatch.setattr("custom_components.energy_optimizer.coordinators.backtest.live_through", slow)
    first = hass.async_create_task(ask(hass, start_date="2026-07-13", end_date="2026-07-14"))
    assert await hass.async_add_executor_job(begun.wait, 10)
    with pytest.raises(ServiceValidationError) as err:
        await ask(hass)
    assert err.value.translation_key == "backtest_running"
    go_on.set()
    assert (await first)["known_percent"] == 100.0
    with pytest.raises(ServiceValidationError) as err:
        await ask(hass, end_date="2026-06-01")
    assert err.value.translation_key == "backtest_too_little"


def test_what_takes_too_long_is_ended() -> None:
    count = 48 * 3
    some = np.ones(count)
    steps = LivedSteps(
        starts_at=datetime(2026, 7, 1, tzinfo=UTC),
        step=STEP,
        load_kw=some,
        solar_kw=some,
        import_per_kwh=some,
        export_per_kwh=some,
    )
    past = Past(steps=steps, first=48, last=96, known_until=np.full(count, count), exports_have_prices=True)
    times = iter([0.0, 1.0, TIME_LIMIT_S + 1.0])
    zone = ZoneInfo("Europe/Paris")
    site = SolarSite(place=Place(latitude=48.9, longitude=2.4, time_zone=zone))
    with pytest.raises(TooSlowError):
        live_through(past, PROBLEM, site, zone, clock=times.__next__)


def test_a_plan_knows_no_price_before_it_was_published() -> None:
    start = datetime(2026, 7, 1, tzinfo=UTC)

    def seen(at_h: float, first_h: float, last_h: float) -> Publication:
        slot = PriceSlot(
            starts_at=start + first_h * HOUR,
            ends_at=start + last_h * HOUR,
            tier="",
            import_per_kwh=0.1,
            export_per_kwh=None,
        )
        return Publication(tariff="spot", seen_at=start + at_h * HOUR, slot=slot)

    until = published_until([seen(-5, 0, 3), seen(1.25, 3, 5), seen(9, 0, 5)], start, 12)
    # Steps of half an hour: the first six are known from the start, four more from 01:15 on, the last two never.
    assert until.tolist() == [6, 6, 6, 10, 10, 10, 10, 10, 10, 10, 11, 12]
