"""Gathers what a day is settled from, and settles it off the event loop."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final

from homeassistant.util import dt as dt_util

from ..core.accounting.counterfactual import Habit, stored_kwh
from ..core.accounting.metered_steps import FLOWS, metered_steps, on_grid, prices_of_steps
from ..core.accounting.savings import (
    DaySavings,
    Levels,
    Settlement,
    level_between,
    settle_day,
    steered_share,
    stored_value,
)
from ..core.accounting.slots import slot_start
from ..core.model.battery import BatteryModel
from ..core.model.metering import SLOT
from ..core.planning.hindsight import best_possible
from ..core.planning.problem import PlanningProblem
from ..core.tariffs.local_days import day_starts_at
from ..storage.savings import SavingsBooks
from .planning import PlanningCoordinator
from .savings_levels import LevelWatch
from .tariff import TariffCoordinator

LATEST: Final = timedelta(hours=3)
"""So long after midnight a day is settled with what is known, though its last energies are not written yet."""
_DAY: Final = timedelta(days=1)


class DaySettler:
    """Settles the days of one Powerwall."""

    def __init__(self, planning: PlanningCoordinator, habit: Callable[[], Habit], levels: LevelWatch) -> None:
        self._powerwall = planning.powerwall
        self._habit = habit
        self._levels = levels

    def first_day(self, today: date, books: SavingsBooks) -> date:
        """Return the first day of which anything can be told: somebody has seen the battery."""
        first = min([*books.levels, *([self._levels.last[0]] if self._levels.last else [])], default=None)
        return today if first is None else first.astimezone(dt_util.get_default_time_zone()).date()

    async def async_is_over(self, day: date) -> bool:
        """Tell whether all energies of a day are written, or will hardly be."""
        end = day_starts_at(day + _DAY, dt_util.get_default_time_zone())
        if dt_util.utcnow() - end >= LATEST:
            return True
        last = [await self._rows(name, end - SLOT, end) for name in FLOWS if self._counts(name)]
        return all(last) and self._levels.last is not None and self._levels.last[0] >= end

    async def async_settle(
        self,
        day: date,
        tariff: TariffCoordinator,
        books: SavingsBooks,
        problem: PlanningProblem,
        *,
        until: datetime | None = None,
    ) -> DaySavings:
        """Return what a day came to, or, without the best, the part of it that was over at *until*.

        Raises:
            LedgerUnavailableError: if the ledger does not answer.
        """
        zone = dt_util.get_default_time_zone()
        start, midnight = day_starts_at(day, zone), day_starts_at(day + _DAY, zone)
        end = midnight if until is None else max(start, min(until, midnight))
        prices = await tariff.bills.async_prices(start, midnight)
        flows = {name: await self._rows(name, start, end) for name in FLOWS}
        levels = await self._levels_of(start, end, problem.battery)
        before = books.days.get(day - _DAY)
        empty = DaySavings(
            day=day,
            currency=tariff.currency,
            steered_share=steered_share(books.steered, start, end) if start < end else 0.0,
        )
        habit, has_solar = self._habit(), self._powerwall.path.abilities.has_solar

        def settle() -> DaySavings:
            whole_day, _ = prices_of_steps(prices, start, (midnight - start) // SLOT)
            done = settle_day(
                empty,
                metered_steps(start, end, flows, prices, has_solar=has_solar),
                levels,
                habit,
                problem.battery,
                before.standing if before is not None and before.currency == tariff.currency else None,
                value_per_kwh=stored_value(whole_day, problem.battery),
            )
            return _with_best(done, problem) if until is None else done.savings

        return await self._powerwall.hass.async_add_executor_job(settle)

    async def _rows(self, channel: str, start: datetime, end: datetime) -> list[tuple[datetime, float, bool]]:
        ledger = self._powerwall.config_entry.runtime_data.ledger
        return await ledger.energies(self._powerwall.subentry_id, channel, start, end)

    def _counts(self, channel: str) -> bool:
        return channel != "solar_kwh" or self._powerwall.path.abilities.has_solar

    async def _levels_of(self, start: datetime, end: datetime, battery: BatteryModel) -> Levels | None:
        first, last = await self._level_at(start, battery), await self._level_at(end, battery)
        if first is None or last is None:
            return None
        return Levels(start_kwh=first[0], end_kwh=last[0], are_estimated=first[1] or last[1])

    async def _level_at(self, instant: datetime, battery: BatteryModel) -> tuple[float, bool] | None:
        """Return the level at an instant, and whether it was only estimated by what flowed since somebody looked."""
        if (percent := self._levels.at(instant)) is not None:
            return percent / 100.0 * battery.capacity_kwh, False
        before, after = self._levels.around(instant)
        first = instant if before is None else slot_start(before[0])
        last = instant if after is None else slot_start(after[0])
        count = (last - first) // SLOT
        charged = on_grid(await self._rows("battery_charge_kwh", first, last), first, count)
        discharged = on_grid(await self._rows("battery_discharge_kwh", first, last), first, count)
        level = level_between(
            stored_kwh(battery, charged, discharged),
            battery.capacity_kwh,
            None if before is None else before[1] / 100.0 * battery.capacity_kwh,
            None if after is None else after[1] / 100.0 * battery.capacity_kwh,
            (instant - first) // SLOT,
        )
        return None if level is None else (level, True)


def _with_best(done: Settlement, problem: PlanningProblem) -> DaySavings:
    """Add the best that could be done by someone who knew the day; wear is not part of any bill."""
    day = done.savings
    if not day.is_known or day.start_kwh is None or day.value_per_kwh is None:
        return day
    battery_kw, _, _ = best_possible(
        done.load_kw,
        done.solar_kw,
        done.import_per_kwh,
        done.export_per_kwh,
        done.steps.hours,
        replace(problem.battery, wear_per_kwh=0.0),
        problem.grid,
        problem.rule,
        day.start_kwh,
        day.value_per_kwh,
    )
    return done.with_best(battery_kw)
