"""What is foretold of prices, beside what they turn out to be."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from custom_components.energy_optimizer.core.model.forecast import Floats, Forecast, Series
from custom_components.energy_optimizer.core.planning.price_forecast import forecast_prices

PARIS = ZoneInfo("Europe/Paris")
BRISBANE = ZoneInfo("Australia/Brisbane")
HALF_HOUR = timedelta(minutes=30)
PER_DAY = 48


def series(start: datetime, values: Floats) -> Series:
    return Series(starts_at=start, step=HALF_HOUR, values=values)


def local_times(start: datetime, count: int, zone: ZoneInfo) -> list[datetime]:
    return [(start + number * HALF_HOUR).astimezone(zone) for number in range(count)]


def evening_tariff(start: datetime, count: int, zone: ZoneInfo, holiday: date | None = None) -> Floats:
    """Return a tariff that is dear on working evenings."""
    times = local_times(start, count, zone)
    return np.array(
        [
            0.4 if 17 <= at.hour < 21 and at.weekday() < 5 and at.date() != holiday else 0.1 + 0.001 * at.hour
            for at in times
        ]
    )


def split(whole: Series, now: int, count: int, published: int) -> tuple[Series, Series]:
    ahead = whole.values[now : now + count].copy()
    ahead[published:] = np.nan
    return series(whole.starts_at, whole.values[:now].copy()), series(whole.starts_at + now * HALF_HOUR, ahead)


def expected(forecast: Forecast) -> Floats:
    mean: Floats = np.array([0.175, 0.175, 0.3, 0.175, 0.175]) @ forecast.quantiles
    return mean


def market(seed: int, days: int) -> Floats:
    """Return prices whose level wanders from day to day and whose shape has its noon and its evening."""
    random = np.random.default_rng(seed)
    level = np.zeros(days)
    for day in range(1, days):
        level[day] = 0.7 * level[day - 1] + random.normal(0.0, 0.03)
    hours = np.arange(days * PER_DAY) % PER_DAY / 2.0
    shape = 0.1 - 0.08 * np.exp(-(((hours - 13.0) / 3.0) ** 2)) + 0.1 * np.exp(-(((hours - 19.0) / 2.0) ** 2))
    prices: Floats = np.repeat(level, PER_DAY) + shape + random.normal(0.0, 0.01, days * PER_DAY)
    return prices


def test_published_prices_are_what_they_are() -> None:
    whole = series(datetime(2025, 3, 3, tzinfo=UTC), market(1, 20) - 0.1)
    past, known = split(whole, 15 * PER_DAY, 96, 30)
    forecast = forecast_prices(past, known, 96, PARIS)
    assert forecast.starts_at == past.ends_at
    assert np.array_equal(forecast.quantiles[:, :30], np.repeat(known.values[None, :30], 5, axis=0))
    assert known.values[:30].min() < 0.0
    assert np.all(forecast.p90[30:] > forecast.p10[30:])


@pytest.mark.parametrize("change", [datetime(2025, 3, 30, tzinfo=UTC), datetime(2025, 10, 26, tzinfo=UTC)])
def test_hours_are_those_of_the_wall_on_both_sides_of_a_clock_change(change: datetime) -> None:
    start = change - timedelta(days=35)
    whole = series(start, evening_tariff(start, 50 * PER_DAY, PARIS))
    for days in (34, 35, 36, 38):
        past, known = split(whole, days * PER_DAY + 20, 96, 4)
        came = whole.values[days * PER_DAY + 20 :][:96]
        forecast = forecast_prices(past, known, 96, PARIS)
        missed = np.abs(forecast.p50 - came) > 0.002
        assert np.count_nonzero(missed) <= 2, f"{days}: {np.flatnonzero(missed)}"  # the hour that came twice or never


def test_a_holiday_is_a_sunday() -> None:
    start = datetime(2025, 3, 31, tzinfo=UTC)
    holiday = date(2025, 5, 1)
    whole = series(start, evening_tariff(start, 40 * PER_DAY, PARIS, holiday))
    past, known = split(whole, 30 * PER_DAY + 30, 96, 1)
    came = whole.values[30 * PER_DAY + 30 :][:96]
    assert np.abs(forecast_prices(past, known, 96, PARIS, holidays={holiday}).p50 - came).max() < 0.005
    assert np.abs(forecast_prices(past, known, 96, PARIS).p50 - came).max() > 0.2


def test_beyond_the_published_end_it_beats_the_same_time_of_the_last_day() -> None:
    ours, same_time, below = [], [], []
    for seed in range(6):
        whole = series(datetime(2025, 1, 6, tzinfo=UTC), market(seed, 70))
        for now in range(40 * PER_DAY + 26, 66 * PER_DAY, 61):
            past, known = split(whole, now, 72, 24)
            came = whole.values[now + 24 : now + 72]
            forecast = forecast_prices(past, known, 72, BRISBANE)
            ours.append(np.abs(forecast.p50[24:] - came).mean())
            same_time.append(np.abs(whole.values[now - 24 : now + 24] - came).mean())
            below.append((came <= forecast.quantiles[:, 24:]).mean(axis=1))
    assert np.mean(ours) < 0.9 * np.mean(same_time)
    assert np.mean(below, axis=0) == pytest.approx((0.1, 0.25, 0.5, 0.75, 0.9), abs=0.06)


def spiky(come_true: float) -> tuple[Series, Series]:
    """Return prices and their forecasts, which have a spike each second evening that comes true so often."""
    random = np.random.default_rng(3)
    prices = market(3, 60) + 0.2
    foretold = prices + random.normal(0.0, 0.005, prices.size)
    for number, evening in enumerate(range(38, prices.size - PER_DAY, 2 * PER_DAY)):
        foretold[evening : evening + 2] = 5.0 + 0.1 * number
        if random.random() < come_true:
            prices[evening : evening + 2] = 5.0 + 0.1 * number
    start = datetime(2025, 1, 6, tzinfo=UTC)
    return series(start, prices), series(start, foretold)


def at_spike(come_true: float) -> Forecast:
    prices, foretold = spiky(come_true)
    now = 50 * PER_DAY + 26
    past, known = split(prices, now, PER_DAY, 1)
    forecast = forecast_prices(past, known, PER_DAY, BRISBANE, given=foretold)
    return Forecast(starts_at=forecast.starts_at, step=HALF_HOUR, quantiles=forecast.quantiles[:, 12:14])


def test_spikes_that_mostly_do_not_come_are_not_believed() -> None:
    spike = at_spike(0.08)
    assert spike.p50.max() < 0.6
    assert expected(spike).max() < 2.0


def test_spikes_that_always_come_are_believed() -> None:
    assert at_spike(1.0).p50.min() > 4.0


def test_an_hour_that_forecasts_miss_is_corrected() -> None:
    whole = series(datetime(2025, 1, 6, tzinfo=UTC), market(5, 50))
    foretold = whole.values.reshape(-1, PER_DAY).copy()
    foretold[:, 36:42] -= 0.08
    now = 45 * PER_DAY + 20
    past, known = split(whole, now, PER_DAY, 1)
    forecast = forecast_prices(past, known, PER_DAY, BRISBANE, given=series(whole.starts_at, foretold.reshape(-1)))
    came = whole.values[now : now + PER_DAY]
    assert np.abs(forecast.p50 - came)[16:22].mean() < 0.02
    assert np.abs(forecast.p50 - came).mean() < 0.01


def test_the_error_of_the_present_lasts_a_while() -> None:
    whole = series(datetime(2025, 1, 6, tzinfo=UTC), market(6, 50))
    random = np.random.default_rng(6)
    foretold = series(whole.starts_at, whole.values + random.normal(0.0, 0.02, whole.values.size))
    now = 45 * PER_DAY + 20
    past, known = split(whole, now, PER_DAY, 1)
    usual = forecast_prices(past, known, PER_DAY, BRISBANE, given=foretold).p50
    past.values[-2:] += 0.2
    known.values[0] += 0.2
    higher = forecast_prices(past, known, PER_DAY, BRISBANE, given=foretold).p50 - usual
    assert higher[1] > 0.04
    assert np.abs(higher[-12:]).max() < 0.03


def test_steps_that_nobody_foretold_go_on_from_those_foretold() -> None:
    """A dear day is foretold; the day after it is dearer than usual, too."""
    whole = series(datetime(2025, 1, 6, tzinfo=UTC), market(8, 50))
    now = 45 * PER_DAY
    past, known = split(whole, now, 96, 1)
    levels = []
    for extra in (0.0, 0.15):
        foretold = whole.values.copy()
        foretold[now + PER_DAY :] = np.nan
        foretold[now : now + PER_DAY] = whole.values[now - PER_DAY : now] + extra
        forecast = forecast_prices(past, known, 96, BRISBANE, given=series(whole.starts_at, foretold))
        assert np.isfinite(forecast.quantiles).all()
        levels.append(forecast.p50[PER_DAY:].mean())
    assert levels[1] > levels[0] + 0.03


def test_a_forecast_without_a_number_is_none() -> None:
    whole = series(datetime(2025, 1, 6, tzinfo=UTC), market(9, 30))
    past, known = split(whole, 25 * PER_DAY + 7, 96, 20)
    nothing = series(whole.starts_at, np.full(whole.values.size, np.nan))
    with_nothing = forecast_prices(past, known, 96, PARIS, given=nothing)
    assert np.array_equal(with_nothing.quantiles, forecast_prices(past, known, 96, PARIS).quantiles)


def test_what_comes_later_changes_nothing() -> None:
    prices, foretold = spiky(0.3)
    now = 40 * PER_DAY
    past, known = split(prices, now, 60, 3)
    short = series(foretold.starts_at, foretold.values[: now + 60])
    asked = [forecast_prices(past, known, 60, BRISBANE, given=each).quantiles for each in (foretold, short)]
    assert np.array_equal(*asked)
    longer = series(known.starts_at, np.append(known.values, [9.0] * 20))
    assert np.array_equal(forecast_prices(past, longer, 60, BRISBANE, given=short).quantiles, asked[0])


def test_a_hole_is_filled() -> None:
    whole = series(datetime(2025, 1, 6, tzinfo=UTC), market(2, 30))
    past, known = split(whole, 25 * PER_DAY, 48, 48)
    known.values[10:14] = np.nan
    forecast = forecast_prices(past, known, 48, BRISBANE)
    assert forecast.p50[10:14] == pytest.approx(whole.values[25 * PER_DAY + 10 :][:4], abs=0.05)
    assert np.array_equal(forecast.p50[14:], known.values[14:])


def test_the_first_day_repeats_what_is_published() -> None:
    start = datetime(2025, 1, 6, tzinfo=UTC)
    known = series(start, np.append(market(1, 1), np.full(48, np.nan)))
    forecast = forecast_prices(series(start, np.array([])), known, 96, PARIS)
    assert forecast.p50[48:] == pytest.approx(known.values[:48], abs=0.05)
    assert np.all(forecast.p90[48:] > forecast.p10[48:])


def test_no_price_at_all_stays_unknown() -> None:
    start = datetime(2025, 1, 6, tzinfo=UTC)
    nothing = series(start, np.full(4, np.nan))
    assert np.isnan(forecast_prices(nothing, series(nothing.ends_at, np.full(4, np.nan)), 8, PARIS).quantiles).all()


@pytest.mark.parametrize("minutes", [0, 7])
def test_steps_divide_the_day(minutes: int) -> None:
    nothing = Series(starts_at=datetime(2025, 1, 6, tzinfo=UTC), step=timedelta(minutes=minutes), values=np.array([]))
    with pytest.raises(ValueError, match="divide the day"):
        forecast_prices(nothing, nothing, 4, PARIS)


def test_steps_are_alike() -> None:
    nothing = series(datetime(2025, 1, 6, tzinfo=UTC), np.array([]))
    other = Series(starts_at=nothing.starts_at, step=timedelta(minutes=5), values=np.array([]))
    with pytest.raises(ValueError, match="must be alike"):
        forecast_prices(nothing, other, 4, PARIS)
    with pytest.raises(ValueError, match="must be alike"):
        forecast_prices(nothing, nothing, 4, PARIS, given=other)
