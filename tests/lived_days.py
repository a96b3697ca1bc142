"""Homes that live through hours or days in real Home Assistant, with all that was asked of their Powerwall noted."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, override

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigSubentryData
from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.energy_optimizer.api.powerwall import TeslaTariff
from custom_components.energy_optimizer.api.powerwall.simulated import ALL_SKILLS, SimulatedPowerwall, Skills
from custom_components.energy_optimizer.const import DOMAIN
from custom_components.energy_optimizer.control.decision_plan import is_same
from custom_components.energy_optimizer.control.state import CommandState, RunningDecision
from custom_components.energy_optimizer.coordinators import powerwall_paths
from custom_components.energy_optimizer.coordinators.planning import PlanningCoordinator, planning_of
from custom_components.energy_optimizer.coordinators.powerwall import PowerwallCoordinator
from custom_components.energy_optimizer.coordinators.powerwall_paths import home_place
from custom_components.energy_optimizer.coordinators.tariff import TariffCoordinator
from custom_components.energy_optimizer.core.accounting.slots import slot_start
from custom_components.energy_optimizer.core.model.force import ForceMeans
from custom_components.energy_optimizer.core.model.metering import SLOT
from custom_components.energy_optimizer.core.model.plan import PlanStep
from custom_components.energy_optimizer.core.model.powerwall import PowerwallReading, PowerwallSettings
from custom_components.energy_optimizer.core.simulation.home import SimulatedHome, history
from custom_components.energy_optimizer.core.simulation.settings import SimulationSettings
from tests.coordinators.planning_homes import record_power, sensor_of
from tests.forced_homes import control_of, powerwall_of
from tests.homes import powerwall, set_up

OPTIMIZE = "switch.powerwall_optimize"
AFTER_SLOT = timedelta(seconds=20)
"""By then, a slot's planning round has begun wherever the home stands in the queue."""
WHILE_ORDERED = timedelta(seconds=40)
"""An order lasts 45 s."""
WHILE_UNSETTLED = timedelta(seconds=10)
DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
CLOUD_LIKE = Skills(can_dispatch=False, acts_after=timedelta(minutes=2))
"""Settings and a tariff, followed in a while, as through Tesla's servers."""


@dataclass(frozen=True, kw_only=True)
class Sent:
    """One command that reached the Powerwall."""

    at: datetime
    what: str
    value: object


@dataclass(frozen=True, kw_only=True)
class Look:
    """What a Powerwall showed at the end of a while, and what it had been asked for by then."""

    lasting: timedelta
    reading: PowerwallReading
    decided: RunningDecision | None
    planned: PlanStep | None

    @property
    def is_ordered(self) -> bool:
        """Whether it was asked by orders, which end if nobody renews them."""
        return self.decided is not None and self.decided.means is ForceMeans.DISPATCH

    @property
    def goes_by_plan(self) -> bool:
        """Whether what is carried out is what the plan says for that time."""
        return (
            self.decided is not None
            and self.planned is not None
            and is_same(self.planned.decision, replace(self.decided.decision, reserve_percent=None))
        )


class Life:
    """A home that lives from one instant to another, and what is noted of it."""

    def __init__(
        self, hass: HomeAssistant, freezer: FrozenDateTimeFactory, entry: MockConfigEntry, sent: list[Sent]
    ) -> None:
        self.hass, self.freezer, self.entry, self.sent = hass, freezer, entry, sent
        self.looks: list[Look] = []
        self.carried: list[RunningDecision] = []
        """Each decision that was carried out, once."""
        self.changes: Counter[str] = Counter()
        """How often the recorder had to write a state of each of our entities."""
        self._exports = 0
        hass.bus.async_listen(EVENT_STATE_CHANGED, self._count)

    @callback
    def _count(self, event: Event[EventStateChangedData]) -> None:
        entity = er.async_get(self.hass).async_get(event.data["entity_id"])
        if entity is not None and entity.platform == DOMAIN:
            self.changes[entity.entity_id] += 1

    @property
    def powerwall(self) -> PowerwallCoordinator:
        """The only Powerwall, as it runs now."""
        return powerwall_of(self.hass)

    @property
    def planning(self) -> PlanningCoordinator:
        """What plans for it."""
        return planning_of(self.powerwall)

    @property
    def tariff(self) -> TariffCoordinator:
        """The home's tariff."""
        sources = self.entry.runtime_data.sources.values()
        return next(each for each in sources if isinstance(each, TariffCoordinator))

    @property
    def device(self) -> SimulatedPowerwall:
        """The Powerwall itself."""
        assert isinstance(self.powerwall.path, SimulatedPowerwall)
        return self.powerwall.path

    async def switch(self, action: str) -> None:
        """Turn *Optimize* on or off."""
        await self.hass.services.async_call("switch", action, {"entity_id": OPTIMIZE}, blocking=True)
        await self.hass.async_block_till_done()
        self._note_decision()

    async def until(
        self, end: datetime, every: timedelta | None = None, *, unless: Callable[[], bool] = lambda: False
    ) -> None:
        """Let time pass, *every* so much or as slowly as what is going on needs, *unless* something is so."""
        while (before := dt_util.utcnow()) < end and not unless():
            decided, planned = control_of(self.hass).state.decided, self._planned(before)
            now = min(before + every if every else self._next(before), end)
            self.freezer.move_to(now)
            async_fire_time_changed(self.hass, now)
            await self.hass.async_block_till_done(wait_background_tasks=True)
            if self.powerwall.data is not None:
                reading = self.powerwall.data.reading
                self.looks.append(Look(lasting=now - before, reading=reading, decided=decided, planned=planned))
            self._note_decision()

    @property
    def is_ordered(self) -> bool:
        """Whether what is decided is carried out by orders, which end if nobody renews them."""
        decided = control_of(self.hass).state.decided
        return decided is not None and decided.means is ForceMeans.DISPATCH

    def _next(self, now: datetime) -> datetime:
        if control_of(self.hass).command_state in {CommandState.PENDING, CommandState.PUTTING_BACK}:
            return now + WHILE_UNSETTLED
        if self._must_look_again():
            return now + WHILE_UNSETTLED
        after_slot = slot_start(now) + AFTER_SLOT
        quiet = after_slot if after_slot > now else after_slot + SLOT
        return min(quiet, now + WHILE_ORDERED) if self.is_ordered else quiet

    def _must_look_again(self) -> bool:
        """Look twice where something is sold at first, which shows how fine the meter counts."""
        grid_kw = self.powerwall.data.reading.grid_kw if self.powerwall.data else None
        self._exports += grid_kw is not None and grid_kw < -0.05
        return self._exports in {1, 2}

    def _planned(self, now: datetime) -> PlanStep | None:
        plan = self.planning.data.plan
        return None if plan is None else plan.at(now)

    def _note_decision(self) -> None:
        decided = control_of(self.hass).state.decided
        if decided is not None and (not self.carried or decided.asked_at != self.carried[-1].asked_at):
            self.carried.append(decided)


