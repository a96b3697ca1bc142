"""Times in which nobody looked are explained by the history, once."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.energy_optimizer.core.accounting.gaps import GIVE_UP_AFTER, MOST_LAG, Gap, Gaps, believable
from custom_components.energy_optimizer.core.model.energy import EnergyTotals

START = datetime(2026, 6, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_what_integration_bridges_is_no_gap() -> None:
    assert Gaps().noted(None, START) == Gaps()
    assert Gaps().noted(START, START + 5 * MINUTE) == Gaps()
    assert Gaps().noted(START, START + 6 * MINUTE).open == (Gap(start=START, end=START + 6 * MINUTE),)


def test_only_what_the_history_can_know_is_asked() -> None:
    end = START + 43 * MINUTE
    gaps = Gaps().noted(START, end)
    ((gap, until),) = gaps.due(end)
    assert until == START + 40 * MINUTE, "the stretch of five minutes that runs is not whole"
    gaps = gaps.told(gap, until)
    assert gaps.open == (Gap(start=until, end=end),)
    assert not gaps.due(end)
    ((gap, until),) = gaps.due(end + 3 * MINUTE)
    assert until == end
    assert not gaps.told(gap, until).open


def test_a_history_that_is_written_late_is_asked_for_less() -> None:
    now = START + 60 * MINUTE
    gaps = Gaps().noted(START, now)
    asked = []
    while due := gaps.due(now):
        gap, until = due[0]
        asked.append((now - until) / MINUTE)
        gaps = gaps.untold(gap, now)
    assert asked == [0, 10, 20, 30]
    assert gaps.lag == MOST_LAG
    assert gaps.due(now + 10 * MINUTE), "and again a little later"


def test_a_hole_in_the_history_costs_only_itself() -> None:
    now = START + timedelta(hours=20)
    hole = (START + timedelta(hours=3, minutes=10), START + timedelta(hours=3, minutes=20))
    gaps, told = Gaps(open=(Gap(start=START, end=START + timedelta(hours=16)),)), timedelta()
    questions = 0
    for _ in range(120):
        now += MINUTE
        if not (due := gaps.due(now)):
            continue
        questions += 1
        gap, until = due[0]
        if gap.start < hole[1] and until > hole[0]:
            gaps = gaps.untold(gap, now)
        else:
            gaps, told = gaps.told(gap, until), told + (until - gap.start)
    assert told == timedelta(hours=16) - sum((gap.end - gap.start for gap in gaps.open), timedelta())
    assert told >= timedelta(hours=14)
    assert questions < 20
    (left,) = gaps.open
    assert left.start <= hole[0] < hole[1] <= left.end


def test_it_ends_one_day() -> None:
    gap = Gap(start=START, end=START + 30 * MINUTE)
    gaps = Gaps(open=(gap,))
    late = gap.end + GIVE_UP_AFTER
    assert gaps.postponed(gap, late - MINUTE).open
    assert not gaps.postponed(gap, late).open
    assert not gaps.untold(gap, late).open


@given(st.lists(st.integers(6, 90), min_size=1, max_size=30), st.integers(0, 30))
def test_slow_looks_are_explained_whole_and_once(steps: list[int], lag_min: int) -> None:
    """Whatever the pace and however late the history: each minute is told exactly once, but for the last ones."""
    gaps, at, known = Gaps(), START, []
    for minutes in [*steps, 15, 15, 15]:
        since, at = at, at + minutes * MINUTE
        gaps = gaps.noted(since, at)
        for _ in range(4):
            if not (due := gaps.due(at)):
                break
            gap, until = due[0]
            if until > at - lag_min * MINUTE:
                gaps = gaps.untold(gap, at)
            else:
                known.append((gap.start, until))
                gaps = gaps.told(gap, until)
    assert known[0][0] == START
    assert all(ended == begun for (_, ended), (begun, _) in pairwise(known))
    assert at - known[-1][1] <= MOST_LAG + 5 * MINUTE


@pytest.mark.parametrize(
    ("told", "believed"), [(None, None), (0.0, 0.0), (11.0, 11.0), (11.1, None), (-0.1, None), (float("nan"), None)]
)
def test_what_no_connection_carries_is_not_believed(told: float | None, believed: float | None) -> None:
    flowed = believable(EnergyTotals(grid_import_kwh=told, solar_kwh=1.0), timedelta(hours=1), 10.0)
    assert (flowed.grid_import_kwh, flowed.solar_kwh) == (believed, 1.0)
