"""Rises of totals split over slots: nothing invented, nothing lost, nothing negative."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.energy_optimizer.core.accounting.meters import Meters
from custom_components.energy_optimizer.core.accounting.slots import (
    LONGEST_SPREAD,
    CounterReading,
    SlotEnergy,
    SlotRows,
    Track,
    counter_reading,
    follow,
    slot_start,
)
from custom_components.energy_optimizer.core.model.energy import EnergyTotals
from custom_components.energy_optimizer.core.model.metering import SLOT
from custom_components.energy_optimizer.core.model.powerwall import PowerwallReading

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
CLOCK_CHANGES = (
    datetime(2026, 3, 29, 0, 40, tzinfo=ZoneInfo("Europe/Paris")),
    datetime(2026, 10, 25, 0, 40, tzinfo=ZoneInfo("Europe/Paris")),
    datetime(2026, 3, 8, 0, 40, tzinfo=ZoneInfo("America/Los_Angeles")),
    datetime(2026, 11, 1, 0, 40, tzinfo=ZoneInfo("America/Los_Angeles")),
)


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


class Book:
    """What a ledger would hold after some readings."""

    def __init__(self) -> None:
        self.track: Track | None = None
        self.epochs: dict[datetime, Track] = {}
        self.slots: SlotRows = {}

    def read(self, taken_at: datetime, kwh: float, origin: str = "meter", *, broken: bool = False) -> None:
        reading = CounterReading(
            source="s",
            origin=origin,
            taken_at=taken_at,
            totals={"kwh": kwh},
            broken=frozenset({"kwh"} if broken else ()),
        )
        self.track, rows = follow(self.track, reading, "kwh")
        self.slots |= rows
        if self.track is not None:
            self.epochs[self.track.epoch_started_at] = self.track

    @property
    def kwh(self) -> float:
        return sum(slot.kwh for slot in self.slots.values())

    @property
    def counted_kwh(self) -> float:
        return sum(track.counter.kwh - track.start_kwh for track in self.epochs.values())

    def seen(self) -> list[tuple[float, float, bool]]:
        return [
            ((start - NOON) / timedelta(minutes=1), round(slot.kwh, 6), slot.is_estimated)
            for start, slot in sorted(self.slots.items())
        ]


def test_a_rise_across_the_edge_of_a_slot_is_split_by_time() -> None:
    book = Book()
    book.read(at(0), 10.0)
    book.read(at(4), 10.4)
    book.read(at(6), 10.6)
    assert book.seen() == [(0, 0.5, False), (5, 0.1, False)]


def test_a_gap_beyond_five_minutes_is_an_estimate() -> None:
    book = Book()
    book.read(at(0), 10.0)
    book.read(at(5), 10.5)
    book.read(at(20), 12.0)
    assert book.seen() == [(0, 0.5, False), (5, 0.5, True), (10, 0.5, True), (15, 0.5, True)]


def test_a_counter_that_stood_still_says_that_nothing_flowed() -> None:
    book = Book()
    book.read(at(0), 10.0)
    book.read(at(60), 10.0)
    assert book.seen() == [(minutes, 0, False) for minutes in range(0, 60, 5)]


def test_time_of_which_nobody_knows_has_no_slots() -> None:
    book = Book()
    book.read(at(0), 10.0)
    book.read(at(7), 10.7)
    book.read(at(31), 10.7, broken=True)
    book.read(at(36), 11.2)
    assert book.seen() == [(0, 0.5, True), (5, 0.2, True), (30, 0.4, True), (35, 0.1, False)]
    assert len(book.epochs) == 1


def test_a_slot_that_began_before_the_first_reading_is_an_estimate() -> None:
    book = Book()
    book.read(at(2), 10.0)
    book.read(at(6), 10.4)
    assert book.seen() == [(0, 0.3, True), (5, 0.1, False)]


def test_a_fall_starts_an_epoch_and_is_never_negative() -> None:
    book = Book()
    book.read(at(0), 10.0)
    book.read(at(3), 10.3)
    book.read(at(4), 2.0)
    book.read(at(6), 2.2)
    assert book.seen() == [(0, 0.4, True), (5, 0.1, False)]
    assert len(book.epochs) == 2
    assert book.kwh == pytest.approx(book.counted_kwh)


def test_trembling_is_no_epoch() -> None:
    book = Book()
    book.read(at(0), 10.0)
    book.read(at(1), 10.0 - 1e-9)
    book.read(at(2), 10.1)
    assert len(book.epochs) == 1
    assert book.kwh == pytest.approx(0.1)


def test_another_device_goes_on_from_the_total() -> None:
    book = Book()
    book.read(at(0), 10.0)
    book.read(at(2), 10.2)
    book.read(at(4), 10.4, origin="cloud")
    book.read(at(5), 10.5, origin="cloud")
    assert [track.origin for track in book.epochs.values()] == ["meter", "cloud"]
    assert book.seen() == [(0, 0.5, False)]
    assert book.kwh == pytest.approx(book.counted_kwh) == pytest.approx(0.5)


def test_a_coarse_counter_fills_the_time_in_which_it_stood_still() -> None:
    book = Book()
    for minute in range(31):
        book.read(at(minute), 10.0 + minute // 10)
    assert [(start, kwh) for start, kwh, _ in book.seen()] == pytest.approx([(m, 0.5) for m in range(0, 30, 5)])
    assert book.kwh == pytest.approx(3.0)


def test_years_of_silence_say_nothing_about_a_day() -> None:
    book = Book()
    book.read(at(0), 10.0)
    book.read(at(0) + LONGEST_SPREAD + timedelta(hours=1), 500.0)
    assert book.seen() == []
    assert len(book.epochs) == 2


@pytest.mark.parametrize("back", [timedelta(0), timedelta(hours=1)])
def test_a_clock_that_was_put_back_is_waited_for(back: timedelta) -> None:
    book = Book()
    book.read(at(0), 10.0)
    book.read(at(2), 10.2)
    book.read(at(2) - back, 10.3)
    book.read(at(4), 10.4)
    assert book.kwh == pytest.approx(0.4)
    assert len(book.epochs) == 1


def test_numbers_that_are_none_are_left_out() -> None:
    book = Book()
    book.read(at(0), 10.0)
    book.read(at(1), float("nan"))
    book.read(at(2), 10.2)
    assert book.kwh == pytest.approx(0.2)


STEPS = st.lists(
    st.tuples(
        st.one_of(st.integers(1, 400), st.integers(400, 90_000)),  # seconds
        st.floats(0, 1, allow_nan=False),  # of what a home can draw in that time
        st.sampled_from(["rise", "rise", "rise", "stand", "stand", "reset", "broken", "moved"]),
    ),
    min_size=1,
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(begin=st.sampled_from([*CLOCK_CHANGES, NOON]), offset=st.integers(0, 600), steps=STEPS)
def test_whatever_is_read_the_slots_sum_up_to_the_counters(
    begin: datetime, offset: int, steps: list[tuple[int, float, str]]
) -> None:
    book, now, kwh, origin = Book(), begin.astimezone(UTC) + timedelta(seconds=offset), 100.0, "a"
    book.read(now, kwh, origin)
    rises = 0.0
    for seconds, share, what in steps:
        now += timedelta(seconds=seconds)
        rise = 20.0 * seconds / 3600 * share if what in ("rise", "moved") else 0.0
        if what == "reset":
            kwh = share
        if what == "moved":
            origin += "'"
        kwh += rise
        before = book.track
        book.read(now, kwh, origin, broken=what == "broken")
        if before is not None and what != "reset":
            rises += rise
    assert all(slot.kwh >= 0 for slot in book.slots.values())
    assert all(slot_start(start) == start for start in book.slots)
    assert book.kwh == pytest.approx(book.counted_kwh, abs=1e-6)
    if not any(what == "reset" for _, _, what in steps):
        assert book.kwh == pytest.approx(rises, abs=1e-6)
    assert all(start < now for start in book.slots)


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(st.tuples(st.integers(1, 250), st.floats(0, 0.5)), min_size=2, max_size=60), cut=st.data())
def test_a_restart_changes_nothing(steps: list[tuple[int, float]], cut: st.DataObject) -> None:
    """What is stored of a track is enough to go on: its slot is read from the book."""
    readings, now, kwh = [], NOON, 5.0
    for seconds, rise in steps:
        now, kwh = now + timedelta(seconds=seconds), kwh + rise
        readings.append((now, kwh))
    whole, parted = Book(), Book()
    restart_at = cut.draw(st.integers(1, len(readings)))
    for number, (taken_at, total) in enumerate(readings):
        whole.read(taken_at, total)
        if number == restart_at and parted.track is not None:
            changed_at = parted.track.counter.changed_at
            known = parted.slots.get(slot_start(changed_at))
            fresh = SlotEnergy(is_estimated=slot_start(changed_at) != changed_at)
            assert parted.track.open_slot == (known or fresh)
        parted.read(taken_at, total)
    assert parted.slots == whole.slots


def look(minute: float, **kwh: float | None) -> PowerwallReading:
    powers = {name: kwh.pop(name) for name in ("grid_kw", "solar_kw") if name in kwh}
    return PowerwallReading(taken_at=at(minute), totals=EnergyTotals(**kwh), **powers)


def test_what_nobody_integrated_is_broken_and_a_silent_counter_is_waited_for() -> None:
    start = Meters(origin="o")
    first = look(0, grid_import_kwh=10.0, grid_kw=1.0, solar_kw=2.0)
    meters = start.advance(None, first)
    second = look(1, grid_import_kwh=None, grid_kw=1.0, solar_kw=2.0)
    after = meters.advance(first, second)
    told = counter_reading("s", (meters, after), (first, second))
    assert set(told.totals) == {"solar_kwh", "grid_export_kwh"}
    assert told.broken == frozenset()
    third = look(20, grid_import_kwh=10.5, grid_kw=1.0, solar_kw=2.0)
    later = after.advance(second, third)
    told = counter_reading("s", (after, later), (second, third))
    assert told.broken == {"solar_kwh", "grid_export_kwh"}
    assert told.totals["grid_import_kwh"] == pytest.approx(10.5)


def test_a_counter_that_nobody_believed_is_broken() -> None:
    first, second = look(0, grid_import_kwh=10.0), look(1, grid_import_kwh=0.0)
    meters = Meters(origin="o").advance(None, first)
    told = counter_reading("s", (meters, meters.advance(first, second)), (first, second))
    assert told.broken == {"grid_import_kwh"}
    assert told.totals["grid_import_kwh"] == 10.0


def test_a_slot_is_five_minutes_of_the_epoch() -> None:
    assert timedelta(minutes=5) == SLOT
    for change in CLOCK_CHANGES:
        assert slot_start(change.astimezone(UTC)).minute % 5 == 0
