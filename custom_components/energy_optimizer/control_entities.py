"""What shows and sets who speaks for a Powerwall: the force, the tariff sync and how they stand."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, override

from homeassistant.components.number import NumberDeviceClass, NumberEntity, NumberEntityDescription, NumberMode
from homeassistant.components.select import DOMAIN as SELECT_DOMAIN
from homeassistant.components.select import SelectEntity, SelectEntityDescription
from homeassistant.components.sensor import SensorDeviceClass, SensorEntity, SensorEntityDescription
from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.const import EntityCategory, UnitOfTime
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity import EntityDescription
from homeassistant.helpers.typing import StateType

from .actions.force import async_back_to_automatic, async_force, force_ends_at, forces_of
from .actions.steering import Steering, steering_of
from .const import DOMAIN
from .control.precedence import Speaker
from .control.state import CommandState
from .coordinators.powerwall import PowerwallCoordinator
from .core.model.force import LONGEST_FORCE, SHORTEST_FORCE, ForceKind
from .entity import SourceEntity

AUTOMATIC: Final = "automatic"
_FORCE_THEN_NOW: Final = ("force", "battery_mode")
_MODES: Final = (ForceKind.SELF_CONSUMPTION, ForceKind.HOLD, ForceKind.CHARGE, ForceKind.DISCHARGE)


class ControlEntity(SourceEntity[PowerwallCoordinator]):
    """An entity of what is asked of a Powerwall, which is known also while the Powerwall does not answer."""

    def __init__(self, coordinator: PowerwallCoordinator, description: EntityDescription) -> None:
        super().__init__(coordinator, description)
        self._steering: Steering = steering_of(coordinator)

    @property
    @override
    def available(self) -> bool:
        return True

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self._steering.control.add_listener(self.async_write_ha_state))


class BatteryModeSelect(ControlEntity, SelectEntity):
    """What the user makes the battery do, for as long as the duration beside it says; else plan or settings have it."""

    def __init__(self, coordinator: PowerwallCoordinator) -> None:
        offered = forces_of(coordinator)
        options = [AUTOMATIC, *(kind.value for kind in _MODES if kind in offered)]
        description = SelectEntityDescription(key="battery_mode", translation_key="battery_mode", options=options)
        super().__init__(coordinator, description)

    @property
    @override
    def current_option(self) -> str:
        running = self._steering.control.state.force
        return running.force.kind.value if running else AUTOMATIC

    @override
    async def async_select_option(self, option: str) -> None:
        if option == AUTOMATIC:
            await async_back_to_automatic(self.coordinator)
        else:
            minutes = self._steering.control.state.force_minutes
            await async_force(self.coordinator, ForceKind(option), timedelta(minutes=minutes))


class ForceDuration(ControlEntity, NumberEntity):
    """For how long the select forces."""

    def __init__(self, coordinator: PowerwallCoordinator) -> None:
        description = NumberEntityDescription(
            key="force_duration",
            translation_key="force_duration",
            entity_category=EntityCategory.CONFIG,
            device_class=NumberDeviceClass.DURATION,
            native_min_value=SHORTEST_FORCE.total_seconds() / 60,
            native_max_value=LONGEST_FORCE.total_seconds() / 60,
            native_step=15,
            native_unit_of_measurement=UnitOfTime.MINUTES,
            mode=NumberMode.SLIDER,
        )
        super().__init__(coordinator, description)

    @property
    @override
    def native_value(self) -> float:
        return self._steering.control.state.force_minutes

    @override
    async def async_set_native_value(self, value: float) -> None:
        await self._steering.control.async_set_force_minutes(round(value))


class TariffSyncSwitch(ControlEntity, SwitchEntity):
    """Whether the Powerwall gets the home's prices."""

    def __init__(self, coordinator: PowerwallCoordinator) -> None:
        super().__init__(coordinator, SwitchEntityDescription(key="tariff_sync", translation_key="tariff_sync"))

    @property
    @override
    def is_on(self) -> bool:
        return self._steering.sync.is_on

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        sync = self._steering.sync
        return {
            "last_sync": sync.synced_at,
            "stand_ins": sync.stand_ins,
            "why_not": sync.why_not.value if sync.why_not else None,
        }

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        await self._steering.sync.async_turn_on()

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        await self._steering.sync.async_turn_off()


