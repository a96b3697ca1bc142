"""Clouds that differ from day to day and drift over from minute to minute."""

from typing import NamedTuple

import numpy as np

from ..model.place import Place
from .noise import FloatArray, as_uniform, smooth
from .seasons import winter_share

_WEATHER, _FRONT, _FIELD, _CLOUD, _WISP, _HAZE, _LAYER, _BILLOW = range(100, 108)


def cloud_cover(seed: int, epoch_s: FloatArray, place: Place) -> FloatArray:
    """Return the share of the sky that is clouded, 0 to 1: changes over hours, mostly near either end."""
    weather = 0.8 * smooth(seed, _WEATHER, epoch_s, 1.7 * 86400.0) + 0.6 * smooth(seed, _FRONT, epoch_s, 0.4 * 86400.0)
    northern = min(max((abs(place.latitude) - 33.0) / 15.0, 0.0), 1.0)
    usual = -0.7 + 0.6 * northern + 0.8 * (winter_share(epoch_s, place) - 0.5) * northern
    return as_uniform(1.5 * weather + usual)


class Clouds(NamedTuple):
    """What clouds leave of a clear sky's light."""

    beam_share: FloatArray
    """Of the direct light, 0 to 1."""
    glow_share: FloatArray
    """How bright the shaded part of the sky still is, against the whole light of a clear one."""


def clouds(seed: int, epoch_s: FloatArray, place: Place) -> Clouds:
    """Return what drifts over at the instants *epoch_s* (seconds since 1970, UTC)."""
    cover = cloud_cover(seed, epoch_s, place)
    drifting = as_uniform(
        0.75 * smooth(seed, _FIELD, epoch_s, 3600.0)
        + 0.55 * smooth(seed, _CLOUD, epoch_s, 1000.0)
        + 0.37 * smooth(seed, _WISP, epoch_s, 300.0)
    )
    edge = np.clip((1.1 * cover - 0.05 - drifting) / 0.35 + 0.5, 0.0, 1.0)
    shaded = edge * edge * (3.0 - 2.0 * edge)
    thickness = 0.8 * smooth(seed, _LAYER, epoch_s, 5400.0) + 0.6 * smooth(seed, _BILLOW, epoch_s, 800.0)
    opacity = as_uniform(0.4 + 1.6 * cover + 0.8 * thickness)
    haze = 1.0 - 0.08 * as_uniform(smooth(seed, _HAZE, epoch_s, 86400.0))
    return Clouds(
        beam_share=haze * (1.0 - shaded * opacity),
        glow_share=np.clip((0.42 - 0.2 * cover) * np.exp(-0.3 * thickness), 0.05, 0.7),
    )
