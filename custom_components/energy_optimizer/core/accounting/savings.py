"""What a day cost, what it would have cost without us, and at best.

All three are told as if the day had ended with what the battery really held: what the other home stored less or more
than the real one is valued at what a stored kWh saves, the discharge efficiency times the day's mean import price. What
the difference was worth as the day began is taken off again, so days add up: their sum is the money that did not flow,
plus the value of the last difference, however the time is cut.

A step counts on all sides or on none. Fixed charges are the same on all sides and left out; exports count as their
price says.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..model.battery import BatteryModel
from ..model.forecast import Floats
from .counterfactual import Habit, live_on, stored_by, stored_kwh
from .metered_steps import MeteredSteps

MOST_UNKNOWN: Final = 0.25
"""Of a day of which a larger share is unknown, nothing is told."""
LEAST_POSSIBLE: Final = 0.01
"""Of less money than this no share is told."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """Where the other home's battery stands between two days, beside the real one."""

    level_kwh: float
    difference_value: float = 0.0
    """What the real battery held beyond it was last worth."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DaySavings:
    """One local day; money is ``None`` where too much of it is unknown."""

    day: date
    currency: str
    steered_share: float
    """For what part of the day the plan was carried out."""
    steps: int = 0
    unknown_steps: int = 0
    """Steps that count on no side because an energy or a price is not known."""
    is_estimated: bool = False
    """Some energy was spread over a time without readings, or a level was."""
    measured: float | None = None
    without: float | None = None
    best: float | None = None
    """``None`` if nobody computed it."""
    start_kwh: float | None = None
    """What the battery held as the day began, and as it ended."""
    end_kwh: float | None = None
    without_end_kwh: float | None = None
    """What the other home's battery held as the day ended."""
    value_per_kwh: float | None = None
    """What a stored kWh was taken to be worth at the day's end."""

    @property
    def is_known(self) -> bool:
        """Whether there is anything to tell."""
        return self.measured is not None and self.without is not None

    @property
    def saved(self) -> float | None:
        """What we saved; nothing on a day on which the plan was not carried out for a moment."""
        if self.measured is None or self.without is None:
            return None
        return self.without - self.measured if self.steered_share > 0.0 else 0.0

    @property
    def model_error(self) -> float | None:
        """By how much the other home's cost is off, known only of a day on which nobody steered."""
        if self.measured is None or self.without is None or self.steered_share > 0.0:
            return None
        return self.without - self.measured

    @property
    def possible(self) -> float | None:
        """What could have been saved by someone who knew the day beforehand."""
        return None if self.without is None or self.best is None else self.without - self.best

    @property
    def stored_difference_kwh(self) -> float | None:
        """What the battery held beyond the other home's as the day ended."""
        return None if self.end_kwh is None or self.without_end_kwh is None else self.end_kwh - self.without_end_kwh

    @property
    def standing(self) -> Standing | None:
        """Where the next day goes on from; ``None`` if it has to begin anew.

        The other home is ours again on a day on which nobody steered: the difference is settled with the value that
        it had before.
        """
        if self.end_kwh is None or self.without_end_kwh is None or not self.is_known:
            return None
        if self.steered_share == 0.0:
            return Standing(level_kwh=self.end_kwh)
        difference_kwh = self.end_kwh - self.without_end_kwh
        return Standing(level_kwh=self.without_end_kwh, difference_value=difference_kwh * (self.value_per_kwh or 0.0))


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Settlement:
    """A day's savings, with the steps that they count."""

    savings: DaySavings
    steps: MeteredSteps
    counted: NDArray[np.bool_]
    battery: BatteryModel

    @property
    def load_kw(self) -> Floats:
        """What the house drew in the steps that count."""
        load: Floats = self.steps.load_kwh[self.counted] / self.steps.hours
        return load

    @property
    def solar_kw(self) -> Floats:
        """What the sun gave in the steps that count, so that the house lacked what it did."""
        return self.load_kw - self.steps.net_kwh[self.counted] / self.steps.hours

    @property
    def import_per_kwh(self) -> Floats:
        """What the grid cost in the steps that count."""
        prices: Floats = self.steps.import_per_kwh[self.counted]
        return prices

    @property
    def export_per_kwh(self) -> Floats:
        """What the grid paid; nothing is promised to the best where nobody knows and nobody else exported."""
        return np.nan_to_num(self.steps.export_per_kwh[self.counted])

    def with_best(self, battery_kw: Floats) -> DaySavings:
        """Return the savings with the best that could be done: powers of the steps that count, + discharging."""
        day = self.savings
        if not day.is_known or day.start_kwh is None or day.end_kwh is None or day.value_per_kwh is None:
            return day
        flow_kwh = battery_kw * self.steps.hours
        grid_kwh = self.steps.net_kwh[self.counted] - flow_kwh
        prices = np.where(grid_kwh > 0.0, self.import_per_kwh, self.export_per_kwh)
        both_ways = self.steps.both_ways_kwh[self.counted] * (self.import_per_kwh - self.export_per_kwh)
        change_kwh = sum(stored_by(self.battery, float(each)) for each in flow_kwh)
        more_kwh = change_kwh - (day.end_kwh - day.start_kwh)
        return replace(day, best=float((grid_kwh * prices + both_ways).sum()) - more_kwh * day.value_per_kwh)


@dataclass(frozen=True, kw_only=True, slots=True)
class Levels:
    """What the battery held as a day began and as it ended."""

    start_kwh: float
    end_kwh: float
    are_estimated: bool = False


