"""A tariff with one price at all times."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from ..model.price import PriceSlot
from . import BEGINNING, FOREVER


@dataclass(frozen=True, kw_only=True, slots=True)
class FlatTariff:
    """The same price by day and by night, all year."""

    tier: str
    import_per_kwh: float | None
    export_per_kwh: float | None = None

    def at(self, instant: datetime) -> PriceSlot:  # noqa: ARG002 - part of the protocol; all instants are the same
        """Return the one slot there is."""
        return PriceSlot(
            starts_at=BEGINNING,
            ends_at=FOREVER,
            tier=self.tier,
            import_per_kwh=self.import_per_kwh,
            export_per_kwh=self.export_per_kwh,
        )

    def slots(self, start: datetime, end: datetime) -> Iterator[PriceSlot]:
        """Yield the one slot there is, unless the interval is empty."""
        if start < end:
            yield self.at(start)

    @property
    def tiers(self) -> tuple[str, ...]:
        """The one tier there is."""
        return (self.tier,)

    @property
    def known_until(self) -> None:
        """A flat price is known for ever."""
        return None
