"""Finds everything that keeps a time-of-use plan from giving one price for each minute."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import groupby, pairwise

from .days import ALL_WEEK, LEAP_YEAR, DayKind, MonthDay
from .time_of_use import DAY_MINUTES, TimeOfUsePlan


class ProblemKind(StrEnum):
    """What can be wrong with a plan."""

    NO_SEASON = "no_season"
    TWO_SEASONS = "two_seasons"
    SEASON_NAMED_TWICE = "season_named_twice"
    UNKNOWN_SEASON = "unknown_season"
    UNKNOWN_TIER = "unknown_tier"
    NO_PRICE = "no_price"
    TWO_PRICES = "two_prices"
    UNCOVERED = "uncovered"
    COVERED_TWICE = "covered_twice"


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One thing that is wrong with a plan, and where."""

    kind: ProblemKind
    season: str | None = None
    tiers: tuple[str, ...] = ()
    days: tuple[DayKind, ...] = ()
    start_minute: int | None = None
    """Minutes since local midnight, from here …"""
    end_minute: int | None = None
    """… to here, not included."""
    first_day: MonthDay | None = None
    last_day: MonthDay | None = None


def validate(plan: TimeOfUsePlan, *, holidays_differ: bool = False) -> tuple[Problem, ...]:
    """Return all that is wrong with *plan*; nothing if each minute of every year has exactly one tier with a price.

    Args:
        plan: what to look at.
        holidays_differ: whether holidays are days of their own kind and need hours too.
    """
    kinds = tuple(DayKind) if holidays_differ else ALL_WEEK
    return (*_season_problems(plan), *_name_problems(plan), *_price_problems(plan), *_coverage_problems(plan, kinds))


def _season_problems(plan: TimeOfUsePlan) -> Iterator[Problem]:
    names = [season.name for season in plan.seasons]
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            yield Problem(kind=ProblemKind.SEASON_NAMED_TWICE, season=name)
    year = [MonthDay.of(date(LEAP_YEAR, 1, 1) + timedelta(days=index)) for index in range(366)]
    for count, group in groupby(year, lambda day: sum(day in season for season in plan.seasons)):
        days = list(group)
        if count == 0:
            yield Problem(kind=ProblemKind.NO_SEASON, first_day=days[0], last_day=days[-1])
        elif count > 1:
            first = next(season.name for season in plan.seasons if days[0] in season)
            yield Problem(kind=ProblemKind.TWO_SEASONS, season=first, first_day=days[0], last_day=days[-1])


def _name_problems(plan: TimeOfUsePlan) -> Iterator[Problem]:
    seasons = {season.name for season in plan.seasons}
    used = [price.season for price in plan.prices if price.season is not None]
    used += [name for window in plan.windows for name in sorted(window.seasons)]
    for name in dict.fromkeys(used):
        if name not in seasons:
            yield Problem(kind=ProblemKind.UNKNOWN_SEASON, season=name)
    for tier in dict.fromkeys([window.tier for window in plan.windows] + [plan.rest_tier]):
        if tier is not None and tier not in plan.tiers:
            yield Problem(kind=ProblemKind.UNKNOWN_TIER, tiers=(tier,))


def _price_problems(plan: TimeOfUsePlan) -> Iterator[Problem]:
    keys = [(price.season, price.tier) for price in plan.prices]
    for season, tier in dict.fromkeys(keys):
        if keys.count((season, tier)) > 1:
            yield Problem(kind=ProblemKind.TWO_PRICES, season=season, tiers=(tier,))
    for each in plan.seasons:
        wanted = {window.tier for window in plan.windows if not window.seasons or each.name in window.seasons}
        if plan.rest_tier is not None:
            wanted.add(plan.rest_tier)
        for tier in plan.tiers:
            if tier in wanted and (each.name, tier) not in keys and (None, tier) not in keys:
                yield Problem(kind=ProblemKind.NO_PRICE, season=each.name, tiers=(tier,))


def _coverage_problems(plan: TimeOfUsePlan, kinds: Iterable[DayKind]) -> Iterator[Problem]:
    for season in dict.fromkeys(season.name for season in plan.seasons):
        days_of: dict[tuple[int, int, tuple[str, ...]], list[DayKind]] = {}
        for kind in kinds:
            for fault in _faults_of_day(plan, season, kind):
                days_of.setdefault(fault, []).append(kind)
        for (start, end, tiers), days in days_of.items():
            yield Problem(
                kind=ProblemKind.COVERED_TWICE if tiers else ProblemKind.UNCOVERED,
                season=season,
                tiers=tiers,
                days=tuple(days),
                start_minute=start,
                end_minute=end,
            )


def _faults_of_day(plan: TimeOfUsePlan, season: str, kind: DayKind) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """Yield the stretches of a day that no window covers, with no tiers, or more than one, with theirs."""
    spans = [
        (start, end, window.tier)
        for window in plan.windows
        if window.applies(season, kind)
        for start, end in window.spans
    ]
    edges = sorted({0, DAY_MINUTES} | {edge for start, end, _ in spans for edge in (start, end)})
    stretches = (
        (start, end, tuple(tier for first, last, tier in spans if first <= start < last))
        for start, end in pairwise(edges)
    )
    for tiers, group in groupby(stretches, lambda stretch: stretch[2]):
        same = list(group)
        if len(tiers) > 1 or (not tiers and plan.rest_tier is None):
            yield same[0][0], same[-1][1], tiers
