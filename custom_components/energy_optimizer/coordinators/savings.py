"""Settles each day: what it cost, what it would have cost without us, and at best with hindsight."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, override

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.event import async_call_later, async_track_time_change
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from ..const import CONF_CURRENCY, DOMAIN, LOGGER
from ..core.accounting.counterfactual import Habit
from ..core.accounting.savings import DaySavings, share_of_possible
from ..core.planning.problem import PlanningProblem
from ..storage.ledger import LedgerUnavailableError
from ..storage.savings import SavingsBooks, SavingsStore, savings_from_json, savings_to_json
from .bills import counted_until
from .planning import PlanningCoordinator
from .powerwall import PowerwallCoordinator
from .runtime import HomeConfigEntry
from .savings_levels import LevelWatch
from .savings_settling import DaySettler
from .savings_statistics import async_clear_statistics, async_write_statistics
from .tariff import TariffCoordinator

MOST_CAUGHT_UP: Final = timedelta(days=31)
"""So many days that nobody settled are caught up with, and so long what was unknown is looked at again."""
_MINUTES: Final = (3, 18, 33, 48)
"""When each hour to look: by the first, the meter's last slot of the day before is over."""
_FIRST_AFTER: Final = timedelta(seconds=40)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class SavingsSnapshot:
    """What was saved; ``None`` where nobody knows."""

    today: DaySavings | None = None
    """So far."""
    yesterday: DaySavings | None = None
    month_starts_on: date | None = None
    saved_month: float | None = None
    share_month: float | None = None
    unknown_days: int = 0
    """Days of the month of which too little is known."""
    since: date | None = None
    """The first day on which the plan was carried out."""
    saved_since: float | None = None
    model_error: float | None = None
    """By how much the other home's cost was off per day, on average of the last days on which nobody steered."""
    model_error_days: int = 0


class SavingsCoordinator(DataUpdateCoordinator[SavingsSnapshot]):
    """The proof of what a home's planner saves; its data are never ``None``."""

    config_entry: HomeConfigEntry

    def __init__(self, planning: PlanningCoordinator, habit: Callable[[], Habit]) -> None:
        powerwall = planning.powerwall
        super().__init__(
            powerwall.hass,
            LOGGER,
            config_entry=powerwall.config_entry,
            name=f"Savings of {powerwall.title}",
            update_interval=None,
            always_update=False,
        )
        self.data = SavingsSnapshot()
        self.powerwall = powerwall
        self.currency: str = powerwall.config_entry.data[CONF_CURRENCY]
        self.books = SavingsBooks()
        self._planning = planning
        self._store = SavingsStore(powerwall.hass, powerwall.subentry_id)
        self._levels = LevelWatch(self._keep_level)
        self._settler = DaySettler(planning, habit, self._levels)
        self._problem: PlanningProblem | None = None
        self._looked_back_on: date | None = None
        self._unsubscribe: list[Callable[[], None]] = []
        self._is_loaded = False

    async def async_start(self) -> None:
        """Take up what was settled before, and look for the first time in a moment."""
        if (stored := await self._store.async_load_or_begin(savings_from_json)) is not None:
            self.books = stored
        self._levels.known = dict(self.books.levels)
        self._is_loaded = True
        self._unsubscribe = [
            self.powerwall.async_add_listener(self._look_at_powerwall),
            self._planning.async_add_listener(self._note_steering),
            async_track_time_change(self.hass, self._look, minute=list(_MINUTES), second=20),
            async_call_later(self.hass, _FIRST_AFTER, self._look),
        ]
        self._look_at_powerwall()
        self._note_steering()

    async def async_stop(self) -> None:
        """Store what was noted and look no more."""
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        self._unsubscribe.clear()
        await self.async_shutdown()
        if self._is_loaded:
            if (last := self._levels.last) is not None:
                self._keep_level(*last)
            await self._store.async_save(savings_to_json(self.books))

    async def _look(self, _now: datetime) -> None:
        await self.async_refresh()

    @callback
    def _look_at_powerwall(self) -> None:
        if self.powerwall.last_update_success and self.powerwall.data is not None:
            self._levels.look(self.powerwall.data.reading, dt_util.get_default_time_zone())

    @callback
    def _keep_level(self, at: datetime, percent: float) -> None:
        self.books = self.books.with_level(at, percent, forget_before=dt_util.utcnow() - MOST_CAUGHT_UP - _DAY)
        self._levels.known = dict(self.books.levels)

    @callback
    def _note_steering(self) -> None:
        """Note when the plan begins and ends to be carried out."""
        now = dt_util.utcnow()
        books = self.books.with_steering(
            now, is_steered=self._planning.data.settings.optimizes, forget_before=now - MOST_CAUGHT_UP - _DAY
        )
        if books is not self.books:
            self.books = books
            self._store.async_save_soon(lambda: savings_to_json(self.books))

    @override
    async def _async_update_data(self) -> SavingsSnapshot:
        self._note_steering()
        today = dt_util.now().date()
        tariff = tariff_of(self.config_entry)
        self._problem = problem = self._planning.data.problem or self._problem
        if tariff is None or problem is None:
            return self._snapshot(None, today)
        try:
            await self._settle_until(today, tariff, problem)
            until = counted_until(dt_util.utcnow())
            so_far = await self._settler.async_settle(today, tariff, self.books, problem, until=until)
        except LedgerUnavailableError as err:
            raise UpdateFailed(
                translation_domain=DOMAIN,
                translation_key=f"ledger_{err.trouble}",
                translation_placeholders=err.translation_placeholders,
            ) from err
        return self._snapshot(so_far, today)

    async def _settle_until(self, today: date, tariff: TariffCoordinator, problem: PlanningProblem) -> None:
        """Settle the days that are over, and anew those of which more is known now and all that follow them."""
        changed_from: date | None = None
        for day in self._due(today):
            known = self.books.days.get(day)
            if day == today - _DAY and known is None and not await self._settler.async_is_over(day):
                break
            settled = await self._settler.async_settle(day, tariff, self.books, problem)
            tells_more = (
                known is None or settled.unknown_steps < known.unknown_steps or settled.is_known > known.is_known
            )
            if settled == known or not (tells_more or changed_from is not None):
                continue
            self.books = self.books.with_day(settled)
            changed_from = changed_from or day
        else:
            self._looked_back_on = today
        if changed_from is not None:
            self._store.async_save_soon(lambda: savings_to_json(self.books))
            async_write_statistics(self.powerwall, self.books, self.currency, changed_from)

    def _due(self, today: date) -> Iterable[date]:
        """Yield the days to settle: after the last one, or once a day from the first that was not whole."""
        days = self.books.days
        earliest = max(today - MOST_CAUGHT_UP, self._settler.first_day(today, self.books))
        day = max(earliest, max(days) + _DAY) if days else earliest
        if self._looked_back_on != today:
            unsure = (each.day for each in days.values() if each.unknown_steps or not each.is_known)
            day = min(day, next((each for each in unsure if each >= earliest), day))
        while day < today:
            yield day
            day += _DAY

    def _snapshot(self, so_far: DaySavings | None, today: date) -> SavingsSnapshot:
        days = [each for each in self.books.days.values() if each.currency == self.currency]
        tariff = tariff_of(self.config_entry)
        month = today.replace(day=1) if tariff is None else tariff.bills.periods(today)[0][0]
        in_month = [each for each in days if each.day >= month]
        errors = [each.model_error for each in days[-MOST_CAUGHT_UP.days :] if each.model_error is not None]
        yesterday = self.books.days.get(today - _DAY)
        begun = self.books.since is not None or (so_far is not None and so_far.steered_share > 0.0)
        return SavingsSnapshot(
            today=so_far,
            yesterday=yesterday if yesterday in days else None,
            month_starts_on=month,
            saved_month=_sum([*in_month, *([so_far] if so_far else [])]),
            share_month=share_of_possible(in_month),
            unknown_days=sum(not each.is_known for each in in_month),
            since=self.books.since or (today if begun else None),
            saved_since=_sum([*days, *([so_far] if so_far else [])], self.books.sum_before(self.currency, "saved")),
            model_error=sum(map(abs, errors)) / len(errors) if errors else None,
            model_error_days=len(errors),
        )


