"""A real home's load and sun, played again for ever."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from hashlib import sha256

import numpy as np

from ..model.place import Place
from .noise import FloatArray, IntArray

_DAY_S = 86400
_BLOCK_S = 900  # no zone of today changes its offset inside a quarter of an hour
_OTHER_WEEKDAY_DAYS = 30.0
"""A day of another weekday is as unlike as one of the same weekday a month away."""
_YEAR_DAYS = 365.25


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class HomeSeries:
    """Mean powers of a home in intervals of equal length; NaN where nothing was measured.

    Raises:
        ValueError: the columns do not fit together, or some time of day was never measured, so that nothing could be
            played at it.
    """

    starts_at: datetime
    step: timedelta
    load_kw: FloatArray
    solar_kw: FloatArray

    def __post_init__(self) -> None:
        if self.starts_at.tzinfo is None:
            raise ValueError("starts_at has no time zone")
        if not timedelta(seconds=1) <= self.step <= timedelta(hours=6):
            raise ValueError(f"the interval is {self.step}, not between a second and six hours")
        if len(self.load_kw) != len(self.solar_kw):
            raise ValueError(f"{len(self.load_kw)} loads stand beside {len(self.solar_kw)} solar powers")
        for name, values in (("load", self.load_kw), ("solar", self.solar_kw)):
            if np.any(np.isinf(values)) or np.any(values[~np.isnan(values)] < 0.0):
                raise ValueError(f"the {name} has values below 0 or without end")
            for second in range(0, _DAY_S, self._daily_s):
                if np.all(np.isnan(values[self._time_of_day == second])):
                    clock = f"{second // 3600:02}:{second // 60 % 60:02}"
                    raise ValueError(f"the {name} was on no day measured at {clock} UTC; one whole day is the least")

    @classmethod
    def of(
        cls,
        *,
        starts_at: datetime,
        step: timedelta,
        load_kw: Sequence[float | None],
        solar_kw: Sequence[float | None],
    ) -> HomeSeries:
        """Return the series of plain numbers, ``None`` where nothing was measured."""
        return cls(
            starts_at=starts_at,
            step=step,
            load_kw=np.array(load_kw, dtype=np.float64),
            solar_kw=np.array(solar_kw, dtype=np.float64),
        )

    @property
    def starts_s(self) -> int:
        """The start in seconds since 1970."""
        return int(self.starts_at.timestamp())

    @property
    def digest(self) -> str:
        """A fingerprint of all its values."""
        content = self.load_kw.tobytes() + self.solar_kw.tobytes()
        return sha256(repr((self.starts_s, self.step)).encode() + content).hexdigest()

    @property
    def solar_noon_s(self) -> float | None:
        """The time of day, in seconds UTC, about which its sun is balanced; ``None`` without any sun."""
        solar = np.nan_to_num(self.solar_kw)
        middle = self.starts_s + (np.arange(len(solar)) + 0.5) * self.step.total_seconds()
        balance = complex(np.sum(solar * np.exp(2j * np.pi * (middle % _DAY_S) / _DAY_S)))
        if abs(balance) <= 1e-9 * float(np.sum(solar)) or not np.any(solar):
            return None
        return float(np.angle(balance) / (2.0 * np.pi) * _DAY_S % _DAY_S)

    @property
    def _daily_s(self) -> int:
        return max(int(self.step.total_seconds()), _BLOCK_S)

    @property
    def _time_of_day(self) -> IntArray:
        instants = self.starts_s + np.arange(len(self.load_kw)) * self.step.total_seconds()
        return np.asarray(instants % _DAY_S // self._daily_s * self._daily_s, dtype=np.int64)


class Replay:
    """A series as it is lived at a place, at any instant.

    Inside the series' own time everything stands where it was measured. Outside, each local day is played by that
    measured day which is most like it: the same weekday and the same season. A gap is filled by the next likely
    day at the same time of day, never by zero. A series from the other side of the earth is moved by whole hours, so
    that its sun stands high at noon.
    """

    def __init__(self, series: HomeSeries, place: Place) -> None:
        self._zone = place.time_zone
        self._step_s = series.step.total_seconds()
        self._starts_s = series.starts_s + _hours_to_noon(series, place) * 3600
        self._values = {"load": series.load_kw, "solar": series.solar_kw}
        self._profiles = {
            name: _daily_profile(values, self._starts_s, self._step_s) for name, values in self._values.items()
        }
        ends_s = self._starts_s + len(series.load_kw) * self._step_s
        first = datetime.fromtimestamp(self._starts_s, self._zone).date()
        last = datetime.fromtimestamp(ends_s - 1, self._zone).date()
        self._days = np.arange(first.toordinal(), last.toordinal() + 1)
        self.mean_load_kw = float(np.nanmean(series.load_kw))
        self._likely_days = lru_cache(maxsize=8)(self._rank_days)

    def powers_kw(self, epoch_s: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return load and solar power at the instants *epoch_s* (seconds since 1970, UTC)."""
        load_kw, solar_kw = np.full_like(epoch_s, np.nan), np.full_like(epoch_s, np.nan)
        blocks, block_of = np.unique(np.floor_divide(epoch_s, _BLOCK_S), return_inverse=True)
        for number, block in enumerate(blocks.tolist()):
            inside = np.flatnonzero(block_of == number)
            into_block_s = epoch_s[inside] - block * _BLOCK_S
            load_kw[inside] = self._played("load", block * _BLOCK_S, into_block_s)
            solar_kw[inside] = self._played("solar", block * _BLOCK_S, into_block_s)
        return load_kw, solar_kw

    def _played(self, name: str, block_s: float, into_block_s: FloatArray) -> FloatArray:
        """Return the values for one quarter of an hour, from the likeliest day that has each of them."""
        values = self._values[name]
        found = np.full_like(into_block_s, np.nan)
        local = datetime.fromtimestamp(block_s, self._zone)
        for day in self._likely_days(local.date()):
            source_s = _same_clock(local, day) + into_block_s
            index = np.floor((source_s - self._starts_s) / self._step_s).astype(np.int64)
            known = (index >= 0) & (index < len(values))
            measured = np.where(known, values[np.clip(index, 0, len(values) - 1)], np.nan)
            found = np.where(np.isnan(found), measured, found)
            if not np.any(np.isnan(found)):
                return found
        profile = self._profiles[name]  # reached only where a change of clocks hides an hour of a very short series
        usual = profile[((block_s + into_block_s) % _DAY_S / _DAY_S * len(profile)).astype(np.int64)]
        return np.where(np.isnan(found), usual, found)

    def _rank_days(self, day: date) -> list[date]:
        """Return the measured days, the one most like *day* first; *day* itself leads if it was measured."""
        days_apart = self._days - day.toordinal()
        off_season = np.abs((days_apart + _YEAR_DAYS / 2.0) % _YEAR_DAYS - _YEAR_DAYS / 2.0)
        unlike = off_season + np.where(days_apart % 7 == 0, 0.0, _OTHER_WEEKDAY_DAYS)
        return [date.fromordinal(ordinal) for ordinal in self._days[np.argsort(unlike, kind="stable")].tolist()]


