"""The switch *Optimize* and the select *Battery mode*, on a simulated home in real Home Assistant."""

from datetime import UTC, datetime, timedelta

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.energy_optimizer.actions.optimize import LONGEST_UNRENEWED, goes_on_until
from custom_components.energy_optimizer.actions.steering import steering_diagnostics
from custom_components.energy_optimizer.api.powerwall.simulated import SimulatedPowerwall
from custom_components.energy_optimizer.const import DOMAIN
from custom_components.energy_optimizer.control import confirm
from custom_components.energy_optimizer.coordinators.planning import PlanningCoordinator, planning_of
from custom_components.energy_optimizer.core.model.decision import DecisionKind
from custom_components.energy_optimizer.core.model.plan import Plan
from custom_components.energy_optimizer.core.model.powerwall import OperationMode, PowerwallSettings
from tests.forced_homes import (
    COMMAND,
    FORCE,
    SPEAKER,
    act,
    control_of,
    let_pass,
    let_sleep_pass,
    powerwall_of,
    reload,
)
from tests.homes import BATTERY_ENTITIES, SIMULATED, flat_tariff, home, powerwall, set_up, show_battery
from tests.planned_homes import Part, plan_nothing, plan_of, show_plan

NIGHT = datetime(2026, 6, 1, 8, tzinfo=UTC)  # 1 in the morning in San Francisco
OPTIMIZE = "switch.powerwall_optimize"
BATTERY = "sensor.powerwall_battery_power"
MODE = "select.powerwall_operation_mode"
RESERVE = "number.powerwall_backup_reserve"
SELF, HOLD, CHARGE = DecisionKind.SELF_CONSUMPTION, DecisionKind.HOLD, DecisionKind.CHARGE
TEN_MINUTES = timedelta(minutes=10)


