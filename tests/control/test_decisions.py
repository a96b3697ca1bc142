"""What a plan decides is carried out, read back, given up and put back, moment by moment."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from custom_components.energy_optimizer.api.powerwall.decisions import means_of_decision
from custom_components.energy_optimizer.control.deciding import REST
from custom_components.energy_optimizer.control.held import same
from custom_components.energy_optimizer.control.precedence import Speaker
from custom_components.energy_optimizer.control.state import CommandState
from custom_components.energy_optimizer.core.model.contract import ConnectionRule, GridLimits
from custom_components.energy_optimizer.core.model.decision import DecisionKind
from custom_components.energy_optimizer.core.model.force import Force, ForceKind, ForceMeans
from custom_components.energy_optimizer.core.model.powerwall import ExportRule, OperationMode, PowerwallSettings
from tests.control.planned_home import GATEWAY, HOUR, MINUTE, TARIFF_WAY, PlannedHome
from tests.control.stubborn_powerwall import SETTINGS_ONLY, run, tariff

WAYS = [GATEWAY, TARIFF_WAY, SETTINGS_ONLY]
SELF, HOLD, SELL_SUN = DecisionKind.SELF_CONSUMPTION, DecisionKind.HOLD, DecisionKind.EXPORT_SOLAR
CHARGE, DISCHARGE = DecisionKind.CHARGE, DecisionKind.DISCHARGE


def force(home: PlannedHome, kind: ForceKind, minutes: float = 60) -> CommandState:
    now = home.clock.at
    return run(home.control.async_force(Force(kind=kind, starts_at=now, ends_at=now + MINUTE * minutes)))


def restart(home: PlannedHome) -> None:
    run(home.restart())


OFFERED = [(way, kind) for way in WAYS for kind in DecisionKind if means_of_decision(kind, way, ConnectionRule.FREE)]


@pytest.mark.parametrize("mode", list(OperationMode))
@pytest.mark.parametrize(("abilities", "kind"), OFFERED)
def test_each_decision_is_followed_and_leaves_nothing(abilities, kind: DecisionKind, mode: OperationMode) -> None:
    home = PlannedHome(abilities, mode=mode)
    home.path.solar_kw, home.path.home_kw = 3.0, 1.0
    home.decide(kind, 60, power_kw=3.0 if kind in {CHARGE, DISCHARGE} else None)
    home.wait(MINUTE)
    running = home.control.state.decided
    assert home.control.command_state is CommandState.CONFIRMED
    assert home.control.speaker is Speaker.OPTIMIZE
    assert running.asked_at <= running.accepted_at <= running.confirmed_at
    wanted_kw = running.decision.battery_kw(-2.0)
    if kind in {CHARGE, DISCHARGE} and running.means is not ForceMeans.DISPATCH:
        wanted_kw = -5.0 if kind is CHARGE else 5.0
    if kind is HOLD or running.means is ForceMeans.DISPATCH or kind is SELF:
        assert home.path.battery_kw == pytest.approx(wanted_kw, abs=0.01)
    else:
        assert home.path.battery_kw == wanted_kw
    home.path.solar_kw = 0.0
    home.wait(MINUTE)
    if kind is HOLD:
        assert home.path.battery_kw == 0.0
    assert run(home.control.async_stop_optimizing()) is CommandState.RESTORED
    home.wait(5 * MINUTE)
    assert not home.changed
    assert home.control.state.held == {}
    assert home.path.dispatched_kw == 0.0


@pytest.mark.parametrize("abilities", WAYS)
@pytest.mark.parametrize("kind", [SELF, HOLD, CHARGE])
def test_an_unchanged_decision_sends_nothing(abilities, kind: DecisionKind) -> None:
    home = PlannedHome(abilities, mode=OperationMode.AUTONOMOUS)
    home.renew(10 * MINUTE, kind, minutes=90, power_kw=3.0 if kind is CHARGE else None)
    sent = [each for each in home.path.commands if each[1] != "dispatch"]
    home.renew(20 * MINUTE, kind, minutes=90, power_kw=3.2 if kind is CHARGE else None)
    assert [each for each in home.path.commands if each[1] != "dispatch"] == sent
    assert home.control.state.decided.until >= home.clock.at + 85 * MINUTE
    assert home.control.state.decided.decision.power_kw in {3.0, None}


def test_another_power_is_ordered_at_once_where_powers_can_be_ordered() -> None:
    home = PlannedHome(GATEWAY)
    home.decide(CHARGE, power_kw=3.0)
    home.decide(CHARGE, power_kw=3.5)
    assert home.path.dispatched_kw == -3.5
    cloud = PlannedHome(TARIFF_WAY)
    cloud.decide(CHARGE, power_kw=3.0)
    before = len(cloud.path.commands)
    cloud.wait(31 * MINUTE)
    cloud.decide(CHARGE, 29, power_kw=4.5)
    assert len(cloud.path.commands) == before


@pytest.mark.parametrize("abilities", WAYS)
def test_without_a_fresh_decision_everything_is_put_back(abilities) -> None:
    home = PlannedHome(abilities, mode=OperationMode.AUTONOMOUS)
    home.decide(CHARGE, 40, power_kw=3.0)
    home.wait(39 * MINUTE)
    assert home.control.state.decided is not None
    home.wait(5 * MINUTE)
    assert home.control.speaker is Speaker.BASELINE
    assert not home.changed
    assert home.control.state.held == {}


@pytest.mark.parametrize("abilities", WAYS)
@pytest.mark.parametrize("away", [MINUTE, 2 * HOUR])
def test_a_restart_goes_on_or_lets_go(abilities, away: timedelta) -> None:
    home = PlannedHome(abilities)
    home.decide(HOLD)
    home.wait(MINUTE)
    before = len(home.path.commands)
    home.clock.at += away
    restart(home)
    home.wait(MINUTE)
    if away < HOUR:
        assert home.control.state.decided.decision.kind is HOLD
        assert home.control.command_state is CommandState.CONFIRMED
        assert home.path.battery_kw == 0.0
        assert abilities is GATEWAY or len(home.path.commands) == before
    else:
        assert home.control.state.decided is None
        home.wait(3 * MINUTE)
        assert not home.changed


@pytest.mark.parametrize("abilities", WAYS)
def test_what_is_decided_is_stored_before_it_is_sent(abilities) -> None:
    home = PlannedHome(abilities, mode=OperationMode.AUTONOMOUS)
    stored = []
    fault = home.path._fault

    def look(name, value):
        state = json.loads(home.store.text)
        assert state["decided"]["kind"] == "charge"
        if name != "dispatch":
            stored.append(state["held"][name]["baseline"] is not None)
        return fault(name, value)

    home.path._fault = look
    home.decide(CHARGE)
    assert len(home.path.commands) >= 1
    assert all(stored)


def test_a_full_disk_begins_nothing() -> None:
    home = PlannedHome(SETTINGS_ONLY)
    home.store.is_full = True
    home.decide(HOLD)
    assert home.path.commands == []
    assert home.control.state.decided is None


def test_holding_follows_the_sun_up_and_ends_in_backup_mode() -> None:
    home = PlannedHome(SETTINGS_ONLY)
    home.path.solar_kw = 4.0
    home.decide(HOLD, 600)
    assert home.path.values["backup_reserve_percent"] == 50.0
    home.path.level_percent = 51.5
    home.wait(MINUTE)
    assert home.path.values["backup_reserve_percent"] == 50.0
    home.path.level_percent = 63.2
    home.wait(MINUTE)
    assert home.path.values["backup_reserve_percent"] == 64.0, "rounded up, lest it gives the rest"
    home.path.level_percent = 85.0
    home.wait(MINUTE)
    assert home.path.values["operation_mode"] is OperationMode.BACKUP
    assert home.path.values["grid_charging"] is False
    assert home.control.command_state is CommandState.CONFIRMED
    run(home.control.async_stop_optimizing())
    assert not home.changed


def test_holding_below_the_reserve_leaves_the_reserve() -> None:
    home = PlannedHome(SETTINGS_ONLY)
    home.path.level_percent = 12.0
    home.decide(HOLD)
    assert home.path.values["backup_reserve_percent"] == 20.0
    assert home.path.battery_kw == 0.0
    home.path.level_percent = 25.0
    home.wait(MINUTE)
    assert home.path.values["backup_reserve_percent"] == 25.0


@pytest.mark.parametrize(
    ("asked", "set_to"), [(10.0, 20.0), (20.2, 20.0), (45.4, 45.0), (85.0, 80.0), (99.0, 80.0), (100.0, 100.0)]
)
def test_self_consumption_above_a_reserve(asked: float, set_to: float) -> None:
    home = PlannedHome(SETTINGS_ONLY)
    home.decide(SELF, reserve_percent=asked)
    assert home.path.values["backup_reserve_percent"] == set_to
    assert home.control.command_state is CommandState.CONFIRMED


def test_orders_follow_the_house() -> None:
    home = PlannedHome(GATEWAY)
    path = home.path
    path.solar_kw, path.home_kw = 4.0, 1.5
    home.decide(HOLD, 240)
    assert path.dispatched_kw == -2.5
    path.solar_kw = 3.0
    home.wait(MINUTE)
    assert path.dispatched_kw == -1.5
    path.solar_kw = 0.5
    home.wait(MINUTE)
    assert path.dispatched_kw == 0.0
    home.decide(SELL_SUN, 240)
    assert path.dispatched_kw == 1.0
    path.solar_kw = 6.0
    home.wait(MINUTE)
    assert path.dispatched_kw == 0.0
    home.decide(CHARGE, 240, power_kw=2.0)
    assert path.dispatched_kw == -4.5, "all surplus if that is more"
    home.decide(DISCHARGE, 240, power_kw=2.0)
    assert path.dispatched_kw == 2.0
    path.solar_kw, path.home_kw = 0.0, 3.0
    home.wait(MINUTE)
    assert path.dispatched_kw == 3.0, "what the house needs if that is more"
    assert home.control.command_state is CommandState.CONFIRMED
    gaps = [later[0] - earlier[0] for earlier, later in zip(path.commands, path.commands[1:], strict=False)]
    assert max(gaps) <= timedelta(seconds=30)


def test_no_order_where_the_house_is_not_known() -> None:
    home = PlannedHome(GATEWAY)
    home.decide(HOLD)
    assert home.path.ordered_until > home.clock.at
    read = home.path.read

    async def half():
        return replace(await read(), home_kw=None, grid_kw=None)

    home.path.read = half
    home.wait(MINUTE)
    assert home.path.ordered_until <= home.clock.at


def test_from_the_sun_alone() -> None:
    home = PlannedHome(GATEWAY)
    home.path.solar_kw, home.path.home_kw = 2.0, 1.5
    home.decide(CHARGE, power_kw=5.0, rule=ConnectionRule.SUN_ONLY)
    assert home.path.dispatched_kw == -2.0
    home.path.solar_kw = 0.0
    home.wait(MINUTE)
    assert home.path.dispatched_kw == 0.0
    cloud = PlannedHome(TARIFF_WAY)
    cloud.decide(CHARGE, rule=ConnectionRule.SUN_ONLY)
    cloud.wait(5 * MINUTE)
    assert not cloud.changed
    assert cloud.path.commands == []


def test_the_connection_is_kept() -> None:
    home = PlannedHome(GATEWAY)
    limits = GridLimits(max_import_kw=4.0, max_export_kw=1.0)
    home.path.home_kw = 2.5
    home.decide(CHARGE, power_kw=5.0, limits=limits)
    assert home.path.dispatched_kw == -1.5
    home.path.home_kw = 7.0
    home.wait(MINUTE)
    assert home.path.dispatched_kw == 0.0
    home.path.home_kw = 2.0
    home.decide(DISCHARGE, power_kw=5.0, limits=limits)
    assert home.path.dispatched_kw == 3.0


def test_nothing_is_given_below_the_reserve() -> None:
    home = PlannedHome(GATEWAY)
    home.decide(DISCHARGE, 240, power_kw=3.0)
    assert home.path.dispatched_kw == 3.0
    home.path.level_percent = 20.0
    home.wait(MINUTE)
    assert home.path.dispatched_kw == 0.0
    home.wait(HOUR)
    assert home.control.command_state is CommandState.CONFIRMED
    assert home.control.state.decided is not None


def test_a_full_battery_is_no_disobedience() -> None:
    home = PlannedHome(GATEWAY)
    home.decide(CHARGE, 240, power_kw=3.0)
    home.path.stuck_kw, home.path.level_percent = 0.0, 100.0
    home.wait(HOUR)
    assert home.control.state.decided is not None


@pytest.mark.parametrize("abilities", WAYS)
def test_a_powerwall_that_does_not_follow_is_left_alone_for_a_while(abilities) -> None:
    home = PlannedHome(abilities, mode=OperationMode.AUTONOMOUS)
    home.path.deaf = True
    home.decide(CHARGE, 240, power_kw=3.0)
    home.wait(8 * MINUTE)
    assert home.control.command_state is CommandState.GAVE_UP
    assert home.control.state.plan_failures == {CHARGE: 1}
    home.path.deaf = False
    home.wait(MINUTE)
    before = len(home.path.commands)
    home.decide(CHARGE, 240, power_kw=3.0)
    assert home.control.state.decided is None
    assert len(home.path.commands) == before
    assert not home.changed
    home.wait(REST)
    home.decide(CHARGE, 240, power_kw=3.0)
    home.wait(20 * MINUTE)
    assert home.control.command_state is CommandState.CONFIRMED
    assert home.control.state.plan_failures == {}


@pytest.mark.parametrize("kind", [CHARGE, DISCHARGE, HOLD])
def test_settings_that_are_taken_but_do_nothing_are_noticed(kind: DecisionKind) -> None:
    home = PlannedHome(TARIFF_WAY)
    home.decide(kind, 240)
    assert home.control.command_state is CommandState.CONFIRMED
    home.path.stuck_kw, home.path.level_percent = 1.0 if kind is HOLD else 0.0, 49.0
    home.wait(25 * MINUTE)
    assert home.control.command_state is CommandState.GAVE_UP
    home.wait(5 * MINUTE)
    assert not home.changed


@pytest.mark.parametrize("fault", ["refused", "revoked"])
def test_a_refusal_is_final(fault: str) -> None:
    home = PlannedHome(SETTINGS_ONLY)
    home.path.faults = [fault]
    home.decide(HOLD)
    home.wait(MINUTE)
    assert home.control.command_state is CommandState.GAVE_UP
    assert not home.changed


@pytest.mark.parametrize("fault", ["lost_before", "lost_after", "limited", "late", "never", "half"])
@pytest.mark.parametrize("abilities", WAYS)
@pytest.mark.parametrize("kind", [SELF, HOLD, CHARGE])
def test_a_fault_ends_in_the_asked_or_the_old_state(abilities, kind: DecisionKind, fault: str) -> None:
    home = PlannedHome(abilities, mode=OperationMode.AUTONOMOUS)
    home.path.faults = [fault] * 2
    home.decide(kind, 120)
    home.wait(9 * MINUTE)
    assert home.control.command_state is CommandState.CONFIRMED
    home.path.faults = [fault] * 2
    run(home.control.async_stop_optimizing())
    home.wait(10 * MINUTE)
    assert not home.changed
    assert home.control.state.held == {}


def test_a_users_force_goes_first_and_the_plan_resumes() -> None:
    home = PlannedHome(SETTINGS_ONLY)
    home.decide(HOLD, 240)
    assert force(home, ForceKind.CHARGE, 30) is CommandState.CONFIRMED
    assert home.control.speaker is Speaker.FORCE
    assert home.path.battery_kw == -5.0
    home.decide(SELF, 240)
    home.wait(29 * MINUTE)
    assert home.control.state.force is not None
    home.path.level_percent = 71.0
    home.decide(HOLD, 240)
    home.wait(3 * MINUTE)
    assert home.control.speaker is Speaker.OPTIMIZE
    assert home.path.values["backup_reserve_percent"] == 71.0
    assert home.path.values["grid_charging"] is False
    assert force(home, ForceKind.CHARGE, 30) is CommandState.CONFIRMED
    assert run(home.control.async_back_to_automatic()) is not CommandState.GAVE_UP
    home.wait(MINUTE)
    assert home.path.values["backup_reserve_percent"] == 71.0
    run(home.control.async_stop_optimizing())
    assert not home.changed


@pytest.mark.parametrize("abilities", WAYS)
@pytest.mark.parametrize("storm", [False, True])
def test_outage_and_storm_have_the_say(abilities, storm: bool) -> None:
    home = PlannedHome(abilities)
    home.path.outage, home.path.storm = not storm, storm
    run(home.look())
    home.decide(CHARGE, 240)
    home.wait(20 * MINUTE)
    assert home.path.commands == []
    home.path.outage = home.path.storm = False
    home.wait(2 * MINUTE)
    assert home.control.command_state is CommandState.CONFIRMED
    before = len(home.path.commands)
    home.path.outage, home.path.storm = not storm, storm
    run(home.look())
    home.decide(HOLD, 240)
    home.wait(20 * MINUTE)
    assert len(home.path.commands) == before
    assert home.path.commands_in_an_outage == 0
    home.path.outage = home.path.storm = False
    home.wait(2 * MINUTE)
    assert home.control.state.decided.decision.kind is HOLD
    assert home.control.command_state is CommandState.CONFIRMED


def test_what_a_user_changes_in_teslas_app_stays_and_is_put_back() -> None:
    home = PlannedHome(SETTINGS_ONLY)
    home.decide(HOLD, 240)
    home.wait(MINUTE)
    home.path.values |= {"backup_reserve_percent": 33.0, "export_rule": ExportRule.NEVER}
    home.path.level_percent = 60.0
    home.renew(20 * MINUTE, HOLD, minutes=240)
    assert home.path.values["backup_reserve_percent"] == 33.0
    assert home.control.changed_elsewhere == ("backup_reserve_percent",)
    home.decide(CHARGE, 240)
    home.wait(MINUTE)
    assert home.path.values["backup_reserve_percent"] == 100.0, "the next decision begins anew"
    run(home.control.async_stop_optimizing())
    home.wait(2 * MINUTE)
    assert home.changed == {"backup_reserve_percent", "export_rule"}
    assert home.path.values["backup_reserve_percent"] == 33.0


def test_what_a_user_changes_through_us_is_put_back() -> None:
    home = PlannedHome(SETTINGS_ONLY)
    home.decide(CHARGE, 240)
    run(home.control.async_set_by_user(PowerwallSettings(backup_reserve_percent=100.0)))
    run(home.control.async_stop_optimizing())
    home.wait(MINUTE)
    assert home.path.values["backup_reserve_percent"] == 100.0


def test_while_the_plan_speaks_nobody_else_writes_the_tariff() -> None:
    home = PlannedHome(TARIFF_WAY)
    synced, later = tariff("Ours 1", 0.11), tariff("Ours 2", 0.12)
    run(home.control.async_sync(synced, wait=True))
    home.decide(SELF, 240)
    home.wait(MINUTE)
    assert same("tariff", home.path.values["tariff"], synced)
    run(home.control.async_sync(later))
    home.wait(MINUTE)
    assert same("tariff", home.path.values["tariff"], synced)
    home.decide(CHARGE, 240, ends_after=60)
    home.wait(MINUTE)
    written = home.path.values["tariff"]
    assert not same("tariff", written, later)
    tomorrow = [period for name, period in written["seasons"]["Summer"]["tou_periods"].items() if "FORCED" not in name]
    assert tomorrow
    assert written["energy_charges"]["Summer"]["rates"].items() >= {("PERIOD_00_00", 0.12)}
    run(home.control.async_stop_optimizing())
    home.wait(2 * MINUTE)
    assert same("tariff", home.path.values["tariff"], later)
    run(home.control.async_stop_sync())
    home.wait(2 * MINUTE)
    assert not home.changed


def test_a_window_is_written_anew_only_when_it_runs_out() -> None:
    home = PlannedHome(TARIFF_WAY)

    def tariffs() -> int:
        return len([each for each in home.path.commands if each[1] == "tariff"])

    for _ in range(12):
        home.decide(CHARGE, 120, ends_after=90)
        home.wait(5 * MINUTE)
    assert tariffs() == 1
    for _ in range(12):
        home.decide(CHARGE, 120, ends_after=90)
        home.wait(5 * MINUTE)
    assert tariffs() == 2
    assert home.path.battery_kw == -5.0
    assert home.control.state.decided.confirmed_at is not None


def test_a_dead_home_assistant_sells_no_battery_empty() -> None:
    """Nobody renews anything any more: orders end within a minute, a window with its half-hour."""
    home = PlannedHome(GATEWAY)
    home.decide(DISCHARGE, 240, power_kw=4.0)
    home.clock.at += timedelta(seconds=60)
    assert home.path.battery_kw == 1.0
    home = PlannedHome(TARIFF_WAY)
    home.path.values["export_rule"] = ExportRule.PV_ONLY
    home.decide(DISCHARGE, 120, ends_after=20)
    assert home.path.battery_kw == 5.0
    home.clock.at += 30 * MINUTE
    assert home.path.battery_kw == 1.0
