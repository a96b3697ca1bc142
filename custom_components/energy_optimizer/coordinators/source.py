"""What all sources of a home have in common."""

from abc import abstractmethod
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator

from ..const import LOGGER

if TYPE_CHECKING:
    from .runtime import HomeConfigEntry


class SourceCoordinator[T](DataUpdateCoordinator[T]):
    """The coordinator of one subentry; lives as long as the subentry stays as it is."""

    config_entry: HomeConfigEntry

    def __init__(
        self,
        hass: HomeAssistant,
        entry: HomeConfigEntry,
        subentry: ConfigSubentry,
        *,
        update_interval: timedelta | None,
    ) -> None:
        super().__init__(
            hass,
            LOGGER,
            config_entry=entry,
            name=subentry.title,
            update_interval=update_interval,
            always_update=False,
        )
        self.subentry_id = subentry.subentry_id
        self.subentry_type = subentry.subentry_type
        self.title = subentry.title
        self.settings: Mapping[str, Any] = dict(subentry.data)

    @property
    @abstractmethod
    def device_info(self) -> DeviceInfo:
        """How the source stands in the device registry."""

    async def async_start(self) -> None:
        """Load what was stored and take a first look; a source that fails stays unavailable and retries."""
        await self.async_refresh()

    async def async_stop(self) -> None:
        """Store what must last and let go of the device."""
        await self.async_shutdown()

    async def async_forget(self) -> None:
        """Delete what was stored, because the user removed the source."""

    @callback
    def on_sources_changed(self) -> None:
        """Take note that another source of the home came, changed or went."""

    def diagnostics(self) -> dict[str, Any]:
        """Return what helps to find a fault, before redaction."""
        return {"last_update_success": self.last_update_success}
