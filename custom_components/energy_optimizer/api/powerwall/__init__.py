"""Ways to reach a Powerwall."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from ...core.model.powerwall import PowerwallReading, PowerwallSettings


@dataclass(frozen=True, kw_only=True, slots=True)
class PowerwallAbilities:
    """What a path can show and be told."""

    writable: frozenset[str] = frozenset()
    """Names of the fields of ``PowerwallSettings`` that can be changed."""
    shown: frozenset[str] = frozenset()
    """What this path fills beyond powers and level: names of optional fields of ``PowerwallReading``, of fields of
    ``PowerwallSettings``, and ``firmware``."""
    has_solar: bool = True
    confirm_within: timedelta = timedelta(seconds=30)
    """How long a change may take until it is read back."""


class Run(Protocol):
    """Runs a blocking function elsewhere, as ``hass.async_add_executor_job`` does."""

    def __call__[*Ts, T](self, target: Callable[[*Ts], T], /, *args: *Ts) -> Awaitable[T]:
        """Start *target* and return what will hold its result."""


class PowerwallPath(Protocol):
    """One way to one Powerwall; every call raises a ``SourceError`` when it fails and nothing else."""

    @property
    def abilities(self) -> PowerwallAbilities:
        """What this path can show and be told."""

    @property
    def poll_interval(self) -> timedelta:
        """How often the path may be asked."""

    async def read(self) -> PowerwallReading:
        """Take one look at the Powerwall."""

    async def apply(self, wanted: PowerwallSettings) -> None:
        """Send the settings that are not ``None``; returning means only that they were accepted."""

    async def close(self) -> None:
        """Let go of connections and threads."""
