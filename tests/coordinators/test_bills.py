"""Bills in the real core: what the ledger knows becomes lines that add up."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers.dispatcher import async_dispatcher_send
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.energy_optimizer.const import DOMAIN
from custom_components.energy_optimizer.coordinators.signals import signal_counters
from custom_components.energy_optimizer.coordinators.tariff import TariffCoordinator
from custom_components.energy_optimizer.core.accounting.slots import CounterReading
from custom_components.energy_optimizer.core.model.price import PriceSlot
from custom_components.energy_optimizer.core.tariffs.net_billing_presets import HOLIDAYS
from custom_components.energy_optimizer.storage.ledger import LedgerUnavailableError
from custom_components.energy_optimizer.storage.ledger.errors import LedgerError
from tests.coordinators.tariff_in_san_diego import PRICED, go_to, local, state, tariff
from tests.core.tariffs.test_net_billing_settings import settings as net_billing
from tests.homes import FLAT, home, set_up

SLOT = timedelta(minutes=5)
FLAT_WITH_TERMS = FLAT | {"terms": {"per_day": 0.5, "per_month": 31.0, "billing_day": 1}}


@pytest.fixture(autouse=True)
async def _in_san_diego(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    await hass.config.async_set_time_zone("America/Los_Angeles")
    freezer.move_to(local(2026, 7, 1, 0, 0))


class Meter:
    """A home's meter, read every five minutes."""

    def __init__(self, hass: HomeAssistant, freezer: FrozenDateTimeFactory, entry: MockConfigEntry) -> None:
        self.hass, self.freezer, self.entry = hass, freezer, entry
        self.bought = self.sold = 0.0

    async def read(self, at: datetime) -> None:
        reading = CounterReading(
            source="meter",
            origin="test",
            taken_at=at.astimezone(UTC),
            totals={"grid_import_kwh": self.bought, "grid_export_kwh": self.sold},
        )
        async_dispatcher_send(self.hass, signal_counters(self.entry.entry_id), reading)

    async def run(self, start: datetime, end: datetime, bought_kw: float, sold_kw: float = 0.0) -> None:
        """Let energy flow evenly, with a reading at the start and after each slot."""
        await self.read(start)
        at = start
        while at < end:
            at += SLOT
            self.bought += bought_kw / 12
            self.sold += sold_kw / 12
            await self.read(at)
        await go_to(self.hass, self.freezer, end + timedelta(minutes=3))


async def ask(hass: HomeAssistant, **data: Any) -> Any:
    return await hass.services.async_call(DOMAIN, "get_bill", data, blocking=True, return_response=True)


def bills_of(entry: MockConfigEntry) -> Any:
    (source,) = (each for each in entry.runtime_data.sources.values() if isinstance(each, TariffCoordinator))
    return source.bills


