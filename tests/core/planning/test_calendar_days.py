"""What clocks on walls show over many steps."""

from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.energy_optimizer.core.planning.calendar_days import local_steps, weekday_of

ZONES = ("Europe/Paris", "America/St_Johns", "Australia/Lord_Howe", "Australia/Sydney", "Asia/Kolkata", "UTC")
EPOCH = date(1970, 1, 1).toordinal()


@given(
    zone=st.sampled_from([*map(ZoneInfo, ZONES), timezone(timedelta(hours=-3, minutes=-30))]),
    starts_s=st.integers(1_670_000_000, 1_800_000_000),
    minutes=st.sampled_from([5, 15, 30, 60]),
    count=st.integers(0, 400),
)
@settings(max_examples=60)
def test_each_step_is_what_the_standard_library_says(zone: tzinfo, starts_s: int, minutes: int, count: int) -> None:
    starts_at = datetime.fromtimestamp(starts_s, UTC)
    step = timedelta(minutes=minutes)
    steps = local_steps(starts_at, step, count, zone)
    assert steps.day.size == steps.second.size == count
    for index in range(count):
        local = (starts_at + index * step).astimezone(zone)
        assert steps.day[index] == local.date().toordinal() - EPOCH
        assert steps.second[index] == local.hour * 3600 + local.minute * 60 + local.second
        assert steps.weekday[index] == local.weekday()


@pytest.mark.parametrize(
    ("zone", "changes_at", "before", "after"),
    [
        ("Europe/Paris", datetime(2026, 3, 29, 1, tzinfo=UTC), 1.5, 3.0),
        ("Europe/Paris", datetime(2026, 10, 25, 1, tzinfo=UTC), 2.5, 2.0),
        ("Australia/Sydney", datetime(2026, 10, 3, 16, tzinfo=UTC), 1.5, 3.0),
        ("Australia/Lord_Howe", datetime(2026, 4, 4, 15, tzinfo=UTC), 1.5, 1.5),
    ],
)
def test_the_clock_is_put_where_the_zone_puts_it(zone: str, changes_at: datetime, before: float, after: float) -> None:
    half_hour = timedelta(minutes=30)
    steps = local_steps(changes_at - half_hour, half_hour, 2, ZoneInfo(zone))
    assert (steps.second / 3600).tolist() == [before, after]


def test_a_year_of_steps_has_one_day_of_23_and_one_of_25_hours() -> None:
    steps = local_steps(datetime(2025, 12, 31, 23, tzinfo=UTC), timedelta(hours=1), 8760, ZoneInfo("Europe/Paris"))
    hours = np.unique(steps.day, return_counts=True)[1].tolist()
    assert min(hours) == 23
    assert max(hours) == 25
    assert hours.count(24) == 363


def test_monday_is_nought() -> None:
    assert weekday_of(local_steps(datetime(2026, 11, 16, tzinfo=UTC), timedelta(days=1), 7, UTC).day).tolist() == [
        *range(7)
    ]
