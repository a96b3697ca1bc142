"""The sensors of a Powerwall."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import override

from homeassistant.components.sensor import SensorDeviceClass, SensorEntity, SensorEntityDescription, SensorStateClass
from homeassistant.const import STATE_OFF, STATE_ON, EntityCategory, UnitOfEnergy, UnitOfPower, UnitOfRatio, UnitOfTime
from homeassistant.helpers.typing import StateType

from .coordinators.powerwall import PowerwallCoordinator, PowerwallSnapshot
from .core.model.powerwall import ExportRule, GridStatus, OperationMode
from .core.model.system_mode import SystemMode, system_mode
from .entity import SourceEntity
from .powerwall_way_sensors import way_sensors


@dataclass(frozen=True, kw_only=True)
class PowerwallSensorDescription(SensorEntityDescription):
    """A sensor, how to read it and when it exists."""

    value_fn: Callable[[PowerwallSnapshot], StateType | datetime]
    needs: str | None = None
    """The name among the path's abilities without which the sensor does not exist."""
    unless_writable: bool = False
    """The sensor stands in for a control that this path does not offer."""
    solar: bool = False
    """The sensor needs panels."""
    attributes_fn: Callable[[PowerwallSnapshot], Mapping[str, object]] | None = None


def _rounded(value: float | None, digits: int = 3) -> float | None:
    """Round to a watt or watt-hour, so that noise below it is not recorded as change."""
    return None if value is None else round(value, digits) + 0.0  # which makes -0.0 plain 0.0


def _power(
    key: str, value_fn: Callable[[PowerwallSnapshot], float | None], *, solar: bool = False
) -> PowerwallSensorDescription:
    return PowerwallSensorDescription(
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.POWER,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfPower.KILO_WATT,
        suggested_display_precision=2,
        value_fn=lambda snapshot: _rounded(value_fn(snapshot)),
        solar=solar,
    )


def _energy(key: str, *, solar: bool = False) -> PowerwallSensorDescription:
    name = key.removesuffix("_energy") + "_kwh"
    return PowerwallSensorDescription(
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.ENERGY,
        state_class=SensorStateClass.TOTAL_INCREASING,
        native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        suggested_display_precision=1,
        value_fn=lambda snapshot: _rounded(getattr(snapshot.totals, name)),
        solar=solar,
    )


def _share(
    key: str, value_fn: Callable[[PowerwallSnapshot], float | None], *, solar: bool = False
) -> PowerwallSensorDescription:
    return PowerwallSensorDescription(
        key=key,
        translation_key=key,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        suggested_display_precision=0,
        value_fn=lambda snapshot: _rounded(value_fn(snapshot), 1),
        solar=solar,
    )


def _option[T: (GridStatus, OperationMode, ExportRule, SystemMode)](value: T | None) -> str | None:
    return None if value is None else value.value


def _on_off(value: bool | None) -> str | None:
    return None if value is None else STATE_ON if value else STATE_OFF


