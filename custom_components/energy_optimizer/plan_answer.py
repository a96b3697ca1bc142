"""A home's plan as plain data, for actions and cards."""

from collections.abc import Callable, Mapping
from datetime import datetime
from math import isfinite
from typing import Any, Final

from homeassistant.util import dt as dt_util

from .const import CONF_CURRENCY
from .coordinators.planning import PlanForecasts, PlanningCoordinator
from .core.model.forecast import Floats, Forecast
from .core.model.plan import Plan, PlanStep
from .core.planning.plan_history import PastStep
from .core.planning.plan_stretches import PlanStretch, plan_stretches
from .plan_words import PlanWords

_POWER, _MONEY, _PERCENT = 3, 5, 2
"""Digits that are worth sending."""

type Column = Callable[[PlanStep], Any]


def plan_answer(planning: PlanningCoordinator, words: PlanWords, *, include_forecasts: bool) -> dict[str, Any]:
    """Return the plan with a row for each step, as an action answers it; times are local."""
    data, plan = planning.data, planning.data.plan
    answer: dict[str, Any] = {
        **_head(planning, words),
        "made_at": _local(plan.made_at) if plan else None,
        "steps": [_row(planning, words, plan, step) for step in plan.steps] if plan else [],
    }
    if include_forecasts:
        answer["forecasts"] = _forecasts(data.forecasts, _local) if data.forecasts else None
    return answer


def plan_columns(planning: PlanningCoordinator, words: PlanWords) -> dict[str, Any]:
    """Return the plan with a list for each quantity, as a card draws it; times are seconds since 1970."""
    data, plan = planning.data, planning.data.plan
    steps = plan.steps if plan else ()
    columns: Mapping[str, Column] = {
        "start": lambda step: int(step.starts_at.timestamp()),
        "end": lambda step: int(step.ends_at.timestamp()),
        "decision": lambda step: step.decision.kind.value,
        "power_kw": lambda step: _rounded(step.decision.power_kw, _POWER),
        "reason": lambda step: step.reason.key.value,
        "load_kw": lambda step: _rounded(step.load_kw, _POWER),
        "solar_kw": lambda step: _rounded(step.solar_kw, _POWER),
        "battery_kw": lambda step: _rounded(step.battery_kw, _POWER),
        "grid_kw": lambda step: _rounded(step.grid_kw, _POWER),
        "level_percent": lambda step: _level(planning, step.level_kwh),
        "import_price": lambda step: _rounded(step.import_per_kwh, _MONEY),
        "export_price": lambda step: _rounded(step.export_per_kwh, _MONEY),
        "marginal_value": lambda step: _rounded(step.marginal_per_kwh, _MONEY),
    }
    return {
        **_head(planning, words),
        "made_at": plan.made_at.timestamp() if plan else None,
        "steps": {name: [column(step) for step in steps] for name, column in columns.items()},
        "stretches": [_stretch(words, plan, each) for each in plan_stretches(steps)] if plan else [],
        "forecasts": _forecasts(data.forecasts, _epoch) if data.forecasts else None,
        "history": _history(planning),
    }


def _head(planning: PlanningCoordinator, words: PlanWords) -> dict[str, Any]:
    data, plan = planning.data, planning.data.plan
    return {
        "home": planning.config_entry.title,
        "currency": planning.config_entry.data[CONF_CURRENCY],
        "why_not": data.why_not.value if data.why_not else None,
        "why_not_text": words.why_not(data.why_not) if data.why_not else None,
        "optimizes": data.settings.optimizes,
        "origin": plan.origin.value if plan else None,
        "expected_cost": _rounded(plan.expected_cost, _MONEY) if plan else None,
        "self_consumption_cost": _rounded(plan.self_consumption_cost, _MONEY) if plan else None,
        "planning_seconds": _rounded(plan.solve_s, _POWER) if plan else None,
        "level_percent": _level(planning, data.problem.level_kwh) if data.problem else None,
        "reserve_percent": _level(planning, data.problem.battery.reserve_kwh) if data.problem else None,
        "capacity_kwh": _rounded(data.problem.battery.capacity_kwh, _POWER) if data.problem else None,
    }


