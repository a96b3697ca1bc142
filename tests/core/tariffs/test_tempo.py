"""The Tempo tariff: the price of every hour, on the nights of the clock changes too, and what is not known."""

import csv
import gzip
import os
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.energy_optimizer.core.model.price import Certainty
from custom_components.energy_optimizer.core.tariffs import BEGINNING, FOREVER
from custom_components.energy_optimizer.core.tariffs.tempo import TempoTariff
from custom_components.energy_optimizer.core.tariffs.tempo_prices import (
    PRICE_KEYS,
    PUBLISHED,
    TempoPrices,
    prices_on,
    with_own,
)
from custom_components.energy_optimizer.core.tariffs.tempo_rules import Colour, tempo_day
from tests.servers.tempo_year import paris, season

REAL_HOMES = os.environ.get("REAL_HOMES")
BLUE, WHITE, RED = Colour
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


def tariff(colours: dict[date, Colour], today: date | None = None, **kw: object) -> TempoTariff:
    return TempoTariff(
        colours=colours,
        today=today or max(colours, default=date(2026, 11, 20)),
        **({"periods": PUBLISHED, "export_per_kwh": 0.04} | kw),
    )


@pytest.mark.parametrize(
    ("instant", "tier", "price"),
    [
        (paris(2026, 11, 21, 5, 59), "Blanc HC", 0.1536),
        (paris(2026, 11, 21, 6, 0), "Bleu HP", 0.1654),
        (paris(2026, 11, 23, 5, 59), "Bleu HC", 0.1356),
        (paris(2026, 11, 23, 6, 0), "Rouge HP", 0.7295),
        (paris(2026, 11, 23, 21, 59), "Rouge HP", 0.7295),
        (paris(2026, 11, 23, 22, 0), "Rouge HC", 0.1615),
        (paris(2026, 11, 24, 0, 0), "Rouge HC", 0.1615),
        (paris(2026, 11, 24, 5, 59), "Rouge HC", 0.1615),
        (paris(2026, 11, 24, 6, 0), "Blanc HP", 0.1921),
    ],
)
def test_the_price_of_an_hour(instant: datetime, tier: str, price: float) -> None:
    colours = {date(2026, 11, 20) + number * DAY: each for number, each in enumerate((WHITE, BLUE, BLUE, RED, WHITE))}
    slot = tariff(colours).at(instant)
    assert (slot.tier, slot.import_per_kwh, slot.export_per_kwh) == (tier, price, 0.04)
    assert slot.certainty is Certainty.PUBLISHED


@pytest.mark.parametrize("change", [date(2026, 3, 29), date(2026, 10, 25)])
def test_the_nights_around_a_clock_change(change: date) -> None:
    colours = {change + number * DAY: each for number, each in enumerate((WHITE, WHITE, BLUE, WHITE), -2)}
    known = tariff(colours)
    prices = prices_on(change, PUBLISHED)
    assert prices is not None
    for number, before, colour in ((-1, WHITE, WHITE), (0, WHITE, BLUE), (1, BLUE, WHITE)):
        day = change + number * DAY
        expected = {
            (5, 59): prices.price(before, peak=False),
            (6, 0): prices.price(colour, peak=True),
            (21, 59): prices.price(colour, peak=True),
            (22, 0): prices.price(colour, peak=False),
        }
        for (hour, minute), price in expected.items():
            assert known.at(paris(day.year, day.month, day.day, hour, minute)).import_per_kwh == price, (day, hour)
    night = known.at(paris(change.year, change.month, change.day, 1, 0))
    assert night.ends_at - night.starts_at == timedelta(hours=7 if change.month == 3 else 9)


def test_the_home_may_stand_in_another_zone() -> None:
    known = tariff({date(2026, 11, 23): RED})
    reunion = ZoneInfo("Indian/Reunion")
    assert known.at(datetime(2026, 11, 23, 8, 59, tzinfo=reunion)).tier == ""
    assert known.at(datetime(2026, 11, 23, 9, 0, tzinfo=reunion)).tier == "Rouge HP"


