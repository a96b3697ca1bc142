"""The sun over known places."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.energy_optimizer.core.model.forecast import Floats
from custom_components.energy_optimizer.core.model.place import Place
from custom_components.energy_optimizer.core.model.sun import (
    SunPosition,
    clear_sky,
    plane_irradiance,
    sun_position,
)

HORIZON = -0.833  # upper rim, with refraction: what almanacs call sunrise


def place(latitude: float, longitude: float, zone: str = "UTC") -> Place:
    return Place(latitude=latitude, longitude=longitude, time_zone=ZoneInfo(zone))


def look(where: Place, *instants: datetime) -> SunPosition:
    return sun_position(np.array([instant.timestamp() for instant in instants]), where)


def minutes_of(day: datetime) -> Floats:
    return day.timestamp() + 60.0 * np.arange(1440.0)


@pytest.mark.parametrize(
    ("where", "day", "rises", "sets"),
    [
        (place(51.5074, -0.1278, "Europe/London"), (2024, 6, 20), "04:43", "21:21"),
        (place(40.7128, -74.006, "America/New_York"), (2024, 12, 21), "07:17", "16:32"),
        (place(-33.8688, 151.2093, "Australia/Sydney"), (2024, 12, 21), "05:41", "20:05"),
        (place(35.6762, 139.6503, "Asia/Tokyo"), (2024, 6, 21), "04:25", "19:00"),
        (place(19.076, 72.8777, "Asia/Kolkata"), (2024, 1, 1), "07:12", "18:12"),
        (place(-34.9285, 138.6007, "Australia/Adelaide"), (2024, 6, 21), "07:23", "17:12"),
        (place(48.8566, 2.3522, "Europe/Paris"), (2024, 2, 29), "07:36", "18:34"),
    ],
)
def test_sunrise_and_sunset_are_the_almanacs(where: Place, day: tuple[int, int, int], rises: str, sets: str) -> None:
    midnight = datetime(*day, tzinfo=where.time_zone)
    up = np.flatnonzero(sun_position(minutes_of(midnight), where).elevation > HORIZON)
    for minute, wanted in ((up[0], rises), (up[-1], sets)):
        seen = midnight + timedelta(minutes=int(minute))
        published = datetime.combine(midnight, datetime.strptime(wanted, "%H:%M").time(), where.time_zone)  # noqa: DTZ007
        assert abs(seen - published) <= timedelta(minutes=3), f"{seen:%H:%M}"


def test_sun_stands_overhead_at_the_equator_at_equinox() -> None:
    sun = sun_position(minutes_of(datetime(2024, 3, 20, tzinfo=UTC)), place(0.0, 0.0))
    assert sun.elevation.max() == pytest.approx(90.0, abs=0.3)
    assert 12 * 60 + 4 <= int(sun.elevation.argmax()) <= 12 * 60 + 11  # a sundial is 7.5 minutes late in March


def test_polar_night_and_midnight_sun() -> None:
    tromso = place(69.65, 18.96)
    assert sun_position(minutes_of(datetime(2025, 12, 21, tzinfo=UTC)), tromso).elevation.max() < 0.0
    assert sun_position(minutes_of(datetime(2025, 6, 21, tzinfo=UTC)), tromso).elevation.min() > 0.0


def test_seasons_are_turned_round_in_the_south() -> None:
    december, june = datetime(2025, 12, 21, tzinfo=UTC), datetime(2025, 6, 21, tzinfo=UTC)
    heights = [sun_position(minutes_of(day), place(-33.87, 151.2)).elevation.max() for day in (december, june)]
    assert heights == pytest.approx([90 - 33.87 + 23.44, 90 - 33.87 - 23.44], abs=0.2)


def test_sun_comes_from_the_east_and_stands_towards_the_equator() -> None:
    north = look(place(48.0, 0.0), *(datetime(2026, 3, 20, hour, 7, tzinfo=UTC) for hour in (7, 12, 17)))
    assert north.azimuth == pytest.approx([102.0, 180.0, 258.0], abs=4.0)
    south = look(place(-48.0, 0.0), datetime(2026, 3, 20, 12, 7, tzinfo=UTC)).azimuth[0]
    assert min(south, 360.0 - south) < 1.0


@given(st.floats(-90.0, 90.0), st.floats(-180.0, 180.0), st.floats(-6e8, 2.5e9))
def test_sky_is_dark_at_night_and_never_brighter_than_space(latitude: float, longitude: float, at_s: float) -> None:
    instants = at_s + 600.0 * np.arange(144.0)
    sun = sun_position(instants, place(latitude, longitude))
    sky = clear_sky(instants, sun.elevation)
    assert np.all((sun.elevation >= -90.0) & (sun.elevation <= 90.0) & (sun.azimuth >= 0.0) & (sun.azimuth < 360.0))
    assert np.all(sky.beam[sun.elevation <= 0.0] == 0.0)
    assert np.all((sky.beam >= 0.0) & (sky.beam < 1410.0) & (sky.diffuse >= 0.0) & (sky.diffuse < 200.0))


def test_clear_noon_in_summer_is_about_a_kilowatt_per_square_metre() -> None:
    noon = np.array([datetime(2026, 6, 21, 12, tzinfo=UTC).timestamp()])
    sun = sun_position(noon, place(35.0, 0.0))
    flat = plane_irradiance(sun, clear_sky(noon, sun.elevation), tilt_degrees=0.0, azimuth_degrees=180.0)
    assert 900.0 < flat[0] < 1080.0


def test_tilt_and_direction_matter_as_on_a_roof() -> None:
    instants = minutes_of(datetime(2026, 12, 21, tzinfo=UTC))
    where = place(48.85, 2.35)
    sun = sun_position(instants, where)
    sky = clear_sky(instants, sun.elevation)

    def day(tilt: float, azimuth: float) -> Floats:
        return plane_irradiance(sun, sky, tilt_degrees=tilt, azimuth_degrees=azimuth)

    assert day(45.0, 180.0).sum() > 1.5 * day(0.0, 180.0).sum() > 1.5 * day(45.0, 0.0).sum()
    assert day(30.0, 90.0).argmax() < day(30.0, 180.0).argmax() < day(30.0, 270.0).argmax()
    assert np.all(day(30.0, 180.0)[sun.elevation < 0.0] == 0.0)
