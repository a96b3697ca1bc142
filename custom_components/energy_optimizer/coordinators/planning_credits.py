"""What net billing's credits are worth now, told from the bills of the last year."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from homeassistant.util import dt as dt_util

from ..const import LOGGER
from ..core.planning.effective_prices import IN_FULL, CreditMonth, CreditWorth, CreditYear, credit_worth
from ..core.tariffs.bill import Bill, LineKind
from ..core.tariffs.crediting import Crediting
from ..core.tariffs.kinds import KIND_NET_BILLING
from ..core.tariffs.local_days import day_starts_at
from ..core.tariffs.terms import Terms
from ..storage.ledger import LedgerUnavailableError
from .tariff import TariffCoordinator

_LEAST_KNOWN: Final = 0.9
"""The share of a month that must have been read for it to tell of the same month a year later."""
_DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)


@dataclass(kw_only=True, slots=True)
class CreditWatch:
    """Looks once a day, because that takes a year of bills; the credits of one tariff."""

    tariff: TariffCoordinator
    worth: CreditWorth = IN_FULL
    _looked_on: date | None = None

    async def async_look(self, now: datetime) -> CreditWorth:
        """Return what credits are worth; in full under other tariffs, and as long as bills do not tell."""
        zone = dt_util.get_default_time_zone()
        today = now.astimezone(zone).date()
        if self.tariff.settings.get("kind") != KIND_NET_BILLING or self.tariff.bills.data is None:
            return self.worth
        if self._looked_on != today:
            self._looked_on = today
            try:
                self.worth = await self._look(today, now)
            except LedgerUnavailableError as err:
                LOGGER.debug("What credits are worth is not known: %s", err)
                self._looked_on = None
        return self.worth

    async def _look(self, today: date, now: datetime) -> CreditWorth:
        terms = Terms.from_data(self.tariff.settings.get("terms"))
        rules = Crediting.from_data(self.tariff.settings["crediting"])
        month, year = terms.month_of(today), terms.year_of(today)
        past = await self._last_twelve(terms, month[0])
        ahead = [past.get(first.month) for first in _months(terms, month[0], year[1])]
        if any(each is None for each in ahead):
            return IN_FULL
        running = await self.tariff.bills.async_bill(*month)
        before = await self.tariff.bills.async_bill(year[0], month[0]) if year[0] < month[0] else None
        share_left = (_start(month[1]) - now) / (_start(month[1]) - _start(month[0]))
        known = [each for each in ahead if each is not None]
        known[0] = _plus(_month(running, 1.0), known[0], share_left)
        found = CreditYear(
            generation=float(running.opening.generation),
            delivery=float(running.opening.delivery),
            unpaid_generation=_unpaid(before, LineKind.IMPORT_GENERATION, "generation"),
            unpaid_delivery=_unpaid(before, LineKind.IMPORT_DELIVERY, "delivery"),
            surplus_kwh=before.export_kwh - before.import_kwh if before else 0.0,
            ahead=tuple(known),
            next_year=tuple(past[each.month] for each in _months(terms, *terms.year_of(year[1])) if each.month in past),
        )
        return credit_worth(found, rules, until=_start(year[1]))

    async def _last_twelve(self, terms: Terms, first: date) -> dict[int, CreditMonth]:
        """Return the billing months before *first* that were read well enough, by the month in which they began."""
        found: dict[int, CreditMonth] = {}
        for _ in range(12):
            first, end = terms.month_of(first - _DAY)
            bill = await self.tariff.bills.async_bill(first, end)
            known = bill.known_hours / ((_start(end) - _start(first)) / _HOUR)
            if known >= _LEAST_KNOWN and any(line.kind is LineKind.IMPORT_GENERATION for line in bill.lines):
                found[first.month] = _month(bill, 1.0 / known)
        return found


def _months(terms: Terms, first: date, end: date) -> list[date]:
    """Return the first days of the billing months from *first* to before *end*."""
    months = []
    while first < end:
        months.append(first)
        first = terms.month_of(first)[1]
    return months


def _start(day: date) -> datetime:
    return day_starts_at(day, dt_util.get_default_time_zone())


def _month(bill: Bill, scale: float) -> CreditMonth:
    """Return what a bill's energy brought, *scale* times."""

    def charges(kind: LineKind) -> float:
        return scale * sum(float(line.amount) for line in bill.lines if line.kind is kind and line.amount is not None)

    def earned(kind: LineKind) -> float:
        return scale * sum(float(line.credit) for line in bill.lines if line.kind is kind and line.credit is not None)

    return CreditMonth(
        generation_charges=charges(LineKind.IMPORT_GENERATION),
        generation_earned=earned(LineKind.EXPORT_GENERATION),
        delivery_charges=charges(LineKind.IMPORT_DELIVERY),
        delivery_earned=earned(LineKind.EXPORT_DELIVERY),
        import_kwh=scale * bill.import_kwh,
        export_kwh=scale * bill.export_kwh,
    )


def _plus(so_far: CreditMonth, usual: CreditMonth, share: float) -> CreditMonth:
    """Return what has come of a month, with a *share* of what it usually brings."""
    return CreditMonth(
        generation_charges=so_far.generation_charges + share * usual.generation_charges,
        generation_earned=so_far.generation_earned + share * usual.generation_earned,
        delivery_charges=so_far.delivery_charges + share * usual.delivery_charges,
        delivery_earned=so_far.delivery_earned + share * usual.delivery_earned,
        import_kwh=so_far.import_kwh + share * usual.import_kwh,
        export_kwh=so_far.export_kwh + share * usual.export_kwh,
    )


def _unpaid(bill: Bill | None, kind: LineKind, name: str) -> float:
    """Return what of the charges of one *kind* was paid with money."""
    if bill is None:
        return 0.0
    charged = sum(float(line.amount) for line in bill.lines if line.kind is kind and line.amount is not None)
    used = sum(
        float(line.amount)
        for line in bill.lines
        if line.kind is LineKind.CREDIT_USED and line.name == name and line.amount is not None
    )
    return max(charged + used, 0.0)
