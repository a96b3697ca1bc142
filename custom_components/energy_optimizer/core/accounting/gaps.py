"""Times in which nobody looked, and what a device's own history says about them afterwards."""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from ..model.energy import EnergyTotals
from .integration import LONGEST_GAP
from .meters import COARSEST_KWH, MOST_KW

BUCKET: Final = timedelta(minutes=5)
"""Histories tell of stretches of this length; one that has not ended is not whole yet."""
ASK_AGAIN: Final = timedelta(minutes=10)
LAG_STEP: Final = timedelta(minutes=10)
MOST_LAG: Final = timedelta(minutes=30)
"""Histories are written late, but not later than this."""
SHORTEST_PART: Final = timedelta(hours=1)
"""A longer gap about which the history is silent is asked for in halves: only a part of it may be missing."""
GIVE_UP_AFTER: Final = timedelta(hours=24)


@dataclass(frozen=True, kw_only=True, slots=True)
class Gap:
    """A stretch of time without readings that is not explained yet."""

    start: datetime
    end: datetime
    asked_at: datetime | None = None

    def is_due(self, now: datetime) -> bool:
        """Say whether the history should be asked (again); the longer it was silent, the more seldom."""
        return self.asked_at is None or now - self.asked_at >= max(ASK_AGAIN, self.asked_at - self.end)


@dataclass(frozen=True, kw_only=True, slots=True)
class Gaps:
    """The open gaps of one Powerwall, the oldest first."""

    open: tuple[Gap, ...] = ()
    lag: timedelta = field(default_factory=timedelta)
    """How late the history was found to be written."""

    def noted(self, since: datetime | None, now: datetime) -> Gaps:
        """Note that nobody looked from *since*, when the last reading was taken, to *now*."""
        if since is None or now - since <= LONGEST_GAP:
            return self
        if self.open and self.open[-1].end == since:  # as when one may ask only now and then
            return replace(self, open=(*self.open[:-1], replace(self.open[-1], end=now, asked_at=None)))
        return replace(self, open=(*self.open, Gap(start=since, end=now)))

    def due(self, now: datetime) -> tuple[tuple[Gap, datetime], ...]:
        """Return the gaps to ask the history about, each with the instant up to which it can know."""
        reaches = ((gap, min(gap.end, _whole_buckets(now - self.lag))) for gap in self.open if gap.is_due(now))
        return tuple((gap, until) for gap, until in reaches if until > gap.start)

    def told(self, gap: Gap, until: datetime) -> Gaps:
        """Take note that the history told of *gap* up to *until*; the rest stays open."""
        return self._with(gap, [replace(gap, start=until)] if until < gap.end else [])

    def untold(self, gap: Gap, now: datetime) -> Gaps:
        """Take note that the history is silent about (a part of) *gap*."""
        if now - gap.end >= GIVE_UP_AFTER:
            return self._with(gap, [])
        asked = replace(gap, asked_at=now)
        if now - gap.end < MOST_LAG and self.lag < MOST_LAG:
            return replace(self, lag=self.lag + LAG_STEP)
        if gap.end - gap.start < 2 * SHORTEST_PART:
            return self._with(gap, [asked])
        middle = _whole_buckets(gap.start + (gap.end - gap.start) / 2)
        return self._with(gap, [replace(gap, end=middle, asked_at=None), replace(gap, start=middle, asked_at=None)])

    def postponed(self, gap: Gap, now: datetime) -> Gaps:
        """Take note that the history could not be asked."""
        return (
            self.untold(gap, now) if now - gap.end >= GIVE_UP_AFTER else self._with(gap, [replace(gap, asked_at=now)])
        )

    def _with(self, gap: Gap, instead: Iterable[Gap]) -> Gaps:
        place = self.open.index(gap)
        return replace(self, open=(*self.open[:place], *instead, *self.open[place + 1 :]))


def believable(flowed: EnergyTotals, length: timedelta, most_kw: float = MOST_KW) -> EnergyTotals:
    """Return the energies without those that *most_kw* could not have carried in a time of this length."""
    most_kwh = most_kw * (length / timedelta(hours=1)) + COARSEST_KWH
    values = {each.name: getattr(flowed, each.name) for each in fields(flowed)}
    return EnergyTotals(
        **{name: kwh if kwh is not None and 0.0 <= kwh <= most_kwh else None for name, kwh in values.items()}
    )


def _whole_buckets(at: datetime) -> datetime:
    seconds = BUCKET.total_seconds()
    return datetime.fromtimestamp(at.timestamp() // seconds * seconds, UTC)
