"""Makes the bill of a stretch of days: one pure function for every kind of tariff.

Bills are made by billing months, because that is when credits are used; a longer one is the sum of its months, to the
cent. Fixed charges count each local day that has begun: a monthly charge by the days of its billing month, a yearly
one by the days of its billing year, so that a whole month or year costs exactly what the contract says. A day is
charged by the contract with which it began, the first day of all by the one that began on it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Final

from ..model.metering import MeteredInterval
from . import Tariff
from .bill import Bill, BillLine, LineKind, to_cents
from .bill_energy import tally
from .crediting import Crediting, Credits, Standing, use
from .local_days import day_starts_at
from .terms import Terms
from .true_up import settle

_DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)
_NOTHING: Final = Decimal("0.00")


@dataclass(frozen=True, kw_only=True, slots=True)
class Contract:
    """Fixed charges and rules of credits, from an instant on."""

    since: datetime
    terms: Terms
    crediting: Crediting | None = None
    """``None`` where exports earn money at once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """Local days that are billed together: at most one billing month."""

    first: date
    end: date
    """The first day that is not part of it."""
    time_zone: tzinfo

    @property
    def starts_at(self) -> datetime:
        """The first instant."""
        return day_starts_at(self.first, self.time_zone)

    @property
    def ends_at(self) -> datetime:
        """The first instant after it."""
        return day_starts_at(self.end, self.time_zone)


def contract_at(contracts: Sequence[Contract], instant: datetime) -> Contract | None:
    """Return the contract in force at *instant*; ``None`` before the first one."""
    return next((each for each in reversed(contracts) if each.since <= instant), None)


def stretches(first: date, end: date, contracts: Sequence[Contract], time_zone: tzinfo) -> Iterator[Stretch]:
    """Yield [*first*, *end*) cut where billing months begin; before the first contract they begin as in it."""
    while first < end:
        contract = contract_at(contracts, day_starts_at(first, time_zone)) or next(iter(contracts), None)
        terms = Terms() if contract is None else contract.terms
        cut = min(end, terms.month_of(first)[1])
        yield Stretch(first=first, end=cut, time_zone=time_zone)
        first = cut


def bill_of(
    stretch: Stretch,
    intervals: Iterable[MeteredInterval],
    tariff: Tariff,
    contracts: Sequence[Contract],
    *,
    standing: Standing,
    now: datetime,
) -> tuple[Bill, Standing]:
    """Return the bill of a stretch as it stands *now*, and where the billing year stands after it.

    Args:
        stretch: which days; within one billing month, see ``stretches``.
        intervals: what the meter counted, in order and without overlap; may reach beyond the stretch.
        tariff: what gave each instant its price.
        contracts: what was in force, in the order in which it began.
        standing: where the billing year stood before.
        now: until when there is something to bill, if the stretch is not over.
    """
    until = max(stretch.starts_at, min(stretch.ends_at, now))
    counted = tally(intervals, tariff, stretch.starts_at, until)
    lines = [*counted.lines(), *_fixed(stretch, contracts, until)]
    contract = contract_at(contracts, until)
    after = replace(
        standing,
        import_kwh=standing.import_kwh + counted.import_kwh,
        export_kwh=standing.export_kwh + counted.export_kwh,
        is_partial=standing.is_partial or bool(counted.unknown),
    )
    lines, after = _credit(lines, standing.credits, after)
    if contract is not None and contract.crediting is not None and _ends_year(stretch, contract, now):
        settled, left = settle(after, contract.crediting)
        lines += settled
        after = Standing(credits=left)
    order = list(LineKind)
    lines += _handed_on(standing.credits, after.credits)
    bill = Bill(
        first=stretch.first,
        end=stretch.end,
        until=until,
        lines=tuple(sorted(lines, key=lambda line: order.index(line.kind))),
        import_kwh=counted.import_kwh,
        export_kwh=counted.export_kwh,
        known_hours=(until - stretch.starts_at - counted.unknown) / _HOUR,
        estimated_kwh=counted.estimated_kwh,
        opening=standing.credits,
        closing=after.credits,
    )
    return bill, after


