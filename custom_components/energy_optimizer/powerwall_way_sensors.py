"""Sensors about the ways to a Powerwall: which is in use, how each fares, what those through the cloud cost."""

from collections.abc import Mapping
from datetime import datetime
from typing import override

from homeassistant.components.sensor import SensorDeviceClass, SensorEntity, SensorEntityDescription, SensorStateClass
from homeassistant.const import EntityCategory
from homeassistant.util import dt as dt_util

from .api.powerwall.ways import ORDER
from .const import PATH_SIMULATED
from .coordinators.powerwall import PowerwallCoordinator
from .coordinators.source import CONNECTION_STATES
from .entity import SourceEntity

CONNECTION = SensorEntityDescription(
    key="connection",
    translation_key="connection",
    device_class=SensorDeviceClass.ENUM,
    options=list(CONNECTION_STATES),
    entity_category=EntityCategory.DIAGNOSTIC,
)
WAY = SensorEntityDescription(
    key="way",
    translation_key="way",
    device_class=SensorDeviceClass.ENUM,
    options=[way for way in ORDER if way != PATH_SIMULATED],
    entity_category=EntityCategory.DIAGNOSTIC,
)
CALLS = SensorEntityDescription(
    key="calls_this_month",
    translation_key="calls_this_month",
    state_class=SensorStateClass.TOTAL_INCREASING,
    entity_category=EntityCategory.DIAGNOSTIC,
)
COST = SensorEntityDescription(
    key="cloud_cost_this_month",
    translation_key="cloud_cost_this_month",
    device_class=SensorDeviceClass.MONETARY,
    state_class=SensorStateClass.TOTAL,
    native_unit_of_measurement="USD",
    suggested_display_precision=2,
    entity_category=EntityCategory.DIAGNOSTIC,
)


class _AlwaysThere(SourceEntity[PowerwallCoordinator], SensorEntity):
    """A sensor that matters most when the Powerwall does not answer."""

    @property
    @override
    def available(self) -> bool:
        return True


class ConnectionSensor(_AlwaysThere):
    """Whether the Powerwall answers, and if not, why; with several ways, how each of them fares."""

    @property
    @override
    def native_value(self) -> str:
        return self.coordinator.connection

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, str] | None:
        return dict(self.coordinator.way_states) if len(self.coordinator.ways) > 1 else None


class WaySensor(_AlwaysThere):
    """Which of several ways is in use; unknown while none answers."""

    @property
    @override
    def native_value(self) -> str | None:
        return self.coordinator.way


class CallsSensor(_AlwaysThere):
    """How often Tesla's cloud was asked since the month began (UTC)."""

    @property
    @override
    def native_value(self) -> int:
        return sum(meter.calls_this_month for meter in self.coordinator.cloud.meters.values())


class CloudCostSensor(_AlwaysThere):
    """What that costs in US dollars, before what Tesla gives for nothing."""

    @property
    @override
    def native_value(self) -> float:
        return round(sum(meter.cost_this_month_usd for meter in self.coordinator.cloud.meters.values()), 3)

    @property
    @override
    def last_reset(self) -> datetime:
        return dt_util.utcnow().replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def way_sensors(coordinator: PowerwallCoordinator) -> list[SensorEntity]:
    """Make the sensors that this Powerwall's ways call for."""
    sensors: list[SensorEntity] = [ConnectionSensor(coordinator, CONNECTION)]
    if len(coordinator.ways) > 1:
        sensors.append(WaySensor(coordinator, WAY))
    if coordinator.cloud.meters:
        sensors.append(CallsSensor(coordinator, CALLS))
    if any(meter.is_metered for meter in coordinator.cloud.meters.values()):
        sensors.append(CloudCostSensor(coordinator, COST))
    return sensors
