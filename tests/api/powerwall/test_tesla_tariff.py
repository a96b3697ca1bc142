"""Tariffs in Tesla's form: of a rolling day, and forced."""

import json
from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tesla_fleet_api.tariff import get_tariff_periods

from custom_components.energy_optimizer.api.powerwall.tesla_tariff import (
    forced_tariff,
    forced_until,
    tesla_tariff,
)
from custom_components.energy_optimizer.api.powerwall.tesla_tariff_check import same_tariff, validate
from custom_components.energy_optimizer.core.model.force import Force, ForceKind
from custom_components.energy_optimizer.core.tariffs.rolling_day import HalfHour, HalfHourSource, RollingDay
from tests.api.powerwall.tesla_tariff_meaning import prices_at, the_prices_at
from tests.api.powerwall.tesla_tariffs import MONDAY, NAMES, day_of, users_tariff

PARIS, KATHMANDU = ZoneInfo("Europe/Paris"), ZoneInfo("Asia/Kathmandu")
HALF, HOUR, DAY = timedelta(minutes=30), timedelta(hours=1), timedelta(days=1)

price = st.floats(-1.0, 20.0) | st.sampled_from([0.0, 0.3, 0.30001, -0.0, -0.00004, 17.5])
days = st.lists(st.tuples(price, price), min_size=48, max_size=48).map(
    lambda pairs: RollingDay(
        made_at=MONDAY,
        half_hours=tuple(
            HalfHour(number=n, import_per_kwh=buy, export_per_kwh=sell, source=HalfHourSource.PUBLISHED)
            for n, (buy, sell) in enumerate(pairs)
        ),
    )
)


@given(days)
@settings(max_examples=60, deadline=None)
def test_whatever_the_prices_tesla_can_take_them(day: RollingDay) -> None:
    tariff = json.loads(json.dumps(tesla_tariff(day, NAMES)))
    assert validate(tariff) == ()
    resolved = []
    for each in day.half_hours:
        at = MONDAY + each.number * HALF
        claims = [
            prices_at(tariff, at + DAY * weekday + timedelta(minutes=minute))
            for weekday in range(7)
            for minute in (0, 17, 29)
        ]
        assert all(len(side) == 1 for claim in claims for side in claim), "each minute once"
        assert all(claim == claims[0] for claim in claims), "each weekday the same"
        buy, sell = claims[0][0][0], claims[0][1][0]
        own = [max(0.0, round(value, 4)) for value in (each.import_per_kwh, each.export_per_kwh)]
        assert sell == own[1]
        assert buy == max(own), "no price of another half-hour, none cheaper to buy than it is"
        resolved.append((each, buy, sell))
    by_sell = sorted(resolved, key=lambda item: item[0].export_per_kwh)
    assert all(one[2] <= other[2] for one, other in pairwise(by_sell)), "selling keeps its order"
    by_buy = sorted((each for each in resolved if each[1] >= each[0].import_per_kwh - 1e-4), key=_bought)
    unraised = [each for each in by_buy if each[0].export_per_kwh <= each[0].import_per_kwh]
    assert all(one[1] <= other[1] for one, other in pairwise(unraised)), "buying keeps its order where none is raised"


def _bought(item: tuple[HalfHour, float, float]) -> float:
    return item[0].import_per_kwh


@given(days)
@settings(max_examples=15, deadline=None)
def test_teslas_own_library_reads_the_same(day: RollingDay) -> None:
    tariff = tesla_tariff(day, NAMES)
    for hours in range(0, 7 * 24, 5):
        at = (MONDAY.replace(tzinfo=UTC) + hours * HOUR + timedelta(minutes=hours % 60)).replace(tzinfo=PARIS)
        found = get_tariff_periods(tariff, at)
        assert found is not None
        assert (found.buy.price, found.sell.price) == the_prices_at(tariff, at)
        assert found.currency == "AUD"


def test_the_form() -> None:
    tariff = tesla_tariff(day_of([0.25, 0.5], [0.1]), NAMES)
    summer = tariff["seasons"]["Summer"]
    assert list(summer["tou_periods"])[:2] == ["PERIOD_00_00", "PERIOD_00_30"]
    assert len(summer["tou_periods"]) == len(tariff["sell_tariff"]["seasons"]["Summer"]["tou_periods"]) == 48
    assert summer["tou_periods"]["PERIOD_23_30"]["periods"] == [
        {"fromDayOfWeek": 0, "toDayOfWeek": 6, "fromHour": 23, "fromMinute": 30, "toHour": 0, "toMinute": 0}
    ]
    assert (tariff["name"], tariff["utility"], tariff["currency"]) == ("Amber", "Energy Optimizer", "AUD")
    for side in (tariff, tariff["sell_tariff"]):
        assert set(side["seasons"]) == {"Summer", "Winter"}
        assert {"demand_charges", "daily_charges", "monthly_charges", "energy_charges"} <= side.keys()


