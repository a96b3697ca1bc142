"""A home whose state at any instant follows from its seed, its place and its settings."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

import numpy as np

from ..model.place import Place
from ..model.powerwall import (
    GridStatus,
    OperationMode,
    PowerwallIdentity,
    PowerwallReading,
)
from ..tariffs import Tariff
from .battery import Battery
from .dispatch import Flows, Policy, dispatch, dispatch_islanded, dispatch_ordered, policy_for
from .house import House
from .outlook import Outlook, PriceWatch
from .panels import Panels
from .series import HomeSeries, Replay
from .settings import SimulationSettings
from .state import Change, HomeState, Order, first_known, overlaid

STEP_S = 60
_CHUNK_STEPS = 360
_USUAL_LOAD_H = 1.0


class _Step(NamedTuple):
    until_s: float
    load_kw: float
    flows: Flows


class SimulatedHome:
    """The physics of one home: a state goes in, a later one comes out, nothing is kept but a memory of sun and load.

    Time runs in steps that end on full minutes UTC or with an order, and a state stands at such an end (or at its last
    change of settings), so it does not matter how often one looks.
    """

    def __init__(
        self,
        settings: SimulationSettings,
        place: Place,
        *,
        tariff: Tariff | None = None,
        series: HomeSeries | None = None,
    ) -> None:
        self.settings = settings
        self.place = place
        self.battery = Battery.powerwalls(settings.batteries, settings.round_trip_efficiency)
        facing_equator = 180.0 if place.latitude >= 0 else 0.0
        self._panels = Panels(
            seed=settings.seed,
            place=place,
            kwp=settings.solar_kwp,
            tilt_degrees=settings.tilt_degrees,
            azimuth_degrees=facing_equator if settings.azimuth_degrees is None else settings.azimuth_degrees,
        )
        self._house = House(seed=settings.seed, place=place, kwh_per_year=settings.home_kwh_per_year)
        self._replay = Replay(series, place) if series else None
        self._mean_load_kw = self._replay.mean_load_kw if self._replay else self._house.mean_kw
        self._prices = PriceWatch(tariff, settings.round_trip_efficiency)
        self._chunk: tuple[int, list[float], list[float]] = (-1, [], [])
        life = _spelled((settings, place, tariff, series and series.digest))
        self.fingerprint = sha256(life.encode()).hexdigest()[:16]
        """The same for homes that live the same life."""

    def begin(self, at: datetime) -> HomeState:
        """Return the state of a home whose meters begin to count at *at*."""
        return HomeState(
            at=at.astimezone(UTC),
            stored_kwh=self.battery.capacity_kwh * self.settings.first_level_percent / 100.0,
            settings=self.settings.first,
            usual_load_kw=self._mean_load_kw,
        )

    def advance(self, state: HomeState, to: datetime) -> HomeState:
        """Return the state after the last whole step before *to*; an earlier *to* changes nothing."""
        to_s = to.timestamp()
        at_s = started_s = state.at.timestamp()
        stored_kwh, counters, usual_kw = state.stored_kwh, state.counters, state.usual_load_kw
        outlook: Outlook | None = None
        policy = self._policy(state, self._prices.at(at_s))
        while True:
            now = self._prices.at(at_s)
            if now is not outlook:
                outlook, policy = now, self._policy(state, now)
            step = self._step(at_s, stored_kwh, policy, state)
            if step.until_s > to_s:
                break
            hours = (step.until_s - at_s) / 3600.0
            stored_kwh = self.battery.after(stored_kwh, step.flows.battery_kw, hours)
            counters = counters.after(step.flows, hours)
            usual_kw += (step.load_kw - usual_kw) * hours / _USUAL_LOAD_H
            at_s = step.until_s
        if at_s == started_s:
            return state
        at = datetime.fromtimestamp(at_s, UTC)
        return replace(
            state,
            at=at,
            stored_kwh=stored_kwh,
            counters=counters,
            usual_load_kw=usual_kw,
            order=_unless_over(state.order, at),
        )

    def settle(self, state: HomeState, at: datetime) -> HomeState:
        """Return the state at *at* itself, in the midst of a step."""
        state = self.advance(state, at)
        hours = (at - state.at) / timedelta(hours=1)
        if hours <= 0.0:
            return state
        step = self._open_step(state)
        return replace(
            state,
            at=at.astimezone(UTC),
            stored_kwh=self.battery.after(state.stored_kwh, step.flows.battery_kw, hours),
            counters=state.counters.after(step.flows, hours),
            usual_load_kw=state.usual_load_kw + (step.load_kw - state.usual_load_kw) * hours / _USUAL_LOAD_H,
        )

    def change(self, state: HomeState, change: Change) -> HomeState:
        """Return the state at the time of *change* with the change made."""
        state = self.settle(state, change.at)
        return replace(
            state,
            settings=overlaid(state.settings, change.settings),
            outage=first_known(change.outage, state.outage),
            order=_unless_over(change.order or state.order, state.at),
            storm=first_known(change.storm, state.storm),
        )

    def carry_on(self, state: HomeState, changes: tuple[Change, ...], to: datetime) -> HomeState:
        """Return the state before *to* after all *changes* that come until then."""
        for change in sorted(changes, key=lambda each: each.at):
            if change.at <= to:
                state = self.change(state, change)
        return self.advance(state, to)

    def reading(self, state: HomeState, at: datetime) -> PowerwallReading:
        """Return what the Powerwall shows at *at*, not before the state's own time."""
        state = self.advance(state, at)
        flows = self._open_step(state).flows
        now = self.settle(state, at)
        left_kwh = now.stored_kwh
        dark = flows.unserved_kw > 0.0
        return PowerwallReading(
            taken_at=now.at,
            grid_kw=flows.grid_kw,
            battery_kw=flows.battery_kw,
            solar_kw=flows.solar_kw,
            home_kw=flows.home_kw,
            level_percent=min(100.0 * left_kwh / self.battery.capacity_kwh, 100.0),
            capacity_kwh=self.battery.capacity_kwh,
            energy_left_kwh=left_kwh,
            grid_status=GridStatus.ISLANDED if now.outage else GridStatus.CONNECTED,
            backup_time_left_h=left_kwh * self.battery.efficiency / max(now.usual_load_kw, 0.02),
            alerts=(("UnscheduledIslandContactorOpen",) if now.outage else ()) + (("LoadUnserved",) if dark else ()),
            totals=now.counters.totals,
            settings=now.settings,
            identity=self.identity,
            storm_watch=_sees_storm(now),
        )

    @property
    def identity(self) -> PowerwallIdentity:
        """Which Powerwall this is."""
        seed = self.settings.seed
        return PowerwallIdentity(
            serial=f"SIM-{seed}",
            model="Powerwall 3 (simulated)",
            firmware="simulation-1",
            site_name=f"Simulation {seed}",
            battery_count=self.settings.batteries,
        )

    def _policy(self, state: HomeState, outlook: Outlook) -> Policy:
        settings = state.settings
        if _sees_storm(state):
            settings = replace(settings, operation_mode=OperationMode.BACKUP, grid_charging=True)
        return policy_for(settings, outlook, self.battery, self._mean_load_kw)

    def _open_step(self, state: HomeState) -> _Step:
        at_s = state.at.timestamp()
        policy = self._policy(state, self._prices.at(at_s))
        return self._step(at_s, state.stored_kwh, policy, state)

    def _step(self, at_s: float, stored_kwh: float, policy: Policy, state: HomeState) -> _Step:
        """Return the step from *at_s*; of *state* only what no step changes counts."""
        number = int(at_s // STEP_S)
        until_s = (number + 1.0) * STEP_S
        order = state.order
        ordered_until_s = order.until.timestamp() if order else at_s
        if at_s < ordered_until_s < until_s:
            until_s = ordered_until_s
        hours = (until_s - at_s) / 3600.0
        chunk, offset = divmod(number, _CHUNK_STEPS)
        if self._chunk[0] != chunk:
            self._chunk = (chunk, *self._sun_and_load(chunk))
        solar_kw, load_kw = self._chunk[1][offset], self._chunk[2][offset]
        if state.outage:
            flows = dispatch_islanded(self.battery, stored_kwh, solar_kw, load_kw, hours)
        elif order and at_s < ordered_until_s:
            flows = dispatch_ordered(self.battery, stored_kwh, solar_kw, load_kw, order.power_kw, hours)
        else:
            flows = dispatch(self.battery, stored_kwh, solar_kw, load_kw, policy, hours)
        return _Step(until_s, load_kw, flows)

    def _sun_and_load(self, chunk: int) -> tuple[list[float], list[float]]:
        """Return the powers in the middle of each step of a chunk."""
        instants = (chunk * _CHUNK_STEPS + np.arange(_CHUNK_STEPS, dtype=np.float64) + 0.5) * STEP_S
        if self._replay:
            load_kw, solar_kw = self._replay.powers_kw(instants)
        else:
            load_kw, solar_kw = self._house.load_kw(instants), self._panels.power_kw(instants)
        return solar_kw.tolist(), load_kw.tolist()


def _spelled(value: object) -> str:
    """Write *value* the same way in every process: ``repr`` puts sets in an order of the moment."""
    if isinstance(value, frozenset | set):
        return f"{{{', '.join(sorted(map(_spelled, value)))}}}"
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_spelled, value))}]"
    if is_dataclass(value) and not isinstance(value, type):
        shown = (each.name for each in fields(value) if each.repr)
        return f"{type(value).__name__}({', '.join(f'{name}={_spelled(getattr(value, name))}' for name in shown)})"
    return repr(value)


def _sees_storm(state: HomeState) -> bool:
    """Tell whether a storm is announced to a Powerwall that heeds it."""
    return state.storm and bool(state.settings.storm_mode)


def _unless_over(order: Order | None, at: datetime) -> Order | None:
    return order if order and order.until > at else None


def history(
    home: SimulatedHome, start: datetime, end: datetime, every: timedelta = timedelta(minutes=5)
) -> Iterator[PowerwallReading]:
    """Yield the readings of a home that began at *start*, from there until *end*, one each *every*.

    The same home begun at *start* and carried on to *end* in any other way shows the same.
    """
    state = home.begin(start)
    at = start
    while at <= end:
        state = home.advance(state, at)
        yield home.reading(state, at)
        at += every