async def begin(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
    *,
    home: Mapping[str, Any],
    tariff: ConfigSubentryData,
    simulated: Mapping[str, Any],
    skills: Skills = ALL_SKILLS,
    days: int = 14,
) -> Life:
    """Set up a home that has lived for some *days*, as the recorder knows."""
    sent: list[Sent] = []
    monkeypatch.setattr(powerwall_paths, "SimulatedPowerwall", _noting(sent, skills))
    hass.loop.set_debug(False)  # which takes most of the time, and finds a clock that stands still to be slow
    since = dt_util.utcnow() - days * DAY
    data = {"path": "simulated", "since": since.isoformat(), **simulated}
    entry = MockConfigEntry(
        domain=DOMAIN,
        version=2,
        title="Home",
        unique_id="home",
        data=dict(home),
        subentries_data=[tariff, powerwall(data)],
    )
    await set_up(hass, entry)
    life = Life(hass, freezer, entry, sent)
    await life.tariff.bills.async_shutdown()  # those of month and year take time and are not looked at here
    await _remember(hass, life.powerwall, since)
    return life


def _noting(sent: list[Sent], skills: Skills) -> type[SimulatedPowerwall]:
    """Return a simulated Powerwall of such *skills* that notes what it was *sent*."""

    class Noting(SimulatedPowerwall):
        def __init__(self, **given: Any) -> None:
            super().__init__(**given, skills=skills)

        @override
        async def apply(self, wanted: PowerwallSettings) -> None:
            sent.extend(Sent(at=dt_util.utcnow(), what=name, value=value) for name, value in wanted.named.items())
            await super().apply(wanted)

        @override
        async def write_tariff(self, tariff: TeslaTariff) -> None:
            sent.append(Sent(at=dt_util.utcnow(), what="tariff", value=tariff))
            await super().write_tariff(tariff)

        @override
        async def dispatch(self, power_kw: float, lasting: timedelta) -> None:
            sent.append(Sent(at=dt_util.utcnow(), what="order", value=power_kw))
            await super().dispatch(power_kw, lasting)

        @override
        async def stop_dispatch(self) -> None:
            sent.append(Sent(at=dt_util.utcnow(), what="stop", value=None))
            await super().stop_dispatch()

    return Noting


async def _remember(hass: HomeAssistant, coordinator: PowerwallCoordinator, since: datetime) -> None:
    """Let the recorder know what the home drew and the sun gave hour by hour before now."""
    settings = SimulationSettings.from_data(coordinator.settings["ways"]["simulated"])
    start = since.replace(minute=0, second=0, microsecond=0) + _HOUR
    hours = (dt_util.utcnow() - start) // _HOUR
    totals = [
        each.totals
        for each in history(SimulatedHome(settings, home_place(coordinator)), start, start + hours * _HOUR, _HOUR)
    ]
    for key, name in (("home_power", "home_kwh"), ("solar_power", "solar_kwh")):
        counted = [getattr(each, name) for each in totals]
        means = [after - before for before, after in pairwise(counted)]
        await record_power(hass, sensor_of(hass, coordinator, key), start, means)
