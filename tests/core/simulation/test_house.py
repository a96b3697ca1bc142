"""Households with habits."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.energy_optimizer.core.model.place import Place
from custom_components.energy_optimizer.core.simulation.appliances import APPLIANCES, appliance_kw, appliances_kw
from custom_components.energy_optimizer.core.simulation.house import House, _presence
from custom_components.energy_optimizer.core.simulation.local_clock import LocalClock
from custom_components.energy_optimizer.core.simulation.noise import FloatArray

PLACES = {
    "paris": Place(latitude=48.85, longitude=2.35, time_zone=ZoneInfo("Europe/Paris")),
    "kolkata": Place(latitude=22.57, longitude=88.36, time_zone=ZoneInfo("Asia/Kolkata")),
    "adelaide": Place(latitude=-34.93, longitude=138.6, time_zone=ZoneInfo("Australia/Adelaide")),
    "los_angeles": Place(latitude=34.05, longitude=-118.24, time_zone=ZoneInfo("America/Los_Angeles")),
}


def local_minutes(place: Place, year: int, month: int, day: int, days: int) -> FloatArray:
    return datetime(year, month, day, tzinfo=place.time_zone).timestamp() + 60.0 * np.arange(days * 1440.0)


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize(("seed", "kwh"), [(1, 5200.0), (2, 1500.0), (77, 14000.0)])
def test_year_is_what_was_asked_for(place: Place, seed: int, kwh: float) -> None:
    year = datetime(2027, 1, 1, tzinfo=place.time_zone).timestamp() + 120.0 * np.arange(365.0 * 720)
    load_kw = House(seed=seed, place=place, kwh_per_year=kwh).load_kw(year)
    assert load_kw.sum() / 30.0 == pytest.approx(kwh, rel=0.1)
    assert load_kw.min() > 0.0


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("month", [1, 3, 7, 10])
def test_people_cook_in_the_evening_and_sleep_at_night_by_their_own_clock(place: Place, month: int) -> None:
    load_kw = House(seed=5, place=place, kwh_per_year=5000.0).load_kw(local_minutes(place, 2026, month, 2, 20))
    by_hour = load_kw.reshape(20, 24, 60).mean(axis=(0, 2))
    assert by_hour[18:22].mean() > 1.8 * by_hour[1:5].mean()
    assert by_hour[7:9].mean() > 1.05 * by_hour[2:5].mean()


def test_peaks_are_those_of_a_home() -> None:
    place = PLACES["paris"]
    load_kw = House(seed=5, place=place, kwh_per_year=5200.0).load_kw(local_minutes(place, 2026, 1, 1, 365))
    assert 4.0 < load_kw.max() < 12.0
    assert 0.03 < np.quantile(load_kw, 0.01) < 0.3
    assert np.quantile(load_kw.reshape(365, 1440).max(axis=1), 0.1) > 1.5, "a day without any cooking or washing"


def test_weekends_differ() -> None:
    place = PLACES["paris"]
    hours = House(seed=5, place=place, kwh_per_year=5200.0).load_kw(local_minutes(place, 2026, 4, 6, 12 * 7))
    weeks = hours.reshape(12, 7, 24, 60).mean(axis=(0, 3))
    assert weeks[5:, 9:16].mean() > 1.2 * weeks[:5, 9:16].mean()


def test_people_get_up_later_on_saturdays() -> None:
    monday, saturday = (
        LocalClock(
            np.full(3, datetime(2026, 6, day, tzinfo=UTC).timestamp() // 86400, dtype=np.int64),
            np.array([7.0, 10.5, 20.0]),
        )
        for day in (15, 20)
    )
    for seed in range(20):
        working, free = _presence(seed, monday), _presence(seed, saturday)
        assert working[0] > free[0]
        assert working[1] < free[1]
        assert working[2] > 0.5


def test_seasons_are_those_of_the_place() -> None:
    def month_mean(place: Place, month: int) -> float:
        return float(
            House(seed=5, place=place, kwh_per_year=5200.0).load_kw(local_minutes(place, 2026, month, 1, 28)).mean()
        )

    assert month_mean(PLACES["paris"], 1) > 1.3 * month_mean(PLACES["paris"], 6), "heating"
    assert month_mean(PLACES["adelaide"], 1) > 1.1 * month_mean(PLACES["adelaide"], 10), "cooling at New Year"
    assert month_mean(PLACES["los_angeles"], 7) > 1.1 * month_mean(PLACES["los_angeles"], 10), "cooling in July"


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 3), st.sampled_from(list(PLACES.values())), st.integers(-10_000_000, 60_000_000))
def test_any_instant_can_be_asked_alone(seed: int, place: Place, minute: int) -> None:
    house = House(seed=seed, place=place, kwh_per_year=4000.0)
    instants = 60.0 * np.arange(minute, minute + 3.0)
    assert [house.load_kw(instants[index : index + 1])[0] for index in range(3)] == house.load_kw(instants).tolist()


@pytest.mark.parametrize(("month", "day"), [(3, 29), (10, 25)])
def test_habits_follow_the_clock_when_it_changes(month: int, day: int) -> None:
    place = PLACES["paris"]
    noon = datetime(2026, month, day, 12, tzinfo=place.time_zone)
    offsets = [(noon + timedelta(days=days)).utcoffset() for days in (-1, 0)]
    assert offsets[0] != offsets[1]
    house = House(seed=5, place=place, kwh_per_year=5200.0)
    for after in (0, 1):  # by the clock, not by the sun: dinner is at the same hour before and after
        midnight = datetime(2026, month, day + 7 * after - 7, tzinfo=place.time_zone)
        evening = [datetime.combine(midnight + timedelta(days=each), midnight.timetz()) for each in range(7)]
        dinner = np.array([(each.replace(hour=19)).timestamp() for each in evening])
        night = np.array([(each.replace(hour=5)).timestamp() for each in evening])
        spans = 60.0 * np.arange(-60.0, 60.0)
        assert (
            house.load_kw((dinner[:, None] + spans).ravel()).mean()
            > 2 * house.load_kw((night[:, None] + spans / 2).ravel()).mean()
        )


def test_a_late_dishwasher_runs_on_after_midnight() -> None:
    dishwasher = next(each for each in APPLIANCES if each.to_hour + each.hours > 24.0)
    minutes = np.arange(120 * 1440)
    clock = LocalClock(20_000 + minutes // 1440, minutes % 1440 / 60.0)
    running = np.concatenate([[0], appliance_kw(dishwasher, 3, clock) > 0.0, [0]]).astype(int)
    begins, ends = np.flatnonzero(np.diff(running) == 1), np.flatnonzero(np.diff(running) == -1)
    assert len(begins) > 60
    assert np.any(begins // 1440 != ends // 1440), "one of them was started late"
    assert ends - begins == pytest.approx(dishwasher.hours * 60.0, abs=1.0)


def test_appliances_run_whole_programmes() -> None:
    hours = np.arange(0.0, 24.0, 1 / 60)
    for appliance in APPLIANCES:
        least = 0.89 * max(kw for _, kw in appliance.programme)
        peaks = [
            float(appliances_kw(seed, LocalClock(np.full(hours.shape, 20_000), hours)).max()) for seed in range(30)
        ]
        assert max(peaks) > least
        assert appliance.from_hour < appliance.to_hour
        assert appliance.hours < 4.0
    day_kwh = [
        float(appliances_kw(seed, LocalClock(np.full(hours.shape, 20_000), hours)).mean()) * 24 for seed in range(60)
    ]
    assert 1.5 < float(np.mean(day_kwh)) < 6.0
    assert float(np.std(day_kwh)) > 0.5
