"""Forecasts are kept and held against what came."""

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.energy_optimizer.core.model.forecast import QUANTILES, Forecast, Series
from custom_components.energy_optimizer.core.planning.scores import LEADS, ForecastBook, ForecastScore, pinball_loss

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)
SPREAD = np.array([-1.0, -0.5, 0.0, 0.5, 1.0])


def forecast(now: datetime, level: float, *, hours: float = 48.0) -> Forecast:
    count = int(hours * 2)
    return Forecast(starts_at=now, step=HALF_HOUR, quantiles=np.tile((level + SPREAD)[:, None], count))


def measured(until: datetime, value: float, *, hours: float = 72.0) -> Series:
    count = int(hours * 12)
    step = timedelta(minutes=5)
    return Series(starts_at=until - step * count, step=step, values=np.full(count, value))


def test_pinball_of_known_numbers() -> None:
    flat = np.full(5, 2.0)
    assert pinball_loss(flat, 3.0) == pytest.approx(sum(QUANTILES) / 5)
    assert pinball_loss(flat, 1.0) == pytest.approx(sum(1 - share for share in QUANTILES) / 5)
    assert pinball_loss(flat, 2.0) == 0.0


@settings(max_examples=40)
@given(st.floats(-5, 5), st.lists(st.floats(-5, 5), min_size=5, max_size=5))
def test_pinball_is_least_where_the_range_is_right(value: float, quantiles: list[float]) -> None:
    rows = np.sort(np.array(quantiles))
    assert pinball_loss(rows, value) >= 0.0
    assert pinball_loss(np.full(5, value), value) <= pinball_loss(rows, value) + 1e-12


def test_each_lead_is_scored_when_its_time_has_come() -> None:
    book = ForecastBook()
    book.note("load", forecast(NOON, 2.0), NOON)
    book.settle("load", measured(NOON + timedelta(hours=1), 1.5))
    assert book.scores(NOON) == {}  # the half-hour that was foretold has not passed
    later = NOON + timedelta(hours=1, minutes=30)
    book.settle("load", measured(later, 1.5))
    assert book.scores(later) == {"load": ForecastScore(mae=0.5, bias=0.5, pinball=pytest.approx(0.14), count=1)}
    later = NOON + timedelta(hours=24, minutes=30)
    book.settle("load", measured(later, 3.0))
    score = book.scores(later)["load"]
    assert (score.count, score.mae, score.bias) == (3, pytest.approx(2.5 / 3), pytest.approx(-0.5))
    assert book.scores(later, lead=LEADS[2])["load"].mae == pytest.approx(1.0)
    assert book.scores(later, lead=LEADS[0])["load"].mae == pytest.approx(0.5)


def test_of_many_plans_the_first_of_each_half_hour_is_kept() -> None:
    book = ForecastBook()
    for minutes in range(0, 30, 5):
        now = NOON + timedelta(minutes=minutes)
        book.note("load", forecast(now, 2.0 + minutes), now)
    later = NOON + timedelta(hours=2)
    book.settle("load", measured(later, 2.0))
    assert book.scores(later)["load"] == ForecastScore(mae=0.0, bias=0.0, pinball=pytest.approx(0.09), count=1)


def test_a_forecast_that_does_not_reach_so_far_is_not_kept() -> None:
    book = ForecastBook()
    book.note("load", forecast(NOON, 2.0, hours=3), NOON)
    later = NOON + timedelta(days=2)
    book.settle("load", measured(later, 2.0))
    assert book.scores(later)["load"].count == 1


def test_what_was_not_measured_is_not_scored_and_waits_a_while_for_it() -> None:
    book = ForecastBook()
    book.note("load", forecast(NOON, 2.0), NOON)
    unknown = measured(NOON + timedelta(hours=10), np.nan)
    book.settle("load", unknown)
    assert book.scores(NOON + timedelta(hours=10)) == {}
    book.settle("load", measured(NOON + timedelta(hours=11), 2.5))
    assert book.scores(NOON + timedelta(hours=11))["load"].count == 2
    book.settle("load", measured(NOON + timedelta(days=4), np.nan, hours=200))
    book.settle("load", measured(NOON + timedelta(days=4), 2.0, hours=200))
    assert book.scores(NOON + timedelta(days=4))["load"].count == 2  # the third was given up


def test_quantities_are_apart_and_old_days_fall_out() -> None:
    book = ForecastBook()
    for day in range(40):
        now = NOON + timedelta(days=day)
        book.note("load", forecast(now, 1.0 + day), now)
        book.note("solar", forecast(now, 1.0), now)
        for quantity in ("load", "solar"):
            book.settle(quantity, measured(now + timedelta(hours=8), 1.0))
    end = NOON + timedelta(days=39, hours=8)
    assert set(book.scores(end)) == {"load", "solar"}
    assert book.scores(end, days=7)["solar"].count == 21
    assert book.scores(end, days=30)["load"].count == 90
    # Of the days 33 to 39, the forecasts of the day itself and, for noon, that of the day before.
    assert book.scores(end, days=7)["load"].bias == pytest.approx((2 * sum(range(33, 40)) + sum(range(32, 39))) / 21)
    assert len(book.to_json()["days"]) <= 2 * 3 * 31
    assert len(book.to_json()["waiting"]) <= 2 * 3


def test_a_book_lives_on_over_a_restart() -> None:
    book = ForecastBook()
    for hours in range(30):
        now = NOON + timedelta(hours=hours)
        book.note("solar", forecast(now, 1.0), now)
        book.settle("solar", measured(now, 0.5))
    kept = json.loads(json.dumps(book.to_json()))
    again = ForecastBook.from_json(kept)
    end = NOON + timedelta(hours=60)
    for each in (book, again):
        each.settle("solar", measured(end, 0.5))
    assert again.scores(end) == book.scores(end)
    assert again.scores(end)["solar"].count == 90


@pytest.mark.parametrize(
    "broken",
    [
        {"waiting": [["load", 3600, 5, 1.0]]},
        {"waiting": [["load", 3600, 5, 1, 2, 3, 4, "x"]]},
        {"days": [["load", 3600]]},
        {"days": [["load", 3600, 5, 1, float("nan"), 1, 1]]},
        {"days": 7},
    ],
)
def test_what_is_no_book_is_refused(broken: dict[str, object]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        ForecastBook.from_json(broken)
    assert ForecastBook.from_json({}).scores(NOON) == {}
