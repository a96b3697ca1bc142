"""Quantiles of weighted outcomes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from custom_components.energy_optimizer.core.model.forecast import QUANTILES
from custom_components.energy_optimizer.core.planning.weighted_quantiles import weighted_quantiles

SHAPE = (9, 4)


def test_many_equal_weights_are_ordinary_quantiles() -> None:
    values = np.random.default_rng(1).normal(size=(4001, 2))
    found = weighted_quantiles(values, np.full(values.shape, 0.3))
    assert found == pytest.approx(np.quantile(values, QUANTILES, axis=0), abs=0.005)


def test_an_outcome_that_counts_twice_is_two_outcomes() -> None:
    once = np.array([[1.0], [2.0], [2.0], [7.0]])
    heavier = weighted_quantiles(np.array([[1.0], [2.0], [7.0]]), np.array([[1.0], [2.0], [1.0]]))
    assert heavier[2, 0] == weighted_quantiles(once, np.ones((4, 1)))[2, 0] == 2.0


def test_what_has_no_weight_is_not_looked_at() -> None:
    values = np.array([[5.0, np.nan], [np.nan, 3.0], [np.inf, 3.0]])
    weights = np.array([[1.0, 0.0], [0.0, 2.0], [0.0, 1.0]])
    assert weighted_quantiles(values, weights).tolist() == [[5.0, 3.0]] * len(QUANTILES)


@settings(max_examples=60)
@given(
    arrays.arrays(np.float64, SHAPE, elements=st.floats(-1e3, 1e3)),
    arrays.arrays(np.float64, SHAPE, elements=st.one_of(st.just(0.0), st.floats(1e-6, 1.0))),
)
def test_they_rise_and_stay_among_what_counts(values: np.ndarray, weights: np.ndarray) -> None:
    weights[0] = 0.5
    found = weighted_quantiles(values, weights)
    counts = np.where(weights > 0.0, values, np.nan)
    assert np.all(np.diff(found, axis=0) >= 0.0)
    assert np.all(found >= np.nanmin(counts, axis=0) - 1e-9)
    assert np.all(found <= np.nanmax(counts, axis=0) + 1e-9)