DESCRIPTIONS: tuple[PowerwallSensorDescription, ...] = (
    _power("grid_power", lambda s: s.reading.grid_kw),
    _power("battery_power", lambda s: s.reading.battery_kw),
    _power("solar_power", lambda s: s.reading.solar_kw, solar=True),
    _power("home_power", lambda s: s.reading.home_kw),
    _energy("grid_import_energy"),
    _energy("grid_export_energy"),
    _energy("solar_energy", solar=True),
    _energy("battery_charge_energy"),
    _energy("battery_discharge_energy"),
    _energy("home_energy"),
    _share("self_consumption", lambda s: s.day.self_consumption_percent, solar=True),
    _share("self_sufficiency", lambda s: s.day.self_sufficiency_percent),
    PowerwallSensorDescription(
        key="level",
        translation_key="level",
        device_class=SensorDeviceClass.BATTERY,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        suggested_display_precision=0,
        value_fn=lambda s: _rounded(s.reading.level_percent, 1),
    ),
    PowerwallSensorDescription(
        key="energy_left",
        translation_key="energy_left",
        device_class=SensorDeviceClass.ENERGY_STORAGE,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        suggested_display_precision=1,
        value_fn=lambda s: _rounded(s.reading.energy_left_kwh, 2),
        needs="energy_left_kwh",
    ),
    PowerwallSensorDescription(
        key="capacity",
        translation_key="capacity",
        device_class=SensorDeviceClass.ENERGY_STORAGE,
        native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        suggested_display_precision=1,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda s: _rounded(s.reading.capacity_kwh, 2),
        needs="capacity_kwh",
    ),
    PowerwallSensorDescription(
        key="system_mode",
        translation_key="system_mode",
        device_class=SensorDeviceClass.ENUM,
        options=[mode.value for mode in SystemMode],
        value_fn=lambda s: _option(system_mode(s.reading, has_solar=s.has_solar)),
    ),
    PowerwallSensorDescription(
        key="grid_status",
        translation_key="grid_status",
        device_class=SensorDeviceClass.ENUM,
        options=[status.value for status in GridStatus],
        value_fn=lambda s: _option(s.reading.grid_status),
        needs="grid_status",
    ),
    PowerwallSensorDescription(
        key="backup_time_left",
        translation_key="backup_time_left",
        device_class=SensorDeviceClass.DURATION,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfTime.HOURS,
        suggested_display_precision=1,
        value_fn=lambda s: _rounded(s.reading.backup_time_left_h, 1),
        needs="backup_time_left_h",
    ),
    PowerwallSensorDescription(
        key="alerts",
        translation_key="alerts",
        state_class=SensorStateClass.MEASUREMENT,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda s: None if s.reading.alerts is None else len(s.reading.alerts),
        attributes_fn=lambda s: {"alerts": list(s.reading.alerts or ())},
        needs="alerts",
    ),
    PowerwallSensorDescription(
        key="firmware",
        translation_key="firmware",
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda s: s.reading.identity.firmware,
        needs="firmware",
    ),
    PowerwallSensorDescription(
        key="operation_mode_now",
        translation_key="operation_mode_now",
        device_class=SensorDeviceClass.ENUM,
        options=[mode.value for mode in OperationMode],
        value_fn=lambda s: _option(s.reading.settings.operation_mode),
        needs="operation_mode",
        unless_writable=True,
    ),
    PowerwallSensorDescription(
        key="backup_reserve_now",
        translation_key="backup_reserve_now",
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        suggested_display_precision=0,
        value_fn=lambda s: _rounded(s.reading.settings.backup_reserve_percent, 1),
        needs="backup_reserve_percent",
        unless_writable=True,
    ),
    PowerwallSensorDescription(
        key="grid_charging_now",
        translation_key="grid_charging_now",
        device_class=SensorDeviceClass.ENUM,
        options=[STATE_ON, STATE_OFF],
        value_fn=lambda s: _on_off(s.reading.settings.grid_charging),
        needs="grid_charging",
        unless_writable=True,
    ),
    PowerwallSensorDescription(
        key="export_rule_now",
        translation_key="export_rule_now",
        device_class=SensorDeviceClass.ENUM,
        options=[rule.value for rule in ExportRule],
        value_fn=lambda s: _option(s.reading.settings.export_rule),
        needs="export_rule",
        unless_writable=True,
    ),
    PowerwallSensorDescription(
        key="storm_mode_now",
        translation_key="storm_mode_now",
        device_class=SensorDeviceClass.ENUM,
        options=[STATE_ON, STATE_OFF],
        value_fn=lambda s: _on_off(s.reading.settings.storm_mode),
        needs="storm_mode",
        unless_writable=True,
    ),
    PowerwallSensorDescription(
        key="last_reading",
        translation_key="last_reading",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,  # it changes with every reading
        value_fn=lambda s: s.reading.taken_at,
    ),
)


class PowerwallSensor(SourceEntity[PowerwallCoordinator], SensorEntity):
    """One value of a Powerwall."""

    entity_description: PowerwallSensorDescription
    _unrecorded_attributes = frozenset({"alerts"})

    @property
    @override
    def native_value(self) -> StateType | datetime:
        return self.entity_description.value_fn(self.coordinator.data)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, object] | None:
        if self.entity_description.attributes_fn is None or self.coordinator.data is None:
            return None
        return self.entity_description.attributes_fn(self.coordinator.data)


def powerwall_sensors(coordinator: PowerwallCoordinator) -> list[SensorEntity]:
    """Make the sensors that this Powerwall's path can fill."""
    sensors = [PowerwallSensor(coordinator, each) for each in DESCRIPTIONS if _exists(coordinator, each)]
    return [*sensors, *way_sensors(coordinator)]


def _exists(coordinator: PowerwallCoordinator, description: PowerwallSensorDescription) -> bool:
    abilities = coordinator.path.abilities
    if description.solar and not abilities.has_solar:
        return False
    if description.unless_writable and description.needs in abilities.writable:
        return False
    return description.needs is None or description.needs in abilities.shown
