"""A Powerwall that exists only here, on the physics of ``core.simulation``."""

import asyncio
import logging
import math
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple, override

from ...core.model.place import Place
from ...core.model.powerwall import PowerwallReading, PowerwallSettings
from ...core.simulation.home import SimulatedHome
from ...core.simulation.series import HomeSeries
from ...core.simulation.settings import SimulationSettings
from ...core.simulation.state import Change, HomeState, Order, overlaid
from ...core.tariffs import Tariff
from ..errors import NonsenseError, NotPermittedError, UnreachableError
from . import PowerwallAbilities, PowerwallPath, Run, TeslaTariff
from .simulated_series import UnreadableSeries, load_series
from .tesla_tariff_reading import TeslaPrices

__all__ = ["SimulatedPowerwall", "SimulationSettings", "UnreadableSeries", "load_series"]

_LOGGER = logging.getLogger(__name__)

POLL_INTERVAL = timedelta(seconds=10)
QUICK = timedelta(minutes=10)
"""So much time is caught up with in well under a millisecond, without a thread."""
CLOCK_SLIP = timedelta(minutes=1)
"""A clock set back by more takes the home with it."""
NO_TARIFF, NO_ORDERS = "This simulated Powerwall knows no tariff", "This simulated Powerwall takes no orders"
LONGEST_ORDER = timedelta(days=1)
SETTINGS = frozenset({"operation_mode", "backup_reserve_percent", "grid_charging", "export_rule", "storm_mode"})
SHOWN = SETTINGS | {
    "capacity_kwh",
    "energy_left_kwh",
    "grid_status",
    "storm_watch",
    "backup_time_left_h",
    "alerts",
    "totals",
    "settings",
    "identity",
    "firmware",
}


class _Prices(NamedTuple):
    """What autonomous operation may go by."""

    home: Tariff | None
    written: TeslaTariff
    """Empty before one is written."""


