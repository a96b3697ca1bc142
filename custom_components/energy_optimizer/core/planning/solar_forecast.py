"""What the sun will give: by its weather so far, or as a service foretells it, less what that gets wrong."""

from datetime import datetime
from typing import Final

import numpy as np

from ..model.forecast import QUANTILES, Floats, Forecast, Series
from ..model.site import SolarSite
from .solar_bias import unbiased
from .solar_paths import Sky, clearness_paths, corrected_paths
from .solar_potential import learn_potential
from .solar_sky import sky_steps
from .weighted_quantiles import weighted_quantiles

_LOOK_BACK_DAYS: Final = 63
_FEW_DAYS: Final = 3
_DAY_S: Final = 86400
_UNKNOWN_KWP: Final = np.array([0.0, 0.0, 0.0, 0.7, 2.5])
"""Quantiles of what a clear sky is worth, times its kW per kWp, at a home of which nothing at all is known."""
_OWN_SHARE: Final = 0.6
_OWN_HOURS: Final = 2.0
_LEAST_SHARE: Final = 0.05
"""For the next hours what the sun does now says more than a service said the day before."""


def forecast_solar(past: Series, count: int, site: SolarSite, *, given: Series | None = None) -> Forecast:
    """Foretell *count* steps from the end of *past*, the measured kW in the same steps, of which weeks are looked at.

    *given* is what a service foretold for steps past (the day before them) and coming, in kW; where it is unknown
    the weather of past days stands in.

    Raises:
        ValueError: if the steps do not divide a day or differ between both.
    """
    step_s = round(past.step.total_seconds())
    if step_s <= 0 or _DAY_S % step_s:
        raise ValueError("Steps must divide the day")
    if given is not None and given.step != past.step:
        raise ValueError("Steps of a forecast must be those of the measured power")
    per_day = _DAY_S // step_s
    before = min(_LOOK_BACK_DAYS, -(-past.values.size // per_day)) * per_day
    start = past.ends_at - before * past.step
    power = _between(past, start, before)
    foretold = _between(given, start, before + count) if given is not None else np.full(before + count, np.nan)
    light = sky_steps(site, round(start.timestamp()), step_s, before + count)
    seen = _seen(power, foretold, per_day)
    if not site.panels and np.isnan(seen).all():
        quantiles = _UNKNOWN_KWP[:, None] * light.clear_kw[before:]
    else:
        potential = learn_potential(light, seen, per_day, scale_known=bool(site.panels))
        sky = Sky(power_kw=power, clear_kw=potential.clear_kw, step_h=step_s / 3600.0, per_day=per_day)
        quantiles = np.minimum(_expected(sky, foretold, count), potential.most_kw[before:])
    return Forecast(starts_at=past.ends_at, step=past.step, quantiles=quantiles)


def _expected(sky: Sky, foretold_kw: Floats, count: int) -> Floats:
    """Return the quantiles of the coming steps: corrected where foretold, else by the weather of past days."""
    before = sky.power_kw.size
    foretold_kw = unbiased(foretold_kw, sky.power_kw, sky.clear_kw, sky.per_day)
    clear = sky.clear_kw[before:]
    told = ~np.isnan(foretold_kw[before:])
    lead_h = (np.arange(count) + 0.5) * sky.step_h
    own_share = np.where(told, _OWN_SHARE * np.exp(-lead_h / _OWN_HOURS), 1.0)
    own_share[own_share < _LEAST_SHARE] = 0.0
    quantiles = np.zeros((len(QUANTILES), count))
    if (own := np.flatnonzero((clear > 0.0) & (own_share > 0.0))).size:
        quantiles[:, own] = own_share[own] * weighted_quantiles(*clearness_paths(sky, own))
    if (corrected := np.flatnonzero((clear > 0.0) & told)).size:
        part = 1.0 - own_share[corrected]
        quantiles[:, corrected] += part * weighted_quantiles(*corrected_paths(sky, foretold_kw, corrected))
    expected: Floats = np.maximum(quantiles, 0.0) * clear
    return expected


def _seen(power_kw: Floats, foretold_kw: Floats, per_day: int) -> Floats:
    """Return what is known of all steps: the measured power, and in the first days what was foretold beside it."""
    seen = np.full(foretold_kw.size, np.nan)
    seen[: power_kw.size] = power_kw
    few = np.count_nonzero(~np.isnan(power_kw)) < _FEW_DAYS * per_day
    return np.where(np.isnan(seen), foretold_kw, seen) if few else seen


def _between(series: Series, start: datetime, count: int) -> Floats:
    """Return *count* values from *start* on, none below zero and not a number where the series has none."""
    values = np.full(count, np.nan)
    offset = round((start - series.starts_at) / series.step)
    first, last = max(0, -offset), min(count, series.values.size - offset)
    if first < last:
        part = series.values[first + offset : last + offset]
        values[first:last] = np.where(np.isfinite(part), np.maximum(part, 0.0), np.nan)
    return values
