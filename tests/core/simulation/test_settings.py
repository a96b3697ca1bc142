"""What one may choose of a simulated home."""

from datetime import UTC, datetime

import pytest

from custom_components.energy_optimizer.core.simulation.settings import SimulationSettings


def test_data_of_a_form_become_settings() -> None:
    settings = SimulationSettings.from_data(
        {
            "path": "simulated",
            "seed": 12,
            "since": "2026-11-06T00:00:00+00:00",
            "solar_kwp": 7,
            "tilt": 30.0,
            "azimuth": 200.0,
            "batteries": 2.0,
            "home_kwh_per_year": 5500,
        }
    )
    assert settings == SimulationSettings(
        seed=12,
        since=datetime(2026, 11, 6, tzinfo=UTC),
        solar_kwp=7.0,
        tilt_degrees=30.0,
        azimuth_degrees=200.0,
        batteries=2,
        home_kwh_per_year=5500.0,
    )


def test_what_is_left_out_is_as_usual() -> None:
    assert SimulationSettings.from_data({}) == SimulationSettings()


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ({"solar_kwp": -1}, "solar_kwp"),
        ({"solar_kwp": "much"}, "solar_kwp"),
        ({"solar_kwp": float("nan")}, "solar_kwp"),
        ({"batteries": 0}, "batteries"),
        ({"batteries": True}, "batteries"),
        ({"tilt": 91}, "tilt_degrees"),
        ({"azimuth": 361}, "azimuth_degrees"),
        ({"home_kwh_per_year": 0}, "home_kwh_per_year"),
        ({"since": "2026-11-06T00:00:00"}, "since"),
    ],
)
def test_impossible_homes_are_refused_by_name(data: dict[str, object], name: str) -> None:
    with pytest.raises(ValueError, match=name):
        SimulationSettings.from_data(data)