@dataclass(frozen=True, kw_only=True)
class ControlSensorDescription(SensorEntityDescription):
    """A sensor of the control and how to read it."""

    value_fn: Callable[[PowerwallCoordinator], StateType | datetime]
    attributes_fn: Callable[[Steering], Mapping[str, Any]]


def _force_attributes(steering: Steering) -> Mapping[str, Any]:
    running = steering.control.state.force
    return {
        "means": running.means.value if running else None,
        "power_kw": running.force.power_kw if running else None,
        "level_percent": running.force.level_percent if running else None,
    }


def _command_attributes(steering: Steering) -> Mapping[str, Any]:
    decided = steering.control.state.decided
    return {
        "decision": decided.decision.kind.value if decided else None,
        "means": decided.means.value if decided and decided.means else None,
        "asked_at": decided.asked_at if decided else None,
        "accepted_at": decided.accepted_at if decided else None,
        "confirmed_at": decided.confirmed_at if decided else None,
        "unconfirmed": sorted(steering.control.unconfirmed),
        "changed_elsewhere": list(steering.control.changed_elsewhere),
    }


SENSORS: Final = (
    ControlSensorDescription(
        key="force_ends_at",
        translation_key="force_ends_at",
        device_class=SensorDeviceClass.TIMESTAMP,
        value_fn=force_ends_at,
        attributes_fn=_force_attributes,
    ),
    ControlSensorDescription(
        key="control_state",
        translation_key="control_state",
        device_class=SensorDeviceClass.ENUM,
        options=[each.value for each in Speaker],
        value_fn=lambda powerwall: steering_of(powerwall).control.speaker.value,
        attributes_fn=lambda _: {},
    ),
    ControlSensorDescription(
        key="command_state",
        translation_key="command_state",
        device_class=SensorDeviceClass.ENUM,
        entity_category=EntityCategory.DIAGNOSTIC,
        options=[each.value for each in CommandState],
        value_fn=lambda powerwall: steering_of(powerwall).control.command_state.value,
        attributes_fn=_command_attributes,
    ),
)


class ControlSensor(ControlEntity, SensorEntity):
    """How what is asked of a Powerwall stands."""

    entity_description: ControlSensorDescription

    @property
    @override
    def native_value(self) -> StateType | datetime:
        return self.entity_description.value_fn(self.coordinator)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        return self.entity_description.attributes_fn(self._steering)


def control_selects(powerwall: PowerwallCoordinator) -> Iterable[SelectEntity]:
    """Offer to force what the Powerwall's ways can."""
    _rename_force(powerwall)
    return [BatteryModeSelect(powerwall)] if forces_of(powerwall) else []


def _rename_force(powerwall: PowerwallCoordinator) -> None:
    """Let the select go on under the entity id that it had when it was called force."""
    registry, (old, new) = er.async_get(powerwall.hass), (f"{powerwall.subentry_id}_{key}" for key in _FORCE_THEN_NOW)
    former = registry.async_get_entity_id(SELECT_DOMAIN, DOMAIN, old)
    if former is not None and registry.async_get_entity_id(SELECT_DOMAIN, DOMAIN, new) is None:
        registry.async_update_entity(former, new_unique_id=new)


def control_numbers(powerwall: PowerwallCoordinator) -> Iterable[NumberEntity]:
    """Offer the duration of what can be forced."""
    return [ForceDuration(powerwall)] if forces_of(powerwall) else []


def control_switches(powerwall: PowerwallCoordinator) -> Iterable[SwitchEntity]:
    """Offer the tariff sync where a way takes a tariff."""
    return [TariffSyncSwitch(powerwall)] if powerwall.path.abilities.can_set_tariff else []


def control_sensors(powerwall: PowerwallCoordinator) -> Iterable[SensorEntity]:
    """Show how forces and tariff sync stand where there can be any."""
    forces = bool(forces_of(powerwall))
    if not forces and not powerwall.path.abilities.can_set_tariff:
        return []
    return [ControlSensor(powerwall, each) for each in SENSORS if forces or each.key != "force_ends_at"]
