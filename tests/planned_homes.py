"""Plans that several tests show."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from math import pi, sin

import numpy as np
import pytest
from homeassistant.config_entries import ConfigSubentryData
from homeassistant.core import HomeAssistant

from custom_components.energy_optimizer.coordinators.planning import (
    PlanForecasts,
    PlanningCoordinator,
    WhyNot,
    planning_of,
)
from custom_components.energy_optimizer.coordinators.planning_replan import Rounds
from custom_components.energy_optimizer.coordinators.powerwall import PowerwallCoordinator
from custom_components.energy_optimizer.core.model.battery import BatteryModel
from custom_components.energy_optimizer.core.model.contract import GridLimits
from custom_components.energy_optimizer.core.model.decision import Decision, DecisionKind
from custom_components.energy_optimizer.core.model.forecast import Forecast
from custom_components.energy_optimizer.core.model.plan import Origin, Plan, PlanStep, Reason, ReasonKey
from custom_components.energy_optimizer.core.planning.problem import PlanningProblem
from tests.homes import SIMULATED, flat_tariff, home, powerwall, set_up

CAPACITY_KWH = 13.5


@dataclass(frozen=True, kw_only=True)
class Part:
    """A while in which a plan decides the same."""

    hours: float
    kind: DecisionKind = DecisionKind.SELF_CONSUMPTION
    key: ReasonKey = ReasonKey.NOTHING_TO_GAIN
    power_kw: float | None = None
    price: float | None = None
    later: float | None = None
    battery_kw: float = 0.0
    grid_kw: float = 1.0
    import_per_kwh: float = 0.3
    export_per_kwh: float = 0.1
    marginal: float = 0.25
    step: timedelta = field(default=timedelta(minutes=15))


def plan_of(made_at: datetime, *parts: Part, origin: Origin = Origin.OPTIMUM) -> Plan:
    """Return a plan that consists of *parts*, without gaps."""
    steps: list[PlanStep] = []
    at, level = made_at, 6.0
    for part in parts:
        until = at + timedelta(hours=part.hours)
        while at < until:
            level -= part.battery_kw * (part.step / timedelta(hours=1))
            local_hour = at.hour + at.minute / 60 - 7.0
            steps.append(
                PlanStep(
                    starts_at=at,
                    ends_at=at + part.step,
                    decision=Decision(kind=part.kind, power_kw=part.power_kw),
                    reason=Reason(key=part.key, price_per_kwh=part.price, later_per_kwh=part.later),
                    load_kw=0.6 + 0.3 * sin(local_hour / 3.0) ** 2,
                    solar_kw=max(0.0, 4.0 * sin((local_hour % 24 - 6.0) / 12.0 * pi)),
                    battery_kw=part.battery_kw,
                    grid_kw=part.grid_kw,
                    level_kwh=min(max(level, 0.0), CAPACITY_KWH),
                    import_per_kwh=part.import_per_kwh,
                    export_per_kwh=part.export_per_kwh,
                    marginal_per_kwh=part.marginal,
                )
            )
            at += part.step
    return Plan(
        made_at=made_at,
        decided_at=made_at,
        steps=tuple(steps),
        origin=origin,
        expected_cost=1.5,
        self_consumption_cost=2.5,
        solve_s=0.041,
    )


def forecast_of(plan: Plan, quantity: str, spread: float) -> Forecast:
    """Return a forecast with what *plan* expects as its median."""
    middle = np.array([getattr(step, quantity) for step in plan.steps])
    shares = np.array([1 - spread, 1 - spread / 2, 1.0, 1 + spread / 2, 1 + spread])
    return Forecast(
        starts_at=plan.steps[0].starts_at,
        step=plan.steps[0].ends_at - plan.steps[0].starts_at,
        quantiles=shares[:, None] * middle,
    )


def two_days(made_at: datetime) -> Plan:
    """Return a plan with every decision there is, as a day in summer has them."""
    keys, kinds = ReasonKey, DecisionKind
    cheap = {"import_per_kwh": 0.21, "export_per_kwh": 0.04}
    dear = {"import_per_kwh": 0.59, "export_per_kwh": 0.45}
    day = (
        Part(hours=3, key=keys.STORE_SURPLUS, price=0.08, later=0.42, battery_kw=-1.5, grid_kw=-0.5),
        Part(hours=2, kind=kinds.HOLD, key=keys.KEEP_FOR_LATER, price=0.27, later=0.59, import_per_kwh=0.27),
        Part(hours=1.5, kind=kinds.EXPORT_SOLAR, key=keys.SELL_SURPLUS, price=0.12, grid_kw=-2.0),
        Part(hours=1.5, kind=kinds.DISCHARGE, key=keys.SELL_DEAR, price=0.45, later=0.3, power_kw=5.0, battery_kw=3.0,
             grid_kw=-4.0, **dear),
        Part(hours=4, key=keys.COVER_HOUSE, price=0.59, battery_kw=0.9, grid_kw=0.0, **dear),
        Part(hours=3, kind=kinds.HOLD, key=keys.RESERVE_REACHED, grid_kw=0.7),
        Part(hours=3, kind=kinds.CHARGE, key=keys.BUY_CHEAP, price=0.21, later=0.5, power_kw=3.3, battery_kw=-3.3,
             grid_kw=4.0, **cheap),
        Part(hours=6, grid_kw=0.4),
    )  # fmt: skip
    return plan_of(made_at, *day, *day)


def plan_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a home keep the plan that a test gives it."""

    async def rest(_rounds: Rounds) -> None:
        pass

    monkeypatch.setattr(Rounds, "ask", lambda _rounds: None)
    monkeypatch.setattr(Rounds, "run", rest)


async def set_up_planned(hass: HomeAssistant, *subentries: ConfigSubentryData) -> PlanningCoordinator:
    """Set up a simulated home with a tariff, or with *subentries*, and return what plans for it."""
    entry = await set_up(hass, home(*(subentries or (powerwall(SIMULATED), flat_tariff()))))
    sources = entry.runtime_data.sources.values()
    return planning_of(next(source for source in sources if isinstance(source, PowerwallCoordinator)))


async def show_plan(planning: PlanningCoordinator, plan: Plan | None, why_not: WhyNot | None = None) -> None:
    """Let a home have a *plan*, or none."""
    problem = (
        PlanningProblem(
            now=plan.made_at,
            edges=(*(step.starts_at for step in plan.steps), plan.steps[-1].ends_at),
            load_kw=np.zeros((5, len(plan.steps))),
            solar_kw=np.zeros((5, len(plan.steps))),
            import_per_kwh=np.zeros((5, len(plan.steps))),
            export_per_kwh=np.zeros((5, len(plan.steps))),
            level_kwh=6.0,
            battery=BatteryModel(
                capacity_kwh=CAPACITY_KWH,
                reserve_kwh=1.35,
                max_charge_kw=5.0,
                max_discharge_kw=5.0,
                charge_efficiency=0.95,
                discharge_efficiency=0.95,
            ),
            grid=GridLimits(max_import_kw=20.0, max_export_kw=20.0),
        )
        if plan
        else planning.data.problem
    )
    forecasts = (
        PlanForecasts(
            load=forecast_of(plan, "load_kw", 0.4),
            solar=forecast_of(plan, "solar_kw", 0.3),
            import_=forecast_of(plan, "import_per_kwh", 0.0),
            export=forecast_of(plan, "export_per_kwh", 0.0),
        )
        if plan
        else planning.data.forecasts
    )
    planning._publish(replace(planning.data, plan=plan, why_not=why_not, problem=problem, forecasts=forecasts))
    await planning.hass.async_block_till_done()
