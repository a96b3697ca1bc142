"""What a kilowatt-hour costs and earns."""

from dataclasses import dataclass
from datetime import datetime


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
