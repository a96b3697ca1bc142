"""Choosing other integrations' prices through Home Assistant's own flow manager."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import SOURCE_RECONFIGURE, SOURCE_USER
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.energy_optimizer.const import DOMAIN, SUBENTRY_TARIFF
from tests.api.tariff.price_integrations import energyzero, nord_pool, register_entity, tibber
from tests.homes import HOME_DATA, set_up

NOON = datetime(2026, 11, 20, 11, tzinfo=UTC)
ENTITY = "sensor.market"
SECTIONS = {"surcharges": {}, "terms": {}, "import_reading": {}, "export_reading": {}}


@pytest.fixture(autouse=True)
async def _in_paris(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    await hass.config.async_set_time_zone("Europe/Paris")
    freezer.move_to(NOON)


async def home_in(hass: HomeAssistant, currency: str = "EUR") -> MockConfigEntry:
    data = HOME_DATA | {"currency": currency}
    return await set_up(hass, MockConfigEntry(domain=DOMAIN, title="Home", unique_id="home", data=data))


class Dialog:
    """The dialog of this kind of tariff, from its menu or from an existing tariff."""

    def __init__(self, hass: HomeAssistant, entry: MockConfigEntry) -> None:
        self.hass, self.entry = hass, entry
        self.result: Any = None

    async def open(self) -> None:
        manager = self.hass.config_entries.subentries
        self.result = await manager.async_init((self.entry.entry_id, SUBENTRY_TARIFF), context={"source": SOURCE_USER})
        await self.send({"next_step_id": "entity"})

    async def change(self) -> None:
        (subentry_id,) = self.entry.subentries
        self.result = await self.hass.config_entries.subentries.async_init(
            (self.entry.entry_id, SUBENTRY_TARIFF),
            context={"source": SOURCE_RECONFIGURE, "subentry_id": subentry_id},
        )
        await self.send({"next_step_id": "entity"})

    async def send(self, values: dict[str, Any]) -> Any:
        manager = self.hass.config_entries.subentries
        self.result = await manager.async_configure(self.result["flow_id"], values)
        await self.hass.async_block_till_done()
        return self.result

    async def fill(self, **values: Any) -> Any:
        assert self.result["step_id"] == "entity"
        return await self.send({"export_mode": "none", **SECTIONS, **values})

    async def save(self) -> Any:
        assert (self.result["type"], self.result["step_id"]) == (FlowResultType.MENU, "entity_preview")
        return await self.send({"next_step_id": "entity_save"})

    @property
    def preview(self) -> dict[str, str]:
        assert self.result["step_id"] == "entity_preview", self.result["errors"]
        return dict(self.result["description_placeholders"])

    @property
    def shown(self) -> dict[str, Any]:
        return {
            str(key): key.description["suggested_value"]
            for key in self.result["data_schema"].schema
            if key.description and "suggested_value" in key.description
        }


@pytest.fixture
async def dialog(hass: HomeAssistant) -> Dialog:
    found = Dialog(hass, await home_in(hass))
    await found.open()
    return found


def data_of(entry: MockConfigEntry) -> dict[str, Any]:
    (subentry,) = entry.subentries.values()
    return dict(subentry.data)


def rows(*values: float | None) -> list[dict[str, Any]]:
    start = NOON - timedelta(hours=1)
    return [{"start": (start + timedelta(hours=n)).isoformat(), "value": value} for n, value in enumerate(values)]


def show(hass: HomeAssistant, unit: str | None = "EUR/MWh", state: str = "85", **lists: Any) -> None:
    attributes = {"unit_of_measurement": unit} if unit else {}
    hass.states.async_set(ENTITY, state, attributes | (lists or {"raw_today": rows(80.0, 90.0, -5.0)}))


async def test_what_was_read_is_shown_in_words_before_it_is_saved(hass: HomeAssistant, dialog: Dialog) -> None:
    show(hass)
    await dialog.fill(
        name="Market",
        import_entity=ENTITY,
        export_mode="same",
        surcharges={"import_multiplier": 1.2, "import_addend": 0.1},
    )
    assert dialog.preview == {
        "name": "Market",
        "sources": "- sensor.market: the lists in its attributes; prices per MWh, divided by 1000.",
        "count": "3",
        "first": "2026-11-20 11:00",
        "last": "2026-11-20 14:00",
        "bought": "0.094 – 0.208 EUR/kWh",
        "sold": "-0.005 – 0.09 EUR/kWh",
        "now": "↓ 0.208 EUR/kWh · ↑ 0.09 EUR/kWh",
    }
    result = await dialog.save()
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert data_of(dialog.entry) == {
        "format": 1,
        "kind": "entity",
        "import": {
            "source": {
                "way": "attributes",
                "measure": "per_mwh",
                "entity_id": ENTITY,
                "unit_text": "EUR/MWh",
            },
            "surcharge": {"multiplier": 1.2, "addend": 0.1},
        },
        "export": {"mode": "same", "surcharge": {"multiplier": 1.0, "addend": 0.0}},
        "terms": {"billing_day": 1},
    }
    assert hass.states.get("sensor.market_import_price").state == "0.208"


async def test_changing_it_begins_with_what_it_is(hass: HomeAssistant, dialog: Dialog) -> None:
    show(hass, unit=None)
    await dialog.fill(import_entity=ENTITY, import_reading={"import_unit": "cents_per_kwh", "import_list": "raw_today"})
    assert "divided by 100" in dialog.preview["sources"]
    await dialog.save()
    await dialog.change()
    assert dialog.shown["name"] == "Electricity tariff"
    assert dialog.shown["import_entity"] == ENTITY
    assert dialog.shown["export_mode"] == "none"
    await dialog.fill(
        **{
            **dialog.shown,
            "export_mode": "fixed",
            "export_price": 0.0,
            "terms": {"per_month": 12.5},
            "import_reading": {"import_unit": "per_mwh", "import_list": "raw_today"},
        }
    )
    assert dialog.preview["sold"] == "0 EUR/kWh"
    await dialog.send({"next_step_id": "entity_change"})
    assert dialog.shown["export_price"] == 0.0
    terms, reading = {"per_month": 12.5}, {"import_unit": "per_mwh", "import_list": "raw_today"}
    await dialog.fill(**{**dialog.shown, "terms": terms, "import_reading": reading})
    result = await dialog.save()
    assert result["reason"] == "reconfigure_successful"
    assert data_of(dialog.entry)["import"]["source"]["measure"] == "per_mwh"
    assert data_of(dialog.entry)["export"]["per_kwh"] == 0.0
    assert data_of(dialog.entry)["terms"] == {"per_month": 12.5, "billing_day": 1}


async def test_a_plain_price_says_that_later_is_unknown(hass: HomeAssistant, dialog: Dialog) -> None:
    hass.states.async_set(ENTITY, "0.25", {"unit_of_measurement": "€/kWh"})
    await dialog.fill(import_entity=ENTITY)
    assert dialog.preview["sources"].endswith("taken as they are. Later prices stay unknown.")
    assert dialog.preview["now"] == "↓ 0.25 EUR/kWh · ↑ unknown"


async def test_an_integration_that_is_known_is_asked_by_its_action(hass: HomeAssistant, dialog: Dialog) -> None:
    nord_pool(hass, tomorrow_is_out=lambda: False)
    entity_id, _ = register_entity(hass, "nordpool", "SE4-current_price")
    hass.states.async_set(entity_id, "0.05", {"unit_of_measurement": "EUR/kWh"})
    await dialog.fill(import_entity=entity_id)
    assert "asked of nordpool; prices per MWh, divided by 1000" in dialog.preview["sources"]
    assert dialog.preview["bought"] == "0.005 – 0.1 EUR/kWh"


async def test_custom_nord_pool_is_read_from_its_attributes(hass: HomeAssistant, dialog: Dialog) -> None:
    entity_id, _ = register_entity(hass, "nordpool", "nordpool_kwh_se3")
    hass.states.async_set(entity_id, "0.05", {"unit_of_measurement": "EUR/kWh", "raw_today": rows(0.1, 0.2)})
    await dialog.fill(import_entity=entity_id)
    assert "lists in its attributes" in dialog.preview["sources"]


async def test_the_home_of_the_entity_is_taken_of_several(hass: HomeAssistant) -> None:
    found = Dialog(hass, await home_in(hass, "NOK"))
    await found.open()
    tibber(hass)
    entity_id, _ = register_entity(hass, "tibber", "home-1", device="St. Olavs gate 1")
    hass.states.async_set(entity_id, "1.5", {"unit_of_measurement": "NOK/kWh"})
    await found.fill(import_entity=entity_id)
    assert found.preview["bought"] == "1.5 NOK/kWh"


async def test_octopus_and_its_next_day(hass: HomeAssistant) -> None:
    found = Dialog(hass, await home_in(hass, "GBP"))
    await found.open()
    for day, start in (("current", NOON), ("next", NOON + timedelta(days=1))):
        rate = {"start": start.isoformat(), "end": (start + timedelta(minutes=30)).isoformat(), "value_inc_vat": 0.21}
        hass.states.async_set(
            f"event.octopus_energy_electricity_1_2_{day}_day_rates", NOON.isoformat(), {"rates": [rate]}
        )
    await found.fill(import_entity="event.octopus_energy_electricity_1_2_current_day_rates")
    assert (found.preview["count"], found.preview["bought"]) == ("2", "0.21 GBP/kWh")


async def test_an_action_with_templates(hass: HomeAssistant, dialog: Dialog) -> None:
    energyzero(hass)
    reading = {
        "import_unit": "per_kwh",
        "import_action": "energyzero.get_energy_prices",
        "import_data": {"config_entry": "x", "incl_vat": True, "start": "{{ now().date() }}"},
    }
    await dialog.fill(import_reading=reading)
    assert dialog.preview["count"] == "24"
    await dialog.save()
    assert data_of(dialog.entry)["import"]["source"]["data"]["start"] == "{{ now().date() }}"
    await dialog.change()
    assert "import_entity" not in dialog.shown


@pytest.mark.parametrize(
    ("unit", "lists", "reading", "place", "error"),
    [
        (None, {}, {}, "import_reading", "unit_needed"),
        ("%", {}, {}, "import_reading", "unit_needed"),
        ("SEK/kWh", {}, {}, "import_entity", "currency_differs"),
        ("EUR/kWh", {}, {"import_list": "nothing"}, "import_reading", "list_unknown"),
        ("EUR/kWh", {"buy": rows(1.0), "sell": rows(2.0)}, {}, "import_reading", "several_lists"),
        ("EUR/kWh", {"raw_today": rows(None)}, {}, "import_entity", "not_a_price"),
        (
            "EUR/kWh",
            {"raw_today": [{"start": "2026-03-29T02:30", "value": 1.0}]},
            {},
            "import_entity",
            "times_unreadable",
        ),
        ("EUR/kWh", {}, {"import_action": "no.such"}, "import_reading", "action_unknown"),
        ("EUR/kWh", {}, {"import_action": "energyzero.get_energy_prices"}, "import_reading", "action_refused"),
        (
            "EUR/kWh",
            {},
            {"import_action": "energyzero.get_energy_prices", "import_data": {"start": "{{ nonsense( }}"}},
            "import_reading",
            "template_wrong",
        ),
    ],
)
async def test_what_cannot_be_used_is_said_where_it_is_mended(
    hass: HomeAssistant,
    dialog: Dialog,
    unit: str | None,
    lists: dict[str, Any],
    reading: dict[str, Any],
    place: str,
    error: str,
) -> None:
    energyzero(hass)
    show(hass, unit, state="cheap" if error == "not_a_price" else "85", **lists)
    result = await dialog.fill(import_entity=ENTITY, import_reading=reading)
    assert result["errors"] == {place: error}


async def test_what_is_missing_is_asked_for(hass: HomeAssistant, dialog: Dialog) -> None:
    show(hass)
    assert (await dialog.fill())["errors"] == {"import_entity": "entity_or_action_needed"}
    assert (await dialog.fill(import_entity="sensor.gone"))["errors"] == {"import_entity": "source_silent"}
    hass.states.async_set("sensor.dead", "unavailable")
    assert (await dialog.fill(import_entity="sensor.dead"))["errors"] == {"import_entity": "source_silent"}
    assert (await dialog.fill(import_entity=ENTITY, export_mode="fixed"))["errors"] == {
        "export_price": "export_price_needed"
    }
    assert (await dialog.fill(import_entity=ENTITY, export_mode="entity"))["errors"] == {
        "export_entity": "entity_or_action_needed"
    }
    assert (await dialog.fill(import_entity=ENTITY, export_mode="fixed", export_price=float("nan")))["errors"] == {
        "export_price": "number_needed"
    }


async def test_its_own_prices_are_refused(hass: HomeAssistant, dialog: Dialog) -> None:
    ours = er.async_get(hass).async_get_or_create("sensor", DOMAIN, "x_import_price")
    hass.states.async_set(ours.entity_id, "0.2", {"unit_of_measurement": "EUR/kWh"})
    assert (await dialog.fill(import_entity=ours.entity_id))["errors"] == {"import_entity": "own_prices"}
