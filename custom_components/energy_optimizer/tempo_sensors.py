"""What a Tempo tariff shows beside its prices: colours, days left and what today's hours cost."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, override

from homeassistant.components.sensor import SensorDeviceClass, SensorEntity, SensorStateClass
from homeassistant.const import UnitOfTime

from .api.tariff.tempo import TempoFacts
from .coordinators.tariff import TariffCoordinator, TariffSnapshot
from .core.tariffs.tempo_rules import Colour
from .tariff_sensors import TariffSensor, TariffSensorDescription


@dataclass(frozen=True, kw_only=True)
class TempoSensorDescription(TariffSensorDescription):
    """Says beside the value what else a sensor tells."""

    attributes_fn: Callable[[TempoFacts], dict[str, Any]] | None = None


def _facts(snapshot: TariffSnapshot) -> TempoFacts:
    if not isinstance(snapshot.facts, TempoFacts):
        raise TypeError("Not the facts of a Tempo tariff")
    return snapshot.facts


def _days_left(colour: Colour) -> Callable[[TariffSnapshot], float | None]:
    def value(snapshot: TariffSnapshot) -> float | None:
        left = _facts(snapshot).days_left
        return None if left is None else left[colour]

    return value


def _prices_since(facts: TempoFacts) -> dict[str, Any]:
    return {"since": facts.prices.since if facts.prices else None}


def _about_tomorrow(facts: TempoFacts) -> dict[str, Any]:
    return {
        "date": facts.today + timedelta(days=1),
        "possible": list(facts.tomorrow_possible),
        "final": facts.tomorrow_final,
    }


DESCRIPTIONS = (
    TempoSensorDescription(
        key="colour_today",
        translation_key="colour_today",
        device_class=SensorDeviceClass.ENUM,
        value_fn=lambda snapshot: _facts(snapshot).colour_today,
        attributes_fn=lambda facts: {"date": facts.today},
    ),
    TempoSensorDescription(
        key="colour_tomorrow",
        translation_key="colour_tomorrow",
        device_class=SensorDeviceClass.ENUM,
        value_fn=lambda snapshot: _facts(snapshot).colour_tomorrow,
        attributes_fn=_about_tomorrow,
    ),
    *(
        TempoSensorDescription(
            key=f"days_left_{colour}",
            translation_key=f"days_left_{colour}",
            native_unit_of_measurement=UnitOfTime.DAYS,
            state_class=SensorStateClass.MEASUREMENT,
            suggested_display_precision=0,
            value_fn=_days_left(colour),
        )
        for colour in Colour
    ),
    TempoSensorDescription(
        key="peak_price_today",
        translation_key="peak_price_today",
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=4,
        value_fn=lambda snapshot: _facts(snapshot).peak_today_per_kwh,
        unit_fn=lambda currency: f"{currency}/kWh",
        attributes_fn=_prices_since,
    ),
    TempoSensorDescription(
        key="off_peak_price_today",
        translation_key="off_peak_price_today",
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=4,
        value_fn=lambda snapshot: _facts(snapshot).off_peak_today_per_kwh,
        unit_fn=lambda currency: f"{currency}/kWh",
        attributes_fn=_prices_since,
    ),
)


def tempo_sensors(coordinator: TariffCoordinator) -> list[SensorEntity]:
    """Return what a Tempo tariff has beyond other tariffs."""
    return [TempoSensor(coordinator, description) for description in DESCRIPTIONS]


class TempoSensor(TariffSensor):
    """One thing a Tempo tariff shows."""

    entity_description: TempoSensorDescription

    def __init__(self, coordinator: TariffCoordinator, description: TempoSensorDescription) -> None:
        super().__init__(coordinator, description)
        if description.device_class is SensorDeviceClass.ENUM:
            self._attr_options = list(Colour)

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any] | None:
        tell = self.entity_description.attributes_fn
        return None if tell is None else tell(_facts(self.coordinator.data))
