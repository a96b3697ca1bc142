"""Ways to reach a Powerwall."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from ...core.model.energy import EnergyTotals
from ...core.model.powerwall import PowerwallReading, PowerwallSettings
from ..errors import NotPermittedError

type TeslaTariff = Mapping[str, Any]
"""A tariff as Tesla keeps it (the content of its ``tariff_content_v2``)."""


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
    can_set_tariff: bool = False
    """``read_tariff`` and ``write_tariff`` work."""
    can_clear_tariff: bool = False
    """``write_tariff`` takes an empty tariff for taking one away again."""
    can_dispatch: bool = False
    """``dispatch`` and ``stop_dispatch`` work."""
    acts_within: timedelta = timedelta(minutes=1)
    """How long the battery may take to act on settings or a tariff that it shows already."""
    most_charge_kw: float | None = None
    """The most power a forced charge can have; ``None`` where unknown."""
    most_discharge_kw: float | None = None


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
    def abilities_now(self) -> PowerwallAbilities:
        """What of it can be told by ways that are not known to be silent now."""
        return self.abilities

    @property
    def poll_interval(self) -> timedelta:
        """How often the path may be asked."""

    async def read(self) -> PowerwallReading:
        """Take one look at the Powerwall."""

    async def read_beside(self) -> PowerwallReading:
        """Take one look for what a better way, which answers, does not show; a costly way remembers it for long."""
        return await self.read()

    def ask_anew(self) -> None:
        """Answer the next ``read`` and ``read_tariff`` from the device and not from memory."""
        return

    async def apply(self, wanted: PowerwallSettings) -> None:
        """Send the settings that are not ``None``; returning means only that they were accepted."""

    async def read_tariff(self) -> TeslaTariff | None:
        """Return the tariff that the Powerwall has; ``None`` if it has none."""
        raise NotPermittedError("This way to the Powerwall knows no tariff")

    async def write_tariff(self, tariff: TeslaTariff) -> None:
        """Give the Powerwall a tariff; returning means only that it was accepted."""
        raise NotPermittedError(f"This way to the Powerwall cannot set the tariff {tariff.get('name')}")

    async def dispatch(self, power_kw: float, lasting: timedelta) -> None:
        """Order a power, + discharge and − charge, that ends by itself after *lasting*."""
        raise NotPermittedError(f"This way to the Powerwall cannot order {power_kw} kW for {lasting}")

    async def stop_dispatch(self) -> None:
        """Let the Powerwall decide again."""
        raise NotPermittedError("This way to the Powerwall cannot order a power")

    async def energy_between(
        self,
        start: datetime,  # noqa: ARG002 - part of the protocol; most ways keep no history
        end: datetime,  # noqa: ARG002
    ) -> EnergyTotals | None:
        """Return the energies that flowed from *start* to *end*, for a time in which we did not look.

        ``None`` where this way keeps no history.
        """
        return None

    async def close(self) -> None:
        """Let go of connections and threads."""
