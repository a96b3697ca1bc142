"""Entering and changing a Tempo tariff, and giving RTE other credentials."""

from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import SOURCE_REAUTH, SOURCE_RECONFIGURE, SOURCE_USER
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers.translation import async_get_translations
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.energy_optimizer.const import DOMAIN, SUBENTRY_TARIFF
from custom_components.energy_optimizer.flows.server_address import server_error
from tests.homes import set_up
from tests.servers.colour_api import DAYS, ColourApiServer
from tests.servers.rte import CALENDAR, CLIENT_ID, CLIENT_SECRET, RteServer
from tests.servers.tempo_year import paris
from tests.tempo_homes import HOME_DATA, go_to, settings, state, tempo_home

PRICES = {
    "since": "2026-08-01",
    "blue_off_peak": 0.1356,
    "blue_peak": 0.1654,
    "white_off_peak": 0.1536,
    "white_peak": 0.1921,
    "red_off_peak": 0.1615,
    "red_peak": 0.7295,
}
LOGIN = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}


@pytest.fixture(autouse=True)
async def _in_france(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    await hass.config.async_set_time_zone("Europe/Paris")
    freezer.move_to(paris(2026, 11, 20, 15))


def filled(colour_api: ColourApiServer, rte: RteServer | None = None, **changes: Any) -> dict[str, Any]:
    servers = {"server": colour_api.base} | ({"rte_server": rte.base} if rte else {})
    return {
        "prices": PRICES,
        "terms": {"billing_day": 1, "true_up_month": "calendar"},
        "rte": LOGIN if rte else {},
        "advanced": servers,
    } | changes


async def add(hass: HomeAssistant) -> tuple[MockConfigEntry, Any]:
    entry = MockConfigEntry(domain=DOMAIN, title="Home", unique_id="home", data=HOME_DATA)
    await set_up(hass, entry)
    manager = hass.config_entries.subentries
    result = await manager.async_init((entry.entry_id, SUBENTRY_TARIFF), context={"source": SOURCE_USER})
    return entry, await manager.async_configure(result["flow_id"], {"next_step_id": "tempo"})


async def change(hass: HomeAssistant, entry: MockConfigEntry) -> Any:
    manager = hass.config_entries.subentries
    result = await manager.async_init(
        (entry.entry_id, SUBENTRY_TARIFF), context={"source": SOURCE_RECONFIGURE, "subentry_id": "tariff_1"}
    )
    assert result["menu_options"] == ["tempo", "kinds"]
    return await manager.async_configure(result["flow_id"], {"next_step_id": "tempo"})


async def send(hass: HomeAssistant, result: Any, values: dict[str, Any]) -> Any:
    result = await hass.config_entries.subentries.async_configure(result["flow_id"], values)
    await hass.async_block_till_done(wait_background_tasks=True)
    return result


def shown(result: Any, section: str) -> dict[str, Any]:
    """Return what the fields of a section suggest."""
    fields = result["data_schema"].schema[section].schema.schema
    return {str(key): key.description["suggested_value"] for key in fields if key.description}


async def end(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()


async def test_without_credentials(hass: HomeAssistant, colour_api: ColourApiServer) -> None:
    entry, result = await add(hass)
    assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "tempo")
    assert result["description_placeholders"]["since"] == "2026-08-01"
    assert shown(result, "prices") == PRICES
    result = await send(hass, result, filled(colour_api, export_price=0.04))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "EDF Tempo"
    (subentry,) = entry.subentries.values()
    assert subentry.data == {
        "format": 1,
        "kind": "tempo",
        "own_prices": [],
        "export_per_kwh": 0.04,
        "terms": {"billing_day": 1},
        "server": colour_api.base,
    }
    assert hass.states.get("sensor.edf_tempo_colour_today").state in {"blue", "white", "red"}
    await end(hass, entry)


async def test_with_credentials_and_own_prices(
    hass: HomeAssistant, colour_api: ColourApiServer, rte: RteServer
) -> None:
    entry, result = await add(hass)
    terms = {"per_year": 236.4, "billing_day": 12, "true_up_month": "m3"}
    values = filled(colour_api, rte, name=" Maison ", prices=PRICES | {"red_peak": 0.7}, terms=terms)
    await send(hass, result, values)
    (subentry,) = entry.subentries.values()
    assert subentry.title == "Maison"
    assert subentry.data["own_prices"] == [PRICES | {"red_peak": 0.7}]
    assert subentry.data["terms"] == {"per_year": 236.4, "billing_day": 12, "true_up_month": 3}
    assert (subentry.data["client_id"], subentry.data["client_secret"]) == (CLIENT_ID, CLIENT_SECRET)
    await end(hass, entry)


@pytest.mark.parametrize(
    ("fault", "error"),
    [(401, "rte_refused"), (403, "rte_not_permitted"), (429, "rte_busy"), (500, "rte_unreachable"),
     ("html", "rte_nonsense")],
)  # fmt: skip
async def test_credentials_are_tried(
    hass: HomeAssistant, colour_api: ColourApiServer, rte: RteServer, fault: str | int, error: str
) -> None:
    entry, result = await add(hass)
    rte.fault(CALENDAR, fault)
    result = await send(hass, result, filled(colour_api, rte))
    assert result["errors"] == {"rte": error}
    rte.heal()
    result = await send(hass, result, filled(colour_api, rte))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await end(hass, entry)


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"rte": {"client_id": "x"}}, {"rte": "rte_secret_missing"}),
        ({"rte": {"client_secret": "x"}}, {"rte": "rte_id_missing"}),
        ({"prices": PRICES | {"red_peak": "nan"}}, {"prices": "number_needed"}),
        ({"export_price": "inf"}, {"export_price": "number_needed"}),
        ({"advanced": {"server": "http://192.168.1.5/api"}}, {"advanced": "server_not_safe"}),
        ({"advanced": {"rte_server": "ftp://rte"}}, {"advanced": "server_not_safe"}),
    ],
)
async def test_entries_that_cannot_be(
    hass: HomeAssistant, colour_api: ColourApiServer, changes: dict[str, Any], errors: dict[str, str]
) -> None:
    entry, result = await add(hass)
    result = await send(hass, result, filled(colour_api) | changes)
    assert result["errors"] == errors
    assert not colour_api.requests, "nothing is asked before it makes sense"
    assert not entry.subentries