def _ends_year(stretch: Stretch, contract: Contract, now: datetime) -> bool:
    return now >= stretch.ends_at and stretch.end == contract.terms.year_of(stretch.first)[1]


def _fixed(stretch: Stretch, contracts: Sequence[Contract], until: datetime) -> Iterator[BillLine]:
    """Yield the fixed charges of the days that have begun, and how many days have none because nobody knows them."""
    charges: dict[LineKind, Counter[tuple[float, int]]] = {
        kind: Counter() for kind in (LineKind.PER_DAY, LineKind.PER_MONTH, LineKind.PER_YEAR)
    }
    unknown = 0
    day = stretch.first
    while day < stretch.end and (starts_at := day_starts_at(day, stretch.time_zone)) < until:
        contract = contract_at(contracts, starts_at) or next(iter(contracts), None)
        if contract is None or contract.since >= day_starts_at(day + _DAY, stretch.time_zone):
            unknown += 1
        else:
            for kind, charge, days in _charges_of(contract.terms, day):
                charges[kind][charge, days] += 1
        day += _DAY
    for kind, counts in charges.items():
        if counts:
            money = sum((Decimal(repr(charge)) * n / days for (charge, days), n in counts.items()), Decimal(0))
            yield BillLine(kind=kind, days=counts.total(), amount=to_cents(money))
    if unknown:
        yield BillLine(kind=LineKind.UNKNOWN_CHARGES, days=unknown)


def _charges_of(terms: Terms, day: date) -> Iterator[tuple[LineKind, float, int]]:
    """Yield the charges that a day bears a part of, and over how many days each is spread."""
    if terms.per_day is not None:
        yield LineKind.PER_DAY, terms.per_day, 1
    if terms.per_month is not None:
        first, end = terms.month_of(day)
        yield LineKind.PER_MONTH, terms.per_month, (end - first).days
    if terms.per_year is not None:
        first, end = terms.year_of(day)
        yield LineKind.PER_YEAR, terms.per_year, (end - first).days


def _credit(lines: list[BillLine], before: Credits, standing: Standing) -> tuple[list[BillLine], Standing]:
    """Let credits pay what they may, first those of generation and delivery, then the adder what is left."""

    def amount(*kinds: LineKind) -> Decimal:
        return sum((line.amount for line in lines if line.amount is not None and line.kind in kinds), _NOTHING)

    def earned(kind: LineKind) -> Decimal:
        return sum((line.credit for line in lines if line.credit is not None and line.kind is kind), _NOTHING)

    generation_charges = amount(LineKind.IMPORT_GENERATION)
    delivery_charges = amount(LineKind.IMPORT_DELIVERY)
    generation = use(generation_charges, before.generation + earned(LineKind.EXPORT_GENERATION))
    delivery = use(delivery_charges, before.delivery + earned(LineKind.EXPORT_DELIVERY))
    rest = amount(*LineKind) - generation.used - delivery.used
    adder = use(rest, before.adder + earned(LineKind.EXPORT_ADDER))
    used = {"generation": generation.used, "delivery": delivery.used, "adder": adder.used}
    after = replace(
        standing,
        credits=Credits(generation=generation.left, delivery=delivery.left, adder=adder.left),
        unpaid_generation=standing.unpaid_generation + max(generation_charges - generation.used, _NOTHING),
        unpaid_delivery=standing.unpaid_delivery + max(delivery_charges - delivery.used, _NOTHING),
    )
    paid = [
        BillLine(kind=LineKind.CREDIT_USED, name=name, amount=-money, credit=-money)
        for name, money in used.items()
        if money
    ]
    return [*lines, *paid], after


def _handed_on(before: Credits, after: Credits) -> Iterator[BillLine]:
    """Yield the credits that came from the bill before and go on to the next one."""
    for name in ("generation", "delivery", "adder"):
        if brought := getattr(before, name):
            yield BillLine(kind=LineKind.CREDIT_BROUGHT, name=name, credit=brought)
        if carried := getattr(after, name):
            yield BillLine(kind=LineKind.CREDIT_CARRIED, name=name, credit=-carried)
