"""Entering a net-billing contract, and the fixed charges of any tariff."""

from typing import Any

import pytest
from homeassistant.config_entries import SOURCE_USER
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, section
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.energy_optimizer.const import SUBENTRY_TARIFF
from tests.flows.test_tariff_flow import Dialog, change, tariff, tariff_of
from tests.homes import FLAT, home, set_up


def suggested(schema: Any) -> dict[str, Any]:
    """Return what a form is filled with, sections included."""
    shown: dict[str, Any] = {}
    for key, value in schema.schema.items():
        if isinstance(value, section):
            shown[str(key)] = suggested(value.schema)
        elif key.description and "suggested_value" in key.description:
            shown[str(key)] = key.description["suggested_value"]
    return shown


def shown(dialog: Dialog) -> dict[str, Any]:
    return suggested(dialog.result["data_schema"])


@pytest.fixture
async def entry(hass: HomeAssistant) -> MockConfigEntry:
    await hass.config.async_set_time_zone("America/Los_Angeles")
    return await set_up(hass, home())


async def begin(hass: HomeAssistant, entry: MockConfigEntry, **values: str) -> Dialog:
    result = await hass.config_entries.subentries.async_init(
        (entry.entry_id, SUBENTRY_TARIFF), context={"source": SOURCE_USER}
    )
    dialog = Dialog(hass, result)
    await dialog.pick("net_billing", menu="user")
    await dialog.fill("net_billing", {"plan": "sce_tou_d_prime", **values})
    return dialog


