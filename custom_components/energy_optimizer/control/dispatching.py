"""Orders of power that die with us: each lasts less than a minute and is renewed while the wish holds."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from ..api.powerwall import PowerwallPath
from ..core.model.powerwall import PowerwallReading
from .force_plan import obeys_dispatch

LASTING: Final = timedelta(seconds=45)
RENEW_EVERY: Final = timedelta(seconds=20)
OLDEST_READING: Final = timedelta(minutes=2)
"""Without a newer look at the battery no order is renewed: nobody would notice where it leads."""
CUT_OFF_AFTER: Final = timedelta(minutes=2)
"""So long after the last order that was accepted, other means take the place of orders that reach nobody."""
NEVER_REACHED_AFTER: Final = timedelta(seconds=30)
"""The same for the first order of a force."""
_GRACE: Final = timedelta(seconds=60)


class Dispatching:
    """The orders of one force."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._ordered_kw: float | None = None
        self._first_at: datetime | None = None
        self._last_at: datetime | None = None
        self._accepted_at: datetime | None = None
        self._silent_since = now()

    @property
    def holds(self) -> bool:
        """Say whether the last order that was accepted still holds."""
        return self._accepted_at is not None and self._now() < self._accepted_at + LASTING

    def is_cut_off(self, begun_at: datetime, *, obeyed: bool) -> bool:
        """Say whether no order of a force, *obeyed* before or not, has been accepted for long."""
        patience = CUT_OFF_AFTER if obeyed else NEVER_REACHED_AFTER
        return self._now() - max(self._silent_since, begun_at) >= patience

    @property
    def is_running(self) -> bool:
        """Say whether an order of ours may be in force."""
        return self._last_at is not None and self._now() < self._last_at + LASTING

    @property
    def next_at(self) -> datetime | None:
        """When to renew."""
        return None if self._last_at is None else self._last_at + RENEW_EVERY

    @property
    def ordered_kw(self) -> float | None:
        """The last order; ``None`` if there is none."""
        return self._ordered_kw

    def is_due(self, power_kw: float, *, tolerance_kw: float = 0.0) -> bool:
        """Say whether to order *power_kw* now; another order within the tolerance is renewed only in its time."""
        if self._ordered_kw is None or abs(self._ordered_kw - power_kw) > tolerance_kw:
            return True
        return self.next_at is None or self._now() >= self.next_at

    async def order(self, path: PowerwallPath, power_kw: float) -> None:
        """Order a power for less than a minute; it counts as running even if the reply is lost."""
        if self._ordered_kw != power_kw or not self.is_running:
            self._first_at = None
        self._ordered_kw, self._last_at = power_kw, self._now()
        await path.dispatch(power_kw, LASTING)
        self._accepted_at = self._silent_since = self._now()
        self._first_at = self._first_at or self._accepted_at

    async def stop(self, path: PowerwallPath) -> None:
        """Take the order back; if that fails it ends by itself."""
        await path.stop_dispatch()
        self.forget()

    def forget(self) -> None:
        """Know of no order."""
        self._ordered_kw = self._first_at = self._last_at = self._accepted_at = None

    def has_shown(self, reading: PowerwallReading) -> bool:
        """Say whether a reading was taken since the power was ordered that is ordered now."""
        return self._ordered_kw is not None and self._first_at is not None and reading.taken_at >= self._first_at

    def is_obeyed(
        self, reading: PowerwallReading, obeys: Callable[[float, PowerwallReading], bool] = obeys_dispatch
    ) -> bool:
        """Say whether a reading taken since shows the power that was ordered."""
        return self._ordered_kw is not None and self.has_shown(reading) and obeys(self._ordered_kw, reading)

    def is_hopeless(self, acts_within: timedelta) -> bool:
        """Say whether it should long have been obeyed."""
        return self._first_at is not None and self._now() - self._first_at > acts_within + _GRACE
