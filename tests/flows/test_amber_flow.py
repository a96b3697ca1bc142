"""Entering and changing an Amber tariff, and giving it another token."""

from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import SOURCE_REAUTH, SOURCE_RECONFIGURE, SOURCE_USER
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.energy_optimizer.const import DOMAIN, SUBENTRY_TARIFF
from tests.amber_homes import HOME_DATA, LATEST_ASKED, amber_home, go_to, settings, state
from tests.homes import FLAT, set_up
from tests.servers.amber import CURRENT, SITE, SITES, TOKEN, AmberServer, Site

NOW = "2026-01-15T03:01:00+00:00"
CLOSED = Site(id="closed", nmi="4100000002", status="closed", closed_on="2024-05-01")
PENDING = Site(id="pending", nmi="4100000003", status="pending", active_from="2026-02-01")


@pytest.fixture(autouse=True)
async def _in_sydney(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    await hass.config.async_set_time_zone("Australia/Sydney")
    freezer.move_to(NOW)


def filled(amber: AmberServer, **changes: Any) -> dict[str, Any]:
    return {
        "token": TOKEN,
        "terms": {"billing_day": 1, "true_up_month": "calendar"},
        "advanced": {"server": amber.base},
    } | changes


async def add(hass: HomeAssistant) -> tuple[MockConfigEntry, Any]:
    entry = MockConfigEntry(domain=DOMAIN, version=2, title="Home", unique_id="home", data=HOME_DATA)
    await set_up(hass, entry)
    manager = hass.config_entries.subentries
    result = await manager.async_init((entry.entry_id, SUBENTRY_TARIFF), context={"source": SOURCE_USER})
    return entry, await manager.async_configure(result["flow_id"], {"next_step_id": "amber"})


async def change(hass: HomeAssistant, entry: MockConfigEntry) -> Any:
    manager = hass.config_entries.subentries
    result = await manager.async_init(
        (entry.entry_id, SUBENTRY_TARIFF), context={"source": SOURCE_RECONFIGURE, "subentry_id": "tariff_1"}
    )
    assert result["menu_options"] == ["amber", "kinds"]
    return await manager.async_configure(result["flow_id"], {"next_step_id": "amber"})


async def send(hass: HomeAssistant, result: Any, values: dict[str, Any]) -> Any:
    result = await hass.config_entries.subentries.async_configure(result["flow_id"], values)
    await hass.async_block_till_done(wait_background_tasks=True)
    return result


async def end(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()


async def test_one_site_needs_no_choice(hass: HomeAssistant, amber: AmberServer) -> None:
    entry, result = await add(hass)
    assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "amber")
    terms = {"per_month": 25, "billing_day": 12, "true_up_month": "calendar"}
    result = await send(hass, result, filled(amber, token=f" {TOKEN}\n", terms=terms))
    assert (result["type"], result["title"]) == (FlowResultType.CREATE_ENTRY, "Amber")
    (subentry,) = entry.subentries.values()
    assert subentry.data == {
        "format": 1,
        "kind": "amber",
        "token": TOKEN,
        "site_id": SITE,
        "terms": {"per_month": 25.0, "billing_day": 12},
        "server": amber.base,
    }
    assert float(state(hass, "import_price")) > -1
    await end(hass, entry)


async def test_several_sites_are_named(hass: HomeAssistant, amber: AmberServer) -> None:
    amber.sites = [CLOSED, PENDING, Site(), Site(id="beach", nmi="4100000001", network="Endeavour")]
    entry, result = await add(hass)
    result = await send(hass, result, filled(amber, name="Beach"))
    assert result["step_id"] == "amber_site"
    (selector,) = result["data_schema"].schema.values()
    assert [(option["value"], option["label"]) for option in selector.config["options"]] == [
        ("beach", "4100000001 · Endeavour"),
        (SITE, "4102345678 · Ausgrid"),
        ("pending", "4100000003 · Ausgrid (not supplied before 2026-02-01)"),
        ("closed", "4100000002 · Ausgrid (closed on 2024-05-01)"),
    ]
    result = await send(hass, result, {"site_id": "closed"})
    assert result["errors"] == {"site_id": "amber_site_closed"}
    result = await send(hass, result, {"site_id": "pending"})
    assert result["errors"] == {"site_id": "amber_site_pending"}
    with pytest.raises(InvalidData):
        await send(hass, result, {"site_id": "another's"})
    amber.fault(CURRENT.replace(SITE, "beach"), 500, times=1)
    result = await send(hass, result, {"site_id": "beach"})
    assert result["errors"] == {"site_id": "amber_unreachable"}
    result = await send(hass, result, {"site_id": "beach"})
    assert (result["type"], result["title"]) == (FlowResultType.CREATE_ENTRY, "Beach")
    (subentry,) = entry.subentries.values()
    assert subentry.data["site_id"] == "beach"
    await end(hass, entry)


@pytest.mark.parametrize(
    ("sites", "error"),
    [([], "amber_no_site"), ([CLOSED], "amber_all_closed"), ([PENDING], "amber_site_pending")],
)
async def test_a_token_without_a_site_to_live_in(
    hass: HomeAssistant, amber: AmberServer, sites: list[Site], error: str
) -> None:
    amber.sites = sites
    entry, result = await add(hass)
    result = await send(hass, result, filled(amber))
    assert result["errors"] == {"token": error}
    assert (result["description_placeholders"]["sites"] == "") == (not sites)
    if error == "amber_all_closed":
        assert "closed on 2024-05-01" in result["description_placeholders"]["sites"]
    assert not entry.subentries
    await end(hass, entry)


@pytest.mark.parametrize(
    ("fault", "errors"),
    [
        (403, {"token": "amber_refused"}),
        (401, {"token": "amber_refused"}),
        (429, {"advanced": "amber_busy"}),
        (500, {"advanced": "amber_unreachable"}),
        ("html", {"advanced": "amber_nonsense"}),
        ("not_a_list", {"advanced": "amber_nonsense"}),
        (404, {"advanced": "amber_other_site"}),
    ],
)
async def test_what_amber_answers_is_said(
    hass: HomeAssistant, amber: AmberServer, fault: str | int, errors: dict[str, str]
) -> None:
    entry, result = await add(hass)
    amber.fault(SITES, fault, times=1)
    result = await send(hass, result, filled(amber))
    assert result["errors"] == errors
    result = await send(hass, result, filled(amber))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await end(hass, entry)


async def test_sites_whose_dates_amber_does_not_say(hass: HomeAssistant, amber: AmberServer) -> None:
    amber.sites = [
        Site(network=""),
        Site(id="p", nmi="4100000003", status="pending", active_from=None),
        Site(id="c", nmi="4100000002", status="closed"),
    ]
    entry, result = await add(hass)
    result = await send(hass, result, filled(amber))
    (selector,) = result["data_schema"].schema.values()
    assert [option["label"] for option in selector.config["options"]] == [
        "4102345678",
        "4100000003 · Ausgrid (not supplied yet)",
        "4100000002 · Ausgrid (closed)",
    ]
    await end(hass, entry)


async def test_a_server_without_encryption(hass: HomeAssistant, amber: AmberServer) -> None:
    entry, result = await add(hass)
    result = await send(hass, result, filled(amber, advanced={"server": amber.base.replace("http:", "https:")}))
    assert result["errors"] == {"advanced": "amber_certificate"}
    await end(hass, entry)


async def test_a_site_without_prices_is_not_saved(hass: HomeAssistant, amber: AmberServer) -> None:
    entry, result = await add(hass)
    amber.fault(CURRENT, "empty", times=1)
    result = await send(hass, result, filled(amber))
    assert result["errors"] == {"token": "amber_no_prices"}
    await end(hass, entry)


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"token": "  "}, {"token": "amber_token_missing"}),
        ({"terms": {"per_day": "nan", "billing_day": 1, "true_up_month": "calendar"}}, {"terms": "number_needed"}),
        ({"advanced": {"server": "http://192.168.1.5/v1"}}, {"advanced": "server_not_safe"}),
    ],
)
async def test_entries_that_cannot_be(
    hass: HomeAssistant, amber: AmberServer, changes: dict[str, Any], errors: dict[str, str]
) -> None:
    entry, result = await add(hass)
    result = await send(hass, result, filled(amber) | changes)
    assert result["errors"] == errors
    assert not amber.requests, "nothing is asked before it makes sense"
    await end(hass, entry)


