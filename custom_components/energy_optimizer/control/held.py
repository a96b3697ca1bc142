"""One thing that we change on a device: what stood there, what we asked, and who changed it since.

All of it is a function of what the device shows, so that it does not matter which replies were lost.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from ..api.powerwall import TeslaTariff
from ..api.powerwall.tesla_tariff import level_tariff
from ..api.powerwall.tesla_tariff_check import same_tariff
from ..core.model.powerwall import ExportRule, OperationMode, PowerwallSettings

TARIFF: Final = "tariff"
"""The name of the tariff beside those of the fields of ``PowerwallSettings``."""
NO_TARIFF: Final[TeslaTariff] = {}

type Value = OperationMode | ExportRule | float | bool | TeslaTariff

DOUBT: Final = timedelta(seconds=45)
"""Once a setting had followed, an old value shown for so long was set by someone and is no stale answer."""
SLOWEST_RETRY: Final = timedelta(minutes=10)
_MOST_ASKS: Final = 24


def as_settings(name: str, value: Value) -> PowerwallSettings:
    """Return one setting among the others that are left alone."""
    change: dict[str, Any] = {name: value}
    return replace(PowerwallSettings(), **change)


def same(name: str, one: Value | None, other: Value | None) -> bool:
    """Say whether two values of the setting *name* mean the same to the device."""
    if one == other:
        return True
    if name == TARIFF:
        one, other = (each if isinstance(each, Mapping) and each else None for each in (one, other))
        return one is other if one is None or other is None else same_tariff(one, other)
    if one is None or other is None:
        return one is other
    return not as_settings(name, one).differing(as_settings(name, other)).named


@dataclass(frozen=True, kw_only=True, slots=True)
class Ask:
    """A command that was sent, or was about to be when all went dark."""

    value: Value
    at: datetime
    seen: bool = False
    """The device has shown this value since."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """One setting in our hands."""

    name: str
    baseline: Value | None
    """What is put back; what someone else sets meanwhile takes its place. ``None`` where nothing can be put back."""
    had_none: bool = False
    """There was no tariff and none can be taken away: if ours was ever shown, a level one is put in its place."""
    wish: Value | None = None
    """What it shall be; ``None`` once it is only to be put back."""
    asks: tuple[Ask, ...] = ()
    yielded: bool = False
    """Someone else has set it since, so the wish rests."""
    put_back_since: datetime | None = None
    """Since when it shows its old value although it had followed."""
    tries: int = 0
    tried_at: datetime | None = None

    @classmethod
    def begun(cls, name: str, shown: Value | None, wish: Value) -> Held:
        """Return what is *shown* of a setting taken in hand for a *wish*."""
        if shown is None and isinstance(wish, Mapping):
            return cls(name=name, baseline=level_tariff(str(wish.get("currency"))), wish=wish, had_none=True)
        return cls(name=name, baseline=shown, wish=wish)

    @property
    def target(self) -> Value | None:
        """What the device shall show; ``None`` to leave it as it is."""
        if self.wish is None:
            return self.baseline
        return None if self.yielded else self.wish

    def wishing(self, wish: Value | None, *, anew: bool = False) -> Held:
        """Return it with another wish, or with none; a wish that rests begins *anew* or when it changes."""
        if not anew and same(self.name, wish, self.wish):
            return self
        return replace(self, wish=wish, yielded=False, put_back_since=None, tries=0, tried_at=None)

    def set_by_user(self, value: Value, now: datetime, lateness: timedelta) -> Held:
        """Return it after someone else gave it a *value*, which is what is put back from now on."""
        return replace(
            self,
            baseline=value,
            had_none=False,
            yielded=self.wish is not None,
            asks=tuple(ask for ask in self.asks if not _settled(ask, now, lateness)),
            put_back_since=None,
            tries=0,
            tried_at=None,
        )

    def seen(self, shown: Value | None, now: datetime, lateness: timedelta) -> Held:
        """Return it after the device showed a value: ours, the old one, or somebody else's.

        *lateness* is how long a command may take to come true although nothing was heard of it.
        """
        ours = [ask for ask in self.asks if same(self.name, ask.value, shown)]
        if ours:
            return self._followed(ours, shown, now, lateness)
        if not same(self.name, shown, self.baseline):
            if shown is None:
                return self
            return self.set_by_user(shown, now, lateness)
        followed = any(ask.seen and same(self.name, ask.value, self.wish) for ask in self.asks)
        if self.wish is None or self.yielded or not followed:
            return replace(self, put_back_since=None)
        if self.put_back_since is None:
            return replace(self, put_back_since=now)
        if now - self.put_back_since < DOUBT or shown is None:
            return self
        return self.set_by_user(shown, now, lateness)

    def _followed(self, ours: list[Ask], shown: Value | None, now: datetime, lateness: timedelta) -> Held:
        """Mark one command as come true; its repetitions may still be on their way."""
        first = None if any(ask.seen for ask in ours) else ours[0]
        asks = tuple(replace(ask, seen=True) if ask is first else ask for ask in self.asks)
        if ours[-1] is self.asks[-1]:
            # One that was seen stays beside its repetitions, so that a second look is not taken for theirs.
            asks = tuple(ask for ask in asks if same(self.name, ask.value, shown) or not _settled(ask, now, lateness))
        reached = same(self.name, shown, self.target)
        return replace(
            self,
            asks=asks,
            put_back_since=None,
            tries=0 if reached else self.tries,
            tried_at=None if reached else self.tried_at,
        )

    def is_so(self, shown: Value | None) -> bool:
        """Say whether the device shows what it shall, or is left to somebody else."""
        untouched = self.had_none and self.wish is None and shown is None
        return untouched or self.target is None or same(self.name, shown, self.target)

    def is_finished(self, shown: Value | None, now: datetime, lateness: timedelta) -> bool:
        """Say whether it is as it was, to stay: no command of ours can come true any more.

        Not even one that would change nothing now: it might undo what is wished next.
        """
        if self.wish is not None:
            return False
        return self.baseline is None or (self.is_so(shown) and all(_settled(ask, now, lateness) for ask in self.asks))

    def in_flight(self, now: datetime, lateness: timedelta) -> bool:
        """Say whether a command that asked for something else may still come true."""
        return any(
            not _settled(ask, now, lateness) and not same(self.name, ask.value, self.target) for ask in self.asks
        )

    def is_due(self, shown: Value | None, now: datetime, patience: timedelta, lateness: timedelta) -> bool:
        """Say whether to send the target now.

        Also where the device shows it already, if an older command of another value is still on its way: the last wins.
        """
        if self.target is None or self.put_back_since is not None:
            return False
        if self.is_so(shown) and (shown is None or not self._may_be_overtaken(now, lateness)):
            return False
        if self.tried_at is None:
            return True
        return now >= self.tried_at + min(patience * (1 << min(self.tries - 1, 10)), SLOWEST_RETRY)

    def _may_be_overtaken(self, now: datetime, lateness: timedelta) -> bool:
        return (
            bool(self.asks) and not same(self.name, self.asks[-1].value, self.target) and self.in_flight(now, lateness)
        )

    def asking(self, value: Value, now: datetime, lateness: timedelta) -> Held:
        """Return it with the command that is about to be sent.

        What the device may still come to show stays known as ours; of repetitions that came to nothing one is enough.
        """
        kept: list[Ask] = []
        for ask in reversed(self.asks):
            rivals = [each for each in kept if each.seen or not ask.seen]
            if not _settled(ask, now, lateness) or not any(same(self.name, ask.value, each.value) for each in rivals):
                kept.insert(0, ask)
        asks = (*kept, Ask(value=value, at=now))[-_MOST_ASKS:]
        return replace(self, asks=asks, tries=self.tries + 1, tried_at=now)


def _settled(ask: Ask, now: datetime, lateness: timedelta) -> bool:
    return ask.seen or now - ask.at >= lateness
