"""Bills of real homes against the second computation; the homes are not part of this repository.

``REAL_HOMES`` names a folder with the series (CSV, gzip): without it these tests are skipped.
"""

import csv
import gzip
import json
import os
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from custom_components.energy_optimizer.api.tariff import net_billing_rates
from custom_components.energy_optimizer.api.tariff.public_holidays import look_up
from custom_components.energy_optimizer.core.model.price import PriceSlot
from custom_components.energy_optimizer.core.tariffs import FOREVER, Tariff
from custom_components.energy_optimizer.core.tariffs.bill import as_one
from custom_components.energy_optimizer.core.tariffs.billing import Stretch, bill_of
from custom_components.energy_optimizer.core.tariffs.crediting import Crediting, Standing
from custom_components.energy_optimizer.core.tariffs.net_billing import NetBillingTariff
from custom_components.energy_optimizer.core.tariffs.net_billing_presets import HOLIDAYS, NET_BILLING_PRESETS
from custom_components.energy_optimizer.core.tariffs.presets import HEURES_CREUSES, PEAK_SHOULDER, Preset
from custom_components.energy_optimizer.core.tariffs.published import PublishedTariff
from custom_components.energy_optimizer.core.tariffs.tempo import TempoTariff
from custom_components.energy_optimizer.core.tariffs.tempo_prices import PUBLISHED
from custom_components.energy_optimizer.core.tariffs.tempo_rules import Colour
from custom_components.energy_optimizer.core.tariffs.terms import Terms
from custom_components.energy_optimizer.core.tariffs.time_of_use import TierPrice, TimeOfUsePlan, TimeOfUseTariff
from tests.core.tariffs import independent_bill as independent
from tests.core.tariffs.bill_homes import contract, intervals, monthly_bills, months_from, same_to_the_cent
from tests.core.tariffs.independent_bill import Price, Row, is_off
from tests.core.tariffs.test_bill_independent import RATES

FOLDER = os.environ.get("REAL_HOMES", "")
pytestmark = pytest.mark.skipif(not FOLDER, reason="REAL_HOMES does not name a folder with series of real homes")

LOS_ANGELES, PARIS, SYDNEY = (ZoneInfo(name) for name in ("America/Los_Angeles", "Europe/Paris", "Australia/Sydney"))
CENT = Decimal("0.01")


