"""The steps of a plan and forecasts brought onto them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.energy_optimizer.core.model.forecast import QUANTILES, Forecast
from custom_components.energy_optimizer.core.planning.steps import onto_edges, plan_edges

MINUTE = timedelta(minutes=1)
NOW = datetime(2026, 3, 28, 23, 7, 30, tzinfo=UTC)


@given(st.integers(0, 4 * 365 * 24 * 3600), st.sampled_from(["UTC", "Europe/Paris", "America/Los_Angeles"]))
def test_steps_lie_on_the_clocks_grid_and_grow(after_s: int, zone: str) -> None:
    now = datetime(2024, 1, 1, tzinfo=ZoneInfo(zone)) + timedelta(seconds=after_s)
    edges = plan_edges(now)
    lengths = np.diff([edge.timestamp() for edge in edges]) / 60.0
    assert edges[0] <= now < edges[1]
    assert edges[-1] >= now + timedelta(hours=48) > edges[-2]
    assert np.all(np.diff(lengths) >= 0)
    assert set(lengths) == {5.0, 15.0, 30.0, 60.0}
    assert 100 <= lengths.size <= 130
    for edge, minutes in zip(edges, lengths, strict=False):
        assert edge.timestamp() % (minutes * 60) == 0
    assert timedelta(hours=1) <= np.count_nonzero(lengths == 5.0) * 5 * MINUTE <= timedelta(hours=2)


def test_a_short_horizon_and_a_time_without_a_zone() -> None:
    assert plan_edges(NOW, timedelta(minutes=10)) == tuple(
        datetime(2026, 3, 28, 23, minute, tzinfo=UTC) for minute in (5, 10, 15, 20)
    )
    with pytest.raises(ValueError, match="time zone"):
        plan_edges(NOW.replace(tzinfo=None))


def _forecast(values: list[float], minutes: int = 30, starts_at: datetime = NOW) -> Forecast:
    spread = np.linspace(-1.0, 1.0, len(QUANTILES))[:, None]
    return Forecast(starts_at=starts_at, step=minutes * MINUTE, quantiles=np.array(values) + spread)


def test_means_are_weighted_by_time() -> None:
    edges = tuple(NOW + minutes * MINUTE for minutes in (0, 15, 45, 90))
    means = onto_edges(_forecast([2.0, 4.0, 10.0]), edges)
    np.testing.assert_allclose(means[2], [2.0, 3.0, (15 * 4 + 30 * 10) / 45])
    np.testing.assert_allclose(means[0], means[2] - 1.0)


def test_energy_stays_the_same() -> None:
    rng = np.random.default_rng(0)
    forecast = _forecast(list(rng.uniform(0.0, 5.0, 600)), minutes=5, starts_at=plan_edges(NOW)[0])
    edges = plan_edges(NOW)
    hours = np.diff([edge.timestamp() for edge in edges]) / 3600.0
    covered = int(hours.sum() * 12)
    np.testing.assert_allclose(onto_edges(forecast, edges) @ hours, forecast.quantiles[:, :covered].sum(axis=1) / 12)


def test_unknown_stays_unknown_where_it_is() -> None:
    means = onto_edges(_forecast([1.0, np.nan, 3.0]), tuple(NOW + minutes * MINUTE for minutes in (0, 30, 40, 60, 90)))
    np.testing.assert_array_equal(np.isnan(means[2]), [False, True, True, False])


def test_a_plan_may_begin_a_little_before_its_forecast() -> None:
    edges = (NOW - 10 * MINUTE, NOW, NOW + 30 * MINUTE)
    np.testing.assert_allclose(onto_edges(_forecast([2.0]), edges)[2], [2.0, 2.0])
    with pytest.raises(ValueError, match="does not reach"):
        onto_edges(_forecast([2.0]), (NOW - 40 * MINUTE, NOW))
    with pytest.raises(ValueError, match="does not reach"):
        onto_edges(_forecast([2.0]), (NOW, NOW + 70 * MINUTE))
