"""Net-billing contracts as they are kept."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import settings as settings_of_tests
from hypothesis import strategies as st

from custom_components.energy_optimizer.api.tariff.net_billing_rates import export_values, source, vintages
from custom_components.energy_optimizer.core.tariffs.crediting import Credits
from custom_components.energy_optimizer.core.tariffs.days import DayKind
from custom_components.energy_optimizer.core.tariffs.net_billing import ExportYear
from custom_components.energy_optimizer.core.tariffs.net_billing_presets import NET_BILLING_PRESETS
from custom_components.energy_optimizer.core.tariffs.net_billing_settings import (
    NetBillingSettings,
    OpeningCredits,
    Utility,
)
from custom_components.energy_optimizer.core.tariffs.serialisation import UnreadableTariffError
from tests.core.tariffs.bill_homes import holidays_of


def settings(key: str = "pge_e_elec", **more) -> NetBillingSettings:
    preset = NET_BILLING_PRESETS[key]
    return NetBillingSettings(
        plan=preset.imports.plan,
        utility=preset.utility,
        vintage="NBT26",
        generation=preset.generation,
        non_bypassable_per_kwh=preset.non_bypassable_per_kwh,
        crediting=preset.crediting,
        **more,
    )


@pytest.mark.parametrize("key", list(NET_BILLING_PRESETS))
def test_written_and_read(key: str) -> None:
    opening = OpeningCredits(day=date(2026, 5, 1), credits=Credits(generation=Decimal("1.23")))
    contract = settings(key, opening=opening, adder_per_kwh=0.01, own_generation_per_kwh=0.02)
    assert NetBillingSettings.from_data(contract.to_data(), UTC) == contract


@pytest.mark.parametrize("missing", ["generation", "crediting", "utility", "non_bypassable_per_kwh", "seasons"])
def test_what_is_incomplete_is_refused(missing: str) -> None:
    data = settings().to_data()
    del data[missing]
    with pytest.raises(UnreadableTariffError):
        NetBillingSettings.from_data(data, UTC)


@pytest.mark.parametrize("key", list(NET_BILLING_PRESETS))
def test_each_price_of_a_preset_has_its_parts(key: str) -> None:
    preset = NET_BILLING_PRESETS[key]
    for price in preset.imports.plan.prices:
        assert price.import_per_kwh is not None
        rest = price.import_per_kwh - preset.generation[price.season, price.tier] - preset.non_bypassable_per_kwh
        assert rest > 0
    for season in preset.imports.plan.seasons:
        assert preset.imports.plan.profile(season.name, DayKind.HOLIDAY)


@pytest.mark.parametrize("utility", list(Utility))
def test_published_tables_are_whole_and_plausible(utility: Utility) -> None:
    assert source(utility)
    for vintage, (first, last) in vintages(utility).items():
        years = export_values(utility, vintage)
        assert (min(years), max(years)) == (first, last)
        assert set(years) == set(range(first, last + 1))
        for year in years.values():
            values = [value for table in (year.generation, year.delivery) for row in table for value in row]
            assert all(0 <= value < 4 for value in values)
            mean = sum(sum(row) for row in year.generation) / 576
            assert 0.02 < mean < 0.3
    assert export_values(utility, "NBT99") == {}


def test_a_table_with_a_hole_is_refused() -> None:
    whole = tuple((0.1,) * 24 for _ in range(24))
    with pytest.raises(ValueError, match="24 hours"):
        ExportYear(generation=whole, delivery=whole[:-1])


@given(st.integers(24, 8600), st.integers(1, 60))
@settings_of_tests(max_examples=30, deadline=None)
@example(24 * 66, 48)
@example(24 * 304, 48)
def test_slots_follow_each_other_through_clock_changes(start: int, hours: int) -> None:
    """Slots leave no gap, hold the instant that was asked for, and their parts make their prices."""
    zone = ZoneInfo("America/Los_Angeles")
    contract = settings("sce_tou_d_prime", adder_per_kwh=0.016)
    tariff = contract.tariff(zone, holidays_of(2026), export_values(Utility.SCE, "NBT26"))
    first = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=start)
    end = first + timedelta(hours=hours)
    slots = list(tariff.slots(first, end))
    assert slots[0].starts_at <= first < slots[0].ends_at
    assert slots[-1].starts_at < end <= slots[-1].ends_at
    for one, following in pairwise(slots):
        assert one.ends_at == following.starts_at
    for slot in slots:
        assert slot.ends_at - slot.starts_at <= timedelta(hours=1)
        assert tariff.at(slot.starts_at) == tariff.at(slot.ends_at - timedelta(seconds=1)) == slot
        assert slot.import_per_kwh == pytest.approx(sum(part.per_kwh for part in slot.import_parts))
        assert slot.export_per_kwh == pytest.approx(sum(part.per_kwh for part in slot.export_parts))
