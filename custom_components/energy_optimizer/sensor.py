"""Sensors."""

from collections.abc import Iterable
from typing import Any

from homeassistant.components.sensor import SensorEntity
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinators.powerwall import PowerwallCoordinator
from .coordinators.runtime import HomeConfigEntry
from .coordinators.source import SourceCoordinator
from .coordinators.tariff import TariffCoordinator
from .powerwall_sensors import powerwall_sensors
from .tariff_sensors import tariff_sensors

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant, entry: HomeConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Let every source of the home, present and future, have its sensors."""
    entry.runtime_data.add_platform(async_add_entities, _sensors)


def _sensors(source: SourceCoordinator[Any]) -> Iterable[SensorEntity]:
    match source:
        case PowerwallCoordinator():
            return powerwall_sensors(source)
        case TariffCoordinator():
            return tariff_sensors(source)
        case _:
            return []
