"""Warm and cold, north and south."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from custom_components.energy_optimizer.core.model.place import Place
from custom_components.energy_optimizer.core.simulation.seasons import daily_celsius, outdoor_celsius, winter_share

YEAR = datetime(2026, 1, 1, tzinfo=UTC).timestamp() + 3600.0 * np.arange(365.0 * 24)


def place(latitude: float, longitude: float = 0.0) -> Place:
    return Place(latitude=latitude, longitude=longitude, time_zone=ZoneInfo("UTC"))


def test_winter_is_in_january_in_the_north_and_in_july_in_the_south() -> None:
    north, south = winter_share(YEAR, place(48.0)), winter_share(YEAR, place(-48.0))
    assert YEAR[int(north.argmax())] == pytest.approx(datetime(2026, 1, 16, tzinfo=UTC).timestamp(), abs=3 * 86400)
    assert YEAR[int(south.argmax())] == pytest.approx(datetime(2026, 7, 17, tzinfo=UTC).timestamp(), abs=3 * 86400)
    np.testing.assert_allclose(north + south, 1.0)


@pytest.mark.parametrize(
    ("latitude", "january", "july"), [(48.85, 3.0, 20.0), (-34.93, 25.0, 12.0), (1.3, 27.0, 27.0), (59.3, -6.0, 16.0)]
)
def test_months_are_about_as_warm_as_they_are(latitude: float, january: float, july: float) -> None:
    months = [
        np.mean([daily_celsius(seed, YEAR, place(latitude))[first : first + 31 * 24].mean() for seed in range(20)])
        for first in (0, 181 * 24)
    ]
    assert months == pytest.approx([january, july], abs=4.0)


def test_afternoons_are_warmer_than_mornings_everywhere() -> None:
    for longitude in (-120.0, 0.0, 150.0):
        by_hour = outdoor_celsius(3, YEAR, place(40.0, longitude)).reshape(365, 24).mean(axis=0)
        assert (int(by_hour.argmax()) + longitude / 15.0) % 24 == pytest.approx(15.0, abs=1.0)
        assert 6.0 < np.ptp(by_hour) < 10.0
