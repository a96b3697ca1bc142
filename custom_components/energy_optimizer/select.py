"""Choices: the Powerwall's operation mode and export rule, and what it is forced to."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.select import SelectEntity, SelectEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .actions.powerwall import async_change_settings
from .control_entities import control_selects
from .coordinators.powerwall import PowerwallCoordinator
from .coordinators.runtime import HomeConfigEntry
from .coordinators.source import SourceCoordinator
from .core.model.powerwall import ExportRule, OperationMode, PowerwallSettings
from .entity import SourceEntity

PARALLEL_UPDATES = 1


@dataclass(frozen=True, kw_only=True)
class PowerwallSelectDescription(SelectEntityDescription):
    """A choice, how to read it and what to ask for."""

    setting: str
    current_fn: Callable[[PowerwallSettings], OperationMode | ExportRule | None]
    wanted_fn: Callable[[str], PowerwallSettings]


DESCRIPTIONS = (
    PowerwallSelectDescription(
        key="operation_mode",
        translation_key="operation_mode",
        entity_category=EntityCategory.CONFIG,
        options=[mode.value for mode in OperationMode],
        setting="operation_mode",
        current_fn=lambda settings: settings.operation_mode,
        wanted_fn=lambda option: PowerwallSettings(operation_mode=OperationMode(option)),
    ),
    PowerwallSelectDescription(
        key="export_rule",
        translation_key="export_rule",
        entity_category=EntityCategory.CONFIG,
        options=[rule.value for rule in ExportRule],
        setting="export_rule",
        current_fn=lambda settings: settings.export_rule,
        wanted_fn=lambda option: PowerwallSettings(export_rule=ExportRule(option)),
    ),
)


async def async_setup_entry(
    hass: HomeAssistant, entry: HomeConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Offer the choices that each Powerwall's path can carry out."""
    entry.runtime_data.add_platform(async_add_entities, _selects)


def _selects(source: SourceCoordinator[Any]) -> Iterable[SelectEntity]:
    if not isinstance(source, PowerwallCoordinator):
        return []
    settings = [
        PowerwallSelect(source, each) for each in DESCRIPTIONS if each.setting in source.path.abilities.writable
    ]
    return [*settings, *control_selects(source)]


class PowerwallSelect(SourceEntity[PowerwallCoordinator], SelectEntity):
    """A setting of the Powerwall; shows what was read back, never what was merely asked."""

    entity_description: PowerwallSelectDescription

    @property
    @override
    def current_option(self) -> str | None:
        value = self.entity_description.current_fn(self.coordinator.data.reading.settings)
        return None if value is None else value.value

    @override
    async def async_select_option(self, option: str) -> None:
        await async_change_settings(self.coordinator, self.entity_description.wanted_fn(option))