def test_new_prices_hold_from_midnight_within_the_night() -> None:
    known = tariff({date(2026, 7, 31): BLUE, date(2026, 8, 1): BLUE})
    found = list(known.slots(paris(2026, 7, 31, 12), paris(2026, 8, 1, 12)))
    assert [(slot.starts_at, slot.tier, slot.import_per_kwh) for slot in found] == [
        (paris(2026, 7, 31, 6), "Bleu HP", 0.1612),
        (paris(2026, 7, 31, 22), "Bleu HC", 0.1325),
        (paris(2026, 8, 1, 0), "Bleu HC", 0.1356),
        (paris(2026, 8, 1, 6), "Bleu HP", 0.1654),
    ]


def test_before_the_first_known_prices_the_colour_is_known_and_the_price_is_not() -> None:
    known = tariff({date(2024, 1, 31): RED, date(2024, 2, 1): RED})
    assert known.at(paris(2024, 1, 31, 12)).import_per_kwh is None
    assert known.at(paris(2024, 1, 31, 12)).tier == "Rouge HP"
    assert known.at(paris(2024, 2, 1, 0)).import_per_kwh == 0.1568


def test_an_unknown_tomorrow_is_the_dearest_it_may_be() -> None:
    thursday = date(2026, 11, 19)
    known = tariff({thursday: BLUE})
    friday, saturday = known.at(paris(2026, 11, 20, 12)), known.at(paris(2026, 11, 21, 12))
    assert (friday.import_per_kwh, friday.certainty, friday.tier) == (0.7295, Certainty.FORECAST, "")
    assert (saturday.import_per_kwh, saturday.certainty) == (0.1921, Certainty.FORECAST), "red is impossible"
    assert known.at(paris(2026, 11, 22, 12)).import_per_kwh is None, "the planner has forecasts of its own"
    assert known.known_until == paris(2026, 11, 20, 6)


def test_an_unknown_tomorrow_in_summer_or_after_the_last_red_day() -> None:
    assert tariff({date(2026, 7, 1): BLUE}).at(paris(2026, 7, 2, 12)).import_per_kwh == 0.1871
    assert tariff({date(2026, 7, 4): BLUE}).at(paris(2026, 7, 5, 12)).import_per_kwh == 0.1612, "a Sunday is blue"
    used = {date(2026, 11, 2) + number * DAY: BLUE for number in range(60)}
    for day in [day for day in used if day.weekday() < 5][:22]:
        used[day] = RED
    last = max(used)
    assert tariff(used).at(paris(2027, 1, 4, 12) - 3 * DAY).certainty is Certainty.FORECAST
    assert RED not in {used[day] for day in used if day > last - 5 * DAY}
    forecast = tariff(used | {last + number * DAY: BLUE for number in range(1, 4)})
    assert forecast.at(paris(2027, 1, 4, 12)).import_per_kwh == 0.1921, "no red day is left"


def test_a_day_without_a_colour_in_the_past_has_no_price() -> None:
    colours = {date(2026, 11, 16): BLUE, date(2026, 11, 18): BLUE}
    known = tariff(colours)
    hole = known.at(paris(2026, 11, 17, 12))
    assert (hole.import_per_kwh, hole.tier) == (None, "")
    assert known.at(paris(2026, 11, 18, 12)).import_per_kwh == 0.1654


def test_after_days_of_outage_today_is_planned_for_with_the_dearest() -> None:
    known = tariff({date(2026, 11, 16): BLUE}, today=date(2026, 11, 19))
    assert known.at(paris(2026, 11, 18, 12)).import_per_kwh is None
    assert known.at(paris(2026, 11, 19, 12)).import_per_kwh == 0.7295
    assert known.known_until == paris(2026, 11, 19, 6)


def test_who_knows_nothing_says_nothing() -> None:
    slot = tariff({}).at(paris(2026, 11, 20, 12))
    assert (slot.starts_at, slot.ends_at, slot.tier, slot.import_per_kwh) == (BEGINNING, FOREVER, "", None)
    assert tariff({}).known_until == BEGINNING


def test_a_colour_that_may_change_is_an_estimate() -> None:
    known = tariff({date(2026, 11, 20): RED}, provisional=frozenset({date(2026, 11, 20)}))
    assert known.at(paris(2026, 11, 20, 12)).certainty is Certainty.ESTIMATE


