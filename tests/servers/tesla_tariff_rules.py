"""What Tesla makes of a tariff that it is sent, written from the facts and not from our converter."""

from collections.abc import Mapping
from copy import deepcopy
from datetime import datetime
from typing import Any

MINUTES = 24 * 60
NOT_24_HOURS = "time of use schedule should cover exactly 24 hours"
type Season = Mapping[str, Any]


def has_negative(tariff: Mapping[str, Any]) -> bool:
    """Say whether a price is below zero on either side."""
    return any(price < 0 for side in _sides(tariff) for prices in _rates(side).values() for price in prices.values())


def with_buy_raised(tariff: Mapping[str, Any]) -> dict[str, Any]:
    """Return the tariff as Tesla keeps it: where selling earned more than buying costs, buying costs as much."""
    kept = deepcopy(dict(tariff))
    sell = _rates(kept.get("sell_tariff", {}))
    for season, prices in _rates(kept).items():
        for period, price in prices.items():
            earned = sell.get(season, {}).get(period)
            if earned is not None and earned > price:
                kept["energy_charges"][season]["rates"][period] = earned
    return kept


def complaint(tariff: Mapping[str, Any]) -> str | None:
    """Return what Tesla's app says of a tariff that its server accepted; ``None`` if nothing."""
    for side in _sides(tariff):
        for season in side.get("seasons", {}).values():
            if season.get("tou_periods") and any(
                count != 1 for weekday in range(7) for count in _coverage(season, weekday)
            ):
                return NOT_24_HOURS
    return None


def price_at(side: Mapping[str, Any], local: datetime) -> float | None:
    """Return the price of one side (a tariff, or its ``sell_tariff``) at a local time; Monday is 0."""
    minute = local.hour * 60 + local.minute
    for name, season in side.get("seasons", {}).items():
        if not _in_season(season, local):
            continue
        for period, when in season.get("tou_periods", {}).items():
            if any(minute in _minutes(window, local.weekday()) for window in when["periods"]):
                return _rates(side).get(name, {}).get(period)
    return None


def _sides(tariff: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [tariff, *([tariff["sell_tariff"]] if tariff.get("sell_tariff") else [])]


def _rates(side: Mapping[str, Any]) -> dict[str, Mapping[str, float]]:
    return {season: charges.get("rates", {}) for season, charges in side.get("energy_charges", {}).items()}


def _coverage(season: Season, weekday: int) -> list[int]:
    counts = [0] * MINUTES
    for when in season["tou_periods"].values():
        for window in when["periods"]:
            for minute in _minutes(window, weekday):
                counts[minute] += 1
    return counts


def _minutes(window: Mapping[str, int], weekday: int) -> range:
    if not window.get("fromDayOfWeek", 0) <= weekday <= window.get("toDayOfWeek", 6):
        return range(0)
    start = window.get("fromHour", 0) * 60 + window.get("fromMinute", 0)
    end = window.get("toHour", 0) * 60 + window.get("toMinute", 0)
    # A window that begins later than midnight and names no end leaves the rest of the day open, as the app found.
    return range(start, end or (MINUTES if "toHour" in window or start == 0 else start))


def _in_season(season: Season, local: datetime) -> bool:
    if not season.get("tou_periods"):
        return False
    start = (season.get("fromMonth", 1), season.get("fromDay", 1))
    end = (season.get("toMonth", 12), season.get("toDay", 31))
    today = (local.month, local.day)
    return start <= today <= end if start <= end else today >= start or today <= end
