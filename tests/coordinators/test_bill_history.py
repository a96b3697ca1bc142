"""Bills over times in which much changed: clocks, tariffs, currencies, tables of prices, outages."""

from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir

from custom_components.energy_optimizer.api.tariff import net_billing_rates
from custom_components.energy_optimizer.const import DOMAIN
from custom_components.energy_optimizer.core.tariffs.net_billing_presets import HOLIDAYS
from tests.coordinators.tariff_in_san_diego import PRICED, ZONE, go_to, local, tariff
from tests.coordinators.test_bills import Meter, ask, bills_of
from tests.core.tariffs.test_net_billing_settings import settings as net_billing
from tests.homes import FLAT, home, set_up

CALIFORNIAN = {**net_billing().to_data(), "holidays": HOLIDAYS.to_data(), "preset": "pge_e_elec"}
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
async def _in_california(hass: HomeAssistant) -> None:
    await hass.config.async_set_time_zone("America/Los_Angeles")


def cents(money: float) -> Decimal:
    return Decimal(repr(round(money, 9))).quantize(Decimal("0.01"), ROUND_HALF_EVEN)


async def test_a_week_with_a_clock_change_two_tariffs_and_a_day_of_unknown_prices(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """From Thursday to Wednesday; the clocks go back on Sunday, 1 November 2026, at two."""
    freezer.move_to(local(2026, 10, 29))
    entry = await set_up(hass, home(tariff(FLAT | {"terms": {"per_day": 0.5}})))
    (subentry,) = entry.subentries.values()
    meter = Meter(hass, freezer, entry)
    changed_at, unknown_from = (each.astimezone(UTC) for each in (local(2026, 10, 31, 12), local(2026, 11, 3)))
    await meter.run(local(2026, 10, 29), changed_at, 1.0)
    hass.config_entries.async_update_subentry(entry, subentry, data=PRICED | {"terms": {"per_day": 0.25}})
    await hass.async_block_till_done()
    await meter.run(changed_at, unknown_from, 1.0)
    entry.runtime_data.ledger.note_terms("gone", "amber", {"kind": "amber"}, unknown_from)
    await meter.run(unknown_from, local(2026, 11, 5), 1.0)
    answer = await ask(hass, start_date="2026-10-29", end_date="2026-11-04")
    lines = {(line["kind"], line.get("name")): line for line in answer["lines"]}
    prices = {(each["season"], each["tier"]): each["import_per_kwh"] for each in PRICED["prices"]}
    expected: dict[str, float] = {}
    at = changed_at
    while at < unknown_from:
        clock = at.astimezone(ZONE)
        is_off, season = clock.weekday() >= 5, "Summer" if clock.month == 10 else "Winter"
        night = 14 if is_off else 6
        cheap = clock.hour < night or (not is_off and 10 <= clock.hour < 14)
        tier = "Peak" if 16 <= clock.hour < 21 else "Super off-peak" if cheap else "Off-peak"
        kwh = 0.95 if at == changed_at else 1.0  # the tariff was changed three minutes later
        expected[tier] = expected.get(tier, 0.0) + kwh * prices[season, tier]
        at += HOUR
    assert lines["import", "Standard"]["kwh"] == 60.05
    for tier, money in expected.items():
        assert Decimal(str(lines["import", tier]["amount"])) == pytest.approx(cents(money), abs=Decimal("0.011"))
    assert lines["unpriced_import", None]["kwh"] == 48.0
    assert answer["import_kwh"] == 169.0  # seven days and an hour
    assert lines["per_day", None] == {"kind": "per_day", "days": 5, "amount": 2.0}
    assert not answer["complete"]
    assert answer["total"] == pytest.approx(sum(line.get("amount", 0) for line in answer["lines"]), abs=1e-9)
    days = [
        await ask(
            hass,
            start_date=str(date(2026, 10, 29) + timedelta(days=n)),
            end_date=str(date(2026, 10, 29) + timedelta(days=n)),
        )
        for n in range(7)
    ]
    assert sum(day["import_kwh"] for day in days) == pytest.approx(169.0)


async def test_money_of_another_currency_is_not_added(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    freezer.move_to(local(2026, 7, 1))
    entry = await set_up(hass, home(tariff(FLAT | {"terms": {"per_day": 1.0}})))
    meter = Meter(hass, freezer, entry)
    await meter.run(local(2026, 7, 1), local(2026, 7, 1, 10), 1.0)
    assert (await ask(hass, period="today"))["total"] == pytest.approx(3.1 + 1.0)
    hass.config_entries.async_update_entry(entry, data={**entry.data, "currency": "EUR"})
    await hass.async_block_till_done()
    await go_to(hass, freezer, local(2026, 7, 1, 10, 10))
    await meter.run(local(2026, 7, 2), local(2026, 7, 2, 2), 1.0)
    answer = await ask(hass, start_date="2026-07-01", end_date="2026-07-02")
    assert answer["currency"] == "EUR"
    lines = {line["kind"]: line for line in answer["lines"]}
    assert lines["unpriced_import"]["kwh"] >= 9.9
    assert not answer["complete"]
    assert (await ask(hass, period="today"))["total"] == pytest.approx(
        2 * 0.31 + 1.0, abs=0.04
    )  # one coarse step flowed at some time before


async def test_export_values_that_come_with_a_later_release_complete_old_bills(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tables end on New Year's Eve: the user is told, nothing becomes zero, and later the bill is whole."""
    whole = net_billing_rates.export_values
    data = CALIFORNIAN | {"adder_per_kwh": 0.0}
    monkeypatch.setattr(
        "custom_components.energy_optimizer.coordinators.tariff_kinds.export_values",
        lambda utility, vintage: {2026: whole(utility, vintage)[2026]},
    )
    freezer.move_to(local(2026, 11, 30))
    entry = await set_up(hass, home(tariff(data)))
    (subentry_id,) = entry.subentries
    issues = ir.async_get(hass)
    assert issues.async_get_issue(DOMAIN, f"export_values_end_{subentry_id}") is None
    await go_to(hass, freezer, local(2026, 12, 3))
    soon = issues.async_get_issue(DOMAIN, f"export_values_end_{subentry_id}")
    assert soon is not None
    assert soon.translation_placeholders == {"name": "Tariff", "date": "2027-01-01"}
    await go_to(hass, freezer, local(2027, 1, 1, 0, 1))
    assert issues.async_get_issue(DOMAIN, f"export_values_end_{subentry_id}") is None
    assert issues.async_get_issue(DOMAIN, f"export_values_ended_{subentry_id}") is not None
    assert hass.states.get("sensor.tariff_export_price").state == "unknown"
    await Meter(hass, freezer, entry).run(local(2027, 1, 1), local(2027, 1, 1, 4), 0.0, 3.0)
    before = await ask(hass, period="today")
    assert [line["kind"] for line in before["lines"] if "export" in line["kind"]] == ["unpriced_export"]
    assert not before["complete"]
    monkeypatch.undo()
    await go_to(hass, freezer, local(2027, 5, 1))
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    after = await ask(hass, start_date="2027-01-01", end_date="2027-01-01")
    kinds = {line["kind"]: line for line in after["lines"]}
    assert "unpriced_export" not in kinds
    assert kinds["export_generation"]["kwh"] == 12.0
    assert not [issue for issue in issues.issues.values() if issue.translation_key.startswith("export_values")]


async def test_energy_that_becomes_known_after_midnight_is_in_the_bill_of_the_day_before(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    freezer.move_to(local(2026, 6, 30))
    entry = await set_up(hass, home(tariff(FLAT)))
    meter = Meter(hass, freezer, entry)
    await meter.run(local(2026, 6, 30), local(2026, 6, 30, 20), 1.0)
    await go_to(hass, freezer, local(2026, 7, 1, 0, 30))
    unfinished = await ask(hass, period="yesterday")
    assert unfinished["import_kwh"] == 20.0
    assert not unfinished["complete"]
    meter.bought += 5
    await meter.read(local(2026, 7, 1, 1))
    await go_to(hass, freezer, local(2026, 7, 1, 1, 10))
    finished = await ask(hass, period="yesterday")
    assert finished["import_kwh"] == pytest.approx(24.0)
    assert finished["complete"]
    assert finished["estimated_percent"] == pytest.approx(100 * 4 / 24, abs=0.1)


async def test_another_time_zone_bills_other_days(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    freezer.move_to(local(2026, 7, 1))
    entry = await set_up(hass, home(tariff(FLAT)))
    await Meter(hass, freezer, entry).run(local(2026, 7, 1), local(2026, 7, 1, 12), 1.0)
    assert (await ask(hass, start_date="2026-07-01"))["import_kwh"] == 12.0
    await hass.config.async_set_time_zone("America/New_York")
    await hass.async_block_till_done()
    await bills_of(entry).async_refresh()
    assert (await ask(hass, start_date="2026-07-01"))["import_kwh"] == 12.0
    await hass.config.async_set_time_zone("Asia/Tokyo")  # there it is past one at night on the second of July
    await hass.async_block_till_done()
    today: dict[str, Any] = await ask(hass, period="today")
    assert (today["start_date"], today["import_kwh"]) == ("2026-07-02", 4.0)


@pytest.mark.parametrize("billing_day", [28])
async def test_a_billing_month_around_a_leap_day(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, billing_day: int
) -> None:
    freezer.move_to(local(2028, 2, 28))
    entry = await set_up(hass, home(tariff(FLAT | {"terms": {"per_month": 30.0, "billing_day": billing_day}})))
    await Meter(hass, freezer, entry).run(local(2028, 2, 29), local(2028, 2, 29, 1), 1.0)
    await go_to(hass, freezer, datetime(2028, 3, 29, 8, tzinfo=UTC))
    answer = await ask(hass, start_date="2028-02-28", end_date="2028-03-27")
    lines = {line["kind"]: line for line in answer["lines"]}
    assert lines["per_month"] == {"kind": "per_month", "days": 29, "amount": 30.0}
    assert (await ask(hass, period="last_month"))["start_date"] == "2028-02-28"
