"""What the house will need, as ranges, from nothing but what it needed so far."""

from datetime import tzinfo

import numpy as np

from ..model.forecast import Floats, Forecast, Series
from .calendar_days import local_steps
from .load_days import day_temperatures, past_days
from .load_history import load_table, near_slots
from .load_level import at_level_of_late
from .load_outcomes import outcomes
from .load_ranks import shares, unusualness
from .load_shape import usual_load


def forecast_load(past: Series, count: int, zone: tzinfo, *, temperature: Series | None = None) -> Forecast:
    """Foretell the house's load (kW) for the *count* steps after *past*, whose steps may be 5 to 60 minutes long.

    The outcomes of the same time of day on past days are weighted by how recent, how much of the same kind and, where
    *temperature* (°C, over past and future) is given, how equally warm those days were. Where among them the coming
    steps lie follows from where the last hours and days lay. Without a past, the usual household stands in.
    """
    starts_at, step = past.ends_at, past.step
    step_s = step.total_seconds()
    clock = local_steps(starts_at, step, max(count, 1), zone)
    slot = clock.second // int(step_s)
    now = int(clock.day[0]), int(slot[0])
    table = at_level_of_late(load_table(past, zone), now)
    temperatures = day_temperatures(temperature, zone) if temperature is not None else None
    usual = usual_load(table, step)
    days = past_days(table, temperatures)
    unusual = unusualness(table, days, usual, now)
    wanted, day = np.unique(clock.day, return_inverse=True)
    weights = days.weights(wanted)
    weights = np.concatenate((weights, np.ones((wanted.size, 1, weights.shape[2]))), axis=1)
    lead_hours: Floats = np.arange(slot.size, dtype=np.float64) * (step_s / 3600.0)
    quantiles = outcomes(table, usual, near_slots(step)).quantiles(weights, day, slot, shares(unusual, lead_hours))
    return Forecast(starts_at=starts_at, step=step, quantiles=quantiles[:, :count])
