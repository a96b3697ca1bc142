"""What happens when the solver does not find what it should."""

from datetime import timedelta

import numpy as np
import pytest

from custom_components.energy_optimizer.core.model.loads import FlexibleLoad
from custom_components.energy_optimizer.core.planning import optimum_search
from custom_components.energy_optimizer.core.planning.greedy import self_consumption
from custom_components.energy_optimizer.core.planning.optimum import NoOptimumError, default_end_value, solve
from custom_components.energy_optimizer.core.planning.optimum_model import LinearModel
from custom_components.energy_optimizer.core.planning.optimum_solver import Solver
from custom_components.energy_optimizer.core.planning.problem import PlanningProblem
from custom_components.energy_optimizer.core.planning.scenarios import median_scenario
from tests.core.planning.optimum_problems import NOW, judge, problem


def _nasty(**more) -> PlanningProblem:
    """Return a home in which burning and trading with oneself would both pay."""
    n = 24
    rng = np.random.default_rng(5)
    return problem(
        [0.5] * n,
        list(rng.uniform(0.0, 6.0, n)),
        list(rng.uniform(-0.4, 0.3, n)),
        list(rng.uniform(-0.4, 0.3, n)),
        level_kwh=12.0,
        **more,
    )


def _nothing_found(*_args: object) -> None:
    raise NoOptimumError("nothing found")


def _judge(home: PlanningProblem, **options) -> None:
    answer = solve(home, **options)
    judge(home, median_scenario(home), answer, default_end_value(home))
    assert answer.status == "feasible"
    assert answer.gap > 0.0
    assert answer.expected_cost <= self_consumption(home).expected_cost + 1e-9


def test_without_whole_numbers_directions_are_taken_by_size(monkeypatch: pytest.MonkeyPatch) -> None:
    assert solve(_nasty(), near=timedelta(days=2), time_limit_s=20.0).status == "optimal"
    monkeypatch.setattr(Solver, "solve_whole", _nothing_found)
    _judge(_nasty(), near=timedelta(days=2))


def test_directions_that_contradict_each_other_are_carried_out_as_far_as_they_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(optimum_search, "_ROUNDS", 0)
    first = solve(_nasty(), near=timedelta(0))
    judge(_nasty(), median_scenario(_nasty()), first, default_end_value(_nasty()))
    monkeypatch.setattr(optimum_search._Search, "_by_size", _nothing_found)
    second = solve(_nasty(), near=timedelta(0))
    judge(_nasty(), median_scenario(_nasty()), second, default_end_value(_nasty()))
    assert second.expected_cost <= self_consumption(_nasty()).expected_cost + 1e-9


def test_loads_without_an_answer_are_left_to_the_simple_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    pump = FlexibleLoad(name="pump", power_kw=2.0, energy_kwh=2.7, ready_by=NOW + timedelta(hours=5))
    monkeypatch.setattr(Solver, "solve_whole", _nothing_found)
    with pytest.raises(NoOptimumError, match="nothing found"):
        solve(_nasty(loads=(pump,)))


def test_a_model_with_a_row_that_does_not_exist_is_refused() -> None:
    model = LinearModel()
    columns = model.add_columns(2, 0.0, 1.0, 1.0)
    model.put(model.add_rows(2, 0.0, 1.0) + np.int32(7), columns, 1.0)
    with pytest.raises(NoOptimumError, match="does not take"):
        Solver(model, 1.0, 0.01, 0.01)


def test_what_cannot_be_solved_is_no_optimum() -> None:
    model = LinearModel()
    columns = model.add_columns(2, 0.0, 1.0, 1.0)
    model.put(model.add_rows(2, 5.0, 6.0), columns, 1.0)
    with pytest.raises(NoOptimumError, match="Infeasible"):
        Solver(model, 1.0, 0.01, 0.01).solve(1.0)
