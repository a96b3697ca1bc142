"""What the user tells the planner: how much to keep, what using the battery costs, how careful to be."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, override

from homeassistant.components.number import NumberEntity, NumberEntityDescription, NumberMode
from homeassistant.const import EntityCategory, UnitOfRatio

from .const import CONF_CURRENCY
from .coordinators.planning import PlanningCoordinator, find_planning
from .coordinators.powerwall import PowerwallCoordinator
from .plan_entity import PlanEntity


@dataclass(frozen=True, kw_only=True)
class PlanNumberDescription(NumberEntityDescription):
    """A setting of the planner: its name there, and how it is shown."""

    setting: str
    value_fn: Callable[[PlanningCoordinator], float | None]
    scale: float = 1.0
    """What is shown per unit of the setting."""
    per_kwh: bool = False


def _reserve(planning: PlanningCoordinator) -> float | None:
    """Return the plan's own reserve, or the Powerwall's as long as nobody set one."""
    own = planning.data.settings.reserve_percent
    return planning.backup_percent() if own is None else own


NUMBERS: Final = (
    PlanNumberDescription(
        key="plan_reserve",
        translation_key="plan_reserve",
        entity_category=EntityCategory.CONFIG,
        native_min_value=0,
        native_max_value=100,
        native_step=1,
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        mode=NumberMode.SLIDER,
        setting="reserve_percent",
        value_fn=_reserve,
    ),
    PlanNumberDescription(
        key="wear_price",
        translation_key="wear_price",
        entity_category=EntityCategory.CONFIG,
        native_min_value=0,
        native_max_value=100,
        native_step=0.001,
        mode=NumberMode.BOX,
        setting="wear_per_kwh",
        value_fn=lambda planning: planning.data.settings.wear_per_kwh,
        per_kwh=True,
    ),
    PlanNumberDescription(
        key="caution",
        translation_key="caution",
        entity_category=EntityCategory.CONFIG,
        native_min_value=0,
        native_max_value=100,
        native_step=5,
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        mode=NumberMode.SLIDER,
        setting="risk",
        value_fn=lambda planning: planning.data.settings.risk,
        scale=100.0,
    ),
)


def plan_numbers(powerwall: PowerwallCoordinator) -> Iterable[NumberEntity]:
    """Offer the settings of what plans for a Powerwall."""
    planning = find_planning(powerwall)
    return [] if planning is None else [PlanNumber(planning, each) for each in NUMBERS]


class PlanNumber(PlanEntity, NumberEntity):
    """One setting of the planner; a change is planned with at once."""

    entity_description: PlanNumberDescription

    def __init__(self, planning: PlanningCoordinator, description: PlanNumberDescription) -> None:
        super().__init__(planning, description)
        if description.per_kwh:
            self._attr_native_unit_of_measurement = f"{planning.config_entry.data[CONF_CURRENCY]}/kWh"

    @property
    @override
    def native_value(self) -> float | None:
        value = self.entity_description.value_fn(self.coordinator)
        return None if value is None else round(value * self.entity_description.scale, 4)

    @override
    async def async_set_native_value(self, value: float) -> None:
        description = self.entity_description
        await self.coordinator.async_change(**{description.setting: value / description.scale})
