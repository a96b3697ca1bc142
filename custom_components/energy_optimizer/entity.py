"""What all our entities have in common."""

from typing import Any

from homeassistant.helpers.entity import EntityDescription
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .coordinators.source import SourceCoordinator


class SourceEntity[C: SourceCoordinator[Any]](CoordinatorEntity[C]):
    """An entity of one source, named after what it shows."""

    _attr_has_entity_name = True

    def __init__(self, coordinator: C, description: EntityDescription) -> None:
        super().__init__(coordinator)
        self.entity_description = description
        self._attr_unique_id = f"{coordinator.subentry_id}_{description.key}"
        self._attr_device_info = coordinator.device_info
