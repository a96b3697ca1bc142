"""Switches: what a Powerwall may do by itself, and whether it gets the home's prices."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .actions.powerwall import async_change_settings
from .control_entities import control_switches
from .coordinators.powerwall import PowerwallCoordinator
from .coordinators.runtime import HomeConfigEntry
from .coordinators.source import SourceCoordinator
from .core.model.powerwall import PowerwallSettings
from .entity import SourceEntity
from .optimize_entities import optimize_switches

PARALLEL_UPDATES = 1


@dataclass(frozen=True, kw_only=True)
class PowerwallSwitchDescription(SwitchEntityDescription):
    """A permission, how to read it and what to ask for."""

    is_on_fn: Callable[[PowerwallSettings], bool | None]
    on: PowerwallSettings
    off: PowerwallSettings


DESCRIPTIONS = (
    PowerwallSwitchDescription(
        key="grid_charging",
        translation_key="grid_charging",
        entity_category=EntityCategory.CONFIG,
        is_on_fn=lambda settings: settings.grid_charging,
        on=PowerwallSettings(grid_charging=True),
        off=PowerwallSettings(grid_charging=False),
    ),
    PowerwallSwitchDescription(
        key="storm_mode",
        translation_key="storm_mode",
        entity_category=EntityCategory.CONFIG,
        is_on_fn=lambda settings: settings.storm_mode,
        on=PowerwallSettings(storm_mode=True),
        off=PowerwallSettings(storm_mode=False),
    ),
)


async def async_setup_entry(
    hass: HomeAssistant, entry: HomeConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Offer the switches that each Powerwall's ways can carry out."""
    entry.runtime_data.add_platform(async_add_entities, _switches)


def _switches(source: SourceCoordinator[Any]) -> Iterable[SwitchEntity]:
    if not isinstance(source, PowerwallCoordinator):
        return []
    permissions = [PowerwallSwitch(source, each) for each in DESCRIPTIONS if each.key in source.path.abilities.writable]
    return [*permissions, *control_switches(source), *optimize_switches(source)]


class PowerwallSwitch(SourceEntity[PowerwallCoordinator], SwitchEntity):
    """A permission of the Powerwall; shows what was read back, never what was merely asked."""

    entity_description: PowerwallSwitchDescription

    @property
    @override
    def is_on(self) -> bool | None:
        return self.entity_description.is_on_fn(self.coordinator.data.reading.settings)

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        await async_change_settings(self.coordinator, self.entity_description.on)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        await async_change_settings(self.coordinator, self.entity_description.off)
