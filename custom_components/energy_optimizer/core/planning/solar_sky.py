"""What a clear sky would give on panels, step by step, kept for the next time it is asked."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..model.forecast import Floats
from ..model.site import SolarPanels, SolarSite
from ..model.sun import clear_sky, plane_irradiance, sun_position

type Bools = NDArray[np.bool_]

SYSTEM_SHARE: Final = 0.85
"""What heat, wiring, dirt and the inverter leave of the panels' rated power under a clear sky."""
TWILIGHT_DEGREES: Final = -6.0
"""Below this height of the sun it is night, also for panels that stand a little beside the place that was given."""
_BLOCK_DAYS: Final = 16
_PARTS: Final = 4
_STEEPEST: Final = 35.0


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class SkySteps:
    """The clear sky over equal steps."""

    clear_kw: Floats
    """What the panels give, or one kWp in the usual position where they are unknown."""
    is_twilight: Bools
    """Whether there is any light at all."""


def sky_steps(site: SolarSite, start_s: int, step_s: int, count: int) -> SkySteps:
    """Return the clear sky over *count* steps from *start_s* (seconds since 1970, UTC); a step divides the day."""
    per_block = _BLOCK_DAYS * 86400 // step_s
    first, phase_s = divmod(start_s, step_s)
    first_block, last_block = first // per_block, (first + count - 1) // per_block
    blocks = [_block(site, block, step_s, phase_s) for block in range(first_block, last_block + 1)]
    begin = first - first_block * per_block
    return SkySteps(
        clear_kw=np.concatenate([clear for clear, _ in blocks])[begin : begin + count],
        is_twilight=np.concatenate([twilight for _, twilight in blocks])[begin : begin + count],
    )


@lru_cache(maxsize=64)
def _block(site: SolarSite, block: int, step_s: int, phase_s: int) -> tuple[Floats, Bools]:
    count = _BLOCK_DAYS * 86400 // step_s
    start_s = block * _BLOCK_DAYS * 86400 + phase_s
    instants: Floats = start_s + (np.arange(count * _PARTS, dtype=np.float64) + 0.5) * (step_s / _PARTS)
    position = sun_position(instants, site.place)
    sky = clear_sky(instants, position.elevation)
    clear = np.zeros(instants.size)
    for panels in site.panels or (_usual_panels(site.place.latitude),):
        irradiance = plane_irradiance(
            position, sky, tilt_degrees=panels.tilt_degrees, azimuth_degrees=panels.azimuth_degrees
        )
        clear += SYSTEM_SHARE * panels.kwp * irradiance / 1000.0
    clear_kw: Floats = clear.reshape(count, _PARTS).mean(axis=1)
    is_twilight = np.any((position.elevation > TWILIGHT_DEGREES).reshape(count, _PARTS), axis=1)
    clear_kw.flags.writeable = is_twilight.flags.writeable = False
    return clear_kw, is_twilight


def _usual_panels(latitude: float) -> SolarPanels:
    return SolarPanels(
        kwp=1.0, tilt_degrees=min(abs(latitude), _STEEPEST), azimuth_degrees=180.0 if latitude >= 0.0 else 0.0
    )
