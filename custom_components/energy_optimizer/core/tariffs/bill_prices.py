"""Prices for a bill: those that were published, and where none were, those of rules that held then."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from ..model.price import PriceSlot
from . import Tariff, clipped
from .published import PublishedTariff


@dataclass(frozen=True, kw_only=True, slots=True)
class RulesInForce:
    """A tariff that is known beforehand, and when it held."""

    since: datetime
    until: datetime
    tariff: Tariff


def billed_prices(
    known: Sequence[PriceSlot], rules: Sequence[RulesInForce], start: datetime, end: datetime
) -> PublishedTariff:
    """Return the prices of [*start*, *end*): *known* slots, in order, and *rules* wherever none of them lies."""
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    slots: list[PriceSlot] = []
    filled_until = start
    for slot in clipped(known, start, end):
        slots += _by_rules(rules, filled_until, slot.starts_at)
        slots += _completed(slot, rules)
        filled_until = slot.ends_at
    slots += _by_rules(rules, filled_until, end)
    return PublishedTariff(tuple(slots), _tiers(slots))


def _completed(slot: PriceSlot, rules: Iterable[RulesInForce]) -> Iterator[PriceSlot]:
    """Yield *slot* with the price of *rules* for a direction of which none was known when it was published."""
    if slot.import_per_kwh is not None and slot.export_per_kwh is not None:
        yield slot
        return
    for piece in PublishedTariff(tuple(_by_rules(rules, slot.starts_at, slot.ends_at))).slots(
        slot.starts_at, slot.ends_at
    ):
        start, end = max(piece.starts_at, slot.starts_at), min(piece.ends_at, slot.ends_at)
        whole = replace(slot, starts_at=start, ends_at=end)
        if slot.import_per_kwh is None:
            whole = replace(whole, import_per_kwh=piece.import_per_kwh, import_parts=piece.import_parts)
        if slot.export_per_kwh is None:
            whole = replace(whole, export_per_kwh=piece.export_per_kwh, export_parts=piece.export_parts)
        yield whole


def _by_rules(rules: Iterable[RulesInForce], start: datetime, end: datetime) -> Iterator[PriceSlot]:
    for rule in rules:
        first, last = max(start, rule.since), min(end, rule.until)
        if first < last:
            yield from clipped(rule.tariff.slots(first, last), first, last)


def _tiers(slots: Iterable[PriceSlot]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(slot.tier for slot in slots if slot.tier))
