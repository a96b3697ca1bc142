"""Counts what flowed at which price, for the lines of a bill."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, NamedTuple

from ..model.metering import SLOT, MeteredInterval
from ..model.price import Certainty, PartName, PriceSlot
from . import Tariff
from .bill import BillLine, LineKind, to_cents

_HOUR: Final = timedelta(hours=1)
_KWH_DIGITS: Final = 9
"""A microwatt-hour: what lies beyond is the noise of adding."""
_IMPORT_PARTS: Final = {
    PartName.GENERATION: LineKind.IMPORT_GENERATION,
    PartName.DELIVERY: LineKind.IMPORT_DELIVERY,
    PartName.NON_BYPASSABLE: LineKind.NON_BYPASSABLE,
}
_EXPORT_PARTS: Final = {
    PartName.GENERATION: LineKind.EXPORT_GENERATION,
    PartName.DELIVERY: LineKind.EXPORT_DELIVERY,
    PartName.ADDER: LineKind.EXPORT_ADDER,
}
CREDITED: Final = frozenset(_EXPORT_PARTS.values())
"""Lines whose money becomes credits."""


class _Key(NamedTuple):
    kind: LineKind
    name: str


@dataclass(kw_only=True, slots=True)
class _Energy:
    kwh: float = 0.0
    estimated_kwh: float = 0.0


@dataclass(kw_only=True, slots=True)
class Tally:
    """Energies by line and price, and what could not be told."""

    import_kwh: float = 0.0
    export_kwh: float = 0.0
    estimated_kwh: float = 0.0
    unknown: timedelta = timedelta()
    _priced: dict[_Key, dict[float, _Energy]] = field(default_factory=dict)
    _unpriced: dict[_Key, _Energy] = field(default_factory=dict)

    def lines(self) -> Iterator[BillLine]:
        """Yield the lines of all energy; those in ``CREDITED`` have a credit, the other priced ones an amount."""
        for key, prices in self._priced.items():
            money = to_cents(sum((_decimal(each.kwh) * _decimal(price) for price, each in prices.items()), Decimal(0)))
            is_credit, is_export = key.kind in CREDITED, key.kind is LineKind.EXPORT
            yield BillLine(
                kind=key.kind,
                name=key.name,
                kwh=sum(each.kwh for each in prices.values()),
                estimated_kwh=sum(each.estimated_kwh for each in prices.values()),
                amount=None if is_credit else -money if is_export else money,
                credit=money if is_credit else None,
            )
        for key, energy in self._unpriced.items():
            yield BillLine(kind=key.kind, name=key.name, kwh=energy.kwh, estimated_kwh=energy.estimated_kwh)
        if self.unknown:
            yield BillLine(kind=LineKind.UNKNOWN_TIME, hours=self.unknown / _HOUR)

    def take_import(self, kwh: float, slot: PriceSlot, *, is_estimated: bool) -> None:
        """Count energy from the grid in the slot in which it flowed."""
        self.import_kwh += kwh
        self._take_estimated(kwh, is_estimated=is_estimated)
        price = None if slot.certainty is Certainty.FORECAST else slot.import_per_kwh
        if price is None:
            self._count(self._unpriced, _Key(LineKind.UNPRICED_IMPORT, slot.tier), kwh, is_estimated=is_estimated)
        elif slot.import_parts:
            for part in slot.import_parts:
                kind = _IMPORT_PARTS[part.name]
                key = _Key(kind, "" if kind is LineKind.NON_BYPASSABLE else slot.tier)
                self._count_at(key, part.per_kwh, kwh, is_estimated=is_estimated)
        else:
            self._count_at(_Key(LineKind.IMPORT, slot.tier), price, kwh, is_estimated=is_estimated)

    def take_export(self, kwh: float, slot: PriceSlot, *, is_estimated: bool) -> None:
        """Count energy into the grid in the slot in which it flowed."""
        self.export_kwh += kwh
        self._take_estimated(kwh, is_estimated=is_estimated)
        price = None if slot.certainty is Certainty.FORECAST else slot.export_per_kwh
        if price is None:
            self._count(self._unpriced, _Key(LineKind.UNPRICED_EXPORT, slot.tier), kwh, is_estimated=is_estimated)
        elif slot.export_parts:
            for part in slot.export_parts:
                self._count_at(_Key(_EXPORT_PARTS[part.name], ""), part.per_kwh, kwh, is_estimated=is_estimated)
        else:
            self._count_at(_Key(LineKind.EXPORT, slot.tier), price, kwh, is_estimated=is_estimated)

    def _take_estimated(self, kwh: float, *, is_estimated: bool) -> None:
        self.estimated_kwh += kwh if is_estimated else 0.0

    def _count_at(self, key: _Key, price: float, kwh: float, *, is_estimated: bool) -> None:
        self._count(self._priced.setdefault(key, {}), price, kwh, is_estimated=is_estimated)

    @staticmethod
    def _count[K](energies: dict[K, _Energy], key: K, kwh: float, *, is_estimated: bool) -> None:
        energy = energies.setdefault(key, _Energy())
        energy.kwh += kwh
        energy.estimated_kwh += kwh if is_estimated else 0.0


def tally(intervals: Iterable[MeteredInterval], tariff: Tariff, start: datetime, until: datetime) -> Tally:
    """Count what flowed in [*start*, *until*).

    Energy of an interval in which the price changes is spread over it evenly, which makes it an estimate if the
    interval is longer than ``SLOT``. Time that no interval covers is unknown, and so is energy that is ``None``.

    Raises:
        ValueError: if the intervals are not in order or overlap.
    """
    found = Tally()
    slots = iter(tariff.slots(start, until))
    slot = next(slots, None)
    covered = start
    for interval in intervals:
        begins, ends = max(interval.starts_at, start), min(interval.ends_at, until)
        if begins >= ends:
            continue
        if begins < covered:
            raise ValueError("Metered intervals have to be in order and must not overlap")
        found.unknown += begins - covered
        covered = ends
        if interval.import_kwh is None or interval.export_kwh is None:
            found.unknown += ends - begins
        while slot is not None and slot.ends_at <= begins:
            slot = next(slots, None)
        while slot is not None and slot.starts_at < ends:
            _take(found, interval, slot, (begins, ends))
            if slot.ends_at >= ends:
                break
            slot = next(slots, None)
    found.unknown += max(until - covered, timedelta())
    return found


def _take(found: Tally, interval: MeteredInterval, slot: PriceSlot, bounds: tuple[datetime, datetime]) -> None:
    """Count what of an interval, within *bounds*, flowed in a slot."""
    length = interval.ends_at - interval.starts_at
    share = (min(slot.ends_at, bounds[1]) - max(slot.starts_at, bounds[0])) / length
    is_estimated = interval.is_estimated or slot.certainty is Certainty.ESTIMATE or (share < 1 and length > SLOT)
    if interval.import_kwh is not None and interval.import_kwh != 0:
        found.take_import(interval.import_kwh * share, slot, is_estimated=is_estimated)
    if interval.export_kwh is not None and interval.export_kwh != 0:
        found.take_export(interval.export_kwh * share, slot, is_estimated=is_estimated)


def _decimal(number: float) -> Decimal:
    return Decimal(repr(round(number, _KWH_DIGITS)))
