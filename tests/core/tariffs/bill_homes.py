"""What tests of bills share: rows as metered intervals, whole years of bills, and a made-up home."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from math import cos, pi
from random import Random
from zoneinfo import ZoneInfo

from custom_components.energy_optimizer.core.model.metering import MeteredInterval
from custom_components.energy_optimizer.core.tariffs import BEGINNING, FOREVER, Tariff
from custom_components.energy_optimizer.core.tariffs.bill import Bill
from custom_components.energy_optimizer.core.tariffs.billing import Contract, bill_of, stretches
from custom_components.energy_optimizer.core.tariffs.crediting import Crediting, Standing
from custom_components.energy_optimizer.core.tariffs.days import Holidays
from custom_components.energy_optimizer.core.tariffs.terms import Terms
from tests.core.tariffs.independent_bill import Row, californian_holidays


def intervals(rows: Iterable[Row]) -> list[MeteredInterval]:
    """Return rows as the integration knows them."""
    return [
        MeteredInterval(
            starts_at=row.starts_at,
            ends_at=row.starts_at + timedelta(minutes=row.minutes),
            import_kwh=float(row.import_kwh),
            export_kwh=float(row.export_kwh),
        )
        for row in rows
    ]


def contract(terms: Terms | None = None, crediting: Crediting | None = None) -> Contract:
    """Return a contract that was always in force."""
    return Contract(since=BEGINNING, terms=terms or Terms(), crediting=crediting)


def monthly_bills(
    metered: Sequence[MeteredInterval],
    tariff: Tariff,
    contracts: Sequence[Contract],
    zone: ZoneInfo,
    first: date,
    end: date,
) -> list[Bill]:
    """Bill one billing month after the other, each with the credits that the one before left."""
    standing, bills = Standing(), []
    for stretch in stretches(first, end, contracts, zone):
        inside = [each for each in metered if each.ends_at > stretch.starts_at and each.starts_at < stretch.ends_at]
        bill, standing = bill_of(stretch, inside, tariff, contracts, standing=standing, now=FOREVER)
        bills.append(bill)
    return bills


def holidays_of(*years: int) -> Holidays:
    """Return the holidays of California's utilities."""
    dates = frozenset(day for year in years for day in californian_holidays(year))
    return Holidays(dates=dates, known_until=date(max(years) + 1, 1, 1))


def months_from(year: int, month: int, count: int) -> list[tuple[int, int]]:
    """Return months in order, as year and month."""
    return [(year + (month - 1 + index) // 12, (month - 1 + index) % 12 + 1) for index in range(count)]


def made_up_year(zone: ZoneInfo, first: date, days: int, *, minutes: int = 30, kwp: float = 6.0) -> list[Row]:
    """Return a home's meter over days that no home had: sun by day, an evening peak, noise from a fixed seed."""
    return list(_made_up(zone, first, days, minutes, kwp))


def _made_up(zone: ZoneInfo, first: date, days: int, minutes: int, kwp: float) -> Iterator[Row]:
    random = Random(20260601)
    instant = datetime(first.year, first.month, first.day, tzinfo=zone).astimezone(UTC)
    last = first + timedelta(days=days)
    end = datetime(last.year, last.month, last.day, tzinfo=zone).astimezone(UTC)
    hours = minutes / 60
    while instant < end:
        clock = instant.astimezone(zone)
        season = cos(2 * pi * (clock.timetuple().tm_yday - 172) / 365)
        noon = max(0.0, cos(pi * (clock.hour + clock.minute / 60 - 13) / (12 + 2 * season)))
        sun = kwp * noon * (0.55 + 0.25 * season) * random.uniform(0.3, 1.0)
        load = 0.35 + 1.6 * (17 <= clock.hour < 22) * random.uniform(0.4, 1.4) + random.expovariate(4)
        net = (load - sun) * hours
        yield Row(instant, minutes, f"{max(net, 0):.4f}", f"{max(-net, 0):.4f}")
        instant += timedelta(minutes=minutes)


def same_to_the_cent(ours: Iterable[Decimal], theirs: Iterable[Decimal]) -> Decimal:
    """Return by how much two lists of money differ at most."""
    return max(abs(one - other) for one, other in zip(ours, theirs, strict=True))
