"""The statistics of a written history: as Home Assistant would have made them."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.demo_home.history.importing import _zero
from scripts.demo_home.history.series import EVERY_S, LOOK_S, EntitySeries, Point
from scripts.demo_home.history.statistics import HOUR_S, hourly, metadata, short_term

START_S = 1_780_000_000 // HOUR_S * HOUR_S
COUNTER = {"state_class": "total_increasing", "unit_of_measurement": "kWh"}
POWER = {"state_class": "measurement", "unit_of_measurement": "kW"}
MONEY = {"state_class": "total", "unit_of_measurement": "EUR"}


def series(attributes: dict[str, object], states: list[str], days: list[int] | None = None) -> EntitySeries:
    """Return states five minutes apart, reset where the number in *days* changes."""
    many = EntitySeries(entity_id="sensor.x", attributes=attributes)
    for index, state in enumerate(states):
        reset = () if days is None else (("last_reset", f"2026-06-0{days[index] + 1}T00:00:00+00:00"),)
        many.points.append(Point(START_S + LOOK_S + index * EVERY_S, state, reset))
    return many


@given(st.lists(st.floats(0, 2), min_size=13, max_size=60))
def test_the_sum_of_a_counter_ends_at_zero_and_gains_what_the_counter_gained(gains: list[float]) -> None:
    total, states = 0.0, []
    for gain in gains:
        total += gain
        states.append(str(total))
    counted = series(COUNTER, states)
    until_s = START_S + len(states) * EVERY_S
    fine, coarse = short_term(counted, until_s), hourly(counted, until_s)
    assert fine[-1].sum == pytest.approx(0)
    assert len(coarse) == len(states) // 12
    for before, after in pairwise(fine):
        assert before.sum is not None
        assert after.sum is not None
        assert before.state is not None
        assert after.state is not None
        assert after.sum - before.sum == pytest.approx(after.state - before.state)
    assert coarse[0].sum == pytest.approx(fine[11].sum)


def test_the_first_hour_gains_what_it_gained_and_no_more() -> None:
    counted = series(COUNTER, [str(index / 10) for index in range(24)])
    rows = hourly(counted, START_S + 24 * EVERY_S)
    (zero,) = _zero(counted, rows)
    assert zero.start_s < START_S - 20 * 365 * 86400
    assert rows[0].sum is not None
    assert zero.sum is not None
    assert rows[0].sum - zero.sum == pytest.approx(1.1)
    assert _zero(series(POWER, ["1"] * 12), hourly(series(POWER, ["1"] * 12), START_S + HOUR_S)) == []


def test_a_daily_counter_goes_on_over_midnight() -> None:
    money = series(MONEY, ["5.0", "6.0", "0.5", "0.75"], days=[0, 0, 1, 1])
    rows = short_term(money, START_S + 4 * EVERY_S)
    assert [row.sum for row in rows] == pytest.approx([-1.75, -0.75, -0.25, 0.0])
    assert rows[1].last_reset != rows[2].last_reset


def test_a_counter_that_began_anew_loses_nothing() -> None:
    rows = short_term(series(COUNTER, ["10", "11", "1"]), START_S + 3 * EVERY_S)
    assert [row.sum for row in rows] == pytest.approx([-2, -1, 0])


def test_a_measurement_has_mean_and_bounds() -> None:
    states = ["1.0"] * 6 + ["unknown"] * 2 + ["-2.0"] * 4
    (row,) = hourly(series(POWER, states), START_S + HOUR_S)
    assert (row.mean, row.least, row.most, row.sum) == (pytest.approx(-0.2), -2.0, 1.0, None)


def test_only_what_is_over_counts() -> None:
    counted = series(POWER, ["1"] * 20)
    assert len(short_term(counted, START_S + 7 * EVERY_S)) == 7
    assert hourly(counted, START_S + HOUR_S - 1) == []


def test_words_have_no_statistics() -> None:
    words = series({}, ["idle"] * 12)
    assert short_term(words, START_S + HOUR_S) == []


def test_what_was_never_known_has_no_statistics() -> None:
    assert short_term(series(POWER, ["unknown"] * 3), START_S + HOUR_S) == []
    assert short_term(series(COUNTER, ["unknown"] * 3), START_S + HOUR_S) == []


@pytest.mark.parametrize(
    ("attributes", "unit_class", "counts"), [(COUNTER, "energy", True), (POWER, "power", False), (MONEY, None, True)]
)
def test_metadata_is_what_the_recorder_expects(
    attributes: dict[str, object], unit_class: str | None, counts: bool
) -> None:
    described = metadata(series(attributes, ["1"]))
    assert (described["unit_class"], described["has_sum"]) == (unit_class, counts)
    assert bool(described["mean_type"]) is not counts


def test_the_recorder_notes_changes_only() -> None:
    many = series(POWER, ["1", "1", "2", "2", "1"])
    assert [point.state for point in many.changes()] == ["1", "2", "1"]
