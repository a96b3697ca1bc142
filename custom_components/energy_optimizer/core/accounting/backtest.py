"""What one home would have cost under several batteries that lived through the same days.

Each begins a stretch of known time with the same level. What it holds more or less at the end of a day is valued alike
on all days, at what a stored kWh saves, so that days add up to the whole.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

import numpy as np
from numpy.typing import NDArray

from ..model.battery import BatteryModel
from ..model.forecast import Floats
from .counterfactual import Habit, live_on, stored_by
from .metered_steps import MeteredSteps

type Segments = Sequence[tuple[int, int]]
"""Stretches of steps of which all is known: the first, and the one after the last."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class LivedSteps:
    """What a home used and was given over equal steps, and what energy cost; not a number where unknown."""

    starts_at: datetime
    step: timedelta
    load_kw: Floats
    solar_kw: Floats
    import_per_kwh: Floats
    export_per_kwh: Floats

    @property
    def hours(self) -> float:
        """The length of a step."""
        return self.step / timedelta(hours=1)

    @property
    def net_kw(self) -> Floats:
        """What the house lacks."""
        return self.load_kw - self.solar_kw

    def days(self, zone: tzinfo) -> NDArray[np.object_]:
        """Return the local day on which each step begins."""
        count = self.load_kw.size
        days = [(self.starts_at + self.step * index).astimezone(zone).date() for index in range(count)]
        return np.array(days, dtype=np.object_)


@dataclass(frozen=True, kw_only=True, slots=True)
class DayCosts:
    """A local day's costs by the name of each battery; without those steps that nobody knows."""

    day: date
    costs: Mapping[str, float]
    known_share: float


def segments_of(steps: LivedSteps, first: int, *, least: timedelta) -> tuple[tuple[int, int], ...]:
    """Return the stretches from step *first* on of which all is known, without those shorter than *least*."""
    series = (steps.load_kw, steps.solar_kw, steps.import_per_kwh, steps.export_per_kwh)
    known = np.isfinite(np.sum(series, axis=0)) & (np.arange(steps.load_kw.size) >= first)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], known, [False]))))
    pairs = zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    return tuple((start, end) for start, end in pairs if (end - start) * steps.step >= least)


def self_consumption(steps: LivedSteps, segments: Segments, battery: BatteryModel, start_kwh: float) -> Floats:
    """Return what a battery that only follows the house would have given."""
    battery_kw = np.zeros(steps.load_kw.size)
    habit = Habit(reserve_percent=100.0 * battery.reserve_kwh / battery.capacity_kwh)
    for start, end in segments:
        part = _metered(steps, start, end)
        lived = live_on(part, habit, battery, start_kwh)
        flow = part.net_kwh - (lived.import_kwh - lived.export_kwh)
        battery_kw[start:end] = flow / steps.hours
    return battery_kw


def day_costs(
    steps: LivedSteps,
    segments: Segments,
    batteries: Mapping[str, Floats],
    model: BatteryModel,
    value_per_kwh: float,
    zone: tzinfo,
) -> list[DayCosts]:
    """Return the costs of each local day that lies in *segments*, for *batteries* given as powers over all steps."""
    inside = np.zeros(steps.load_kw.size, dtype=np.bool_)
    for start, end in segments:
        inside[start:end] = True
    costs = {name: _costs(steps, powers, model, value_per_kwh) for name, powers in batteries.items()}
    days = steps.days(zone)
    return [
        DayCosts(
            day=day,
            costs={name: float(each[inside & (days == day)].sum()) for name, each in costs.items()},
            known_share=float(inside[days == day].mean()),
        )
        for day in dict.fromkeys(days.tolist())
    ]


def _costs(steps: LivedSteps, battery_kw: Floats, model: BatteryModel, value_per_kwh: float) -> Floats:
    """Return what each step costs, less what it stored."""
    grid_kwh = (steps.net_kw - battery_kw) * steps.hours
    prices = np.where(grid_kwh > 0.0, steps.import_per_kwh, steps.export_per_kwh)
    stored = np.array([stored_by(model, float(power) * steps.hours) for power in battery_kw])
    costs: Floats = grid_kwh * prices - stored * value_per_kwh
    return costs


def _metered(steps: LivedSteps, start: int, end: int) -> MeteredSteps:
    """Return a stretch as a home without a battery would have metered it."""
    net_kwh = steps.net_kw[start:end] * steps.hours
    nothing = np.zeros(net_kwh.size)
    return MeteredSteps(
        starts_at=steps.starts_at + steps.step * start,
        step=steps.step,
        import_kwh=np.maximum(net_kwh, 0.0),
        export_kwh=np.maximum(-net_kwh, 0.0),
        charge_kwh=nothing,
        discharge_kwh=nothing,
        solar_kwh=steps.solar_kw[start:end] * steps.hours,
        import_per_kwh=steps.import_per_kwh[start:end],
        export_per_kwh=steps.export_per_kwh[start:end],
        is_estimated=np.zeros(net_kwh.size, dtype=np.bool_),
    )
