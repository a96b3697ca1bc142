"""Times as integrations write them into lists of prices."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

_HALF_MINUTE: Final = timedelta(seconds=30)
_SECONDS_UNTIL_2001: Final = 978_307_200
_SECONDS_UNTIL_2100: Final = 4_102_444_800


def read_time(value: object) -> datetime | None:
    """Read an ISO text, a datetime or seconds (or milliseconds) since 1970; ``None`` for anything else.

    The result is naive where the source named no time zone.
    """
    match value:
        case datetime():
            return value
        case str():
            return _from_text(value.strip())
        case bool():
            return None
        case int() | float() if _SECONDS_UNTIL_2001 < value < 1000 * _SECONDS_UNTIL_2100:
            seconds = value if value < _SECONDS_UNTIL_2100 else value / 1000
            return datetime.fromtimestamp(seconds, UTC)
    return None


def in_utc(times: Iterable[datetime], zone: tzinfo) -> list[datetime | None]:
    """Return times that follow each other, to the minute, in UTC.

    Naive ones are what a clock on the wall of *zone* shows. In the hour that is repeated in autumn, one that does not
    come after the one before is of the second time; one in the hour that is skipped in spring is ``None``.
    """
    found: list[datetime | None] = []
    latest: datetime | None = None
    for time in times:
        instant = _to_the_minute(time.astimezone(UTC)) if time.tzinfo is not None else _on_the_wall(time, zone, latest)
        found.append(instant)
        latest = instant or latest
    return found


def _from_text(text: str) -> datetime | None:
    if len(text) <= len("2026-01-01"):  # a day alone says nothing of a slot
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _to_the_minute(instant: datetime) -> datetime:
    """Round, because some count slots from a second after they start, and to a second before they end."""
    return (instant + _HALF_MINUTE).replace(second=0, microsecond=0)


def _on_the_wall(time: datetime, zone: tzinfo, latest: datetime | None) -> datetime | None:
    local = _to_the_minute(time).replace(tzinfo=zone, fold=0)
    first = local.astimezone(UTC)
    if first.astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
        return None
    second = local.replace(fold=1).astimezone(UTC)
    return second if latest is not None and first <= latest < second else first
