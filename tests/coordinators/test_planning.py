"""The planner of a home: what it plans from, and what it says when it cannot."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store

from custom_components.energy_optimizer.const import DOMAIN
from custom_components.energy_optimizer.control.held import Held
from custom_components.energy_optimizer.coordinators.planning import PlannerSettings, WhyNot, find_planning
from custom_components.energy_optimizer.core.model.contract import ConnectionRule, GridLimits
from custom_components.energy_optimizer.core.model.decision import DecisionKind
from custom_components.energy_optimizer.diagnostics import async_get_config_entry_diagnostics
from tests.core.tariffs.test_net_billing_settings import settings as net_billing
from tests.forced_homes import act, control_of, powerwall_of, reload
from tests.homes import BATTERY_ENTITIES, SIMULATED, hide_battery, home, powerwall, set_up, show_battery

from .planned_home import LIVING, NOON, by_hours, go_on, planning, tariff


@pytest.fixture(autouse=True)
async def _in_california(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    await hass.config.async_set_time_zone("America/Los_Angeles")
    freezer.move_to(NOON + timedelta(minutes=2))


async def test_two_days_are_planned_in_a_moment(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    await set_up(hass, home(powerwall(LIVING), by_hours()))
    assert planning(hass).data.why_not is WhyNot.STARTING
    await go_on(hass, freezer, 2)
    data = planning(hass).data
    assert data.plan is not None
    assert data.why_not is None
    steps = data.plan.steps
    assert steps[0].starts_at == NOON
    assert steps[-1].ends_at >= NOON + timedelta(hours=48)
    assert all(one.ends_at == other.starts_at for one, other in pairwise(steps))
    assert [step.import_per_kwh for step in steps if step.starts_at == NOON + timedelta(hours=4)] == [0.55214]
    assert {step.export_per_kwh for step in steps} == {0.05}


async def test_the_problem_is_that_of_the_home(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    await set_up(hass, home(powerwall(LIVING), by_hours()))
    await go_on(hass, freezer, 2)
    problem = planning(hass).data.problem
    assert problem is not None
    reading = powerwall_of(hass).data.reading
    assert problem.level_kwh == pytest.approx(reading.level_percent / 100 * 13.5)
    assert problem.battery.capacity_kwh == reading.capacity_kwh == 13.5
    assert problem.battery.reserve_kwh == pytest.approx(reading.settings.backup_reserve_percent / 100 * 13.5)
    abilities = powerwall_of(hass).path.abilities
    assert problem.battery.max_charge_kw == abilities.most_charge_kw
    assert problem.battery.max_discharge_kw == abilities.most_discharge_kw
    assert problem.battery.charge_efficiency * problem.battery.discharge_efficiency == pytest.approx(0.9, abs=1e-3)
    assert problem.grid == GridLimits(max_import_kw=24.0, max_export_kw=24.0)
    assert problem.rule is ConnectionRule.FREE
    assert set(problem.means) == set(DecisionKind)
    assert np.ptp(problem.import_per_kwh, axis=0).max() == 0.0


async def test_options_are_kept(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    entry = home(powerwall(LIVING), by_hours())
    entry.add_to_hass(hass)
    options = {"connection_rule": "no_export", "max_import_kw": 9.0, "max_export_kw": 0.0}
    hass.config_entries.async_update_entry(entry, options=options)
    await set_up(hass, entry)
    await go_on(hass, freezer, 2)
    problem = planning(hass).data.problem
    assert problem is not None
    assert problem.rule is ConnectionRule.NO_EXPORT
    assert problem.grid == GridLimits(max_import_kw=9.0, max_export_kw=0.0)
    assert DecisionKind.DISCHARGE not in problem.means


async def test_under_net_billing_only_the_sun_charges(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    await set_up(hass, home(powerwall(LIVING), tariff(net_billing().to_data())))
    await go_on(hass, freezer, 2)
    problem = planning(hass).data.problem
    assert problem is not None
    assert problem.rule is ConnectionRule.SUN_ONLY


async def test_a_battery_of_entities_is_as_big_as_most(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    show_battery(hass, level=40.0, home=0.7)
    await set_up(hass, home(powerwall(BATTERY_ENTITIES), by_hours()))
    await go_on(hass, freezer, 2)
    problem = planning(hass).data.problem
    assert problem is not None
    assert (problem.battery.capacity_kwh, problem.level_kwh) == (13.5, pytest.approx(5.4))
    assert (problem.battery.max_charge_kw, problem.battery.max_discharge_kw) == (5.0, 5.0)
    assert problem.battery.reserve_kwh == 0.0


async def test_what_nobody_pays_for_is_planned_as_worth_nothing(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    await set_up(hass, home(powerwall(LIVING), by_hours(export=None)))
    await go_on(hass, freezer, 2)
    data = planning(hass).data
    assert data.problem is not None
    assert data.forecasts is not None
    assert not data.problem.export_per_kwh.any()
    assert np.isnan(data.forecasts.export.p50).all()


async def test_without_a_tariff_it_says_so_and_plans_as_soon_as_there_is_one(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up(hass, home(powerwall(LIVING)))
    await go_on(hass, freezer, 2)
    assert (planning(hass).data.plan, planning(hass).data.why_not) == (None, WhyNot.NO_TARIFF)
    data = by_hours()
    subentry = ConfigSubentry(
        data=data["data"], subentry_type=data["subentry_type"], title=data["title"], unique_id=data["unique_id"]
    )
    hass.config_entries.async_add_subentry(entry, subentry)
    await hass.async_block_till_done(wait_background_tasks=True)
    await go_on(hass, freezer, 30)
    assert planning(hass).data.plan is not None


async def test_prices_that_were_never_known_make_no_plan(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    source = {"way": "attributes", "measure": "per_kwh", "entity_id": "sensor.price"}
    data = {"format": 1, "kind": "entity", "import": {"source": source}, "export": {"mode": "none"}}
    await set_up(hass, home(powerwall(LIVING), tariff(data)))
    await go_on(hass, freezer, 2)
    assert (planning(hass).data.plan, planning(hass).data.why_not) == (None, WhyNot.PRICES_UNKNOWN)


async def test_a_silent_powerwall_makes_no_plan_until_it_answers(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    hide_battery(hass)
    await set_up(hass, home(powerwall(BATTERY_ENTITIES), by_hours()))
    await go_on(hass, freezer, 2)
    assert (planning(hass).data.plan, planning(hass).data.why_not) == (None, WhyNot.POWERWALL_SILENT)
    show_battery(hass, level=50.0, home=0.5)
    await go_on(hass, freezer, 31)
    await go_on(hass, freezer, 31)
    assert planning(hass).data.plan is not None
    hide_battery(hass)
    for _ in range(4):
        await go_on(hass, freezer, 240)
    assert (planning(hass).data.plan, planning(hass).data.why_not) == (None, WhyNot.POWERWALL_SILENT)


async def test_an_unknown_level_makes_no_plan(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    show_battery(hass)
    hass.states.async_set("sensor.level", "unavailable")
    await set_up(hass, home(powerwall(BATTERY_ENTITIES), by_hours()))
    await go_on(hass, freezer, 2)
    assert (planning(hass).data.plan, planning(hass).data.why_not) == (None, WhyNot.LEVEL_UNKNOWN)


async def test_settings_are_planned_with_and_outlast_a_restart(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up(hass, home(powerwall(LIVING), by_hours()))
    await go_on(hass, freezer, 2)
    await planning(hass).async_change(reserve_percent=60.0, wear_per_kwh=0.04, risk=1.0)
    await go_on(hass, freezer, 31)
    problem = planning(hass).data.problem
    assert problem is not None
    assert problem.battery.reserve_kwh == pytest.approx(0.6 * 13.5)
    assert (problem.battery.wear_per_kwh, problem.risk) == (0.04, 1.0)
    await planning(hass).async_change(reserve_percent=5.0)  # below the backup reserve, which counts
    await go_on(hass, freezer, 31)
    problem = planning(hass).data.problem
    assert problem is not None
    assert problem.battery.reserve_kwh == pytest.approx(0.2 * 13.5)
    await reload(hass, entry)
    wanted = PlannerSettings(reserve_percent=5.0, wear_per_kwh=0.04, risk=1.0, optimizes=False)
    assert planning(hass).data.settings == wanted
    with pytest.raises(TypeError, match="boldness"):
        await planning(hass).async_change(boldness=1.0)


async def test_settings_that_make_no_sense_are_as_if_nobody_had_set_them(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    entry = home(powerwall(LIVING), by_hours())
    entry.add_to_hass(hass)
    (powerwall_id,) = (key for key, each in entry.subentries.items() if each.subentry_type == "powerwall")
    nonsense: dict[str, Any] = {"settings": {"reserve_percent": 500, "risk": "much", "optimizes": 1}, "forecasts": []}
    await Store(hass, 1, f"{DOMAIN}.planning.{powerwall_id}").async_save(nonsense)
    await set_up(hass, entry)
    assert planning(hass).data.settings == PlannerSettings()


async def test_the_users_reserve_counts_while_another_is_forced(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    await set_up(hass, home(powerwall(LIVING), by_hours()))
    control = control_of(hass)
    control._state = control.state.with_held(Held.begun("backup_reserve_percent", 35.0, 100.0))
    assert planning(hass).backup_percent() == 35.0


async def test_diagnostics_hold_problem_and_plan_and_no_place(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up(hass, home(powerwall(LIVING), by_hours()))
    await go_on(hass, freezer, 2)
    told = await async_get_config_entry_diagnostics(hass, entry)
    parts = [source["planning"] for source in told["sources"]]
    assert parts.count(None) == 1
    (part,) = (each for each in parts if each is not None)
    assert len(part["plan"]["steps"]) == len(part["problem"]["edges"]) - 1 == len(part["problem"]["load_kw"][0])
    assert "37.77" not in str(part)
    assert "-122" not in str(part)


async def test_the_last_day_is_remembered_as_planned_and_as_it_was(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    await set_up(hass, home(powerwall(LIVING), by_hours()))
    for _ in range(32):
        await go_on(hass, freezer, 30)
    past = list(planning(hass).history.steps)
    assert [step.starts_at for step in past] == [NOON, NOON + timedelta(minutes=5), NOON + timedelta(minutes=10)]
    assert past[0].decision is None
    assert past[1].decision is not None
    for step in past:
        assert step.load_kw is not None
        assert step.solar_kw is not None
        assert step.battery_kw is not None
        assert step.grid_kw is not None
        assert step.load_kw == pytest.approx(step.solar_kw + step.battery_kw + step.grid_kw, abs=0.02)


async def test_a_removed_powerwall_leaves_nothing(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, hass_storage: dict[str, Any]
) -> None:
    entry = await set_up(hass, home(powerwall(SIMULATED), by_hours()))
    await go_on(hass, freezer, 2)
    source = powerwall_of(hass)
    await planning(hass).async_change(risk=0.5)
    assert f"{DOMAIN}.planning.{source.subentry_id}" in hass_storage
    hass.config_entries.async_remove_subentry(entry, source.subentry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert find_planning(source) is None
    assert f"{DOMAIN}.planning.{source.subentry_id}" not in hass_storage


async def test_the_action_can_plan_anew(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    await set_up(hass, home(powerwall(LIVING), by_hours()))
    assert (await act(hass, "get_plan"))["steps"] == []
    answer = await act(hass, "get_plan", plan_anew=True)
    assert len(answer["steps"]) > 50
