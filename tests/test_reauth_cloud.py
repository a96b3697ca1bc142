"""A login at Tesla or a token that is no longer accepted: the dialog names the way and mends just that one."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import SOURCE_REAUTH, ConfigFlowResult, ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, UnknownFlow
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.energy_optimizer.api.powerwall.ways import set_up_way, without_way
from tests.cloud_ways import fleet_way, owner_way, teslemetry_way
from tests.homes import home, powerwall, set_up, settings_of
from tests.servers.gateway import CUSTOMER_PASSWORD, DIN, GatewayServer
from tests.servers.tesla_cloud import TeslaCloud

HOME_POWER = "sensor.powerwall_home_power"
WAYS = {"fleet": fleet_way, "owner": owner_way, "teslemetry": teslemetry_way}
GOOD_TOKEN = "teslemetry-new-token"


@pytest.fixture
async def unload(hass: HomeAssistant) -> AsyncIterator[None]:
    yield
    for entry in hass.config_entries.async_entries("energy_optimizer"):
        await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()


def dialogs(hass: HomeAssistant) -> list[ConfigFlowResult]:
    return [flow for flow in hass.config_entries.flow.async_progress() if flow["context"]["source"] == SOURCE_REAUTH]


def only_subentry(entry: MockConfigEntry) -> ConfigSubentry:
    (subentry,) = entry.subentries.values()
    return subentry


def withdraw(cloud: TeslaCloud) -> None:
    """Let no login and no token of before be accepted any more."""
    cloud.oauth.revoke_consent()
    cloud.teslemetry_token = GOOD_TOKEN


async def poll(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    (source,) = entry.runtime_data.sources.values()
    await source.async_refresh()
    await hass.async_block_till_done()


async def answer(hass: HomeAssistant, result: ConfigFlowResult, user_input: dict[str, Any] | None) -> ConfigFlowResult:
    return await hass.config_entries.flow.async_configure(result["flow_id"], user_input)


def good_answer(cloud: TeslaCloud, way: str, form: ConfigFlowResult) -> dict[str, str]:
    if way == "teslemetry":
        return {"token": GOOD_TOKEN}
    return {"redirect": cloud.oauth.user_logs_in(form["description_placeholders"]["login_url"])}


@pytest.mark.parametrize("way", WAYS)
async def test_the_way_that_was_refused_is_named_and_mended(
    hass: HomeAssistant, tesla_cloud: TeslaCloud, unload: None, freezer: FrozenDateTimeFactory, way: str
) -> None:
    entry = await set_up(hass, home(powerwall(WAYS[way](tesla_cloud))))
    assert hass.states.get(HOME_POWER).state == "1.5"
    before = settings_of(only_subentry(entry), way)
    withdraw(tesla_cloud)
    freezer.tick(timedelta(hours=1))
    await poll(hass, entry)
    assert hass.states.get("sensor.powerwall_connection").state == "refused"
    (dialog,) = dialogs(hass)
    assert dialog["step_id"] == f"reauth_{way}"
    assert dialog["context"]["title_placeholders"] == {"name": "Powerwall"}
    form = await answer(hass, dialog, None)
    result = await answer(hass, form, good_answer(tesla_cloud, way, form))
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reauth_successful")
    await hass.async_block_till_done()
    assert not dialogs(hass)
    assert hass.states.get(HOME_POWER).state == "1.5"
    after = settings_of(only_subentry(entry), way)
    changed = {name for name in after if after[name] != before[name]}
    assert changed <= {"token", "refresh_token", "token_issued_at", "shown", "writable"}
    assert changed


async def test_of_several_ways_only_the_refused_one_is_asked_for(
    hass: HomeAssistant,
    gateway: GatewayServer,
    tesla_cloud: TeslaCloud,
    unload: None,
    freezer: FrozenDateTimeFactory,
) -> None:
    tesla_cloud.site.gateway_id = DIN
    by_gateway = {"path": "gateway", "host": gateway.host, "auth": "customer", "serial": DIN, "shown": ["grid_status"]}
    by_gateway |= {"customer_password": CUSTOMER_PASSWORD}
    entry = await set_up(hass, home(powerwall(by_gateway, teslemetry_way(tesla_cloud))))
    gateway.state.customer_password = "NEWPW"
    gateway.end_sessions()
    withdraw(tesla_cloud)
    for _ in range(2):
        freezer.tick(timedelta(minutes=11))
        await poll(hass, entry)
    (dialog,) = dialogs(hass)
    assert dialog["step_id"] == "reauth_gateway", "the first of the two; the other follows"
    other = settings_of(only_subentry(entry), "teslemetry")
    result = await answer(hass, dialog, {"customer_password": "NEWPW"})
    assert result["reason"] == "reauth_successful"
    await hass.async_block_till_done()
    assert hass.states.get(HOME_POWER).state == "1.35"
    assert settings_of(only_subentry(entry), "teslemetry") == other
    for _ in range(2):
        freezer.tick(timedelta(minutes=11))
        await poll(hass, entry)
    (dialog,) = dialogs(hass)
    assert dialog["step_id"] == "reauth_teslemetry"
    by_gateway = settings_of(only_subentry(entry))
    assert (await answer(hass, dialog, {"token": GOOD_TOKEN}))["reason"] == "reauth_successful"
    await hass.async_block_till_done()
    assert settings_of(only_subentry(entry)) == by_gateway
    assert not dialogs(hass)


async def test_a_dialog_closes_when_its_way_is_removed_and_only_then(
    hass: HomeAssistant, tesla_cloud: TeslaCloud, unload: None, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up(hass, home(powerwall(fleet_way(tesla_cloud), teslemetry_way(tesla_cloud))))
    tesla_cloud.oauth.revoke_consent()
    freezer.tick(timedelta(hours=1))
    await poll(hass, entry)
    assert hass.states.get(HOME_POWER).state == "1.5", "Teslemetry stands in"
    assert [dialog["step_id"] for dialog in dialogs(hass)] == ["reauth_fleet"]
    data = set_up_way(only_subentry(entry).data, "teslemetry", teslemetry_way(tesla_cloud, shown=[]))
    hass.config_entries.async_update_subentry(entry, only_subentry(entry), data=data)
    await hass.async_block_till_done()
    assert [dialog["step_id"] for dialog in dialogs(hass)] == ["reauth_fleet"]
    hass.config_entries.async_update_subentry(entry, only_subentry(entry), data=without_way(data, "fleet"))
    await hass.async_block_till_done()
    assert not dialogs(hass)


@pytest.fixture
async def refused(
    hass: HomeAssistant, tesla_cloud: TeslaCloud, unload: None, freezer: FrozenDateTimeFactory
) -> Callable[[str], Any]:
    """Return what sets a home up by one way that is refused, and opens its dialog."""

    async def begin(way: str) -> tuple[MockConfigEntry, ConfigFlowResult]:
        entry = await set_up(hass, home(powerwall(WAYS[way](tesla_cloud))))
        withdraw(tesla_cloud)
        freezer.tick(timedelta(hours=1))
        await poll(hass, entry)
        (dialog,) = dialogs(hass)
        return entry, await answer(hass, dialog, None)

    return begin


@pytest.mark.parametrize("way", WAYS)
async def test_another_account_is_not_taken(
    hass: HomeAssistant, tesla_cloud: TeslaCloud, refused: Callable[[str], Any], way: str
) -> None:
    entry, form = await refused(way)
    before = dict(only_subentry(entry).data)
    tesla_cloud.site.site_id += 1
    result = await answer(hass, form, good_answer(tesla_cloud, way, form))
    assert result["errors"] == {"base": "other_site"}
    assert dict(only_subentry(entry).data) == before


@pytest.mark.parametrize("way", ["fleet", "owner"])
async def test_a_login_that_goes_wrong_can_be_repeated(
    hass: HomeAssistant, tesla_cloud: TeslaCloud, refused: Callable[[str], Any], way: str
) -> None:
    _, form = await refused(way)
    address = form["description_placeholders"]["login_url"]
    result = await answer(hass, form, {"redirect": "hello"})
    assert result["errors"] == {"redirect": "login_not_an_address"}
    result = await answer(hass, form, {"redirect": tesla_cloud.oauth.user_logs_in(address, deny=True)})
    assert result["errors"] == {"redirect": "login_denied"}
    good = tesla_cloud.oauth.user_logs_in(address)
    tesla_cloud.fault("/oauth2/v3/token", 503)
    result = await answer(hass, form, {"redirect": good})
    assert result["errors"]["base"] in ("cloud_unreachable", "cloud_nonsense")
    tesla_cloud.heal()
    assert (await answer(hass, form, good_answer(tesla_cloud, way, form)))["reason"] == "reauth_successful"
    await hass.async_block_till_done()


async def test_a_wrong_token_can_be_repeated(
    hass: HomeAssistant, tesla_cloud: TeslaCloud, refused: Callable[[str], Any]
) -> None:
    _, form = await refused("teslemetry")
    result = await answer(hass, form, {"token": "wrong"})
    assert result["errors"] == {"token": "token_refused"}
    tesla_cloud.subscribed = False
    result = await answer(hass, form, {"token": GOOD_TOKEN})
    assert result["errors"] == {"base": "cloud_not_permitted"}


async def test_an_application_whose_secret_was_changed(
    hass: HomeAssistant, tesla_cloud: TeslaCloud, refused: Callable[[str], Any]
) -> None:
    entry, form = await refused("fleet")
    tesla_cloud.oauth.clients["fleet-app"] = "new-secret"
    result = await answer(hass, form, good_answer(tesla_cloud, "fleet", form))
    assert result["step_id"] == "reauth_fleet_app"
    result = await answer(hass, result, {"client_id": "fleet-app", "client_secret": "new-secret"})
    assert result["step_id"] == "reauth_fleet"
    result = await answer(hass, result, good_answer(tesla_cloud, "fleet", result))
    assert result["reason"] == "reauth_successful"
    await hass.async_block_till_done()
    assert settings_of(only_subentry(entry), "fleet")["client_secret"] == "new-secret"
    assert settings_of(only_subentry(entry), "fleet")["budget_usd"] == 10.0


async def test_a_way_that_is_gone_meanwhile(
    hass: HomeAssistant, tesla_cloud: TeslaCloud, refused: Callable[[str], Any]
) -> None:
    entry, form = await refused("teslemetry")
    hass.config_entries.async_remove_subentry(entry, only_subentry(entry).subentry_id)
    await hass.async_block_till_done()
    assert not dialogs(hass)
    with pytest.raises(UnknownFlow):
        await answer(hass, form, {"token": GOOD_TOKEN})


async def test_of_what_nobody_knows_how_to_log_in(hass: HomeAssistant, tesla_cloud: TeslaCloud, unload: None) -> None:
    entry = await set_up(hass, home(powerwall(teslemetry_way(tesla_cloud))))
    data = {"subentry_id": only_subentry(entry).subentry_id, "way": "entities"}
    result = await hass.config_entries.flow.async_init(
        "energy_optimizer", context={"source": SOURCE_REAUTH, "entry_id": entry.entry_id}, data=data
    )
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "source_gone")
