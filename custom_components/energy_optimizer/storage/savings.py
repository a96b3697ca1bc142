"""What was saved, day by day, and what the next day is settled from."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime, timedelta
from typing import Any, Final, TypedDict

from homeassistant.core import HomeAssistant

from ..const import DOMAIN
from ..core.accounting.savings import DaySavings
from .steady import SteadyStore

KIND: Final = "savings"
KEPT: Final = timedelta(days=1100)
"""Three years by day; of days before, sums are kept."""
_DIGITS: Final = 6
_FIELDS: Final = tuple(each.name for each in fields(DaySavings))


class StoredSavings(TypedDict):
    """The file's content."""

    days: list[dict[str, Any]]
    earlier: dict[str, dict[str, float]]
    since: str | None
    steered: list[tuple[str, bool]]
    levels: list[tuple[str, float]]


@dataclass(frozen=True, kw_only=True, slots=True)
class SavingsBooks:
    """All that is known of what was saved."""

    days: Mapping[date, DaySavings] = field(default_factory=dict)
    """In order."""
    earlier: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Sums of the days that were dropped, by currency and name."""
    since: date | None = None
    """The first day on which the plan was carried out."""
    steered: tuple[tuple[datetime, bool], ...] = ()
    """When it began and ended to be carried out, in order."""
    levels: Mapping[datetime, float] = field(default_factory=dict)
    """What the battery held at the starts of days and when it was last seen, in percent."""

    def with_day(self, day: DaySavings) -> SavingsBooks:
        """Return the books with a day added or settled anew; the oldest day may be too old by then."""
        days = dict(sorted({**self.days, day.day: day}.items()))
        since = self.since
        if day.steered_share > 0.0 and (since is None or day.day < since):
            since = day.day
        earlier = {currency: dict(sums) for currency, sums in self.earlier.items()}
        for old in [each for each in days if each <= max(days) - KEPT]:
            dropped = days.pop(old)
            sums = earlier.setdefault(dropped.currency, {})
            for name, money in money_of(dropped).items():
                sums[name] = sums.get(name, 0.0) + money
        return replace(self, days=days, since=since, earlier=earlier)

    def with_level(self, at: datetime, percent: float, *, forget_before: datetime) -> SavingsBooks:
        """Return the books with what the battery held at an instant."""
        levels = {each: level for each, level in self.levels.items() if each >= forget_before}
        return replace(self, levels=dict(sorted({**levels, at: percent}.items())))

    def with_steering(self, at: datetime, *, is_steered: bool, forget_before: datetime) -> SavingsBooks:
        """Return the books with how it is since *at*; the same if it was so already."""
        if (self.steered[-1][1] if self.steered else False) == is_steered:
            return self
        kept = [each for each in self.steered if each[0] >= forget_before]
        before = [each for each in self.steered if each[0] < forget_before][-1:]
        return replace(self, steered=(*before, *kept, (at, is_steered)))

    @property
    def currencies(self) -> frozenset[str]:
        """The currencies that money was told in."""
        return frozenset({*self.earlier, *(day.currency for day in self.days.values())})

    def sum_before(self, currency: str, name: str) -> float:
        """Return a sum of money over the days that were dropped."""
        return self.earlier.get(currency, {}).get(name, 0.0)


def money_of(day: DaySavings) -> dict[str, float]:
    """Return the figures of a day that can be added, without those that nobody knows."""
    figures = {"measured": day.measured, "without": day.without, "best": day.best, "saved": day.saved}
    return {name: money for name, money in figures.items() if money is not None}


class SavingsStore(SteadyStore[StoredSavings]):
    """One file per Powerwall."""

    def __init__(self, hass: HomeAssistant, subentry_id: str) -> None:
        super().__init__(hass, f"{DOMAIN}.{KIND}.{subentry_id}")


def savings_to_json(books: SavingsBooks) -> StoredSavings:
    """Turn the books into what JSON can hold."""
    return {
        "days": [_day_to_json(day) for day in books.days.values()],
        "earlier": {currency: dict(sums) for currency, sums in books.earlier.items()},
        "since": books.since.isoformat() if books.since else None,
        "steered": [(at.isoformat(), is_steered) for at, is_steered in books.steered],
        "levels": [(at.isoformat(), level) for at, level in books.levels.items()],
    }


def savings_from_json(stored: StoredSavings) -> SavingsBooks:
    """Read back what ``savings_to_json`` wrote.

    Raises:
        KeyError, TypeError, ValueError: for anything else.
    """
    days = [_day_from_json(each) for each in stored["days"]]
    return SavingsBooks(
        days={day.day: day for day in sorted(days, key=lambda each: each.day)},
        earlier={
            currency: {name: float(money) for name, money in sums.items()}
            for currency, sums in stored["earlier"].items()
        },
        since=date.fromisoformat(stored["since"]) if stored["since"] else None,
        steered=tuple((datetime.fromisoformat(at), bool(is_steered)) for at, is_steered in stored["steered"]),
        levels={datetime.fromisoformat(at): float(level) for at, level in stored["levels"]},
    )


def _day_to_json(day: DaySavings) -> dict[str, Any]:
    values = {name: getattr(day, name) for name in _FIELDS} | {"day": day.day.isoformat()}
    return {name: round(value, _DIGITS) if isinstance(value, float) else value for name, value in values.items()}


def _day_from_json(stored: Mapping[str, Any]) -> DaySavings:
    return DaySavings(**{**stored, "day": date.fromisoformat(stored["day"])})
