"""Seasons and the temperature outside, as far as a house and its panels feel them."""

import numpy as np

from ..model.place import Place
from .noise import FloatArray, smooth

_SPELL, _HOURS = 200, 201
_YEAR_DAYS = 365.2425
_COLDEST_DAY = 15.0
"""Mid-January in the north; air and ground follow the sun by about a month."""


def winter_share(epoch_s: FloatArray, place: Place) -> FloatArray:
    """Return 1 in the depth of the place's winter, 0 at the height of its summer."""
    northern = 0.5 + 0.5 * np.cos(2.0 * np.pi * (epoch_s / 86400.0 - _COLDEST_DAY) / _YEAR_DAYS)
    return np.asarray(northern if place.latitude >= 0 else 1.0 - northern, dtype=np.float64)


def daily_celsius(seed: int, epoch_s: FloatArray, place: Place) -> FloatArray:
    """Return what walls feel: the air's temperature without day and night, for latitude, season and weather."""
    latitude = abs(place.latitude)
    season = 0.2 * latitude * (1.0 - 2.0 * winter_share(epoch_s, place))
    return np.asarray(27.0 - 0.0065 * latitude**2 + season + 2.8 * smooth(seed, _SPELL, epoch_s, 3.0 * 86400.0))


def outdoor_celsius(seed: int, epoch_s: FloatArray, place: Place) -> FloatArray:
    """Return a plausible temperature of the air."""
    solar_hour = (epoch_s / 3600.0 + place.longitude / 15.0) % 24.0
    hour = 4.0 * np.cos(2.0 * np.pi * (solar_hour - 15.0) / 24.0)
    return np.asarray(daily_celsius(seed, epoch_s, place) + hour + 0.8 * smooth(seed, _HOURS, epoch_s, 4.0 * 3600.0))
