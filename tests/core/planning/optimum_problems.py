"""Problems for the optimum, and a judge of its answers that shares no code with it."""

from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import strategies as st

from custom_components.energy_optimizer.core.model.battery import BatteryModel
from custom_components.energy_optimizer.core.model.contract import ConnectionRule, GridLimits
from custom_components.energy_optimizer.core.model.forecast import QUANTILES, Floats
from custom_components.energy_optimizer.core.model.loads import FlexibleLoad, VehicleLoad
from custom_components.energy_optimizer.core.planning.optimum_result import Optimum
from custom_components.energy_optimizer.core.planning.problem import PlanningProblem
from custom_components.energy_optimizer.core.planning.scenarios import Scenario

NOW = datetime(2026, 3, 28, 17, 0, tzinfo=UTC)
POWERWALL = BatteryModel(
    capacity_kwh=13.5,
    reserve_kwh=1.35,
    max_charge_kw=5.0,
    max_discharge_kw=5.0,
    charge_efficiency=0.95,
    discharge_efficiency=0.95,
)
LOSSLESS = BatteryModel(
    capacity_kwh=4.0,
    reserve_kwh=0.0,
    max_charge_kw=2.0,
    max_discharge_kw=2.0,
    charge_efficiency=1.0,
    discharge_efficiency=1.0,
)
WIDE = GridLimits(max_import_kw=20.0, max_export_kw=20.0)
NEAR_ENOUGH = 2e-5


def problem(
    load: list[float],
    solar: list[float],
    buy: list[float],
    sell: list[float],
    *,
    minutes: int | list[int] = 60,
    battery: BatteryModel = POWERWALL,
    level_kwh: float = 5.0,
    grid: GridLimits = WIDE,
    rule: ConnectionRule = ConnectionRule.FREE,
    **more,
) -> PlanningProblem:
    """Return a problem whose forecasts are certain."""
    lengths = [minutes] * len(load) if isinstance(minutes, int) else minutes
    edges = [NOW]
    for length in lengths:
        edges.append(edges[-1] + timedelta(minutes=length))
    series = [np.tile(np.array(each, dtype=float), (len(QUANTILES), 1)) for each in (load, solar, buy, sell)]
    return PlanningProblem(
        now=NOW,
        edges=tuple(edges),
        load_kw=series[0],
        solar_kw=series[1],
        import_per_kwh=series[2],
        export_per_kwh=series[3],
        level_kwh=level_kwh,
        battery=battery,
        grid=grid,
        rule=rule,
        **more,
    )


def cost_of(home: PlanningProblem, path: Scenario, battery_kw: Floats, placed_kw: Floats, end_value: float) -> float:
    """Settle the bill of battery powers by the rules: with wear and peak, less what is left."""
    bill, level, top = 0.0, min(max(home.level_kwh, 0.0), home.battery.capacity_kwh), home.peak_so_far_kw
    for k, hours in enumerate(home.hours):
        power = battery_kw[k]
        level -= hours * (
            power / home.battery.discharge_efficiency if power > 0 else power * home.battery.charge_efficiency
        )
        net = path.load_kw[k] + placed_kw[k] - path.solar_kw[k] - power
        price = path.import_per_kwh[k] if net > 0 else path.export_per_kwh[k]
        bill += hours * max(net, -home.grid.max_export_kw) * price
        bill += hours * max(power, 0.0) * home.battery.wear_per_kwh
        top = max(top, net)
    return bill + home.peak_per_kw * (top - home.peak_so_far_kw) - level * end_value


