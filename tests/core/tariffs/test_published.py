"""Prices that are published bit by bit, and how news change what is known."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.energy_optimizer.core.model.price import Certainty, PriceRange, PriceSlot
from custom_components.energy_optimizer.core.tariffs import BEGINNING, FOREVER
from custom_components.energy_optimizer.core.tariffs.published import PublishedTariff, merged, without_before
from custom_components.energy_optimizer.core.tariffs.stored_slots import slots_from_data, slots_to_data

NOON = datetime(2026, 10, 25, 12, tzinfo=UTC)
PARIS = ZoneInfo("Europe/Paris")


def slot(start_minute: int, end_minute: int, price: float | None = 0.2, **kw: object) -> PriceSlot:
    return PriceSlot(
        starts_at=NOON + timedelta(minutes=start_minute),
        ends_at=NOON + timedelta(minutes=end_minute),
        tier="",
        import_per_kwh=price,
        export_per_kwh=kw.pop("export", None),  # type: ignore[arg-type] - a number in every test
        **kw,  # type: ignore[arg-type] - fields of a slot
    )


@st.composite
def slot_lists(draw: st.DrawFn) -> list[PriceSlot]:
    """Slots in order, touching each other or not."""
    found, minute = [], 5 * draw(st.integers(-12, 12))
    for gap, length, price in draw(
        st.lists(
            st.tuples(st.sampled_from([0, 0, 5, 30]), st.sampled_from([5, 15, 30, 60]), st.floats(-1, 1)), max_size=8
        )
    ):
        minute += gap
        found.append(slot(minute, minute + length, price))
        minute += length
    return found


def minutes_of(slots: tuple[PriceSlot, ...] | list[PriceSlot]) -> dict[int, float | None]:
    """The price of each 5 minutes, found the slow way; the last of several wins."""
    found = {}
    for each in slots:
        instant = each.starts_at
        while instant < each.ends_at:
            found[round((instant - NOON).total_seconds() / 60)] = each.import_per_kwh
            instant += timedelta(minutes=5)
    return found


def test_between_and_around_published_slots_nothing_is_known() -> None:
    tariff = PublishedTariff((slot(0, 30), slot(60, 90, 0.4)), ("peak",))
    assert tariff.at(NOON).import_per_kwh == 0.2
    hole = tariff.at(NOON + timedelta(minutes=30))
    assert (hole.tier, hole.import_per_kwh, hole.export_per_kwh) == ("", None, None)
    assert (hole.starts_at, hole.ends_at) == (NOON + timedelta(minutes=30), NOON + timedelta(minutes=60))
    before, after = tariff.at(NOON - timedelta(seconds=1)), tariff.at(NOON + timedelta(minutes=90))
    assert (before.starts_at, before.ends_at, before.import_per_kwh) == (BEGINNING, NOON, None)
    assert (after.starts_at, after.ends_at) == (NOON + timedelta(minutes=90), FOREVER)
    assert tariff.tiers == ("peak",)
    assert len(list(tariff.slots(NOON, NOON + timedelta(minutes=61)))) == 3
    assert list(tariff.slots(NOON, NOON)) == []


def test_an_instant_of_the_repeated_hour_is_found_by_what_it_means() -> None:
    first = datetime(2026, 10, 25, 2, 30, tzinfo=PARIS)
    slots = [slot(-12 * 60 + 30 * n, -12 * 60 + 30 * (n + 1), n / 10) for n in range(6)]
    tariff = PublishedTariff(tuple(slots))
    assert tariff.at(first).import_per_kwh == 0.1
    assert tariff.at(first.replace(fold=1)).import_per_kwh == 0.3


def test_known_until_is_the_end_of_the_last_known_import_price() -> None:
    assert PublishedTariff(()).known_until == BEGINNING
    assert PublishedTariff((slot(0, 30), slot(30, 60, None, export=0.1))).known_until == NOON + timedelta(minutes=30)


@pytest.mark.parametrize(
    "slots",
    [
        (slot(0, 30), slot(20, 50)),
        (slot(30, 60), slot(0, 30)),
        (slot(0, 0),),
        (PriceSlot(starts_at=NOON.astimezone(PARIS), ends_at=FOREVER, tier="", import_per_kwh=1, export_per_kwh=1),),
    ],
)
def test_slots_among_which_nothing_can_be_found_are_refused(slots: tuple[PriceSlot, ...]) -> None:
    with pytest.raises(ValueError, match="lot"):
        PublishedTariff(slots)


def test_news_replace_what_they_overlap_and_leave_the_rest() -> None:
    known = (slot(0, 30, 0.2), slot(30, 60, 0.3))
    found = merged(known, [slot(10, 15, 0.9), slot(30, 60, 0.4)])
    assert found == (slot(0, 10, 0.2), slot(10, 15, 0.9), slot(15, 30, 0.2), slot(30, 60, 0.4))


def test_of_news_that_overlap_the_later_given_wins() -> None:
    assert merged((), [slot(0, 30, 0.1), slot(5, 10, 0.2)]) == (slot(0, 5, 0.1), slot(5, 10, 0.2), slot(10, 30, 0.1))


def test_merging_turns_local_times_into_utc() -> None:
    local = PriceSlot(
        starts_at=NOON.astimezone(PARIS),
        ends_at=(NOON + timedelta(hours=1)).astimezone(PARIS),
        tier="",
        import_per_kwh=0.1,
        export_per_kwh=None,
    )
    assert PublishedTariff(merged((), [local])).at(NOON).import_per_kwh == 0.1


@settings(max_examples=150, deadline=None)
@given(slot_lists(), slot_lists())
def test_merging_keeps_each_minute_once(known: list[PriceSlot], news: list[PriceSlot]) -> None:
    found = merged(known, news)
    assert all(earlier.ends_at <= later.starts_at for earlier, later in pairwise(found))
    assert minutes_of(found) == minutes_of(known) | minutes_of(news)
    assert merged(found, news) == found


@settings(max_examples=100, deadline=None)
@given(slot_lists(), st.integers(-120, 600), st.integers(-30, 600))
def test_slots_cover_any_stretch_without_gaps(published: list[PriceSlot], minute: int, length: int) -> None:
    tariff = PublishedTariff(tuple(published))
    start = NOON + timedelta(minutes=minute)
    end = start + timedelta(minutes=length)
    found = list(tariff.slots(start, end))
    assert bool(found) == (length > 0)
    assert all(earlier.ends_at == later.starts_at for earlier, later in pairwise(found))
    for each in found:
        assert each.starts_at < end
        assert each.ends_at > start
        assert tariff.at(max(each.starts_at, start)) == each
        assert each in published or each.import_per_kwh is None


def test_what_is_over_is_forgotten() -> None:
    assert without_before([slot(0, 30), slot(30, 60)], NOON + timedelta(minutes=30)) == (slot(30, 60),)
    assert without_before([slot(0, 30)], NOON + timedelta(minutes=29)) == (slot(0, 30),)


def test_slots_outlast_being_stored() -> None:
    range_ = PriceRange(low=-0.1, predicted=0.2, high=1.5)
    slots = (
        slot(0, 5, 0.21, export=-0.03, certainty=Certainty.ESTIMATE),
        slot(5, 35, None),
        slot(35, 65, 0.0, certainty=Certainty.FORECAST, import_range=range_, export_range=range_),
    )
    assert slots_from_data(slots_to_data(slots)) == slots


@pytest.mark.parametrize(
    "change", [{"import": "0.2"}, {"import": True}, {"start": "2026-10-25T12:00:00"}, {"end": None}]
)
def test_what_was_not_stored_by_us_is_refused(change: dict[str, object]) -> None:
    (data,) = slots_to_data([slot(0, 30)])
    with pytest.raises((TypeError, ValueError)):
        slots_from_data([data | change])
