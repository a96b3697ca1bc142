"""What panels give in a year and on a day."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from custom_components.energy_optimizer.core.model.place import Place
from custom_components.energy_optimizer.core.simulation.panels import Panels

YEAR = datetime(2026, 1, 1, tzinfo=UTC).timestamp() + 600.0 * np.arange(365.0 * 144)


def roof(latitude: float, longitude: float, azimuth: float, kwp: float = 1.0) -> Panels:
    place = Place(latitude=latitude, longitude=longitude, time_zone=ZoneInfo("UTC"))
    return Panels(seed=3, place=place, kwp=kwp, tilt_degrees=30.0, azimuth_degrees=azimuth)


@pytest.mark.parametrize(
    ("panels", "least", "most"),
    [
        (roof(48.85, 2.35, 180.0), 1050, 1350),
        (roof(34.05, -118.24, 180.0), 1400, 1800),
        (roof(-34.93, 138.6, 0.0), 1400, 1800),
        (roof(59.33, 18.07, 180.0), 800, 1200),
    ],
    ids=["paris", "los_angeles", "adelaide", "stockholm"],
)
def test_yearly_yield_is_that_of_the_place(panels: Panels, least: float, most: float) -> None:
    assert least < panels.power_kw(YEAR).sum() / 6.0 < most


def test_power_grows_with_the_panels_and_stays_below_their_peak() -> None:
    one, six = roof(48.85, 2.35, 180.0).power_kw(YEAR), roof(48.85, 2.35, 180.0, kwp=6.0).power_kw(YEAR)
    np.testing.assert_allclose(six, 6.0 * one)
    assert one.min() == 0.0
    assert 0.75 < one.max() < 1.0
    assert np.all(roof(48.85, 2.35, 180.0, kwp=0.0).power_kw(YEAR) == 0.0)


def test_no_sun_at_night() -> None:
    power_kw = roof(-33.87, 151.2, 0.0).power_kw(YEAR).reshape(365, 144)
    midnight_in_sydney = power_kw[:, 14 * 6 - 6 : 14 * 6 + 6]
    assert np.all(midnight_in_sydney == 0.0)
    assert power_kw[:45].sum() > 1.3 * power_kw[150:195].sum(), "summer is around New Year"