def judge(home: PlanningProblem, paths: tuple[Scenario, ...], answer: Optimum, end_value: float) -> None:
    """Assert that *answer* breaks no law, limit or rule, and costs what it says."""
    placed = sum(answer.placed_kw.values(), np.zeros(home.hours.size))
    running = np.zeros(home.hours.size)
    for load in home.loads:
        if load.runs_now and not load.interruptible and load.name in answer.placed_kw:
            running = running + answer.placed_kw[load.name]
    assert len(answer.runs) == len(paths)
    for path, run in zip(paths, answer.runs, strict=True):
        assert run.weight == path.weight
        _judge_run(home, path, run, placed, running)
    goals = _missed(home, answer)
    for path, run in zip(paths, answer.runs, strict=True):
        cost = cost_of(home, path, run.battery_kw, placed, end_value) + goals
        assert abs(run.cost - cost) < 1e-6 * max(1.0, abs(cost))


def _judge_run(home: PlanningProblem, path: Scenario, run, placed: Floats, running: Floats) -> None:
    battery = home.battery
    level = min(max(home.level_kwh, 0.0), battery.capacity_kwh)
    reserve = min(battery.reserve_kwh, battery.capacity_kwh)
    floor = min(reserve, level)
    for k, hours in enumerate(home.hours):
        power, net_load = run.battery_kw[k], path.load_kw[k] + placed[k] - path.solar_kw[k]
        before = level
        level -= hours * (power / battery.discharge_efficiency if power > 0 else power * battery.charge_efficiency)
        assert abs(level - run.level_kwh[k]) < NEAR_ENOUGH
        assert floor - NEAR_ENOUGH <= level <= battery.capacity_kwh + NEAR_ENOUGH
        assert -battery.max_charge_kw - NEAR_ENOUGH <= power <= battery.max_discharge_kw + NEAR_ENOUGH
        if power > NEAR_ENOUGH:
            assert level >= reserve - NEAR_ENOUGH or before > reserve
        # Home = solar + battery + grid, with what the inverter cut off.
        assert abs(run.grid_kw[k] + power - run.spilled_kw[k] - net_load) < NEAR_ENOUGH
        spared = max(path.solar_kw[k] - path.load_kw[k] - running[k] - home.grid.max_export_kw, 0.0)
        assert -NEAR_ENOUGH <= run.spilled_kw[k] <= spared + NEAR_ENOUGH
        load_alone = path.load_kw[k] + running[k] - path.solar_kw[k]
        assert run.grid_kw[k] <= max(home.grid.max_import_kw, load_alone) + NEAR_ENOUGH
        assert run.grid_kw[k] >= -home.grid.max_export_kw - NEAR_ENOUGH
        if not home.rule.allows_grid_charging:
            assert -power <= path.solar_kw[k] + NEAR_ENOUGH
        if not home.rule.allows_battery_export:
            assert power <= max(path.load_kw[k] + running[k], 0.0) + placed[k] - running[k] + NEAR_ENOUGH


def _missed(home: PlanningProblem, answer: Optimum) -> float:
    """Return what goals cost that were missed; the problems here are all due before the last step ends."""
    cost = 0.0
    for each in (*home.loads, *home.vehicles):
        if each.energy_kwh <= 0.0:
            continue
        power = answer.placed_kw[each.name]
        opens = each.starts_after if isinstance(each, FlexibleLoad) else each.arrives_at
        if isinstance(each, FlexibleLoad) and each.runs_now and not each.interruptible:
            opens = None
        got = 0.0
        for k, (begins, ends) in enumerate(zip(home.edges, home.edges[1:], strict=False)):
            hours = (ends - begins).total_seconds() / 3600
            most = each.power_kw if isinstance(each, FlexibleLoad) else each.max_kw
            before = max(min((each.ready_by - begins).total_seconds() / 3600, hours), 0.0)
            got += min(power[k] * hours, most * before)
            assert -1e-9 <= power[k] <= most + NEAR_ENOUGH
            if opens is not None and opens >= ends:
                assert power[k] == 0.0
        assert got <= each.energy_kwh + NEAR_ENOUGH
        lacking = max(each.energy_kwh - got, 0.0)
        assert abs(answer.missing_kwh.get(each.name, 0.0) - lacking) < 1e-6 * each.energy_kwh + 1e-6
        cost += lacking * each.missing_per_kwh
    return cost


