"""Time and tasks as a control needs them; Home Assistant's, or a test's."""

from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta, tzinfo
from typing import Protocol


class Clock(Protocol):
    """Tells the time, wakes, and runs what nobody waits for."""

    def now(self) -> datetime:
        """Return the present instant."""

    def zone(self) -> tzinfo:
        """Return the home's time zone."""

    async def sleep(self, duration: timedelta) -> None:
        """Return after *duration*."""

    def wake_at(self, at: datetime, action: Callable[[], Coroutine[None, None, None]]) -> Callable[[], None]:
        """Run *action* at an instant; return what cancels that."""

    def start(self, action: Coroutine[None, None, None]) -> None:
        """Run *action* without being waited for."""