async def test_changing_keeps_the_token_and_offers_the_sites(hass: HomeAssistant, amber: AmberServer) -> None:
    amber.sites = [Site(), Site(id="beach", nmi="4100000001")]
    entry = await set_up(hass, amber_home(settings(amber)))
    result = await change(hass, entry)
    assert TOKEN not in str(result)
    result = await send(hass, result, {key: value for key, value in filled(amber).items() if key != "token"})
    (mark,) = result["data_schema"].schema
    assert mark.description == {"suggested_value": SITE}
    result = await send(hass, result, {"site_id": "beach"})
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
    (subentry,) = entry.subentries.values()
    assert (subentry.data["token"], subentry.data["site_id"]) == (TOKEN, "beach")
    assert amber.count(CURRENT.replace(SITE, "beach")) >= 2
    await end(hass, entry)


async def test_amber_is_sold_in_australia_only(hass: HomeAssistant) -> None:
    entry = MockConfigEntry(domain=DOMAIN, version=2, unique_id="home", data=HOME_DATA | {"currency": "EUR"})
    await set_up(hass, entry)
    result = await hass.config_entries.subentries.async_init(
        (entry.entry_id, SUBENTRY_TARIFF), context={"source": SOURCE_USER}
    )
    assert "amber" not in result["menu_options"]
    await end(hass, entry)


