"""A Powerwall that exists only here, on the physics of ``core.simulation``."""

import asyncio
import gzip
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import override

from ...const import CONF_SERIES_FILE, CONF_SERIES_HOME
from ...core.model.place import Place
from ...core.model.powerwall import PowerwallReading, PowerwallSettings
from ...core.simulation.home import SimulatedHome
from ...core.simulation.series import HomeSeries
from ...core.simulation.series_csv import parse_home_series
from ...core.simulation.settings import SimulationSettings
from ...core.simulation.state import Change, HomeState
from ...core.tariffs import Tariff
from ..errors import NonsenseError, UnreachableError
from . import PowerwallAbilities, PowerwallPath, Run

__all__ = ["SimulatedPowerwall", "SimulationSettings", "UnreadableSeries", "load_series"]

_LOGGER = logging.getLogger(__name__)

POLL_INTERVAL = timedelta(seconds=10)
QUICK = timedelta(minutes=10)
"""So much time is caught up with in well under a millisecond, without a thread."""
CLOCK_SLIP = timedelta(minutes=1)
"""A clock set back by more takes the home with it."""
SETTINGS = frozenset({"operation_mode", "backup_reserve_percent", "grid_charging", "export_rule"})
SHOWN = SETTINGS | {
    "capacity_kwh",
    "energy_left_kwh",
    "grid_status",
    "backup_time_left_h",
    "alerts",
    "totals",
    "settings",
    "identity",
    "firmware",
}


@dataclass(frozen=True, slots=True)
class UnreadableSeries:
    """A series that was asked for and cannot be played."""

    reason: str


async def load_series(data: Mapping[str, object], run: Run) -> HomeSeries | UnreadableSeries | None:
    """Return the real home that a subentry's *data* names; ``None`` if it names none."""
    file, home_id = data.get(CONF_SERIES_FILE), data.get(CONF_SERIES_HOME)
    if not file:
        return None
    try:
        return await run(_read_series, Path(str(file)), None if home_id is None else str(home_id))
    except (OSError, EOFError, ValueError) as err:
        return UnreadableSeries(f"{file}: {err}")


def _read_series(path: Path, home_id: str | None) -> HomeSeries:
    content = path.read_bytes()
    if path.suffix == ".gz":
        content = gzip.decompress(content)
    return parse_home_series(content.decode("utf-8-sig"), home_id)


class SimulatedPowerwall(PowerwallPath):
    """Lives on between two looks, also while nobody looks; restarted, it catches up."""

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
    ) -> None:
        self._settings = settings
        self._place = place
        self._now = now
        self._run = run
        self._unreadable = series if isinstance(series, UnreadableSeries) else None
        self._series = series if isinstance(series, HomeSeries) else None
        self._tariff = tariff
        self._home = self._make_home(tariff)
        self._changes: list[Change] = []
        self._tariff_change: tuple[datetime, Tariff | None] | None = None
        self._unreachable = self._disobedient = False
        self._stored = stored
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
        }

    @property
    def tariff(self) -> Tariff | None:
        """The prices that autonomous operation goes by."""
        return self._tariff

    @tariff.setter
    def tariff(self, tariff: Tariff | None) -> None:
        if tariff != self._tariff:
            self._tariff = tariff
            self._tariff_change = (self._now(), tariff)

    @override
    async def read(self) -> PowerwallReading:
        async with self._lock:
            state, now = await self._catch_up()
            return self._home.reading(state, now)

    @override
    async def apply(self, wanted: PowerwallSettings) -> None:
        reserve = wanted.backup_reserve_percent
        if reserve is not None and not 0.0 <= reserve <= 100.0:
            raise NonsenseError(f"A reserve of {reserve} % is not between 0 and 100 %")
        async with self._lock:
            _, now = await self._catch_up()
            if wanted.named and not self._disobedient:
                self._changes.append(Change(at=now + self._settings_delay, settings=wanted))

    @override
    async def close(self) -> None:
        """Do nothing: there is nothing to let go of."""

    def inject(
        self, *, outage: bool | None = None, unreachable: bool | None = None, disobedient: bool | None = None
    ) -> None:
        """Let something go wrong, or right again; ``None`` leaves it as it is.

        *outage* takes the grid away, *unreachable* makes every call fail, *disobedient* accepts settings without
        following them.
        """
        if outage is not None:
            self._changes.append(Change(at=self._now(), outage=outage))
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
        tariff_change = self._tariff_change
        if self._warm and now - state.at <= QUICK and tariff_change is None:
            state = self._home.carry_on(state, due, now)
        else:
            self._home, state = await self._run(self._live, state, due, tariff_change, now)
            self._warm = True
        self._changes = [change for change in self._changes if change not in due]
        if self._tariff_change is tariff_change:
            self._tariff_change = None
        now = max(now, state.at)
        self._state, self._shown = state, self._home.settle(state, now)
        return state, now

    def _live(
        self,
        state: HomeState,
        changes: tuple[Change, ...],
        tariff_change: tuple[datetime, Tariff | None] | None,
        now: datetime,
    ) -> tuple[SimulatedHome, HomeState]:
        """Return the home and its state at *now*; blocks for a second or so per month."""
        home = self._home
        if tariff_change is not None:
            at, tariff = tariff_change
            state = home.settle(home.carry_on(state, tuple(each for each in changes if each.at <= at), at), at)
            changes = tuple(each for each in changes if each.at > at)
            home = self._make_home(tariff)
        return home, home.carry_on(state, changes, now)

    def _make_home(self, tariff: Tariff | None) -> SimulatedHome:
        return SimulatedHome(self._settings, self._place, tariff=tariff, series=self._series)

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
        except ValueError as err:
            _LOGGER.warning("The stored simulated home cannot be read and begins anew: %s", err)
            self._stored = None
            return None, None
        if stored.get("home") != self._home.fingerprint:
            state = shown = replace(shown, stored_kwh=min(shown.stored_kwh, self._home.battery.capacity_kwh))
        return state, shown


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
