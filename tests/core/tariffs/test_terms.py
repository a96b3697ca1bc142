"""Billing months and years."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.energy_optimizer.core.tariffs.terms import Terms

DAYS = st.dates(date(1999, 1, 1), date(2101, 1, 1))


@given(DAYS, st.integers(1, 28), st.integers(1, 12))
def test_each_day_lies_in_one_month_and_one_year(day: date, billing_day: int, month: int) -> None:
    terms = Terms(billing_day=billing_day, true_up_month=month)
    first, end = terms.month_of(day)
    assert first <= day < end
    assert first.day == end.day == billing_day
    assert terms.month_of(end)[0] == end
    assert terms.month_of(end - timedelta(days=1)) == (first, end)
    year_first, year_end = terms.year_of(day)
    assert year_first <= first < end <= year_end
    assert year_first.month == month
    assert terms.year_of(year_end)[0] == year_end
    assert (year_end - year_first).days in (365, 366)


def test_written_and_read() -> None:
    terms = Terms(per_day=0.5, per_year=120.0, billing_day=14, true_up_month=3)
    assert Terms.from_data(terms.to_data()) == terms
    assert Terms.from_data(None) == Terms()
    assert Terms().to_data() == {"billing_day": 1}


@pytest.mark.parametrize(
    "data", [{"billing_day": 29}, {"billing_day": 0}, {"true_up_month": 13}, {"per_day": float("nan")}]
)
def test_what_cannot_be(data: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"billing month|number"):
        Terms.from_data(data)
