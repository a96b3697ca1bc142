"""A gateway that asks for an address on the network."""

from collections.abc import Callable
from inspect import isawaitable
from types import MappingProxyType
from typing import Any

import pytest
from homeassistant.config_entries import SOURCE_DHCP, SOURCE_IGNORE, ConfigFlowResult, ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers.service_info.dhcp import DhcpServiceInfo
from homeassistant.loader import async_get_integration
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.energy_optimizer.const import DOMAIN, SUBENTRY_POWERWALL
from custom_components.energy_optimizer.flows import discovery
from tests.cloud_ways import teslemetry_way
from tests.homes import HOME_DATA, SIMULATED, by_ways, flat_tariff, home, powerwall, set_up, settings_of
from tests.servers.gateway import CUSTOMER_PASSWORD, DIN, GATEWAY_PASSWORD, GatewayServer
from tests.servers.tesla_cloud import TeslaCloud

MAC = "b0b21c000001"
FORMATTED_MAC = "b0:b2:1c:00:00:01"


def seen(ip: str, hostname: str = DIN.lower(), mac: str = MAC) -> DhcpServiceInfo:
    return DhcpServiceInfo(ip=ip, hostname=hostname, macaddress=mac)


async def discover(hass: HomeAssistant, info: DhcpServiceInfo) -> ConfigFlowResult:
    return await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_DHCP}, data=info)


def reached(server: GatewayServer, **changes: Any) -> dict[str, Any]:
    """Return the data of a subentry that was set up by hand."""
    return {
        "path": "gateway",
        "host": server.host,
        "auth": "customer",
        "customer_password": CUSTOMER_PASSWORD,
        "serial": DIN,
        "writable": [],
        "shown": ["grid_status"],
    } | changes


PASSWORD = {"name": "Powerwall", "auth": "customer", "password": CUSTOMER_PASSWORD}


TRIAL, LOOK = "try_gateway", "_still_answers"
REAL = {name: getattr(discovery, name) for name in (TRIAL, LOOK)}


def meanwhile(monkeypatch: pytest.MonkeyPatch, name: str, happens: Callable[[], object]) -> None:
    """Let something happen between what a gateway answered and what the dialog makes of it."""

    async def lengthened(*args: Any) -> Any:
        result = await REAL[name](*args)
        if isawaitable(happening := happens()):
            await happening
        return result

    monkeypatch.setattr(discovery, name, lengthened)


async def tear_down(hass: HomeAssistant) -> None:
    for entry in hass.config_entries.async_entries(DOMAIN):
        await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()


async def test_without_a_home_the_home_comes_too(hass: HomeAssistant, gateway: GatewayServer) -> None:
    result = await discover(hass, seen(gateway.host))
    assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "discovered")
    assert result["description_placeholders"]["host"] == gateway.host
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["unique_id"] == FORMATTED_MAC
    assert DIN in flow["context"]["title_placeholders"]["name"]

    result = await hass.config_entries.flow.async_configure(result["flow_id"], PASSWORD | {"password": "WRONG"})
    assert result["errors"] == {"password": "wrong_password"}
    result = await hass.config_entries.flow.async_configure(result["flow_id"], PASSWORD)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    assert entry.title == hass.config.location_name
    assert entry.data["currency"] == hass.config.currency
    (subentry,) = entry.subentries.values()
    assert (subentry.unique_id, settings_of(subentry)["mac"], settings_of(subentry)["host"]) == (
        DIN,
        FORMATTED_MAC,
        gateway.host,
    )
    assert hass.states.get("sensor.powerwall_home_power") is not None
    await tear_down(hass)


async def test_a_card_that_waited_replaces_no_home(hass: HomeAssistant, gateway: GatewayServer) -> None:
    card = await discover(hass, seen(gateway.host))
    made_by_hand = MockConfigEntry(
        domain=DOMAIN,
        title=hass.config.location_name,
        unique_id="test_home",
        data=HOME_DATA,
        subentries_data=[powerwall(SIMULATED), flat_tariff()],
    )
    await set_up(hass, made_by_hand)
    result = await hass.config_entries.flow.async_configure(card["flow_id"], PASSWORD)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "every_home_has_powerwall")
    assert hass.config_entries.async_entries(DOMAIN) == [made_by_hand]
    assert len(made_by_hand.subentries) == 2
    assert not gateway.requests
    await tear_down(hass)


