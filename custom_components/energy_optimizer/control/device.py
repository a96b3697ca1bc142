"""The Powerwall as a control sees it."""

from typing import Protocol

from ..api.errors import SourceError
from ..api.powerwall import PowerwallPath
from ..core.model.powerwall import PowerwallReading
from ..storage.control import StoredControl
from .held import NO_TARIFF, TARIFF, Value


class Device(Protocol):
    """A Powerwall as whoever polls it knows it."""

    @property
    def path(self) -> PowerwallPath:
        """The way to it."""

    @property
    def reading(self) -> PowerwallReading | None:
        """The last reading; ``None`` while it does not answer."""

    async def look(self) -> None:
        """Read it anew; a failure shows in ``reading``."""


class Store(Protocol):
    """Where a control keeps what must outlive a restart."""

    @property
    def is_closed(self) -> bool:
        """Whether nothing can be stored."""

    async def async_keep(self, data: StoredControl) -> bool:
        """Store *data* and say whether that was possible."""


async def look_closely(device: Device, reading: PowerwallReading, *, tariff: bool) -> dict[str, Value | None]:
    """Return what the Powerwall shows, by setting; a *tariff* that cannot be read now is left out."""
    shown: dict[str, Value | None] = {
        name: value for name, value in reading.settings.named.items() if name != "storm_mode"
    }
    if tariff:
        try:
            read = await device.path.read_tariff()
        except SourceError:
            return shown
        shown[TARIFF] = dict(read) if read else NO_TARIFF if device.path.abilities.can_clear_tariff else None
    return shown
