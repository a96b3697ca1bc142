"""The switch that hands a Powerwall over to the plan."""

from collections.abc import Iterable, Mapping
from typing import Any, override

from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription

from .actions.optimize import async_set_optimizes
from .control_entities import ControlEntity
from .coordinators.planning import find_planning
from .coordinators.powerwall import PowerwallCoordinator


class OptimizeSwitch(ControlEntity, SwitchEntity):
    """Whether the plan is carried out, and not only shown."""

    def __init__(self, coordinator: PowerwallCoordinator) -> None:
        super().__init__(coordinator, SwitchEntityDescription(key="optimize", translation_key="optimize"))

    @property
    @override
    def is_on(self) -> bool | None:
        planning = find_planning(self.coordinator)
        return None if planning is None else planning.data.settings.optimizes

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        return {"rests_until": self._steering.control.state.plan_rests_until}

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        if (planning := find_planning(self.coordinator)) is not None:
            self.async_on_remove(planning.async_add_listener(self.async_write_ha_state))

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        await async_set_optimizes(self.coordinator, on=True)
        self.async_write_ha_state()

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        await async_set_optimizes(self.coordinator, on=False)
        self.async_write_ha_state()


def optimize_switches(powerwall: PowerwallCoordinator) -> Iterable[SwitchEntity]:
    """Offer to hand any Powerwall over; one that can only be watched says so when that is asked for."""
    return [OptimizeSwitch(powerwall)]