def _floats(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_nan=False).map(lambda value: round(value, 3))


@st.composite
def batteries(draw) -> BatteryModel:
    capacity = draw(st.sampled_from([0.0, 3.0, 13.5, 27.0]))
    return BatteryModel(
        capacity_kwh=capacity,
        reserve_kwh=draw(_floats(0.0, 1.1)) * capacity,
        max_charge_kw=draw(st.sampled_from([0.0, 1.7, 5.0])),
        max_discharge_kw=draw(st.sampled_from([0.0, 1.7, 5.0])),
        charge_efficiency=draw(st.sampled_from([0.8, 0.95, 1.0])),
        discharge_efficiency=draw(st.sampled_from([0.8, 0.95, 1.0])),
        wear_per_kwh=draw(st.sampled_from([0.0, 0.03])),
    )


@st.composite
def homes(draw, *, devices: bool = False) -> PlanningProblem:
    """Return any home: prices negative or crossed, limits next to nothing, a level anywhere."""
    n = draw(st.integers(1, 18))
    cells = {
        "load": _floats(0.0, 6.0),
        "solar": st.one_of(st.just(0.0), _floats(0.0, 9.0)),
        "buy": draw(st.sampled_from([_floats(0.05, 0.6), _floats(-0.3, 0.4)])),
        "sell": draw(st.sampled_from([st.just(0.05), _floats(0.0, 1.2), _floats(-0.4, 0.3)])),
    }
    series = [draw(st.lists(cell, min_size=n, max_size=n)) for cell in cells.values()]
    battery = draw(batteries())
    minutes = sorted(draw(st.lists(st.sampled_from([5, 15, 30, 60]), min_size=n, max_size=n)))
    end = timedelta(minutes=sum(minutes))
    more = {}
    if devices:
        more["loads"] = tuple(draw(_load(f"load {i}", end)) for i in range(draw(st.integers(0, 2))))
        more["vehicles"] = tuple(draw(_vehicle(end)) for _ in range(draw(st.integers(0, 1))))
    return problem(
        *series,
        minutes=minutes,
        battery=battery,
        level_kwh=draw(_floats(0.0, 1.0)) * battery.capacity_kwh,
        grid=GridLimits(
            max_import_kw=draw(st.sampled_from([0.0, 2.0, 9.0, 25.0])),
            max_export_kw=draw(st.sampled_from([0.0, 1.5, 10.0])),
        ),
        rule=draw(st.sampled_from(ConnectionRule)),
        peak_per_kw=draw(st.sampled_from([0.0, 0.0, 2.0])),
        peak_so_far_kw=draw(st.sampled_from([0.0, 3.0])),
        **more,
    )


@st.composite
def _load(draw, name: str, end: timedelta) -> FlexibleLoad:
    return FlexibleLoad(
        name=name,
        power_kw=draw(st.sampled_from([0.4, 2.0, 7.0])),
        energy_kwh=draw(_floats(0.1, 5.0)),
        ready_by=NOW + end * draw(_floats(-0.1, 1.0)),
        starts_after=draw(st.sampled_from([None, NOW + end * 0.3])),
        interruptible=draw(st.booleans()),
        least_run=timedelta(minutes=draw(st.sampled_from([0, 15, 45]))),
        runs_now=draw(st.booleans()),
        missing_per_kwh=draw(st.sampled_from([0.0, 0.3, 2.0])),
    )


@st.composite
def _vehicle(draw, end: timedelta) -> VehicleLoad:
    return VehicleLoad(
        name="car",
        min_kw=draw(st.sampled_from([0.0, 1.4, 4.1])),
        max_kw=draw(st.sampled_from([4.1, 11.0])),
        energy_kwh=draw(_floats(0.0, 40.0)),
        ready_by=NOW + end * draw(_floats(-0.1, 1.0)),
        arrives_at=draw(st.sampled_from([None, NOW + end * 0.4])),
        missing_per_kwh=draw(st.sampled_from([0.3, 2.0])),
    )
