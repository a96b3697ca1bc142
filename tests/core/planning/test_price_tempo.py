"""Tempo beyond the published colours."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.energy_optimizer.core.planning.price_tempo import colour_chances, tempo_prices
from custom_components.energy_optimizer.core.tariffs.tempo import TempoTariff
from custom_components.energy_optimizer.core.tariffs.tempo_prices import PUBLISHED
from custom_components.energy_optimizer.core.tariffs.tempo_rules import Colour, allowed_colours, season_of

DAY = timedelta(days=1)
HALF_HOUR = timedelta(minutes=30)
PARIS = ZoneInfo("Europe/Paris")
PARTS = np.array([0.175, 0.175, 0.3, 0.175, 0.175])
WEDNESDAY = date(2026, 1, 14)
RED, WHITE = 2, 1


def season_until(last: date, *, red: int, white: int, of_last: Colour) -> dict[date, Colour]:
    """Return a season's days up to *last*, the first possible ones of them red and white."""
    left = {Colour.RED: red, Colour.WHITE: white, Colour.BLUE: 400}
    days: dict[date, Colour] = {}
    day = date(season_of(last), 9, 1)
    while day < last:
        colour = next(each for each in (Colour.RED, Colour.WHITE, Colour.BLUE) if left[each] and each in _may(day))
        left[colour] -= 1
        days[day] = colour
        day += DAY
    return days | {last: of_last}


def _may(day: date) -> tuple[Colour, ...]:
    return allowed_colours(day) if day.month in {11, 12, 1, 2, 3} else (Colour.BLUE,)


def chance(known: Mapping[date, Colour], day: date, colour: int) -> float:
    return float(colour_chances(known, day, day)[day][colour])


def tariff(colours: Mapping[date, Colour], today: date) -> TempoTariff:
    return TempoTariff(colours=colours, today=today, periods=PUBLISHED)


def test_cold_days_come_in_rows() -> None:
    red, white, blue = (
        chance(season_until(WEDNESDAY, red=10, white=15, of_last=colour), WEDNESDAY + DAY, RED)
        for colour in (Colour.RED, Colour.WHITE, Colour.BLUE)
    )
    assert red > 0.5
    assert red > 2.0 * white > 4.0 * blue > 0.0


def test_a_row_is_forgotten() -> None:
    known = season_until(WEDNESDAY, red=10, white=15, of_last=Colour.RED)
    chances = colour_chances(known, WEDNESDAY + DAY, WEDNESDAY + 14 * DAY)
    assert chances[WEDNESDAY + DAY][RED] > chances[WEDNESDAY + 2 * DAY][RED] > chances[WEDNESDAY + 14 * DAY][RED]


def test_a_row_goes_on_after_the_weekend() -> None:
    friday = date(2026, 1, 16)
    for colour, least, most in ((Colour.RED, 0.5, 1.0), (Colour.BLUE, 0.0, 0.2)):
        known = season_until(friday, red=10, white=15, of_last=colour)
        assert least < chance(known, friday + 3 * DAY, RED) < most


def test_days_that_must_be_used_are_likelier() -> None:
    late = date(2026, 3, 11)
    few, many = (season_until(late, red=red, white=35, of_last=Colour.WHITE) for red in (21, 10))
    assert chance(many, late + DAY, RED) > 2.0 * chance(few, late + DAY, RED)


def test_days_that_are_used_up_do_not_come() -> None:
    known = season_until(WEDNESDAY, red=22, white=0, of_last=Colour.WHITE)
    assert chance(known, WEDNESDAY + DAY, RED) == 0.0
    gap = {day: colour for day, colour in known.items() if day != date(2025, 9, 9)}
    assert chance(gap, WEDNESDAY + DAY, RED) == 0.0


def test_nobody_knows_a_colour() -> None:
    chances = colour_chances({}, WEDNESDAY, WEDNESDAY + 5 * DAY)
    assert 0.2 < chances[WEDNESDAY][RED] < 0.6
    assert chances[date(2026, 1, 17)][RED] == 0.0
    assert chances[date(2026, 1, 18)] == pytest.approx([1.0, 0.0, 0.0])


@settings(max_examples=60, deadline=None)
@given(
    st.dates(date(2024, 9, 1), date(2030, 8, 31)),
    st.integers(0, 20),
    st.lists(st.sampled_from(Colour), max_size=40),
)
def test_chances_keep_the_rules(first: date, ahead: int, colours: list[Colour]) -> None:
    known = {first - (number + 1) * DAY: colour for number, colour in enumerate(colours)}
    chances = colour_chances(known, first, first + ahead * DAY)
    assert list(chances) == [first + number * DAY for number in range(ahead + 1)]
    for day, each in chances.items():
        assert each.sum() == pytest.approx(1.0)
        assert np.all(each >= 0.0)
        for number, colour in enumerate(Colour):
            assert colour in allowed_colours(day) or each[number] == 0.0


def test_published_days_are_sure_and_the_expected_price_is_that_of_the_chances() -> None:
    known = season_until(WEDNESDAY, red=10, white=15, of_last=Colour.RED)
    known[WEDNESDAY + DAY] = Colour.WHITE
    start = datetime(2026, 1, 14, 12, tzinfo=PARIS)
    forecast = tempo_prices(tariff(known, WEDNESDAY), start, HALF_HOUR, 144)
    assert forecast is not None
    assert forecast.quantiles.shape == (5, 144)
    assert np.all(np.diff(forecast.quantiles, axis=0) >= -1e-12)
    prices = PUBLISHED[2].per_kwh
    assert np.all(forecast.quantiles[:, :20] == prices["red_peak"])
    assert np.all(forecast.quantiles[:, 20:36] == prices["red_off_peak"])  # 22:00 to 06:00
    assert np.all(forecast.quantiles[:, 36:68] == prices["white_peak"])
    chances = colour_chances(known, WEDNESDAY + 2 * DAY, WEDNESDAY + 2 * DAY)[WEDNESDAY + 2 * DAY]
    mean = chances @ [prices["blue_peak"], prices["white_peak"], prices["red_peak"]]
    assert PARTS @ forecast.quantiles[:, 84:116] == pytest.approx(np.full(32, mean))
    assert forecast.p90[90] > forecast.p10[90]


def test_clocks_are_those_of_paris() -> None:
    known = {date(2026, 3, 28): Colour.BLUE, date(2026, 3, 29): Colour.BLUE}
    start = datetime(2026, 3, 28, 12, tzinfo=UTC)
    forecast = tempo_prices(tariff(known, date(2026, 3, 28)), start, timedelta(hours=1), 24)
    assert forecast is not None
    prices = PUBLISHED[3].per_kwh
    dear = [start + hour * timedelta(hours=1) for hour in np.flatnonzero(forecast.p50 == prices["blue_peak"]).tolist()]
    assert dear[:9] == [start + hour * timedelta(hours=1) for hour in range(9)]  # to 22:00, winter time
    assert dear[9] == datetime(2026, 3, 29, 4, tzinfo=UTC)  # 06:00, summer time


def test_without_prices_there_is_none() -> None:
    rules = TempoTariff(colours={WEDNESDAY: Colour.BLUE}, today=WEDNESDAY, periods=())
    assert tempo_prices(rules, datetime(2026, 1, 14, tzinfo=UTC), HALF_HOUR, 4) is None
    assert tempo_prices(tariff({}, WEDNESDAY), datetime(2026, 1, 14, tzinfo=UTC), HALF_HOUR, 0) is None
