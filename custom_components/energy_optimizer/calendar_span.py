"""Times of events as Home Assistant's calendars accept them."""

from datetime import datetime, timedelta
from typing import Final

from homeassistant.util import dt as dt_util

_MINUTE: Final = timedelta(minutes=1)
_SECOND: Final = timedelta(seconds=1)


def local_span(starts_at: datetime, ends_at: datetime) -> tuple[datetime, datetime]:
    """Return when an event begins and ends by the local clock.

    Home Assistant compares what the clock shows, and refuses an event that seems to end before it begins because the
    clock goes back in its midst. Such a one ends just before that.
    """
    start, end = dt_util.as_local(starts_at), dt_util.as_local(ends_at)
    if end.replace(tzinfo=None) >= start.replace(tzinfo=None):
        return start, end
    last = ends_at
    while dt_util.as_local(last).utcoffset() == end.utcoffset():
        last -= _MINUTE
    return start, max(start, dt_util.as_local(last + _MINUTE - _SECOND))