def _same_clock(local: datetime, day: date) -> float:
    """Return the instant, in seconds since 1970, when clocks on *day* show what they show at *local*."""
    return datetime.combine(day, local.timetz()).timestamp()


def _hours_to_noon(series: HomeSeries, place: Place) -> int:
    """Return by how many hours the series must come later for its sun to be at home; 0 for less than two."""
    noon_s = series.solar_noon_s
    if noon_s is None:
        return 0
    place_noon_s = (_DAY_S / 2 - place.longitude * 240.0) % _DAY_S
    later_s = (place_noon_s - noon_s + _DAY_S / 2) % _DAY_S - _DAY_S / 2
    hours = round(later_s / 3600.0)
    return hours if abs(hours) >= 2 else 0


def _daily_profile(values: FloatArray, starts_s: float, step_s: float) -> FloatArray:
    """Return the mean over all days in slots of a day UTC, empty slots filled by their neighbours."""
    slots = int(_DAY_S // max(step_s, _BLOCK_S))
    slot_of = ((starts_s + np.arange(len(values)) * step_s) % _DAY_S / _DAY_S * slots).astype(np.int64)
    valid = ~np.isnan(values)
    sums = np.bincount(slot_of[valid], weights=values[valid], minlength=slots)
    counts = np.bincount(slot_of[valid], minlength=slots)
    filled = np.flatnonzero(counts)
    return np.asarray(
        np.interp(np.arange(slots), filled, sums[filled] / counts[filled], period=slots), dtype=np.float64
    )
