"""A control and a Powerwall that does not always follow, moment by moment."""

import json
from datetime import timedelta

import pytest

from custom_components.energy_optimizer.control.held import same
from custom_components.energy_optimizer.control.powerwall import CannotForceError
from custom_components.energy_optimizer.control.precedence import Speaker
from custom_components.energy_optimizer.control.state import CommandState
from custom_components.energy_optimizer.core.model.force import Force, ForceKind, ForceMeans
from custom_components.energy_optimizer.core.model.powerwall import ExportRule, OperationMode, PowerwallSettings
from tests.control.stubborn_powerwall import CLOUD, LOCAL, SETTINGS_ONLY, Home, run, tariff

MINUTE = timedelta(minutes=1)


def started(abilities=CLOUD) -> Home:
    home = Home(abilities)
    run(home.start())
    return home


def force(home: Home, kind: ForceKind = ForceKind.CHARGE, minutes: float = 60, **wish: float) -> CommandState:
    now = home.clock.at
    asked = Force(kind=kind, starts_at=now, ends_at=now + MINUTE * minutes, **wish)
    return run(home.control.async_force(asked))


def changed(home: Home, old: dict[str, object]) -> set[str]:
    """Name what differs on the device itself."""
    home.path.settle()
    return {name for name, value in old.items() if not same(name, home.path.values[name], value)}


@pytest.mark.parametrize("abilities", [CLOUD, SETTINGS_ONLY, LOCAL])
@pytest.mark.parametrize("kind", list(ForceKind))
def test_each_force_begins_ends_by_itself_and_leaves_nothing(abilities, kind) -> None:
    home = Home(abilities)
    if kind is ForceKind.SELF_CONSUMPTION:
        home.path.values["operation_mode"] = OperationMode.AUTONOMOUS
    run(home.start())
    old = dict(home.path.values)
    if abilities is SETTINGS_ONLY and kind is ForceKind.DISCHARGE:
        with pytest.raises(CannotForceError, match="not_offered"):
            force(home, kind)
        return
    assert force(home, kind) is CommandState.CONFIRMED
    assert home.control.speaker is Speaker.FORCE
    run(home.live(MINUTE * 59))
    assert home.control.state.force is not None
    assert abilities is LOCAL or changed(home, old)
    run(home.live(MINUTE * 45))
    assert home.control.command_state is CommandState.RESTORED
    assert home.control.speaker is Speaker.BASELINE
    assert not changed(home, old)
    assert home.path.dispatched_kw == 0.0


def test_the_order_is_tariff_then_rules_then_mode_then_reserve() -> None:
    home = started()
    force(home)
    names = [name for _, name, _ in home.path.commands]
    assert names == ["tariff", "grid_charging", "operation_mode", "backup_reserve_percent"]
    home.path.commands.clear()
    run(home.control.async_back_to_automatic())
    names = [name for _, name, _ in home.path.commands]
    assert names == ["backup_reserve_percent", "operation_mode", "tariff", "grid_charging"]


def test_what_is_asked_is_stored_before_it_is_sent() -> None:
    home = started()
    stored = []
    take = home.path._take

    def look_and_take(name, value):
        held = json.loads(home.store.text)["held"][name]
        stored.append((name, same(name, held["asks"][-1]["value"], value), held["baseline"] is not None))
        take(name, value)

    home.path._take = look_and_take
    force(home)
    run(home.control.async_back_to_automatic())
    assert len(stored) == 8
    assert all(asked and kept for _, asked, kept in stored)


def begun(home: Home, kind: ForceKind, fault: str) -> None:
    """Leave a force as it stands a moment after its commands were sent, each with a *fault*."""
    home.path.faults = [fault] * 5
    settle = home.control._settle

    async def only_send(_limit, _is_settled) -> None:
        await home.control._pass(look=True)

    home.control._settle = only_send
    force(home, kind)
    home.control._settle = settle
    home.path.faults = []


