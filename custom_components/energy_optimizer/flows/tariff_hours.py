"""Reads hours the way people type them: ``16:00-21:00``, ``4–9 pm``, ``22h30 à 6h``, several with commas."""

import re

from ..core.tariffs.text import clock_text
from ..core.tariffs.time_of_use import DAY_MINUTES

_TIME = r"(\d{1,2})(?:\s*[:h.]\s*(\d{2}))?\s*h?\s*(am|pm|a\.m\.|p\.m\.)?"
_RANGE = re.compile(rf"\s*{_TIME}\s*(?:-|–|—|→|to|à|bis|until)\s*{_TIME}\s*", re.IGNORECASE)


class HoursError(ValueError):
    """A text that names no hours; its argument is the part that was not understood."""


def read_hours(text: str) -> list[tuple[int, int]]:
    """Return the stretches of a day that *text* names, in minutes since midnight, a day's end being 1440.

    Raises:
        HoursError: if a part of the text is no stretch of a day.
    """
    return [_read_range(part) for part in re.split(r"[,;\n]", text) if part.strip()]


def write_hours(stretches: list[tuple[int, int]]) -> str:
    """Write what ``read_hours`` reads."""
    return ", ".join(f"{clock_text(start)}-{clock_text(end)}" for start, end in stretches)


def _read_range(part: str) -> tuple[int, int]:
    if (match := _RANGE.fullmatch(part)) is None:
        raise HoursError(part.strip())
    start_hour, start_minute, start_half, end_hour, end_minute, end_half = match.groups()
    if end_half and not start_half:
        start_half = end_half
        if _minute(part, start_hour, start_minute, start_half) >= _minute(part, end_hour, end_minute, end_half):
            start_half = "am" if end_half.lower().startswith("p") else "pm"
    elif start_half and not end_half and int(end_hour) in range(1, 13):
        raise HoursError(part.strip())  # "4 pm to 9" may mean the evening or the morning
    start = _minute(part, start_hour, start_minute, start_half)
    end = _minute(part, end_hour, end_minute, end_half) or DAY_MINUTES
    if start in (end, DAY_MINUTES):
        raise HoursError(part.strip())
    return start, end


def _minute(part: str, hour_text: str, minute_text: str | None, half: str | None) -> int:
    hour, minute = int(hour_text), int(minute_text or 0)
    if half is not None:
        if not 1 <= hour <= 12:
            raise HoursError(part.strip())
        hour = hour % 12 + (12 if half.lower().startswith("p") else 0)
    if minute > 59 or hour * 60 + minute > DAY_MINUTES:
        raise HoursError(part.strip())
    return hour * 60 + minute