async def test_a_card_asks_again_where_the_homes_have_changed(hass: HomeAssistant, gateway: GatewayServer) -> None:
    card = await discover(hass, seen(gateway.host))
    first = await set_up(hass, home())
    result = await hass.config_entries.flow.async_configure(card["flow_id"], PASSWORD)
    assert result["errors"] == {"base": "homes_changed"}
    assert result["description_placeholders"]["home"] == "Home"
    second = MockConfigEntry(domain=DOMAIN, title="Cabin", unique_id="cabin", data=HOME_DATA)
    await set_up(hass, second)
    await hass.config_entries.async_remove(first.entry_id)
    result = await hass.config_entries.flow.async_configure(card["flow_id"], PASSWORD)
    assert result["errors"] == {"base": "homes_changed"}
    assert not gateway.requests
    result = await hass.config_entries.flow.async_configure(card["flow_id"], PASSWORD)
    assert result["reason"] == "powerwall_added"
    assert len(second.subentries) == 1
    await tear_down(hass)


async def test_a_home_given_a_powerwall_during_the_trial_gets_no_second(
    hass: HomeAssistant, gateway: GatewayServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = await set_up(hass, home())
    card = await discover(hass, seen(gateway.host))
    simulated = ConfigSubentry(
        data=MappingProxyType(by_ways(SIMULATED)), subentry_type=SUBENTRY_POWERWALL, title="Toy", unique_id="simulated"
    )
    meanwhile(monkeypatch, TRIAL, lambda: hass.config_entries.async_add_subentry(entry, simulated))
    result = await hass.config_entries.flow.async_configure(card["flow_id"], PASSWORD)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "every_home_has_powerwall")
    assert [each.title for each in entry.subentries.values()] == ["Toy"]
    await tear_down(hass)


async def test_a_home_removed_during_the_trial(
    hass: HomeAssistant, gateway: GatewayServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = await set_up(hass, home())
    card = await discover(hass, seen(gateway.host))
    meanwhile(monkeypatch, TRIAL, lambda: hass.config_entries.async_remove(entry.entry_id))
    result = await hass.config_entries.flow.async_configure(card["flow_id"], PASSWORD)
    assert result["errors"] == {"base": "homes_changed"}
    assert result["description_placeholders"]["home"] == hass.config.location_name


async def test_a_gateway_set_up_by_hand_needs_no_card(hass: HomeAssistant, gateway: GatewayServer) -> None:
    card = await discover(hass, seen(gateway.host))
    await set_up(hass, home(powerwall(reached(gateway))))
    await set_up(hass, MockConfigEntry(domain=DOMAIN, title="Cabin", unique_id="cabin", data=HOME_DATA))
    result = await hass.config_entries.flow.async_configure(card["flow_id"], None)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "already_configured")
    await tear_down(hass)


async def test_the_only_home_without_a_powerwall_gets_it(hass: HomeAssistant, gateway: GatewayServer) -> None:
    entry = await set_up(hass, home())
    result = await discover(hass, seen(gateway.host, hostname="TeslaPW_1A2B3C"))
    assert result["description_placeholders"]["home"] == "Home"
    result = await hass.config_entries.flow.async_configure(
        result["flow_id"], {"name": "PW", "auth": "wifi", "password": GATEWAY_PASSWORD}
    )
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "powerwall_added")
    await hass.async_block_till_done()
    (subentry,) = entry.subentries.values()
    assert (subentry.title, settings_of(subentry)["auth"]) == ("PW", "wifi")
    assert float(hass.states.get("sensor.pw_home_power").state) == pytest.approx(1.35)  # type: ignore[union-attr] # fails as it should
    await tear_down(hass)


async def test_among_several_homes_one_is_chosen(hass: HomeAssistant, gateway: GatewayServer) -> None:
    first = await set_up(hass, home())
    second = MockConfigEntry(domain=DOMAIN, title="Cabin", unique_id="cabin", data=dict(first.data))
    await set_up(hass, second)
    result = await discover(hass, seen(gateway.host))
    result = await hass.config_entries.flow.async_configure(result["flow_id"], PASSWORD | {"home": second.entry_id})
    assert result["reason"] == "powerwall_added"
    await hass.async_block_till_done()
    assert len(second.subentries) == 1
    assert not first.subentries
    await tear_down(hass)


