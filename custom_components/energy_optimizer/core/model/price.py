"""What a kilowatt-hour costs and earns."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Certainty(StrEnum):
    """How sure a price is."""

    PUBLISHED = "published"
    """As it was published; what a bill is made of."""
    ESTIMATE = "estimate"
    """Of the present slot, still being refined by whoever publishes it."""
    FORECAST = "forecast"
    """Foretold by whoever will publish it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PriceRange:
    """Between which prices a forecast lies, in currency per kWh, as its publisher gave them."""

    low: float
    predicted: float
    high: float


class PartName(StrEnum):
    """What a price is made of where the parts are billed apart."""

    GENERATION = "generation"
    DELIVERY = "delivery"
    NON_BYPASSABLE = "non_bypassable"
    """A part of the import price that no credit pays."""
    ADDER = "adder"
    """Paid on top of the export price for some years."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PricePart:
    """One part of a price, in currency per kWh."""

    name: PartName
    per_kwh: float


@dataclass(frozen=True, kw_only=True, slots=True)
class PriceSlot:
    """A stretch of time over which prices and tier do not change."""

    starts_at: datetime
    ends_at: datetime
    tier: str
    import_per_kwh: float | None
    """What a kWh from the grid costs; may be negative; ``None`` where unknown."""
    export_per_kwh: float | None
    """What a kWh into the grid earns; may be negative; ``None`` where unknown."""
    certainty: Certainty = Certainty.PUBLISHED
    import_range: PriceRange | None = None
    export_range: PriceRange | None = None
    import_parts: tuple[PricePart, ...] = ()
    """What the import price is made of; they sum up to it. Empty where parts are not billed apart."""
    export_parts: tuple[PricePart, ...] = ()
