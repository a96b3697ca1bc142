"""Lives through a home's past with the planner, and tells what that would have cost."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, tzinfo
from typing import Final

import numpy as np
from homeassistant.util import dt as dt_util
from numpy.typing import NDArray

from ..core.accounting.backtest import DayCosts, LivedSteps, day_costs, segments_of, self_consumption
from ..core.accounting.metered_steps import prices_of_steps
from ..core.accounting.savings import stored_value
from ..core.model.forecast import Floats, Series
from ..core.model.metering import SLOT
from ..core.model.regrid import regridded
from ..core.model.site import SolarSite
from ..core.planning.hindsight import best_possible
from ..core.planning.problem import PlanningProblem
from ..core.planning.replay import HORIZON, ReplayHome, ReplaySeries, replay
from ..core.tariffs.local_days import day_starts_at
from ..storage.ledger import Publication
from .backtest_history import async_past
from .bill_rules import RULE_BASED
from .planning_options import ForecastOptions
from .powerwall import PowerwallCoordinator
from .powerwall_paths import home_place
from .tariff import TariffCoordinator

STEP: Final = timedelta(minutes=30)
HISTORY: Final = timedelta(weeks=8)
"""So long before the first day the forecasts may learn from."""
LOOK_AHEAD: Final = timedelta(days=4)
"""No plan looks further."""
LEAST_STRETCH: Final = timedelta(hours=6)
"""Shorter stretches between gaps tell nothing of a battery."""
TIME_LIMIT_S: Final = 120.0
WITHOUT, FOLLOWING, OPTIMIZED, BEST = "without_battery", "self_consumption", "optimized", "best_possible"


class TooSlowError(Exception):
    """The time limit was reached."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Backtest:
    """What past days would have cost."""

    days: Sequence[DayCosts]
    exports_have_prices: bool
    """Whether the price of exports is known; if not, they earned nothing on any side."""

    @property
    def known_days(self) -> float:
        """How much of the days is known, in days."""
        return sum(day.known_share for day in self.days)

    def total(self, name: str) -> float:
        """Return what one battery's days cost together."""
        return sum(day.costs[name] for day in self.days)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Past:
    """All that is known of the days and of those before them."""

    steps: LivedSteps
    first: int
    """The step with which the first day begins."""
    last: int
    """The step after that with which the last day ends; only prices are known from here on."""
    known_until: NDArray[np.intp]
    exports_have_prices: bool

    @property
    def segments(self) -> tuple[tuple[int, int], ...]:
        """The stretches that can be lived through."""
        return segments_of(self.steps, self.first, least=LEAST_STRETCH)

    @property
    def known_days(self) -> float:
        """How much of the days is known, in days."""
        return sum(end - start for start, end in self.segments) * (self.steps.step / timedelta(days=1))


async def async_gather(powerwall: PowerwallCoordinator, tariff: TariffCoordinator, first: date, end: date) -> Past:
    """Return what is known of the local days [*first*, *end*) and of the time before them.

    Raises:
        LedgerUnavailableError: if the ledger does not answer.
    """
    zone = dt_util.get_default_time_zone()
    starts_at, ends_at = day_starts_at(first, zone), day_starts_at(end, zone)
    since = starts_at - HISTORY
    load, solar = await async_past(powerwall, since, ends_at)
    prices = await tariff.bills.async_prices(since, ends_at + HORIZON, before=tariff.tariff)
    is_rule = tariff.settings.get("kind") in RULE_BASED
    seen = [] if is_rule else await powerwall.config_entry.runtime_data.ledger.publications(since, ends_at + HORIZON)
    count, lived = (ends_at + HORIZON - since) // STEP, (ends_at - since) // STEP

    def put_together() -> Past:
        imports, exports = prices_of_steps(prices, since, count, STEP)
        have_prices = bool(np.isfinite(exports).any())
        steps = LivedSteps(
            starts_at=since,
            step=STEP,
            load_kw=_in_steps(load, since, lived, count),
            solar_kw=_in_steps(solar, since, lived, count),
            import_per_kwh=imports,
            export_per_kwh=exports if have_prices else np.zeros(count),
        )
        return Past(
            steps=steps,
            first=(starts_at - since) // STEP,
            last=lived,
            known_until=np.full(count, count) if is_rule else published_until(seen, since, count),
            exports_have_prices=have_prices,
        )

    return await powerwall.hass.async_add_executor_job(put_together)