@pytest.mark.parametrize("restarted", [False, True])
def test_a_command_that_comes_true_after_the_end_is_put_back(restarted: bool) -> None:
    home = started(SETTINGS_ONLY)
    old = dict(home.path.values)
    begun(home, ForceKind.CHARGE, "late")
    assert not changed(home, old)
    if restarted:
        run(home.restart())
    run(home.control.async_back_to_automatic())
    assert home.control.command_state is CommandState.PUTTING_BACK
    run(home.live(MINUTE * 10))
    assert home.path.coming == []
    assert not changed(home, old)
    assert home.control.command_state is CommandState.RESTORED


def test_even_where_the_late_command_overtakes_the_last_one() -> None:
    home = started(SETTINGS_ONLY)
    old = dict(home.path.values)
    begun(home, ForceKind.CHARGE, "late")
    run(home.control.async_back_to_automatic())
    home.path.coming = [(home.clock.at + MINUTE, name, value) for _, name, value in home.path.coming]
    run(home.live(MINUTE * 10))
    assert not changed(home, old)


def test_a_repeated_command_may_come_true_twice() -> None:
    home = started(SETTINGS_ONLY)
    old = dict(home.path.values)
    begun(home, ForceKind.CHARGE, "late")
    home.path.faults = ["late"] * 3
    run(home.live(timedelta(seconds=45)))
    home.path.faults = []
    assert home.path.values["operation_mode"] is OperationMode.BACKUP
    assert [name for _, name, _ in home.path.coming] == ["grid_charging", "operation_mode", "backup_reserve_percent"]
    run(home.control.async_back_to_automatic())
    run(home.live(MINUTE * 10))
    assert not changed(home, old)


def test_a_user_is_seen_between_two_polls() -> None:
    home = started(SETTINGS_ONLY)
    force(home, minutes=30)
    run(home.live(MINUTE * 30 - timedelta(seconds=5)))
    home.path.values["backup_reserve_percent"] = 33.0
    run(home.live(MINUTE * 5))
    assert home.path.values["backup_reserve_percent"] == 33.0
    assert home.path.values["operation_mode"] is OperationMode.SELF_CONSUMPTION


def test_a_user_who_puts_a_setting_back_is_obeyed() -> None:
    home = started(SETTINGS_ONLY)
    force(home)
    run(home.live(MINUTE))
    home.path.values["operation_mode"] = OperationMode.SELF_CONSUMPTION
    run(home.live(MINUTE * 5))
    assert home.path.values["operation_mode"] is OperationMode.SELF_CONSUMPTION
    assert home.control.changed_elsewhere == ("operation_mode",)


def test_a_stale_answer_is_no_user() -> None:
    home = started(SETTINGS_ONLY)
    force(home)
    run(home.live(MINUTE))
    home.path.values["operation_mode"] = OperationMode.SELF_CONSUMPTION
    for _ in range(3):
        run(home.live(timedelta(seconds=10)))
        run(home.look())
        home.control.on_look()
        run(home.clock.run_started())
    home.path.values["operation_mode"] = OperationMode.BACKUP
    run(home.live(MINUTE * 5))
    assert home.control.changed_elsewhere == ()


def test_a_new_force_is_no_protest_against_what_the_user_did_before() -> None:
    home = started(SETTINGS_ONLY)
    force(home)
    home.path.values["backup_reserve_percent"] = 33.0
    assert force(home) is CommandState.CONFIRMED
    assert home.path.values["backup_reserve_percent"] == 100.0
    assert home.control.changed_elsewhere == ()
    run(home.control.async_back_to_automatic())
    assert home.path.values["backup_reserve_percent"] == 33.0


def test_what_the_user_sets_through_us_is_put_back_even_if_it_is_what_we_asked() -> None:
    home = started(SETTINGS_ONLY)
    force(home)
    run(home.control.async_set_by_user(PowerwallSettings(operation_mode=OperationMode.BACKUP)))
    run(home.control.async_back_to_automatic())
    run(home.live(MINUTE * 5))
    assert home.path.values["operation_mode"] is OperationMode.BACKUP
    assert home.path.values["grid_charging"] is False


