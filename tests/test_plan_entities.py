"""The plan as sensors, and the numbers that the planner is told."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import nan
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.json import json_bytes
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.energy_optimizer.coordinators.planning import PlanningCoordinator, WhyNot
from custom_components.energy_optimizer.coordinators.planning_inputs import IMPORT_PRICE, LOAD, SOLAR
from custom_components.energy_optimizer.coordinators.tariff import TariffCoordinator
from custom_components.energy_optimizer.core.accounting.cost import DayCost, PricedEnergy
from custom_components.energy_optimizer.core.model.decision import DecisionKind
from custom_components.energy_optimizer.core.model.plan import Origin, Plan, ReasonKey
from custom_components.energy_optimizer.core.planning.scores import ForecastScore
from custom_components.energy_optimizer.plan_numbers import NUMBERS
from custom_components.energy_optimizer.plan_sensors import SENSORS
from tests.homes import SIMULATED, flat_tariff, powerwall
from tests.planned_homes import Part, plan_nothing, plan_of, set_up_planned, show_plan

PARIS = ZoneInfo("Europe/Paris")
NOON = datetime(2026, 6, 10, 12, 2, tzinfo=PARIS)
NAMES = {
    "decision": "decision",
    "reason": "reason",
    "next_decision": "next_change_of_decision",
    "expected_cost_today": "expected_cost_today",
    "expected_cost_tomorrow": "expected_cost_tomorrow",
    "marginal_value": "value_of_stored_energy",
    "plan_origin": "plan_made_by",
}
HOLDS = Part(hours=1, kind=DecisionKind.HOLD, key=ReasonKey.KEEP_FOR_LATER, price=0.27, later=0.59123, marginal=0.55556)
CHARGES = Part(hours=47, kind=DecisionKind.CHARGE, key=ReasonKey.BUY_CHEAP, price=0.21, later=0.5, power_kw=3.3)


@pytest.fixture(autouse=True)
async def _in_paris(hass: HomeAssistant, freezer: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    plan_nothing(monkeypatch)
    await hass.config.async_set_time_zone("Europe/Paris")
    freezer.move_to(NOON)


@pytest.fixture
async def planning(hass: HomeAssistant) -> PlanningCoordinator:
    return await set_up_planned(hass)


def shown(hass: HomeAssistant, key: str) -> State:
    state = hass.states.get(f"sensor.powerwall_{NAMES[key]}")
    assert state is not None, key
    return state


async def move_to(hass: HomeAssistant, freezer: FrozenDateTimeFactory, moment: datetime) -> None:
    freezer.move_to(moment)
    async_fire_time_changed(hass, moment)
    await hass.async_block_till_done()


def just_now(*parts: Part, **more: Any) -> Plan:
    return plan_of(NOON.astimezone(UTC) - timedelta(minutes=2), *parts, **more)


async def test_what_holds_now(hass: HomeAssistant, planning: PlanningCoordinator) -> None:
    await show_plan(planning, just_now(HOLDS, CHARGES))
    decision, reason = shown(hass, "decision"), shown(hass, "reason")
    assert decision.state == "hold"
    assert decision.attributes["power_kw"] is None
    assert decision.attributes["why_not"] is None
    assert reason.state == "keep_for_later"
    assert (reason.attributes["price_per_kwh"], reason.attributes["later_per_kwh"]) == (0.27, 0.5912)
    assert shown(hass, "next_decision").state == "2026-06-10T11:00:00+00:00"
    assert shown(hass, "marginal_value").state == "0.5556"
    assert shown(hass, "marginal_value").attributes["unit_of_measurement"] == "USD/kWh"
    assert shown(hass, "plan_origin").state == "optimum"
    assert hass.states.get("sensor.powerwall_planning_time").state == "0.041"


async def test_a_plan_of_simple_rules_says_so(hass: HomeAssistant, planning: PlanningCoordinator) -> None:
    await show_plan(planning, just_now(HOLDS, origin=Origin.GREEDY))
    assert shown(hass, "plan_origin").state == "greedy"


async def test_a_step_that_ends_is_followed_without_a_new_plan(
    hass: HomeAssistant, planning: PlanningCoordinator, freezer: FrozenDateTimeFactory
) -> None:
    short = replace(HOLDS, hours=0.1, step=timedelta(minutes=6))
    await show_plan(planning, just_now(short, CHARGES))
    assert shown(hass, "decision").state == "hold"
    await move_to(hass, freezer, NOON + timedelta(minutes=4))
    assert shown(hass, "decision").state == "charge"
    assert shown(hass, "decision").attributes["power_kw"] == 3.3
    assert shown(hass, "reason").state == "buy_cheap"
    assert shown(hass, "next_decision").state == "unknown"


async def test_a_plan_that_is_too_old_is_not_shown(
    hass: HomeAssistant, planning: PlanningCoordinator, freezer: FrozenDateTimeFactory
) -> None:
    await show_plan(planning, just_now(HOLDS, CHARGES))
    await move_to(hass, freezer, NOON + timedelta(minutes=12, seconds=59))
    assert shown(hass, "decision").state == "hold"
    await move_to(hass, freezer, NOON + timedelta(minutes=13))
    assert {key: shown(hass, key).state for key in NAMES} == dict.fromkeys(NAMES, "unknown")
    assert shown(hass, "reason").attributes["price_per_kwh"] is None
    await show_plan(planning, replace(just_now(HOLDS, CHARGES), made_at=NOON + timedelta(minutes=13)))
    assert shown(hass, "decision").state == "hold"


async def test_without_a_plan_all_is_unknown_and_why(hass: HomeAssistant, planning: PlanningCoordinator) -> None:
    assert shown(hass, "decision").attributes["why_not"] == "starting"
    await show_plan(planning, None, WhyNot.NO_TARIFF)
    assert {key: shown(hass, key).state for key in NAMES} == dict.fromkeys(NAMES, "unknown")
    assert shown(hass, "decision").attributes["why_not"] == "no_tariff"


def have_counted(planning: PlanningCoordinator, bought: PricedEnergy | None, sold: PricedEnergy | None) -> None:
    sources = planning.config_entry.runtime_data.sources.values()
    tariff = next(source for source in sources if isinstance(source, TariffCoordinator))
    today = DayCost(day=NOON.date(), bought=bought, sold=sold, currency="USD")
    tariff.async_set_updated_data(replace(tariff.data, today=today))


async def test_cost_today_is_what_was_counted_and_what_is_to_come(
    hass: HomeAssistant, planning: PlanningCoordinator
) -> None:
    have_counted(planning, PricedEnergy(money=Decimal("2.50")), PricedEnergy(money=Decimal("0.75")))
    await show_plan(planning, just_now(Part(hours=48, grid_kw=1.0, import_per_kwh=0.3)))
    rest = (11 + 58 / 60) * 0.3
    assert float(shown(hass, "expected_cost_today").state) == pytest.approx(1.75 + rest, abs=1e-4)
    assert shown(hass, "expected_cost_today").attributes["unit_of_measurement"] == "USD"
    assert float(shown(hass, "expected_cost_tomorrow").state) == pytest.approx(24 * 0.3)


@pytest.mark.parametrize("bought", [None, PricedEnergy(unpriced_kwh=0.1)])
async def test_what_was_not_counted_is_not_nothing(
    hass: HomeAssistant, planning: PlanningCoordinator, bought: PricedEnergy | None
) -> None:
    have_counted(planning, bought, PricedEnergy())
    await show_plan(planning, just_now(Part(hours=48)))
    assert shown(hass, "expected_cost_today").state == "unknown"
    assert float(shown(hass, "expected_cost_tomorrow").state) > 0


async def test_an_unknown_price_or_a_short_plan_makes_the_cost_unknown(
    hass: HomeAssistant, planning: PlanningCoordinator
) -> None:
    have_counted(planning, PricedEnergy(), PricedEnergy())
    await show_plan(planning, just_now(Part(hours=24), Part(hours=24, import_per_kwh=nan)))
    assert shown(hass, "expected_cost_today").state != "unknown"
    assert shown(hass, "expected_cost_tomorrow").state == "unknown"
    await show_plan(planning, just_now(Part(hours=35)))
    assert shown(hass, "expected_cost_tomorrow").state == "unknown"


async def test_yesterdays_money_is_not_counted_as_todays(
    hass: HomeAssistant, planning: PlanningCoordinator, freezer: FrozenDateTimeFactory
) -> None:
    have_counted(planning, PricedEnergy(money=Decimal(9)), PricedEnergy())
    past_midnight = datetime(2026, 6, 11, 0, 0, 1, tzinfo=PARIS)
    freezer.move_to(past_midnight)
    await show_plan(planning, plan_of(past_midnight.astimezone(UTC), Part(hours=48)))
    assert shown(hass, "expected_cost_today").state == "unknown"


@pytest.mark.parametrize(
    ("today", "hours_today", "hours_tomorrow"),
    [
        (datetime(2026, 3, 28, tzinfo=PARIS), 24, 23),
        (datetime(2026, 3, 29, tzinfo=PARIS), 23, 24),
        (datetime(2026, 10, 24, tzinfo=PARIS), 24, 25),
        (datetime(2026, 10, 25, tzinfo=PARIS), 25, 24),
    ],
)
async def test_days_are_as_long_as_the_clock_makes_them(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, today: datetime, hours_today: int, hours_tomorrow: int
) -> None:
    freezer.move_to(today)
    planning = await set_up_planned(hass)
    sources = planning.config_entry.runtime_data.sources.values()
    tariff = next(source for source in sources if isinstance(source, TariffCoordinator))
    counted = DayCost(day=today.date(), bought=PricedEnergy(), sold=PricedEnergy(), currency="USD")
    tariff.async_set_updated_data(replace(tariff.data, today=counted))
    await show_plan(planning, plan_of(today.astimezone(UTC), Part(hours=49, grid_kw=1.0, import_per_kwh=1.0)))
    assert float(shown(hass, "expected_cost_today").state) == pytest.approx(hours_today)
    assert float(shown(hass, "expected_cost_tomorrow").state) == pytest.approx(hours_tomorrow)


async def test_scores_of_forecasts(hass: HomeAssistant, planning: PlanningCoordinator) -> None:
    registry = er.async_get(hass)
    ours = {entry.translation_key: entry for entry in registry.entities.values() if entry.domain == "sensor"}
    disabled = {key for key, entry in ours.items() if entry.disabled}
    assert {"load_bias", "solar_bias", "price_error", "price_bias", "load_pinball"} <= disabled
    assert not {"load_error", "solar_error"} & disabled
    error = ours["load_error"].entity_id
    assert hass.states.get(error).state == "unknown"
    scores = {
        LOAD: ForecastScore(mae=0.41234, bias=-0.1, pinball=0.1, count=9),
        SOLAR: ForecastScore(mae=None, bias=None, pinball=None, count=0),
    }
    planning._publish(replace(planning.data, scores=scores))
    await hass.async_block_till_done()
    assert hass.states.get(error).state == "0.4123"
    assert hass.states.get(error).attributes["unit_of_measurement"] == "kW"
    assert hass.states.get(ours["solar_error"].entity_id).state == "unknown"


def test_every_kind_of_score_is_shown() -> None:
    scores = {
        name: ForecastScore(mae=float(n), bias=-float(n), pinball=n / 10, count=1)
        for n, name in enumerate((LOAD, SOLAR, IMPORT_PRICE), start=1)
    }

    class Planning:
        data = type("Data", (), {"scores": scores})

    figures = ("_error", "_bias", "_pinball")
    values = {each.key: each.value_fn(Planning(), NOON) for each in SENSORS if each.key.endswith(figures)}
    assert values == {
        "load_error": 1.0,
        "load_bias": -1.0,
        "load_pinball": 0.1,
        "solar_error": 2.0,
        "solar_bias": -2.0,
        "solar_pinball": 0.2,
        "price_error": 3.0,
        "price_bias": -3.0,
        "price_pinball": 0.3,
    }


async def test_nothing_big_is_an_attribute(hass: HomeAssistant, planning: PlanningCoordinator) -> None:
    await show_plan(planning, just_now(HOLDS, CHARGES))
    for name in NAMES.values():
        assert len(json_bytes(dict(hass.states.get(f"sensor.powerwall_{name}").attributes))) < 600


async def test_a_home_without_a_tariff_has_no_cost_of_today(hass: HomeAssistant) -> None:
    planning = await set_up_planned(hass, powerwall(SIMULATED))
    await show_plan(planning, just_now(Part(hours=48)))
    assert shown(hass, "expected_cost_today").state == "unknown"
    assert shown(hass, "decision").state == "self_consumption"


async def set_number(hass: HomeAssistant, name: str, value: float) -> None:
    target = {"entity_id": f"number.powerwall_{name}", "value": value}
    await hass.services.async_call("number", "set_value", target, blocking=True)
    await hass.async_block_till_done()


def number(hass: HomeAssistant, name: str) -> float:
    return float(hass.states.get(f"number.powerwall_{name}").state)


async def test_numbers_tell_the_planner(hass: HomeAssistant, planning: PlanningCoordinator) -> None:
    assert (number(hass, "wear_price"), number(hass, "caution")) == (0.0, 0.0)
    await set_number(hass, "reserve_for_the_plan", 25)
    await set_number(hass, "wear_price", 0.034)
    await set_number(hass, "caution", 85)
    settings = planning.data.settings
    assert (settings.reserve_percent, settings.wear_per_kwh, settings.risk) == (25, 0.034, 0.85)
    assert (number(hass, "reserve_for_the_plan"), number(hass, "wear_price"), number(hass, "caution")) == (
        25,
        0.034,
        85,
    )
    assert hass.states.get("number.powerwall_wear_price").attributes["unit_of_measurement"] == "USD/kWh"


async def test_numbers_last(hass: HomeAssistant, planning: PlanningCoordinator) -> None:
    await set_number(hass, "caution", 60)
    assert await hass.config_entries.async_reload(planning.config_entry.entry_id)
    await hass.async_block_till_done()
    assert number(hass, "caution") == 60.0


async def test_the_reserve_is_the_powerwalls_until_one_is_set(
    hass: HomeAssistant, planning: PlanningCoordinator
) -> None:
    backup = number(hass, "backup_reserve")
    assert number(hass, "reserve_for_the_plan") == backup
    planning.backup_percent = lambda: None
    await show_plan(planning, just_now(HOLDS))
    assert hass.states.get("number.powerwall_reserve_for_the_plan").state == "unknown"
    await set_number(hass, "reserve_for_the_plan", 0)
    assert number(hass, "reserve_for_the_plan") == 0.0


async def test_all_stand_on_the_powerwalls_device(hass: HomeAssistant, planning: PlanningCoordinator) -> None:
    registry = er.async_get(hass)
    subentry_id = planning.powerwall.subentry_id
    level = registry.async_get("sensor.powerwall_level")
    for platform, descriptions in (("sensor", SENSORS), ("number", NUMBERS)):
        for each in descriptions:
            entity_id = registry.async_get_entity_id(platform, "energy_optimizer", f"{subentry_id}_{each.key}")
            assert entity_id is not None, each.key
            assert registry.async_get(entity_id).device_id == level.device_id


async def test_entities_go_with_their_powerwall(hass: HomeAssistant) -> None:
    planning = await set_up_planned(hass, powerwall(SIMULATED), flat_tariff())
    await show_plan(planning, just_now(HOLDS, CHARGES))
    entry = planning.config_entry
    hass.config_entries.async_remove_subentry(entry, planning.powerwall.subentry_id)
    await hass.async_block_till_done()
    assert hass.states.get("sensor.powerwall_decision") is None
    assert hass.states.get("sensor.flat_import_price") is not None
