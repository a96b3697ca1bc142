"""The action that answers with the plan."""

import json
from datetime import datetime, timedelta

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError

from custom_components.energy_optimizer.coordinators.planning import async_stop_planning
from tests.coordinators.planned_home import LIVING, NOON, by_hours, go_on, planning
from tests.forced_homes import act, powerwall_of
from tests.homes import home, powerwall, set_up


@pytest.fixture(autouse=True)
async def _in_california(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    await hass.config.async_set_time_zone("America/Los_Angeles")
    freezer.move_to(NOON + timedelta(minutes=2))


async def test_the_plan_step_by_step(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    await set_up(hass, home(powerwall(LIVING), by_hours()))
    await go_on(hass, freezer, 2)
    answer = await act(hass, "get_plan")
    assert json.loads(json.dumps(answer)) == answer
    data = planning(hass).data
    assert data.plan is not None
    assert answer["home"] == "Home"
    assert answer["currency"] == "USD"
    assert (answer["why_not"], answer["origin"], answer["optimizes"]) == (None, "optimum", False)
    assert answer["made_at"] == "2026-06-01T12:02:02-07:00"
    assert answer["expected_cost"] == pytest.approx(data.plan.expected_cost, abs=1e-5)
    assert answer["reserve_percent"] == 20.0
    assert "forecasts" not in answer
    first = answer["steps"][0]
    assert (first["start"], first["end"]) == ("2026-06-01T12:00:00-07:00", "2026-06-01T12:05:00-07:00")
    assert first["import_price"] == 0.33358
    assert first["decision"] in ("self_consumption", "hold", "charge", "export_solar", "discharge")
    assert first["decision_text"]
    assert first["reason_text"] != first["reason"]
    for row, step in zip(answer["steps"], data.plan.steps, strict=True):
        assert row["level_percent"] == pytest.approx(step.level_kwh / 13.5 * 100, abs=0.01)
        assert row["cost"] == pytest.approx(step.cost, abs=1e-5)
        assert datetime.fromisoformat(row["end"]) == step.ends_at


async def test_words_are_in_the_users_language(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    hass.config.language = "fr"
    await set_up(hass, home(powerwall(LIVING)))
    await go_on(hass, freezer, 2)
    answer = await act(hass, "get_plan")
    assert (answer["steps"], answer["made_at"], answer["expected_cost"]) == ([], None, None)
    assert answer["why_not"] == "no_tariff"
    assert "tarif" in answer["why_not_text"]
    assert "foyer" in answer["why_not_text"]


async def test_forecasts_come_with_their_ranges(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    await set_up(hass, home(powerwall(LIVING), by_hours(export=None)))
    await go_on(hass, freezer, 2)
    answer = await act(hass, "get_plan", include_forecasts=True)
    assert set(answer["forecasts"]) == {"load", "solar", "import", "export"}
    load = answer["forecasts"]["load"]
    assert load["start"] == "2026-06-01T12:00:00-07:00"
    assert load["step_seconds"] == 1800
    rows = list(zip(load["p10"], load["p50"], load["p90"], strict=True))
    assert len(rows) >= 96
    assert all(low <= middle <= high for low, middle, high in rows)
    assert set(answer["forecasts"]["export"]["p50"]) == {None}


async def test_a_planner_that_does_not_run_says_so(hass: HomeAssistant) -> None:
    await set_up(hass, home(powerwall(LIVING), by_hours()))
    await async_stop_planning(powerwall_of(hass))
    with pytest.raises(ServiceValidationError) as caught:
        await act(hass, "get_plan")
    assert caught.value.translation_key == "planner_not_running"


async def test_a_home_without_a_powerwall_says_so(hass: HomeAssistant) -> None:
    await set_up(hass, home(by_hours()))
    with pytest.raises(ServiceValidationError) as caught:
        await act(hass, "get_plan")
    assert caught.value.translation_key == "home_without_powerwall"
