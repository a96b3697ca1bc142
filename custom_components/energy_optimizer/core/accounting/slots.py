"""How much flowed in each slot of five minutes, from totals that only rise."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import Final

from ..model.metering import SLOT
from ..model.powerwall import PowerwallReading
from .cost import LONGEST_STEP, Counter
from .integration import flowed
from .meters import Meter, Meters

LONGEST_SPREAD: Final = timedelta(days=62)
"""A rise over a longer time without readings says too little about any of its days."""
TREMBLE_KWH: Final = 1e-6
"""Sums of the same energies differ by so much at most, whichever way they were added up."""
LONGEST_WAIT: Final = timedelta(hours=1)
"""For so long a clock that went back is waited for, as it may be set right in a moment."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class CounterReading:
    """The totals of one source at one instant."""

    source: str
    """Id of the subentry."""
    origin: str
    """Names the device and way whose counters these are."""
    taken_at: datetime
    totals: Mapping[str, float]
    """In kWh by channel; without those that were not read."""
    broken: frozenset[str] = frozenset()
    """Channels of which nobody knows what flowed since the reading before."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SlotEnergy:
    """What flowed in one slot."""

    kwh: float = 0.0
    is_estimated: bool = False
    """A part was spread over a time without readings, or a part of the slot is not known."""

    def plus(self, kwh: float, *, is_estimated: bool) -> SlotEnergy:
        """Return this with some more energy."""
        return SlotEnergy(kwh=self.kwh + kwh, is_estimated=self.is_estimated or is_estimated)


@dataclass(frozen=True, kw_only=True, slots=True)
class Track:
    """How far one channel has been followed: an epoch of its total, and the slot in which it last rose."""

    origin: str
    epoch_started_at: datetime
    start_kwh: float
    """The total with which the epoch began; the epoch's slots sum up to what it rose by since."""
    counter: Counter
    open_slot: SlotEnergy
    """What is known so far of the slot in which the counter last changed."""
    behind_since: datetime | None = None
    """The first reading of a clock that went back and has not caught up."""
    furthest_at: datetime | None = None
    """Where the clock was before it went back for good; what was written until then is not written over."""

    def slot_of_last_reading(self) -> SlotEnergy:
        """Return what is known of the slot of the last reading: nothing flowed since the counter last changed."""
        same = slot_start(self.counter.read_at) == slot_start(self.counter.changed_at)
        return self.open_slot if same else SlotEnergy()


type SlotRows = dict[datetime, SlotEnergy]


def slot_start(instant: datetime) -> datetime:
    """Return the start of the slot that *instant* lies in."""
    return _EPOCH + (instant - _EPOCH) // SLOT * SLOT


def follow(track: Track | None, reading: CounterReading, channel: str) -> tuple[Track | None, SlotRows]:
    """Take in one channel of a reading; return the new track, and every slot whose energy is now another.

    A rise is spread evenly over the time since the reading before it (or since the counter last moved, if its steps are
    coarse) and is an estimate beyond five minutes. A total that fell or that rose faster than a home can starts an
    epoch: nothing is known of the time in between, and no energy is ever negative. Another device's counter starts an
    epoch as well, in which the total goes on.
    """
    kwh = reading.totals.get(channel)
    if kwh is None or not isfinite(kwh):
        return track, {}
    at = reading.taken_at.astimezone(UTC).replace(microsecond=0)
    if track is None:
        return _begin(reading.origin, kwh, at, SlotEnergy(is_estimated=_inside_a_slot(at))), {}
    counter = track.counter
    if at <= counter.read_at:
        return _behind(track, _begin(reading.origin, kwh, at, SlotEnergy()))
    if counter.kwh - TREMBLE_KWH <= kwh < counter.kwh:
        kwh = counter.kwh
    if at - counter.read_at > LONGEST_SPREAD or _leaps_back(track, at) or not _may_show(track, kwh, at):
        return _break(track, _begin(reading.origin, kwh, at, SlotEnergy()), 0.0)
    if reading.origin != track.origin:  # its total goes on, so what it rose by flowed
        track = replace(
            track,
            origin=reading.origin,
            epoch_started_at=at,
            start_kwh=counter.kwh,
            counter=replace(counter, step_kwh=None),
        )
    if channel in reading.broken:
        counter = Counter(kwh=kwh, read_at=at, changed_at=at, step_kwh=track.counter.step_kwh)
        return _break(track, replace(track, counter=counter, behind_since=None), kwh - track.counter.kwh)
    return _advance(track, kwh, at)


