"""Carries out what the plan decides, as long as the plan goes on deciding."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from typing import Final, override

from ..api.powerwall import TeslaTariff
from ..api.powerwall.decisions import means_of_decision
from ..api.powerwall.tesla_tariff import forced_until, level_tariff
from ..const import LOGGER
from ..core.model.contract import ConnectionRule, GridLimits
from ..core.model.decision import Decision, DecisionKind
from ..core.model.force import Force, ForceKind, ForceMeans
from ..core.model.powerwall import PowerwallReading
from .carrying import MOST_TRIES, START_LIMIT, Carrying
from .clock import Clock
from .decision_plan import is_astray, is_obeyed, is_same, must_be_planned, order_kw, wishes_of
from .device import Device, Store, look_closely
from .held import TARIFF
from .state import CommandState, ControlState, RunningDecision, Shown

MARGIN: Final = timedelta(seconds=15)
REST: Final = timedelta(minutes=15)
"""So long a plan that was not followed leaves the Powerwall alone."""
ORDER_PATIENCE: Final = timedelta(minutes=1)
SETTINGS_PATIENCE: Final = timedelta(minutes=5)
"""So much longer than it should take, a battery may do otherwise before its decision is given up."""


class Deciding(Carrying):
    """Translates decisions, follows the house with orders, and lets go of what nobody renews."""

    def __init__(self, *, device: Device, store: Store, clock: Clock, currency: str) -> None:
        """Take the *currency* of the home, in which a tariff is written where there was none."""
        super().__init__(device=device, store=store, clock=clock)
        self._currency = currency
        self._astray_since: datetime | None = None

    async def async_decide(
        self,
        decision: Decision | None,
        until: datetime,
        *,
        ends_at: datetime | None = None,
        rule: ConnectionRule = ConnectionRule.FREE,
        limits: GridLimits | None = None,
    ) -> CommandState:
        """Carry a decision out until the next one, or until *until* if none comes; ``None`` puts the baseline back.

        *ends_at* is when the plan means it to end, where that is not *until*. A decision that asks for nothing new
        sends nothing. While a plan that was not followed rests, decisions are ignored. Returns without waiting for
        the Powerwall to follow.
        """
        async with self._lock:
            before, now = self._state, self._clock.now()
            if decision is None or until <= now:
                after = before.without_decision(CommandState.RESTORED)
            elif before.plan_rests_until is not None and now < before.plan_rests_until:
                return self.command_state
            else:
                running = RunningDecision(
                    decision=decision,
                    asked_at=now,
                    until=until,
                    ends_at=until if ends_at is None or ends_at <= now else min(ends_at, until),
                    rule=rule,
                    limits=limits,
                )
                after = replace(before, decided=_renewed(before.decided, running), plan_rests_until=None)
            is_new = not _is_renewal(before.decided, after.decided)
            if is_new:
                self._begin_anew()
                self._astray_since = None
                if after.decided and after.force is None:
                    after = replace(after, outcome=CommandState.PENDING)
            self._state = after
            if not await self._save() and after.decided is not None:
                self._state = before
                LOGGER.warning("What the plan decided cannot be stored and is not begun")
                return self.command_state
        if is_new or (after.decided is not None and after.decided.planned_at is None):
            await self._pass(look=False)
        return self.command_state

    async def async_stop_optimizing(self) -> CommandState:
        """Forget the plan and put back what it changed; return how far that has come."""
        await self._change(
            lambda state: replace(
                state.without_decision(CommandState.RESTORED), plan_rests_until=None, plan_failures={}
            )
        )
        await self._settle_down()
        self.tell()
        return self.command_state

    @property
    def _answer_within(self) -> timedelta:
        return self._device.path.abilities.confirm_within + MARGIN

    async def _change(self, change: Callable[[ControlState], ControlState]) -> None:
        """Store a change of what is asked; the next pass acts on it."""
        async with self._lock:
            self._state = change(self._state)
            self._begin_anew()
            await self._save()

    async def _settle_down(self) -> None:
        """Wait until all that is over has been put back, or for as long as that may take."""

        def is_settled() -> bool:
            goes_on = self._state.force is not None or self._state.decided is not None
            return not self.unconfirmed and (goes_on or not self._dispatching.is_running)

        if self._is_busy:
            await self._settle(self._answer_within, is_settled)

    def _usual_tariff(self, shown: Shown) -> TeslaTariff | None:
        """Return the tariff that the Powerwall would have without us; ``None`` if it cannot be read."""
        held = self._state.held.get(TARIFF)
        usual = self._state.synced_tariff or (held.baseline if held else shown.get(TARIFF))
        if isinstance(usual, dict) and usual:
            return usual
        return level_tariff(self._currency) if held or TARIFF in shown else None

    @override
    def _end_decision_if_stale(self) -> None:
        running = self._state.decided
        if running is None or self._clock.now() < running.until:
            return
        LOGGER.warning("The plan has not said for long what the Powerwall shall do; its former settings are put back")
        self._state = self._state.without_decision(CommandState.RESTORED)
        self._begin_anew()

    @override
    def _wait_with_decision(self) -> None:
        self._astray_since = None
        running = self._state.decided
        if running is not None and running.confirmed_at is None and running.planned_at is not None:
            self._state = replace(self._state, decided=replace(running, planned_at=None))

    @override
    async def _plan_decision(self, reading: PowerwallReading, shown: Shown) -> Shown:
        if self._state.decided is None or self._state.force is not None:
            return shown
        running = self._unless_cut_off(self._state.decided)
        if not must_be_planned(running, reading.level_percent, self._clock.now()) or self._holds_for_user(running):
            return shown
        kind, abilities = running.decision.kind, self._device.path.abilities_now
        options = means_of_decision(kind, abilities, running.rule)
        if ForceMeans.TARIFF in options and options[0] is not ForceMeans.DISPATCH and TARIFF not in shown:
            shown = await look_closely(self._device, reading, tariff=True)
        each = (self._planned_decision(running, means, reading, shown) for means in options)
        if (planned := next(filter(None, each), None)) is None:
            # Nothing that was meant for another moment may stand until something is known again.
            planned = replace(running, means=None, planned_at=None, wishes={})
        anew = planned.wishes.keys() if running.means is None else ()
        self._state = replace(self._state, decided=planned).taken(shown, anew=anew)
        self._absorb(shown)
        return shown

    def _unless_cut_off(self, running: RunningDecision) -> RunningDecision:
        """Return it to be planned anew if its orders have reached nobody for long."""
        if running.means is not ForceMeans.DISPATCH or self._device.path.abilities_now.can_dispatch:
            return running
        begun_at, obeyed = running.planned_at or running.asked_at, running.confirmed_at is not None
        if not self._dispatching.is_cut_off(begun_at, obeyed=obeyed):
            return running
        LOGGER.warning("Orders do not reach the Powerwall any more; the plan goes on by other means, if there are any")
        self._dispatching.forget()
        return replace(running, planned_at=None)

    def _holds_for_user(self, running: RunningDecision) -> bool:
        """Say whether the reserve, which would be raised with the level, has been set by somebody else."""
        held = self._state.held.get("backup_reserve_percent")
        return running.planned_at is not None and held is not None and held.yielded

    def _planned_decision(
        self, running: RunningDecision, means: ForceMeans, reading: PowerwallReading, shown: Shown
    ) -> RunningDecision | None:
        """Return the decision by one means; ``None`` if something is unknown that this needs."""
        state, now, zone = self._state, self._clock.now(), self._clock.zone()
        reserve = state.reserve_percent(shown)
        gives = running.decision.kind in {DecisionKind.DISCHARGE, DecisionKind.EXPORT_SOLAR}
        if means is ForceMeans.DISPATCH and gives and reserve is None:
            return None  # orders do not stop at a reserve by themselves
        begins = running.planned_at is None or running.means is not means
        planned = replace(
            running,
            means=means,
            planned_at=now,
            reserve_percent=reserve,
            window_ends_at=_window_ends_at(running, zone) if means is ForceMeans.TARIFF else None,
            accepted_at=None if begins else running.accepted_at,
            confirmed_at=None if begins else running.confirmed_at,
        )
        try:
            wishes = wishes_of(
                planned,
                means,
                self._device.path.abilities_now,
                level_percent=reading.level_percent,
                tariff=self._usual_tariff(shown),
                now=now,
                zone=zone,
            )
        except ValueError as err:
            LOGGER.debug("No %s by %s: %s", running.decision.kind, means, err)
            return None
        if TARIFF in state.held and state.synced_tariff is not None:
            wishes.setdefault(TARIFF, state.synced_tariff)
        missing = replace(state, decided=replace(planned, wishes=wishes), force=None).missing(shown)
        if means is not ForceMeans.DISPATCH and missing:
            return None
        return replace(planned, wishes={name: wish for name, wish in wishes.items() if name not in missing})

    @override
    def _judge_decision(self, reading: PowerwallReading) -> None:
        running, now = self._state.decided, self._clock.now()
        if running is None or self._state.force is not None or running.planned_at is None:
            return
        waiting = [self._state.held[name] for name in running.needed & self.unconfirmed]
        within = self._device.path.abilities.confirm_within
        ignored = any(
            held.tries >= MOST_TRIES and held.tried_at is not None and now - held.tried_at >= within for held in waiting
        )
        unconfirmed = running.confirmed_at is None
        if ignored or self._is_lost(running, reading) or (unconfirmed and now - running.planned_at > START_LIMIT):
            self._give_up_decision()
            return
        dispatched = running.means is ForceMeans.DISPATCH
        done = self._dispatching.is_obeyed(reading, is_obeyed) if dispatched else not waiting
        if unconfirmed and done:
            running = replace(running, accepted_at=running.accepted_at or now, confirmed_at=now)
            self._state = replace(self._state, decided=running, outcome=CommandState.CONFIRMED)
        if self._is_proved(running, reading):
            kind = running.decision.kind
            failures = {each: times for each, times in self._state.plan_failures.items() if each is not kind}
            self._state = replace(self._state, plan_failures=failures)

    def _is_lost(self, running: RunningDecision, reading: PowerwallReading) -> bool:
        """Say whether the battery has long done something else than it should."""
        dispatched = running.means is ForceMeans.DISPATCH
        if dispatched:
            if self._dispatching.holds and not self._dispatching.has_shown(reading):
                return False
            wrong = self._dispatching.holds and not self._dispatching.is_obeyed(reading, is_obeyed)
        else:
            overruled = any(self._state.held[name].yielded for name in running.needed if name in self._state.held)
            wrong = running.confirmed_at is not None and not overruled and self._is_astray(running, reading)
        now = self._clock.now()
        self._astray_since = (self._astray_since or now) if wrong else None
        patience = self._device.path.abilities.acts_within + (ORDER_PATIENCE if dispatched else SETTINGS_PATIENCE)
        return self._astray_since is not None and now - self._astray_since > patience

    def _is_proved(self, running: RunningDecision, reading: PowerwallReading) -> bool:
        """Say whether the battery shows that it does as decided, and not only that it took the settings."""
        if running.confirmed_at is None or self._astray_since is not None:
            return False
        if running.means is ForceMeans.DISPATCH or running.decision.kind is DecisionKind.SELF_CONSUMPTION:
            return True
        return reading.taken_at - running.confirmed_at >= self._device.path.abilities.acts_within

    def _is_astray(self, running: RunningDecision, reading: PowerwallReading) -> bool:
        return is_astray(running, reading, self._floor_percent(running, reading))

    def _floor_percent(self, running: RunningDecision, reading: PowerwallReading) -> float | None:
        """Return the level below which nothing is given: the home's reserve, or the plan's if that is higher."""
        usual = self._state.reserve_percent(reading.settings.named)
        usual = running.reserve_percent if usual is None else usual
        wanted = running.decision.reserve_percent
        return usual if usual is None or wanted is None else max(usual, wanted)

    @override
    def _give_up_decision(self) -> None:
        running, now = self._state.decided, self._clock.now()
        if running is None:
            return
        LOGGER.warning(
            "The Powerwall does not follow the plan (%s by %s); it is left alone for a while: %r",
            running.decision.kind,
            running.means,
            self.last_error,
        )
        failures = dict(self._state.plan_failures)
        failures[running.decision.kind] = failures.get(running.decision.kind, 0) + 1
        state = replace(self._state, plan_rests_until=now + REST, plan_failures=failures)
        self._state = state.without_decision(CommandState.GAVE_UP)
        self._astray_since = None
        self._begin_anew()

    @override
    def _note_accepted(self) -> None:
        running = self._state.decided
        if running is None or running.accepted_at is not None or running.planned_at is None or self._state.force:
            return
        if running.means is not ForceMeans.DISPATCH or self._dispatching.holds:
            self._state = replace(self._state, decided=replace(running, accepted_at=self._clock.now()))

    @override
    def _decided_order(self, reading: PowerwallReading) -> float | None:
        running = self._state.decided
        if running is None or running.means is not ForceMeans.DISPATCH or running.planned_at is None:
            return None
        floor = self._floor_percent(running, reading)
        return order_kw(running, reading, floor, self._device.path.abilities)


def _is_renewal(before: RunningDecision | None, after: RunningDecision | None) -> bool:
    """Say whether nothing new is wanted; powers make no difference where none can be ordered."""
    if before is None or after is None:
        return before is after
    decision = after.decision
    if before.means in {ForceMeans.TARIFF, ForceMeans.SETTINGS}:
        decision = replace(decision, power_kw=before.decision.power_kw)
    return is_same(before.decision, decision) and (before.rule, before.limits) == (after.rule, after.limits)


def _renewed(before: RunningDecision | None, fresh: RunningDecision) -> RunningDecision:
    """Return a decision that goes on, with its new end, or the fresh one in its place."""
    if before is None or not _is_renewal(before, fresh):
        return fresh
    return replace(before, until=fresh.until, ends_at=fresh.ends_at)


def _window_ends_at(running: RunningDecision, zone: tzinfo) -> datetime:
    kind = ForceKind.CHARGE  # the window is the same whatever it is for
    return forced_until(Force(kind=kind, starts_at=running.asked_at, ends_at=running.ends_at), zone)
