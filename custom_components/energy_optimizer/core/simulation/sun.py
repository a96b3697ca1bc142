"""What the sun sends down between clouds."""

import numpy as np

from ..model.sun import ClearSky, SunPosition, plane_irradiance
from .clouds import Clouds
from .noise import FloatArray


def cloudy_irradiance(
    position: SunPosition, sky: ClearSky, clouds: Clouds, *, tilt_degrees: float, azimuth_degrees: float
) -> FloatArray:
    """Return W/m² on a tilted plane under *clouds*; their own glow comes evenly from everywhere."""
    horizontal_clear = sky.beam * np.sin(np.radians(np.maximum(position.elevation, 0.0))) + sky.diffuse
    glow = horizontal_clear * clouds.glow_share * (1.0 - clouds.beam_share)
    shaded = ClearSky(beam=sky.beam * clouds.beam_share, diffuse=sky.diffuse * clouds.beam_share + glow)
    return plane_irradiance(position, shaded, tilt_degrees=tilt_degrees, azimuth_degrees=azimuth_degrees)
