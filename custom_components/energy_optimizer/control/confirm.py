"""Send, read back, and say how it went."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

FIRST_LOOK = timedelta(seconds=1)
LONGEST_WAIT = timedelta(seconds=8)


class Verdict(StrEnum):
    """How a command ended."""

    ALREADY_SO = "already_so"
    CONFIRMED = "confirmed"
    GAVE_UP = "gave_up"


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """The record of one command."""

    verdict: Verdict
    asked_at: datetime
    accepted_at: datetime | None = None
    confirmed_at: datetime | None = None
    looks: int = 0


async def carry_out(
    *,
    send: Callable[[], Awaitable[None]],
    confirmed: Callable[[], Awaitable[bool]],
    within: timedelta,
    now: Callable[[], datetime],
) -> Outcome:
    """Send a command once and look until the device shows it, at growing intervals.

    Raises whatever *send* raises: a refusal is no disobedience. A look that fails counts as "not yet".
    """
    asked_at = now()
    await send()
    accepted_at = now()
    wait, looks = FIRST_LOOK, 0
    while now() - accepted_at < within:
        await asyncio.sleep(wait.total_seconds())
        looks += 1
        if await confirmed():
            return Outcome(
                verdict=Verdict.CONFIRMED, asked_at=asked_at, accepted_at=accepted_at, confirmed_at=now(), looks=looks
            )
        wait = min(wait * 2, LONGEST_WAIT)
    return Outcome(verdict=Verdict.GAVE_UP, asked_at=asked_at, accepted_at=accepted_at, looks=looks)
