"""The rows of a tariff's forms, from and to the plan they describe."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from math import isfinite
from typing import Any, Final

from ..core.tariffs.days import LEAP_YEAR, WHOLE_YEAR, DateRange, DayKind, MonthDay, Season
from ..core.tariffs.time_of_use import TierPrice, TimeOfUsePlan, Window
from .tariff_hours import HoursError, read_hours, write_hours
from .tariff_words import Words

NAME: Final = "name"
MONTH: Final = "month"
DAY: Final = "day"
TIER: Final = "tier"
SEASON: Final = "season"
IMPORT_PRICE: Final = "import_price"
EXPORT_PRICE: Final = "export_price"
HOURS: Final = "hours"
DAYS: Final = "days"

type Row = Mapping[str, Any]


class RowError(ValueError):
    """A row that cannot be taken as it is: the key of the message and what to fill into it."""

    def __init__(self, key: str, row: int, **placeholders: str) -> None:
        super().__init__(key)
        self.key = key
        self.placeholders = {"row": str(row), **placeholders}


def read_seasons(rows: Sequence[Row], words: Words) -> tuple[Season, ...]:
    """Return seasons that each last until the next one starts; raise ``RowError`` for a row that cannot be."""
    starts: dict[MonthDay, str] = {}
    for number, row in enumerate(rows, 1):
        if not (name := str(row.get(NAME) or "").strip()):
            raise RowError("season_unnamed", number)
        _refuse_reserved(name, words("every_season"), number)
        month = words.months.index(row[MONTH]) + 1
        try:
            first = MonthDay(month, _whole(row.get(DAY) or 1))
        except ValueError as err:
            raise RowError("no_such_day", number, day=f"{float(row[DAY]):g}", month=row[MONTH]) from err
        if first in starts:
            raise RowError("seasons_start_together", number, season=name, other=starts[first])
        starts[first] = name
    names = set(starts.values())
    if len(names) == 1:
        raise RowError("one_season", len(rows), season=names.pop())
    if not names:
        return (Season(name=words("name_all_year"), ranges=(WHOLE_YEAR,)),)
    firsts = sorted(starts)
    ranges: dict[str, list[DateRange]] = {name: [] for name in starts.values()}
    for first, following in zip(firsts, [*firsts[1:], firsts[0]], strict=True):
        ranges[starts[first]].append(DateRange(first, _day_before(following)))
    return tuple(Season(name=name, ranges=tuple(parts)) for name, parts in ranges.items())


def write_seasons(seasons: Sequence[Season], words: Words) -> list[dict[str, Any]]:
    """Return a row for each start of a season; none for a year without seasons."""
    if len(seasons) == 1:
        return []
    return [
        {NAME: season.name, MONTH: words.months[part.first.month - 1], DAY: part.first.day}
        for season in seasons
        for part in season.ranges
    ]


def read_prices(rows: Sequence[Row], words: Words) -> tuple[TierPrice, ...]:
    """Return prices, an export price being ``None`` where it was left empty; raise ``RowError`` as above."""
    prices: dict[tuple[str | None, str], TierPrice] = {}
    for number, row in enumerate(rows, 1):
        if not (tier := str(row.get(TIER) or "").strip()):
            raise RowError("tier_unnamed", number)
        _refuse_reserved(tier, words("no_rest"), number)
        if row.get(IMPORT_PRICE) is None:
            raise RowError("price_missing", number, tier=tier)
        season = _season_of(row, words)
        if (season, tier) in prices:
            raise RowError("two_prices", number, tier=tier)
        bought, sold = float(row[IMPORT_PRICE]), row.get(EXPORT_PRICE)
        sold = None if sold is None else float(sold)
        if not isfinite(bought) or not isfinite(sold or 0):
            raise RowError("price_no_number", number, tier=tier)
        prices[season, tier] = TierPrice(season=season, tier=tier, import_per_kwh=bought, export_per_kwh=sold)
    return tuple(prices.values())


def write_prices(prices: Sequence[TierPrice], words: Words, *, with_season: bool) -> list[dict[str, Any]]:
    """Return a row for each price."""
    rows = []
    for price in prices:
        row: dict[str, Any] = {SEASON: price.season or words("every_season")} if with_season else {}
        row[TIER] = price.tier
        if price.import_per_kwh is not None:
            row[IMPORT_PRICE] = price.import_per_kwh
        if price.export_per_kwh is not None:
            row[EXPORT_PRICE] = price.export_per_kwh
        rows.append(row)
    return rows


def read_windows(rows: Sequence[Row], words: Words) -> tuple[Window, ...]:
    """Return windows, several for a row that names several hours; raise ``RowError`` as above."""
    windows: list[Window] = []
    for number, row in enumerate(rows, 1):
        if not (tier := row.get(TIER)):
            raise RowError("hours_without_tier", number)
        try:
            stretches = read_hours(str(row.get(HOURS) or ""))
        except HoursError as err:
            raise RowError("no_such_hours", number, tier=tier, text=str(err)) from err
        if not stretches:
            raise RowError("hours_missing", number, tier=tier)
        groups = words.day_groups
        chosen = row.get(DAYS) or [words("every_day")]
        days: frozenset[DayKind] = frozenset().union(*(groups[name] for name in chosen))
        season = _season_of(row, words)
        windows += [
            Window(
                tier=tier,
                start_minute=start,
                end_minute=end,
                days=days,
                seasons=frozenset() if season is None else frozenset({season}),
            )
            for start, end in stretches
        ]
    return tuple(windows)


def write_windows(plan: TimeOfUsePlan, words: Words, *, holidays_differ: bool) -> list[dict[str, Any]]:
    """Return a row for all hours of a tier on the same days of the same season."""
    grouped: dict[tuple[str, frozenset[DayKind], str | None], list[tuple[int, int]]] = {}
    for window in plan.windows:
        seasons: list[str | None] = [*sorted(window.seasons)] or [None]
        for season in seasons:
            hours = grouped.setdefault((window.tier, window.days, season), [])
            hours.append((window.start_minute, window.end_minute))
    with_season = len(plan.seasons) > 1
    return [
        {
            TIER: tier,
            HOURS: write_hours(hours),
            **({SEASON: season or words("every_season")} if with_season else {}),
            DAYS: words.days(days, holidays_differ=holidays_differ),
        }
        for (tier, days, season), hours in grouped.items()
    ]


def _refuse_reserved(name: str, word: str, number: int) -> None:
    """Refuse a *name* that a later list could not tell from its *word* for "all" or "none"."""
    if name.casefold() == word.casefold():
        raise RowError("name_reserved", number, name=name)


def _whole(value: float | str) -> int:
    number = float(value)
    if not number.is_integer():
        raise ValueError(f"{value} is not a whole number")
    return int(number)


def _season_of(row: Row, words: Words) -> str | None:
    season: str | None = row.get(SEASON)
    return None if season == words("every_season") else season


def _day_before(day: MonthDay) -> MonthDay:
    return MonthDay.of(date(LEAP_YEAR, day.month, day.day) - timedelta(days=1))
