"""Ways in which the coming days may go, drawn from the forecasts' ranges."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ..model.forecast import MEDIAN, QUANTILES, Floats
from .problem import PlanningProblem

_LOW, _HIGH = QUANTILES.index(0.25), QUANTILES.index(0.75)
_DULL, _BRIGHT = QUANTILES.index(0.1), QUANTILES.index(0.9)
_EXTREME_WEIGHT: Final = 0.3
"""Of the 10th and the 90th percentile, where three points stand for a whole distribution (Swanson's rule)."""

_LOAD_MEMORY_H: Final = 2.0
_SOLAR_MEMORY_H: Final = 6.0
_PRICE_MEMORY_H: Final = 12.0
"""After how many hours a deviation from the median has fallen to a third: dishes, weather fronts, market weather."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Scenario:
    """One way in which things may go; arrays have a value for each step of the problem."""

    weight: float
    load_kw: Floats
    """The house without what the plan places."""
    solar_kw: Floats
    import_per_kwh: Floats
    export_per_kwh: Floats


def median_scenario(problem: PlanningProblem) -> tuple[Scenario, ...]:
    """Return the medians of all forecasts as the only scenario."""
    return (_scenario(problem, 1.0, load=MEDIAN, solar=MEDIAN, price=MEDIAN),)


def quantile_scenarios(problem: PlanningProblem, risk: float) -> tuple[Scenario, ...]:
    """Return an adverse, a median and a favourable path; *risk* from 0 to 1 moves weight to the adverse one.

    The sun of a dull day stays low, hence its outer percentiles; a load that is high in each step of two days would be
    far rarer than one time in ten, hence the inner ones.
    """
    if not 0.0 <= risk <= 1.0:
        raise ValueError("risk lies between 0 and 1")
    favourable = _EXTREME_WEIGHT * (1.0 - risk)
    median = (1.0 - 2.0 * _EXTREME_WEIGHT) * (1.0 - risk / 2.0)
    paths = [
        _scenario(problem, 1.0 - favourable - median, load=_HIGH, solar=_DULL, price=_HIGH),
        _scenario(problem, median, load=MEDIAN, solar=MEDIAN, price=MEDIAN),
        _scenario(problem, favourable, load=_LOW, solar=_BRIGHT, price=_LOW),
    ]
    return tuple(path for path in paths if path.weight > 0.0)


def sampled_scenarios(problem: PlanningProblem, count: int, seed: int = 0) -> tuple[Scenario, ...]:
    """Return *count* equally likely paths; what deviates in one step still deviates in the next, and less later on.

    Load, sun and prices deviate independently, both prices together. Paths come in mirrored pairs, so that few of them
    already have the median in their middle.
    """
    if count < 1:
        raise ValueError("at least one scenario is needed")
    rng = np.random.default_rng(seed)
    hours = problem.hours
    ranks = [
        _correlated_ranks(rng, count, hours, memory) for memory in (_LOAD_MEMORY_H, _SOLAR_MEMORY_H, _PRICE_MEMORY_H)
    ]
    load = _at_ranks(problem.load_kw, ranks[0], least=0.0)
    solar = _at_ranks(problem.solar_kw, ranks[1], least=0.0)
    buy = _at_ranks(problem.import_per_kwh, ranks[2])
    sell = _at_ranks(problem.export_per_kwh, ranks[2])
    return tuple(
        Scenario(weight=1.0 / count, load_kw=load[i], solar_kw=solar[i], import_per_kwh=buy[i], export_per_kwh=sell[i])
        for i in range(count)
    )


def expected_import(scenarios: Sequence[Scenario]) -> Floats:
    """Return the import price of each step by the weights of *scenarios*."""
    mean: Floats = np.sum([each.weight * each.import_per_kwh for each in scenarios], axis=0)
    return mean


def _scenario(problem: PlanningProblem, weight: float, *, load: int, solar: int, price: int) -> Scenario:
    return Scenario(
        weight=weight,
        load_kw=problem.load_kw[load],
        solar_kw=problem.solar_kw[solar],
        import_per_kwh=problem.import_per_kwh[price],
        export_per_kwh=problem.export_per_kwh[price],
    )


def _correlated_ranks(rng: np.random.Generator, count: int, hours: Floats, memory_h: float) -> Floats:
    """Return for each path and step the share of outcomes below it."""
    half = (count + 1) // 2
    normal = rng.standard_normal((half, hours.size))
    middle = (hours[1:] + hours[:-1]) / 2.0
    keep = np.exp(-middle / memory_h)
    for k in range(1, hours.size):
        normal[:, k] = keep[k - 1] * normal[:, k - 1] + np.sqrt(1.0 - keep[k - 1] ** 2) * normal[:, k]
    mirrored = np.stack([normal, -normal], axis=1).reshape(2 * half, hours.size)
    ranks: Floats = _normal_share(mirrored[:count])
    return ranks


def _normal_share(x: Floats) -> Floats:
    """Return the standard normal distribution function, to 1e-4 (Page's approximation, 1977)."""
    share: Floats = 1.0 / (1.0 + np.exp(-(1.5976 * x + 0.07056 * x**3)))
    return share


def _at_ranks(quantiles: Floats, ranks: Floats, least: float | None = None) -> Floats:
    """Return the values at *ranks*: straight lines between the quantiles, and the outermost two go on to 0 and 1."""
    tails = (2.0 * quantiles[0] - quantiles[1], 2.0 * quantiles[-1] - quantiles[-2])
    rows = np.vstack([tails[0], quantiles, tails[1]])
    if least is not None:
        rows[0] = np.clip(rows[0], min(least, float(rows[1].min())), rows[1])
    knots = np.array([0.0, *QUANTILES, 1.0])
    right = np.clip(np.searchsorted(knots, ranks, side="right"), 1, knots.size - 1)
    share = (ranks - knots[right - 1]) / (knots[right] - knots[right - 1])
    column = np.arange(quantiles.shape[1])
    values: Floats = rows[right - 1, column] * (1.0 - share) + rows[right, column] * share
    return values
