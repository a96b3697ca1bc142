"""Asks the site's own history what flowed while nobody looked."""

from datetime import datetime
from typing import Final

from ..api.errors import SourceError
from ..api.powerwall import PowerwallPath
from ..core.accounting.gaps import Gaps, believable
from ..core.accounting.meters import Meters

MOST_QUESTIONS: Final = 4
"""At one look; a long history is asked for over several."""


async def fill_gaps(
    gaps: Gaps, meters: Meters, path: PowerwallPath, *, since: datetime | None, now: datetime, most_kw: float
) -> tuple[Gaps, Meters]:
    """Return what is still unexplained and the *meters* with what the history told.

    *since* is when the reading before this one was taken, *now* when this one was, *most_kw* what the home's connection
    can carry.
    """
    if not meters.uncounted:  # counters know what flowed, whoever looked
        return Gaps(lag=gaps.lag), meters
    gaps = gaps.noted(since, now)
    for _ in range(MOST_QUESTIONS):
        if not (due := gaps.due(now)):
            break
        gap, until = due[0]
        try:
            flowed = await path.energy_between(gap.start, until)
        except SourceError:
            gaps = gaps.postponed(gap, now)
            continue
        if flowed is None:
            gaps = gaps.untold(gap, now)
        else:
            meters = meters.credit(believable(flowed, until - gap.start, most_kw))
            gaps = gaps.told(gap, until)
    return gaps, meters