async def test_homes_that_have_theirs_are_left_in_peace(hass: HomeAssistant, gateway: GatewayServer) -> None:
    await set_up(hass, home(powerwall(SIMULATED)))
    result = await discover(hass, seen(gateway.host))
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "every_home_has_powerwall")
    await tear_down(hass)


@pytest.mark.parametrize("hostname", [DIN.lower(), "powerwall"])
async def test_a_powerwall_reached_by_cloud_is_given_its_gateway_too(
    hass: HomeAssistant, gateway: GatewayServer, tesla_cloud: TeslaCloud, hostname: str
) -> None:
    tesla_cloud.site.gateway_id = DIN
    entry = await set_up(hass, home(powerwall(teslemetry_way(tesla_cloud), title="Battery")))
    result = await discover(hass, seen(gateway.host, hostname))
    assert result["step_id"] == "discovered"
    assert "name" not in result["data_schema"].schema, "it has one"
    typed = {"auth": "customer", "password": CUSTOMER_PASSWORD}
    result = await hass.config_entries.flow.async_configure(result["flow_id"], typed)
    assert (result["reason"], result["description_placeholders"]) == ("way_added", {"name": "Battery"})
    await hass.async_block_till_done()
    (subentry,) = entry.subentries.values()
    assert list(subentry.data["ways"]) == ["teslemetry", "gateway"]
    assert (subentry.title, subentry.unique_id) == ("Battery", DIN)
    assert hass.states.get("sensor.battery_way_in_use").state == "gateway"
    assert (await discover(hass, seen(gateway.host)))["reason"] == "already_configured"
    await tear_down(hass)


async def test_a_neighbours_gateway_is_not_added_to_a_powerwall(
    hass: HomeAssistant, gateway: GatewayServer, tesla_cloud: TeslaCloud
) -> None:
    entry = await set_up(hass, home(powerwall(teslemetry_way(tesla_cloud))))
    before = next(iter(entry.subentries.values())).data
    assert (await discover(hass, seen(gateway.host)))["reason"] == "every_home_has_powerwall"
    result = await discover(hass, seen(gateway.host, "powerwall"))
    typed = {"auth": "customer", "password": CUSTOMER_PASSWORD}
    result = await hass.config_entries.flow.async_configure(result["flow_id"], typed)
    assert result["errors"] == {"base": "other_powerwall"}
    assert next(iter(entry.subentries.values())).data == before
    await tear_down(hass)


@pytest.mark.parametrize(
    ("stored", "hostname"),
    [
        ({}, DIN.lower()),
        ({"serial": None, "mac": FORMATTED_MAC}, "teslapw_1a2b3c"),
        ({"mac": FORMATTED_MAC}, "teslapw_1a2b3c"),
    ],
)
async def test_a_known_gateway_is_followed_to_its_new_address(
    hass: HomeAssistant, gateway: GatewayServer, stored: dict[str, Any], hostname: str
) -> None:
    entry = home(powerwall(reached(gateway, host="127.0.0.1", **stored)))
    await set_up(hass, entry)
    setups = hass.states.async_all()
    result = await discover(hass, seen("127.0.0.9", hostname=hostname))
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "already_configured")
    await hass.async_block_till_done()
    (subentry,) = entry.subentries.values()
    assert (settings_of(subentry)["host"], settings_of(subentry)["mac"]) == ("127.0.0.9", FORMATTED_MAC)
    assert len(hass.states.async_all()) == len(setups)
    await tear_down(hass)


@pytest.mark.parametrize("host", ["powerwall.lan", "192.168.91.1"])
async def test_an_address_chosen_on_purpose_stays(hass: HomeAssistant, gateway: GatewayServer, host: str) -> None:
    entry = home(powerwall(reached(gateway, host=host)))
    entry.add_to_hass(hass)
    result = await discover(hass, seen("127.0.0.9"))
    assert result["reason"] == "already_configured"
    (subentry,) = entry.subentries.values()
    assert settings_of(subentry)["host"] == host


async def test_a_gateway_that_answers_where_it_was_is_not_moved(hass: HomeAssistant, gateway: GatewayServer) -> None:
    entry = await set_up(hass, home(powerwall(reached(gateway))))
    result = await discover(hass, seen("127.0.0.9", mac="b0b21c000002"))
    assert result["reason"] == "already_configured"
    await hass.async_block_till_done()
    (subentry,) = entry.subentries.values()
    assert settings_of(subentry)["host"] == gateway.host
    await tear_down(hass)


