"""Clocks that go wrong: what was counted stays counted, and nothing is written over it."""

from datetime import UTC, datetime, timedelta

import pytest

from custom_components.energy_optimizer.core.accounting.slots import CounterReading, SlotRows, Track, follow

START = datetime(2026, 6, 1, 12, tzinfo=UTC)
KW = 1.0
HOURS = 60
WRONG_FROM = 600
"""Minutes of real time, of sixty hours in which one kilowatt flows."""


def run(wrong_by: timedelta, for_minutes: int) -> SlotRows:
    """Read a counter each minute, by a clock that is wrong for some time; return the slots as they ended up."""
    track: Track | None = None
    rows: SlotRows = {}
    for minute in range(HOURS * 60 + 1):
        is_wrong = WRONG_FROM <= minute < WRONG_FROM + for_minutes
        shown = START + timedelta(minutes=minute) + (wrong_by if is_wrong else timedelta())
        totals = {"x": 100 + minute / 60 * KW}
        track, news = follow(track, CounterReading(source="s", origin="o", taken_at=shown, totals=totals), "x")
        rows |= news
    return rows


@pytest.mark.parametrize("hours", [2, 8, 24, 72, 480])
def test_a_stale_clock_that_is_set_right_loses_nothing(hours: int) -> None:
    rows = run(-timedelta(hours=hours), 5)
    assert sum(each.kwh for each in rows.values()) == pytest.approx(HOURS * KW)
    assert len(rows) == HOURS * 12
    assert not any(each.is_estimated for starts_at, each in rows.items() if starts_at < START + timedelta(hours=9))


@pytest.mark.parametrize("hours", [8, 24, 72])
def test_a_clock_that_stays_behind_for_hours_writes_over_no_more_than_it_shows(hours: int) -> None:
    rows = run(-timedelta(hours=hours), 180)
    whole = HOURS * KW
    assert whole - 2 * 3 * KW <= sum(each.kwh for each in rows.values()) <= whole


@pytest.mark.parametrize("hours", [3, 24, 72, 24 * 400])
def test_a_clock_that_was_ahead_for_a_while_costs_hours_and_not_the_days_it_was_ahead(hours: int) -> None:
    rows = run(timedelta(hours=hours), 60)
    total = sum(each.kwh for each in rows.values())
    assert HOURS * KW - 3.2 <= total <= HOURS * KW
    last = [each for starts_at, each in rows.items() if START + timedelta(hours=14) <= starts_at]
    assert sum(each.kwh for each in last) >= (HOURS - 14) * KW - 0.1


def test_energy_of_a_clock_that_stood_still_is_an_estimate() -> None:
    rows = run(-timedelta(minutes=50), HOURS * 60)
    assert sum(each.kwh for each in rows.values()) == pytest.approx(HOURS * KW)
    assert sum(each.kwh for each in rows.values() if each.is_estimated) == pytest.approx(50 / 60 * KW, abs=0.1)
