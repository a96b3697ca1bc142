"""Whatever happens in whatever order: in the end the Powerwall is as the user wants it, and nothing stays forced."""

from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from custom_components.energy_optimizer.control.carrying import TARIFF_LOOK
from custom_components.energy_optimizer.control.held import same
from custom_components.energy_optimizer.control.powerwall import CannotForceError
from custom_components.energy_optimizer.control.state import CommandState
from custom_components.energy_optimizer.core.model.force import Force, ForceKind
from custom_components.energy_optimizer.core.model.powerwall import ExportRule, PowerwallSettings
from tests.control.stubborn_powerwall import CLOUD, FAULTS, LOCAL, SETTINGS_ONLY, Home, run, tariff

SYNCED = [tariff("Ours 1", 0.11), tariff("Ours 2", 0.12)]
# Values that we never ask for ourselves: nobody could tell the same value apart.
BY_USERS: list[tuple[str, Any]] = [
    ("backup_reserve_percent", 33.0),
    ("backup_reserve_percent", 44.0),
    ("export_rule", ExportRule.NEVER),
    ("tariff", tariff("New plan", 0.2)),
]


class AnyOrder(RuleBasedStateMachine):
    """Forces, syncs, users, faults, outages and restarts."""

    def teardown(self) -> None:
        if hasattr(self, "home"):
            self.end()

    @initialize(abilities=st.sampled_from([CLOUD, LOCAL, SETTINGS_ONLY]))
    def begin(self, abilities) -> None:
        self.home = Home(abilities)
        self.path = self.home.path
        self.expected = dict(self.path.values)
        run(self.home.start())

    @rule(
        kind=st.sampled_from(list(ForceKind)),
        minutes=st.sampled_from([30, 75, 240]),
        faults=st.lists(st.sampled_from(FAULTS), max_size=3),
    )
    def force(self, kind: ForceKind, minutes: int, faults: list[str]) -> None:
        now, self.path.faults = self.home.clock.at, faults
        wish = Force(kind=kind, starts_at=now, ends_at=now + timedelta(minutes=minutes))
        try:
            state = run(self.home.control.async_force(wish))
        except CannotForceError:
            return
        if state is CommandState.CONFIRMED:
            self.check_confirmed()

    @rule(faults=st.lists(st.sampled_from(FAULTS), max_size=3))
    def back(self, faults: list[str]) -> None:
        self.path.faults = faults
        run(self.home.control.async_back_to_automatic())

    @rule(which=st.sampled_from(SYNCED))
    def sync(self, which) -> None:
        if self.path.abilities.can_set_tariff:
            run(self.home.control.async_sync(which))

    @rule()
    def stop_sync(self) -> None:
        run(self.home.control.async_stop_sync())

    @rule(change=st.sampled_from(BY_USERS))
    def user_in_teslas_app(self, change: tuple[str, Any]) -> None:
        name, value = change
        self.path.settle()
        if any(each[1] == name for each in self.path.coming):
            return  # the app's value would be overwritten before anybody saw it
        self.path.values[name] = self.expected[name] = value

    @rule(reserve=st.sampled_from([36.0, 20.0]))
    def user_through_us(self, reserve: float) -> None:
        self.path.settle()
        if self.path.unreachable or any(each[1] == "backup_reserve_percent" for each in self.path.coming):
            return
        self.path.values["backup_reserve_percent"] = self.expected["backup_reserve_percent"] = reserve
        run(self.home.control.async_set_by_user(PowerwallSettings(backup_reserve_percent=reserve)))

    @rule(faults=st.lists(st.sampled_from(FAULTS), min_size=1, max_size=4))
    def faults(self, faults: list[str]) -> None:
        self.path.faults = faults

    @rule(seconds=st.sampled_from([20, 100, 2000]))
    def no_connection(self, seconds: int) -> None:
        self.path.unreachable = True
        run(self.home.live(timedelta(seconds=seconds)))
        self.path.unreachable = False

    @rule(seconds=st.sampled_from([50, 2000]), storm=st.booleans())
    def others_have_the_say(self, seconds: int, storm: bool) -> None:
        self.path.outage, self.path.storm = not storm, storm
        run(self.home.look())
        run(self.home.live(timedelta(seconds=seconds)))
        self.path.outage = self.path.storm = False
        run(self.home.look())

    @rule()
    def restart(self) -> None:
        run(self.home.restart())

    @rule(seconds=st.sampled_from([5, 35, 200, 9000]))
    def time_passes(self, seconds: int) -> None:
        run(self.home.live(timedelta(seconds=seconds)))

    @precondition(lambda self: hasattr(self, "home"))
    @invariant()
    def nothing_is_sent_while_others_have_the_say(self) -> None:
        assert self.path.commands_in_an_outage == 0

    def check_confirmed(self) -> None:
        """What is said to be confirmed is so, on the device itself."""
        unconfirmed = self.home.control.unconfirmed
        for name, held in self.home.control.state.held.items():
            if held.wish is None or held.yielded or name in unconfirmed:
                continue
            if not any(each[1] == name for each in self.path.coming):
                assert same(name, self.path.values[name], held.wish), name

    def end(self) -> None:
        path, control = self.path, self.home.control
        path.faults, path.unreachable, path.outage, path.storm = [], False, False, False
        run(self.home.live(TARIFF_LOOK + timedelta(minutes=2)))  # so seldom is a tariff read that was as it should be
        self.check_confirmed_if_it_says_so()
        run(control.async_back_to_automatic())
        run(control.async_stop_sync())
        run(self.home.live(timedelta(minutes=30)))
        assert control.state.force is None
        assert control.state.held == {}
        assert control.command_state in {CommandState.NONE, CommandState.RESTORED, CommandState.GAVE_UP}
        assert path.dispatched_kw == 0.0
        assert path.coming == []
        for name, value in self.expected.items():
            assert same(name, path.values[name], value), f"{name} is {path.values[name]}"

    def check_confirmed_if_it_says_so(self) -> None:
        if self.home.control.command_state is CommandState.CONFIRMED:
            self.check_confirmed()


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(
    max_examples=40, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
)
