"""Bills against a second computation from the printed rules, over a made-up year with a leap day and clock changes."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from custom_components.energy_optimizer.api.tariff.net_billing_rates import export_values
from custom_components.energy_optimizer.core.tariffs.bill import LineKind, as_one
from custom_components.energy_optimizer.core.tariffs.crediting import Crediting, Leftover
from custom_components.energy_optimizer.core.tariffs.flat import FlatTariff
from custom_components.energy_optimizer.core.tariffs.net_billing import ExportYear, NetBillingTariff
from custom_components.energy_optimizer.core.tariffs.net_billing_presets import NET_BILLING_PRESETS, NetBillingPreset
from custom_components.energy_optimizer.core.tariffs.terms import Terms
from custom_components.energy_optimizer.core.tariffs.time_of_use import TimeOfUseTariff
from tests.core.tariffs import independent_bill as independent
from tests.core.tariffs.bill_homes import (
    contract,
    holidays_of,
    intervals,
    made_up_year,
    monthly_bills,
    months_from,
    same_to_the_cent,
)

LOS_ANGELES = ZoneInfo("America/Los_Angeles")
RATES = {
    "pge_e_elec": independent.e_elec,
    "sce_tou_d_prime": independent.tou_d_prime,
    "sdge_ev_tou_5": independent.ev_tou_5,
}


def generation_value(month: int, off: bool, hour: int) -> str:
    """Values that nobody published, different for every one of the 576."""
    return f"0.{month * 1000 + off * 500 + hour * 7 + 4000:05}"


def delivery_value(month: int, off: bool, hour: int) -> str:
    return f"0.{month * 10 + off * 5 + hour:05}"


MADE_UP = ExportYear(
    generation=tuple(
        tuple(float(generation_value(month, off, hour)) for hour in range(24))
        for month in range(1, 13)
        for off in (False, True)
    ),
    delivery=tuple(
        tuple(float(delivery_value(month, off, hour)) for hour in range(24))
        for month in range(1, 13)
        for off in (False, True)
    ),
)


def theirs(preset: NetBillingPreset, crediting: Crediting, adder: str) -> independent.NetBilling:
    return independent.NetBilling(
        rate=RATES[preset.imports.key],
        non_bypassable={"pge_e_elec": "0.01621", "sce_tou_d_prime": "0.01398", "sdge_ev_tou_5": "0.02099"}[
            preset.imports.key
        ],
        base_per_day="0.79400" if preset.imports.key == "sce_tou_d_prime" else "0.79343",
        adder=adder,
        generation_credit=lambda when, off: generation_value(when.month, off, when.hour),
        delivery_credit=lambda when, off: delivery_value(when.month, off, when.hour),
        leftover=crediting.leftover.value,
        surplus="0.027",
        surplus_generation="0.046",
        surplus_delivery="0.013",
    )


@pytest.mark.parametrize("kwp", [3.0, 9.0])
@pytest.mark.parametrize("leftover", list(Leftover))
@pytest.mark.parametrize("key", list(NET_BILLING_PRESETS))
def test_net_billing(key: str, leftover: Leftover, kwp: float) -> None:
    """From 1 March 2023 to the end of February 2025: both clock changes twice, 29 February, two true-ups."""
    preset = NET_BILLING_PRESETS[key]
    crediting = Crediting(
        leftover=leftover,
        surplus_per_kwh=0.027,
        surplus_generation_per_kwh=0.046,
        surplus_delivery_per_kwh=0.013,
    )
    tariff = NetBillingTariff(
        imports=TimeOfUseTariff(
            plan=preset.imports.plan, time_zone=LOS_ANGELES, holidays=holidays_of(2023, 2024, 2025)
        ),
        generation=preset.generation,
        non_bypassable_per_kwh=preset.non_bypassable_per_kwh,
        exports={2023: MADE_UP, 2024: MADE_UP, 2025: MADE_UP},
        adder_per_kwh=0.0088,
    )
    rows = made_up_year(LOS_ANGELES, date(2023, 3, 1), 731, minutes=60, kwp=kwp)
    terms = Terms(per_day=preset.base_charge_per_day, true_up_month=3)
    ours = monthly_bills(
        intervals(rows), tariff, [contract(terms, crediting)], LOS_ANGELES, date(2023, 3, 1), date(2025, 3, 1)
    )
    months = months_from(2023, 3, 24)
    expected = independent.net_billing_months(rows, LOS_ANGELES, theirs(preset, crediting, "0.0088"), months, 2)
    assert all(bill.is_complete for bill in ours)
    assert same_to_the_cent((bill.total for bill in ours), (each.total for each in expected)) == 0
    for bill, other in zip(ours, expected, strict=True):
        assert (bill.closing.generation, bill.closing.delivery, bill.closing.adder) == other.closing
        lines = {(line.kind, line.name): line.amount for line in bill.lines}
        for (part, tier), money in other.energy.items():
            kind = LineKind.IMPORT_GENERATION if part == "generation" else LineKind.IMPORT_DELIVERY
            assert lines.get((kind, tier), Decimal(0)) == money
    whole = as_one(ours)
    assert whole.total == sum(each.total for each in expected)
    if kwp > 5:
        assert any(line.kind is LineKind.SURPLUS for line in whole.lines)


@pytest.mark.parametrize(
    ("key", "vintage", "instant", "generation", "delivery"),
    [
        # Figures of the published sheets: weekday and weekend, a holiday, both sides of a clock change.
        ("pge_e_elec", "NBT26", datetime(2026, 8, 15, 19, 30, tzinfo=LOS_ANGELES), None, None),
        ("sce_tou_d_prime", "NBT26", datetime(2026, 8, 15, 20, 59, tzinfo=LOS_ANGELES), 1.01897, 0.00212),
        ("sce_tou_d_prime", "NBT26", datetime(2026, 7, 3, 17, 0, tzinfo=LOS_ANGELES), 0.06036, 0.2233),
        ("sce_tou_d_prime", "NBT26", datetime(2026, 9, 7, 16, 0, tzinfo=LOS_ANGELES), 0.0422, 0.08218),
        ("sce_tou_d_prime", "NBT26", datetime(2026, 3, 8, 11, 0, tzinfo=UTC), 0.06925, 0.00072),
        ("sce_tou_d_prime", "NBT26", datetime(2026, 11, 1, 9, 30, tzinfo=UTC), 0.07657, 0.00073),
        ("sdge_ev_tou_5", "NBT26", datetime(2026, 1, 2, 1, 0, tzinfo=LOS_ANGELES), None, 0.000793),
    ],
)
def test_published_values(
    key: str, vintage: str, instant: datetime, generation: float | None, delivery: float | None
) -> None:
    preset = NET_BILLING_PRESETS[key]
    tariff = NetBillingTariff(
        imports=TimeOfUseTariff(plan=preset.imports.plan, time_zone=LOS_ANGELES, holidays=holidays_of(2026)),
        generation=preset.generation,
        non_bypassable_per_kwh=preset.non_bypassable_per_kwh,
        exports=export_values(preset.utility, vintage),
    )
    slot = tariff.at(instant)
    parts = [part.per_kwh for part in slot.export_parts]
    if generation is None and delivery is None:
        assert slot.export_per_kwh == pytest.approx(1.19289)
    else:
        assert parts[0] == (parts[0] if generation is None else generation)
        assert parts[1] == delivery
        assert slot.export_per_kwh == pytest.approx(sum(parts))
    assert sum(part.per_kwh for part in slot.import_parts) == pytest.approx(slot.import_per_kwh)
    assert slot.starts_at <= instant < slot.ends_at


def test_a_year_without_published_values_has_no_export_price() -> None:
    preset = NET_BILLING_PRESETS["sce_tou_d_prime"]
    tariff = NetBillingTariff(
        imports=TimeOfUseTariff(plan=preset.imports.plan, time_zone=LOS_ANGELES, holidays=holidays_of(2026)),
        generation=preset.generation,
        non_bypassable_per_kwh=preset.non_bypassable_per_kwh,
        exports=export_values(preset.utility, "NBT26"),
    )
    slot = tariff.at(datetime(2027, 1, 1, 0, 0, tzinfo=LOS_ANGELES))
    assert slot.export_per_kwh is None
    assert slot.import_per_kwh is not None
    before = tariff.at(datetime(2026, 12, 31, 23, 59, tzinfo=LOS_ANGELES))
    assert before.export_per_kwh is not None
    assert before.ends_at == slot.starts_at


def test_flat_with_every_charge() -> None:
    zone = ZoneInfo("Europe/Paris")
    rows = made_up_year(zone, date(2024, 1, 1), 366)
    terms = Terms(per_day=0.1, per_month=3.33, per_year=100.0)
    tariff = FlatTariff(tier="Base", import_per_kwh=0.2516, export_per_kwh=0.04)
    ours = monthly_bills(intervals(rows), tariff, [contract(terms)], zone, date(2024, 1, 1), date(2025, 1, 1))
    expected = independent.simple_months(
        rows,
        zone,
        lambda _: independent.Price("Base", "0.2516", "0.04"),
        months_from(2024, 1, 12),
        per_day="0.1",
        per_month="3.33",
        per_year="100",
    )
    assert [bill.total for bill in ours] == expected
