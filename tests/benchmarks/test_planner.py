"""Rounds of planning are timed, and the memory of a process is told."""

from datetime import timedelta

import numpy as np
import pytest

from benchmarks.errors import BenchError
from benchmarks.made_up_home import equal_edges, made_up_home, moments
from benchmarks.planner import Kind, heaviest, memory_mb, plan_rounds
from custom_components.energy_optimizer.core.planning.problem import PlanningProblem


def test_a_round_sees_what_could_be_known() -> None:
    home = made_up_home()
    now, level_kwh = moments(3)[1]
    problem = home.problem(now, level_kwh, equal_edges(now, timedelta(minutes=5), 576), vehicles=2, loads=4)
    assert problem.load_kw.shape == (5, 576)
    assert problem.edges[0] <= now < problem.edges[1]
    assert len({each.name for each in problem.loads}) == 4
    published = np.ptp(problem.import_per_kwh, axis=0) == 0.0
    assert published[0]
    assert not published[-1]
    assert np.isfinite(problem.export_per_kwh).all()


def test_each_round_is_another_and_is_timed() -> None:
    planned: list[PlanningProblem] = []
    kind = Kind(name="noted", edges=lambda now: equal_edges(now, timedelta(hours=1), 48), plan=planned.append)
    times = list(plan_rounds(made_up_home(), kind, 4))
    assert len({each.now for each in planned}) == len({each.level_kwh for each in planned}) == 4
    assert all(forecast_s > 0.0 and plan_s >= 0.0 and cpu_s > 0.0 for forecast_s, plan_s, cpu_s in times)


def test_the_heaviest_problem_is_planned() -> None:
    ((_, plan_s, _),) = plan_rounds(made_up_home(), heaviest(), 1)
    assert plan_s > 0.001


def test_memory_is_that_of_a_new_process() -> None:
    held = bytearray(300_000_000)
    assert 10.0 < memory_mb("bare", 0) < 150.0
    del held
    with pytest.raises(BenchError, match="process whose memory is measured failed"):
        memory_mb("bare", "many")  # type: ignore[arg-type]
