"""Where a home stands."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A point on earth and the clock people keep there."""

    latitude: float
    """Degrees, north positive."""
    longitude: float
    """Degrees, east positive."""
    time_zone: ZoneInfo
