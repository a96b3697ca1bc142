"""Real homes, played for ever."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.energy_optimizer.core.model.place import Place
from custom_components.energy_optimizer.core.simulation.series import HomeSeries, Replay

PARIS = Place(latitude=48.85, longitude=2.35, time_zone=ZoneInfo("Europe/Paris"))
GREENWICH = Place(latitude=51.5, longitude=0.0, time_zone=ZoneInfo("UTC"))
HOUR = timedelta(hours=1)
MONDAY = datetime(2024, 1, 1, tzinfo=UTC)


def sunny(hours: int, noon: int = 12) -> list[float | None]:
    return [max(0.0, 4.0 - abs(hour % 24 - noon)) for hour in range(hours)]


def numbered(days: int, start: datetime = MONDAY, step: timedelta = HOUR, **gaps: list[int]) -> HomeSeries:
    """Return a series whose load tells its day and hour: 5.13 is the fifth day at 13 h."""
    count = int(days * timedelta(days=1) / step)
    load: list[float | None] = [
        round(index * step / timedelta(days=1) // 1 + (index * step % timedelta(days=1)) / HOUR / 100, 4)
        for index in range(count)
    ]
    solar = sunny(count)
    for index in gaps.get("load", []):
        load[index] = None
    for index in gaps.get("solar", []):
        solar[index] = None
    return HomeSeries.of(starts_at=start, step=step, load_kw=load, solar_kw=solar)


def played(series: HomeSeries, place: Place, *instants: datetime) -> tuple[list[float], list[float]]:
    load, solar = Replay(series, place).powers_kw(np.array([instant.timestamp() for instant in instants]))
    return load.tolist(), solar.tolist()


def test_measured_time_is_played_as_it_was() -> None:
    series = numbered(40)
    instants = [MONDAY + timedelta(minutes=17 * number) for number in range(3000)]
    for place in (GREENWICH, PARIS):
        load, solar = played(series, place, *instants)
        index = [int((instant - MONDAY) / HOUR) for instant in instants]
        assert load == [series.load_kw[each] for each in index]
        assert solar == [series.solar_kw[each] for each in index]


def test_the_doubled_hour_is_played_as_it_was() -> None:
    series = numbered(3, datetime(2024, 10, 26, tzinfo=UTC))
    instants = [datetime(2024, 10, 26, 20, tzinfo=UTC) + timedelta(minutes=15 * number) for number in range(40)]
    load, _ = played(series, PARIS, *instants)
    assert load == [series.load_kw[20 + number // 4] for number in range(40)]


def test_a_year_keeps_clock_weekday_and_season() -> None:
    series = numbered(366)
    for year in (2019, 2026, 2031):
        for month, day, hour in ((1, 1, 0), (2, 28, 7), (7, 14, 12), (12, 31, 23)):
            instant = datetime(year, month, day, hour, 30, tzinfo=UTC)
            (load,), _ = played(series, GREENWICH, instant)
            source = MONDAY + timedelta(days=int(load))
            assert round(load % 1 * 100) == hour
            assert source.weekday() == instant.weekday()
            apart = abs((source.timetuple().tm_yday - instant.timetuple().tm_yday + 183) % 366 - 183)
            assert apart <= 7


def test_leap_day_is_played_in_any_year() -> None:
    (load,), _ = played(
        numbered(365, datetime(2025, 1, 1, tzinfo=UTC)), GREENWICH, datetime(2028, 2, 29, 8, tzinfo=UTC)
    )
    assert 52 <= int(load) <= 66
    assert round(load % 1 * 100) == 8


@pytest.mark.parametrize("days", [7, 10, 20])
def test_weeks_keep_their_weekdays(days: int) -> None:
    for ahead in range(100, 130):
        instant = MONDAY + timedelta(days=ahead, hours=15)
        (load,), _ = played(numbered(days), GREENWICH, instant)
        assert int(load) % 7 == ahead % 7
        assert round(load % 1 * 100) == 15


def test_one_day_is_enough() -> None:
    assert played(numbered(1), GREENWICH, MONDAY + timedelta(days=900, hours=5))[0] == [0.05]


def test_gaps_are_filled_by_a_like_day_and_never_by_zero() -> None:
    gap = list(range(24 * 8 + 10, 24 * 8 + 14))  # a Tuesday, 10 to 14 h
    series = numbered(28, load=gap, solar=gap[:1])
    (in_gap, beside), (solar, _) = played(
        series, GREENWICH, MONDAY + timedelta(days=8, hours=10), MONDAY + timedelta(days=8, hours=14)
    )
    assert in_gap in (1.1, 15.1), "the Tuesday before or after"
    assert beside == 8.14
    assert solar == 2.0, "another day's sun of the same hour"


def test_local_clock_is_kept_over_its_changes() -> None:
    winter = numbered(28, datetime(2024, 1, 1, tzinfo=ZoneInfo("Europe/Paris")))
    summer_noon = datetime(2026, 7, 15, 12, 30, tzinfo=ZoneInfo("Europe/Paris"))
    (load,), _ = played(winter, PARIS, summer_noon)
    assert round(load % 1 * 100) == 12
    for day in (datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)):
        instants = [day + timedelta(minutes=15 * number) - timedelta(hours=3) for number in range(120)]
        load_kw, _ = played(winter, PARIS, *instants)
        clocks = [instant.astimezone(PARIS.time_zone).hour for instant in instants]
        assert [round(each % 1 * 100) for each in load_kw] == clocks


@settings(max_examples=25, deadline=None)
@given(
    st.integers(1, 20),
    st.sampled_from([900, 1800, 3600, 2700, 600]),
    st.sets(st.integers(0, 3000), max_size=600),
    st.sampled_from(["Asia/Kolkata", "Australia/Adelaide", "Europe/Paris"]),
    st.integers(0, 2_000_000_000),
)
def test_every_instant_has_powers(days: int, step_s: int, missing: set[int], zone: str, at_s: int) -> None:
    step = timedelta(seconds=step_s)
    count = int(timedelta(days=days) / step)
    try:
        series = numbered(days, MONDAY, step, load=[each for each in missing if each < count])
    except ValueError as err:
        assert "measured at" in str(err)  # noqa: PT017 - a random series may rightly be refused
        return
    place = Place(latitude=10.0, longitude=0.0, time_zone=ZoneInfo(zone))
    load, solar = Replay(series, place).powers_kw(at_s + 60.0 * np.arange(1500.0))
    assert np.all(np.isfinite(load))
    assert np.all(np.isfinite(solar))
    # A day too short to hold every time of day is filled with means of what was measured near it.
    assert np.nanmin(series.load_kw) - 1e-9 <= load.min()
    assert load.max() <= np.nanmax(series.load_kw) + 1e-9


def test_a_home_from_afar_has_its_noon_at_noon() -> None:
    california = HomeSeries.of(starts_at=MONDAY, step=HOUR, load_kw=[1.0] * 24 * 14, solar_kw=sunny(24 * 14, noon=20))
    assert california.solar_noon_s == pytest.approx(20.5 * 3600, abs=60)
    hours = [datetime(2026, 6, 15, hour, 30, tzinfo=UTC) for hour in range(24)]
    _, solar = played(california, GREENWICH, *hours)
    assert int(np.argmax(solar)) in (11, 12)
    at_home = Place(latitude=34.0, longitude=-118.0, time_zone=ZoneInfo("America/Los_Angeles"))
    _, solar = played(california, at_home, *[MONDAY + hour * HOUR for hour in range(24)])
    assert solar == california.solar_kw[:24].tolist(), "at home it is not moved"


def test_a_home_without_sun_is_not_moved() -> None:
    series = HomeSeries.of(starts_at=MONDAY, step=HOUR, load_kw=list(range(24)), solar_kw=[0.0] * 24)
    assert series.solar_noon_s is None
    assert played(series, PARIS, MONDAY + 5 * HOUR)[0] == [5.0]


@pytest.mark.parametrize(
    ("load", "solar", "step", "message"),
    [
        ([1.0] * 23, [0.0] * 23, HOUR, "load was on no day measured at 23:00"),
        ([1.0] * 24, [0.0] * 23 + [None], HOUR, "solar was on no day measured at 23:00"),
        ([1.0] * 24, [0.0] * 25, HOUR, "24 loads stand beside 25"),
        ([1.0] * 23 + [-1.0], [0.0] * 24, HOUR, "load has values below 0"),
        ([1.0] * 24, [0.0] * 24, timedelta(hours=12), "interval is 12:00:00"),
    ],
)
def test_series_that_cannot_be_played_are_refused(
    load: list[float | None], solar: list[float | None], step: timedelta, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        HomeSeries.of(starts_at=MONDAY, step=step, load_kw=load, solar_kw=solar)


def test_digest_tells_series_apart() -> None:
    assert numbered(3).digest == numbered(3).digest
    assert len({numbered(3).digest, numbered(4).digest, numbered(3, MONDAY + HOUR).digest}) == 3
