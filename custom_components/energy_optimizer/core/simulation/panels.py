"""What the panels on a roof would give if nothing held them back."""

from dataclasses import dataclass

import numpy as np

from ..model.place import Place
from ..model.sun import clear_sky, sun_position
from .clouds import clouds
from .noise import FloatArray
from .seasons import outdoor_celsius
from .sun import cloudy_irradiance

_SYSTEM_SHARE = 0.88
"""What wiring, dirt, mismatch and the inverter leave of the panels' rated power."""
_LOSS_PER_KELVIN = 0.0035
_WARMING_PER_W_PER_M2 = 0.028


@dataclass(frozen=True, kw_only=True, slots=True)
class Panels:
    """Panels of one direction under one sky."""

    seed: int
    place: Place
    kwp: float
    tilt_degrees: float
    """From the horizontal."""
    azimuth_degrees: float
    """Clockwise from north."""

    def power_kw(self, epoch_s: FloatArray) -> FloatArray:
        """Return the AC power at the instants *epoch_s* (seconds since 1970, UTC)."""
        position = sun_position(epoch_s, self.place)
        irradiance = cloudy_irradiance(
            position,
            clear_sky(epoch_s, position.elevation),
            clouds(self.seed, epoch_s, self.place),
            tilt_degrees=self.tilt_degrees,
            azimuth_degrees=self.azimuth_degrees,
        )
        cell_celsius = outdoor_celsius(self.seed, epoch_s, self.place) + _WARMING_PER_W_PER_M2 * irradiance
        heat_share = np.clip(1.0 - _LOSS_PER_KELVIN * (cell_celsius - 25.0), 0.5, 1.15)
        return np.asarray(self.kwp * _SYSTEM_SHARE * heat_share * irradiance / 1000.0, dtype=np.float64)
