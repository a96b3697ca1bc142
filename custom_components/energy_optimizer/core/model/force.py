"""What a user can force upon a battery for a while."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

SHORTEST_FORCE: Final = timedelta(minutes=30)
LONGEST_FORCE: Final = timedelta(hours=4)


class ForceKind(StrEnum):
    """What the battery is made to do."""

    CHARGE = "charge"
    DISCHARGE = "discharge"
    HOLD = "hold"
    """Neither discharge nor charge from the grid."""
    SELF_CONSUMPTION = "self_consumption"
    """Store surplus and cover the house, whatever the plan or the prices say."""


class ForceMeans(StrEnum):
    """How a path makes the battery do it, in the order of preference."""

    DISPATCH = "dispatch"
    """A power ordered directly, which ends by itself within seconds unless it is renewed."""
    TARIFF = "tariff"
    """A tariff that makes the wish the best choice, on today's weekday only."""
    SETTINGS = "settings"
    """Mode, reserve and grid charging."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Force:
    """One wish of a user."""

    kind: ForceKind
    starts_at: datetime
    ends_at: datetime
    power_kw: float | None = None
    """The power asked for, positive; ``None`` for as much as the battery can."""
    level_percent: float | None = None
    """Ends early when the battery reaches this level; ``None`` to go on until the end."""