async def test_sensors_follow_the_running_bills(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    entry = await set_up(hass, home(tariff(FLAT_WITH_TERMS)))
    assert state(hass, "bill_today") == STATE_UNKNOWN
    meter = Meter(hass, freezer, entry)
    await meter.run(local(2026, 7, 1), local(2026, 7, 1, 2), 6.0, 1.2)
    await bills_of(entry).async_refresh()
    # 12 kWh bought, 2.4 sold; one day's charge and one of 31 parts of the month's
    assert float(state(hass, "bill_today")) == pytest.approx(12 * 0.31 - 2.4 * 0.06 + 0.5 + 1.0, abs=0.01)
    assert state(hass, "bill_today") == state(hass, "bill_this_month")
    today = hass.states.get("sensor.tariff_bill_today")
    assert today.attributes["complete"] is True
    assert today.attributes["estimated_percent"] == 0
    assert today.attributes["last_reset"] == "2026-07-01T07:00:00+00:00"
    assert today.attributes["unit_of_measurement"] == "USD"
    year = hass.states.get("sensor.tariff_bill_this_year")
    assert year.attributes["last_reset"] == "2026-01-01T08:00:00+00:00"
    assert year.attributes["complete"] is False


async def test_the_action_explains(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    data = PRICED | {"terms": {"per_day": 0.79343, "billing_day": 1}}
    entry = await set_up(hass, home(tariff(data)))
    await Meter(hass, freezer, entry).run(local(2026, 7, 1), local(2026, 7, 1, 7), 1.0, 0.6)
    answer = await ask(hass, period="today")
    assert answer["currency"] == "USD"
    assert (answer["start_date"], answer["end_date"]) == ("2026-07-01", "2026-07-01")
    assert answer["counted_until"] == "2026-07-01T07:00:00-07:00"
    assert answer["lines"] == [
        {"kind": "import", "name": "Super off-peak", "kwh": 6.0, "amount": 0.79},
        {"kind": "import", "name": "Off-peak", "kwh": 1.0, "amount": 0.5},
        {"kind": "export", "name": "Super off-peak", "kwh": 3.6, "amount": -0.18},
        {"kind": "export", "name": "Off-peak", "kwh": 0.6, "amount": -0.03},
        {"kind": "per_day", "days": 1, "amount": 0.79},
    ]
    assert answer["total"] == pytest.approx(sum(line["amount"] for line in answer["lines"]))
    assert (answer["complete"], answer["import_kwh"], answer["export_kwh"]) == (True, 7.0, 4.2)
    same = await ask(hass, start_date="2026-07-01")
    assert same == answer
    yesterday = await ask(hass, period="yesterday")
    assert yesterday["lines"] == [
        {"kind": "unknown_time", "hours": 24.0},
        {"kind": "unknown_charges", "days": 1},
    ]
    assert yesterday["total"] == 0
    assert not yesterday["complete"]
    for period, first in (
        ("month", "2026-07-01"),
        ("last_month", "2026-06-01"),
        ("year", "2026-01-01"),
        ("last_year", "2025-01-01"),
    ):
        assert (await ask(hass, period=period))["start_date"] == first


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ({"period": "today", "start_date": "2026-07-01"}, "bill_period_or_dates"),
        ({"end_date": "2026-07-01"}, "bill_period_or_dates"),
        ({"start_date": "2026-07-02"}, "bill_in_future"),
        ({"start_date": "2026-07-01", "end_date": "2026-06-30"}, "bill_ends_before_start"),
        ({"start_date": "2020-07-01"}, "bill_too_long"),
    ],
)
async def test_what_cannot_be_billed(hass: HomeAssistant, data: dict[str, str], key: str) -> None:
    await set_up(hass, home(tariff(FLAT)))
    with pytest.raises(ServiceValidationError) as err:
        await ask(hass, **data)
    assert err.value.translation_key == key


async def test_a_home_without_a_tariff(hass: HomeAssistant) -> None:
    await set_up(hass, home())
    with pytest.raises(ServiceValidationError) as err:
        await ask(hass)
    assert err.value.translation_key == "home_without_tariff"