class _NewPrices(NamedTuple):
    """From an instant on, the home has other prices, or the Powerwall another tariff."""

    at: datetime
    home: Tariff | None = None
    written: TeslaTariff | None = None
    """``None`` leaves the Powerwall's tariff as it is and changes the home's prices."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Skills:
    """What a simulated Powerwall can do beyond the usual, and how fast: real ones have less, and take their time."""

    can_set_tariff: bool = True
    can_dispatch: bool = True
    acts_after: timedelta = timedelta()
    """How much later it follows settings and a tariff than it shows them."""


ALL_SKILLS = Skills()


class SimulatedPowerwall(PowerwallPath):
    """Lives on between two looks, also while nobody looks; restarted, it catches up.

    In autonomous operation it goes by the tariff that was written to it, or, before one was and after an empty one, by
    the home's own prices.
    """

    def __init__(
        self,
        *,
        settings: SimulationSettings,
        place: Place,
        now: Callable[[], datetime],
        run: Run,
        stored: Mapping[str, object] | None = None,
        tariff: Tariff | None = None,
        series: HomeSeries | UnreadableSeries | None = None,
        skills: Skills = ALL_SKILLS,
    ) -> None:
        self._settings = settings
        self._place = place
        self._now = now
        self._run = run
        self._unreadable = series if isinstance(series, UnreadableSeries) else None
        self._series = series if isinstance(series, HomeSeries) else None
        self._skills = skills
        self._tariff = tariff
        self._prices = _Prices(tariff, {})
        self._changes: list[Change] = []
        self._new_prices: list[_NewPrices] = []
        self._unreachable = self._disobedient = False
        self._stored = stored
        self._home = self._make_home(self._prices)
        self._state, self._shown = self._restored(stored)
        self._warm = False
        self._lock = asyncio.Lock()

    @property
    @override
    def abilities(self) -> PowerwallAbilities:
        return PowerwallAbilities(
            writable=SETTINGS,
            shown=SHOWN,
            has_solar=self._series is not None or self._settings.solar_kwp > 0.0,
            confirm_within=self._settings_delay + POLL_INTERVAL,
            can_set_tariff=self._skills.can_set_tariff,
            can_clear_tariff=self._skills.can_set_tariff,
            can_dispatch=self._skills.can_dispatch,
            acts_within=self._skills.acts_after + POLL_INTERVAL,
            most_charge_kw=self._home.battery.charge_kw,
            most_discharge_kw=self._home.battery.discharge_kw,
        )

    @property
    @override
    def poll_interval(self) -> timedelta:
        return POLL_INTERVAL

    @property
    def _settings_delay(self) -> timedelta:
        return timedelta(seconds=self._settings.settings_delay_s)

    @property
    def state(self) -> dict[str, object] | None:
        """What must be stored to go on later, in JSON's types; ``None`` as long as nobody looked."""
        if self._state is None or self._shown is None:
            return dict(self._stored) if self._stored else None
        return {
            "home": self._home.fingerprint,
            "state": self._state.as_dict(),
            "shown": self._shown.as_dict(),
            "changes": [change.as_dict() for change in self._changes],
            "tariff": self._prices.written,
            "new_tariffs": [
                {"at": new.at.isoformat(), "tariff": new.written} for new in self._new_prices if new.written is not None
            ],
        }

    @property
    def tariff(self) -> Tariff | None:
        """The home's own prices, by which autonomous operation goes unless another tariff was written."""
        return self._tariff

    @tariff.setter
    def tariff(self, tariff: Tariff | None) -> None:
        if tariff != self._tariff:
            self._tariff = tariff
            self._new_prices.append(_NewPrices(self._now(), home=tariff))

    @override
    async def read(self) -> PowerwallReading:
        async with self._lock:
            state, now = await self._catch_up()
            reading = self._home.reading(state, now)
            for change in self._changes:
                if change.at - self._skills.acts_after <= now:
                    reading = replace(reading, settings=overlaid(reading.settings, change.settings))
            return reading

    @override
    async def apply(self, wanted: PowerwallSettings) -> None:
        reserve = wanted.backup_reserve_percent
        if reserve is not None and not 0.0 <= reserve <= 100.0:
            raise NonsenseError(f"A reserve of {reserve} % is not between 0 and 100 %")
        async with self._lock:
            _, now = await self._catch_up()
            if wanted.named and not self._disobedient:
                self._changes.append(Change(at=now + self._settings_delay + self._skills.acts_after, settings=wanted))

    @override
    async def read_tariff(self) -> TeslaTariff | None:
        if not self._skills.can_set_tariff:
            raise NotPermittedError(NO_TARIFF)
        async with self._lock:
            _, now = await self._catch_up()
            shown = [new.written for new in self._new_prices if new.at - self._skills.acts_after <= now]
            written = next((each for each in reversed(shown) if each is not None), self._prices.written)
            return deepcopy(written) or None

    @override
    async def write_tariff(self, tariff: TeslaTariff) -> None:
        if not self._skills.can_set_tariff:
            raise NotPermittedError(NO_TARIFF)
        self._understood(tariff)
        async with self._lock:
            _, now = await self._catch_up()
            if not self._disobedient:
                at = now + self._settings_delay + self._skills.acts_after
                self._new_prices.append(_NewPrices(at, written=deepcopy(dict(tariff))))

    @override
    async def dispatch(self, power_kw: float, lasting: timedelta) -> None:
        if not self._skills.can_dispatch:
            raise NotPermittedError(NO_ORDERS)
        if not math.isfinite(power_kw) or not timedelta() < lasting <= LONGEST_ORDER:
            raise NonsenseError(f"{power_kw} kW for {lasting} cannot be ordered")
        await self._order(power_kw, lasting)

    @override
    async def stop_dispatch(self) -> None:
        if not self._skills.can_dispatch:
            raise NotPermittedError(NO_ORDERS)
        await self._order(0.0, timedelta())

    async def _order(self, power_kw: float, lasting: timedelta) -> None:
        async with self._lock:
            _, now = await self._catch_up()
            if not self._disobedient:
                self._changes.append(Change(at=now, order=Order(power_kw, now + lasting)))

    @override
    async def close(self) -> None:
        """Do nothing: there is nothing to let go of."""

    def inject(
        self,
        *,
        outage: bool | None = None,
        storm: bool | None = None,
        unreachable: bool | None = None,
        disobedient: bool | None = None,
    ) -> None:
        """Let something go wrong, or right again; ``None`` leaves it as it is.

        *outage* takes the grid away, *storm* announces one, *unreachable* makes every call fail, *disobedient* accepts
        commands without following them.
        """
        if outage is not None or storm is not None:
            self._changes.append(Change(at=self._now(), outage=outage, storm=storm))
        self._unreachable = self._unreachable if unreachable is None else unreachable
        self._disobedient = self._disobedient if disobedient is None else disobedient

    async def _catch_up(self) -> tuple[HomeState, datetime]:
        """Let the home live until now; return where it stands and when that is."""
        if self._unreadable is not None:
            raise NonsenseError(self._unreadable.reason)
        if self._unreachable:
            raise UnreachableError("The simulated Powerwall was told not to answer")
        now = self._now()
        since = self._settings.since
        state = self._state or self._home.begin(now if since is None else min(since, now))
        if state.at > now + CLOCK_SLIP:
            state = replace(self._shown or state, at=now)
        due = tuple(change for change in self._changes if change.at <= now)
        repriced = tuple(sorted((new for new in self._new_prices if new.at <= now), key=lambda new: new.at))
        if self._warm and now - state.at <= QUICK and not repriced:
            state = self._home.carry_on(state, due, now)
        else:
            self._home, self._prices, state = await self._run(self._live, state, due, repriced, now)
            self._warm = True
        self._changes = [change for change in self._changes if change not in due]
        self._new_prices = [new for new in self._new_prices if all(new is not each for each in repriced)]
        now = max(now, state.at)
        self._state, self._shown = state, self._home.settle(state, now)
        return state, now

    def _live(
        self, state: HomeState, changes: tuple[Change, ...], repriced: tuple[_NewPrices, ...], now: datetime
    ) -> tuple[SimulatedHome, _Prices, HomeState]:
        """Return the home, its prices and its state at *now*; blocks for a second or so per month."""
        home, prices = self._home, self._prices
        for new in repriced:
            before = tuple(each for each in changes if each.at <= new.at)
            changes = tuple(each for each in changes if each.at > new.at)
            state = home.settle(home.carry_on(state, before, new.at), new.at)
            prices = _Prices(new.home, prices.written) if new.written is None else _Prices(prices.home, new.written)
            home = self._make_home(prices)
        return home, prices, home.carry_on(state, changes, now)

    def _make_home(self, prices: _Prices) -> SimulatedHome:
        tariff = self._understood(prices.written) if prices.written else prices.home
        return SimulatedHome(self._settings, self._place, tariff=tariff, series=self._series)

    def _understood(self, tariff: TeslaTariff) -> TeslaPrices:
        try:
            return TeslaPrices.of(tariff, self._place.time_zone)
        except ValueError as err:
            raise NonsenseError(f"The tariff cannot be understood: {err}") from err

    def _restored(self, stored: Mapping[str, object] | None) -> tuple[HomeState | None, HomeState | None]:
        """Return the state to go on from and the one last shown.

        A home that has changed goes on from what was last shown of the old one, so that no counter falls.
        """
        if stored is None:
            return None, None
        try:
            shown = HomeState.from_dict(_object(stored.get("shown")))
            state = HomeState.from_dict(_object(stored.get("state")))
            self._changes = [Change.from_dict(_object(change)) for change in _list(stored.get("changes"))]
            self._new_prices = [_new_tariff(_object(new)) for new in _list(stored.get("new_tariffs", []))]
            prices = self._prices._replace(written=_object(stored.get("tariff") or {}))
            self._home, self._prices = self._make_home(prices), prices
        except (ValueError, NonsenseError) as err:
            _LOGGER.warning("The stored simulated home cannot be read and begins anew: %s", err)
            self._stored = None
            self._changes, self._new_prices = [], []
            return None, None
        if stored.get("home") != self._home.fingerprint:
            state = shown = replace(shown, stored_kwh=min(shown.stored_kwh, self._home.battery.capacity_kwh))
        return state, shown


def _new_tariff(stored: Mapping[str, object]) -> _NewPrices:
    at = datetime.fromisoformat(str(stored.get("at")))
    if at.tzinfo is None:
        raise ValueError("'at' has no time zone")
    return _NewPrices(at, written=_object(stored.get("tariff")))


def _object(stored: object) -> Mapping[str, object]:
    match stored:
        case Mapping():
            return stored
        case _:
            raise ValueError(f"no object but {stored!r}")


def _list(stored: object) -> list[object]:
    match stored:
        case list():
            return stored
        case _:
            raise ValueError(f"no list but {stored!r}")
