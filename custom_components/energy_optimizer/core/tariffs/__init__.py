"""What a kWh costs and earns at an instant."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final, Protocol

from ..model.price import PriceSlot

BEGINNING: Final = datetime(2, 1, 1, tzinfo=UTC)
"""Start of a slot before which nothing ever differed; far enough from the calendar's end to be shown in any zone."""
FOREVER: Final = datetime(9998, 1, 1, tzinfo=UTC)
"""End of a slot that nothing ends."""


class Tariff(Protocol):
    """Prices over time, for any aware instant."""

    def at(self, instant: datetime) -> PriceSlot:
        """Return the slot in force at *instant*."""

    def slots(self, start: datetime, end: datetime) -> Iterator[PriceSlot]:
        """Yield the slots that touch [*start*, *end*), whole, in order and without gaps."""

    @property
    def tiers(self) -> tuple[str, ...]:
        """The names of the tiers, in the order in which they were entered."""

    @property
    def known_until(self) -> datetime | None:
        """Until when prices are known; ``None`` if for ever."""


def clipped(slots: Iterable[PriceSlot], start: datetime, end: datetime) -> Iterator[PriceSlot]:
    """Yield what of *slots* lies within [*start*, *end*)."""
    for slot in slots:
        starts_at, ends_at = max(slot.starts_at, start), min(slot.ends_at, end)
        if starts_at < ends_at:
            yield replace(slot, starts_at=starts_at, ends_at=ends_at)
