"""How clear the coming hours may be: as they were after similar hours, started from what the sun does now."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ..model.forecast import Floats

type Columns = NDArray[np.int64]

_HALF_LIFE_DAYS: Final = 20.0
_RECENT_HOURS: Final = 1.5
_LASTING_HOURS: Final = 10.0
_SEEN_HOURS: Final = 36.0
"""So far back the present weather is looked at; in it the last 1.5 h and the last 10 h count most."""
_RECENT_PRIOR_DAYS: Final = 0.02
_LASTING_PRIOR_DAYS: Final = 0.15
"""How much clear sky the usual weighs against what was just seen."""
_RECENT_LASTS_HOURS: Final = 4.0
_LASTING_LASTS_HOURS: Final = 30.0
_SIMILAR: Final = 0.4
_SIMILAR_FORETOLD: Final = 0.2
_SUPPOSED_DAYS: Final = 2.0
"""How many past days our guess of the spread counts as much as."""
_SUPPOSED_CLEARNESS: Final = np.array([0.1, 0.3, 0.55, 0.8, 0.97])
_SUPPOSED_ERROR: Final = np.array([-0.35, -0.15, 0.0, 0.15, 0.3])


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Sky:
    """What was measured and what is possible; the last whole days and, of what is possible, the coming steps too."""

    power_kw: Floats
    clear_kw: Floats
    step_h: float
    per_day: int


def clearness_paths(sky: Sky, columns: Columns) -> tuple[Floats, Floats]:
    """Return the share of a clear sky in the coming steps *columns* as past days have it, and the days' weights."""
    return _paths(sky, np.zeros(sky.clear_kw.size), columns, _SUPPOSED_CLEARNESS, None, lasting=0.35)


def corrected_paths(sky: Sky, foretold_kw: Floats, columns: Columns) -> tuple[Floats, Floats]:
    """Return the same for steps with a forecast: its share of a clear sky, as wrong as it was on past days."""
    return _paths(sky, foretold_kw, columns, _SUPPOSED_ERROR, _SIMILAR_FORETOLD, lasting=0.2)


def _paths(
    sky: Sky,
    base_kw: Floats,
    columns: Columns,
    supposed: Floats,
    similar_base: float | None,
    *,
    lasting: float,
) -> tuple[Floats, Floats]:
    before = sky.power_kw.size
    days = before // sky.per_day
    share = np.divide(base_kw, sky.clear_kw, out=np.full(base_kw.size, np.nan), where=sky.clear_kw > 0.0)
    coming = share[before + columns]
    guess = coming + supposed[:, None]
    guess_weight = np.full(guess.shape, _SUPPOSED_DAYS / supposed.size)
    if not days:
        return guess, guess_weight
    error_kw = sky.power_kw - base_kw[:before]
    recent, lasting_state = _weather(sky, error_kw, days)
    ages = np.arange(days)
    error = np.full(share.size, np.nan)
    np.divide(error_kw, sky.clear_kw[:before], out=error[:before], where=sky.clear_kw[:before] > 0.0)
    later = np.subtract.outer(before + columns, ages * sky.per_day).T
    paths = error[later]
    lead_h = (columns + 0.5) * sky.step_h
    near = 0.9 * np.exp(-lead_h / _RECENT_LASTS_HOURS)
    far = lasting * np.exp(-lead_h / _LASTING_LASTS_HOURS)
    values = coming + paths + np.outer(recent[0] - recent, near) + np.outer(lasting_state[0] - lasting_state, far)
    unlike = ((recent[0] - recent) / _SIMILAR) ** 2 + ((lasting_state[0] - lasting_state) / _SIMILAR) ** 2
    weights = np.repeat((np.exp2(-ages / _HALF_LIFE_DAYS) * np.exp(-0.5 * unlike))[:, None], columns.size, axis=1)
    if similar_base is not None:
        weights *= np.exp(-0.5 * ((coming - share[later]) / similar_base) ** 2)
    weights[np.isnan(values)] = 0.0
    return np.concatenate([values, guess]), np.concatenate([weights, guess_weight])


def _weather(sky: Sky, error_kw: Floats, days: int) -> tuple[Floats, Floats]:
    """Return the error's share of a clear sky lately and over the day, now and at this time of each past day."""
    before = error_kw.size
    known = ~np.isnan(error_kw)
    error = np.where(known, error_kw, 0.0)
    clear = np.where(known, sky.clear_kw[:before], 0.0)
    fading = np.exp2(-(before - np.arange(before)) / sky.per_day / _HALF_LIFE_DAYS)
    clear_day = max(float(fading @ clear / fading.sum()) * sky.per_day, 1e-6)
    usual = float(fading @ error / max(float(fading @ clear), 1e-6))
    seen = round(_SEEN_HOURS / sky.step_h)
    lag_h = np.arange(seen, 0, -1) * sky.step_h
    fade = np.stack([np.exp(-lag_h / _RECENT_HOURS), np.exp(-lag_h / _LASTING_HOURS)], axis=1)
    nothing = np.zeros(seen)
    errors, clears = (
        sliding_window_view(np.concatenate([nothing, values]), seen)[before :: -sky.per_day][:days] @ fade
        for values in (error, clear)
    )
    prior = _LASTING_PRIOR_DAYS * clear_day
    lasting = (errors[:, 1] + prior * usual) / (clears[:, 1] + prior)
    prior = _RECENT_PRIOR_DAYS * clear_day
    return (errors[:, 0] + prior * lasting) / (clears[:, 0] + prior), lasting
