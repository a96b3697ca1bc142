"""Prices of any stretch of time, with what to plan with where none was published."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import groupby
from typing import Final, NamedTuple

from ..model.price import Certainty, PriceRange, PriceSlot
from . import FOREVER, Tariff, clipped

LONGEST_BRIDGE: Final = timedelta(hours=1)
"""No market has longer slots: what is longer is not one missing slot, whatever its neighbours are."""
MEMORY: Final = timedelta(hours=24)
"""How long before a hole its stand-ins are looked for."""
_BEFORE: Final = 2 * MEMORY
_AFTER: Final = timedelta(days=8)
"""A price that is known only later than this makes no hole of the time before it."""


class PriceSource(StrEnum):
    """Where the price of a slot comes from."""

    KNOWN = "known"
    """As the tariff says; its certainty tells how sure that is."""
    BRIDGED = "bridged"
    """One slot is missing between two known prices: the neighbour's that is worse for the home."""
    HOLE = "hole"
    """More is missing: the worst price known in the 24 h before, ``None`` if there is none."""
    BEYOND = "beyond"
    """Nothing is known from here on; the price is ``None``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HorizonSlot:
    """A slot with prices to plan with, and where each of them comes from."""

    slot: PriceSlot
    source: PriceSource
    """Where the import price comes from."""
    export_source: PriceSource
    """Where the export price comes from; ``beyond`` all along if the tariff has no export prices."""


class _Filling(NamedTuple):
    source: PriceSource
    price: float | None
    range_: PriceRange | None = None

    @property
    def is_stand_in(self) -> bool:
        """Whether it is another slot's price."""
        return self.source in (PriceSource.BRIDGED, PriceSource.HOLE)


class _Side(NamedTuple):
    """One direction of the energy, and which of two prices is the worse for the home."""

    price: Callable[[PriceSlot], float | None]
    range_: Callable[[PriceSlot], PriceRange | None]
    worse: Callable[[Iterable[PriceSlot]], PriceSlot]


def _dearest(slots: Iterable[PriceSlot]) -> PriceSlot:
    return max(slots, key=lambda slot: slot.import_per_kwh or 0.0)


def _lowest(slots: Iterable[PriceSlot]) -> PriceSlot:
    return min(slots, key=lambda slot: slot.export_per_kwh or 0.0)


_IMPORT: Final = _Side(lambda slot: slot.import_per_kwh, lambda slot: slot.import_range, _dearest)
_EXPORT: Final = _Side(lambda slot: slot.export_per_kwh, lambda slot: slot.export_range, _lowest)


def horizon(tariff: Tariff, start: datetime, end: datetime) -> tuple[HorizonSlot, ...]:
    """Return what covers [*start*, *end*) without gaps, cut off at both ends.

    A missing stretch is one slot long if it is no longer than the shorter of its two neighbours and than an hour: of
    slots of different lengths the shorter counts, because several of them would fit into the longer.
    """
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    if start >= end:
        return ()
    around = _surroundings(tariff, start, end)
    imports, exports = _fillings(around, _IMPORT), _fillings(around, _EXPORT)
    filled = (
        HorizonSlot(slot=_filled(slot, buy, sell), source=buy.source, export_source=sell.source)
        for slot, buy, sell in zip(around, imports, exports, strict=True)
    )
    return tuple(replace(each, slot=within) for each in filled for within in clipped((each.slot,), start, end))


def has_long_hole(slots: Iterable[HorizonSlot]) -> bool:
    """Tell whether more than one slot is missing somewhere between known prices, on either side."""
    return any(PriceSource.HOLE in (each.source, each.export_source) for each in slots)


def _surroundings(tariff: Tariff, start: datetime, end: datetime) -> list[PriceSlot]:
    """Return the slots of the interval and of what decides about its missing prices."""
    last = min(end + _AFTER, max(end, tariff.known_until or FOREVER))
    return list(clipped(tariff.slots(start - _BEFORE, last), start - _BEFORE, last))


def _fillings(slots: list[PriceSlot], side: _Side) -> list[_Filling]:
    """Return for each slot what one side of it is to be planned with."""
    runs = [list(run) for _, run in groupby(slots, key=lambda slot: side.price(slot) is None)]
    fillings: list[_Filling] = []
    for index, run in enumerate(runs):
        if side.price(run[0]) is not None:
            fillings += [_Filling(PriceSource.KNOWN, side.price(slot)) for slot in run]
            continue
        before = runs[index - 1][-1] if index else None
        after = runs[index + 1][0] if index + 1 < len(runs) else None
        fillings += [_missing(run, before, after, slots, side)] * len(run)
    return fillings


def _missing(
    run: list[PriceSlot], before: PriceSlot | None, after: PriceSlot | None, slots: list[PriceSlot], side: _Side
) -> _Filling:
    if after is None:
        return _Filling(PriceSource.BEYOND, None)
    starts_at, ends_at = run[0].starts_at, run[-1].ends_at
    if before is not None and ends_at - starts_at <= min(_length(before), _length(after), LONGEST_BRIDGE):
        return _like(PriceSource.BRIDGED, side.worse((before, after)), side)
    recent = list(_known_within(slots, starts_at - MEMORY, starts_at, side))
    if not recent:
        return _Filling(PriceSource.HOLE, None)
    return _like(PriceSource.HOLE, side.worse(recent), side)


def _like(source: PriceSource, slot: PriceSlot, side: _Side) -> _Filling:
    return _Filling(source, side.price(slot), side.range_(slot))


def _known_within(slots: Iterable[PriceSlot], start: datetime, end: datetime, side: _Side) -> Iterator[PriceSlot]:
    return (slot for slot in clipped(slots, start, end) if side.price(slot) is not None)


def _length(slot: PriceSlot) -> timedelta:
    return slot.ends_at - slot.starts_at


def _filled(slot: PriceSlot, buy: _Filling, sell: _Filling) -> PriceSlot:
    """Return *slot* with its missing prices filled in; a price that is not the tariff's own is a forecast at best."""
    if buy.is_stand_in:
        slot = replace(slot, import_per_kwh=buy.price, import_range=buy.range_, certainty=Certainty.FORECAST)
    if sell.is_stand_in:
        slot = replace(slot, export_per_kwh=sell.price, export_range=sell.range_)
    return slot