def test_the_newer_force_keeps_the_baseline_of_the_older() -> None:
    home = started()
    old = dict(home.path.values)
    force(home, ForceKind.CHARGE)
    assert force(home, ForceKind.DISCHARGE) is CommandState.CONFIRMED
    assert home.path.values["export_rule"] is ExportRule.BATTERY_OK
    assert home.path.values["grid_charging"] is False
    assert home.path.values["backup_reserve_percent"] == 20.0
    run(home.live(MINUTE * 100))
    assert not changed(home, old)


def test_a_refusal_ends_it_at_once_and_puts_back_what_was_done() -> None:
    home = started()
    old = dict(home.path.values)
    home.path.faults = ["ok", "refused"]
    assert force(home) is CommandState.GAVE_UP
    assert "no" in str(home.control.last_error)
    run(home.live(MINUTE * 5))
    assert not changed(home, old)
    assert home.control.command_state is CommandState.GAVE_UP


def test_a_powerwall_that_accepts_everything_and_does_nothing_is_given_up() -> None:
    home = started(SETTINGS_ONLY)
    home.path.deaf = True
    assert force(home) is CommandState.PENDING
    run(home.live(MINUTE * 10))
    assert home.control.command_state is CommandState.GAVE_UP
    assert home.control.state.force is None


def test_orders_are_short_renewed_and_taken_back() -> None:
    home = started(LOCAL)
    force(home, ForceKind.DISCHARGE, power_kw=2.0)
    assert home.path.dispatched_kw == 2.0
    for _ in range(40):
        run(home.live(timedelta(seconds=15)))
        assert home.path.dispatched_kw == 2.0
    run(home.control.async_back_to_automatic())
    assert home.path.dispatched_kw == 0.0
    assert home.path.commands[-1][2] is None


def test_an_order_that_cannot_be_taken_back_ends_by_itself() -> None:
    home = started(LOCAL)
    force(home, ForceKind.DISCHARGE)
    home.path.unreachable = True
    run(home.control.async_back_to_automatic())
    run(home.live(timedelta(seconds=61)))
    assert home.path.dispatched_kw == 0.0
    assert home.control.command_state is CommandState.RESTORED


def test_no_order_is_renewed_blindly() -> None:
    home = started(LOCAL)
    force(home, ForceKind.DISCHARGE)
    home.path.unreachable = True
    run(home.live(MINUTE * 2))
    assert home.path.dispatched_kw == 0.0
    assert home.control.state.force is not None
    home.path.unreachable = False
    run(home.live(MINUTE))
    assert home.path.dispatched_kw == 5.0


def test_no_order_is_renewed_on_the_strength_of_an_old_reading() -> None:
    home = started(LOCAL)
    force(home, ForceKind.DISCHARGE)

    async def nothing_new() -> None:
        """Keep the reading that there is."""

    home.look = nothing_new
    run(home.live(MINUTE * 4))
    assert home.path.dispatched_kw == 0.0
    assert home.control.state.force is not None


def test_an_order_without_effect_is_given_up() -> None:
    home = started(LOCAL)
    home.path.deaf = True
    force(home, ForceKind.CHARGE)
    run(home.live(MINUTE * 3))
    assert home.control.command_state is CommandState.GAVE_UP


@pytest.mark.parametrize(("wish", "level", "over"), [({"level_percent": 60.0}, 60.0, True), ({}, 99.0, False)])
def test_a_charge_ends_at_its_level(wish, level, over) -> None:
    home = started(LOCAL)
    force(home, **wish)
    home.path.level_percent = level
    run(home.live(MINUTE))
    assert (home.control.state.force is None) is over


@pytest.mark.parametrize("wish", [{}, {"level_percent": 5.0}])
def test_a_discharge_never_goes_below_the_reserve(wish) -> None:
    home = started(LOCAL)
    force(home, ForceKind.DISCHARGE, **wish)
    home.path.level_percent = 20.0
    run(home.live(MINUTE))
    assert home.control.state.force is None
    assert home.path.dispatched_kw == 0.0
    with pytest.raises(CannotForceError, match="already_there"):
        force(home, ForceKind.DISCHARGE)


