"""What is kept of savings: for three years by day, and in sums for good."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from custom_components.energy_optimizer.core.accounting.savings import DaySavings
from custom_components.energy_optimizer.storage.savings import (
    KEPT,
    SavingsBooks,
    money_of,
    savings_from_json,
    savings_to_json,
)

DAY = DaySavings(
    day=date(2026, 7, 1),
    currency="EUR",
    steered_share=0.5,
    steps=288,
    unknown_steps=3,
    is_estimated=True,
    measured=1.25,
    without=2.5,
    best=1.0,
    start_kwh=3.0,
    end_kwh=4.0,
    without_end_kwh=2.0,
    value_per_kwh=0.2,
)
NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
LONG_AGO = NOON - timedelta(days=30)


def test_what_is_stored_is_read_back() -> None:
    books = SavingsBooks(earlier={"EUR": {"saved": 12.5}}, since=date(2025, 1, 1))
    books = books.with_day(DAY).with_day(DaySavings(day=date(2026, 7, 2), currency="EUR", steered_share=0.0))
    books = books.with_level(NOON, 55.5, forget_before=LONG_AGO)
    books = books.with_steering(NOON, is_steered=True, forget_before=LONG_AGO)
    assert savings_from_json(json.loads(json.dumps(savings_to_json(books)))) == books


def test_days_that_are_too_old_go_on_as_sums() -> None:
    books = SavingsBooks()
    days = [replace(DAY, day=DAY.day + timedelta(days=index)) for index in range(KEPT.days + 2)]
    books = SavingsBooks(days={each.day: each for each in days[:-1]}, since=DAY.day)
    books = books.with_day(days[-1])
    assert next(iter(books.days)) == DAY.day + timedelta(days=2)
    assert books.sum_before("EUR", "saved") == pytest.approx(2 * 1.25)
    assert books.sum_before("EUR", "best") == pytest.approx(2.0)
    assert books.sum_before("USD", "saved") == 0.0
    assert books.since == DAY.day
    assert books.currencies == {"EUR"}


def test_the_first_day_is_the_first_one_on_which_the_plan_was_carried_out() -> None:
    idle = replace(DAY, day=date(2026, 6, 1), steered_share=0.0)
    books = SavingsBooks().with_day(idle)
    assert books.since is None
    assert books.with_day(DAY).with_day(replace(DAY, day=date(2026, 7, 5))).since == DAY.day


def test_days_stand_in_order_however_they_come() -> None:
    later = replace(DAY, day=date(2026, 7, 5))
    assert list(SavingsBooks().with_day(later).with_day(DAY).days) == [DAY.day, later.day]


def test_steering_is_noted_when_it_changes() -> None:
    books = SavingsBooks()
    assert books.with_steering(NOON, is_steered=False, forget_before=LONG_AGO) is books
    on = books.with_steering(LONG_AGO, is_steered=True, forget_before=LONG_AGO)
    assert on.with_steering(NOON, is_steered=True, forget_before=LONG_AGO) is on
    off = on.with_steering(NOON, is_steered=False, forget_before=LONG_AGO)
    assert off.steered == ((LONG_AGO, True), (NOON, False))
    later = NOON + timedelta(days=1)
    assert off.with_steering(later, is_steered=True, forget_before=later).steered == ((NOON, False), (later, True))


def test_levels_are_forgotten_in_time() -> None:
    books = SavingsBooks().with_level(LONG_AGO, 10.0, forget_before=LONG_AGO)
    assert books.with_level(NOON, 20.0, forget_before=LONG_AGO).levels == {LONG_AGO: 10.0, NOON: 20.0}
    assert books.with_level(NOON, 20.0, forget_before=NOON).levels == {NOON: 20.0}


def test_money_that_nobody_knows_is_no_money() -> None:
    assert money_of(DAY) == {"measured": 1.25, "without": 2.5, "best": 1.0, "saved": 1.25}
    assert money_of(DaySavings(day=DAY.day, currency="EUR", steered_share=1.0)) == {}
