"""Bills worked out a second time, from the printed rules: nothing of the integration is used here.

Every sum is exact (``Decimal``), every line is rounded to the cent, half to even.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

CENT = Decimal("0.01")
ZERO = Decimal(0)


class Row(NamedTuple):
    """What a meter counted from an instant on; the energies are written as in the file they come from."""

    starts_at: datetime
    minutes: int
    import_kwh: str
    export_kwh: str


def cents(money: Decimal) -> Decimal:
    return money.quantize(CENT, ROUND_HALF_EVEN)


def local(instant: datetime, zone: ZoneInfo) -> datetime:
    return instant.astimezone(UTC).astimezone(zone)


def is_off(day: date, holidays: Collection[date]) -> bool:
    """Saturdays, Sundays and holidays."""
    return day.isoweekday() in (6, 7) or day in holidays


def nth_weekday(year: int, month: int, weekday: int, n: int) -> date:
    """The n-th Monday (1) … Sunday (7) of a month, or the last one for n = -1."""
    days = [date(year, month, 1) + timedelta(days=index) for index in range(31)]
    days = [day for day in days if day.month == month and day.isoweekday() == weekday]
    return days[n - 1] if n > 0 else days[-1]


def californian_holidays(year: int) -> set[date]:
    """The eight days of the utilities; one on a Sunday is observed on Monday, one on a Saturday stays."""
    fixed = [date(year, 1, 1), date(year, 7, 4), date(year, 11, 11), date(year, 12, 25)]
    days = {nth_weekday(year, 2, 1, 3), nth_weekday(year, 5, 1, -1), nth_weekday(year, 9, 1, 1)}
    days.add(nth_weekday(year, 11, 4, 4))
    days |= set(fixed)
    return days | {day + timedelta(days=1) for day in fixed if day.isoweekday() == 7}


class Rate(NamedTuple):
    """A tier and what a kWh of it costs, whole and its generation part."""

    tier: str
    price: str
    generation: str


def e_elec(when: datetime, off: bool) -> Rate:
    """PG&E E-ELEC, from 1 June 2026: the same hours every day."""
    summer = when.month in (6, 7, 8, 9)
    if 16 <= when.hour < 21:
        return Rate("Peak", "0.55214", "0.25288") if summer else Rate("Peak", "0.32063", "0.09075")
    if when.hour == 15 or when.hour >= 21:
        return Rate("Part-peak", "0.39026", "0.15377") if summer else Rate("Part-peak", "0.29854", "0.07078")
    return Rate("Off-peak", "0.33358", "0.10867") if summer else Rate("Off-peak", "0.28468", "0.05743")


def tou_d_prime(when: datetime, off: bool) -> Rate:
    """SCE TOU-D-PRIME, from 1 June 2026. Of the generation rates 0.00014 cannot be bypassed."""
    summer = when.month in (6, 7, 8, 9)
    if 16 <= when.hour < 21:
        if not summer:
            return Rate("Mid-peak", "0.56646", "0.26475")
        return Rate("Mid-peak", "0.40182", "0.10544") if off else Rate("Peak", "0.59291", "0.29653")
    if summer:
        return Rate("Off-peak", "0.26698", "0.07035")
    return Rate("Super off-peak" if 8 <= when.hour < 16 else "Off-peak", "0.24633", "0.05944")


def ev_tou_5(when: datetime, off: bool) -> Rate:
    """SDG&E EV-TOU-5, from 1 August 2026."""
    summer = 6 <= when.month <= 10
    if 16 <= when.hour < 21:
        return Rate("Peak", "0.80205", "0.48396") if summer else Rate("Peak", "0.52383", "0.20574")
    if when.hour < 14 if off else (when.hour < 6 or 10 <= when.hour < 14):
        return Rate("Super off-peak", "0.13090", "0.08385") if summer else Rate("Super off-peak", "0.12332", "0.07627")
    return Rate("Off-peak", "0.49627", "0.17818") if summer else Rate("Off-peak", "0.46566", "0.14757")


@dataclass(frozen=True)
class NetBilling:
    """A Californian contract."""

    rate: Callable[[datetime, bool], Rate]
    non_bypassable: str
    base_per_day: str
    adder: str
    generation_credit: Callable[[datetime, bool], str]
    delivery_credit: Callable[[datetime, bool], str]
    leftover: str
    surplus: str
    surplus_generation: str
    surplus_delivery: str


@dataclass
class MonthBill:
    """The months of a year as they would be billed."""

    total: Decimal
    energy: Mapping[tuple[str, str], Decimal]
    earned: tuple[Decimal, Decimal, Decimal]
    closing: tuple[Decimal, Decimal, Decimal]


def net_billing_months(
    rows: Iterable[Row], zone: ZoneInfo, contract: NetBilling, months: list[tuple[int, int]], last_of_year: int
) -> list[MonthBill]:
    """Bill calendar month by calendar month; after the month *last_of_year* comes the true-up."""
    holidays = {day for year in {year for year, _ in months} for day in californian_holidays(year)}
    by_month: dict[tuple[int, int], list[tuple[datetime, Row]]] = defaultdict(list)
    for row in rows:
        when = local(row.starts_at, zone)
        by_month[when.year, when.month].append((when, row))
    bills: list[MonthBill] = []
    g_bank = d_bank = a_bank = ZERO
    year_in = year_out = g_unpaid = d_unpaid = ZERO
    for year, month in months:
        energy: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        g_value = d_value = kwh_in = kwh_out = ZERO
        for when, row in by_month[year, month]:
            off = is_off(when.date(), holidays)
            rate, bought, sold = contract.rate(when, off), Decimal(row.import_kwh), Decimal(row.export_kwh)
            delivery = Decimal(rate.price) - Decimal(rate.generation) - Decimal(contract.non_bypassable)
            energy["generation", rate.tier] += bought * Decimal(rate.generation)
            energy["delivery", rate.tier] += bought * delivery
            g_value += sold * Decimal(contract.generation_credit(when, off))
            d_value += sold * Decimal(contract.delivery_credit(when, off))
            kwh_in, kwh_out = kwh_in + bought, kwh_out + sold
        lines = {key: cents(money) for key, money in energy.items()}
        g_charge = sum((money for (part, _), money in lines.items() if part == "generation"), ZERO)
        d_charge = sum((money for (part, _), money in lines.items() if part == "delivery"), ZERO)
        g_earned, d_earned, a_earned = cents(g_value), cents(d_value), cents(kwh_out * Decimal(contract.adder))
        days = (date(year + month // 12, month % 12 + 1, 1) - date(year, month, 1)).days
        fixed = cents(days * Decimal(contract.base_per_day)) + cents(kwh_in * Decimal(contract.non_bypassable))
        g_bank, d_bank, a_bank = g_bank + g_earned, d_bank + d_earned, a_bank + a_earned
        g_used, d_used = min(g_charge, g_bank), min(d_charge, d_bank)
        g_bank, d_bank = g_bank - g_used, d_bank - d_used
        owed = g_charge - g_used + d_charge - d_used + fixed
        a_used = min(owed, a_bank)
        a_bank -= a_used
        total = owed - a_used
        year_in, year_out = year_in + kwh_in, year_out + kwh_out
        g_unpaid, d_unpaid = g_unpaid + g_charge - g_used, d_unpaid + d_charge - d_used
        if month == last_of_year:
            surplus = max(year_out - year_in, ZERO)
            total -= cents(surplus * Decimal(contract.surplus))
            g_debit = cents(surplus * Decimal(contract.surplus_generation))
            d_debit = cents(surplus * Decimal(contract.surplus_delivery))
            total += max(g_debit - g_bank, ZERO) + max(d_debit - d_bank, ZERO)
            g_bank, d_bank = max(g_bank - g_debit, ZERO), max(d_bank - d_debit, ZERO)
            if contract.leftover == "applied_back":
                total -= min(g_bank, g_unpaid) + min(d_bank, d_unpaid)
            if contract.leftover != "carried":
                g_bank = d_bank = ZERO
            year_in = year_out = g_unpaid = d_unpaid = ZERO
        bills.append(MonthBill(total, lines, (g_earned, d_earned, a_earned), (g_bank, d_bank, a_bank)))
    return bills


class Price(NamedTuple):
    """What one interval's energy costs and earns where parts are not kept apart."""

    tier: str
    import_price: str
    export_price: str


