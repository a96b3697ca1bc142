"""Numbers: the Powerwall's backup reserve, for how long it is forced, and what the planner is told."""

from collections.abc import Iterable
from typing import Any, override

from homeassistant.components.number import NumberEntity, NumberEntityDescription, NumberMode
from homeassistant.const import EntityCategory, UnitOfRatio
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .actions.powerwall import async_change_settings
from .control_entities import control_numbers
from .coordinators.powerwall import PowerwallCoordinator
from .coordinators.runtime import HomeConfigEntry
from .coordinators.source import SourceCoordinator
from .core.model.powerwall import PowerwallSettings
from .entity import SourceEntity
from .plan_numbers import plan_numbers

PARALLEL_UPDATES = 1

BACKUP_RESERVE = NumberEntityDescription(
    key="backup_reserve",
    translation_key="backup_reserve",
    entity_category=EntityCategory.CONFIG,
    native_min_value=0,
    native_max_value=100,
    native_step=1,
    native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
    mode=NumberMode.SLIDER,
)


async def async_setup_entry(
    hass: HomeAssistant, entry: HomeConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Offer the numbers of each Powerwall the home has or gets."""
    entry.runtime_data.add_platform(async_add_entities, _numbers)


def _numbers(source: SourceCoordinator[Any]) -> Iterable[NumberEntity]:
    if not isinstance(source, PowerwallCoordinator):
        return []
    can_reserve = "backup_reserve_percent" in source.path.abilities.writable
    reserve = [BackupReserve(source, BACKUP_RESERVE)] if can_reserve else []
    return [*reserve, *control_numbers(source), *plan_numbers(source)]


class BackupReserve(SourceEntity[PowerwallCoordinator], NumberEntity):
    """The part of the battery that is kept for an outage, as Tesla's app shows it."""

    @property
    @override
    def native_value(self) -> float | None:
        reserve = self.coordinator.data.reading.settings.backup_reserve_percent
        return None if reserve is None else round(reserve)

    @override
    async def async_set_native_value(self, value: float) -> None:
        await async_change_settings(self.coordinator, PowerwallSettings(backup_reserve_percent=value))
