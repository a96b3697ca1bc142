"""Homes, prices and states of any kind, for properties of what plans them."""

from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import strategies as st

from custom_components.energy_optimizer.core.model.battery import BatteryModel
from custom_components.energy_optimizer.core.model.contract import ConnectionRule, GridLimits
from custom_components.energy_optimizer.core.model.decision import DecisionKind
from custom_components.energy_optimizer.core.model.forecast import QUANTILES, Floats
from custom_components.energy_optimizer.core.model.loads import FlexibleLoad, VehicleLoad
from custom_components.energy_optimizer.core.planning.problem import FREE_MEANS, Means, PlanningProblem

NOW = datetime(2026, 3, 28, 22, tzinfo=UTC)


@st.composite
def batteries(draw: st.DrawFn) -> BatteryModel:
    capacity = draw(st.sampled_from([0.5, 5.0, 13.5, 40.0]))
    return BatteryModel(
        capacity_kwh=capacity,
        reserve_kwh=capacity * draw(st.floats(0.0, 0.9)),
        max_charge_kw=draw(st.sampled_from([0.0, 1.7, 5.0, 10.0])),
        max_discharge_kw=draw(st.sampled_from([0.0, 3.3, 5.0, 11.5])),
        charge_efficiency=draw(st.floats(0.8, 1.0)),
        discharge_efficiency=draw(st.floats(0.8, 1.0)),
        wear_per_kwh=draw(st.sampled_from([0.0, 0.03, 0.2])),
    )


@st.composite
def problems(draw: st.DrawFn, *, sure: bool = False, with_loads: bool = False) -> PlanningProblem:
    """Return a problem; *sure* has forecasts without any spread."""
    steps = draw(st.lists(st.sampled_from([5, 15, 30, 60]), min_size=1, max_size=24))
    edges = [NOW]
    for minutes in steps:
        edges.append(edges[-1] + timedelta(minutes=minutes))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    battery = draw(batteries())
    means = {
        kind: draw(st.sampled_from([Means(), Means(power_kw=3.3, adjustable=False), Means(power_kw=2.0)]))
        for kind in draw(st.sets(st.sampled_from(list(FREE_MEANS))))
    } | {DecisionKind.SELF_CONSUMPTION: Means()}
    shift, spread = draw(st.sampled_from([(0.3, 0.1), (0.0, 0.3), (-0.2, 0.05), (0.2, 0.0)]))
    return PlanningProblem(
        now=NOW,
        edges=tuple(edges),
        load_kw=_quantiles(rng, len(steps), scale=draw(st.sampled_from([0.0, 1.0, 8.0])), sure=sure),
        solar_kw=_quantiles(rng, len(steps), scale=draw(st.sampled_from([0.0, 3.0, 12.0])), sure=sure),
        import_per_kwh=_prices(rng, len(steps), shift, spread, sure=sure),
        export_per_kwh=_prices(rng, len(steps), shift - 0.1, spread, sure=sure),
        level_kwh=battery.capacity_kwh * draw(st.floats(0.0, 1.0)),
        battery=battery,
        grid=GridLimits(
            max_import_kw=draw(st.sampled_from([0.0, 3.0, 15.0])), max_export_kw=draw(st.sampled_from([0.0, 2.0, 10.0]))
        ),
        rule=draw(st.sampled_from(list(ConnectionRule))),
        means=means if draw(st.booleans()) else FREE_MEANS,
        loads=_loads(draw) if with_loads else (),
        vehicles=_vehicles(draw) if with_loads else (),
        peak_per_kw=draw(st.sampled_from([0.0, 0.0, 12.0])),
        peak_so_far_kw=draw(st.sampled_from([0.0, 4.0])),
        risk=draw(st.floats(0.0, 1.0)),
    )


def _quantiles(rng: np.random.Generator, count: int, *, scale: float, sure: bool) -> Floats:
    if sure:
        return np.repeat(rng.uniform(0.0, scale, (1, count)), len(QUANTILES), axis=0)
    return np.sort(rng.uniform(0.0, scale, (len(QUANTILES), count)), axis=0)


def _prices(rng: np.random.Generator, count: int, shift: float, spread: float, *, sure: bool) -> Floats:
    known = np.repeat(rng.normal(shift, spread, (1, count)), len(QUANTILES), axis=0)
    if sure or rng.random() < 0.5:
        return known
    later = np.arange(count) > count // 2
    return np.where(later, np.sort(rng.normal(shift, spread, (len(QUANTILES), count)), axis=0), known)


def _loads(draw: st.DrawFn) -> tuple[FlexibleLoad, ...]:
    return tuple(
        FlexibleLoad(
            name=f"load {number}",
            power_kw=draw(st.sampled_from([0.5, 2.0])),
            energy_kwh=draw(st.sampled_from([0.0, 0.5, 3.0, 60.0])),
            ready_by=NOW + timedelta(hours=draw(st.integers(1, 30))),
            interruptible=draw(st.booleans()),
        )
        for number in range(draw(st.integers(0, 2)))
    )


def _vehicles(draw: st.DrawFn) -> tuple[VehicleLoad, ...]:
    return tuple(
        VehicleLoad(
            name=f"car {number}",
            min_kw=1.4,
            max_kw=draw(st.sampled_from([3.7, 11.0])),
            energy_kwh=draw(st.sampled_from([0.0, 8.0, 60.0])),
            ready_by=NOW + timedelta(hours=draw(st.integers(1, 30))),
        )
        for number in range(draw(st.integers(0, 1)))
    )