def _row(planning: PlanningCoordinator, words: PlanWords, plan: Plan, step: PlanStep) -> dict[str, Any]:
    row: dict[str, Any] = {
        "start": _local(step.starts_at),
        "end": _local(step.ends_at),
        "decision": step.decision.kind.value,
        "decision_text": words.decision(step.decision),
        "power_kw": _rounded(step.decision.power_kw, _POWER),
        "reason": step.reason.key.value,
        "reason_text": words.reason(step, plan),
        "load_kw": _rounded(step.load_kw, _POWER),
        "solar_kw": _rounded(step.solar_kw, _POWER),
        "battery_kw": _rounded(step.battery_kw, _POWER),
        "grid_kw": _rounded(step.grid_kw, _POWER),
        "level_percent": _level(planning, step.level_kwh),
        "level_kwh": _rounded(step.level_kwh, _POWER),
        "import_price": _rounded(step.import_per_kwh, _MONEY),
        "export_price": _rounded(step.export_per_kwh, _MONEY),
        "marginal_value": _rounded(step.marginal_per_kwh, _MONEY),
        "cost": _rounded(step.cost, _MONEY),
    }
    if step.placed_kw:
        row["placed_kw"] = {name: _rounded(power, _POWER) for name, power in step.placed_kw.items()}
    return row


def _stretch(words: PlanWords, plan: Plan, stretch: PlanStretch) -> dict[str, Any]:
    first = stretch.steps[0]
    return {
        "start": int(stretch.starts_at.timestamp()),
        "end": int(stretch.ends_at.timestamp()),
        "decision": stretch.decision.kind.value,
        "decision_text": words.stretch(stretch),
        "reason": first.reason.key.value,
        "reason_texts": {step.reason.key.value: words.reason(step, plan) for step in stretch.reasons},
    }


def _forecasts(forecasts: PlanForecasts, time: Callable[[datetime], Any]) -> dict[str, Any]:
    digits = {"load": _POWER, "solar": _POWER, "import": _MONEY, "export": _MONEY}
    all_: dict[str, Forecast] = {
        "load": forecasts.load,
        "solar": forecasts.solar,
        "import": forecasts.import_,
        "export": forecasts.export,
    }
    return {
        name: {
            "start": time(forecast.starts_at),
            "step_seconds": int(forecast.step.total_seconds()),
            "p10": _values(forecast.p10, digits[name]),
            "p50": _values(forecast.p50, digits[name]),
            "p90": _values(forecast.p90, digits[name]),
        }
        for name, forecast in all_.items()
    }


_PAST_POWERS: Final = ("planned_battery_kw", "load_kw", "solar_kw", "battery_kw", "grid_kw")


def _history(planning: PlanningCoordinator) -> dict[str, list[Any]]:
    past = tuple(planning.history.steps)

    def planned_level(step: PastStep) -> float | None:
        return None if step.planned_level_kwh is None else _level(planning, step.planned_level_kwh)

    return {
        "start": [int(step.starts_at.timestamp()) for step in past],
        "decision": [step.decision.value if step.decision else None for step in past],
        **{name: [_rounded(getattr(step, name), _POWER) for step in past] for name in _PAST_POWERS},
        "planned_level_percent": [planned_level(step) for step in past],
        "level_percent": [_rounded(step.level_percent, _PERCENT) for step in past],
    }


def _level(planning: PlanningCoordinator, kwh: float) -> float | None:
    problem = planning.data.problem
    return _rounded(100.0 * kwh / problem.battery.capacity_kwh, _PERCENT) if problem else None


def _values(row: Floats, digits: int) -> list[float | None]:
    return [_rounded(value, digits) for value in row.tolist()]


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None or not isfinite(value) else round(value, digits) + 0.0  # no minus before a zero


def _local(instant: datetime) -> str:
    return dt_util.as_local(instant).isoformat()


def _epoch(instant: datetime) -> int:
    return int(instant.timestamp())
