"""Where the sun stands and what it sends down through a clear sky.

Position after the NOAA solar calculator (J. Meeus, Astronomical Algorithms), good to about 0.01° between 1950 and 2050.
"""

from typing import NamedTuple

import numpy as np

from .forecast import Floats
from .place import Place

SOLAR_CONSTANT_W_PER_M2 = 1361.0
GROUND_ALBEDO = 0.2


class SunPosition(NamedTuple):
    """The sun as seen from a place, in degrees; refraction left out."""

    elevation: Floats
    """Above the horizon."""
    azimuth: Floats
    """Clockwise from north."""


class ClearSky(NamedTuple):
    """Irradiance under a clear sky, in W/m²."""

    beam: Floats
    """On a plane that faces the sun."""
    diffuse: Floats
    """From the whole sky, on the horizontal."""


def sun_position(epoch_s: Floats, place: Place) -> SunPosition:
    """Return elevation and azimuth at the instants *epoch_s* (seconds since 1970, UTC)."""
    declination, equation_of_time_min = _declination_and_equation_of_time(epoch_s)
    solar_minutes = epoch_s / 60.0 % 1440.0 + equation_of_time_min + 4.0 * place.longitude
    hour_angle = np.radians(solar_minutes / 4.0 - 180.0)
    latitude = np.radians(place.latitude)
    east = -np.cos(declination) * np.sin(hour_angle)
    north = np.cos(latitude) * np.sin(declination) - np.sin(latitude) * np.cos(declination) * np.cos(hour_angle)
    up = np.sin(latitude) * np.sin(declination) + np.cos(latitude) * np.cos(declination) * np.cos(hour_angle)
    return SunPosition(
        elevation=np.degrees(np.arcsin(np.clip(up, -1.0, 1.0))),
        azimuth=np.degrees(np.arctan2(east, north)) % 360.0,
    )


def clear_sky(epoch_s: Floats, elevation: Floats) -> ClearSky:
    """Return what a clear sky sends: beam after Meinel (0.7 ^ air mass ^ 0.678), diffuse a tenth of it and some haze.

    Air mass after Kasten and Young 1989; the distance from the sun changes with the day of the year.
    """
    above = elevation > 0.0
    height = np.where(above, elevation, 0.0)
    air_mass = 1.0 / (np.sin(np.radians(height)) + 0.50572 * (height + 6.07995) ** -1.6364)
    year_angle = 2.0 * np.pi * (epoch_s / 86400.0 - 2.5) / 365.25  # perihelion is about 3 January
    extraterrestrial = SOLAR_CONSTANT_W_PER_M2 * (1.0 + 0.033 * np.cos(year_angle))
    beam = np.where(above, extraterrestrial * 0.7 ** (air_mass**0.678), 0.0)
    diffuse = np.where(above, 0.1 * beam + 35.0 * np.sin(np.radians(height)), 0.0)
    return ClearSky(beam=beam, diffuse=diffuse)


def plane_irradiance(position: SunPosition, sky: ClearSky, *, tilt_degrees: float, azimuth_degrees: float) -> Floats:
    """Return W/m² on a tilted plane, with what the ground throws back; the sky's own light comes evenly from it."""
    height = np.radians(position.elevation)
    tilt = np.radians(tilt_degrees)
    turned = np.radians(position.azimuth - azimuth_degrees)
    incidence = np.sin(height) * np.cos(tilt) + np.cos(height) * np.sin(tilt) * np.cos(turned)
    horizontal = sky.beam * np.sin(np.maximum(height, 0.0)) + sky.diffuse
    return np.asarray(
        sky.beam * np.maximum(incidence, 0.0)
        + sky.diffuse * (1.0 + np.cos(tilt)) / 2.0
        + horizontal * GROUND_ALBEDO * (1.0 - np.cos(tilt)) / 2.0,
        dtype=np.float64,
    )


def _declination_and_equation_of_time(epoch_s: Floats) -> tuple[Floats, Floats]:
    """Return the declination in radians and how many minutes a sundial is ahead of the mean sun."""
    century = (epoch_s / 86400.0 + 2440587.5 - 2451545.0) / 36525.0
    mean_longitude = np.radians((280.46646 + century * (36000.76983 + century * 0.0003032)) % 360.0)
    anomaly = np.radians((357.52911 + century * (35999.05029 - 0.0001537 * century)) % 360.0)
    eccentricity = 0.016708634 - century * (0.000042037 + 0.0000001267 * century)
    centre = (
        (1.914602 - century * (0.004817 + 0.000014 * century)) * np.sin(anomaly)
        + (0.019993 - 0.000101 * century) * np.sin(2.0 * anomaly)
        + 0.000289 * np.sin(3.0 * anomaly)
    )
    node = np.radians(125.04 - 1934.136 * century)
    longitude = mean_longitude + np.radians(centre - 0.00569 - 0.00478 * np.sin(node))
    obliquity = np.radians(23.439291 - 0.0130042 * century + 0.00256 * np.cos(node))
    half = np.tan(obliquity / 2.0) ** 2
    equation = (
        half * np.sin(2.0 * mean_longitude)
        - 2.0 * eccentricity * np.sin(anomaly)
        + 4.0 * eccentricity * half * np.sin(anomaly) * np.cos(2.0 * mean_longitude)
        - 0.5 * half * half * np.sin(4.0 * mean_longitude)
        - 1.25 * eccentricity * eccentricity * np.sin(2.0 * anomaly)
    )
    return np.arcsin(np.sin(obliquity) * np.sin(longitude)), 4.0 * np.degrees(equation)
