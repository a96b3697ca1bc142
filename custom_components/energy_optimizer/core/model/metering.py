"""Energy over stretches of time, as bills need it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

SLOT: Final = timedelta(minutes=5)
"""The grid of instants, counted from the start of the epoch in UTC, at which energies are kept apart."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MeteredInterval:
    """What flowed through the grid's meter from one instant to another."""

    starts_at: datetime
    ends_at: datetime
    import_kwh: float | None
    """``None`` where nobody knows: nothing was read, which is not the same as nothing having flowed."""
    export_kwh: float | None
    is_estimated: bool = False
    """Some of it was spread evenly over a time without readings."""
