"""Switches: the Powerwall's grid charging."""

from collections.abc import Iterable
from typing import Any, override

from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .actions.powerwall import async_change_settings
from .coordinators.powerwall import PowerwallCoordinator
from .coordinators.runtime import HomeConfigEntry
from .coordinators.source import SourceCoordinator
from .core.model.powerwall import PowerwallSettings
from .entity import SourceEntity

PARALLEL_UPDATES = 1

GRID_CHARGING = SwitchEntityDescription(
    key="grid_charging", translation_key="grid_charging", entity_category=EntityCategory.CONFIG
)


async def async_setup_entry(
    hass: HomeAssistant, entry: HomeConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Offer the switch where a Powerwall's path can set it."""
    entry.runtime_data.add_platform(async_add_entities, _switches)


def _switches(source: SourceCoordinator[Any]) -> Iterable[SwitchEntity]:
    if isinstance(source, PowerwallCoordinator) and "grid_charging" in source.path.abilities.writable:
        return [GridCharging(source, GRID_CHARGING)]
    return []


class GridCharging(SourceEntity[PowerwallCoordinator], SwitchEntity):
    """Whether the Powerwall may charge from the grid."""

    @property
    @override
    def is_on(self) -> bool | None:
        return self.coordinator.data.reading.settings.grid_charging

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        await async_change_settings(self.coordinator, PowerwallSettings(grid_charging=True))

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        await async_change_settings(self.coordinator, PowerwallSettings(grid_charging=False))
