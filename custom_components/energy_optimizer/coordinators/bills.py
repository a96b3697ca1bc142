"""Makes bills of what the ledger knows, and keeps those of today, the month and the year at hand."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Final, override

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed
from homeassistant.util import dt as dt_util

from ..const import DOMAIN, LOGGER
from ..core.model.metering import SLOT
from ..core.model.price import PriceSlot
from ..core.tariffs import FOREVER, Tariff
from ..core.tariffs.bill import Bill, as_one
from ..core.tariffs.bill_prices import RulesInForce, billed_prices
from ..core.tariffs.billing import Contract, Stretch, bill_of, stretches
from ..core.tariffs.contracts import contract_of, first_day_of_credits, opening_of
from ..core.tariffs.crediting import Credits, Standing
from ..core.tariffs.published import PublishedTariff
from ..core.tariffs.terms import Terms
from ..storage.ledger import HomeLedger, LedgerUnavailableError, TermsRecord
from .bill_rules import rules_of

if TYPE_CHECKING:
    from .tariff import TariffCoordinator

UPDATE_EVERY: Final = timedelta(minutes=5)
_FIRST_AFTER: Final = timedelta(seconds=20)
"""The start of Home Assistant is not burdened with a year's energy."""
_LAG: Final = timedelta(minutes=2)
"""How long after its end a slot of the meter may still be counting."""
_SETTLED_AFTER: Final = timedelta(days=3)
"""So long after its end, a bill with estimates or gaps is made anew each time; later once a day, as all others are."""
_LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class CurrentBills:
    """The bills that are running."""

    today: Bill
    month: Bill
    year: Bill


@dataclass(frozen=True, kw_only=True, slots=True)
class _Books:
    """What bills are made by, as the ledger knows it now."""

    records: tuple[TermsRecord, ...]
    """Settings of tariffs that can be billed, each with the contract in the same place of *contracts*."""
    contracts: tuple[Contract, ...]
    rules: tuple[RulesInForce, ...]
    elsewhere: tuple[tuple[datetime, datetime], ...]
    """From when to when prices were in another currency: money cannot be converted, so they are unknown."""
    time_zone: tzinfo

    def prices(self, known: Iterable[PriceSlot], start: datetime, end: datetime) -> PublishedTariff:
        """Return the prices of [*start*, *end*), of which some are *known* to the ledger."""
        ours = [slot for slot in known if not any(since <= slot.starts_at < end for since, end in self.elsewhere)]
        return billed_prices(ours, self.rules, start, end)

    def crediting(self) -> list[tuple[TermsRecord, Contract]]:
        """Return what held under rules of credits, in order."""
        pairs = zip(self.records, self.contracts, strict=True)
        return [(record, contract) for record, contract in pairs if contract.crediting is not None]