async def test_a_colour_service_that_is_away(hass: HomeAssistant, colour_api: ColourApiServer) -> None:
    entry, result = await add(hass)
    colour_api.fault(DAYS, 500, times=1)
    result = await send(hass, result, filled(colour_api))
    assert result["errors"] == {"advanced": "no_colours"}
    result = await send(hass, result, filled(colour_api))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await end(hass, entry)


async def test_changing_keeps_the_secret_and_earlier_prices(
    hass: HomeAssistant, colour_api: ColourApiServer, rte: RteServer
) -> None:
    own = PRICES | {"red_peak": 0.7}
    entry = await set_up(hass, tempo_home(settings(colour_api, rte, own_prices=[own])))
    result = await change(hass, entry)
    assert shown(result, "prices") == own
    assert shown(result, "rte") == {"client_id": CLIENT_ID}
    assert shown(result, "terms")["per_year"] == 236.4
    assert CLIENT_SECRET not in str(result)
    newer = own | {"since": "2026-11-01", "red_peak": 0.71}
    values = filled(colour_api, rte, prices=newer, name="Tempo") | {"rte": {"client_id": CLIENT_ID}}
    result = await send(hass, result, values)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
    (subentry,) = entry.subentries.values()
    assert subentry.data["own_prices"] == [own, newer]
    assert subentry.data["client_secret"] == CLIENT_SECRET
    assert hass.states.get("sensor.tempo_peak_price_today").attributes["since"].isoformat() == "2026-11-01"
    await end(hass, entry)


async def test_published_prices_can_be_taken_up_again_and_rte_left(
    hass: HomeAssistant, colour_api: ColourApiServer, rte: RteServer
) -> None:
    own = PRICES | {"red_peak": 0.7}
    entry = await set_up(hass, tempo_home(settings(colour_api, rte, own_prices=[own])))
    await send(hass, await change(hass, entry), filled(colour_api, name="Tempo"))
    (subentry,) = entry.subentries.values()
    assert subentry.data["own_prices"] == []
    assert "client_id" not in subentry.data
    assert "client_secret" not in subentry.data
    await end(hass, entry)


