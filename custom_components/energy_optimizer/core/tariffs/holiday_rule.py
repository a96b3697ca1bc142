"""Which days a tariff calls holidays, before anyone has looked up their dates."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from .days import MonthDay


class Substitutes(StrEnum):
    """Which days off in lieu of a holiday on a weekend count as holidays too."""

    ALL = "all"
    AFTER_SUNDAY = "after_sunday"
    NONE = "none"


@dataclass(frozen=True, kw_only=True, slots=True)
class HolidayRule:
    """The holidays of a country or a part of it, as far as a supplier honours them, and days of the user's own."""

    country: str | None = None
    """Two letters (ISO 3166-1); ``None`` for the user's own days alone."""
    subdivision: str | None = None
    """The part of the country (ISO 3166-2 without the country)."""
    names: frozenset[str] | None = None
    """Which of the country's holidays count, by their names in its own language; ``None`` for all."""
    substitutes: Substitutes = Substitutes.ALL
    own_days: tuple[MonthDay, ...] = ()
    """Days that return each year."""
    own_dates: tuple[date, ...] = ()

    def to_data(self) -> dict[str, Any]:
        """Return the rule as plain data."""
        return {
            "country": self.country,
            "subdivision": self.subdivision,
            "names": None if self.names is None else sorted(self.names),
            "substitutes": self.substitutes.value,
            "own_days": [str(day) for day in self.own_days],
            "own_dates": [day.isoformat() for day in self.own_dates],
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> HolidayRule:
        """Read what ``to_data`` wrote; raise ``KeyError``, ``TypeError`` or ``ValueError`` if it is something else."""
        names = data["names"]
        return cls(
            country=data["country"],
            subdivision=data["subdivision"],
            names=None if names is None else frozenset(names),
            substitutes=Substitutes(data["substitutes"]),
            own_days=tuple(MonthDay.parse(day) for day in data["own_days"]),
            own_dates=tuple(date.fromisoformat(day) for day in data["own_dates"]),
        )
