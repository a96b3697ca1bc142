"""What can be asked of one Powerwall for a while: a force, a tariff that follows prices, and an end to both."""

from dataclasses import replace
from datetime import timedelta
from typing import override

from ..api.powerwall import TeslaTariff
from ..const import LOGGER
from ..core.model.force import Force, ForceKind, ForceMeans
from ..core.model.powerwall import PowerwallSettings
from .deciding import MARGIN, Deciding
from .device import look_closely
from .force_plan import ends_at, has_reached, means_for, power_kw, wishes_for
from .held import TARIFF, same
from .precedence import is_suspended
from .state import CommandState, ControlState, RunningForce, Shown


class CannotForceError(Exception):
    """A force that cannot begin; *reason* names why."""

    def __init__(self, reason: str) -> None:
        """Keep the *reason*, the end of a translation key."""
        super().__init__(reason)
        self.reason = reason


class PowerwallControl(Deciding):
    """Who speaks for one Powerwall, and what becomes of it."""

    async def async_start(self, state: ControlState | None) -> None:
        """Go on where the last run ended, with the *state* it stored."""
        self._state = self._saved = state or ControlState()
        if self._is_busy:
            await self._pass(look=False)

    async def async_stop(self) -> None:
        """Leave everything as it stands and end; what is being sent is waited for."""
        self._stopped = True
        self._sleep_on()
        async with self._lock:
            pass

    async def async_release(self, limit: timedelta) -> bool:
        """Put everything back because the Powerwall is being removed; say whether that was confirmed within *limit*."""
        if self._is_busy:
            await self._change(lambda state: _without_sync(replace(state, force=None, decided=None)).taken({}))
            await self._settle(limit, lambda: not self._is_busy)
        return not self._state.held

    async def async_force(self, force: Force) -> CommandState:
        """Begin a force in place of any other; return how it stands once it is confirmed or takes too long.

        Raises:
            CannotForceError: if it cannot begin.
        """
        async with self._lock:
            running, shown = await self._plan(force)
            self._begin_anew()
            self.last_error = None
            before = self._state
            state = before.seen(shown, self._clock.now(), self._lateness)  # what the user did before is no protest
            state = replace(state, force=running, outcome=CommandState.PENDING)
            self._state = state.taken(shown, anew=running.wishes.keys())
            if not await self._save():
                self._state = before
                raise CannotForceError("not_storable")
        abilities = self._device.path.abilities
        within = abilities.acts_within if running.means is ForceMeans.DISPATCH else abilities.confirm_within
        await self._settle(within + MARGIN, lambda: self.command_state is not CommandState.PENDING)
        return self.command_state

    async def async_back_to_automatic(self) -> CommandState:
        """End any force and put back what it changed."""
        if self._state.force is not None:
            await self._change(lambda state: state.without_force(CommandState.RESTORED) if state.force else state)
        await self._settle_down()
        return self.command_state

    async def async_sync(self, tariff: TeslaTariff | None, *, wait: bool = False) -> None:
        """Have the Powerwall go by *tariff*; ``None`` puts the one before back and stays ready for the next."""
        changed = not self._state.sync_is_on or not same(TARIFF, self._state.synced_tariff, tariff)
        if changed or (wait and TARIFF in self.changed_elsewhere):
            await self._change(
                lambda state: replace(state, sync_is_on=True, synced_tariff=tariff, synced_at=None).taken(
                    {}, anew=(TARIFF,) if wait else ()
                )
            )
        if wait:
            await self._settle(
                self._answer_within,
                lambda: (
                    (TARIFF in self._state.held and TARIFF not in self.unconfirmed) or self._state.decided is not None
                ),
            )
        elif changed:
            await self._pass(look=False)

    async def async_stop_sync(self) -> None:
        """Put back the tariff that stood before the sync."""
        await self._change(lambda state: _without_sync(state).taken({}))
        if self._is_busy:
            await self._settle(self._answer_within, lambda: TARIFF not in self.unconfirmed)
        self.tell()

    async def async_set_by_user(self, settings: PowerwallSettings) -> None:
        """Take note that the user gave the Powerwall settings through us: these are put back from now on."""
        values = {name: value for name, value in settings.named.items() if name in self._state.held}
        if values:
            now = self._clock.now()
            await self._change(lambda state: state.set_by_user(values, now, self._lateness))
            self.tell()

    async def async_set_force_minutes(self, minutes: int) -> None:
        """Keep for how long the select forces."""
        await self._change(lambda state: replace(state, force_minutes=minutes))
        self.tell()

    async def _plan(self, force: Force) -> tuple[RunningForce, Shown]:
        """Find the first means by which the force can begin now."""
        path = self._device.path
        offered = means_for(force.kind, path.abilities)
        if not offered:
            raise CannotForceError("not_offered")
        if force.power_kw is not None and offered[0] is not ForceMeans.DISPATCH:
            raise CannotForceError("no_power")
        if self._store.is_closed:
            raise CannotForceError("not_storable")
        await self._look_anew()
        options = means_for(force.kind, path.abilities_now)
        if not options or (force.power_kw is not None and options[0] is not ForceMeans.DISPATCH):
            raise CannotForceError("unreachable")
        if (reading := self._device.reading) is None:
            raise CannotForceError("unreachable")
        if (silencer := is_suspended(reading)) is not None:
            raise CannotForceError(silencer.value)
        shown = await look_closely(self._device, reading, tariff=ForceMeans.TARIFF in options)
        if has_reached(force, reading, self._state.reserve_percent(shown)):
            raise CannotForceError("already_there")
        if (running := self._first_planned(force, shown)) is None:
            raise CannotForceError("unknown_settings")
        return running, shown

    @override
    def _first_planned(self, force: Force, shown: Shown) -> RunningForce | None:
        options = means_for(force.kind, self._device.path.abilities_now)
        return next(filter(None, (self._planned(force, means, shown) for means in options)), None)

    def _planned(self, force: Force, means: ForceMeans, shown: Shown) -> RunningForce | None:
        """Return the force by one means; ``None`` if something is unknown that this needs."""
        abilities, zone = self._device.path.abilities_now, self._clock.zone()
        reserve_percent = self._state.reserve_percent(shown)
        if (force.kind, means) == (ForceKind.DISCHARGE, ForceMeans.DISPATCH) and reserve_percent is None:
            return None  # orders do not stop at a reserve by themselves
        force = replace(force, ends_at=ends_at(force, means, zone))
        tariff = self._usual_tariff(shown)
        try:
            wishes = wishes_for(force, means, abilities, tariff=tariff, now=self._clock.now(), zone=zone)
        except ValueError as err:
            LOGGER.debug("No %s by %s: %s", force.kind, means, err)
            return None
        running = RunningForce(
            force=force,
            means=means,
            wishes=wishes,
            power_kw=power_kw(force, abilities),
            reserve_percent=reserve_percent,
        )
        return None if replace(self._state, force=running).missing(shown) & wishes.keys() else running


def _without_sync(state: ControlState) -> ControlState:
    return replace(state, sync_is_on=False, synced_tariff=None, synced_at=None)