def test_a_spike_in_selling_raises_what_buying_shows() -> None:
    tariff = tesla_tariff(day_of([0.55, 0.30], [1.08, 0.05]), NAMES)
    assert the_prices_at(tariff, MONDAY) == (1.08, 1.08)
    assert the_prices_at(tariff, MONDAY + HALF) == (0.30, 0.05)


BASE = tesla_tariff(day_of([0.2, 0.3, 0.4], [0.05, 0.1]), NAMES)


def force(kind: ForceKind, start: datetime, length: timedelta) -> Force:
    return Force(kind=kind, starts_at=start.astimezone(UTC), ends_at=start.astimezone(UTC) + length)


@given(
    day=days,
    kind=st.sampled_from([ForceKind.CHARGE, ForceKind.DISCHARGE, ForceKind.HOLD]),
    minutes=st.integers(0, 7 * 1440 - 1),
    length=st.integers(30, 240),
)
@settings(max_examples=40, deadline=None)
def test_a_force_is_the_best_choice_in_its_window_alone(
    day: RollingDay, kind: ForceKind, minutes: int, length: int
) -> None:
    base = tesla_tariff(day, NAMES)
    start = MONDAY + timedelta(minutes=minutes)
    wish = force(kind, start, timedelta(minutes=length))
    forced = forced_tariff(base, wish, start, PARIS)
    assert validate(forced) == ()
    first = start.replace(minute=start.minute // 30 * 30)
    until = forced_until(wish, PARIS)
    touched = {first.weekday(), (until - timedelta(minutes=1)).astimezone(PARIS).weekday()}
    inside, outside = set(), set()
    for number in range(7 * 48):
        at = first + number * HALF
        prices = the_prices_at(forced, at + timedelta(minutes=1))
        if at.astimezone(UTC) < until:
            inside.add(prices)
        elif at.weekday() not in touched or kind is ForceKind.DISCHARGE:
            assert prices == the_prices_at(base, at)
            outside.add(prices)
        else:
            outside.add(prices)
    ((buy, sell),) = inside
    if kind is ForceKind.DISCHARGE:
        assert buy == sell >= 10 * max(price for pair in outside for price in pair) - 1e-3
        return
    assert sell == 0.0
    highest = max(each for number in range(48) for each in the_prices_at(base, MONDAY + number * HALF))
    dear = {buy for buy, _ in outside if buy > highest}
    assert len(dear) == 1, "the rest of the day is dear"
    assert buy == (
        0.0 if kind is ForceKind.CHARGE else min(the_prices_at(base, MONDAY + n * HALF)[0] for n in range(48))
    )


@pytest.mark.parametrize(
    ("ends", "until"),
    [("12:00:00", "12:00"), ("12:00:01", "12:30"), ("12:29:59", "12:30"), ("23:31:00", "00:00")],
)
def test_ends_are_rounded_up(ends: str, until: str) -> None:
    for zone in (PARIS, KATHMANDU):
        wish = Force(
            kind=ForceKind.CHARGE,
            starts_at=datetime.fromisoformat("2026-06-15T11:00:00").replace(tzinfo=zone),
            ends_at=datetime.fromisoformat(f"2026-06-15T{ends}").replace(tzinfo=zone),
        )
        assert f"{forced_until(wish, zone).astimezone(zone):%H:%M}" == until


def test_midnight_in_the_window_takes_two_weekdays() -> None:
    sunday = MONDAY - HOUR
    forced = forced_tariff(BASE, force(ForceKind.DISCHARGE, sunday, 2 * HOUR), sunday, PARIS)
    periods = forced["seasons"]["Summer"]["tou_periods"]["FORCED"]["periods"]
    assert periods == [
        {"fromDayOfWeek": 0, "toDayOfWeek": 0, "fromHour": 0, "fromMinute": 0, "toHour": 1, "toMinute": 0},
        {"fromDayOfWeek": 6, "toDayOfWeek": 6, "fromHour": 23, "fromMinute": 0, "toHour": 0, "toMinute": 0},
    ]


@pytest.mark.parametrize(
    ("start", "hours", "wall"),
    [
        ("2026-03-29T00:30:00+00:00", 2, {"01:30", "03:00", "03:30", "04:00"}),  # 02:00 is skipped
        ("2026-10-25T00:00:00+00:00", 2, {"02:00", "02:30"}),  # and comes twice
    ],
)
def test_windows_follow_the_clock_through_its_changes(start: str, hours: int, wall: set[str]) -> None:
    begin = datetime.fromisoformat(start)
    forced = forced_tariff(BASE, force(ForceKind.DISCHARGE, begin, hours * HOUR), begin, PARIS)
    sunday = datetime(2026, 6, 21, tzinfo=PARIS)
    found = {
        f"{sunday + number * HALF:%H:%M}"
        for number in range(48)
        if the_prices_at(forced, sunday + number * HALF) != the_prices_at(BASE, sunday + number * HALF)
    }
    assert found == wall


def test_a_users_tariff_is_forced_in_its_season_and_keeps_the_rest() -> None:
    base = users_tariff()
    untouched = deepcopy(base)
    assert validate(base) == ()
    start = MONDAY + 10 * HOUR
    forced = forced_tariff(base, force(ForceKind.CHARGE, start, HOUR), start, PARIS)
    assert base == untouched
    assert validate(forced) == ()
    assert forced["daily_charges"] == base["daily_charges"]
    assert forced["seasons"]["Winter"] == base["seasons"]["Winter"]
    assert the_prices_at(forced, start) == (0.0, 0.0)
    assert the_prices_at(forced, start + HOUR) == (5.0, 0.05)
    assert the_prices_at(forced, start + 7 * HOUR) == (5.0, 0.1)
    assert the_prices_at(forced, start + DAY) == (0.25, 0.05)
    assert the_prices_at(forced, datetime(2026, 12, 14, 10, tzinfo=PARIS)) == (0.2, 0.04), "a Monday too"


def test_a_window_over_the_end_of_a_season_is_in_both() -> None:
    base = users_tariff()
    start = datetime(2026, 5, 31, 23, tzinfo=PARIS)
    forced = forced_tariff(base, force(ForceKind.DISCHARGE, start, 2 * HOUR), start, PARIS)
    assert validate(forced) == ()
    assert the_prices_at(forced, start) == the_prices_at(forced, start + HOUR) == (5.0, 5.0)
    assert the_prices_at(forced, start - HOUR) == (0.2, 0.04)
    assert the_prices_at(forced, start + 2 * HOUR) == (0.25, 0.05)


def test_a_tariff_that_is_silent_about_selling_earns_nothing_but_in_the_window() -> None:
    base = users_tariff()
    del base["sell_tariff"]
    start = MONDAY + 10 * HOUR
    forced = forced_tariff(base, force(ForceKind.DISCHARGE, start, HOUR), start, PARIS)
    assert the_prices_at(forced, start) == (5.0, 5.0)
    assert the_prices_at(forced, start + HOUR) == (0.25, 0.0)
    assert the_prices_at(forced, datetime(2026, 12, 14, 10, tzinfo=PARIS)) == (0.2, 0.0)
    assert validate(forced) == ()


def test_forcing_twice_forces_once_more() -> None:
    start = MONDAY + 10 * HOUR
    once = forced_tariff(BASE, force(ForceKind.CHARGE, start, HOUR), start, PARIS)
    twice = forced_tariff(once, force(ForceKind.DISCHARGE, start, HOUR), start, PARIS)
    assert validate(twice) == ()
    assert the_prices_at(twice, start)[0] > 1.0


@pytest.mark.parametrize(
    ("base", "start", "words"),
    [
        ({}, MONDAY, "no prices"),
        ({"seasons": 3}, MONDAY, "seasons"),
        (BASE, MONDAY + 2 * HOUR, "over"),
    ],
)
def test_what_cannot_be_forced_is_said(base: dict[str, Any], start: datetime, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        forced_tariff(base, force(ForceKind.CHARGE, MONDAY, HOUR), start, PARIS)


def test_a_year_with_a_gap_cannot_be_forced_in_it() -> None:
    base = users_tariff()
    base["seasons"]["Winter"]["tou_periods"] = {}
    winter = datetime(2026, 12, 14, 10, tzinfo=PARIS)
    assert "no season" in validate(base)[0]
    with pytest.raises(ValueError, match="no season on 14 December"):
        forced_tariff(base, force(ForceKind.CHARGE, winter, HOUR), winter, PARIS)


def test_a_force_and_its_base_are_never_taken_for_each_other() -> None:
    for kind in (ForceKind.CHARGE, ForceKind.DISCHARGE, ForceKind.HOLD):
        start = datetime.combine(date(2026, 6, 17), MONDAY.timetz()) + 10 * HOUR
        forced = forced_tariff(BASE, force(kind, start, HOUR), start, PARIS)
        assert not same_tariff(BASE, forced)
        assert same_tariff(forced, json.loads(json.dumps(forced)))
