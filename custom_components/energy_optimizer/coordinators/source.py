"""What all sources of a home have in common."""

from abc import abstractmethod
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from homeassistant.config_entries import SOURCE_REAUTH, ConfigFlowContext, ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator

from ..api.errors import (
    CertificateError,
    CoolingDownError,
    NonsenseError,
    NotPermittedError,
    RefusedError,
    SourceError,
    UnreachableError,
)
from ..const import LOGGER

if TYPE_CHECKING:
    from .runtime import HomeConfigEntry

_ERROR_KEYS: dict[type[SourceError], str] = {
    CertificateError: "certificate",
    CoolingDownError: "cooling_down",
    UnreachableError: "unreachable",
    RefusedError: "refused",
    NotPermittedError: "not_permitted",
    NonsenseError: "nonsense",
}

CONNECTION_STATES = ("ok", *_ERROR_KEYS.values())


def error_key(err: SourceError) -> str:
    """Return the word that describes *err* in translation keys and as a state."""
    return next((key for kind, key in _ERROR_KEYS.items() if isinstance(err, kind)), "unreachable")


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

    def start_reauth(self, way: str) -> None:
        """Ask the user for new credentials of one way to the source.

        Home Assistant ignores this while such a dialog of the home is open; whoever is refused next asks again.
        """
        self.config_entry.async_start_reauth(
            self.hass,
            context=ConfigFlowContext(source=SOURCE_REAUTH, title_placeholders={"name": self.title}),
            data={"subentry_id": self.subentry_id, "way": way},
        )

    @callback
    def on_sources_changed(self) -> None:
        """Take note that another source of the home came, changed or went."""

    def diagnostics(self) -> dict[str, Any]:
        """Return what helps to find a fault, before redaction."""
        return {"last_update_success": self.last_update_success}
