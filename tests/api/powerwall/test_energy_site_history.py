"""Energies from a site's five-minute sums."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.energy_optimizer.api.powerwall.energy_site_history import (
    BUCKET,
    buckets_in,
    energies_between,
    local_days,
)

START = datetime(2026, 3, 8, 6, tzinfo=UTC)
LATER = START + timedelta(days=2)
PARIS = ZoneInfo("Europe/Paris")


def bucket(index: int, solar_wh: float, **more: float) -> dict[str, object]:
    at = (START + index * BUCKET).astimezone(PARIS)
    return {"timestamp": at.isoformat(), "solar_energy_exported": solar_wh, **more}


@settings(max_examples=60)
@given(
    st.lists(st.floats(0, 900), min_size=2, max_size=40),
    st.integers(0, 20),
    st.integers(1, 500),
    st.integers(1, 500),
)
def test_parts_add_up_to_the_whole(sums: list[float], first: int, one: int, two: int) -> None:
    series = [bucket(index, wh) for index, wh in enumerate(sums)]
    span = len(sums) * BUCKET
    begin = START + min(timedelta(seconds=first * 7), span / 4)
    middle = begin + (START + span - begin) * (one / (one + two))
    whole = energies_between(series, begin, START + span, asked_at=LATER)
    parts = [energies_between(series, *cut, asked_at=LATER) for cut in ((begin, middle), (middle, START + span))]
    assert whole is not None
    assert whole.solar_kwh is not None
    known = [part.solar_kwh for part in parts if part is not None and part.solar_kwh is not None]
    assert sum(known) == pytest.approx(whole.solar_kwh, abs=1e-9)
    assert whole.solar_kwh <= sum(sums) / 1000 + 1e-9


def test_a_hole_makes_all_unknown() -> None:
    series = [bucket(index, 10) for index in range(12) if index != 5]
    assert energies_between(series, START, START + 12 * BUCKET, asked_at=LATER) is None
    assert energies_between(series, START + 6 * BUCKET, START + 12 * BUCKET, asked_at=LATER) is not None
    assert energies_between([], START, START + BUCKET, asked_at=LATER) is None


def test_what_is_not_written_yet_is_as_before_for_one_bucket_and_unknown_beyond() -> None:
    series = [bucket(index, 60) for index in range(6)]
    asked_at = START + 7 * BUCKET
    energies = energies_between(series, START, asked_at, asked_at=asked_at)
    assert energies is not None
    assert energies.solar_kwh == pytest.approx(0.42)
    assert energies_between(series, START, START + 7.1 * BUCKET, asked_at=START + 7.1 * BUCKET) is None


def test_a_bucket_that_is_not_over_does_not_count_as_a_whole_one() -> None:
    series = [*(bucket(index, 60) for index in range(6)), bucket(6, 12)]
    now = START + 6.2 * BUCKET
    energies = energies_between(series, START, now, asked_at=now)
    assert energies is not None
    assert energies.solar_kwh == pytest.approx(0.372)


def test_a_channel_that_is_not_told_is_unknown_and_not_nothing() -> None:
    series = [bucket(index, 60, grid_energy_imported=0) for index in range(3)]
    energies = energies_between(series, START, START + 3 * BUCKET, asked_at=LATER)
    assert energies is not None
    assert energies.grid_import_kwh == 0
    assert energies.home_kwh is None
    partly = [*series[:2], {"timestamp": series[2]["timestamp"], "grid_energy_imported": 1}]
    energies = energies_between(partly, START, START + 3 * BUCKET, asked_at=LATER)
    assert energies is not None
    assert energies.solar_kwh is None


@pytest.mark.parametrize(
    ("start", "hours"),
    [
        (datetime(2026, 3, 29, 0, tzinfo=PARIS), [23, 24]),
        (datetime(2026, 10, 25, 0, tzinfo=PARIS), [25, 24]),
    ],
)
def test_days_are_cut_at_the_sites_midnights_when_clocks_change(start: datetime, hours: list[int]) -> None:
    begin = start.astimezone(UTC)
    days = list(local_days(begin, begin + timedelta(hours=sum(hours)), PARIS))
    assert [(until - at) / timedelta(hours=1) for at, until in days] == hours
    assert all(at.astimezone(PARIS).hour == 0 for at, _ in days)


@pytest.mark.parametrize("answer", [None, [], {}, {"response": None}, {"response": {"time_series": "none"}}])
def test_strange_answers_hold_nothing(answer: object) -> None:
    assert buckets_in(answer) == []
