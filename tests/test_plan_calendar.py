"""The calendar of decisions."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_translations
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.energy_optimizer.const import DOMAIN
from custom_components.energy_optimizer.coordinators.planning import PlanningCoordinator, WhyNot
from custom_components.energy_optimizer.core.model.decision import DecisionKind
from custom_components.energy_optimizer.core.model.plan import ReasonKey
from custom_components.energy_optimizer.core.planning.plan_history import PastStep
from tests.planned_homes import Part, plan_nothing, plan_of, set_up_planned, show_plan

PARIS = ZoneInfo("Europe/Paris")
NOON = datetime(2026, 6, 10, 12, tzinfo=PARIS)
CALENDAR = "calendar.powerwall_decisions"
STORES = Part(hours=2, key=ReasonKey.STORE_SURPLUS, price=0.08, later=0.42)
COVERS = Part(hours=4, key=ReasonKey.COVER_HOUSE, price=0.59, battery_kw=1.0)
WAITS = Part(hours=2, kind=DecisionKind.HOLD, key=ReasonKey.KEEP_FOR_LATER, price=0.27, later=0.59)
CHARGES = Part(hours=3, kind=DecisionKind.CHARGE, key=ReasonKey.BUY_CHEAP, price=0.21, later=0.5, power_kw=3.3)


@pytest.fixture(autouse=True)
async def _in_paris(hass: HomeAssistant, freezer: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    plan_nothing(monkeypatch)
    await hass.config.async_set_time_zone("Europe/Paris")
    freezer.move_to(NOON)


@pytest.fixture
async def planning(hass: HomeAssistant) -> PlanningCoordinator:
    return await set_up_planned(hass)


async def events(hass: HomeAssistant, start: datetime, hours: float) -> list[dict[str, Any]]:
    answer = await hass.services.async_call(
        "calendar",
        "get_events",
        {"entity_id": CALENDAR, "start_date_time": start, "end_date_time": start + timedelta(hours=hours)},
        blocking=True,
        return_response=True,
    )
    return answer[CALENDAR]["events"]


def past(minutes_ago: int, decision: DecisionKind | None, battery_kw: float | None = -2.4) -> PastStep:
    return PastStep(
        starts_at=NOON.astimezone(UTC) - timedelta(minutes=minutes_ago),
        decision=decision,
        planned_battery_kw=None,
        planned_level_kwh=None,
        load_kw=None,
        solar_kw=None,
        battery_kw=battery_kw,
        grid_kw=None,
        level_percent=None,
    )


async def test_each_decision_is_an_event_with_its_reasons(hass: HomeAssistant, planning: PlanningCoordinator) -> None:
    await show_plan(planning, plan_of(NOON.astimezone(UTC), STORES, COVERS, WAITS, CHARGES))
    found = [(each["start"][11:16], each["end"][11:16], each["summary"]) for each in await events(hass, NOON, 24)]
    assert found == [
        ("12:00", "18:00", "Self-consumption"),
        ("18:00", "20:00", "Hold"),
        ("20:00", "23:00", "Charge · 3.3 kW"),
    ]
    stores = "Storing the surplus: 0.42 later is worth more than selling at 0.08 now."
    covers = "Covering the house: stored energy saves 0.59 now, and nothing later is worth more."
    descriptions = [each["description"] for each in await events(hass, NOON, 24)]
    assert descriptions == [
        f"{stores}\n{covers}",
        "Holding: 0.59 later is worth more than 0.27 now.",
        "Buying at 0.21 now, to be worth 0.50 later.",
    ]


async def test_what_holds_now_is_the_state(
    hass: HomeAssistant, planning: PlanningCoordinator, freezer: FrozenDateTimeFactory
) -> None:
    await show_plan(planning, plan_of(NOON.astimezone(UTC), STORES, WAITS))
    state = hass.states.get(CALENDAR)
    assert (state.state, state.attributes["message"]) == ("on", "Self-consumption")
    assert state.attributes["end_time"] == "2026-06-10 14:00:00"
    later = NOON + timedelta(minutes=15)
    freezer.move_to(later)
    async_fire_time_changed(hass, later)
    await hass.async_block_till_done()
    assert hass.states.get(CALENDAR).state == "off"


async def test_a_decision_in_which_the_clock_goes_back_ends_before_it_does(
    hass: HomeAssistant, planning: PlanningCoordinator, freezer: FrozenDateTimeFactory
) -> None:
    now = datetime(2026, 10, 25, 2, 45, tzinfo=PARIS)
    freezer.move_to(now)
    await show_plan(planning, plan_of(now.astimezone(UTC), replace(CHARGES, hours=0.5), WAITS))
    state = hass.states.get(CALENDAR)
    assert state.attributes["message"] == "Charge · 3.3 kW"
    assert [(each["start"], each["end"], each["summary"]) for each in await events(hass, now, 6)] == [
        ("2026-10-25T02:45:00+02:00", "2026-10-25T02:59:59+02:00", "Charge · 3.3 kW"),
        ("2026-10-25T02:15:00+01:00", "2026-10-25T04:15:00+01:00", "Hold"),
    ]


async def test_without_a_plan_nothing_is_ahead(hass: HomeAssistant, planning: PlanningCoordinator) -> None:
    await show_plan(planning, None, WhyNot.PRICES_UNKNOWN)
    assert hass.states.get(CALENDAR).state == "off"
    assert await events(hass, NOON, 24) == []


async def test_only_events_that_touch_the_view_are_given(hass: HomeAssistant, planning: PlanningCoordinator) -> None:
    await show_plan(planning, plan_of(NOON.astimezone(UTC), STORES, WAITS, CHARGES))
    found = await events(hass, NOON + timedelta(hours=2), 2)
    assert [each["summary"] for each in found] == ["Hold"]


async def test_past_decisions_say_what_the_battery_did(hass: HomeAssistant, planning: PlanningCoordinator) -> None:
    charge, hold = DecisionKind.CHARGE, DecisionKind.HOLD
    planning.history.steps.extend([past(20, charge), past(15, charge, 0.9), past(10, None), past(5, hold, None)])
    await show_plan(planning, plan_of(NOON.astimezone(UTC), STORES))
    found = await events(hass, NOON - timedelta(hours=1), 24)
    assert [(each["start"][11:16], each["end"][11:16], each["summary"]) for each in found] == [
        ("11:40", "11:50", "Charge"),
        ("11:55", "12:00", "Hold"),
        ("12:00", "14:00", "Self-consumption"),
    ]
    assert found[0]["description"] == "The battery took 0.2 kWh and gave 0.1 kWh."
    assert "description" not in found[1]


async def test_a_decision_that_goes_on_is_one_event(hass: HomeAssistant, planning: PlanningCoordinator) -> None:
    hold = DecisionKind.HOLD
    planning.history.steps.extend([past(10, hold), past(5, hold), past(0, hold)])
    await show_plan(planning, plan_of(NOON.astimezone(UTC), WAITS, STORES))
    found = await events(hass, NOON - timedelta(hours=1), 24)
    assert [(each["start"][11:16], each["summary"]) for each in found] == [
        ("11:50", "Hold"),
        ("14:00", "Self-consumption"),
    ]
    assert hass.states.get(CALENDAR).attributes["start_time"] == "2026-06-10 11:50:00"


async def test_the_past_stays_while_there_is_no_plan(hass: HomeAssistant, planning: PlanningCoordinator) -> None:
    planning.history.steps.append(past(5, DecisionKind.HOLD))
    await show_plan(planning, None, WhyNot.POWERWALL_SILENT)
    assert [each["summary"] for each in await events(hass, NOON - timedelta(hours=1), 2)] == ["Hold"]


async def test_events_across_a_clock_change(
    hass: HomeAssistant, planning: PlanningCoordinator, freezer: FrozenDateTimeFactory
) -> None:
    evening = datetime(2026, 10, 24, 23, tzinfo=PARIS)
    freezer.move_to(evening)
    await show_plan(planning, plan_of(evening.astimezone(UTC), WAITS, CHARGES, STORES))
    found = [(each["start"], each["end"]) for each in await events(hass, evening, 24)]
    assert found[:2] == [
        ("2026-10-24T23:00:00+02:00", "2026-10-25T01:00:00+02:00"),
        ("2026-10-25T01:00:00+02:00", "2026-10-25T03:00:00+01:00"),
    ]


async def test_events_are_in_home_assistants_language(hass: HomeAssistant, planning: PlanningCoordinator) -> None:
    await hass.config.async_update(language="fr")
    await hass.async_block_till_done()
    await async_get_translations(hass, "fr", "selector", {DOMAIN})
    await show_plan(planning, plan_of(NOON.astimezone(UTC), CHARGES))
    (event,) = await events(hass, NOON, 24)
    assert event["summary"] == "Charger · 3,3 kW"
    assert event["description"] == "Achat à 0,21 maintenant, pour valoir 0,50 plus tard."
