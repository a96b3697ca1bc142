"""Ways in which the coming days may go."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from custom_components.energy_optimizer.core.model.forecast import QUANTILES
from custom_components.energy_optimizer.core.planning.problem import PlanningProblem
from custom_components.energy_optimizer.core.planning.scenarios import (
    expected_import,
    median_scenario,
    quantile_scenarios,
    sampled_scenarios,
)
from tests.core.planning.optimum_problems import homes, problem

SPREAD = np.array([0.4, 0.7, 1.0, 1.3, 1.9])[:, None]


def _uncertain(n: int = 48) -> PlanningProblem:
    home = problem([1.0] * n, [2.0] * n, [0.3] * n, [0.1] * n)
    return replace(
        home,
        load_kw=home.load_kw * SPREAD,
        solar_kw=home.solar_kw * SPREAD,
        import_per_kwh=home.import_per_kwh + 0.1 * (SPREAD - 1.0),
        export_per_kwh=home.export_per_kwh + 0.1 * (SPREAD - 1.0),
    )


def test_the_median_is_the_middle_row() -> None:
    home = _uncertain()
    (path,) = median_scenario(home)
    assert path.weight == 1.0
    np.testing.assert_array_equal(path.load_kw, home.load_kw[2])
    np.testing.assert_array_equal(path.export_per_kwh, home.export_per_kwh[2])


@pytest.mark.parametrize(("risk", "weights"), [(0.0, [0.3, 0.4, 0.3]), (0.5, [0.55, 0.3, 0.15]), (1.0, [0.8, 0.2])])
def test_risk_moves_weight_to_the_adverse_path(risk: float, weights: list[float]) -> None:
    paths = quantile_scenarios(_uncertain(), risk)
    assert [path.weight for path in paths] == pytest.approx(weights)
    assert paths[0].load_kw.mean() > paths[1].load_kw.mean()
    assert paths[0].solar_kw.mean() < paths[1].solar_kw.mean()
    assert expected_import(paths).mean() >= 0.3 - 1e-9


def test_no_such_risk_and_no_scenario() -> None:
    with pytest.raises(ValueError, match="risk"):
        quantile_scenarios(_uncertain(), 1.1)
    with pytest.raises(ValueError, match="at least one"):
        sampled_scenarios(_uncertain(), 0)


def test_samples_have_the_quantiles_they_were_drawn_from() -> None:
    home = _uncertain()
    paths = sampled_scenarios(home, 4000, seed=1)
    load = np.array([path.load_kw for path in paths])
    for share, row in zip(QUANTILES, home.load_kw, strict=True):
        assert (load < row).mean() == pytest.approx(share, abs=0.02)
    assert load.min() >= 0.0
    assert sum(path.weight for path in paths) == pytest.approx(1.0)


def test_deviations_last_and_fade() -> None:
    paths = sampled_scenarios(_uncertain(), 2000, seed=2)
    solar = np.array([path.solar_kw for path in paths])
    together = np.corrcoef(solar.T)
    assert together[0, 1] > 0.75
    assert together[0, 6] > together[0, 24]
    assert abs(together[0, 40]) < 0.1
    load = np.array([path.load_kw for path in paths])
    assert abs(np.corrcoef(load[:, 0], solar[:, 0])[0, 1]) < 0.1


def test_both_prices_move_together() -> None:
    for path in sampled_scenarios(_uncertain(), 9, seed=3):
        np.testing.assert_allclose(path.import_per_kwh - path.export_per_kwh, 0.2)


def test_the_same_seed_draws_the_same() -> None:
    first, second = (sampled_scenarios(_uncertain(), 5, seed=7) for _ in range(2))
    other = sampled_scenarios(_uncertain(), 5, seed=8)
    np.testing.assert_array_equal(first[4].load_kw, second[4].load_kw)
    assert not np.array_equal(first[4].load_kw, other[4].load_kw)


@settings(max_examples=30)
@given(homes())
def test_certain_forecasts_have_no_alternatives(home: PlanningProblem) -> None:
    for path in sampled_scenarios(home, 3):
        np.testing.assert_allclose(path.load_kw, home.load_kw[2])
        np.testing.assert_allclose(path.import_per_kwh, home.import_per_kwh[2])
