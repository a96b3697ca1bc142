"""What a contract costs beside energy, and how its billing months and years run."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from math import isfinite
from typing import Any, Final

LAST_BILLING_DAY: Final = 28
"""The last day that every month has."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """Charges that no kWh causes, in the home's currency; ``None`` where the contract has no such charge."""

    per_day: float | None = None
    per_month: float | None = None
    per_year: float | None = None
    billing_day: int = 1
    """The day of the month on which a billing month begins."""
    true_up_month: int | None = None
    """The month in whose billing month a billing year begins; ``None`` for the calendar year."""

    def __post_init__(self) -> None:
        """Refuse days and months that not every year has, and charges that are no number."""
        if not 1 <= self.billing_day <= LAST_BILLING_DAY or not 1 <= self.year_starts_in <= 12:
            raise ValueError("A billing month begins on day 1 to 28, a billing year in month 1 to 12")
        if not all(isfinite(charge or 0.0) for charge in (self.per_day, self.per_month, self.per_year)):
            raise ValueError("A charge has to be a number")

    @property
    def year_starts_in(self) -> int:
        """The month in which a billing year begins."""
        return 1 if self.true_up_month is None else self.true_up_month

    def month_of(self, day: date) -> tuple[date, date]:
        """Return the billing month of *day*: its first day, and the first day of the next one."""
        first = day.replace(day=self.billing_day)
        if first > day:
            first = _months_later(first, -1)
        return first, _months_later(first, 1)

    def year_of(self, day: date) -> tuple[date, date]:
        """Return the billing year of *day*: its first day, and the first day of the next one."""
        first = day.replace(month=self.year_starts_in, day=self.billing_day)
        if first > day:
            first = first.replace(year=first.year - 1)
        return first, first.replace(year=first.year + 1)

    def to_data(self) -> dict[str, Any]:
        """Return the terms as plain data, without what the contract does not have."""
        data = {
            "per_day": self.per_day,
            "per_month": self.per_month,
            "per_year": self.per_year,
            "billing_day": self.billing_day,
            "true_up_month": self.true_up_month,
        }
        return {key: value for key, value in data.items() if value is not None}

    @classmethod
    def from_data(cls, data: Mapping[str, Any] | None) -> Terms:
        """Read what ``to_data`` wrote; raise ``TypeError`` or ``ValueError`` if it is something else."""
        data = data or {}
        month = data.get("true_up_month")
        return cls(
            per_day=_charge(data.get("per_day")),
            per_month=_charge(data.get("per_month")),
            per_year=_charge(data.get("per_year")),
            billing_day=int(data.get("billing_day", 1)),
            true_up_month=None if month is None else int(month),
        )


def _charge(value: float | None) -> float | None:
    return None if value is None else float(value)


def _months_later(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    return day.replace(year=day.year + years, month=month + 1)
