"""Clouds over a plane."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from custom_components.energy_optimizer.core.model.place import Place
from custom_components.energy_optimizer.core.model.sun import clear_sky, plane_irradiance, sun_position
from custom_components.energy_optimizer.core.simulation.clouds import Clouds
from custom_components.energy_optimizer.core.simulation.sun import cloudy_irradiance

DAY = datetime(2026, 6, 21, tzinfo=UTC).timestamp() + 600.0 * np.arange(144.0)
SUN = sun_position(DAY, Place(latitude=48.85, longitude=2.35, time_zone=ZoneInfo("UTC")))
SKY = clear_sky(DAY, SUN.elevation)


@pytest.mark.parametrize(("tilt", "azimuth"), [(0.0, 180.0), (35.0, 120.0), (90.0, 0.0)])
def test_clouds_take_from_what_a_clear_sky_gives(tilt: float, azimuth: float) -> None:
    def under(beam_share: float, glow_share: float) -> float:
        clouds = Clouds(beam_share=np.full(144, beam_share), glow_share=np.full(144, glow_share))
        return float(cloudy_irradiance(SUN, SKY, clouds, tilt_degrees=tilt, azimuth_degrees=azimuth).sum())

    clear = float(plane_irradiance(SUN, SKY, tilt_degrees=tilt, azimuth_degrees=azimuth).sum())
    assert under(1.0, 0.3) == pytest.approx(clear)
    assert under(0.0, 0.0) == 0.0
    assert under(0.0, 0.1) < under(0.0, 0.3)
    assert under(0.0, 0.1) < under(0.5, 0.1) < clear