def _behind(track: Track, begun: Track) -> tuple[Track, SlotRows]:
    """Wait for a clock that went back; if it stays back, go on with *begun*, the epoch of its reading."""
    at, furthest_at, since = begun.counter.read_at, track.counter.read_at, track.behind_since
    if furthest_at - at <= SLOT:
        return track, {}
    if since is None or at < since:
        return replace(track, behind_since=at), {}
    if at - since <= LONGEST_WAIT:
        return track, {}
    return _break(track, replace(begun, furthest_at=max(furthest_at, track.furthest_at or furthest_at)), 0.0)


def _leaps_back(track: Track, at: datetime) -> bool:
    """Tell whether the clock leaps to where it once was, over slots that were written then."""
    before = track.counter.read_at
    return track.furthest_at is not None and before < track.furthest_at and at - before > LONGEST_STEP


def _may_show(track: Track, kwh: float, at: datetime) -> bool:
    counter = track.counter
    if track.behind_since is not None:  # the clock stood still, but time went on
        counter = replace(counter, changed_at=min(counter.changed_at, track.behind_since))
    return counter.may_show(kwh, at)


def _begin(origin: str, kwh: float, at: datetime, open_slot: SlotEnergy) -> Track:
    counter = Counter(kwh=kwh, read_at=at, changed_at=at)
    return Track(origin=origin, epoch_started_at=at, start_kwh=kwh, counter=counter, open_slot=open_slot)


def _break(old: Track, new: Track, rise_kwh: float) -> tuple[Track, SlotRows]:
    """Go on after a time of which nothing is known, in which *rise_kwh* was counted at its beginning."""
    rows: SlotRows = {}
    last_at, at = old.counter.read_at, new.counter.read_at
    left = old.slot_of_last_reading()
    if rise_kwh or _inside_a_slot(last_at):
        left = left.plus(rise_kwh, is_estimated=True)
        rows[slot_start(last_at)] = left
    if slot_start(at) == slot_start(last_at):
        return replace(new, open_slot=left), rows
    return replace(new, open_slot=SlotEnergy(is_estimated=_inside_a_slot(at))), rows


def _advance(track: Track, kwh: float, at: datetime) -> tuple[Track, SlotRows]:
    counter = track.counter
    rows: SlotRows = {}
    changed_in = slot_start(counter.changed_at)
    has_waited = track.behind_since is not None

    def add(start: datetime, part_kwh: float, *, is_estimated: bool) -> None:
        for slot, share in _shares(start, at):
            known = rows.get(slot) or (track.open_slot if slot == changed_in else SlotEnergy())
            rows[slot] = known.plus(part_kwh * share, is_estimated=is_estimated)

    if kwh > counter.kwh:
        for since, part_kwh in counter.flows(kwh, at):
            start = max(since, at - LONGEST_SPREAD)
            add(start, part_kwh, is_estimated=has_waited or at - start > LONGEST_STEP)
    add(counter.read_at, 0.0, is_estimated=False)
    open_slot = track.open_slot if kwh == counter.kwh else rows.get(slot_start(at), SlotEnergy())
    return replace(track, counter=counter.advance(kwh, at), open_slot=open_slot, behind_since=None), rows


def _shares(start: datetime, end: datetime) -> Iterator[tuple[datetime, float]]:
    """Yield the slots between two instants, each with its share of the time."""
    slot = slot_start(start)
    while slot < end:
        inside = min(end, slot + SLOT) - max(start, slot)
        yield slot, inside / (end - start)
        slot += SLOT


def _inside_a_slot(instant: datetime) -> bool:
    return slot_start(instant) != instant


def counter_reading(
    source: str, meters: tuple[Meters, Meters], readings: tuple[PowerwallReading | None, PowerwallReading]
) -> CounterReading:
    """Say what a look at a Powerwall tells of its totals, given *meters* and *readings* before and after it.

    A total that did not move is news only if the device's counter stood still with it, or if nothing flowed by power.
    """
    (meters_before, meters_after), (before, after) = meters, readings
    integrated = {} if before is None else flowed(before, after)
    totals: dict[str, float] = {}
    broken: set[str] = set()
    for name, meter in meters_after.channels.items():
        if meter.total_kwh is None:
            continue
        old = meters_before.channels.get(name, Meter())
        if meter.counter_kwh is None:
            if name not in integrated and old.total_kwh == meter.total_kwh:
                broken.add(name)
        elif getattr(after.totals, name) is None:
            continue  # waited for: what flows meanwhile shows when it is read again
        elif old.total_kwh == meter.total_kwh and old.counter_kwh != meter.counter_kwh:
            broken.add(name)
        totals[name] = meter.total_kwh
    return CounterReading(
        source=source,
        origin=meters_after.origin,
        taken_at=after.taken_at,
        totals=totals,
        broken=frozenset(broken),
    )