def lines_of(name: str) -> Iterator[dict[str, str]]:
    with gzip.open(Path(FOLDER) / f"{name}.csv.gz", "rt", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def instant(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%MZ").replace(tzinfo=UTC)


def row(starts_at: datetime, minutes: int, load: str, sun: str, factor: str = "1") -> Row:
    net = (Decimal(load) - Decimal(sun or "0")) * Decimal(factor)
    return Row(starts_at, minutes, str(max(net, Decimal(0))), str(max(-net, Decimal(0))))


@cache
def californian_homes() -> dict[str, list[Row]]:
    homes: dict[str, list[Row]] = defaultdict(list)
    for line in lines_of("homes_california_citylearn_60min"):
        homes[line["home_id"]].append(row(instant(line["ts_utc"]), 60, line["load_kwh"], line["pv_kwh"]))
    return homes


def export_table(utility: str) -> tuple[list[list[float]], list[list[float]]]:
    """Read the published values once more, from the file and not through the integration."""
    folder = Path(net_billing_rates.__file__).parent / "net_billing"
    content = json.loads((folder / f"{utility}.json").read_text(encoding="utf-8"))
    table = content["tables"][content["vintages"]["NBT26"]["2026"]]
    return table["generation"], table["delivery"]


@pytest.mark.parametrize("key", list(NET_BILLING_PRESETS))
def test_a_californian_year(key: str) -> None:
    """Eight homes from August 2016 to July 2017, at prices of 2026."""
    preset = NET_BILLING_PRESETS[key]
    generation, delivery = export_table(preset.utility)
    values = net_billing_rates.export_values(preset.utility, "NBT26")[2026]
    crediting = Crediting(
        leftover=preset.crediting.leftover,
        surplus_per_kwh=0.027,
        surplus_generation_per_kwh=0.046,
        surplus_delivery_per_kwh=0.013,
    )
    adder = preset.adders_per_kwh.get("NBT26", 0.0)
    tariff = NetBillingTariff(
        imports=TimeOfUseTariff(
            plan=preset.imports.plan, time_zone=LOS_ANGELES, holidays=look_up(HOLIDAYS, 2016, 2017)
        ),
        generation=preset.generation,
        non_bypassable_per_kwh=preset.non_bypassable_per_kwh,
        exports={2016: values, 2017: values},
        adder_per_kwh=adder,
    )
    theirs = independent.NetBilling(
        rate=RATES[key],
        non_bypassable=str(preset.non_bypassable_per_kwh),
        base_per_day=str(preset.base_charge_per_day),
        adder=str(adder),
        generation_credit=lambda when, off: repr(generation[2 * when.month - 2 + off][when.hour]),
        delivery_credit=lambda when, off: repr(delivery[2 * when.month - 2 + off][when.hour]),
        leftover=crediting.leftover.value,
        surplus="0.027",
        surplus_generation="0.046",
        surplus_delivery="0.013",
    )
    terms = Terms(per_day=preset.base_charge_per_day, true_up_month=8)
    for rows in californian_homes().values():
        ours = monthly_bills(
            intervals(rows), tariff, [contract(terms, crediting)], LOS_ANGELES, date(2016, 8, 1), date(2017, 8, 1)
        )
        expected = independent.net_billing_months(rows, LOS_ANGELES, theirs, months_from(2016, 8, 12), 7)
        assert same_to_the_cent((bill.total for bill in ours), (each.total for each in expected)) <= CENT
        whole = as_one(ours)
        assert whole.is_complete
        assert abs(whole.total - sum(each.total for each in expected)) <= CENT


def months_of(rows: list[Row], zone: ZoneInfo) -> list[tuple[int, int]]:
    """Return the months of which at least three weeks were measured."""
    minutes: dict[tuple[int, int], int] = defaultdict(int)
    for each in rows:
        when = each.starts_at.astimezone(zone)
        minutes[when.year, when.month] += each.minutes
    return [month for month, covered in sorted(minutes.items()) if covered >= 21 * 24 * 60]


def stretch(year: int, month: int, zone: ZoneInfo) -> Stretch:
    return Stretch(first=date(year, month, 1), end=date(year + month // 12, month % 12 + 1, 1), time_zone=zone)


def totals(rows: list[Row], tariff: Tariff, terms: Terms, zone: ZoneInfo, months: list[tuple[int, int]]) -> list:
    metered = intervals(rows)
    found = []
    for year, month in months:
        days = stretch(year, month, zone)
        inside = [each for each in metered if days.starts_at <= each.starts_at < days.ends_at]
        made, _ = bill_of(days, inside, tariff, (contract(terms),), standing=Standing(), now=FOREVER)
        measured = sum((each.ends_at - each.starts_at for each in inside), timedelta())
        assert made.is_complete == (measured == days.ends_at - days.starts_at)
        assert made.known_hours == pytest.approx(measured / timedelta(hours=1))
        found.append(made.total)
    return found


def plan_with(preset: Preset, **prices: float) -> TimeOfUsePlan:
    plan = preset.plan
    known = tuple(
        TierPrice(tier=tier, import_per_kwh=price, export_per_kwh=0.04)
        for tier, price in zip(plan.tiers, prices.values(), strict=True)
    )
    return TimeOfUsePlan(seasons=plan.seasons, prices=known, windows=plan.windows, rest_tier=plan.rest_tier)


@cache
def french_home() -> list[Row]:
    return [
        row(instant(line["ts_utc"]), 30, line["load_kw"], line["pv_kw"], "0.5")
        for line in lines_of("home_france_emhass_30min")
        if line["load_kw"]
    ]


def test_the_french_home_under_heures_creuses() -> None:
    rows = french_home()
    months = months_of(rows, PARIS)
    tariff = TimeOfUseTariff(plan=plan_with(HEURES_CREUSES, peak=0.27, off_peak=0.2068), time_zone=PARIS)

    def price(at: datetime) -> Price:
        off_peak = not 6 <= at.astimezone(PARIS).hour < 22
        return Price("HC", "0.2068", "0.04") if off_peak else Price("HP", "0.27", "0.04")

    ours = totals(rows, tariff, Terms(per_year=180.12), PARIS, months)
    expected = independent.simple_months(rows, PARIS, price, months, per_year="180.12")
    assert len(months) >= 5
    assert same_to_the_cent(ours, expected) <= CENT


def test_the_french_home_under_tempo() -> None:
    rows = french_home()
    months = months_of(rows, PARIS)
    colours = {date.fromisoformat(line["date"]): line["color"] for line in lines_of("tempo_calendar_days")}
    tariff = TempoTariff(
        colours={day: Colour(colour) for day, colour in colours.items()},
        today=date(2026, 1, 9),
        periods=PUBLISHED,
        export_per_kwh=0.04,
    )
    names = ("blue_hc", "blue_hp", "white_hc", "white_hp", "red_hc", "red_hp")
    prices = {
        date(2024, 2, 1): ("0.1296", "0.1609", "0.1486", "0.1894", "0.1568", "0.7562"),
        date(2025, 2, 1): ("0.1288", "0.1552", "0.1447", "0.1792", "0.1518", "0.6586"),
    }
    table = {since: dict(zip(names, each, strict=True)) for since, each in prices.items()}

    def price(at: datetime) -> Price:
        return independent.tempo_price(at, colours, table)._replace(export_price="0.04")

    ours = totals(rows, tariff, Terms(per_month=16.5), PARIS, months)
    expected = independent.simple_months(rows, PARIS, price, months, per_month="16.5")
    assert same_to_the_cent(ours, expected) <= CENT


@cache
def australian_home() -> list[Row]:
    return [
        row(instant(line["ts_utc"]), 30, line["load_kw"], line["pv_kw"], "0.5")
        for line in lines_of("home_sydney_ausgrid12_30min")
    ]


def test_the_australian_home_by_time_of_use() -> None:
    rows = australian_home()
    months = months_of(rows, SYDNEY)
    tariff = TimeOfUseTariff(
        plan=plan_with(PEAK_SHOULDER, peak=0.5258, shoulder=0.2134, off_peak=0.1309), time_zone=SYDNEY
    )

    def price(at: datetime) -> Price:
        when = at.astimezone(SYDNEY)
        if not is_off(when.date(), ()) and 15 <= when.hour < 21:
            return Price("Peak", "0.5258", "0.04")
        if not is_off(when.date(), ()) and 7 <= when.hour < 22:
            return Price("Shoulder", "0.2134", "0.04")
        return Price("Off-peak", "0.1309", "0.04")

    ours = totals(rows, tariff, Terms(per_day=0.8753), SYDNEY, months)
    expected = independent.simple_months(rows, SYDNEY, price, months, per_day="0.8753")
    assert len(months) >= 5
    assert same_to_the_cent(ours, expected) <= CENT


@pytest.mark.parametrize("minutes", [5, 30])
def test_the_australian_home_on_wholesale_prices(minutes: int) -> None:
    """Load of 2011-12 moved to 2024, whose prices there are; negative prices among them."""
    shift = datetime(2023, 12, 31, 14, tzinfo=UTC) - datetime(2011, 6, 30, 14, tzinfo=UTC)
    parts = 30 // minutes
    rows = [
        Row(
            each.starts_at + shift + timedelta(minutes=minutes * index),
            minutes,
            str(round(Decimal(each.import_kwh) / parts, 6)),
            str(round(Decimal(each.export_kwh) / parts, 6)),
        )
        for each in australian_home()
        for index in range(parts)
    ]
    spot = {
        instant(line["ts_utc"]): Decimal(line["spot_aud_per_kwh"]) for line in lines_of(f"prices_nem_vic1_{minutes}min")
    }
    # In the files the time of the market (UTC+10, no summer time) is already converted to UTC.
    bought = {at: price + Decimal("0.125") for at, price in spot.items()}
    slots = tuple(
        PriceSlot(
            starts_at=at,
            ends_at=at + timedelta(minutes=minutes),
            tier="",
            import_per_kwh=float(bought[at]),
            export_per_kwh=float(price),
        )
        for at, price in sorted(spot.items())
    )
    months = [month for month in months_of(rows, SYDNEY) if month[0] == 2024 and month[1] < 12]
    ours = totals(rows, PublishedTariff(slots), Terms(per_day=1.1), SYDNEY, months)
    expected = independent.simple_months(
        rows, SYDNEY, lambda at: Price("", str(bought[at]), str(spot[at])), months, per_day="1.1"
    )
    assert len(months) >= 5
    assert any(price < 0 for price in spot.values())
    assert same_to_the_cent(ours, expected) <= CENT