class BillsCoordinator(DataUpdateCoordinator[CurrentBills]):
    """The bills of a home, as a part of its tariff."""

    def __init__(self, hass: HomeAssistant, tariff: TariffCoordinator) -> None:
        super().__init__(
            hass,
            LOGGER,
            config_entry=tariff.config_entry,
            name=f"Bills of {tariff.title}",
            update_interval=UPDATE_EVERY,
            always_update=False,
        )
        self.tariff = tariff
        self._lock = asyncio.Lock()
        self._done: dict[tuple[Stretch, Standing], tuple[Bill, Standing]] = {}
        self._done_on: date | None = None
        self._books: _Books | None = None
        self._unreadable: set[datetime] = set()
        """Since when settings held that nobody can read, to say so once."""
        self._first: Callable[[], None] | None = None

    @callback
    def async_start(self) -> None:
        """Make the first bills in a moment."""
        self._first = async_call_later(self.hass, _FIRST_AFTER, self._make_first)

    @override
    async def async_shutdown(self) -> None:
        if self._first is not None:
            self._first()
            self._first = None
        await super().async_shutdown()

    async def _make_first(self, _now: datetime) -> None:
        self._first = None
        await self.async_refresh()

    @property
    def _ledger(self) -> HomeLedger:
        return self.tariff.config_entry.runtime_data.ledger

    @override
    async def _async_update_data(self) -> CurrentBills:
        today = dt_util.now().date()
        month, year = self.periods(today)
        try:
            return CurrentBills(
                today=await self.async_bill(today, today + _DAY),
                month=await self.async_bill(*month),
                year=await self.async_bill(*year),
            )
        except LedgerUnavailableError as err:
            raise UpdateFailed(
                translation_domain=DOMAIN,
                translation_key=f"ledger_{err.trouble}",
                translation_placeholders=err.translation_placeholders,
            ) from err

    def periods(self, day: date) -> tuple[tuple[date, date], tuple[date, date]]:
        """Return the billing month and the billing year of *day*, each as its first day and the day after it."""
        terms = Terms.from_data(self.tariff.settings.get("terms"))
        return terms.month_of(day), terms.year_of(day)

    async def async_bill(self, first: date, end: date) -> Bill:
        """Return the bill of the local days [*first*, *end*) as it stands now.

        Raises:
            LedgerUnavailableError: if the ledger does not answer.
        """
        async with self._lock:
            now = counted_until(dt_util.utcnow())
            books = await self._open_books()
            standing = await self._standing_on(first, books, now)
            bills: list[Bill] = []
            for stretch in stretches(first, end, books.contracts, books.time_zone):
                bill, standing = await self._bill_of(stretch, books, standing, now)
                bills.append(bill)
            return as_one(bills)

    async def async_prices(self, start: datetime, end: datetime, *, before: Tariff | None = None) -> PublishedTariff:
        """Return the prices that bills of [*start*, *end*) go by; *before* holds until the ledger knows a tariff.

        Raises:
            LedgerUnavailableError: if the ledger does not answer.
        """
        async with self._lock:
            books = await self._open_books()
            known = await self._ledger.prices(start, end)
        if before is not None:
            began_at = min((record.since for record in books.records), default=FOREVER)
            earlier = RulesInForce(since=_LONG_AGO, until=began_at, tariff=before)
            books = replace(books, rules=(earlier, *books.rules))
        return await self.hass.async_add_executor_job(books.prices, known, start, end)

    async def _open_books(self) -> _Books:
        """Learn from the ledger which contracts and rules held; forget bills that were made by others, or yesterday."""
        zone = dt_util.get_default_time_zone()
        records: list[TermsRecord] = []
        contracts: list[Contract] = []
        elsewhere: list[tuple[datetime, datetime]] = []
        for record in await self._ledger.terms(_LONG_AGO, FOREVER):
            if record.settings.get("currency", self.tariff.currency) != self.tariff.currency:
                elsewhere.append((record.since, record.until or FOREVER))
                continue
            try:
                contracts.append(contract_of(record.kind, record.settings, record.since))
            except (KeyError, TypeError, ValueError) as err:
                if record.since not in self._unreadable:
                    LOGGER.warning("Settings of %s since %s cannot be billed: %r", self.name, record.since, err)
                self._unreadable.add(record.since)
            else:
                records.append(record)
        today = dt_util.now().date()
        known = self._books
        if known is None or (known.records, known.time_zone) != (tuple(records), zone) or self._done_on != today:
            rules = [
                RulesInForce(since=record.since, until=record.until or FOREVER, tariff=tariff)
                for record in records
                if (tariff := await rules_of(self.hass, record)) is not None
            ]
            known = self._books = _Books(
                records=tuple(records),
                contracts=tuple(contracts),
                rules=tuple(rules),
                elsewhere=tuple(elsewhere),
                time_zone=zone,
            )
            self._done, self._done_on = {}, today
        return known

    async def _standing_on(self, day: date, books: _Books, now: datetime) -> Standing:
        """Return where the billing year stands as *day* begins: what all bills before it left."""
        if not (crediting := books.crediting()):
            return Standing()
        contract = crediting[0][1]
        opening = opening_of(crediting[-1][0].kind, crediting[-1][0].settings)
        if opening is not None and opening.day > day:
            opening = None
        start = first_day_of_credits(contract, opening, books.time_zone)
        is_partial = contract.terms.year_of(start)[0] != start
        standing = Standing(credits=opening.credits if opening else Credits(), is_partial=is_partial)
        for stretch in stretches(start, day, books.contracts, books.time_zone):
            _, standing = await self._bill_of(stretch, books, standing, now)
        return standing

    async def _bill_of(
        self, stretch: Stretch, books: _Books, standing: Standing, now: datetime
    ) -> tuple[Bill, Standing]:
        """Return a stretch's bill and what it leaves; one that is over and settled is made once a day."""
        if (done := self._done.get((stretch, standing))) is not None:
            return done
        starts_at, ends_at = stretch.starts_at, max(stretch.starts_at, min(stretch.ends_at, now))
        metered = await self._ledger.metered(starts_at, ends_at) if starts_at < ends_at else []
        known = await self._ledger.prices(starts_at, ends_at) if starts_at < ends_at else []

        def make() -> tuple[Bill, Standing]:
            prices = books.prices(known, starts_at, ends_at)
            return bill_of(stretch, metered, prices, books.contracts, standing=standing, now=now)

        made = await self.hass.async_add_executor_job(make)
        is_final = made[0].is_complete and not made[0].estimated_kwh
        if now >= stretch.ends_at and (is_final or now - stretch.ends_at >= _SETTLED_AFTER):
            self._done[stretch, standing] = made
        return made


def counted_until(now: datetime) -> datetime:
    """Return the end of the last slot of the meter that no reading will add to any more."""
    return now - _LAG - (now - _LAG - _LONG_AGO) % SLOT
