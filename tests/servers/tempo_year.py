"""Colours of days as they might be: by the rules, more red the colder a winter's day, the same for the same seed."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays

PARIS = ZoneInfo("Europe/Paris")
BLUE, WHITE, RED = "BLUE", "WHITE", "RED"


@cache
def season(year: int, seed: int) -> dict[date, str]:
    """Return the colours from 1 September of *year* on: 22 red, 43 white, the rest blue."""
    chance = random.Random(f"{seed} {year}")
    days = [date(year, 9, 1) + timedelta(days=n) for n in range((date(year + 1, 9, 1) - date(year, 9, 1)).days)]
    off = holidays.country_holidays("FR", years=(year, year + 1))
    spell, cold = 0.0, {}
    for day in days:
        spell = 0.8 * spell + chance.gauss(0, 1)
        midwinter = abs((day - date(year + 1, 1, 15)).days)
        cold[day] = spell - midwinter / 20
    may_be_red = [day for day in days if day.month in (11, 12, 1, 2, 3) and day.weekday() < 5 and day not in off]
    red = set(sorted(may_be_red, key=cold.__getitem__)[-22:])
    may_be_white = [day for day in days if day.weekday() < 6 and day not in red]
    white = set(sorted(may_be_white, key=cold.__getitem__)[-43:])
    return {day: RED if day in red else WHITE if day in white else BLUE for day in days}


@dataclass(kw_only=True)
class TempoYear:
    """What RTE decided and from when on it is public."""

    seed: int = 1
    published_from: time = time(10, 40)
    """Of the day before, in Paris."""
    said: dict[date, str | None] = field(default_factory=dict)
    """Days whose colour is another than the seed's, ``None`` if nobody is told."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def colour(self, day: date) -> str | None:
        """Return a day's colour if it is public."""
        if self.now() < datetime.combine(day - timedelta(days=1), self.published_from, PARIS):
            return None
        return self.said[day] if day in self.said else season(season_year(day), self.seed)[day]


def season_year(day: date) -> int:
    """Return the year in which the season of *day* began."""
    return day.year if day.month >= 9 else day.year - 1


def paris(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    """Return an instant by the clock of Paris."""
    return datetime(year, month, day, hour, minute, tzinfo=PARIS)