def tariff_of(entry: HomeConfigEntry) -> TariffCoordinator | None:
    """Return the tariff of a home; ``None`` if it has none."""
    return next((each for each in entry.runtime_data.sources.values() if isinstance(each, TariffCoordinator)), None)


def _sum(days: Iterable[DaySavings], before: float = 0.0) -> float | None:
    """Return what was saved on all days that are known; ``None`` if none is."""
    known = [each.saved for each in days if each.saved is not None]
    return before + sum(known) if known else None


_SAVINGS: Final[HassKey[dict[str, SavingsCoordinator]]] = HassKey(f"{DOMAIN}_savings")


async def async_start_savings(planning: PlanningCoordinator, habit: Callable[[], Habit]) -> SavingsCoordinator:
    """Begin to settle the days of a Powerwall that was just started."""
    savings = SavingsCoordinator(planning, habit)
    planning.hass.data.setdefault(_SAVINGS, {})[planning.powerwall.subentry_id] = savings
    await savings.async_start()
    return savings


async def async_stop_savings(powerwall: PowerwallCoordinator) -> None:
    """Settle no more; the next start goes on."""
    savings = powerwall.hass.data.get(_SAVINGS, {}).pop(powerwall.subentry_id, None)
    if savings is not None:
        await savings.async_stop()


async def async_forget_savings(powerwall: PowerwallCoordinator) -> None:
    """Delete what was stored for a removed Powerwall, and its statistics."""
    store = SavingsStore(powerwall.hass, powerwall.subentry_id)
    books = await store.async_load_or_begin(savings_from_json) or SavingsBooks()
    await store.async_remove()
    async_clear_statistics(powerwall, {*books.currencies, powerwall.config_entry.data[CONF_CURRENCY]})


def savings_of(powerwall: PowerwallCoordinator) -> SavingsCoordinator:
    """Return what settles the days of a running Powerwall."""
    return powerwall.hass.data[_SAVINGS][powerwall.subentry_id]


def find_savings(hass: HomeAssistant, subentry_id: str) -> SavingsCoordinator | None:
    """Return what settles the days of a Powerwall; ``None`` while it starts or stops."""
    return hass.data.get(_SAVINGS, {}).get(subentry_id)
