"""The coming day on the clock of the wall, of prices that are known, missing, late or not there yet."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from custom_components.energy_optimizer.core.model.price import PriceSlot
from custom_components.energy_optimizer.core.tariffs.flat import FlatTariff
from custom_components.energy_optimizer.core.tariffs.published import PublishedTariff
from custom_components.energy_optimizer.core.tariffs.rolling_day import (
    HalfHourSource,
    RollingDay,
    Unsyncable,
    WhyUnsyncable,
    rolling_day,
)

PARIS, ADELAIDE, KOLKATA, KATHMANDU, SYDNEY, LORD_HOWE, LOS_ANGELES = map(
    ZoneInfo,
    (
        "Europe/Paris",
        "Australia/Adelaide",
        "Asia/Kolkata",
        "Asia/Kathmandu",
        "Australia/Sydney",
        "Australia/Lord_Howe",
        "America/Los_Angeles",
    ),
)
MINUTE, HALF, HOUR, DAY = timedelta(minutes=1), timedelta(minutes=30), timedelta(hours=1), timedelta(days=1)
NOON = datetime(2026, 6, 15, 10, tzinfo=UTC)  # 12:00 in Paris


def slots_of(start: datetime, prices: Iterable[float | None], length: timedelta = HALF) -> tuple[PriceSlot, ...]:
    """Return slots from *start*; each earns a tenth of what it costs."""
    return tuple(
        PriceSlot(
            starts_at=start + number * length,
            ends_at=start + (number + 1) * length,
            tier="",
            import_per_kwh=price,
            export_per_kwh=None if price is None else price / 10,
        )
        for number, price in enumerate(prices)
        if price is not None
    )


def numbered(start: datetime, count: int, length: timedelta = HALF) -> tuple[PriceSlot, ...]:
    """Return slots each of which can be told by its price: the minutes since the epoch."""
    return slots_of(start, [stamp(start + number * length) for number in range(count)], length)


def stamp(instant: datetime) -> float:
    return instant.timestamp() / 60


def day_of(
    slots: tuple[PriceSlot, ...], now: datetime, zone: ZoneInfo = PARIS, history: tuple[PriceSlot, ...] = ()
) -> RollingDay:
    day = rolling_day(PublishedTariff(slots), now, zone, history=history)
    assert isinstance(day, RollingDay), day
    assert [each.number for each in day.half_hours] == list(range(48))
    assert day.made_at == now
    return day


def why(
    slots: tuple[PriceSlot, ...], now: datetime = NOON, history: tuple[PriceSlot, ...] = ()
) -> tuple[WhyUnsyncable, datetime]:
    day = rolling_day(PublishedTariff(slots), now, PARIS, history=history)
    assert isinstance(day, Unsyncable), day
    return day.why, day.at


def test_what_is_over_today_carries_tomorrow() -> None:
    midnight = datetime(2026, 6, 14, 22, tzinfo=UTC)
    day = day_of(numbered(midnight, 96), NOON + 10 * MINUTE)
    expected = [stamp(midnight + (DAY if number < 24 else 0 * DAY) + number * HALF) for number in range(48)]
    assert [each.import_per_kwh for each in day.half_hours] == expected
    assert [each.export_per_kwh for each in day.half_hours] == [price / 10 for price in expected]
    assert {each.source for each in day.half_hours} == {HalfHourSource.PUBLISHED}
    assert day.stand_ins == ()


def test_a_flat_price_is_the_same_all_day() -> None:
    day = rolling_day(FlatTariff(tier="flat", import_per_kwh=0.3, export_per_kwh=-0.02), NOON, PARIS)
    assert isinstance(day, RollingDay)
    assert {(each.import_per_kwh, each.export_per_kwh) for each in day.half_hours} == {(0.3, -0.02)}


def test_the_running_half_hour_has_the_present_price_and_others_their_mean() -> None:
    five = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    near = slots_of(NOON, [*five, *five], 5 * MINUTE)
    far = slots_of(NOON + HOUR, [0.9] * 47)
    for minutes, price in ((0, 0.1), (4, 0.1), (5, 0.2), (29, 0.6)):
        day = day_of((*near, *far), NOON + minutes * MINUTE)
        assert day.half_hours[24].import_per_kwh == price
        assert day.half_hours[25].import_per_kwh == pytest.approx(0.35)
        assert day.half_hours[26].import_per_kwh == 0.9


def test_beyond_the_published_end_yesterday_stands_in() -> None:
    slots = numbered(NOON - 25 * HOUR, 74)  # until midnight in Paris
    day = day_of(slots, NOON)
    assert [each.number for each in day.stand_ins] == list(range(24))
    assert day.half_hours[3].import_per_kwh == stamp(NOON - 12 * HOUR + 3 * HALF)
    assert day.half_hours[3].import_per_kwh == day.half_hours[3].export_per_kwh * 10
    assert day.half_hours[40].import_per_kwh == stamp(NOON + 8 * HOUR)


def test_history_fills_what_the_tariff_forgot_and_no_more() -> None:
    slots, history = numbered(NOON, 24), slots_of(NOON - 30 * HOUR, [0.5] * 80)
    day = day_of(slots, NOON, history=history)
    assert {each.import_per_kwh for each in day.stand_ins} == {0.5}
    assert len(day.stand_ins) == 24
    assert day.half_hours[24].import_per_kwh == stamp(NOON), "what the tariff knows itself counts"
    assert why(slots) == (WhyUnsyncable.IMPORT_UNKNOWN, NOON + 12 * HOUR)


def test_what_is_older_than_a_day_stands_in_for_nothing() -> None:
    stale = numbered(NOON - 3 * DAY, 5 * 48 // 2)  # ended half a day ago
    assert why(stale)[0] is WhyUnsyncable.IMPORT_UNKNOWN
    assert why(())[0] is WhyUnsyncable.IMPORT_UNKNOWN


def test_the_part_that_is_published_speaks_for_its_half_hour() -> None:
    slots = (*numbered(NOON - 25 * HOUR, 50), *slots_of(NOON, [0.7], 10 * MINUTE))
    assert day_of(slots, NOON + 5 * MINUTE).half_hours[24].source is HalfHourSource.PUBLISHED
    late = day_of(slots, NOON + 15 * MINUTE).half_hours[24]
    assert (late.import_per_kwh, late.source) == (pytest.approx(0.7), HalfHourSource.STAND_IN)


def test_one_missing_slot_is_bridged_and_two_are_a_hole() -> None:
    prices: list[float | None] = [0.2] * 50
    prices[4:7] = [0.2, None, 0.3]
    bridged = day_of(slots_of(NOON, prices), NOON).half_hours[29]
    assert (bridged.import_per_kwh, bridged.export_per_kwh) == (0.3, 0.02), "the dearer, the lower"
    assert bridged.source is HalfHourSource.BRIDGED
    prices[4] = None
    assert why(slots_of(NOON, prices)) == (WhyUnsyncable.HOLE, NOON + 2 * HOUR)


def test_a_hole_behind_us_hurts_nobody_until_it_would_stand_in() -> None:
    prices: list[float | None] = [0.2] * 96
    prices[44:46] = [None, None]
    slots = slots_of(NOON - DAY, prices)
    assert len(day_of(slots, NOON).stand_ins) == 0
    assert why(slots[:70]) == (WhyUnsyncable.IMPORT_UNKNOWN, NOON + 22 * HOUR)


def test_exports_that_nobody_pays_for_are_unknown_and_not_free() -> None:
    day = rolling_day(FlatTariff(tier="flat", import_per_kwh=0.3), NOON, PARIS)
    assert isinstance(day, Unsyncable)
    assert day.why is WhyUnsyncable.EXPORT_UNKNOWN


@pytest.mark.parametrize("zone", [ADELAIDE, KOLKATA, KATHMANDU])
def test_half_hours_are_those_of_the_local_clock(zone: ZoneInfo) -> None:
    now = NOON + 7 * MINUTE
    day = day_of(numbered(NOON - 2 * HOUR, 16 * 24, 5 * MINUTE), now, zone)
    running = now.astimezone(zone)
    for each in day.half_hours:
        if each.number == running.hour * 2 + running.minute // 30:
            assert each.import_per_kwh == stamp(NOON + 5 * MINUTE)
            continue
        start = datetime.combine(running.date(), time(), zone) + each.number * HALF
        start += DAY if start + HALF <= running else 0 * DAY
        assert each.import_per_kwh == pytest.approx(stamp(start) + 12.5), "the mean of its six slots"


def test_hourly_slots_meet_half_way_in_kathmandu() -> None:
    day = day_of(numbered(NOON, 50, HOUR), NOON, KATHMANDU)  # 15:45 there, and 16:00 is a quarter past
    assert day.half_hours[31].import_per_kwh == stamp(NOON)
    assert day.half_hours[33].import_per_kwh == pytest.approx(stamp(NOON) + 30), "16:30 to 17:00 has both hours"
    assert day.half_hours[32].import_per_kwh == pytest.approx(stamp(NOON))


def test_an_hour_that_comes_twice_has_the_price_of_the_coming_one() -> None:
    midnight = datetime(2026, 10, 24, 22, tzinfo=UTC)
    slots = numbered(midnight - DAY, 150)
    twice = midnight + 2 * HOUR  # 02:00 summer time
    assert day_of(slots, midnight).half_hours[4].import_per_kwh == stamp(twice)
    assert day_of(slots, twice + 10 * MINUTE).half_hours[4].import_per_kwh == stamp(twice)
    later = day_of(slots, twice + 40 * MINUTE)
    assert later.half_hours[4].import_per_kwh == stamp(twice + HOUR)
    assert later.half_hours[5].import_per_kwh == stamp(twice + HALF)
    assert later.half_hours[6].import_per_kwh == stamp(twice + 2 * HOUR)
    assert day_of(slots, twice + 2 * HOUR).half_hours[4].import_per_kwh == stamp(twice + 25 * HOUR)


def test_of_an_hour_that_came_twice_the_later_stands_in() -> None:
    midnight = datetime(2026, 10, 24, 22, tzinfo=UTC)
    day = day_of(numbered(midnight, 50), midnight + 12 * HOUR)
    assert day.half_hours[4].source is HalfHourSource.STAND_IN
    assert day.half_hours[4].import_per_kwh == stamp(midnight + 3 * HOUR)


def test_an_hour_that_is_skipped_takes_nothing_from_elsewhere() -> None:
    midnight = datetime(2026, 3, 28, 23, tzinfo=UTC)
    slots = numbered(midnight, 47)  # to the end of that day, no more
    day = day_of(slots, midnight)
    skipped = midnight + 2 * HOUR
    assert day.half_hours[4].import_per_kwh == day.half_hours[6].import_per_kwh == stamp(skipped)
    assert day.half_hours[47].import_per_kwh == stamp(midnight + 22.5 * HOUR)


def test_the_half_hour_of_lord_howe() -> None:
    put_back = datetime(2026, 4, 4, 15, tzinfo=UTC)  # 02:00 becomes 01:30
    day = day_of(numbered(put_back - 4 * HOUR, 120), put_back - 10 * MINUTE, LORD_HOWE)
    assert day.half_hours[3].import_per_kwh == stamp(put_back - HALF)
    assert day.half_hours[4].import_per_kwh == stamp(put_back + HALF)


@given(
    zone=st.sampled_from([PARIS, ADELAIDE, KATHMANDU, SYDNEY, LOS_ANGELES, LORD_HOWE]),
    day=st.sampled_from([date(2026, 3, 28), date(2026, 10, 24), date(2026, 4, 4), date(2026, 10, 3), date(2026, 6, 1)]),
    minutes=st.integers(0, 3 * 1440),
    length=st.sampled_from([5, 15, 30, 60]),
    missing=st.lists(st.tuples(st.integers(0, 72 * 12), st.integers(1, 30)), max_size=3),
    published_h=st.integers(20, 80),
)
@example(zone=PARIS, day=date(2026, 3, 28), minutes=0, length=60, missing=[(12, 1)], published_h=24)
@settings(max_examples=80, deadline=None)
def test_no_price_comes_from_another_half_hour(
    zone: ZoneInfo, day: date, minutes: int, length: int, missing: list[tuple[int, int]], published_h: int
) -> None:
    """Whatever is missing, each price lies within what was published for that half-hour of this or the last day."""
    first = datetime.combine(day, time(), UTC) - DAY
    now = datetime.combine(day, time(), UTC) + minutes * MINUTE
    step = length * MINUTE
    gone = {number for start, count in missing for number in range(start * 5 // length, start * 5 // length + count)}
    count = published_h * 60 // length
    slots = slots_of(first, [None if n in gone else stamp(first + n * step) for n in range(count)], step)
    result = rolling_day(PublishedTariff(slots), now, zone)
    if isinstance(result, Unsyncable):
        return
    for each in result.half_hours:
        # A stand-in may repeat what was bridged yesterday.
        may_be_bridged = each.source is HalfHourSource.BRIDGED or (each.source is HalfHourSource.STAND_IN and missing)
        around = 60 if may_be_bridged else 0
        assert any(
            stamp(start) - length - around <= each.import_per_kwh <= stamp(start) + 30 + around
            for start in occurrences(each.number, now, zone)
        ), each
        assert each.export_per_kwh == pytest.approx(each.import_per_kwh / 10, rel=0.01)


def occurrences(number: int, now: datetime, zone: ZoneInfo) -> list[datetime]:
    """Return each start of a half-hour within a day before and after *now*, found by looking at the clock each time."""
    wanted, found = (number // 2, number % 2 * 30), []
    start = now.replace(minute=now.minute // 5 * 5, second=0, microsecond=0) - 26 * HOUR
    while start < now + 26 * HOUR:
        clock = start.astimezone(zone)
        put_forward = (clock.utcoffset() or DAY) > ((start - MINUTE).astimezone(zone).utcoffset() or DAY)
        if (clock.hour, clock.minute) == wanted or put_forward:
            found += [start, start + HALF] if put_forward else [start]
        start += 5 * MINUTE
    return found