@settings(max_examples=60)
@given(
    st.sets(st.integers(0, 40), max_size=30),
    st.integers(0, 45),
    st.integers(-3000, 70_000),
    st.integers(1, 5000),
)
def test_slots_cover_time_without_gaps(days: set[int], today: int, from_minute: int, minutes: int) -> None:
    first = date(2026, 10, 5)
    every = season(2026, 1)
    colours = {first + number * DAY: Colour(every[first + number * DAY].lower()) for number in days}
    known = tariff(colours, today=first + today * DAY)
    start = datetime(2026, 10, 5, tzinfo=UTC) + from_minute * MINUTE
    end = start + minutes * MINUTE
    slots = list(known.slots(start, end))
    assert slots[0].starts_at <= start < slots[0].ends_at
    assert slots[-1].starts_at < end <= slots[-1].ends_at
    assert all(one.ends_at == other.starts_at for one, other in pairwise(slots))
    for slot in slots:
        assert known.at(slot.starts_at) == known.at(slot.ends_at - MINUTE) == slot
        day = tempo_day(slot.starts_at)
        if day in colours:
            assert slot.tier
        else:
            assert slot.import_per_kwh is None or slot.certainty is Certainty.FORECAST
            assert slot.tier in {"", "Bleu HC", "Bleu HP"}, "on a Sunday the rules leave blue alone"
            assert not slot.tier or slot.import_per_kwh is not None
        assert slot.tier in {"", *known.tiers}


def test_own_prices_take_the_place_of_published_ones_of_their_date() -> None:
    six = dict(zip(PRICE_KEYS, (0.1, 0.2, 0.3, 0.4, 0.5, 0.6), strict=True))
    own = [TempoPrices(since=date(2026, 8, 1), per_kwh=six), TempoPrices(since=date(2027, 2, 1), per_kwh=six)]
    periods = with_own(own)
    assert len(periods) == len(PUBLISHED) + 1
    assert prices_on(date(2026, 7, 31), periods) is PUBLISHED[-2]
    assert prices_on(date(2026, 8, 1), periods) is own[0]
    assert prices_on(date(2028, 1, 1), periods) is own[1]
    assert prices_on(date(2024, 1, 31), periods) is None
    assert TempoPrices.from_data(own[0].to_data()) == own[0]


@pytest.mark.parametrize("bad", [{"since": "soon"}, {"red_peak": "nan"}, {"red_peak": None}])
def test_prices_that_are_none(bad: dict[str, object]) -> None:
    data = {"since": "2026-08-01", **dict.fromkeys(PRICE_KEYS, 0.1)}
    with pytest.raises((TypeError, ValueError)):
        TempoPrices.from_data(data | bad)


def test_published_prices_are_in_order_and_plausible() -> None:
    assert [prices.since for prices in PUBLISHED] == sorted({prices.since for prices in PUBLISHED})
    for prices in PUBLISHED:
        assert prices.source
        order = [prices.price(colour, peak=peak) for peak in (False, True) for colour in Colour]
        assert order == sorted(order)
        assert 0.1 < order[0] < order[-1] < 1


@pytest.mark.skipif(REAL_HOMES is None, reason="REAL_HOMES names no folder with the calendar since 2014")
def test_every_hour_of_the_real_calendar() -> None:
    """Compare each half-hour since 2014 with a computation by the wall clock alone."""
    with gzip.open(Path(str(REAL_HOMES)) / "tempo_calendar_days.csv.gz", "rt") as file:
        colours = {date.fromisoformat(row["date"]): Colour(row["color"]) for row in csv.DictReader(file)}
    known = tariff(colours)
    table = [(prices.since, prices.per_kwh) for prices in PUBLISHED]
    instant, end = paris(2014, 9, 1, 6).astimezone(UTC), paris(2026, 1, 11, 6).astimezone(UTC)
    slots = known.slots(instant, end)
    slot = next(slots)
    counted = 0
    while instant < end:
        if instant >= slot.ends_at:
            slot = next(slots)
        clock = instant.astimezone(ZoneInfo("Europe/Paris"))
        day = clock.date() - DAY if clock.hour < 6 else clock.date()
        hours = "peak" if 6 <= clock.hour < 22 else "off_peak"
        in_force = [six for since, six in table if since <= clock.date()]
        expected = in_force[-1][f"{colours[day].value}_{hours}"] if in_force else None
        assert (slot.import_per_kwh, slot.tier[-2:]) == (expected, "HP" if hours == "peak" else "HC"), clock
        instant += timedelta(minutes=30)
        counted += 1
    assert counted == 4150 * 48 + 2, "from summer time to winter time"