async def test_a_refused_token_is_entered_anew(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, amber: AmberServer
) -> None:
    amber.token = "psk_new"
    entry = await set_up(hass, amber_home(settings(amber)))
    before = dict(next(iter(entry.subentries.values())).data)
    (flow,) = [each for each in hass.config_entries.flow.async_progress() if each["context"]["source"] == SOURCE_REAUTH]
    configure = hass.config_entries.flow.async_configure
    result = await configure(flow["flow_id"], None)
    assert (result["step_id"], result["description_placeholders"]["name"]) == ("reauth_amber", "Amber")
    result = await configure(flow["flow_id"], {"token": " "})
    assert result["errors"] == {"token": "amber_token_missing"}
    result = await configure(flow["flow_id"], {"token": "wrong"})
    assert result["errors"] == {"token": "amber_refused"}
    amber.sites = [Site(id="neighbour")]
    result = await configure(flow["flow_id"], {"token": "psk_new"})
    assert result["errors"] == {"token": "amber_other_site"}
    amber.sites = [Site()]
    amber.fault(SITES, 500, times=1)
    result = await configure(flow["flow_id"], {"token": "psk_new"})
    assert result["errors"] == {"base": "amber_unreachable"}
    result = await configure(flow["flow_id"], {"token": " psk_new "})
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reauth_successful")
    await hass.async_block_till_done(wait_background_tasks=True)
    (subentry,) = entry.subentries.values()
    assert dict(subentry.data) == before | {"token": "psk_new"}
    (source,) = entry.runtime_data.sources.values()
    assert source.connection == "ok"
    assert float(state(hass, "import_price")) > -1
    await end(hass, entry)


async def test_a_tariff_that_became_another_needs_no_token(hass: HomeAssistant, amber: AmberServer) -> None:
    amber.token = "psk_new"
    entry = await set_up(hass, amber_home(settings(amber)))
    (flow,) = hass.config_entries.flow.async_progress()
    (subentry,) = entry.subentries.values()
    object.__setattr__(subentry, "data", dict(FLAT))  # as it is for a moment while the change is on its way
    result = await hass.config_entries.flow.async_configure(flow["flow_id"], {"token": "psk_new"})
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "source_gone")
    await end(hass, entry)


async def test_a_dialog_goes_when_the_token_is_good_again(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, amber: AmberServer
) -> None:
    amber.token = "psk_new"
    entry = await set_up(hass, amber_home(settings(amber)))
    assert hass.config_entries.flow.async_progress()
    amber.token = TOKEN
    (source,) = entry.runtime_data.sources.values()
    await go_to(hass, freezer, source.feed.next_refresh(dt_util.utcnow()) + LATEST_ASKED)
    assert not hass.config_entries.flow.async_progress()
    await end(hass, entry)