@pytest.mark.parametrize("loaded", [True, False])
async def test_a_gateway_of_two_addresses_is_not_moved_between_them(
    hass: HomeAssistant, gateway: GatewayServer, monkeypatch: pytest.MonkeyPatch, *, loaded: bool
) -> None:
    monkeypatch.setattr(discovery, "_may_move", lambda *_: True)  # which the port of the loopback server forbids
    entry = home(powerwall(reached(gateway)))
    if loaded:
        await set_up(hass, entry)
    else:
        entry.add_to_hass(hass)
    for host in (gateway.host, "127.0.0.9"):
        await discover(hass, seen("127.0.0.9", mac="b0b21c000002"))
        await hass.async_block_till_done()
        (subentry,) = entry.subentries.values()
        assert settings_of(subentry)["host"] == host
        gateway.stop()
    await tear_down(hass)


@pytest.mark.parametrize("loaded", [True, False])
@pytest.mark.parametrize("changes", [{"customer_password": "NEWPW"}, {"host": "localhost"}, {}])
async def test_what_the_user_does_while_a_gateway_is_followed_stays(
    hass: HomeAssistant,
    gateway: GatewayServer,
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, str],
    *,
    loaded: bool,
) -> None:
    entry = home(powerwall(reached(gateway, host="127.0.0.1")))
    if loaded:
        await set_up(hass, entry)
    else:
        entry.add_to_hass(hass)
    (subentry,) = entry.subentries.values()

    def user_acts() -> None:
        if changes:
            data = by_ways({"path": "gateway"} | settings_of(subentry) | changes)
            hass.config_entries.async_update_subentry(entry, subentry, data=data)
        else:
            hass.config_entries.async_remove_subentry(entry, subentry.subentry_id)

    meanwhile(monkeypatch, LOOK, user_acts)
    result = await discover(hass, seen("127.0.0.9"))
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "already_configured")
    if changes:
        expected = {"host": "127.0.0.9", "mac": FORMATTED_MAC} if "host" not in changes else {}
        assert settings_of(entry.subentries[subentry.subentry_id]) == settings_of(subentry) | expected | changes
    else:
        assert not entry.subentries
    await tear_down(hass)


async def test_an_address_alone_tells_a_gateway_that_hides_its_number(
    hass: HomeAssistant, gateway: GatewayServer
) -> None:
    entry = await set_up(hass, home(powerwall(reached(gateway, serial=None))))
    result = await discover(hass, seen("127.0.0.1", hostname="teslapw_1a2b3c"))
    assert result["reason"] == "already_configured"
    await hass.async_block_till_done()
    (subentry,) = entry.subentries.values()
    assert settings_of(subentry)["mac"] == FORMATTED_MAC
    assert settings_of(subentry)["host"] == gateway.host
    await tear_down(hass)


async def test_another_gateway_is_not_taken_for_the_known_one(hass: HomeAssistant, gateway: GatewayServer) -> None:
    await set_up(hass, home(powerwall(reached(gateway))))
    result = await discover(hass, seen("127.0.0.9", hostname="1232100-00-e--tg0000000000t9", mac="b0b21c000009"))
    assert result["reason"] == "every_home_has_powerwall"
    await tear_down(hass)


async def test_an_ignored_gateway_stays_ignored(hass: HomeAssistant, gateway: GatewayServer) -> None:
    MockConfigEntry(domain=DOMAIN, source=SOURCE_IGNORE, unique_id=FORMATTED_MAC).add_to_hass(hass)
    result = await discover(hass, seen(gateway.host))
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "already_configured")


async def test_one_dialog_per_gateway(hass: HomeAssistant, gateway: GatewayServer) -> None:
    await discover(hass, seen(gateway.host))
    result = await discover(hass, seen(gateway.host))
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "already_in_progress")


async def test_the_host_names_of_gateways_are_listened_for(hass: HomeAssistant) -> None:
    integration = await async_get_integration(hass, DOMAIN)
    patterns = {matcher.get("hostname") for matcher in integration.dhcp or []}
    assert {"1118431-*", "1152100-*", "1232100-*", "1707000-*", "teslapw_*"} <= patterns
    core = await async_get_integration(hass, "powerwall")
    assert {matcher["hostname"] for matcher in core.dhcp or []} <= patterns
