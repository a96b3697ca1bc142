"""Plans a home: one coordinator beside that of its Powerwall."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from math import isfinite
from typing import Any, Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.helpers.start import async_at_started
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN, LOGGER, SUBENTRY_TARIFF
from ..core.model.plan import Plan
from ..core.model.planner_settings import PlannerSettings
from ..core.planning.departure import Departure
from ..core.planning.effective_prices import EffectiveTariff
from ..core.planning.plan_history import PlanHistory
from ..core.planning.problem import PlanningProblem
from ..core.planning.scores import ForecastScore
from ..storage.planning import PlanningStore
from .planning_contract import connection_rule_of, grid_limits_of
from .planning_credits import CreditWatch
from .planning_diagnostics import plan_diagnostics
from .planning_inputs import IMPORT_PRICE, LOAD, SOLAR, InputGatherer
from .planning_problem import HomeNow, PlanForecasts, Round, WhyNot, capacity_of, plan_home
from .planning_replan import PriceWatch, Rounds
from .powerwall import PowerwallCoordinator
from .runtime import HomeConfigEntry
from .signals import signal_plan
from .tariff import TariffCoordinator

__all__ = [
    "PlanForecasts",
    "PlannerSettings",
    "PlanningCoordinator",
    "PlanningSnapshot",
    "WhyNot",
    "async_forget_planning",
    "async_start_planning",
    "async_stop_planning",
    "find_planning",
    "planning_of",
]

SILENT_AFTER: Final = timedelta(minutes=10)
"""A reading that is older, and older than two polls, tells nothing about now."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class PlanningSnapshot:
    """What the last round came to."""

    plan: Plan | None = None
    why_not: WhyNot | None = WhyNot.STARTING
    """Why there is no plan; ``None`` if there is one."""
    forecasts: PlanForecasts | None = None
    scores: Mapping[str, ForecastScore] = field(default_factory=dict)
    """By ``LOAD``, ``SOLAR`` and ``IMPORT_PRICE``, over the last week."""
    settings: PlannerSettings = field(default_factory=PlannerSettings)
    problem: PlanningProblem | None = None
    """What the last plan was made from."""


class PlanningCoordinator(DataUpdateCoordinator[PlanningSnapshot]):
    """The planner of a home; its data are never ``None``."""

    config_entry: HomeConfigEntry

    def __init__(self, powerwall: PowerwallCoordinator) -> None:
        super().__init__(
            powerwall.hass,
            LOGGER,
            config_entry=powerwall.config_entry,
            name=f"Plan of {powerwall.title}",
            update_interval=None,
        )
        self.powerwall = powerwall
        self.data = PlanningSnapshot()
        self.history = PlanHistory()
        """What was planned for the last day, and what happened."""
        self.backup_percent: Callable[[], float | None] = self._shown_backup_percent
        """The reserve that the user set, for which what steers the Powerwall may have another for a while."""
        self._store = PlanningStore(powerwall.hass, powerwall.subentry_id)
        self._rounds = Rounds(self, self._round)
        self._prices = PriceWatch(self._rounds.ask)
        self._departure = Departure()
        self._credits: CreditWatch | None = None
        self._inputs: InputGatherer | None = None
        self._capacity_kwh: float | None = None
        self._stop_listening: list[Callable[[], None]] = []

    async def async_start(self) -> None:
        """Load what was set and begin to plan; the first plan follows once Home Assistant has started."""
        stored = await self._store.async_begin()
        self.data = replace(self.data, settings=_settings_from(stored.settings))
        self._inputs = InputGatherer(self.powerwall, stored)
        self._stop_listening = [
            self.powerwall.async_add_listener(self._take_in),
            async_at_started(self.hass, self._started),
        ]
        self.on_sources_changed()

    @callback
    def _started(self, _hass: HomeAssistant) -> None:
        self._rounds.ask()

    async def async_stop(self) -> None:
        """Plan no more, let go of a round that runs, and store what must last."""
        await self.async_shutdown()
        for stop in self._stop_listening:
            stop()
        self._stop_listening.clear()
        self._prices.follow(None)
        await self._rounds.stop()
        if self._inputs is not None:
            await self._store.async_keep(self._inputs.stored(asdict(self.data.settings)))

    async def async_plan_now(self) -> None:
        """Plan anew and return when that is done; a round that runs is waited for, as there is one at a time."""
        await self._rounds.run()

    async def async_change(self, **changes: float | bool | None) -> None:
        """Change settings by their names in ``PlannerSettings``, store them, and plan anew in a moment."""
        before = asdict(self.data.settings)
        if unknown := changes.keys() - before.keys():
            raise TypeError(f"A planner has no {', '.join(sorted(unknown))}")
        settings = _settings_from(before | changes)
        if settings == self.data.settings:
            return
        self._publish(replace(self.data, settings=settings))
        if self._inputs is not None:
            await self._store.async_keep(self._inputs.stored(asdict(settings)))
        self._rounds.ask()

    @callback
    def on_sources_changed(self) -> None:
        """Follow the home's tariff when it comes, changes or goes."""
        tariff = self._tariff()
        if self._prices.follow(tariff):
            self._credits = None if tariff is None else CreditWatch(tariff=tariff)
            if self.data.why_not is not WhyNot.STARTING:
                self._rounds.ask()

    def _tariff(self) -> TariffCoordinator | None:
        sources = self.config_entry.runtime_data.sources.values()
        return next((source for source in sources if isinstance(source, TariffCoordinator)), None)

    @callback
    def _take_in(self) -> None:
        """Hold a new reading against the plan."""
        if not self.powerwall.last_update_success or self.powerwall.data is None:
            return
        reading, data = self.powerwall.data.reading, self.data
        self.history.take_in(reading, data.plan)
        if data.plan is None or data.problem is None:
            waits = data.why_not in (WhyNot.POWERWALL_SILENT, WhyNot.LEVEL_UNKNOWN)
            if waits and reading.level_percent is not None:
                self._rounds.ask()
        elif self._departure.sees(reading, data.plan, data.problem):
            self._rounds.ask()

    async def _round(self) -> None:
        """Plan, and publish what that came to."""
        try:
            made = await self._make(dt_util.utcnow())
        except Exception:  # noqa: BLE001 - whatever is wrong, the home goes on without a plan and the next round tries
            if self.data.why_not is not WhyNot.FAILED:
                LOGGER.exception("%s could not be planned", self.config_entry.title)
            made = Round(why_not=WhyNot.FAILED)
        if self._shutdown_requested:
            return
        self._publish(
            replace(
                self.data,
                plan=made.plan,
                why_not=made.why_not,
                forecasts=made.forecasts or self.data.forecasts,
                problem=made.problem or self.data.problem,
                scores=self._inputs.book.scores(dt_util.utcnow()) if self._inputs else {},
            )
        )

    async def _make(self, now: datetime) -> Round:
        tariff, inputs = self._tariff(), self._inputs
        if tariff is None and not any(True for _ in self.config_entry.get_subentries_of_type(SUBENTRY_TARIFF)):
            return Round(why_not=WhyNot.NO_TARIFF)
        if tariff is None or tariff.tariff is None or inputs is None or self._credits is None:
            return Round(why_not=WhyNot.PRICES_UNKNOWN)
        if self._is_silent(now):
            return Round(why_not=WhyNot.POWERWALL_SILENT)
        worth = await self._credits.async_look(now)
        effective = EffectiveTariff(tariff=tariff.tariff, worth=worth)
        gathered = await inputs.async_gather(now, effective)
        reading = self.powerwall.data.reading
        self._capacity_kwh = capacity_of(reading, self._capacity_kwh)
        home = HomeNow(
            now=now,
            zone=dt_util.get_default_time_zone(),
            inputs=gathered,
            tariff=effective,
            reading=reading,
            abilities=self.powerwall.path.abilities,
            settings=self.data.settings,
            capacity_kwh=self._capacity_kwh,
            backup_percent=self.backup_percent(),
            rule=connection_rule_of(self.config_entry),
            limits=grid_limits_of(self.config_entry),
        )
        made = await self.hass.async_add_executor_job(plan_home, home, self.data.plan)
        if made.forecasts is not None:
            forecasts = {LOAD: made.forecasts.load, SOLAR: made.forecasts.solar, IMPORT_PRICE: made.forecasts.import_}
            inputs.note(forecasts, now)
            self._store.async_keep_soon(lambda: inputs.stored(asdict(self.data.settings)))
        return made

    def _is_silent(self, now: datetime) -> bool:
        interval = self.powerwall.update_interval or timedelta()
        seen_at = self.powerwall.data.reading.taken_at if self.powerwall.data else None
        return seen_at is None or now - seen_at > max(SILENT_AFTER, 2 * interval)

    def _shown_backup_percent(self) -> float | None:
        return self.powerwall.data.reading.settings.backup_reserve_percent if self.powerwall.data else None

    @callback
    def _publish(self, data: PlanningSnapshot) -> None:
        self.async_set_updated_data(data)
        async_dispatcher_send(self.hass, signal_plan(self.config_entry.entry_id))

    def diagnostics(self) -> dict[str, Any]:
        """Return what helps to find a fault; it names no place."""
        return plan_diagnostics(self.data)


