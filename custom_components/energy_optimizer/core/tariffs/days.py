"""Kinds of days, seasons of the year and public holidays, as tariffs know them."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

LEAP_YEAR: Final = 2024
"""A year that has every day a year can have."""


class DayKind(StrEnum):
    """What decides which hours of a tariff apply on a day."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"
    HOLIDAY = "holiday"


ALL_WEEK: Final = tuple(DayKind)[:7]
"""Monday to Sunday, so that ``ALL_WEEK[day.weekday()]`` is the kind of an ordinary day."""
WEEKDAYS: Final = frozenset(ALL_WEEK[:5])
WEEKEND: Final = frozenset(ALL_WEEK[5:])
EVERY_DAY: Final = frozenset(DayKind)


@dataclass(frozen=True, order=True, slots=True)
class MonthDay:
    """A day that returns each year."""

    month: int
    day: int

    def __post_init__(self) -> None:
        """Refuse days that no year has."""
        date(LEAP_YEAR, self.month, self.day)

    def __str__(self) -> str:
        return f"{self.month:02}-{self.day:02}"

    @classmethod
    def of(cls, day: date) -> MonthDay:
        """Return *day* without its year."""
        return cls(day.month, day.day)

    @classmethod
    def parse(cls, text: str) -> MonthDay:
        """Read what ``str`` wrote; raise ``ValueError`` if it is no day of a year."""
        month, _, day = text.partition("-")
        return cls(int(month), int(day))


@dataclass(frozen=True, order=True, slots=True)
class DateRange:
    """From one day of the year to another, both included, over the year's end where the last is before the first."""

    first: MonthDay
    last: MonthDay

    def __contains__(self, day: MonthDay) -> bool:
        if self.first <= self.last:
            return self.first <= day <= self.last
        return day >= self.first or day <= self.last


WHOLE_YEAR: Final = DateRange(MonthDay(1, 1), MonthDay(12, 31))


@dataclass(frozen=True, kw_only=True, slots=True)
class Season:
    """A part of the year with prices of its own."""

    name: str
    ranges: tuple[DateRange, ...] = (WHOLE_YEAR,)

    def __contains__(self, day: MonthDay) -> bool:
        return any(day in each for each in self.ranges)


@dataclass(frozen=True, kw_only=True, slots=True)
class Holidays:
    """The public holidays that a tariff treats apart, as far as somebody has looked them up."""

    dates: frozenset[date]
    known_until: date
    """The first day about which nothing is known."""
