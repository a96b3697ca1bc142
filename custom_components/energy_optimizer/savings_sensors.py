"""What the planner saved, and of how much."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, override

from homeassistant.components.sensor import SensorDeviceClass, SensorEntity, SensorEntityDescription, SensorStateClass
from homeassistant.const import EntityCategory, UnitOfRatio
from homeassistant.helpers.update_coordinator import CoordinatorEntity
from homeassistant.util import dt as dt_util

from .coordinators.powerwall import PowerwallCoordinator
from .coordinators.savings import SavingsCoordinator, SavingsSnapshot, find_savings
from .core.accounting.savings import DaySavings, share_of_possible
from .core.tariffs.local_days import day_starts_at


@dataclass(frozen=True, kw_only=True)
class SavingsSensorDescription(SensorEntityDescription):
    """A sensor of savings and how to read it."""

    value_fn: Callable[[SavingsSnapshot], float | None]
    attributes_fn: Callable[[SavingsSnapshot], Mapping[str, Any]] | None = None
    reset_fn: Callable[[SavingsSnapshot], date | None] | None = None
    """The day on which it began to count from nothing."""


def _money(
    key: str,
    value_fn: Callable[[SavingsSnapshot], float | None],
    *,
    attributes_fn: Callable[[SavingsSnapshot], Mapping[str, Any]] | None = None,
    reset_fn: Callable[[SavingsSnapshot], date | None] | None = None,
) -> SavingsSensorDescription:
    return SavingsSensorDescription(
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.MONETARY,
        state_class=SensorStateClass.TOTAL,
        suggested_display_precision=2,
        value_fn=value_fn,
        attributes_fn=attributes_fn,
        reset_fn=reset_fn,
    )


def _detail(
    key: str,
    value_fn: Callable[[SavingsSnapshot], float | None],
    attributes_fn: Callable[[SavingsSnapshot], Mapping[str, Any]] | None = None,
) -> SavingsSensorDescription:
    """Describe a figure of one day, which has its own statistics."""
    return SavingsSensorDescription(
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.MONETARY,
        suggested_display_precision=2,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=value_fn,
        attributes_fn=attributes_fn,
    )


def _share(key: str, value_fn: Callable[[SavingsSnapshot], float | None]) -> SavingsSensorDescription:
    def percent(snapshot: SavingsSnapshot) -> float | None:
        share = value_fn(snapshot)
        return None if share is None else round(100 * share, 1)

    return SavingsSensorDescription(
        key=key,
        translation_key=key,
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        value_fn=percent,
    )


def _how_sure(day: DaySavings | None) -> Mapping[str, Any]:
    if day is None:
        return {}
    known = 100 * (1 - day.unknown_steps / day.steps) if day.steps else None
    return {
        "known_percent": None if known is None else round(known, 1),
        "estimated": day.is_estimated,
        "steered_percent": round(100 * day.steered_share, 1),
    }


SENSORS: Final = (
    _money(
        "saved_today",
        lambda s: s.today.saved if s.today else None,
        attributes_fn=lambda s: _how_sure(s.today),
        reset_fn=lambda s: s.today.day if s.today else None,
    ),
    _money(
        "saved_month",
        lambda s: s.saved_month,
        attributes_fn=lambda s: {"unknown_days": s.unknown_days},
        reset_fn=lambda s: s.month_starts_on,
    ),
    _money(
        "saved_since_start",
        lambda s: s.saved_since if s.since is not None else None,
        attributes_fn=lambda s: {"since": s.since},
    ),
    _share("savings_share_yesterday", lambda s: share_of_possible([s.yesterday] if s.yesterday else [])),
    _share("savings_share_month", lambda s: s.share_month),
    _detail(
        "cost_yesterday", lambda s: s.yesterday.measured if s.yesterday else None, lambda s: _how_sure(s.yesterday)
    ),
    _detail("cost_yesterday_unsteered", lambda s: s.yesterday.without if s.yesterday else None),
    _detail("cost_yesterday_best", lambda s: s.yesterday.best if s.yesterday else None),
    _detail("savings_model_error", lambda s: s.model_error, lambda s: {"days": s.model_error_days}),
)


class SavingsSensor(CoordinatorEntity[SavingsCoordinator], SensorEntity):
    """One figure of what was saved."""

    entity_description: SavingsSensorDescription
    _attr_has_entity_name = True

    def __init__(self, savings: SavingsCoordinator, description: SavingsSensorDescription) -> None:
        super().__init__(savings)
        self.entity_description = description
        self._attr_unique_id = f"{savings.powerwall.subentry_id}_{description.key}"
        self._attr_device_info = savings.powerwall.device_info
        if description.device_class is SensorDeviceClass.MONETARY:
            self._attr_native_unit_of_measurement = savings.currency

    @property
    @override
    def native_value(self) -> float | None:
        value = self.entity_description.value_fn(self.coordinator.data)
        return None if value is None else round(value, 4) + 0.0

    @property
    @override
    def last_reset(self) -> datetime | None:
        if (reset_fn := self.entity_description.reset_fn) is None:
            return None
        day = reset_fn(self.coordinator.data)
        return None if day is None else day_starts_at(day, dt_util.get_default_time_zone())

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any] | None:
        attributes_fn = self.entity_description.attributes_fn
        return None if attributes_fn is None else attributes_fn(self.coordinator.data)


def savings_sensors(powerwall: PowerwallCoordinator) -> Iterable[SensorEntity]:
    """Show what is saved where somebody plans."""
    savings = find_savings(powerwall.hass, powerwall.subentry_id)
    return [] if savings is None else [SavingsSensor(savings, each) for each in SENSORS]
