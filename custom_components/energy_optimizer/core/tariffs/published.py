"""Prices that are published bit by bit: what is known of them, and holes where nothing is."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import pairwise
from operator import attrgetter

from ..model.price import PriceSlot
from . import BEGINNING, FOREVER

_starts_at = attrgetter("starts_at")
_ends_at = attrgetter("ends_at")


@dataclass(frozen=True, slots=True)
class PublishedTariff:
    """Prices of the slots that were published; all other time is unknown, with no tier and no price."""

    published: tuple[PriceSlot, ...]
    """In order, in UTC, none overlapping another; there may be holes between them."""
    tiers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse slots among which no instant could be found."""
        if any(slot.starts_at.tzinfo is not UTC or slot.ends_at.tzinfo is not UTC for slot in self.published):
            raise ValueError("Slots have to be in UTC")
        if any(slot.ends_at <= slot.starts_at for slot in self.published):
            raise ValueError("A slot must not be empty")
        if any(later.starts_at < earlier.ends_at for earlier, later in pairwise(self.published)):
            raise ValueError("Slots have to be in order and must not overlap")

    def at(self, instant: datetime) -> PriceSlot:
        """Return the slot in force at *instant*; an unknown one reaches from one published slot to the next."""
        instant = instant.astimezone(UTC)
        after = bisect_right(self.published, instant, key=_starts_at)
        before = self.published[after - 1] if after else None
        if before is not None and instant < before.ends_at:
            return before
        return unknown_slot(
            BEGINNING if before is None else before.ends_at,
            self.published[after].starts_at if after < len(self.published) else FOREVER,
        )

    def slots(self, start: datetime, end: datetime) -> Iterator[PriceSlot]:
        """Yield the slots that touch [*start*, *end*), published or unknown, whole, in order and without gaps."""
        instant, end = start.astimezone(UTC), end.astimezone(UTC)
        while instant < end:
            slot = self.at(instant)
            yield slot
            instant = slot.ends_at

    @property
    def known_until(self) -> datetime:
        """The end of the last slot whose import price is known; the beginning of time if there is none."""
        known = (slot.ends_at for slot in reversed(self.published) if slot.import_per_kwh is not None)
        return next(known, BEGINNING)


def unknown_slot(starts_at: datetime, ends_at: datetime) -> PriceSlot:
    """Return a slot of which nothing is known."""
    return PriceSlot(starts_at=starts_at, ends_at=ends_at, tier="", import_per_kwh=None, export_per_kwh=None)


def merged(known: Iterable[PriceSlot], news: Iterable[PriceSlot]) -> tuple[PriceSlot, ...]:
    """Return *known*, in order and in UTC, with *news* in place of what they overlap.

    Of news that overlap each other the later given wins. What sticks out of an overlapped slot stays, so that a
    price for half an hour goes on holding after the part that was refined. A slot without prices wins as well:
    leave it out of *news* if it only means that nothing new is known.
    """
    fresh: list[PriceSlot] = []
    for slot in map(_in_utc, news):
        if fresh and slot.starts_at < fresh[-1].ends_at:
            fresh = sorted([*_outside(fresh, [slot]), slot], key=_starts_at)
        else:
            fresh.append(slot)
    return tuple(sorted([*_outside(map(_in_utc, known), fresh), *fresh], key=_starts_at))


def without_before(slots: Iterable[PriceSlot], instant: datetime) -> tuple[PriceSlot, ...]:
    """Return *slots* without those that were over at *instant*."""
    return tuple(slot for slot in slots if slot.ends_at > instant)


def _in_utc(slot: PriceSlot) -> PriceSlot:
    if slot.starts_at.tzinfo is UTC and slot.ends_at.tzinfo is UTC:
        return slot
    return replace(slot, starts_at=slot.starts_at.astimezone(UTC), ends_at=slot.ends_at.astimezone(UTC))


def _outside(slots: Iterable[PriceSlot], taken: Sequence[PriceSlot]) -> Iterator[PriceSlot]:
    """Yield what of *slots* lies outside those *taken*, which are in order."""
    for slot in slots:
        rest_at = slot.starts_at
        first = bisect_right(taken, slot.starts_at, key=_ends_at)
        for index in range(first, len(taken)):
            if taken[index].starts_at >= slot.ends_at:
                break
            if rest_at < taken[index].starts_at:
                yield replace(slot, starts_at=rest_at, ends_at=taken[index].starts_at)
            rest_at = taken[index].ends_at
        if rest_at == slot.starts_at:
            yield slot
        elif rest_at < slot.ends_at:
            yield replace(slot, starts_at=rest_at)
