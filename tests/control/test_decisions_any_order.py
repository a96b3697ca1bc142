"""Whatever a plan decides among forces, syncs, users, faults, outages and restarts: in the end nothing of it stays."""

from datetime import timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from custom_components.energy_optimizer.control.state import CommandState
from custom_components.energy_optimizer.core.model.contract import ConnectionRule
from custom_components.energy_optimizer.core.model.decision import Decision, DecisionKind
from tests.control.stubborn_powerwall import FAULTS, run
from tests.control.test_any_order_of_events import AnyOrder


class AnyOrderWithPlan(AnyOrder):
    """The same with a planner that decides, falls silent and is turned off."""

    @rule(
        kind=st.sampled_from([*DecisionKind, None]),
        power_kw=st.sampled_from([1.0, 1.2, 4.0]),
        minutes=st.sampled_from([10, 45, 120]),
        connection=st.sampled_from(list(ConnectionRule)),
        faults=st.lists(st.sampled_from(FAULTS), max_size=3),
    )
    def decide(
        self,
        kind: DecisionKind | None,
        power_kw: float,
        minutes: int,
        connection: ConnectionRule,
        faults: list[str],
    ) -> None:
        self.path.faults = faults
        has_power = kind in {DecisionKind.CHARGE, DecisionKind.DISCHARGE}
        decision = Decision(kind=kind, power_kw=power_kw if has_power else None) if kind else None
        until = self.home.clock.at + timedelta(minutes=minutes)
        state = run(self.home.control.async_decide(decision, until, rule=connection))
        if state is CommandState.CONFIRMED:
            self.check_confirmed()

    @rule(level=st.sampled_from([10.0, 50.0, 64.0, 90.0]))
    def level_moves(self, level: float) -> None:
        self.path.level_percent = level

    @rule(faults=st.lists(st.sampled_from(FAULTS), max_size=3))
    def stop_optimizing(self, faults: list[str]) -> None:
        self.path.faults = faults
        run(self.home.control.async_stop_optimizing())

    @precondition(lambda self: hasattr(self, "home"))
    @invariant()
    def nothing_is_decided_for_longer_than_it_was_renewed(self) -> None:
        decided = self.home.control.state.decided
        late = timedelta(minutes=1) if decided else timedelta()
        assert decided is None or self.home.clock.at < decided.until + late or self.path.unreachable

    def end(self) -> None:
        path, control = self.path, self.home.control
        path.faults, path.unreachable, path.outage, path.storm = [], False, False, False
        run(control.async_stop_optimizing())
        assert control.state.decided is None
        super().end()
        assert control.state.plan_failures == {}


TestAnyOrderWithPlan = AnyOrderWithPlan.TestCase
TestAnyOrderWithPlan.settings = settings(
    max_examples=40, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
)
