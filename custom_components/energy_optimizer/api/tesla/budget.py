"""What asking Tesla's servers costs, and how often one may ask for a given amount a month.

Fleet API is paid per call (developer.tesla.com, "Billing and limits"): so many calls of each class per dollar.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final


class CallClass(StrEnum):
    """What calls are priced by."""

    DATA = "data"
    COMMAND = "command"
    WAKE = "wake"


CALLS_PER_USD: Final[Mapping[CallClass, float]] = {
    CallClass.DATA: 500.0,
    CallClass.COMMAND: 1000.0,
    CallClass.WAKE: 50.0,
}
FASTEST_POLL: Final = timedelta(seconds=30)
SLOWEST_POLL: Final = timedelta(hours=6)
HISTORY_BEYOND: Final = timedelta(minutes=5)
"""Energy is not integrated over longer gaps between readings: the site's history is asked for then."""
SETTINGS_EVERY_POLLS: Final = 3
SETTINGS_FASTEST: Final = timedelta(minutes=5)
_MONTH: Final = timedelta(days=31)
_FOR_POLLING: Final = 0.9
"""The rest is for commands, reading them back and tries that fail."""


def settings_interval(poll_interval: timedelta) -> timedelta:
    """Return how often settings are asked for beside powers."""
    return max(SETTINGS_FASTEST, SETTINGS_EVERY_POLLS * poll_interval)


def monthly_estimate_usd(poll_interval: timedelta) -> float:
    """Return what reading at *poll_interval* costs in a month of 31 days, in US dollars."""
    return _MONTH / poll_interval * _calls_per_poll(poll_interval) / CALLS_PER_USD[CallClass.DATA]


def interval_within(budget_usd: float) -> timedelta:
    """Return how often to read so that a month stays within *budget_usd*, leaving a tenth for commands."""
    return _interval(_MONTH, budget_usd * _FOR_POLLING * CALLS_PER_USD[CallClass.DATA])


def _calls_per_poll(poll_interval: timedelta) -> float:
    return 1 + poll_interval / settings_interval(poll_interval) + (1 if poll_interval > HISTORY_BEYOND else 0)


def _interval(span: timedelta, calls: float) -> timedelta:
    """Return the shortest interval at which *calls* last for *span*."""
    if calls < 1:
        return SLOWEST_POLL
    # At short intervals settings are asked for at a fixed pace, whose calls are not left for powers.
    left = calls - span / SETTINGS_FASTEST
    short = span / left if left > 0 else SLOWEST_POLL
    if short * SETTINGS_EVERY_POLLS <= SETTINGS_FASTEST:
        return max(FASTEST_POLL, short)
    share = 1 / SETTINGS_EVERY_POLLS
    middle = span * (1 + share) / calls
    interval = middle if middle <= HISTORY_BEYOND else max(HISTORY_BEYOND, span * (2 + share) / calls)
    return min(interval, SLOWEST_POLL)


class CallMeter:
    """Counts the calls of one way this month; with a budget, says how often to read to keep it."""

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        budget_usd: float | None = None,
        stored: Mapping[str, Any] | None = None,
        changed: Callable[[], object] = lambda: None,
    ) -> None:
        self._now = now
        self._budget_usd = budget_usd
        self._changed = changed
        self._month, self._calls = _stored(stored)

    def count(self, kind: CallClass) -> None:
        """Note that a call was sent."""
        self._turn_page()
        self._calls[kind] = self._calls.get(kind, 0) + 1
        self._changed()

    @property
    def is_metered(self) -> bool:
        """Whether calls cost something."""
        return self._budget_usd is not None

    @property
    def calls_this_month(self) -> int:
        """The calls since the month began (UTC)."""
        self._turn_page()
        return sum(self._calls.values())

    @property
    def cost_this_month_usd(self) -> float:
        """What they cost before Tesla's monthly credit, in US dollars; 0 where calls are free."""
        self._turn_page()
        if not self.is_metered:
            return 0.0
        return sum(count / CALLS_PER_USD[kind] for kind, count in self._calls.items())

    @property
    def poll_interval(self) -> timedelta:
        """How often to read: longer than the budget asks for when the month's calls run ahead of it."""
        if self._budget_usd is None:
            return FASTEST_POLL
        left_usd = self._budget_usd - self.cost_this_month_usd
        calls = max(0.0, left_usd) * _FOR_POLLING * CALLS_PER_USD[CallClass.DATA]
        return max(interval_within(self._budget_usd), _interval(self.month_end - self._now(), calls))

    @property
    def is_used_up(self) -> bool:
        """Whether the month's budget is spent: nothing more is read until the next."""
        return self._budget_usd is not None and self.cost_this_month_usd >= self._budget_usd

    @property
    def month_end(self) -> datetime:
        """When counting begins anew."""
        start = self._now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        return (start + timedelta(days=32)).replace(day=1)

    def to_store(self) -> dict[str, Any]:
        """Return what must outlive a restart."""
        return {"month": self._month, "calls": {str(kind): count for kind, count in self._calls.items()}}

    def _turn_page(self) -> None:
        month = f"{self._now():%Y-%m}"
        if month != self._month:
            self._month, self._calls = month, {}


def _stored(stored: Mapping[str, Any] | None) -> tuple[str, dict[CallClass, int]]:
    """Read what ``to_store`` returned; what cannot be read counts as nothing."""
    try:
        return (
            (str(stored["month"]), {CallClass(kind): int(count) for kind, count in stored["calls"].items()})
            if stored
            else ("", {})
        )
    except LookupError, TypeError, ValueError, AttributeError:
        return "", {}