async def test_a_preset_as_it_was_published(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    dialog = await begin(hass, entry)
    assert "NBT26 MIDAS" in dialog.placeholders["source"]
    assert shown(dialog) == {"vintage": "NBT26", "generation_credit": "utility"}
    await dialog.fill("net_billing_export", shown(dialog))
    assert "in force since 2026-06-01" in dialog.placeholders["source"]
    rows = shown(dialog)["parts"]
    assert rows[0] == {"season": "Summer", "tier": "Peak", "import_price": 0.59291, "generation_price": 0.29653}
    await dialog.fill("net_billing_prices", shown(dialog))
    assert shown(dialog)["terms"]["per_day"] == 0.794
    await dialog.fill("net_billing_billing", shown(dialog))
    assert dialog.result["type"] is FlowResultType.CREATE_ENTRY
    stored = tariff_of(entry)
    assert stored.title == "SCE TOU-D-PRIME"
    assert stored.data["kind"] == "net_billing"
    assert stored.data["adder_per_kwh"] == 0.016
    assert stored.data["terms"] == {"per_day": 0.794, "billing_day": 1}
    assert stored.data["crediting"]["leftover"] == "applied_back"
    assert stored.data["opening"] is None
    assert hass.states.get("sensor.sce_tou_d_prime_import_price") is not None
    assert hass.states.get("sensor.sce_tou_d_prime_export_price").state != "unknown"


async def test_everything_can_be_changed_and_is_shown_again(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    dialog = await begin(hass, entry, name="Solar", plan="pge_e_elec")
    await dialog.fill(
        "net_billing_export",
        {"vintage": "NBT24", "generation_credit": "own", "own_generation": 0.08, "adder": 0.072},
    )
    values = shown(dialog)
    values["parts"][0] |= {"import_price": 0.6, "generation_price": 0.3}
    await dialog.fill("net_billing_prices", values | {"non_bypassable": 0.02})
    terms = {"per_day": 0.8, "per_year": 12.0, "billing_day": 14, "true_up_month": "m4"}
    opening = {"opening_day": "2026-06-14", "opening_generation": 12.5, "opening_delivery": 3.25}
    await dialog.fill("net_billing_billing", {"terms": terms, "surplus": {"surplus_per_kwh": 0.03}, "opening": opening})
    stored = tariff_of(entry)
    assert stored.title == "Solar"
    assert stored.data["terms"] == {"per_day": 0.8, "per_year": 12.0, "billing_day": 14, "true_up_month": 4}
    assert stored.data["own_generation_per_kwh"] == 0.08
    assert stored.data["crediting"] == {
        "leftover": "carried",
        "surplus_per_kwh": 0.03,
        "surplus_generation_per_kwh": None,
        "surplus_delivery_per_kwh": None,
    }
    before = dict(stored.data)
    dialog = await change(hass, entry)
    assert shown(dialog) == {"name": "Solar", "plan": "pge_e_elec"}
    await dialog.fill("net_billing", shown(dialog))
    assert shown(dialog)["own_generation"] == 0.08
    await dialog.fill("net_billing_export", shown(dialog))
    await dialog.fill("net_billing_prices", shown(dialog))
    assert shown(dialog)["opening"]["opening_generation"] == 12.5
    await dialog.fill("net_billing_billing", shown(dialog))
    assert dialog.result["reason"] == "reconfigure_successful"
    after = dict(tariff_of(entry).data)
    assert after.pop("opening") == {"day": "2026-06-14", "generation": "12.5", "delivery": "3.25", "adder": "0.0"}
    before.pop("opening")
    assert after == before


async def test_what_cannot_be_is_said_where_it_stands(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    dialog = await begin(hass, entry)
    await dialog.fill("net_billing_export", {"vintage": "NBT26", "generation_credit": "own"})
    assert dialog.errors == {"own_generation": "own_generation_missing"}
    await dialog.fill(
        "net_billing_export", {"vintage": "NBT26", "generation_credit": "own", "own_generation": float("nan")}
    )
    assert dialog.errors == {"own_generation": "number_needed"}
    await dialog.fill("net_billing_export", {"vintage": "NBT26", "generation_credit": "utility"})
    good = shown(dialog)
    for rows, error in (
        (good["parts"][1:], "parts_missing"),
        (
            [{k: v for k, v in good["parts"][0].items() if k != "generation_price"}, *good["parts"][1:]],
            "generation_missing",
        ),
        ([good["parts"][0] | {"generation_price": 0.59}, *good["parts"][1:]], "generation_too_much"),
    ):
        await dialog.fill("net_billing_prices", good | {"parts": rows})
        assert dialog.errors == {"parts": error}
    await dialog.fill("net_billing_prices", good | {"non_bypassable": float("inf")})
    assert dialog.errors == {"non_bypassable": "number_needed"}
    await dialog.fill("net_billing_prices", good)
    good = shown(dialog)
    await dialog.fill("net_billing_billing", good | {"opening": {"opening_delivery": 5.0}})
    assert dialog.errors == {"base": "opening_day_missing"}
    await dialog.fill("net_billing_billing", good | {"surplus": {"surplus_per_kwh": float("nan")}})
    assert dialog.errors == {"base": "number_needed"}
    await dialog.fill("net_billing_billing", good)
    assert dialog.result["type"] is FlowResultType.CREATE_ENTRY


async def test_an_unreadable_contract_starts_over(hass: HomeAssistant) -> None:
    entry = await set_up(hass, home(tariff({"format": 1, "kind": "net_billing", "preset": "pge_e_elec"})))
    dialog = await change(hass, entry)
    assert shown(dialog) == {}
    await dialog.fill("net_billing", {"plan": "sdge_ev_tou_5"})
    assert shown(dialog)["vintage"] == "NBT26"


async def test_fixed_charges_of_a_flat_tariff(hass: HomeAssistant) -> None:
    entry = await set_up(hass, home(tariff(FLAT)))
    dialog = await change(hass, entry)
    assert "Fixed charges" not in dialog.placeholders["notes"]
    await dialog.pick("terms")
    assert shown(dialog) == {"billing_day": 1, "true_up_month": "calendar"}
    await dialog.fill("terms", {"per_month": float("nan"), "billing_day": 1, "true_up_month": "calendar"})
    assert dialog.errors == {"per_month": "number_needed"}
    await dialog.fill("terms", {"per_month": 9.9, "billing_day": 5, "true_up_month": "m7"})
    assert dialog.placeholders["notes"] == "Fixed charges: 9.9 USD per month."
    await dialog.pick("start")
    await dialog.fill("start", {"name": "New", "start": "flat"})
    await dialog.fill("flat", {"import_price": 0.3})
    await dialog.pick("save")
    (stored,) = entry.get_subentries_of_type(SUBENTRY_TARIFF)
    assert stored.data["terms"] == {"per_month": 9.9, "billing_day": 5, "true_up_month": 7}
