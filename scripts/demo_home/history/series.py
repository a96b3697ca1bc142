"""An entity's states over time, as the recorder would have noted them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

EVERY_S = 300
"""Moments lie this far apart: as far as the recorder's own short-term statistics."""
LOOK_S = 290
"""So long after each five minutes began we look, so that a row of statistics holds nearly all of its five minutes."""


class Point(NamedTuple):
    """One state and since when it holds."""

    at_s: float
    state: str
    attributes: tuple[tuple[str, object], ...] = ()
    """Only those that change with the state."""

    @property
    def number(self) -> float | None:
        """The state as a number, if it is one."""
        try:
            return float(self.state)
        except ValueError:
            return None


@dataclass(frozen=True, kw_only=True, slots=True)
class EntitySeries:
    """All states of one entity, the oldest first."""

    entity_id: str
    attributes: Mapping[str, object]
    """As recorded live."""
    points: list[Point] = field(default_factory=list)

    @property
    def state_class(self) -> str | None:
        """What makes long-term statistics of the entity, if anything does."""
        value = self.attributes.get("state_class")
        return value if isinstance(value, str) else None

    def changes(self) -> list[Point]:
        """Return the points at which something differs from the point before: the recorder notes no others."""
        kept: list[Point] = []
        for point in self.points:
            if not kept or (point.state, point.attributes) != (kept[-1].state, kept[-1].attributes):
                kept.append(point)
        return kept


def state_text(value: object) -> str:
    """Write a value as Home Assistant's state machine does."""
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds")
    return str(value)