def simple_months(
    rows: Iterable[Row],
    zone: ZoneInfo,
    price: Callable[[datetime], Price],
    months: list[tuple[int, int]],
    *,
    per_day: str = "0",
    per_month: str = "0",
    per_year: str = "0",
) -> list[Decimal]:
    """Return the totals of calendar months under any tariff that pays for exports at once."""
    bought: dict[tuple[int, int], dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    sold: dict[tuple[int, int], dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for row in rows:
        when = local(row.starts_at, zone)
        at = price(row.starts_at)
        bought[when.year, when.month][at.tier] += Decimal(row.import_kwh) * Decimal(at.import_price)
        sold[when.year, when.month][at.tier] += Decimal(row.export_kwh) * Decimal(at.export_price)
    totals = []
    for year, month in months:
        days = (date(year + month // 12, month % 12 + 1, 1) - date(year, month, 1)).days
        year_days = (date(year + 1, 1, 1) - date(year, 1, 1)).days
        total = sum((cents(money) for money in bought[year, month].values()), ZERO)
        total -= sum((cents(money) for money in sold[year, month].values()), ZERO)
        total += cents(days * Decimal(per_day)) + Decimal(per_month)
        totals.append(total + cents(days * Decimal(per_year) / year_days))
    return totals


def tempo_price(when: datetime, colours: Mapping[date, str], prices: Mapping[date, Mapping[str, str]]) -> Price:
    """What EDF asks at an instant: the colour holds from 06:00 to 06:00, off-peak is from 22:00 to 06:00, in Paris."""
    clock = local(when, ZoneInfo("Europe/Paris"))
    day = clock.date() if clock.hour >= 6 else clock.date() - timedelta(days=1)
    hours = "hp" if 6 <= clock.hour < 22 else "hc"
    since = max(start for start in prices if start <= clock.date())
    return Price(f"{colours[day]} {hours}", prices[since][f"{colours[day]}_{hours}"], "0")