async def test_another_id_needs_its_own_secret(
    hass: HomeAssistant, colour_api: ColourApiServer, rte: RteServer
) -> None:
    entry = await set_up(hass, tempo_home(settings(colour_api, rte)))
    values = filled(colour_api, rte, name="Tempo") | {"rte": {"client_id": "another"}}
    result = await send(hass, await change(hass, entry), values)
    assert result["errors"] == {"rte": "rte_secret_missing"}
    await end(hass, entry)


async def test_refused_credentials_are_entered_anew(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, colour_api: ColourApiServer, rte: RteServer
) -> None:
    rte.client_secret = "new-secret"
    entry = await set_up(hass, tempo_home(settings(colour_api, rte)))
    before = dict(next(iter(entry.subentries.values())).data)
    (flow,) = [each for each in hass.config_entries.flow.async_progress() if each["context"]["source"] == SOURCE_REAUTH]
    assert flow["context"]["title_placeholders"] == {"name": "Tempo"}
    configure = hass.config_entries.flow.async_configure
    result = await configure(flow["flow_id"], None)
    assert result["description_placeholders"]["name"] == "Tempo"
    result = await configure(flow["flow_id"], {"client_id": CLIENT_ID, "client_secret": " "})
    assert result["errors"] == {"base": "rte_empty"}
    result = await configure(flow["flow_id"], {"client_id": CLIENT_ID, "client_secret": "wrong"})
    assert result["errors"] == {"base": "rte_refused"}
    result = await configure(flow["flow_id"], {"client_id": CLIENT_ID, "client_secret": "new-secret"})
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reauth_successful")
    await hass.async_block_till_done(wait_background_tasks=True)
    (subentry,) = entry.subentries.values()
    assert dict(subentry.data) == before | {"client_secret": "new-secret"}
    await go_to(hass, freezer, paris(2026, 11, 20, 20, 6))
    (source,) = entry.runtime_data.sources.values()
    assert source.connection == "ok"
    assert state(hass, "colour_tomorrow") in {"blue", "white", "red"}
    await end(hass, entry)


async def test_a_dialog_goes_when_its_tariff_goes(
    hass: HomeAssistant, colour_api: ColourApiServer, rte: RteServer
) -> None:
    rte.client_secret = "new-secret"
    entry = await set_up(hass, tempo_home(settings(colour_api, rte)))
    assert hass.config_entries.flow.async_progress()
    hass.config_entries.async_remove_subentry(entry, "tariff_1")
    await hass.async_block_till_done()
    assert not hass.config_entries.flow.async_progress()


async def test_a_dialog_goes_when_the_login_is_good_again(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, colour_api: ColourApiServer, rte: RteServer
) -> None:
    rte.client_secret = "new-secret"
    entry = await set_up(hass, tempo_home(settings(colour_api, rte)))
    assert hass.config_entries.flow.async_progress()
    rte.client_secret = CLIENT_SECRET
    await go_to(hass, freezer, paris(2026, 11, 20, 20, 6))
    assert not hass.config_entries.flow.async_progress()
    await end(hass, entry)


async def test_french_words(hass: HomeAssistant) -> None:
    words = await async_get_translations(hass, "fr", "entity", {DOMAIN})
    prefix = f"component.{DOMAIN}.entity.sensor.colour_today.state"
    assert [words[f"{prefix}.{colour}"] for colour in ("blue", "white", "red")] == ["Bleu", "Blanc", "Rouge"]


@pytest.mark.parametrize(
    "address",
    [
        "",
        "https://example.org",
        "https://example.org:8443/api",
        "http://127.0.0.1:8080",
        "http://[::1]",
        "http://localhost",
    ],
)
def test_safe_addresses(address: str) -> None:
    assert server_error(address) is None


@pytest.mark.parametrize(
    "address",
    ["http://example.org", "http://192.168.1.2", "http://localhost.example.org", "example.org", "ftp://127.0.0.1",
     "https://", "https://user:secret@example.org", "https://example.org/?a=1", "https://example.org:99999",
     "https://[::1", "http://127.0.0.1.example.org"],
)  # fmt: skip
def test_unsafe_addresses(address: str) -> None:
    assert server_error(address) == "server_not_safe"
