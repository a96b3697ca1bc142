"""Where the demo's home may stand, and which of these places has sun now."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from custom_components.energy_optimizer.core.model.place import Place
from custom_components.energy_optimizer.core.model.sun import sun_position


@dataclass(frozen=True, kw_only=True, slots=True)
class DemoTariff:
    """Which of our presets a home starts from, and its prices: of the size that homes there pay, of no supplier."""

    preset: str
    prices: tuple[tuple[str, float, float], ...] = ()
    """Tier, price of import and of export per kWh; none where the preset has prices."""
    export_per_kwh: float | None = None
    """What all tiers earn, for presets that know only what they cost."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DemoPlace:
    """A real place with all that Home Assistant asks about one."""

    key: str
    name: str
    latitude: float
    longitude: float
    elevation_m: int
    time_zone: str
    country: str
    currency: str
    tariff: DemoTariff
    solar_kwp: float
    home_kwh_per_year: int
    imperial: bool = False


PLACES = (
    DemoPlace(
        key="auckland",
        name="Auckland",
        latitude=-36.87,
        longitude=174.76,
        elevation_m=60,
        time_zone="Pacific/Auckland",
        country="NZ",
        currency="NZD",
        tariff=DemoTariff(preset="day_night", prices=(("Day", 0.32, 0.13), ("Night", 0.19, 0.13))),
        solar_kwp=6.6,
        home_kwh_per_year=11_000,
    ),
    DemoPlace(
        key="sydney",
        name="Sydney",
        latitude=-33.89,
        longitude=151.18,
        elevation_m=40,
        time_zone="Australia/Sydney",
        country="AU",
        currency="AUD",
        tariff=DemoTariff(
            preset="peak_shoulder", prices=(("Peak", 0.56, 0.06), ("Shoulder", 0.33, 0.06), ("Off-peak", 0.26, 0.06))
        ),
        solar_kwp=6.6,
        home_kwh_per_year=11_000,
    ),
    DemoPlace(
        key="tokyo",
        name="Tokyo",
        latitude=35.68,
        longitude=139.65,
        elevation_m=40,
        time_zone="Asia/Tokyo",
        country="JP",
        currency="JPY",
        tariff=DemoTariff(preset="day_night", prices=(("Day", 36.0, 8.5), ("Night", 28.0, 8.5))),
        solar_kwp=7.0,
        home_kwh_per_year=9_500,
    ),
    DemoPlace(
        key="perth",
        name="Perth",
        latitude=-31.95,
        longitude=115.84,
        elevation_m=20,
        time_zone="Australia/Perth",
        country="AU",
        currency="AUD",
        tariff=DemoTariff(
            preset="peak_shoulder", prices=(("Peak", 0.54, 0.1), ("Shoulder", 0.24, 0.02), ("Off-peak", 0.09, 0.02))
        ),
        solar_kwp=6.6,
        home_kwh_per_year=11_000,
    ),
    DemoPlace(
        key="tel_aviv",
        name="Tel Aviv",
        latitude=32.08,
        longitude=34.79,
        elevation_m=20,
        time_zone="Asia/Jerusalem",
        country="IL",
        currency="ILS",
        tariff=DemoTariff(
            preset="peak_shoulder", prices=(("Peak", 1.45, 0.48), ("Shoulder", 0.62, 0.48), ("Off-peak", 0.53, 0.48))
        ),
        solar_kwp=7.0,
        home_kwh_per_year=11_000,
    ),
    DemoPlace(
        key="cape_town",
        name="Cape Town",
        latitude=-33.96,
        longitude=18.46,
        elevation_m=40,
        time_zone="Africa/Johannesburg",
        country="ZA",
        currency="ZAR",
        tariff=DemoTariff(
            preset="peak_shoulder", prices=(("Peak", 6.8, 1.6), ("Shoulder", 3.4, 1.6), ("Off-peak", 2.5, 1.6))
        ),
        solar_kwp=6.6,
        home_kwh_per_year=11_000,
    ),
    DemoPlace(
        key="paris",
        name="Paris",
        latitude=48.83,
        longitude=2.34,
        elevation_m=50,
        time_zone="Europe/Paris",
        country="FR",
        currency="EUR",
        tariff=DemoTariff(
            preset="heures_creuses", prices=(("Heures pleines", 0.2081, 0.04), ("Heures creuses", 0.1635, 0.04))
        ),
        solar_kwp=7.0,
        home_kwh_per_year=8_000,
    ),
    DemoPlace(
        key="london",
        name="London",
        latitude=51.47,
        longitude=-0.11,
        elevation_m=20,
        time_zone="Europe/London",
        country="GB",
        currency="GBP",
        tariff=DemoTariff(preset="day_night", prices=(("Day", 0.31, 0.12), ("Night", 0.14, 0.12))),
        solar_kwp=6.0,
        home_kwh_per_year=6_500,
    ),
    DemoPlace(
        key="sao_paulo",
        name="São Paulo",
        latitude=-23.56,
        longitude=-46.69,
        elevation_m=760,
        time_zone="America/Sao_Paulo",
        country="BR",
        currency="BRL",
        tariff=DemoTariff(
            preset="peak_shoulder", prices=(("Peak", 1.8, 0.6), ("Shoulder", 1.2, 0.6), ("Off-peak", 0.85, 0.6))
        ),
        solar_kwp=6.6,
        home_kwh_per_year=11_000,
    ),
    DemoPlace(
        key="new_york",
        name="New York",
        latitude=40.68,
        longitude=-73.97,
        elevation_m=20,
        time_zone="America/New_York",
        country="US",
        currency="USD",
        imperial=True,
        tariff=DemoTariff(preset="day_night", prices=(("Day", 0.33, 0.12), ("Night", 0.16, 0.12))),
        solar_kwp=9.0,
        home_kwh_per_year=11_500,
    ),
    DemoPlace(
        key="austin",
        name="Austin",
        latitude=30.25,
        longitude=-97.75,
        elevation_m=150,
        time_zone="America/Chicago",
        country="US",
        currency="USD",
        imperial=True,
        tariff=DemoTariff(
            preset="peak_shoulder", prices=(("Peak", 0.21, 0.07), ("Shoulder", 0.13, 0.07), ("Off-peak", 0.09, 0.07))
        ),
        solar_kwp=9.0,
        home_kwh_per_year=14_000,
    ),
    DemoPlace(
        key="los_angeles",
        name="Los Angeles",
        latitude=34.02,
        longitude=-118.40,
        elevation_m=40,
        time_zone="America/Los_Angeles",
        country="US",
        currency="USD",
        imperial=True,
        tariff=DemoTariff(preset="sce_tou_d_prime", export_per_kwh=0.05),
        solar_kwp=7.5,
        home_kwh_per_year=11_500,
    ),
    DemoPlace(
        key="honolulu",
        name="Honolulu",
        latitude=21.31,
        longitude=-157.86,
        elevation_m=20,
        time_zone="Pacific/Honolulu",
        country="US",
        currency="USD",
        imperial=True,
        tariff=DemoTariff(
            preset="peak_shoulder", prices=(("Peak", 0.62, 0.13), ("Shoulder", 0.41, 0.13), ("Off-peak", 0.3, 0.13))
        ),
        solar_kwp=7.5,
        home_kwh_per_year=12_000,
    ),
)

LOOK_AHEAD = timedelta(hours=2)
"""Whoever starts a demo shall not see the sun set over it at once."""
LOWEST_SUN_DEG = 8.0


def sunniest(now: datetime) -> DemoPlace:
    """Return the place with the best sun from now on."""
    return max(PLACES, key=lambda place: _outlook(place, now))


def has_sun(place: DemoPlace, now: datetime) -> bool:
    """Say whether the sun stands clear of the roofs there."""
    return sun_height_deg(place, now) >= LOWEST_SUN_DEG


def sun_height_deg(place: DemoPlace, at: datetime) -> float:
    """Return the sun's height over the horizon there."""
    here = Place(latitude=place.latitude, longitude=place.longitude, time_zone=ZoneInfo(place.time_zone))
    return float(sun_position(np.array([at.timestamp()]), here).elevation[0])


def _outlook(place: DemoPlace, now: datetime) -> float:
    return min(sun_height_deg(place, now), sun_height_deg(place, now + LOOK_AHEAD))
