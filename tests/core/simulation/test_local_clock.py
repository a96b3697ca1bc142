"""Clocks of places, for many instants at once."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from custom_components.energy_optimizer.core.simulation.local_clock import local_clock


@pytest.mark.parametrize("zone", ["Europe/Paris", "America/Los_Angeles", "Asia/Kolkata", "Australia/Adelaide"])
@pytest.mark.parametrize(
    "start",
    [
        datetime(2026, 3, 28, tzinfo=UTC),  # clocks go forward in Europe
        datetime(2026, 10, 24, tzinfo=UTC),  # and back
        datetime(2026, 4, 4, tzinfo=UTC),  # and back in Adelaide
        datetime(2026, 10, 3, tzinfo=UTC),
        datetime(2026, 11, 1, tzinfo=UTC),  # and back in California
        datetime(2028, 2, 28, 12, tzinfo=UTC),  # leap day
        datetime(2026, 12, 31, tzinfo=UTC),
        datetime(1969, 12, 31, tzinfo=UTC),
    ],
)
def test_clock_shows_what_the_standard_library_says(zone: str, start: datetime) -> None:
    instants = [start + timedelta(minutes=7 * number) for number in range(420)]
    clock = local_clock(np.array([instant.timestamp() for instant in instants]), ZoneInfo(zone))
    for instant, day, hour, weekday in zip(
        instants, clock.day.tolist(), clock.hour.tolist(), clock.weekday.tolist(), strict=True
    ):
        local = instant.astimezone(ZoneInfo(zone))
        assert date(1970, 1, 1) + timedelta(days=day) == local.date()
        assert hour == pytest.approx(local.hour + local.minute / 60 + local.second / 3600, abs=1e-6)
        assert weekday == local.weekday()


def test_weekend() -> None:
    saturday = datetime(2026, 6, 20, 12, tzinfo=UTC)
    instants = np.array([(saturday + timedelta(days=day)).timestamp() for day in range(-1, 3)])
    assert local_clock(instants, ZoneInfo("Asia/Kolkata")).weekend.tolist() == [False, True, True, False]
