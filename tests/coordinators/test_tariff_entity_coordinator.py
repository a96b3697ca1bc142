"""A tariff of other integrations' prices, in the real core: what it reads, keeps and shows."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigSubentryData
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed
from syrupy.assertion import SnapshotAssertion

from custom_components.energy_optimizer.const import DOMAIN, SUBENTRY_TARIFF
from custom_components.energy_optimizer.coordinators.tariff import TariffCoordinator
from custom_components.energy_optimizer.core.model.price import Certainty
from tests.api.tariff.price_integrations import (
    amber,
    amber_row,
    easyenergy,
    energyzero,
    nord_pool,
    register_entity,
    tibber,
)
from tests.homes import HOME_DATA, set_up

NOON = datetime(2026, 11, 20, 11, tzinfo=UTC)
"""12:00 in Paris."""
ENTITY = "sensor.power_price"


@pytest.fixture(autouse=True)
async def _in_paris(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    await hass.config.async_set_time_zone("Europe/Paris")
    freezer.move_to(NOON)


def attributes_source(**more: Any) -> dict[str, Any]:
    return {"way": "attributes", "measure": "per_kwh", "entity_id": ENTITY, "unit_text": "EUR/kWh"} | more


def action_source(platform: str, entity_id: str, measure: str = "per_kwh") -> dict[str, Any]:
    return {"way": "known_action", "measure": measure, "entity_id": entity_id, "platform": platform}


async def home_with(
    hass: HomeAssistant,
    source: dict[str, Any],
    *,
    currency: str = "EUR",
    export: dict[str, Any] | None = None,
    **kw: Any,
) -> MockConfigEntry:
    data = {
        "format": 1,
        "kind": "entity",
        "import": {"source": source} | kw,
        "export": export or {"mode": "none"},
    }
    subentry = ConfigSubentryData(data=data, subentry_type=SUBENTRY_TARIFF, title="Tariff", unique_id=None)
    return await set_up(
        hass,
        MockConfigEntry(
            domain=DOMAIN,
            title="Home",
            unique_id="home",
            data=HOME_DATA | {"currency": currency},
            subentries_data=[subentry],
        ),
    )


def coordinator_of(entry: MockConfigEntry) -> TariffCoordinator:
    (source,) = entry.runtime_data.sources.values()
    assert isinstance(source, TariffCoordinator)
    return source


def prices(entry: MockConfigEntry, start: datetime, hours: int) -> list[float | None]:
    tariff = coordinator_of(entry).tariff
    assert tariff is not None
    return [tariff.at(start + timedelta(hours=n)).import_per_kwh for n in range(hours)]


def show_lists(hass: HomeAssistant, *, tomorrow: bool = False, unit: str = "EUR/kWh", base: float = 0.1) -> None:
    def day(offset: int) -> list[dict[str, Any]]:
        start = dt_util.start_of_local_day() + timedelta(days=offset)
        return [
            {"start": start + timedelta(hours=n), "end": start + timedelta(hours=n + 1), "value": base + n / 100}
            for n in range(24)
        ]

    hass.states.async_set(
        ENTITY,
        "0.22",
        {"unit_of_measurement": unit, "raw_today": day(0), "raw_tomorrow": day(1) if tomorrow else []},
    )


async def go_to(hass: HomeAssistant, freezer: FrozenDateTimeFactory, at: datetime) -> None:
    freezer.move_to(at)
    async_fire_time_changed(hass, at)
    await hass.async_block_till_done(wait_background_tasks=True)


def shown(hass: HomeAssistant, key: str) -> str:
    state = hass.states.get(f"sensor.tariff_{key}")
    assert state is not None
    return state.state


async def test_lists_in_attributes_with_surcharge(hass: HomeAssistant) -> None:
    show_lists(hass)
    entry = await home_with(
        hass,
        attributes_source(),
        surcharge={"multiplier": 1.2, "addend": 0.05},
        export={"mode": "same", "surcharge": {"multiplier": 0.9, "addend": -0.01}},
    )
    assert float(shown(hass, "import_price")) == pytest.approx(0.22 * 1.2 + 0.05)
    assert float(shown(hass, "export_price")) == pytest.approx(0.22 * 0.9 - 0.01)
    assert shown(hass, "next_price_change") == "2026-11-20T12:00:00+00:00"
    assert hass.states.get("sensor.tariff_tier") is None
    tariff = coordinator_of(entry).tariff
    assert tariff is not None
    assert tariff.known_until == datetime(2026, 11, 20, 23, tzinfo=UTC)
    assert tariff.at(datetime(2026, 11, 20, 23, tzinfo=UTC)).import_per_kwh is None


async def test_tomorrow_is_taken_up_when_the_entity_shows_it(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    show_lists(hass)
    entry = await home_with(hass, attributes_source())
    tomorrow = datetime(2026, 11, 20, 23, tzinfo=UTC)
    assert prices(entry, tomorrow, 2) == [None, None]
    await go_to(hass, freezer, NOON + timedelta(minutes=61))
    show_lists(hass, tomorrow=True)
    await hass.async_block_till_done()
    await go_to(hass, freezer, NOON + timedelta(minutes=61, seconds=2))
    assert prices(entry, tomorrow, 2) == pytest.approx([0.1, 0.11])


async def test_an_entity_that_disappears_leaves_what_is_known(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    show_lists(hass)
    entry = await home_with(hass, attributes_source())
    hass.states.async_set(ENTITY, "unavailable")
    await hass.async_block_till_done()
    await go_to(hass, freezer, NOON + timedelta(minutes=2))
    assert coordinator_of(entry).connection == "unreachable"
    assert float(shown(hass, "import_price")) == pytest.approx(0.22)
    midnight = datetime(2026, 11, 20, 23, tzinfo=UTC)
    await go_to(hass, freezer, midnight + timedelta(minutes=1))
    assert shown(hass, "import_price") in ("unavailable", "unknown")
    freezer.move_to(midnight + timedelta(minutes=2))
    show_lists(hass, base=0.5)
    await hass.async_block_till_done()
    await go_to(hass, freezer, midnight + timedelta(minutes=2, seconds=2))
    assert float(shown(hass, "import_price")) == pytest.approx(0.5)
    assert coordinator_of(entry).connection == "ok"


async def test_another_unit_is_never_taken_for_the_old_one(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    show_lists(hass)
    entry = await home_with(hass, attributes_source())
    show_lists(hass, unit="EUR/MWh", base=100.0)
    await hass.async_block_till_done()
    await go_to(hass, freezer, NOON + timedelta(seconds=2))
    assert coordinator_of(entry).connection == "nonsense"
    assert float(shown(hass, "import_price")) == pytest.approx(0.22)


async def test_prices_outlast_a_restart_without_the_entity(hass: HomeAssistant) -> None:
    show_lists(hass)
    entry = await home_with(hass, attributes_source())
    assert await hass.config_entries.async_unload(entry.entry_id)
    hass.states.async_remove(ENTITY)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert float(shown(hass, "import_price")) == pytest.approx(0.22)
    assert coordinator_of(entry).connection == "unreachable"


async def test_prices_of_another_source_are_not_taken_up(hass: HomeAssistant) -> None:
    show_lists(hass)
    entry = await home_with(hass, attributes_source())
    (subentry,) = entry.subentries.values()
    hass.config_entries.async_update_subentry(
        entry,
        subentry,
        data={**subentry.data, "import": {"source": attributes_source(entity_id="sensor.other")}},
    )
    await hass.async_block_till_done()
    assert shown(hass, "import_price") == "unavailable"


async def test_a_state_is_the_present_price_and_nothing_more(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    hass.states.async_set(ENTITY, "21.5", {"unit_of_measurement": "ct/kWh"})
    source = {"way": "state", "measure": "cents_per_kwh", "entity_id": ENTITY, "unit_text": "ct/kWh"}
    entry = await home_with(hass, source, export={"mode": "fixed", "per_kwh": 0.08})
    assert float(shown(hass, "import_price")) == pytest.approx(0.215)
    assert float(shown(hass, "export_price")) == pytest.approx(0.08)
    assert prices(entry, NOON + timedelta(hours=1), 2) == [None, None]
    await go_to(hass, freezer, NOON + timedelta(minutes=5))
    await go_to(hass, freezer, NOON + timedelta(minutes=7))
    hass.states.async_set(ENTITY, "-3", {"unit_of_measurement": "ct/kWh"})
    await hass.async_block_till_done()
    await go_to(hass, freezer, NOON + timedelta(minutes=7, seconds=2))
    assert float(shown(hass, "import_price")) == pytest.approx(-0.03)
    tariff = coordinator_of(entry).tariff
    assert tariff is not None
    assert tariff.at(NOON + timedelta(minutes=6, seconds=59)).import_per_kwh == pytest.approx(0.215)
    hass.states.async_set(ENTITY, "unavailable")
    for minute in (9, 12, 15, 20):
        await go_to(hass, freezer, NOON + timedelta(minutes=minute))
    assert shown(hass, "import_price") == "unavailable"


async def test_nord_pool_is_asked_by_day_and_for_tomorrow_until_it_is_there(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    out = [False]
    answers = nord_pool(hass, tomorrow_is_out=lambda: out[0])
    entity_id, other = register_entity(hass, "nordpool", "SE3-current_price", data={"currency": "EUR"})
    entry = await home_with(hass, action_source("nordpool", entity_id, "per_mwh"), currency="SEK")
    assert [call["date"].day for call in answers.calls] == [19, 20]
    assert answers.calls[0] | {"date": None} == {"config_entry": other.entry_id, "date": None, "currency": "SEK"}
    assert float(shown(hass, "import_price")) == pytest.approx(20.048)
    tomorrow = datetime(2026, 11, 20, 23, tzinfo=UTC)
    answers.calls.clear()
    await go_to(hass, freezer, NOON + timedelta(minutes=16))
    assert answers.calls == []
    for minute in (61, 76):
        await go_to(hass, freezer, NOON + timedelta(minutes=minute))
    assert [call["date"].day for call in answers.calls] == [21, 21]
    assert prices(entry, tomorrow, 1) == [None]
    out[0] = True
    for minute in (91, 106):
        await go_to(hass, freezer, NOON + timedelta(minutes=minute))
    assert [call["date"].day for call in answers.calls] == [21, 21, 21]
    assert prices(entry, tomorrow, 2) == pytest.approx([21.0, 21.004])


async def test_an_action_that_fails_is_tried_again_soon(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    answers = nord_pool(hass, tomorrow_is_out=lambda: False)
    answers.fails = KeyError("not ready")
    entity_id, _ = register_entity(hass, "nordpool", "SE4-current_price")
    entry = await home_with(hass, action_source("nordpool", entity_id, "per_mwh"))
    assert coordinator_of(entry).connection == "unreachable"
    assert shown(hass, "import_price") == "unavailable"
    answers.fails = None
    await go_to(hass, freezer, NOON + timedelta(minutes=1, seconds=1))
    assert float(shown(hass, "import_price")) == pytest.approx(0.053)


async def test_an_action_that_is_not_there_yet(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    entity_id, _ = register_entity(hass, "tibber", "home-1", device="St. Olavs gate 1")
    hass.states.async_set(entity_id, "1.5", {"unit_of_measurement": "NOK/kWh"})
    entry = await home_with(hass, action_source("tibber", entity_id), currency="NOK")
    assert coordinator_of(entry).connection == "unreachable"
    tibber(hass)
    await go_to(hass, freezer, NOON + timedelta(minutes=1, seconds=1))
    assert float(shown(hass, "import_price")) == pytest.approx(1.5)


async def test_energyzero_buys_and_easyenergy_sells(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    bought, sold = energyzero(hass), easyenergy(hass)
    entity_id, other = register_entity(hass, "energyzero", "1_today_energy_current_hour_price")
    sold_id, _ = register_entity(hass, "easyenergy", "1_today_energy_return_current_hour_price")
    entry = await home_with(
        hass,
        action_source("energyzero", entity_id),
        export={"mode": "entity", "source": action_source("easyenergy", sold_id)},
    )
    assert bought.calls[1] == {
        "config_entry": other.entry_id,
        "incl_vat": True,
        "start": "2026-11-20",
        "end": "2026-11-20",
    }
    assert (float(shown(hass, "import_price")), float(shown(hass, "export_price"))) == (0.2, 0.08)
    await go_to(hass, freezer, NOON + timedelta(hours=1, minutes=1))
    assert coordinator_of(entry).connection == "ok", "a tomorrow that is refused is not out yet"
    assert sold.calls[-1]["start"] == "2026-11-21"


async def test_amber_through_its_integration(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    rows = [amber_row(NOON + timedelta(minutes=5), 0.4, 25), amber_row(NOON + timedelta(minutes=30), 0.5)]
    answers = amber(hass, lambda: rows)
    entity_id, other = register_entity(hass, "amberelectric", "01-general-price")

    def show(price: float, *, estimate: bool) -> None:
        present = amber_row(NOON, price, 5, estimate=estimate, channel_type="general")
        hass.states.async_set(entity_id, str(price), present | {"unit_of_measurement": "$/kWh"})

    show(0.3, estimate=True)
    source = action_source("amberelectric", entity_id) | {"unit_text": "$/kWh"}
    entry = await home_with(hass, source, currency="AUD")
    assert answers.calls == [{"config_entry_id": other.entry_id, "channel_type": "general"}]
    tariff = coordinator_of(entry).tariff
    assert tariff is not None
    found = list(tariff.slots(NOON, NOON + timedelta(hours=1)))
    assert [each.import_per_kwh for each in found] == [0.3, 0.4, 0.5]
    assert [each.certainty for each in found] == [Certainty.ESTIMATE, Certainty.FORECAST, Certainty.FORECAST]
    show(0.33, estimate=False)
    await hass.async_block_till_done()
    await go_to(hass, freezer, NOON + timedelta(seconds=2))
    assert shown(hass, "import_price") == "0.33"


async def test_any_action_that_answers_with_a_list(hass: HomeAssistant) -> None:
    answers = energyzero(hass)
    source = {
        "way": "action",
        "measure": "per_kwh",
        "action": "energyzero.get_energy_prices",
        "data": {"config_entry": "x", "incl_vat": False, "start": "{{ now().date() }}"},
    }
    await home_with(hass, source)
    assert answers.calls == [{"config_entry": "x", "incl_vat": False, "start": "2026-11-20"}]
    assert shown(hass, "import_price") == "0.2"


@pytest.mark.parametrize("day", [datetime(2026, 10, 25, 11, tzinfo=UTC), datetime(2026, 3, 29, 11, tzinfo=UTC)])
async def test_days_on_which_the_clocks_are_put(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, day: datetime
) -> None:
    freezer.move_to(day)
    nord_pool(hass, tomorrow_is_out=lambda: True)
    entity_id, _ = register_entity(hass, "nordpool", "SE4-current_price")
    entry = await home_with(hass, action_source("nordpool", entity_id, "per_mwh"))
    tariff = coordinator_of(entry).tariff
    assert tariff is not None
    start, end = (dt_util.start_of_local_day(day.date() + timedelta(days=n)) for n in (0, 1))
    found = [each.import_per_kwh for each in tariff.slots(start, end)]
    assert found == pytest.approx([(5 + n) / 1000 for n in range(100 if day.month == 10 else 92)])


async def test_diagnostics_say_what_is_known(hass: HomeAssistant) -> None:
    show_lists(hass)
    entry = await home_with(hass, attributes_source())
    feed = coordinator_of(entry).diagnostics()["feed"]
    assert feed["import"]["slots"] == 24
    assert feed["import"]["known_until"] == datetime(2026, 11, 20, 23, tzinfo=UTC)


async def test_settings_that_cannot_be_read_leave_the_home_standing(hass: HomeAssistant) -> None:
    await home_with(hass, {"way": "by pigeon", "measure": "per_kwh"})
    assert shown(hass, "import_price") == "unavailable"


async def test_what_is_shown(hass: HomeAssistant, snapshot: SnapshotAssertion) -> None:
    show_lists(hass, tomorrow=True)
    await home_with(
        hass,
        attributes_source(),
        surcharge={"multiplier": 1.2, "addend": 0.05},
        export={"mode": "fixed", "per_kwh": 0.1},
    )
    for key in ("import_price", "export_price", "next_price_change"):
        assert hass.states.get(f"sensor.tariff_{key}") == snapshot(name=key)
    assert hass.states.get("calendar.tariff_tiers") == snapshot(name="calendar")


async def test_amber_without_forecasts_still_has_its_present_price(hass: HomeAssistant) -> None:
    amber(hass, list)
    entity_id, _ = register_entity(hass, "amberelectric", "01-feed_in-price")
    present = amber_row(NOON, 0.07, 5, estimate=False, channel_type="feedIn")
    hass.states.async_set(entity_id, "0.07", present | {"unit_of_measurement": "$/kWh"})
    entry = await home_with(hass, action_source("amberelectric", entity_id), currency="AUD")
    assert coordinator_of(entry).connection == "ok"
    assert shown(hass, "import_price") == "0.07"


@pytest.mark.parametrize("shape", ["no channel", "no integration", "forecasts alone"])
async def test_amber_that_shows_too_little(hass: HomeAssistant, shape: str) -> None:
    amber(hass, list)
    entity_id, _ = register_entity(hass, "amberelectric", "01-general-forecast")
    if shape == "no integration":
        er.async_get(hass).async_remove(entity_id)
    hass.states.async_set(entity_id, "0.3", {} if shape == "no channel" else {"channel_type": "general"})
    entry = await home_with(hass, action_source("amberelectric", entity_id), currency="AUD")
    assert coordinator_of(entry).connection == "unreachable"
    assert shown(hass, "import_price") == "unavailable"


@pytest.mark.parametrize(
    ("state", "connection"), [("unknown", "unreachable"), ("free", "nonsense"), ("nan", "nonsense")]
)
async def test_a_state_that_is_no_price_is_never_zero(hass: HomeAssistant, state: str, connection: str) -> None:
    hass.states.async_set(ENTITY, state, {"unit_of_measurement": "EUR/kWh"})
    entry = await home_with(hass, {"way": "state", "measure": "per_kwh", "entity_id": ENTITY})
    assert coordinator_of(entry).connection == connection
    assert shown(hass, "import_price") == "unavailable"
