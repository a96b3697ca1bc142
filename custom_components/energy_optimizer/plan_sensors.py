"""What the home means to do, as sensors of its Powerwall."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isfinite
from typing import Any, Final, override

from homeassistant.components.sensor import SensorDeviceClass, SensorEntity, SensorEntityDescription, SensorStateClass
from homeassistant.const import EntityCategory, UnitOfPower, UnitOfTime
from homeassistant.helpers.typing import StateType
from homeassistant.util import dt as dt_util

from .const import CONF_CURRENCY
from .coordinators.planning import PlanningCoordinator, find_planning
from .coordinators.planning_inputs import IMPORT_PRICE, LOAD, SOLAR
from .coordinators.powerwall import PowerwallCoordinator
from .coordinators.tariff import TariffCoordinator, TariffSnapshot
from .core.model.decision import DecisionKind
from .core.model.plan import Origin, PlanStep, ReasonKey
from .core.planning.expected_cost import expected_cost
from .core.planning.plan_stretches import next_change
from .core.planning.scores import ForecastScore
from .core.tariffs.local_days import day_starts_at
from .plan_entity import PlanEntity, fresh_plan, present_step


@dataclass(frozen=True, kw_only=True)
class PlanSensorDescription(SensorEntityDescription):
    """A sensor of the plan and how to read it now."""

    value_fn: Callable[[PlanningCoordinator, datetime], StateType | datetime]
    unit_fn: Callable[[str], str] | None = None
    """Makes the unit of the home's currency."""
    attributes_fn: Callable[[PlanningCoordinator, datetime], Mapping[str, Any]] | None = None


def _rounded(value: float | None, digits: int = 4) -> float | None:
    return None if value is None or not isfinite(value) else round(value, digits) + 0.0  # which makes -0.0 plain 0.0


def _of_step(value_fn: Callable[[PlanStep], StateType]) -> Callable[[PlanningCoordinator, datetime], StateType]:
    def value(planning: PlanningCoordinator, now: datetime) -> StateType:
        step = present_step(planning.data, now)
        return None if step is None else value_fn(step)

    return value


def _decision_attributes(planning: PlanningCoordinator, now: datetime) -> Mapping[str, Any]:
    step = present_step(planning.data, now)
    return {
        "power_kw": _rounded(step.decision.power_kw, 2) if step else None,
        "reserve_percent": _rounded(step.decision.reserve_percent, 1) if step else None,
        "why_not": planning.data.why_not.value if planning.data.why_not else None,
    }


def _reason_attributes(planning: PlanningCoordinator, now: datetime) -> Mapping[str, Any]:
    step = present_step(planning.data, now)
    return {
        "price_per_kwh": _rounded(step.reason.price_per_kwh) if step else None,
        "later_per_kwh": _rounded(step.reason.later_per_kwh) if step else None,
    }


def _next_change(planning: PlanningCoordinator, now: datetime) -> datetime | None:
    plan = fresh_plan(planning.data, now)
    return None if plan is None else next_change(plan, now)


def _day_bounds(now: datetime, days_ahead: int) -> tuple[datetime, datetime]:
    zone = dt_util.get_default_time_zone()
    day = now.astimezone(zone).date() + timedelta(days=days_ahead)
    return day_starts_at(day, zone), day_starts_at(day + timedelta(days=1), zone)


def _tariff_now(planning: PlanningCoordinator) -> TariffSnapshot | None:
    sources = planning.config_entry.runtime_data.sources.values()
    tariff = next((each for each in sources if isinstance(each, TariffCoordinator)), None)
    return None if tariff is None else tariff.data


def _cost_today(planning: PlanningCoordinator, now: datetime) -> float | None:
    """Add what the rest of the day will cost to what was counted of it; unknown if either is."""
    plan, tariff = fresh_plan(planning.data, now), _tariff_now(planning)
    begins, ends = _day_bounds(now, 0)
    if plan is None or tariff is None or tariff.today_starts_at != begins:
        return None
    cost, earnings, rest = tariff.today.cost, tariff.today.earnings, expected_cost(plan, now, ends)
    if cost is None or earnings is None or rest is None:
        return None
    return _rounded(float(cost - earnings) + rest)


def _cost_tomorrow(planning: PlanningCoordinator, now: datetime) -> float | None:
    plan = fresh_plan(planning.data, now)
    return None if plan is None else _rounded(expected_cost(plan, *_day_bounds(now, 1)))


def _counted_since(planning: PlanningCoordinator, _now: datetime) -> Mapping[str, Any]:
    tariff = _tariff_now(planning)
    return {"counted_since": tariff.today.counted_since if tariff else None}


def _planning_time(planning: PlanningCoordinator, _now: datetime) -> float | None:
    return _rounded(planning.data.plan.solve_s, 3) if planning.data.plan else None


def _origin(planning: PlanningCoordinator, now: datetime) -> str | None:
    plan = fresh_plan(planning.data, now)
    return None if plan is None else plan.origin.value


