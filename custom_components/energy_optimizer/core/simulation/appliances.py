"""Machines that run through a programme: kettle, oven, dishwasher, washing machine, dryer."""

from dataclasses import dataclass

import numpy as np

from .local_clock import LocalClock
from .noise import FloatArray, IntArray, uniform


@dataclass(frozen=True, kw_only=True, slots=True)
class Appliance:
    """A machine that people start at most once a day, between two hours of the local clock."""

    stream: int
    weekday_chance: float
    weekend_chance: float
    from_hour: float
    to_hour: float
    programme: tuple[tuple[float, float], ...]
    """Pairs of minutes and kW, one after the other."""
    weekend_later_h: float = 0.0

    @property
    def hours(self) -> float:
        """How long the programme runs."""
        return sum(minutes for minutes, _ in self.programme) / 60.0


APPLIANCES = (
    Appliance(  # kettle and toaster
        stream=400,
        weekday_chance=0.92,
        weekend_chance=0.95,
        from_hour=6.4,
        to_hour=7.6,
        weekend_later_h=1.8,
        programme=((4, 2.0), (3, 1.0), (2, 0.0), (3, 0.9)),
    ),
    Appliance(  # lunch
        stream=401,
        weekday_chance=0.3,
        weekend_chance=0.8,
        from_hour=11.6,
        to_hour=13.0,
        programme=((7, 1.9), (5, 0.7), (6, 1.2), (8, 0.6)),
    ),
    Appliance(  # afternoon tea
        stream=402,
        weekday_chance=0.35,
        weekend_chance=0.7,
        from_hour=15.0,
        to_hour=17.0,
        programme=((4, 2.0),),
    ),
    Appliance(  # hob at dinner
        stream=403,
        weekday_chance=0.88,
        weekend_chance=0.8,
        from_hour=17.8,
        to_hour=19.6,
        programme=((8, 2.3), (6, 1.1), (5, 1.8), (9, 0.8), (7, 0.5)),
    ),
    Appliance(  # oven at dinner
        stream=404,
        weekday_chance=0.35,
        weekend_chance=0.55,
        from_hour=17.6,
        to_hour=19.2,
        programme=((12, 2.4), (5, 0.0), (3, 2.4), (6, 0.0), (3, 2.4), (6, 0.0), (3, 2.4), (6, 0.0), (3, 2.4)),
    ),
    Appliance(  # dishwasher after dinner
        stream=405,
        weekday_chance=0.62,
        weekend_chance=0.8,
        from_hour=20.0,
        to_hour=22.9,
        programme=((8, 0.1), (16, 1.9), (38, 0.12), (14, 1.9), (24, 0.08)),
    ),
    Appliance(  # washing machine
        stream=406,
        weekday_chance=0.3,
        weekend_chance=0.65,
        from_hour=8.2,
        to_hour=15.5,
        programme=((4, 0.15), (17, 2.0), (45, 0.22), (10, 0.3), (9, 0.55)),
    ),
    Appliance(  # dryer
        stream=407,
        weekday_chance=0.14,
        weekend_chance=0.35,
        from_hour=13.5,
        to_hour=17.5,
        programme=((34, 2.1), (4, 0.3), (9, 2.1), (3, 0.3), (6, 2.1), (4, 0.15)),
    ),
)


def appliances_kw(seed: int, clock: LocalClock) -> FloatArray:
    """Return what all of them draw together."""
    total = np.zeros_like(clock.hour)
    for appliance in APPLIANCES:
        total += appliance_kw(appliance, seed, clock)
    return total


def appliance_kw(appliance: Appliance, seed: int, clock: LocalClock) -> FloatArray:
    """Return what one of them draws, also after midnight when it was started late."""
    power_kw = _running_kw(appliance, seed, clock.day, clock.hour)
    if appliance.to_hour + appliance.weekend_later_h + appliance.hours > 24.0:
        power_kw += _running_kw(appliance, seed, clock.day - 1, clock.hour + 24.0)
    return power_kw


def _running_kw(appliance: Appliance, seed: int, day: IntArray, hour: FloatArray) -> FloatArray:
    """Return the draw of the run started on *day*, at *hour* hours after that day's midnight."""
    weekend = (day + 3) % 7 >= 5
    base = 4 * appliance.stream
    runs = uniform(seed, base, day) < np.where(weekend, appliance.weekend_chance, appliance.weekday_chance)
    window_h = appliance.to_hour - appliance.from_hour
    start = appliance.from_hour + window_h * uniform(seed, base + 1, day) + weekend * appliance.weekend_later_h
    size = 0.9 + 0.2 * uniform(seed, base + 2, day)
    ends_min = np.cumsum([minutes for minutes, _ in appliance.programme])
    power_kw = np.array([0.0, *(kw for _, kw in appliance.programme), 0.0])
    elapsed_min = (hour - start) * 60.0
    segment = np.where(elapsed_min < 0.0, 0, np.searchsorted(ends_min, elapsed_min, side="right") + 1)
    return np.asarray(np.where(runs, size * power_kw[segment], 0.0), dtype=np.float64)