@pytest.fixture(autouse=True)
async def _night(hass: HomeAssistant, freezer: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    await hass.config.async_set_time_zone("America/Los_Angeles")
    freezer.move_to(NIGHT)
    let_sleep_pass(freezer, monkeypatch)


@pytest.fixture
async def entry(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> MockConfigEntry:
    plan_nothing(monkeypatch)
    since = dt_util.utcnow() - timedelta(hours=12)
    return await set_up(hass, home(flat_tariff(), powerwall(SIMULATED | {"since": since.isoformat()})))


def planning(hass: HomeAssistant) -> PlanningCoordinator:
    return planning_of(powerwall_of(hass))


async def decide(hass: HomeAssistant, *parts: Part) -> Plan:
    plan = plan_of(dt_util.utcnow(), *parts)
    await show_plan(planning(hass), plan)
    return plan


async def turn(hass: HomeAssistant, action: str) -> None:
    await hass.services.async_call("switch", action, {"entity_id": OPTIMIZE}, blocking=True)
    await hass.async_block_till_done()


def simulated(hass: HomeAssistant) -> SimulatedPowerwall:
    path = powerwall_of(hass).path
    found = getattr(path, "path", lambda _way: path)("simulated")
    assert isinstance(found, SimulatedPowerwall)
    return found


def battery_kw(hass: HomeAssistant) -> float:
    return float(hass.states.get(BATTERY).state)


async def test_off_at_first_and_then_the_plan_is_only_advice(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    assert hass.states.get(OPTIMIZE).state == "off"
    await decide(hass, Part(hours=4, kind=CHARGE, power_kw=3.0))
    await let_pass(hass, freezer, TEN_MINUTES, 20)
    assert battery_kw(hass) > 0.0
    assert hass.states.get(SPEAKER).state == "baseline"
    assert control_of(hass).state.held == {}


async def test_on_the_powerwall_follows_each_step_and_off_all_is_as_before(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await decide(
        hass,
        Part(hours=0.5, kind=CHARGE, power_kw=3.0),
        Part(hours=0.5, kind=HOLD),
        Part(hours=0.5, kind=DecisionKind.DISCHARGE, power_kw=2.0),
        Part(hours=1),
    )
    before = (hass.states.get(MODE).state, hass.states.get(RESERVE).state)
    await turn(hass, "turn_on")
    assert hass.states.get(OPTIMIZE).state == "on"
    powers = []
    for _ in range(4):
        await let_pass(hass, freezer, TEN_MINUTES, 60)
        powers.append(battery_kw(hass))
        assert hass.states.get(SPEAKER).state == "optimize"
        assert hass.states.get(COMMAND).state == "confirmed"
        assert hass.states.get(FORCE).state == "automatic"
        await let_pass(hass, freezer, 2 * TEN_MINUTES, 120)
    assert powers[0] == pytest.approx(-3.0, abs=0.05)
    assert powers[1] == pytest.approx(0.0, abs=0.05)
    assert powers[2] == pytest.approx(2.0, abs=0.6)  # or what the house needs, if that is more
    assert powers[3] == pytest.approx(float(hass.states.get("sensor.powerwall_home_power").state), abs=0.05)
    await turn(hass, "turn_off")
    assert hass.states.get(OPTIMIZE).state == "off"
    assert hass.states.get(SPEAKER).state == "baseline"
    assert (hass.states.get(MODE).state, hass.states.get(RESERVE).state) == before
    assert control_of(hass).state.held == {}


async def test_it_goes_on_after_a_restart_and_the_plan_after_that_counts(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await decide(hass, Part(hours=2, kind=HOLD))
    await turn(hass, "turn_on")
    await reload(hass, entry)
    assert hass.states.get(OPTIMIZE).state == "on"
    await let_pass(hass, freezer, timedelta(minutes=2), 12)
    assert hass.states.get(SPEAKER).state == "optimize"
    assert abs(battery_kw(hass)) < 0.05
    await decide(hass, Part(hours=2, kind=CHARGE, power_kw=1.5))
    await let_pass(hass, freezer, timedelta(minutes=2), 12)
    assert battery_kw(hass) == pytest.approx(-1.5, abs=0.05)


async def test_a_planner_that_falls_silent_is_followed_for_a_while_only(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await decide(hass, Part(hours=12, kind=HOLD))
    await turn(hass, "turn_on")
    await let_pass(hass, freezer, LONGEST_UNRENEWED - TEN_MINUTES, 60)
    assert hass.states.get(SPEAKER).state == "optimize"
    await let_pass(hass, freezer, 2 * TEN_MINUTES, 20)
    assert hass.states.get(SPEAKER).state == "baseline"
    assert hass.states.get(OPTIMIZE).state == "on"
    assert battery_kw(hass) > 0.05
    await decide(hass, Part(hours=12, kind=HOLD))
    await let_pass(hass, freezer, timedelta(minutes=2), 12)
    assert hass.states.get(SPEAKER).state == "optimize"


async def test_no_plan_leaves_what_was_decided_until_it_would_have_ended(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await decide(hass, Part(hours=0.5, kind=HOLD))
    await turn(hass, "turn_on")
    await show_plan(planning(hass), None, None)
    await let_pass(hass, freezer, 2 * TEN_MINUTES, 40)
    assert hass.states.get(SPEAKER).state == "optimize"
    await let_pass(hass, freezer, 3 * TEN_MINUTES, 60)
    assert hass.states.get(SPEAKER).state == "baseline"


@pytest.mark.parametrize("option", ["self_consumption", "hold", "charge", "discharge"])
async def test_the_user_goes_first_and_the_plan_resumes(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory, option: str
) -> None:
    await decide(hass, Part(hours=5, kind=CHARGE, power_kw=1.0))
    await turn(hass, "turn_on")
    await hass.services.async_call("select", "select_option", {"entity_id": FORCE, "option": option}, blocking=True)
    await let_pass(hass, freezer, timedelta(minutes=2), 12)
    assert hass.states.get(FORCE).state == option
    assert hass.states.get(SPEAKER).state == "force"
    load_kw = float(hass.states.get("sensor.powerwall_home_power").state)
    expected = {"self_consumption": load_kw, "hold": 0.0, "charge": -5.0, "discharge": 11.5}[option]
    assert battery_kw(hass) == pytest.approx(expected, abs=0.05)
    await decide(hass, Part(hours=5, kind=CHARGE, power_kw=2.0))
    await let_pass(hass, freezer, timedelta(minutes=2), 12)
    assert hass.states.get(FORCE).state == option
    await hass.services.async_call(
        "select", "select_option", {"entity_id": FORCE, "option": "automatic"}, blocking=True
    )
    await let_pass(hass, freezer, timedelta(minutes=2), 12)
    assert hass.states.get(SPEAKER).state == "optimize"
    assert battery_kw(hass) == pytest.approx(-2.0, abs=0.05)


async def test_an_outage_has_the_say(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await decide(hass, Part(hours=5, kind=CHARGE, power_kw=1.0))
    await turn(hass, "turn_on")
    simulated(hass).inject(outage=True)
    await let_pass(hass, freezer, timedelta(minutes=3), 18)
    assert hass.states.get(SPEAKER).state == "outage"
    assert battery_kw(hass) > 0
    simulated(hass).inject(outage=False)
    await let_pass(hass, freezer, timedelta(minutes=2), 12)
    assert hass.states.get(SPEAKER).state == "optimize"
    assert battery_kw(hass) == pytest.approx(-1.0, abs=0.05)


async def test_a_powerwall_that_does_not_follow_is_told_of_after_the_third_time(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    def told() -> list[str]:
        return [issue.translation_key for (domain, _), issue in ir.async_get(hass).issues.items() if domain == DOMAIN]

    simulated(hass).inject(disobedient=True)
    await decide(hass, Part(hours=30, kind=CHARGE, power_kw=3.0))
    await turn(hass, "turn_on")
    for times in (1, 2, 3):
        await let_pass(hass, freezer, timedelta(minutes=3), 18)
        assert hass.states.get(COMMAND).state == "gave_up"
        assert hass.states.get(SPEAKER).state == "baseline"
        assert hass.states.get(OPTIMIZE).attributes["rests_until"] > dt_util.utcnow()
        diagnosed = steering_diagnostics(hass, powerwall_of(hass).subentry_id)["decided"]
        assert diagnosed["failures"] == {"charge": times}
        assert told() == (["powerwall_does_not_follow_plan"] if times == 3 else [])
        await let_pass(hass, freezer, timedelta(minutes=15), 15)
        if times == 3:
            simulated(hass).inject(disobedient=False)
        await decide(hass, Part(hours=30, kind=CHARGE, power_kw=3.0))
    await let_pass(hass, freezer, timedelta(minutes=2), 12)
    assert hass.states.get(COMMAND).state == "confirmed"
    assert told() == []


async def test_what_the_user_set_meanwhile_is_kept_when_it_is_turned_off(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def sleep(seconds: float) -> None:
        freezer.tick(timedelta(seconds=seconds))

    await decide(hass, Part(hours=5))
    await turn(hass, "turn_on")
    monkeypatch.setattr(confirm.asyncio, "sleep", sleep)
    await hass.services.async_call("number", "set_value", {"entity_id": RESERVE, "value": 35}, blocking=True)
    await hass.services.async_call(
        "select", "select_option", {"entity_id": MODE, "option": "autonomous"}, blocking=True
    )
    await let_pass(hass, freezer, TEN_MINUTES, 20)
    await turn(hass, "turn_off")
    await let_pass(hass, freezer, timedelta(minutes=2), 12)
    assert float(hass.states.get(RESERVE).state) == 35
    assert hass.states.get(MODE).state == "autonomous"


async def test_the_reserve_of_plans_is_kept_by_the_powerwall_itself(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await planning(hass).async_change(reserve_percent=45.0)
    await decide(hass, Part(hours=5))
    await turn(hass, "turn_on")
    await let_pass(hass, freezer, timedelta(minutes=1), 6)
    assert float(hass.states.get(RESERVE).state) == 45
    await turn(hass, "turn_off")
    assert float(hass.states.get(RESERVE).state) == 20


async def test_a_powerwall_that_can_only_be_watched_is_not_handed_over(hass: HomeAssistant) -> None:
    show_battery(hass)
    await set_up(hass, home(powerwall(BATTERY_ENTITIES)))
    with pytest.raises(ServiceValidationError) as error:
        await turn(hass, "turn_on")
    assert error.value.translation_key == "optimize_not_offered"
    assert hass.states.get(OPTIMIZE).state == "off"


async def test_turned_off_while_we_were_away_it_is_put_back(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    """Killed between the two steps of turning it off, nothing of the plan goes on."""
    await decide(hass, Part(hours=5, kind=HOLD))
    await turn(hass, "turn_on")
    await planning(hass).async_change(optimizes=False)
    await hass.async_block_till_done()
    await let_pass(hass, freezer, timedelta(minutes=2), 12)
    assert control_of(hass).state.decided is None
    assert hass.states.get(SPEAKER).state == "baseline"


async def test_removal_puts_everything_back(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await planning(hass).async_change(reserve_percent=45.0)
    await decide(hass, Part(hours=5))
    await turn(hass, "turn_on")
    path = simulated(hass)
    await let_pass(hass, freezer, timedelta(minutes=1), 6)
    assert (await path.read()).settings.backup_reserve_percent == 45.0
    hass.config_entries.async_remove_subentry(entry, powerwall_of(hass).subentry_id)
    await hass.async_block_till_done()
    assert (await path.read()).settings.backup_reserve_percent == 20.0


async def test_the_former_select_goes_on_as_battery_mode(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    registry = er.async_get(hass)
    subentry_id = powerwall_of(hass).subentry_id

    async def as_it_was() -> None:
        """Let it be called as an earlier release did, and as its user did then."""
        registry.async_update_entity(
            FORCE, new_unique_id=f"{subentry_id}_force", new_entity_id="select.the_garage_battery"
        )

    await reload(hass, entry, as_it_was)
    renamed = registry.async_get("select.the_garage_battery")
    assert renamed.unique_id == f"{subentry_id}_battery_mode"
    assert hass.states.get("select.the_garage_battery").state == "automatic"
    assert hass.states.get(FORCE) is None
    answer = await act(hass, "hold", duration={"minutes": 30})
    assert answer["outcome"] == "confirmed"
    assert hass.states.get("select.the_garage_battery").state == "hold"


async def test_what_the_planner_itself_decides_is_carried_out(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """All prices alike, a plan can do no better than self-consumption, whatever mode stood before."""
    since = dt_util.utcnow() - timedelta(hours=12)
    await set_up(hass, home(flat_tariff(), powerwall(SIMULATED | {"since": since.isoformat()})))
    await simulated(hass).apply(PowerwallSettings(operation_mode=OperationMode.BACKUP))
    await let_pass(hass, freezer, timedelta(minutes=1), 6)
    await turn(hass, "turn_on")
    await planning(hass).async_plan_now()
    await let_pass(hass, freezer, timedelta(minutes=2), 12)
    assert planning(hass).data.plan is not None
    assert hass.states.get(SPEAKER).state == "optimize"
    assert hass.states.get(COMMAND).state == "confirmed"
    assert hass.states.get(COMMAND).attributes["decision"] == "self_consumption"
    assert hass.states.get(MODE).state == "self_consumption"
    await turn(hass, "turn_off")
    assert hass.states.get(MODE).state == "backup"


def test_a_decision_goes_on_over_steps_that_ask_for_the_same() -> None:
    plan = plan_of(
        NIGHT,
        Part(hours=0.5, kind=CHARGE, power_kw=3.0),
        Part(hours=0.5, kind=CHARGE, power_kw=3.2),
        Part(hours=0.5, kind=CHARGE, power_kw=4.0),
        Part(hours=0.5, kind=CHARGE, power_kw=3.0),
    )
    assert goes_on_until(plan, plan.steps[0]) == NIGHT + timedelta(hours=1)
    assert goes_on_until(plan, plan.steps[4]) == NIGHT + timedelta(hours=1.5)
