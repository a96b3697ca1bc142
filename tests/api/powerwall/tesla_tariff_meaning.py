"""What a tariff in Tesla's form asks at a moment, entry by entry as the form is described, not as the code reads it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any


def prices_at(tariff: Mapping[str, Any], moment: datetime) -> tuple[list[float], list[float]]:
    """Return every buying and every selling price that claims the local *moment*."""
    return _claims(tariff, moment), _claims(tariff["sell_tariff"], moment)


def the_prices_at(tariff: Mapping[str, Any], moment: datetime) -> tuple[float, float]:
    """Return the one buying and the one selling price of the local *moment*."""
    (buy,), (sell,) = prices_at(tariff, moment)
    return buy, sell


def _claims(side: Mapping[str, Any], moment: datetime) -> list[float]:
    claims = []
    for name, season in side["seasons"].items():
        today = (moment.month, moment.day)
        first, last = (season["fromMonth"], season["fromDay"]), (season["toMonth"], season["toDay"])
        if not (first <= today <= last if first <= last else today >= first or today <= last):
            continue
        for period, content in season["tou_periods"].items():
            rate = side["energy_charges"][name]["rates"][period]
            claims += [rate for entry in content["periods"] if _holds(entry, moment)]
    return claims


def _holds(entry: Mapping[str, int], moment: datetime) -> bool:
    minute = moment.hour * 60 + moment.minute
    start = entry.get("fromHour", 0) * 60 + entry.get("fromMinute", 0)
    end = entry.get("toHour", 0) * 60 + entry.get("toMinute", 0)
    first, last = entry.get("fromDayOfWeek", 0), entry.get("toDayOfWeek", 6)

    def begins_on(weekday: int) -> bool:
        return first <= weekday <= last if first <= last else weekday >= first or weekday <= last

    if end > start:
        return begins_on(moment.weekday()) and start <= minute < end
    return (begins_on(moment.weekday()) and minute >= start) or (begins_on((moment.weekday() - 1) % 7) and minute < end)