def _settings_from(stored: Mapping[str, Any]) -> PlannerSettings:
    """Read settings as they were stored; what makes no sense is as if nobody had set it."""
    usual = PlannerSettings()
    return PlannerSettings(
        reserve_percent=_number(stored.get("reserve_percent"), 0.0, 100.0),
        wear_per_kwh=_number(stored.get("wear_per_kwh"), 0.0, 1e6) or usual.wear_per_kwh,
        risk=usual.risk if (risk := _number(stored.get("risk"), 0.0, 1.0)) is None else risk,
        optimizes=stored.get("optimizes") is True,
    )


def _number(value: object, least: float, most: float) -> float | None:
    if isinstance(value, int | float) and isfinite(value) and least <= value <= most:
        return float(value)
    return None


_PLANNINGS: Final[HassKey[dict[str, PlanningCoordinator]]] = HassKey(f"{DOMAIN}_plannings")


def planning_of(powerwall: PowerwallCoordinator) -> PlanningCoordinator:
    """Return what plans for a running Powerwall."""
    return powerwall.hass.data[_PLANNINGS][powerwall.subentry_id]


def find_planning(powerwall: PowerwallCoordinator) -> PlanningCoordinator | None:
    """Return what plans for a Powerwall; ``None`` while it starts or stops."""
    return powerwall.hass.data.get(_PLANNINGS, {}).get(powerwall.subentry_id)


async def async_start_planning(powerwall: PowerwallCoordinator) -> PlanningCoordinator:
    """Begin to plan for a Powerwall that was just started."""
    planning = PlanningCoordinator(powerwall)
    powerwall.hass.data.setdefault(_PLANNINGS, {})[powerwall.subentry_id] = planning
    await planning.async_start()
    return planning


async def async_stop_planning(powerwall: PowerwallCoordinator) -> None:
    """Plan no more for a Powerwall."""
    planning = powerwall.hass.data.get(_PLANNINGS, {}).pop(powerwall.subentry_id, None)
    if planning is not None:
        await planning.async_stop()


async def async_forget_planning(powerwall: PowerwallCoordinator) -> None:
    """Delete what was stored for a removed Powerwall."""
    await PlanningStore(powerwall.hass, powerwall.subentry_id).async_remove()