async def async_run(powerwall: PowerwallCoordinator, past: Past, problem: PlanningProblem) -> Backtest:
    """Live through the past off the event loop.

    Raises:
        TooSlowError: if it takes too long.
    """
    options = ForecastOptions.of(powerwall.config_entry.options)
    site = SolarSite(place=home_place(powerwall), panels=options.panels)
    zone = dt_util.get_default_time_zone()
    return await powerwall.hass.async_add_executor_job(live_through, past, problem, site, zone)


def live_through(
    past: Past,
    problem: PlanningProblem,
    site: SolarSite,
    zone: tzinfo,
    *,
    clock: Callable[[], float] = time.monotonic,
) -> Backtest:
    """Return what each battery would have cost; takes up to a minute for a month.

    Raises:
        TooSlowError: if it takes longer than ``TIME_LIMIT_S``.
    """
    steps, segments, battery = past.steps, past.segments, problem.battery
    deadline = clock() + TIME_LIMIT_S

    def watch(_done: int, _total: int) -> None:
        if clock() > deadline:
            raise TooSlowError

    start_kwh = (battery.reserve_kwh + battery.capacity_kwh) / 2.0
    value = stored_value(steps.import_per_kwh[past.first : past.last], battery) or 0.0
    ours = replay(
        ReplaySeries(
            starts_at=steps.starts_at,
            step=steps.step,
            load_kw=steps.load_kw,
            solar_kw=steps.solar_kw,
            import_per_kwh=steps.import_per_kwh,
            export_per_kwh=steps.export_per_kwh,
            segments=segments,
            known_until=past.known_until,
        ),
        ReplayHome(
            zone=zone,
            site=site,
            battery=battery,
            start_kwh=start_kwh,
            grid=problem.grid,
            rule=problem.rule,
            means=problem.means,
            risk=problem.risk,
        ),
        progress=watch,
    )
    batteries = {
        WITHOUT: np.zeros(steps.load_kw.size),
        FOLLOWING: self_consumption(steps, segments, battery, start_kwh),
        OPTIMIZED: ours.battery_kw,
        BEST: _best(steps, segments, problem, start_kwh, value),
    }
    days = day_costs(steps, segments, batteries, battery, value, zone)
    first_day, end_day = (
        (steps.starts_at + steps.step * index).astimezone(zone).date() for index in (past.first, past.last)
    )
    return Backtest(
        days=[each for each in days if first_day <= each.day < end_day],
        exports_have_prices=past.exports_have_prices,
    )


def _best(
    steps: LivedSteps,
    segments: Sequence[tuple[int, int]],
    problem: PlanningProblem,
    start_kwh: float,
    value_per_kwh: float,
) -> Floats:
    battery_kw = np.zeros(steps.load_kw.size)
    for start, end in segments:
        battery_kw[start:end], _, _ = best_possible(
            steps.load_kw[start:end],
            steps.solar_kw[start:end],
            steps.import_per_kwh[start:end],
            steps.export_per_kwh[start:end],
            steps.hours,
            replace(problem.battery, wear_per_kwh=0.0),
            problem.grid,
            problem.rule,
            start_kwh,
            value_per_kwh,
        )
    return battery_kw


def published_until(seen: Sequence[Publication], since: datetime, count: int) -> NDArray[np.intp]:
    """Return, for the start of each step, the first step whose price was not published by then.

    The price of a step that has begun is taken as known.
    """
    first_seen = np.full(count, np.inf)
    for each in seen:
        start = max((each.slot.starts_at - since) // STEP, 0)
        end = min(-((since - each.slot.ends_at) // STEP), count)
        at = (each.seen_at - since) / STEP
        first_seen[start:end] = np.minimum(first_seen[start:end], at)
    ahead = round(LOOK_AHEAD / STEP)
    until = np.arange(1, count + 1)
    for index in range(count):
        coming = first_seen[index + 1 : index + ahead]
        later = np.flatnonzero(coming > index)
        until[index] += int(later[0]) if later.size else coming.size
    return until.astype(np.intp)


def _in_steps(values: Floats, since: datetime, lived: int, count: int) -> Floats:
    """Return means over steps; what lies beyond the days is not known to anybody."""
    means = regridded(Series(starts_at=since, step=SLOT, values=values), since, STEP, lived).values
    return np.concatenate((means, np.full(count - lived, np.nan)))