def test_a_discharge_by_tariff_stops_at_the_level_even_without_us() -> None:
    home = started()
    force(home, ForceKind.DISCHARGE, level_percent=40.0)
    assert home.path.values["backup_reserve_percent"] == 40.0


def test_a_tariff_rounds_the_end_up_to_the_half_hour() -> None:
    home = started()
    force(home, minutes=45)  # from 12:10 in Sydney
    running = home.control.state.force
    assert running.means is ForceMeans.TARIFF
    assert running.force.ends_at - home.clock.at <= MINUTE * 50
    assert running.force.ends_at.minute == 0


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        ({"unreachable": True}, "unreachable"),
        ({"outage": True}, "outage"),
        ({"storm": True}, "storm"),
    ],
)
def test_it_cannot_begin(trouble, reason) -> None:
    home = started()
    for name, value in trouble.items():
        setattr(home.path, name, value)
    with pytest.raises(CannotForceError, match=reason):
        force(home)
    assert home.path.commands == []


def test_nothing_begins_that_could_not_be_put_back() -> None:
    home = started()
    home.store.is_closed = True
    with pytest.raises(CannotForceError, match="not_storable"):
        force(home)
    home = started()
    home.path.values["export_rule"] = None
    with pytest.raises(CannotForceError, match="unknown_settings"):
        force(home, ForceKind.DISCHARGE)
    assert home.path.commands == []
    assert force(home, ForceKind.HOLD) is CommandState.CONFIRMED


def test_a_power_cannot_be_asked_of_a_tariff() -> None:
    with pytest.raises(CannotForceError, match="no_power"):
        force(started(), power_kw=3.0)


def test_an_end_while_the_grid_is_away_waits_for_it() -> None:
    home = started()
    old = dict(home.path.values)
    force(home, minutes=30)
    home.path.outage = True
    run(home.live(MINUTE * 60))
    assert home.path.commands_in_an_outage == 0
    assert home.control.speaker is Speaker.OUTAGE
    assert home.control.command_state is CommandState.PUTTING_BACK
    home.path.outage = False
    run(home.live(MINUTE * 5))
    assert not changed(home, old)


def test_a_release_says_whether_all_was_put_back() -> None:
    home = started()
    old = dict(home.path.values)
    force(home)
    assert run(home.control.async_release(MINUTE * 2))
    assert not changed(home, old)
    home = started()
    force(home)
    home.path.unreachable = True
    assert not run(home.control.async_release(MINUTE * 2))


def test_what_was_asked_of_a_stopped_control_is_not_sent() -> None:
    home = started()
    force(home)
    run(home.control.async_stop())
    home.path.commands.clear()
    home.control.on_look()
    run(home.live(MINUTE * 90))
    assert home.path.commands == []


def test_what_is_to_be_put_back_does_not_wait_for_a_rare_poll() -> None:
    home = started()
    old = dict(home.path.values)
    force(home, minutes=30)
    home.poll_at = home.clock.at + MINUTE * 600
    run(home.live(MINUTE * 40))
    home.path.unreachable = True
    run(home.control.async_back_to_automatic())
    run(home.live(MINUTE * 20))
    home.path.unreachable = False
    run(home.live(MINUTE * 9))
    assert not changed(home, old)
    assert home.control.command_state is CommandState.RESTORED


def test_a_full_disk_begins_nothing_and_still_puts_back() -> None:
    home = started()
    old = dict(home.path.values)
    home.store.is_full = True
    with pytest.raises(CannotForceError, match="not_storable"):
        force(home)
    run(home.control.async_sync(tariff("Ours"), wait=True))
    run(home.live(MINUTE * 10))
    assert home.path.commands == []
    home.store.is_full = False
    run(home.live(MINUTE * 3))
    assert force(home, minutes=30) is CommandState.CONFIRMED
    home.store.is_full = True
    run(home.control.async_stop_sync())
    run(home.live(MINUTE * 70))
    assert not changed(home, old)
