"""What must be put back on a Powerwall, written before each command."""

import json
from typing import Any, NotRequired, TypedDict

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from ..const import DOMAIN
from .steady import SteadyStore

KIND = "powerwall_control"


class StoredControl(TypedDict):
    """The file's content."""

    force: dict[str, Any] | None
    decided: NotRequired[dict[str, Any] | None]
    plan_rests_until: NotRequired[str | None]
    plan_failures: NotRequired[dict[str, int]]
    sync_is_on: bool
    synced_tariff: dict[str, Any] | None
    synced_at: str | None
    held: dict[str, dict[str, Any]]
    force_minutes: int
    outcome: str


class ControlStore(SteadyStore[StoredControl]):
    """One small file per Powerwall."""

    def __init__(self, hass: HomeAssistant, subentry_id: str) -> None:
        super().__init__(hass, f"{DOMAIN}.{KIND}.{subentry_id}")

    async def async_keep(self, data: StoredControl) -> bool:
        """Write at once; say whether *data* stand on the disk, which the usual way of storing does not tell."""
        if self.is_closed:
            return False
        try:
            await self.async_save(data)
            return bool(await self.async_load() == json.loads(json.dumps(data)))
        except HomeAssistantError, OSError:
            return False
