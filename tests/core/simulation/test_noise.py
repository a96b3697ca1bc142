"""Noise that can be asked for any instant."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.energy_optimizer.core.simulation.noise import as_uniform, smooth, uniform

NOW_S = 1_780_000_000.0


def test_same_seed_gives_same_numbers_everywhere() -> None:
    assert uniform(7, 3, np.array([-5, 0, 12])).tolist() == [
        uniform(7, 3, np.array([index]))[0] for index in (-5, 0, 12)
    ]
    # Fixed values: the home of a seed must not change with the machine or the version.
    np.testing.assert_allclose(uniform(1, 2, np.array([3, -4])), [0.591421710163244, 0.5733713767148478], rtol=1e-12)


@given(st.integers(-(2**70), 2**70), st.integers(0, 10_000))
def test_uniform_stays_inside(seed: int, stream: int) -> None:
    numbers = uniform(seed, stream, np.arange(50))
    assert np.all((numbers > 0.0) & (numbers < 1.0))


def test_uniform_is_even_and_unlike_its_neighbours() -> None:
    one, other = uniform(1, 1, np.arange(20_000)), uniform(2, 1, np.arange(20_000))
    assert abs(one.mean() - 0.5) < 0.01
    assert abs(one.var() - 1 / 12) < 0.002
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.03
    assert abs(np.corrcoef(one[1:], one[:-1])[0, 1]) < 0.03


def test_smooth_is_normal_at_every_phase() -> None:
    for phase in (0.0, 0.25, 0.5):
        values = smooth(5, 9, NOW_S + (np.arange(20_000) + phase) * 100.0, 100.0)
        assert abs(values.mean()) < 0.03
        assert abs(values.std() - 1.0) < 0.03


@settings(max_examples=30)
@given(st.floats(-2e9, 4e9), st.floats(60.0, 1e6))
def test_smooth_has_no_jumps(at_s: float, period_s: float) -> None:
    values = smooth(3, 4, at_s + np.linspace(0.0, 5.0 * period_s, 5001), period_s)
    assert np.max(np.abs(np.diff(values))) < 0.05


def test_as_uniform_is_nearly_even() -> None:
    spread = as_uniform(smooth(5, 9, NOW_S + np.arange(20_000) * 100.0, 100.0))
    assert np.max(np.abs(np.quantile(spread, np.linspace(0.1, 0.9, 9)) - np.linspace(0.1, 0.9, 9))) < 0.02