def _score(
    key: str,
    forecast: str,
    figure: Callable[[ForecastScore], float | None],
    *,
    unit: str | None = None,
    enabled: bool = False,
) -> PlanSensorDescription:
    """Describe one figure of how well a *forecast* did; one of prices has the home's currency."""

    def value(planning: PlanningCoordinator, _now: datetime) -> float | None:
        score = planning.data.scores.get(forecast)
        return None if score is None else _rounded(figure(score))

    return PlanSensorDescription(
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.POWER if unit else None,
        state_class=SensorStateClass.MEASUREMENT,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=enabled,
        native_unit_of_measurement=unit,
        unit_fn=None if unit else _per_kwh,
        suggested_display_precision=2 if unit else 3,
        value_fn=value,
    )


def _per_kwh(currency: str) -> str:
    return f"{currency}/kWh"


def _money(key: str, value_fn: Callable[[PlanningCoordinator, datetime], float | None]) -> PlanSensorDescription:
    return PlanSensorDescription(
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.MONETARY,
        suggested_display_precision=2,
        value_fn=value_fn,
        unit_fn=str,
        attributes_fn=_counted_since if value_fn is _cost_today else None,
    )


SENSORS: Final = (
    PlanSensorDescription(
        key="decision",
        translation_key="decision",
        device_class=SensorDeviceClass.ENUM,
        options=[each.value for each in DecisionKind],
        value_fn=_of_step(lambda step: step.decision.kind.value),
        attributes_fn=_decision_attributes,
    ),
    PlanSensorDescription(
        key="reason",
        translation_key="reason",
        device_class=SensorDeviceClass.ENUM,
        options=[each.value for each in ReasonKey],
        value_fn=_of_step(lambda step: step.reason.key.value),
        attributes_fn=_reason_attributes,
    ),
    PlanSensorDescription(
        key="next_decision",
        translation_key="next_decision",
        device_class=SensorDeviceClass.TIMESTAMP,
        value_fn=_next_change,
    ),
    _money("expected_cost_today", _cost_today),
    _money("expected_cost_tomorrow", _cost_tomorrow),
    PlanSensorDescription(
        key="marginal_value",
        translation_key="marginal_value",
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=3,
        value_fn=_of_step(lambda step: _rounded(step.marginal_per_kwh)),
        unit_fn=_per_kwh,
    ),
    _score("load_error", LOAD, lambda score: score.mae, unit=UnitOfPower.KILO_WATT, enabled=True),
    _score("load_bias", LOAD, lambda score: score.bias, unit=UnitOfPower.KILO_WATT),
    _score("load_pinball", LOAD, lambda score: score.pinball, unit=UnitOfPower.KILO_WATT),
    _score("solar_error", SOLAR, lambda score: score.mae, unit=UnitOfPower.KILO_WATT, enabled=True),
    _score("solar_bias", SOLAR, lambda score: score.bias, unit=UnitOfPower.KILO_WATT),
    _score("solar_pinball", SOLAR, lambda score: score.pinball, unit=UnitOfPower.KILO_WATT),
    _score("price_error", IMPORT_PRICE, lambda score: score.mae),
    _score("price_bias", IMPORT_PRICE, lambda score: score.bias),
    _score("price_pinball", IMPORT_PRICE, lambda score: score.pinball),
    PlanSensorDescription(
        key="planning_time",
        translation_key="planning_time",
        device_class=SensorDeviceClass.DURATION,
        state_class=SensorStateClass.MEASUREMENT,
        entity_category=EntityCategory.DIAGNOSTIC,
        native_unit_of_measurement=UnitOfTime.SECONDS,
        suggested_display_precision=2,
        value_fn=_planning_time,
    ),
    PlanSensorDescription(
        key="plan_origin",
        translation_key="plan_origin",
        device_class=SensorDeviceClass.ENUM,
        entity_category=EntityCategory.DIAGNOSTIC,
        options=[each.value for each in Origin],
        value_fn=_origin,
    ),
)


def plan_sensors(powerwall: PowerwallCoordinator) -> Iterable[SensorEntity]:
    """Show the plan of a Powerwall's home."""
    planning = find_planning(powerwall)
    return [] if planning is None else [PlanSensor(planning, each) for each in SENSORS]


class PlanSensor(PlanEntity, SensorEntity):
    """One thing that the plan says; unknown without one, or if it is too old."""

    entity_description: PlanSensorDescription
    _unrecorded_attributes = frozenset({"power_kw", "price_per_kwh", "later_per_kwh", "counted_since"})

    def __init__(self, planning: PlanningCoordinator, description: PlanSensorDescription) -> None:
        super().__init__(planning, description)
        if description.unit_fn is not None:
            currency = planning.config_entry.data[CONF_CURRENCY]
            self._attr_native_unit_of_measurement = description.unit_fn(currency)

    @property
    @override
    def native_value(self) -> StateType | datetime:
        return self.entity_description.value_fn(self.coordinator, dt_util.utcnow())

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any] | None:
        attributes_fn = self.entity_description.attributes_fn
        return None if attributes_fn is None else attributes_fn(self.coordinator, dt_util.utcnow())
