"""Compares what a Powerwall shows with what it shall show, and sends what differs, until both are the same."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from ..api.errors import CoolingDownError, NotPermittedError, RefusedError, SourceError, UnreachableError
from ..const import LOGGER
from ..core.model.force import ForceMeans
from ..core.model.powerwall import PowerwallReading
from .clock import Clock
from .decision_plan import SAME_KW
from .device import Device, Store, look_closely
from .dispatching import OLDEST_READING, RENEW_EVERY
from .force_plan import has_reached
from .held import TARIFF, Held, Value, as_settings
from .precedence import is_suspended
from .speakers import Speakers
from .state import CommandState, ControlState, RunningForce, Shown
from .stored import state_to_json

FIRST_LOOK: Final = timedelta(seconds=1)
LONGEST_WAIT: Final = timedelta(seconds=8)
"""Between two looks while somebody waits for the answer."""
LONGEST_LOOK: Final = timedelta(seconds=60)
SILENT_LOOK: Final = timedelta(minutes=5)
"""The same while it does not answer; some ways are polled more seldom than what is left forced may wait."""
TARIFF_LOOK: Final = timedelta(minutes=30)
"""A tariff that is as it should be is read so often, since it is no part of a reading."""
LATE: Final = timedelta(minutes=2)
"""So long after it should have been shown, a command may still come true."""
MOST_TRIES: Final = 3
START_LIMIT: Final = timedelta(minutes=10)


class Carrying(Speakers):
    """Makes one Powerwall follow a state that others change; what is asked is stored before it is sent."""

    def __init__(self, *, device: Device, store: Store, clock: Clock) -> None:
        super().__init__(device=device, clock=clock)
        self._store = store
        self._saved = self._state
        self._lock = asyncio.Lock()
        self._stopped = False
        self._cancel: Callable[[], None] | None = None
        self._tariff_read_at: datetime | None = None
        self._not_before: datetime | None = None
        self._wait = FIRST_LOOK

    @property
    def _is_busy(self) -> bool:
        state = self._state
        return bool(state.held or state.force or state.decided or state.wishes) or self._dispatching.is_running

    @property
    def _lateness(self) -> timedelta:
        return self._device.path.abilities.confirm_within + LATE

    def on_look(self) -> None:
        """Compare anew, because the Powerwall was read."""
        if self._is_busy and not self._lock.locked() and not self._stopped:
            self._clock.start(self._pass(look=False))

    def _begin_anew(self) -> None:
        self._tariff_read_at = self._not_before = None
        self._wait = FIRST_LOOK

    def _let_go(self, state: ControlState, outcome: CommandState = CommandState.RESTORED) -> None:
        """End the force of *state*; what it changed is to be put back."""
        self._state = state.without_force(outcome)
        self._begin_anew()

    async def _settle(self, limit: timedelta, is_settled: Callable[[], bool]) -> None:
        """Look and send until all is as it shall be, or for so long."""
        deadline, wait = self._clock.now() + limit, FIRST_LOOK
        await self._pass(look=True)
        while not is_settled() and self._clock.now() < deadline and not self._stopped:
            await self._clock.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)
            await self._pass(look=True)

    async def _pass(self, *, look: bool) -> None:
        async with self._lock:
            if self._stopped:
                return
            try:
                if look:
                    await self._look_anew()
                self._end_if_over()
                self._end_decision_if_stale()
                await self._go_on(looked=look)
                await self._save()
            finally:
                self._schedule()
        self.tell()

    async def _look_anew(self) -> None:
        self._device.path.ask_anew()
        await self._device.look()

    async def _go_on(self, *, looked: bool) -> None:
        """Take in what is shown and act on it; nothing is sent on the strength of an old look."""
        reading = self._device.reading
        if reading is None or is_suspended(reading) is not None:
            self._wait_with_decision()
            return
        shown = await self._plan_decision(reading, await self._take_in(reading))
        if not looked and self._due(shown):
            await self._look_anew()
            reading = self._device.reading
            if reading is None or is_suspended(reading) is not None:
                return
            self._tariff_read_at = None
            shown = await self._take_in(reading)
        self._judge(reading)
        self._judge_decision(reading)
        if await self._change_means(reading):
            shown = await self._take_in(reading)
        await self._dispatch(reading)
        if await self._send_due(shown) or self._dispatching.holds:
            self._note_accepted()

    async def _take_in(self, reading: PowerwallReading) -> Shown:
        shown = await look_closely(self._device, reading, tariff=self._must_read_tariff)
        self._absorb(shown)
        return shown

    def _absorb(self, shown: Shown) -> None:
        if TARIFF in shown:
            self._tariff_read_at = self._clock.now()
        self._state = self._state.taken(shown).seen(shown, self._clock.now(), self._lateness)
        for name, held in self._state.held.items():
            if name in shown and held.target is not None and held.is_so(shown[name]):
                self._confirmed[name] = held.target
            elif name in shown:
                self._confirmed.pop(name, None)

    @property
    def _must_read_tariff(self) -> bool:
        if TARIFF not in self._state.held and TARIFF not in self._state.wishes:
            return False
        held, read_at = self._state.held.get(TARIFF), self._tariff_read_at
        if held is None or read_at is None or not self._is_confirmed(held) or held.wish is None:
            return True
        now = self._clock.now()
        return held.in_flight(now, self._lateness) or now - read_at >= TARIFF_LOOK

    def _end_if_over(self) -> None:
        if (running := self._state.force) is None:
            return
        reading = self._device.reading
        over = self._clock.now() >= running.force.ends_at
        if over or (reading and has_reached(running.force, reading, self._reserve_percent(running, reading))):
            self._let_go(self._state)

    def _reserve_percent(self, running: RunningForce, reading: PowerwallReading) -> float | None:
        reserve_percent = self._state.reserve_percent(reading.settings.named)
        return running.reserve_percent if reserve_percent is None else reserve_percent

    def _judge(self, reading: PowerwallReading) -> None:
        """Note what is confirmed, and give up a force that does not begin."""
        if self._state.synced_at is None and self.has_synced_tariff:
            self._state = replace(self._state, synced_at=self._clock.now())
        running = self._state.force
        if running is None or running.confirmed_at is not None:
            return
        waiting = [self._state.held[name] for name in running.wishes if name in self.unconfirmed]
        dispatched = running.means is ForceMeans.DISPATCH
        if self._dispatching.is_obeyed(reading) if dispatched else not waiting:
            confirmed = replace(running, confirmed_at=self._clock.now())
            self._state = replace(self._state, force=confirmed, outcome=CommandState.CONFIRMED)
        elif self._has_failed(running, waiting):
            self._give_up()

    def _has_failed(self, running: RunningForce, waiting: list[Held]) -> bool:
        now, abilities = self._clock.now(), self._device.path.abilities
        if now - running.force.starts_at > START_LIMIT or self._dispatching.is_hopeless(abilities.acts_within):
            return True
        return any(
            held.tries >= MOST_TRIES and held.tried_at is not None and now - held.tried_at >= abilities.confirm_within
            for held in waiting
        )

    def _give_up(self) -> None:
        LOGGER.warning("The Powerwall does not do what it was forced to; everything is put back: %r", self.last_error)
        self._let_go(self._state, CommandState.GAVE_UP)

    async def _change_means(self, reading: PowerwallReading) -> bool:
        """Let other means take over from orders that reach nobody; say whether they did."""
        running = self._state.force
        if running is None or running.means is not ForceMeans.DISPATCH or running.force.power_kw is not None:
            return False
        abilities, now = self._device.path.abilities_now, self._clock.now()
        obeyed = running.confirmed_at is not None
        if abilities.can_dispatch or not self._dispatching.is_cut_off(running.force.starts_at, obeyed=obeyed):
            return False
        if running.force.ends_at - now < abilities.acts_within:
            return False
        shown = await look_closely(self._device, reading, tariff=abilities.can_set_tariff)
        changed = self._first_planned(replace(running.force, starts_at=now), shown)
        if changed is None:
            return False
        LOGGER.warning("Orders do not reach the Powerwall any more; its force goes on by %s", changed.means)
        self._dispatching.forget()
        self._state = replace(self._state, force=changed, outcome=CommandState.PENDING).taken(shown)
        self._begin_anew()
        return True

    async def _dispatch(self, reading: PowerwallReading) -> None:
        """Order power, renew the order, or take it back."""
        running, path = self._state.force, self._device.path
        if running is not None:
            power_kw, tolerance_kw = running.power_kw if running.means is ForceMeans.DISPATCH else None, 0.0
        else:
            power_kw, tolerance_kw = self._decided_order(reading), SAME_KW
        try:
            if power_kw is not None:
                fresh = self._clock.now() - reading.taken_at < OLDEST_READING and reading.level_percent is not None
                if fresh and self._dispatching.is_due(power_kw, tolerance_kw=tolerance_kw):
                    await self._save()
                    await self._dispatching.order(path, power_kw)
            elif self._dispatching.is_running:
                await self._dispatching.stop(path)
        except SourceError as err:
            self._complain(err, wished=power_kw is not None)

    def _due(self, shown: Shown) -> list[Held]:
        now = self._clock.now()
        if self._not_before is not None and now < self._not_before:
            return []
        return self._state.due(shown, now, self._device.path.abilities.confirm_within, self._lateness)

    async def _send_due(self, shown: Shown) -> bool:
        """Send what is due; say whether there was something and all of it was accepted."""
        failed, due = False, self._due(shown)
        for held in due:
            if (target := held.target) is None:
                continue
            self._state = self._state.with_held(held.asking(target, self._clock.now(), self._lateness))
            self._confirmed.pop(held.name, None)
            self._wait = FIRST_LOOK
            if not await self._save() and held.wish is not None:
                return False  # what could not be put back after a restart is not begun
            try:
                await self._send(held.name, target)
            except SourceError as err:
                failed = True
                if self._complain(err, wished=self._is_needed(held.name)) or isinstance(err, UnreachableError):
                    return False
        return bool(due) and not failed

    async def _send(self, name: str, value: Value) -> None:
        if isinstance(value, dict):
            await self._device.path.write_tariff(value)
        else:
            await self._device.path.apply(as_settings(name, value))

    def _is_needed(self, name: str) -> bool:
        """Say whether who has the say cannot do without a setting."""
        if self._state.force is not None:
            return name in self._state.force.wishes
        return self._state.decided is not None and name in self._state.decided.needed

    def _complain(self, err: SourceError, *, wished: bool) -> bool:
        """Note a failed command; say whether it ended what was wished: a refusal is final, a silence is not."""
        self.last_error = err
        if isinstance(err, CoolingDownError):
            self._not_before = err.until or self._clock.now() + LONGEST_LOOK
        if wished and isinstance(err, NotPermittedError | RefusedError):
            if self._state.force is not None:
                self._give_up()
            else:
                self._give_up_decision()
            return True
        return False

    async def _save(self) -> bool:
        """Store the state if it changed; say whether it is on the disk."""
        if self._state != self._saved:
            state = self._state
            if not await self._store.async_keep(state_to_json(state)):
                return False
            self._saved = state
        return True

    def _schedule(self) -> None:
        """Wake for the next thing there is to do."""
        self._sleep_on()
        if self._stopped or not self._is_busy:
            return
        now, at = self._clock.now(), []
        if (running := self._state.force) is not None:
            at.append(running.force.ends_at)
        if (decided := self._state.decided) is not None:
            at.append(decided.until)
        if (renewal := self._dispatching.next_at) is not None:
            at.append(renewal if renewal > now else now + RENEW_EVERY / 2)
        if self._is_unsettled:
            wait = min(self._wait, SILENT_LOOK if self._device.reading is None else LONGEST_LOOK)
            at.append(now + wait)
            self._wait = wait * 2
            if self._not_before is not None and self._not_before > now:
                at.append(self._not_before)
        if TARIFF in self._state.held and self._tariff_read_at is not None:
            at.append(max(self._tariff_read_at + TARIFF_LOOK, now + LONGEST_LOOK))
        if at:
            self._cancel = self._clock.wake_at(max(min(at), now + FIRST_LOOK), self._woken)

    @property
    def _is_unsettled(self) -> bool:
        state = self._state
        return state.is_putting_back or bool(self.unconfirmed) or bool(state.wishes.keys() - state.held.keys())

    async def _woken(self) -> None:
        self._cancel = None
        await self._pass(look=self._is_unsettled)

    def _sleep_on(self) -> None:
        if self._cancel is not None:
            self._cancel()
            self._cancel = None
