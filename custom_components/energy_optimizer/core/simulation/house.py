"""A household: what it draws at any instant, by the rhythm of the day, the week and the season."""

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from ..model.place import Place
from .appliances import appliances_kw
from .local_clock import LocalClock, local_clock
from .noise import FloatArray, as_uniform, smooth, uniform
from .seasons import daily_celsius, outdoor_celsius

_STANDBY, _FRIDGE, _FREEZER, _MOOD, _MOVES, _CLIMATE, _HABITS, _SWING, _DEVICES = range(300, 309)
_DAY_S = 86400.0
_SAMPLED_DAYS = np.arange(73) * 5.0
_REFERENCE_EPOCH_S = 1704067200.0
"""1 January 2024; every fifth day from there meets each weekday and each season alike."""
_LEAST_CLIMATE_KW = 0.7
_SMALL_DEVICES_KW = (0.06, 0.11, 0.17, 0.3)
"""Screens, computers, a hood, an iron: each on for a while as long as somebody is about."""


@dataclass(frozen=True, kw_only=True, slots=True)
class House:
    """A household that draws about *kwh_per_year*, whose days follow from its seed."""

    seed: int
    place: Place
    kwh_per_year: float

    def load_kw(self, epoch_s: FloatArray) -> FloatArray:
        """Return the draw at the instants *epoch_s* (seconds since 1970, UTC)."""
        scales = _scales(self)
        parts = _parts(self, epoch_s)
        return np.asarray(
            scales.living * parts.living + scales.appliances * parts.appliances + scales.climate * parts.climate,
            dtype=np.float64,
        )

    @property
    def mean_kw(self) -> float:
        """The draw over a whole year."""
        return self.kwh_per_year / 8766.0


class _Parts[T](NamedTuple):
    living: T
    appliances: T
    climate: T


def _parts(house: House, epoch_s: FloatArray) -> _Parts[FloatArray]:
    """Return the three parts of the draw in kW, before they are scaled to the household's year."""
    clock = local_clock(epoch_s, house.place.time_zone)
    return _Parts(
        living=_living_kw(house.seed, epoch_s, clock),
        appliances=appliances_kw(house.seed, clock),
        climate=_climate_kw(house, epoch_s, clock),
    )


@lru_cache(maxsize=32)
def _scales(house: House) -> _Parts[float]:
    """Scale the parts to the household's year; appliances keep their real size as far as the year allows."""
    instants = (_REFERENCE_EPOCH_S + _SAMPLED_DAYS[:, None] * _DAY_S + np.arange(0.0, _DAY_S, 240.0)[None, :]).ravel()
    living_kwh, appliances_kwh, climate_kwh = (float(np.mean(part)) * 8766.0 for part in _parts(house, instants))
    climate_share = min(climate_kwh / (climate_kwh + 5000.0), 0.25)
    appliances = min(0.2 * house.kwh_per_year / appliances_kwh, 1.25)
    left_kwh = house.kwh_per_year * (1.0 - climate_share) - appliances * appliances_kwh
    climate = house.kwh_per_year * climate_share / climate_kwh if climate_kwh > 0 else 0.0
    return _Parts(living=left_kwh / living_kwh, appliances=appliances, climate=climate)


def _living_kw(seed: int, epoch_s: FloatArray, clock: LocalClock) -> FloatArray:
    """Return standby, cold appliances, and the lights and screens of people who are up and at home."""
    standby = 0.11 + 0.015 * smooth(seed, _STANDBY, epoch_s, 7200.0)
    fridge = 0.10 * _cycling(seed, _FRIDGE, epoch_s, 2820.0, np.full_like(epoch_s, 0.36))
    freezer = 0.08 * _cycling(seed, _FREEZER, epoch_s, 4560.0, np.full_like(epoch_s, 0.30))
    mood = np.exp(0.18 * smooth(seed, _MOOD, epoch_s, _DAY_S))
    moves = np.exp(0.3 * smooth(seed, _MOVES, epoch_s, 1500.0) - 0.045)
    about = _presence(seed, clock)
    devices = np.zeros_like(epoch_s)
    for number, device_kw in enumerate(_SMALL_DEVICES_KW):
        in_use = as_uniform(smooth(seed, _DEVICES + number, epoch_s, 1300.0)) < 0.5 * about
        devices += np.where(in_use, device_kw, 0.0)
    return np.asarray(
        np.maximum(standby, 0.05) + fridge + freezer + devices + 0.32 * about * mood * moves, dtype=np.float64
    )


def _presence(seed: int, clock: LocalClock) -> FloatArray:
    """Return how much the people are up and about, 0 to about 1, from their habits on weekdays and weekends."""
    rises, evening, at_home = uniform(seed, _HABITS, np.arange(3)).tolist()
    up = 6.4 + 1.4 * rises
    late = 19.2 + 1.3 * evening
    weekday = (
        0.55 * _bump(clock.hour, up + 0.6, 0.8)
        + (0.1 + 0.35 * at_home) * _bump(clock.hour, 13.0, 2.8)
        + 1.0 * _bump(clock.hour, late, 1.9)
    )
    weekend = (
        0.5 * _bump(clock.hour, up + 2.4, 1.4)
        + 0.5 * _bump(clock.hour, 13.5, 2.6)
        + 0.95 * _bump(clock.hour, late + 0.3, 2.2)
    )
    return np.asarray(np.where(clock.weekend, weekend, weekday), dtype=np.float64)


def _climate_kw(house: House, epoch_s: FloatArray, clock: LocalClock) -> FloatArray:
    """Return heating in the cold and cooling in the heat: by power, and by switching where little is wanted."""
    asleep = _bump(clock.hour, 2.5, 2.5)
    cold = np.maximum(14.0 - daily_celsius(house.seed, epoch_s, house.place), 0.0)
    hot = np.maximum(outdoor_celsius(house.seed, epoch_s - 5400.0, house.place) - 24.0, 0.0)
    wanted_kw = 0.08 * cold * (1.0 - 0.5 * asleep) + 0.16 * hot * (1.0 - 0.7 * asleep)
    running = _cycling(house.seed, _CLIMATE, epoch_s, 3000.0, np.clip(wanted_kw / _LEAST_CLIMATE_KW, 0.0, 1.0))
    swing = np.exp(0.12 * smooth(house.seed, _SWING, epoch_s, 900.0))
    return np.asarray(np.maximum(wanted_kw, _LEAST_CLIMATE_KW) * running * swing, dtype=np.float64)


def _cycling(seed: int, stream: int, epoch_s: FloatArray, period_s: float, duty: FloatArray) -> FloatArray:
    """Return 1 while a thermostat has its machine on, for the *duty* part of a period that wanders a little."""
    wander = 0.35 * as_uniform(smooth(seed, stream, epoch_s, 4.0 * period_s))
    phase = (epoch_s / period_s + wander) % 1.0
    return np.where(phase < duty, 1.0, 0.0)


def _bump(hour: FloatArray, centre: float, width: float) -> FloatArray:
    """Return a bell over the hours of the day that goes on across midnight."""
    distance = (hour - centre + 12.0) % 24.0 - 12.0
    return np.asarray(np.exp(-0.5 * (distance / width) ** 2), dtype=np.float64)