async def test_credits_go_from_month_to_month(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    """Exports of August earn what September's imports use; the base charge is paid with money."""
    data = {
        **net_billing().to_data(),
        "holidays": HOLIDAYS.to_data(),
        "preset": "pge_e_elec",
        "terms": {"per_day": 0.79343, "billing_day": 1, "true_up_month": 8},
        "opening": {"day": "2026-08-01", "generation": "100", "delivery": "1", "adder": "0"},
    }
    freezer.move_to(local(2026, 8, 1))
    entry = await set_up(hass, home(tariff(data)))
    meter = Meter(hass, freezer, entry)
    await meter.run(local(2026, 8, 31, 18), local(2026, 8, 31, 20), 0.0, 5.0)
    await meter.run(local(2026, 9, 1, 12), local(2026, 9, 1, 14), 3.0)
    august = await ask(hass, start_date="2026-08-01", end_date="2026-08-31")
    credits_earned = {line["kind"]: line["credit"] for line in august["lines"] if line["kind"].startswith("export")}
    assert august["credits_before"] == {"generation": 100.0, "delivery": 1.0, "adder": 0.0}
    assert august["credits_after"]["generation"] == pytest.approx(100 + credits_earned["export_generation"])
    assert august["total"] == pytest.approx(31 * 0.79343, abs=0.005)
    today = await ask(hass, period="today")
    assert today["credits_before"] == august["credits_after"]
    lines = {(line["kind"], line.get("name")): line for line in today["lines"]}
    assert lines["import_generation", "Off-peak"]["amount"] == pytest.approx(6 * 0.10867, abs=0.005)
    assert lines["credit_used", "generation"]["amount"] == -lines["import_generation", "Off-peak"]["amount"]
    assert lines["non_bypassable", None]["amount"] == pytest.approx(6 * 0.01621, abs=0.005)
    assert today["total"] == pytest.approx(
        sum(line["amount"] for line in today["lines"] if "amount" in line), abs=0.001
    )
    before = await ask(hass, start_date="2026-08-15", end_date="2026-08-15")
    assert before["credits_before"] == {"generation": 100.0, "delivery": 1.0, "adder": 0.0}


async def test_published_prices_win_and_the_rules_fill(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    entry = await set_up(hass, home(tariff(FLAT)))
    (subentry_id,) = entry.subentries
    start = local(2026, 7, 1, 0).astimezone(UTC)
    special = PriceSlot(
        starts_at=start, ends_at=start + timedelta(hours=1), tier="Special", import_per_kwh=1.0, export_per_kwh=0.0
    )
    freezer.move_to(local(2026, 7, 1, 0, 30))
    entry.runtime_data.ledger.note_prices(subentry_id, [special], datetime(2026, 7, 1, 7, 40, tzinfo=UTC))
    freezer.move_to(local(2026, 7, 1))
    await Meter(hass, freezer, entry).run(local(2026, 7, 1), local(2026, 7, 1, 2), 1.0)
    answer = await ask(hass, period="today")
    assert [(line["name"], line["amount"]) for line in answer["lines"] if line["kind"] == "import"] == [
        ("Special", 1.0),
        ("Standard", 0.31),
    ]


async def test_a_ledger_that_does_not_answer(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = await set_up(hass, home(tariff(FLAT)))
    await Meter(hass, freezer, entry).run(local(2026, 7, 1), local(2026, 7, 1, 1), 1.0)
    await bills_of(entry).async_refresh()
    assert float(state(hass, "bill_today")) == 0.31

    async def refuse(*_: object) -> None:
        raise LedgerUnavailableError(LedgerError("cannot_connect", "gone"))

    monkeypatch.setattr(type(entry.runtime_data.ledger), "terms", refuse)
    await bills_of(entry).async_refresh()
    assert state(hass, "bill_today") == STATE_UNAVAILABLE
    with pytest.raises(HomeAssistantError) as err:
        await ask(hass)
    assert err.value.translation_key == "ledger_cannot_connect"


async def test_first_bills_come_by_themselves_and_stop_with_the_home(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up(hass, home(tariff(FLAT)))
    await Meter(hass, freezer, entry).run(local(2026, 7, 1), local(2026, 7, 1, 1), 1.0)
    await go_to(hass, freezer, local(2026, 7, 1, 1, 4))
    assert float(state(hass, "bill_today")) == 0.31
    bills = bills_of(entry)
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert bills.data.today.first == date(2026, 7, 1)
    await go_to(hass, freezer, local(2026, 7, 1, 2))
    assert bills.data.today.until == local(2026, 7, 1, 1)


async def test_settings_that_held_before_are_billed_as_they_were(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, caplog: pytest.LogCaptureFixture
) -> None:
    """A tariff that was changed, one that cannot be read, and one whose prices had to be published."""
    freezer.move_to(local(2026, 7, 3))
    entry = await set_up(hass, home(tariff(FLAT)))
    ledger = entry.runtime_data.ledger
    first = local(2026, 7, 1).astimezone(UTC)
    cheap = FLAT | {"tier": "Cheap", "import_per_kwh": 0.1, "terms": {"per_day": 2.0}}
    ledger.note_terms("gone", "flat", cheap, first)
    ledger.note_terms("gone", "flat", {"kind": "flat", "format": 99}, first + timedelta(hours=1))
    ledger.note_terms("gone", "amber", {"kind": "amber"}, first + timedelta(hours=2))
    ledger.note_terms("gone", "flat", {"kind": "flat", "terms": {"billing_day": 31}}, first + timedelta(hours=3))
    await Meter(hass, freezer, entry).run(local(2026, 7, 1), local(2026, 7, 1, 4), 1.0)
    freezer.move_to(local(2026, 7, 3, 1))
    answer = await ask(hass, start_date="2026-07-01", end_date="2026-07-01")
    lines = {(line["kind"], line.get("name")): line for line in answer["lines"]}
    assert lines["import", "Cheap"]["amount"] == 0.1
    assert lines["unpriced_import", None]["kwh"] == 3.0
    assert lines["per_day", None]["amount"] == 2.0
    assert lines["unknown_time", None]["hours"] == 20.0
    assert not answer["complete"]
    assert "cannot be told from their settings" in caplog.text
    assert "cannot be billed" in caplog.text


async def test_credits_entered_for_a_later_day_do_not_reach_back(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    data = {
        **net_billing().to_data(),
        "holidays": HOLIDAYS.to_data(),
        "preset": "pge_e_elec",
        "opening": {"day": "2026-08-01", "generation": "100", "delivery": "1", "adder": "0"},
    }
    freezer.move_to(local(2026, 8, 10))
    await set_up(hass, home(tariff(data)))
    freezer.move_to(local(2026, 8, 20))
    before = await ask(hass, start_date="2026-07-15", end_date="2026-07-20")
    assert before["credits_before"]["generation"] == 0
    assert (await ask(hass, start_date="2026-08-20"))["credits_before"]["generation"] == 100
