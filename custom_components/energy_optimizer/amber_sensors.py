"""What an Amber tariff shows beside its prices: spikes, renewables, and how low and high prices are forecast to go."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, override

from homeassistant.components.sensor import SensorDeviceClass, SensorEntity, SensorStateClass
from homeassistant.const import PERCENTAGE
from homeassistant.util import dt as dt_util

from .api.tariff.amber import AmberFacts, ForecastPrice
from .api.tariff.amber_answers import SpikeStatus
from .coordinators.tariff import TariffCoordinator, TariffSnapshot
from .tariff_sensors import TariffSensor, TariffSensorDescription


@dataclass(frozen=True, kw_only=True)
class AmberSensorDescription(TariffSensorDescription):
    """Says beside the value what else a sensor tells."""

    attributes_fn: Callable[[AmberFacts], dict[str, Any]] | None = None


def _facts(snapshot: TariffSnapshot) -> AmberFacts:
    if not isinstance(snapshot.facts, AmberFacts):
        raise TypeError("Not the facts of an Amber tariff")
    return snapshot.facts


def _price(forecast: ForecastPrice | None) -> float | None:
    return None if forecast is None else forecast.per_kwh


def _when(forecast: ForecastPrice | None, facts: AmberFacts) -> dict[str, Any]:
    """Tell when a price is forecast for, and how far forecasts reached when it was chosen."""
    times: dict[str, datetime | None] = {
        "from": None if forecast is None else forecast.starts_at,
        "until": None if forecast is None else forecast.ends_at,
        "forecast_until": facts.forecast_until,
    }
    return {name: None if at is None else dt_util.as_local(at) for name, at in times.items()}


DESCRIPTIONS = (
    AmberSensorDescription(
        key="spike_status",
        translation_key="spike_status",
        device_class=SensorDeviceClass.ENUM,
        options=list(SpikeStatus),
        value_fn=lambda snapshot: _facts(snapshot).spike,
        attributes_fn=lambda facts: {"estimate": facts.is_estimate},
    ),
    AmberSensorDescription(
        key="renewables",
        translation_key="renewables",
        native_unit_of_measurement=PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        value_fn=lambda snapshot: _facts(snapshot).renewables_percent,
    ),
    AmberSensorDescription(
        key="forecast_low",
        translation_key="forecast_low",
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=4,
        value_fn=lambda snapshot: _price(_facts(snapshot).lowest),
        unit_fn=lambda currency: f"{currency}/kWh",
        attributes_fn=lambda facts: _when(facts.lowest, facts),
    ),
    AmberSensorDescription(
        key="forecast_high",
        translation_key="forecast_high",
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=4,
        value_fn=lambda snapshot: _price(_facts(snapshot).highest),
        unit_fn=lambda currency: f"{currency}/kWh",
        attributes_fn=lambda facts: _when(facts.highest, facts),
    ),
)


def amber_sensors(coordinator: TariffCoordinator) -> list[SensorEntity]:
    """Return what an Amber tariff has beyond other tariffs."""
    return [AmberSensor(coordinator, description) for description in DESCRIPTIONS]


class AmberSensor(TariffSensor):
    """One thing an Amber tariff shows."""

    entity_description: AmberSensorDescription

    def __init__(self, coordinator: TariffCoordinator, description: AmberSensorDescription) -> None:
        super().__init__(coordinator, description)
        if description.options is not None:
            self._attr_options = description.options

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any] | None:
        tell = self.entity_description.attributes_fn
        return None if tell is None else tell(_facts(self.coordinator.data))
