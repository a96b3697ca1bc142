"""What a tariff shows: prices, tier, next change and today's money."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, override

from homeassistant.components.sensor import SensorDeviceClass, SensorEntity, SensorEntityDescription, SensorStateClass
from homeassistant.const import EntityCategory
from homeassistant.util import dt as dt_util

from .coordinators.source import CONNECTION_STATES
from .coordinators.tariff import TariffCoordinator, TariffSnapshot
from .core.model.price import Certainty
from .entity import SourceEntity

_CENTI_CENT = Decimal("0.0001")


@dataclass(frozen=True, kw_only=True)
class TariffSensorDescription(SensorEntityDescription):
    """Says what one sensor takes from a snapshot, and in which unit beyond the currency."""

    value_fn: Callable[[TariffSnapshot], float | str | datetime | Decimal | None]
    unit_fn: Callable[[str], str] | None = None
    """Makes the unit of the home's currency."""


def _import_price(snapshot: TariffSnapshot) -> float | None:
    """Return what a kWh costs now; what is only foretold of the present is no price yet."""
    slot = snapshot.slot
    return None if slot.certainty is Certainty.FORECAST else slot.import_per_kwh


_IMPORT_PRICE = "import_price"

DESCRIPTIONS = (
    TariffSensorDescription(
        key=_IMPORT_PRICE,
        translation_key="import_price",
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=4,
        value_fn=_import_price,
        unit_fn=lambda currency: f"{currency}/kWh",
    ),
    TariffSensorDescription(
        key="export_price",
        translation_key="export_price",
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=4,
        value_fn=lambda snapshot: snapshot.slot.export_per_kwh,
        unit_fn=lambda currency: f"{currency}/kWh",
    ),
    TariffSensorDescription(
        key="tier",
        translation_key="tier",
        device_class=SensorDeviceClass.ENUM,
        value_fn=lambda snapshot: snapshot.slot.tier or None,
    ),
    TariffSensorDescription(
        key="next_change",
        translation_key="next_change",
        device_class=SensorDeviceClass.TIMESTAMP,
        value_fn=lambda snapshot: snapshot.next_change,
    ),
    TariffSensorDescription(
        key="cost_today",
        translation_key="cost_today",
        device_class=SensorDeviceClass.MONETARY,
        state_class=SensorStateClass.TOTAL,
        suggested_display_precision=2,
        value_fn=lambda snapshot: _rounded(snapshot.today.cost),
        unit_fn=str,
    ),
    TariffSensorDescription(
        key="earnings_today",
        translation_key="earnings_today",
        device_class=SensorDeviceClass.MONETARY,
        state_class=SensorStateClass.TOTAL,
        suggested_display_precision=2,
        value_fn=lambda snapshot: _rounded(snapshot.today.earnings),
        unit_fn=str,
    ),
)


CONNECTION = SensorEntityDescription(
    key="connection",
    translation_key="connection",
    device_class=SensorDeviceClass.ENUM,
    options=list(CONNECTION_STATES),
    entity_category=EntityCategory.DIAGNOSTIC,
)


def tariff_sensors(coordinator: TariffCoordinator) -> list[SensorEntity]:
    """Return the sensors of one tariff; a tariff that names no tiers has no sensor for them."""
    has_no_tiers = coordinator.tariff is not None and not coordinator.tariff.tiers
    sensors: list[SensorEntity] = [
        TariffSensor(coordinator, description)
        for description in DESCRIPTIONS
        if not (has_no_tiers and description.key == "tier")
    ]
    if coordinator.feed is not None:
        sensors.append(TariffConnectionSensor(coordinator, CONNECTION))
    return sensors


def _rounded(money: Decimal | None) -> Decimal | None:
    return None if money is None else money.quantize(_CENTI_CENT)


class TariffSensor(SourceEntity[TariffCoordinator], SensorEntity):
    """One thing a tariff shows."""

    entity_description: TariffSensorDescription
    _unrecorded_attributes = frozenset({"known_until"})

    def __init__(self, coordinator: TariffCoordinator, description: TariffSensorDescription) -> None:
        super().__init__(coordinator, description)
        if description.unit_fn is not None:
            self._attr_native_unit_of_measurement = description.unit_fn(coordinator.currency)
        if description.device_class is SensorDeviceClass.ENUM:
            self._attr_options = list(coordinator.tariff.tiers) if coordinator.tariff else []

    @property
    @override
    def native_value(self) -> float | str | datetime | Decimal | None:
        return self.entity_description.value_fn(self.coordinator.data)

    @property
    @override
    def last_reset(self) -> datetime | None:
        if self.entity_description.state_class is not SensorStateClass.TOTAL:
            return None
        return self.coordinator.data.today_starts_at

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any] | None:
        if self.entity_description.key == _IMPORT_PRICE:
            return self._how_sure()
        if self.entity_description.state_class is not SensorStateClass.TOTAL:
            return None
        return {"counted_since": self.coordinator.data.today.counted_since}

    def _how_sure(self) -> dict[str, Any]:
        """Tell how certain the present price is, and until when prices are known; no end is for ever, or not at all."""
        slot, tariff = self.coordinator.data.slot, self.coordinator.tariff
        until = tariff.known_until if tariff else None
        return {
            "certainty": None if slot.import_per_kwh is None else slot.certainty,
            "known_until": None if until is None or until <= dt_util.utcnow() else dt_util.as_local(until),
        }


class TariffConnectionSensor(SourceEntity[TariffCoordinator], SensorEntity):
    """Whether whoever publishes the prices answers, and if not, why; the prices known before stay in place."""

    @property
    @override
    def available(self) -> bool:
        return True

    @property
    @override
    def native_value(self) -> str:
        return self.coordinator.connection
