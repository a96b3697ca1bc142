"""Sensors."""

from collections.abc import Iterable
from typing import Any

from homeassistant.components.sensor import SensorEntity
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .amber_sensors import amber_sensors
from .bill_sensors import bill_sensors
from .control_entities import control_sensors
from .coordinators.powerwall import PowerwallCoordinator
from .coordinators.runtime import HomeConfigEntry
from .coordinators.source import SourceCoordinator
from .coordinators.tariff import TariffCoordinator
from .core.tariffs.kinds import KIND_AMBER, KIND_TEMPO
from .plan_sensors import plan_sensors
from .powerwall_sensors import powerwall_sensors
from .savings_sensors import savings_sensors
from .tariff_sensors import tariff_sensors
from .tempo_sensors import tempo_sensors

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant, entry: HomeConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Let every source of the home, present and future, have its sensors."""
    entry.runtime_data.add_platform(async_add_entities, _sensors)


def _sensors(source: SourceCoordinator[Any]) -> Iterable[SensorEntity]:
    match source:
        case PowerwallCoordinator():
            return [
                *powerwall_sensors(source),
                *control_sensors(source),
                *plan_sensors(source),
                *savings_sensors(source),
            ]
        case TariffCoordinator():
            return [*tariff_sensors(source), *_sensors_of_kind(source), *bill_sensors(source)]
        case _:
            return []


def _sensors_of_kind(tariff: TariffCoordinator) -> Iterable[SensorEntity]:
    """Make what only one kind of tariff has; none where its settings cannot be read."""
    if tariff.feed is None:
        return []
    match tariff.settings.get("kind"):
        case str(kind) if kind == KIND_TEMPO:
            return tempo_sensors(tariff)
        case str(kind) if kind == KIND_AMBER:
            return amber_sensors(tariff)
        case _:
            return []
