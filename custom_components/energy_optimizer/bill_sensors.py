"""What a home's energy costs: today, this month and this year."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, override

from homeassistant.components.sensor import SensorDeviceClass, SensorEntity, SensorEntityDescription, SensorStateClass
from homeassistant.helpers.update_coordinator import CoordinatorEntity
from homeassistant.util import dt as dt_util

from .coordinators.bills import BillsCoordinator, CurrentBills
from .coordinators.tariff import TariffCoordinator
from .core.tariffs.bill import Bill
from .core.tariffs.local_days import day_starts_at


@dataclass(frozen=True, kw_only=True)
class BillSensorDescription(SensorEntityDescription):
    """Says which of the running bills a sensor shows."""

    bill_fn: Callable[[CurrentBills], Bill]


DESCRIPTIONS = (
    BillSensorDescription(key="bill_today", translation_key="bill_today", bill_fn=lambda bills: bills.today),
    BillSensorDescription(key="bill_month", translation_key="bill_month", bill_fn=lambda bills: bills.month),
    BillSensorDescription(key="bill_year", translation_key="bill_year", bill_fn=lambda bills: bills.year),
)


def bill_sensors(tariff: TariffCoordinator) -> list[SensorEntity]:
    """Return the sensors of a tariff's bills."""
    return [BillSensor(tariff, description) for description in DESCRIPTIONS]


class BillSensor(CoordinatorEntity[BillsCoordinator], SensorEntity):
    """The total of a bill that is running; negative if the supplier owes."""

    entity_description: BillSensorDescription
    _attr_has_entity_name = True
    _attr_device_class = SensorDeviceClass.MONETARY
    _attr_state_class = SensorStateClass.TOTAL
    _attr_suggested_display_precision = 2

    def __init__(self, tariff: TariffCoordinator, description: BillSensorDescription) -> None:
        super().__init__(tariff.bills)
        self.entity_description = description
        self._attr_unique_id = f"{tariff.subentry_id}_{description.key}"
        self._attr_device_info = tariff.device_info
        self._attr_native_unit_of_measurement = tariff.currency

    @property
    @override
    def native_value(self) -> Decimal | None:
        bill = self._bill
        return None if bill is None or not bill.has_energy else bill.total

    @property
    @override
    def last_reset(self) -> datetime | None:
        bill = self._bill
        return None if bill is None else day_starts_at(bill.first, dt_util.get_default_time_zone())

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any] | None:
        if (bill := self._bill) is None:
            return None
        share = bill.estimated_share
        return {
            "complete": bill.is_complete,
            "estimated_percent": None if share is None else round(100 * share, 1),
        }

    @property
    def _bill(self) -> Bill | None:
        """The bill that is shown; ``None`` before the first was made."""
        bills: CurrentBills | None = self.coordinator.data
        return None if bills is None else self.entity_description.bill_fn(bills)
