"""What one source has said of the colours of days, and how final that is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from ...core.tariffs.tempo_rules import PARIS, Colour


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownDays:
    """Colours by date; those of *final* days were said when they could change no more."""

    colours: Mapping[date, Colour] = field(default_factory=dict)
    final: frozenset[date] = frozenset()

    def told(self, answer: Mapping[date, Colour], at: datetime, final_from: time) -> KnownDays:
        """Return this with an answer that came *at* an instant.

        A colour is final if it was said at *final_from* of the day before or later, in Paris.
        """
        local = at.astimezone(PARIS)
        last_final = local.date() + timedelta(days=1 if local.time() >= final_from else 0)
        return KnownDays(
            colours=dict(self.colours) | dict(answer),
            final=self.final | {day for day in answer if day <= last_final},
        )

    def since(self, first: date) -> KnownDays:
        """Return this without the days before *first*."""
        return KnownDays(
            colours={day: colour for day, colour in self.colours.items() if day >= first},
            final=frozenset(day for day in self.final if day >= first),
        )

    def to_data(self) -> dict[str, Any]:
        """Return this as plain JSON data."""
        return {
            "colours": {day.isoformat(): colour.value for day, colour in sorted(self.colours.items())},
            "provisional": sorted(day.isoformat() for day in self.colours if day not in self.final),
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> KnownDays:
        """Read what ``to_data`` wrote.

        Raises:
            KeyError, TypeError, ValueError: if it did not come from there.
        """
        colours = {date.fromisoformat(day): Colour(colour) for day, colour in data["colours"].items()}
        provisional = {date.fromisoformat(day) for day in data["provisional"]}
        return cls(colours=colours, final=frozenset(colours.keys() - provisional))
