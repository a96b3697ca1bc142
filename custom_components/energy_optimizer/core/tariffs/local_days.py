"""Local days on the time line: where they begin, and which instants their wall clocks show."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, tzinfo


def day_starts_at(day: date, time_zone: tzinfo) -> datetime:
    """Return the first instant of a local day, in UTC, also where the clock change skips or repeats midnight."""
    return datetime.combine(day, time(), time_zone).astimezone(UTC)


def wall_clock_breaks(day: date, minutes: Iterable[int], time_zone: tzinfo) -> list[datetime]:
    """Return each instant of a local day at which a clock on the wall comes to show one of *minutes*, or is put.

    The day's first instant is always among them. An hour that is repeated yields its minutes twice, one that is
    skipped yields the instant at which the clock is put forward.
    """
    start = day_starts_at(day, time_zone)
    end = day_starts_at(day + timedelta(days=1), time_zone)
    first_offset, last_offset = (_offset(instant, time_zone) for instant in (start, end - timedelta(seconds=1)))
    offsets = {first_offset, last_offset}
    found = {start}
    if len(offsets) > 1:
        found.add(_clock_change(start, end, time_zone))
    midnight = datetime.combine(day, time(), UTC)
    for minute in minutes:
        found.update(midnight + timedelta(minutes=minute) - offset for offset in offsets)
    return sorted(instant for instant in found if start <= instant < end)


def _offset(instant: datetime, time_zone: tzinfo) -> timedelta:
    return instant.astimezone(time_zone).utcoffset() or timedelta()


def _clock_change(start: datetime, end: datetime, time_zone: tzinfo) -> datetime:
    """Find the first second at which the offset differs from that of *start*."""
    before, low, high = _offset(start, time_zone), 0, int((end - start).total_seconds())
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(start + timedelta(seconds=middle), time_zone) == before:
            low = middle
        else:
            high = middle
    return start + timedelta(seconds=high)