def settle_day(
    empty: DaySavings,
    steps: MeteredSteps,
    levels: Levels | None,
    habit: Habit,
    battery: BatteryModel,
    standing: Standing | None,
    *,
    value_per_kwh: float | None = None,
) -> Settlement:
    """Return what a day came to.

    Args:
        empty: which day, without any figure.
        steps: the day's energies and prices.
        levels: what the battery really held; ``None`` if unknown.
        habit: what it would have done by itself.
        battery: its physics.
        standing: where the day before left the other home; ``None`` to begin with the real level.
        value_per_kwh: what a stored kWh is worth; from the day's prices if ``None``.
    """
    if levels is None:
        unknown = replace(empty, steps=steps.count, unknown_steps=steps.count)
        return Settlement(savings=unknown, steps=steps, counted=_none(steps), battery=battery)
    begun = standing if standing is not None and empty.steered_share > 0.0 else Standing(level_kwh=levels.start_kwh)
    lived = live_on(steps, habit, battery, begun.level_kwh, unseen_kwh=_unseen_kwh(steps, levels, battery))
    measured = _money(steps.import_kwh, steps.export_kwh, steps)
    without = _money(lived.import_kwh, lived.export_kwh, steps)
    counted = np.isfinite(measured) & np.isfinite(without) & np.isfinite(steps.import_per_kwh)
    if value_per_kwh is None:
        value_per_kwh = stored_value(steps.import_per_kwh, battery)
    day = replace(
        empty,
        steps=steps.count,
        unknown_steps=int(steps.count - counted.sum()),
        is_estimated=levels.are_estimated or bool(steps.is_estimated[counted].any()),
        start_kwh=levels.start_kwh,
        end_kwh=levels.end_kwh,
        without_end_kwh=float(lived.level_kwh[-1]),
        value_per_kwh=value_per_kwh,
    )
    if value_per_kwh is not None and day.unknown_steps <= MOST_UNKNOWN * steps.count:
        difference = (levels.end_kwh - float(lived.level_kwh[-1])) * value_per_kwh - begun.difference_value
        day = replace(
            day,
            measured=float(measured[counted].sum()),
            without=float(without[counted].sum()) + difference,
        )
    return Settlement(savings=day, steps=steps, counted=counted, battery=battery)


def share_of_possible(days: Iterable[DaySavings]) -> float | None:
    """Return which part of what could be saved on steered days was; ``None`` where less than a cent could be."""
    saved = possible = 0.0
    for day in days:
        if day.steered_share > 0.0 and day.saved is not None and day.possible is not None:
            saved, possible = saved + day.saved, possible + day.possible
    return None if possible < LEAST_POSSIBLE else min(saved / possible, 1.0)


def steered_share(changes: Sequence[tuple[datetime, bool]], start: datetime, end: datetime) -> float:
    """Return for what part of [*start*, *end*) the plan was carried out, by when that began and ended, in order."""
    steered = timedelta()
    for (since, is_steered), until in zip(changes, [*(at for at, _ in changes[1:]), end], strict=False):
        if is_steered:
            steered += max(min(until, end) - max(since, start), timedelta())
    return steered / (end - start)


def stored_value(import_per_kwh: Floats, battery: BatteryModel) -> float | None:
    """Return what a stored kWh is worth by the mean of the known prices, never less than nothing."""
    known = import_per_kwh[np.isfinite(import_per_kwh)]
    if not known.size:
        return None
    return max(0.0, battery.discharge_efficiency * float(known.mean()))


def level_between(
    stored_kwh: Floats, capacity_kwh: float, before_kwh: float | None, after_kwh: float | None, index: int
) -> float | None:
    """Return the level at the start of step *index* from what was read as the steps began and as they ended.

    It follows the energies *stored_kwh* of the steps; by how much these miss what was read at last is spread evenly. A
    flow that nobody knows is part of that.
    """
    stored = np.nan_to_num(stored_kwh)
    until, whole = float(stored[:index].sum()), float(stored.sum())
    if before_kwh is not None and after_kwh is not None:
        missed_kwh = after_kwh - before_kwh - whole
        level = before_kwh + until + missed_kwh * (index / stored.size if stored.size else 0.0)
    elif before_kwh is not None:
        level = before_kwh + until
    elif after_kwh is not None:
        level = after_kwh - (whole - until)
    else:
        return None
    return min(max(level, 0.0), capacity_kwh)


def _unseen_kwh(steps: MeteredSteps, levels: Levels, battery: BatteryModel) -> float:
    """Return by how much the real level changed in each step that nobody knows."""
    known = steps.are_known
    unknown = int(steps.count - known.sum())
    if not unknown:
        return 0.0
    seen = stored_kwh(battery, steps.charge_kwh, steps.discharge_kwh)[known].sum()
    most = battery.max_charge_kw * steps.hours * battery.charge_efficiency
    least = -battery.max_discharge_kw * steps.hours / battery.discharge_efficiency
    return float(min(max((levels.end_kwh - levels.start_kwh - seen) / unknown, least), most))


def _money(import_kwh: Floats, export_kwh: Floats, steps: MeteredSteps) -> Floats:
    """Return what each step costs; a price that nobody knows matters only where energy flowed."""
    paid = np.where(import_kwh == 0.0, 0.0, import_kwh * steps.import_per_kwh)
    earned = np.where(export_kwh == 0.0, 0.0, export_kwh * steps.export_per_kwh)
    money: Floats = paid - earned
    return money


def _none(steps: MeteredSteps) -> NDArray[np.bool_]:
    return np.zeros(steps.count, dtype=np.bool_)
