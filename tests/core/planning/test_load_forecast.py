"""What the house will need, told from what it needed."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from custom_components.energy_optimizer.core.model.forecast import QUANTILES, Forecast, Series
from custom_components.energy_optimizer.core.planning.load_forecast import forecast_load

from .load_pasts import HALF_HOUR, at_local, evening_home, past_of

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 6, 10, 6, tzinfo=UTC)
TWO_DAYS = 96


def nothing_before(now: datetime = NOW, step: timedelta = HALF_HOUR) -> Series:
    return Series(starts_at=now, step=step, values=np.empty(0))


def joined(*parts: Series) -> Series:
    return Series(starts_at=parts[0].starts_at, step=parts[0].step, values=np.concatenate([p.values for p in parts]))


@pytest.mark.parametrize("zone", ["Europe/Paris", "Australia/Sydney", "America/Los_Angeles", "Asia/Kolkata"])
def test_without_a_past_the_usual_household_stands_in(zone: str) -> None:
    forecast = forecast_load(nothing_before(), TWO_DAYS, ZoneInfo(zone))
    mean_kw = np.array([0.175, 0.2, 0.25, 0.2, 0.175]) @ forecast.quantiles
    assert mean_kw.mean() == pytest.approx(0.35, rel=0.1)
    highest = (NOW + int(np.argmax(forecast.p50[:48])) * HALF_HOUR).astimezone(ZoneInfo(zone))
    assert 18 <= highest.hour <= 20
    lowest = (NOW + int(np.argmin(forecast.p50[:48])) * HALF_HOUR).astimezone(ZoneInfo(zone))
    assert 1 <= lowest.hour <= 5
    assert (forecast.p90 > 4.0 * forecast.p10).all()


def test_a_new_home_is_taken_at_its_own_level_within_hours() -> None:
    usual = forecast_load(nothing_before(), TWO_DAYS, PARIS)
    large = forecast_load(past_of(NOW, 6 / 24, PARIS, lambda _: 1.5), TWO_DAYS, PARIS)
    small = forecast_load(past_of(NOW, 6 / 24, PARIS, lambda _: 0.03), TWO_DAYS, PARIS)
    assert large.p50[:24].mean() > 2.5 * usual.p50[:24].mean()
    assert small.p50[:24].mean() < 0.5 * usual.p50[:24].mean()
    assert (large.p90 > 1.5 * large.p10).all()


def test_after_one_day_the_evening_is_its_own() -> None:
    past = past_of(NOW, 1, PARIS, lambda local: 3.0 if local.hour == 15 else 0.2)
    forecast = forecast_load(past, TWO_DAYS, PARIS)
    assert at_local(forecast, PARIS, 0, 15)[4] > 2.0
    assert at_local(forecast, PARIS, 0, 20)[2] < 0.6


@pytest.mark.parametrize(
    ("zone", "now"),
    [
        ("Europe/Paris", datetime(2026, 3, 28, 9, tzinfo=UTC)),
        ("Europe/Paris", datetime(2026, 10, 24, 9, tzinfo=UTC)),
        ("America/Los_Angeles", datetime(2026, 3, 7, 20, tzinfo=UTC)),
        ("Australia/Sydney", datetime(2026, 10, 3, 2, tzinfo=UTC)),
        ("Australia/Sydney", datetime(2026, 4, 4, 2, tzinfo=UTC)),
        ("Australia/Lord_Howe", datetime(2026, 10, 3, 2, tzinfo=UTC)),
        ("Australia/Lord_Howe", datetime(2026, 4, 4, 2, tzinfo=UTC)),
        ("Asia/Kolkata", datetime(2026, 10, 3, 2, tzinfo=UTC)),
    ],
)
def test_habits_follow_the_clock_on_the_wall(zone: str, now: datetime) -> None:
    local = ZoneInfo(zone)
    forecast = forecast_load(past_of(now, 30, local, evening_home), TWO_DAYS, local)
    for hour, high in ((18, False), (19, True), (19.5, True), (20, True), (20.5, True), (21.5, False)):
        p50 = at_local(forecast, local, 1, hour)[2]
        assert p50 == pytest.approx(2.0 if high else 0.3, abs=0.01), hour


def test_hourly_steps_that_begin_at_half_past() -> None:
    kolkata = ZoneInfo("Asia/Kolkata")
    past = past_of(NOW, 20, kolkata, lambda local: 2.0 if local.hour == 19 else 0.3, timedelta(hours=1))
    forecast = forecast_load(past, 48, kolkata)
    assert at_local(forecast, kolkata, 0, 19.5)[2] == pytest.approx(2.0, abs=0.01)
    assert at_local(forecast, kolkata, 0, 18.5)[2] == pytest.approx(0.3, abs=0.01)


def test_weekends_are_told_from_working_days() -> None:
    friday = datetime(2026, 6, 12, 6, tzinfo=UTC)
    past = past_of(
        friday, 35, PARIS, lambda local: 1.5 if local.weekday() >= 5 and local.hour == 13 else 0.4, noise=0.1
    )
    forecast = forecast_load(past, TWO_DAYS, PARIS)
    assert at_local(forecast, PARIS, 0, 13)[2] < 0.6
    assert at_local(forecast, PARIS, 1, 13)[2] > 1.0


def test_what_happens_each_wednesday_shows_in_the_range_of_wednesdays() -> None:
    tuesday = datetime(2026, 6, 9, 6, tzinfo=UTC)
    past = past_of(tuesday, 42, PARIS, lambda local: 2.5 if local.weekday() == 2 and local.hour == 10 else 0.4)
    forecast = forecast_load(past, TWO_DAYS, PARIS)
    assert at_local(forecast, PARIS, 0, 10)[3] == pytest.approx(0.4, abs=0.05)
    assert at_local(forecast, PARIS, 1, 10)[3] > 2.0


@pytest.mark.parametrize("factor", [3.0, 0.3])
def test_a_lasting_change_of_level_is_followed_within_two_days(factor: float) -> None:
    changed = NOW - timedelta(days=2)
    before = past_of(changed, 40, PARIS, evening_home, noise=0.3)
    after = past_of(NOW, 2, PARIS, lambda local: factor * evening_home(local), noise=0.3, seed=2)
    forecast = forecast_load(joined(before, after), TWO_DAYS, PARIS)
    truth = past_of(NOW + timedelta(days=2), 2, PARIS, lambda local: factor * evening_home(local)).values
    assert forecast.p50.mean() == pytest.approx(truth.mean(), rel=0.25)
    one_day = Series(starts_at=before.starts_at, step=HALF_HOUR, values=joined(before, after).values[:-48])
    halfway = forecast_load(one_day, TWO_DAYS, PARIS).quantiles
    assert halfway[0].mean() < truth.mean() < halfway[4].mean() * 1.05


def test_a_single_odd_day_does_not_change_everything() -> None:
    ordinary = past_of(NOW - timedelta(days=1), 40, PARIS, evening_home, noise=0.3)
    party = past_of(NOW, 1, PARIS, lambda local: 4.0 * evening_home(local), noise=0.3, seed=2)
    forecast = forecast_load(joined(ordinary, party), TWO_DAYS, PARIS)
    assert forecast.p50[48:].mean() < 1.7 * ordinary.values.mean()


def test_what_the_last_hour_showed_fades() -> None:
    ordinary = past_of(NOW, 30, PARIS, lambda _: 0.5, noise=0.5)
    surprised = Series(starts_at=ordinary.starts_at, step=HALF_HOUR, values=ordinary.values.copy())
    surprised.values[-2:] = 3.0
    rise = forecast_load(surprised, TWO_DAYS, PARIS).p50 / forecast_load(ordinary, TWO_DAYS, PARIS).p50
    assert rise[0] > 1.3
    assert rise[0] > rise[4:12].mean() > rise[48:].mean()
    assert rise[48:].mean() == pytest.approx(1.0, abs=0.15)


def test_spikes_make_the_range_skewed() -> None:
    rng = np.random.default_rng(5)
    values = np.where(rng.random(48 * 40) < 0.15, 3.0, 0.3) * rng.lognormal(0.0, 0.1, 48 * 40)
    forecast = forecast_load(Series(starts_at=NOW, step=HALF_HOUR, values=values), TWO_DAYS, PARIS)
    assert forecast.p50.mean() < 0.6
    assert forecast.p90.mean() - forecast.p50.mean() > 5.0 * (forecast.p50.mean() - forecast.p10.mean())


def test_as_many_outcomes_lie_below_each_quantile_as_it_says() -> None:
    rng = np.random.default_rng(6)
    level = np.zeros(48 * 90)
    for index in range(1, level.size):
        level[index] = 0.7 * level[index - 1] + 0.7 * rng.normal()
    evenings = past_of(NOW, 90, PARIS, evening_home)
    values = evenings.values * np.exp(0.6 * level)
    below = np.zeros(len(QUANTILES))
    count = 0
    for now in range(48 * 20, values.size - TWO_DAYS, 37):
        past = Series(starts_at=evenings.starts_at, step=HALF_HOUR, values=values[:now])
        truth = values[now : now + TWO_DAYS]
        below += np.count_nonzero(truth < forecast_load(past, TWO_DAYS, PARIS).quantiles, axis=1)
        count += TWO_DAYS
    assert below / count == pytest.approx(QUANTILES, abs=0.04)


@pytest.mark.parametrize("load_kw", [0.0, 0.25, 8.0])
def test_a_load_that_never_changes_is_foretold_as_it_is(load_kw: float) -> None:
    forecast = forecast_load(past_of(NOW, 28, PARIS, lambda _: load_kw), TWO_DAYS, PARIS)
    assert forecast.p50 == pytest.approx(load_kw, abs=0.01)
    assert forecast.p10 == pytest.approx(load_kw, rel=0.1, abs=0.01)
    assert forecast.p90 == pytest.approx(load_kw, rel=0.1, abs=0.01)


def test_a_month_without_measurements_does_not_make_a_home_new() -> None:
    before = past_of(NOW - timedelta(days=31), 30, PARIS, evening_home)
    gap = Series(starts_at=before.ends_at, step=HALF_HOUR, values=np.full(30 * 48, np.nan))
    today = past_of(NOW, 1, PARIS, evening_home)
    for past in (joined(before, gap), joined(before, gap, today)):
        forecast = forecast_load(past, TWO_DAYS, PARIS)
        assert at_local(forecast, PARIS, 0, 19.5)[2] == pytest.approx(2.0, abs=0.1)
        assert at_local(forecast, PARIS, 0, 14.5)[2] == pytest.approx(0.3, abs=0.1)


def test_measurements_in_another_zone_s_time_are_the_same() -> None:
    past = past_of(NOW, 10, PARIS, evening_home, noise=0.4)
    elsewhere = Series(starts_at=past.starts_at.astimezone(ZoneInfo("Asia/Tokyo")), step=past.step, values=past.values)
    first, second = (forecast_load(each, TWO_DAYS, PARIS) for each in (past, elsewhere))
    assert np.array_equal(first.quantiles, second.quantiles)
    assert first.starts_at == second.starts_at


def test_no_steps_ahead_are_no_steps() -> None:
    assert forecast_load(nothing_before(), 0, PARIS).quantiles.shape == (5, 0)


class TestTemperature:
    """A home with a heat pump."""

    now = datetime(2026, 1, 30, 23, tzinfo=UTC)

    def foretold(self, coming_celsius: float) -> Forecast:
        rng = np.random.default_rng(3)
        by_day = np.append(rng.uniform(-5.0, 14.0, 40), [coming_celsius] * 3)
        celsius = np.repeat(by_day, 24)
        load_kw = 0.4 + 0.15 * np.maximum(0.0, 15.0 - celsius[: 40 * 24]) * rng.lognormal(0.0, 0.1, 40 * 24)
        starts_at, hour = self.now - timedelta(days=40), timedelta(hours=1)
        past = Series(starts_at=starts_at, step=hour, values=load_kw)
        temperature = Series(starts_at=starts_at, step=hour, values=celsius)
        return forecast_load(past, 48, PARIS, temperature=temperature)

    def test_cold_days_are_foretold_from_cold_days(self) -> None:
        assert self.foretold(-4.0).p50.mean() == pytest.approx(0.4 + 0.15 * 19.0, rel=0.15)
        assert 0.5 < self.foretold(13.0).p50.mean() < 1.2

    def test_days_colder_than_any_are_foretold_from_the_coldest(self) -> None:
        assert self.foretold(-12.0).p50.mean() > 0.9 * self.foretold(-5.0).p50.mean()

    def test_an_unknown_temperature_is_none(self) -> None:
        past = past_of(NOW, 20, PARIS, evening_home, noise=0.4)
        unknown = Series(starts_at=past.starts_at, step=HALF_HOUR, values=np.full(past.values.size + TWO_DAYS, np.nan))
        with_it = forecast_load(past, TWO_DAYS, PARIS, temperature=unknown)
        assert np.array_equal(with_it.quantiles, forecast_load(past, TWO_DAYS, PARIS).quantiles)
