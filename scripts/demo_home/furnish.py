"""Sets the home up through the same dialogs that a user clicks through."""

import asyncio
from collections.abc import Mapping
from typing import Any

from custom_components.energy_optimizer.const import DOMAIN, PATH_SIMULATED, SUBENTRY_TARIFF

from .client import Client
from .countries import DemoCountry
from .dialogs import HOME, SUBENTRY, Dialog
from .errors import DemoError
from .folder import Residence
from .places import DemoTariff

SETTLE_PATIENCE_S = 60
ONE_OF_EACH_SOURCE = frozenset({"home_power", "cost_today"})
BATTERIES = 1
CAPACITY_KWH = 13.5


async def move_in(client: Client) -> None:
    """Make the owner of a new Home Assistant and clear the rooms that it suggests."""
    await client.create_owner()
    await client.log_in()
    for area in await client.ask("config/area_registry/list"):
        await client.ask("config/area_registry/delete", area_id=area["area_id"])


async def add_home(client: Client, residence: Residence, price_server: str = "") -> None:
    """Add the home, its Powerwall and its tariff, whose prices may come from a server of the demo's own."""
    place = residence.place
    home = await Dialog.open(client, HOME, DOMAIN)
    await home.fill("user", {})
    created = home.finished()
    kind, flow_id = created["next_flow"]
    if kind != "config_subentries_flow":
        raise DemoError(f"After the home, the dialog goes on with {kind}, not with a Powerwall.")
    powerwall = await Dialog.join(client, SUBENTRY, flow_id)
    await powerwall.pick(PATH_SIMULATED)
    await powerwall.fill(
        PATH_SIMULATED,
        {"solar_kwp": place.solar_kwp, "batteries": BATTERIES, "home_kwh_per_year": place.home_kwh_per_year},
    )
    powerwall.finished()
    tariff = await Dialog.open(client, SUBENTRY, [created["result"]["entry_id"], SUBENTRY_TARIFF])
    await _sign(tariff, residence.country, place.tariff, price_server)
    tariff.finished()


async def _sign(tariff: Dialog, country: DemoCountry | None, hours: DemoTariff, price_server: str) -> None:
    """Fill in the country's contract; elsewhere start from the place's preset and type in what it leaves open."""
    if country is not None:
        await country.sign(tariff, price_server)
        return
    await tariff.pick("start")
    await tariff.fill("start", {"start": hours.preset})
    rows = tariff.suggestions()["prices"]
    await tariff.fill("prices", {"prices": [priced(row, hours) for row in rows]})
    await tariff.pick("save")


def priced(row: Mapping[str, Any], tariff: DemoTariff) -> dict[str, Any]:
    """Fill in the prices of a tier."""
    prices = {tier: {"import_price": costs, "export_price": earns} for tier, costs, earns in tariff.prices}
    everywhere = {} if tariff.export_per_kwh is None else {"export_price": tariff.export_per_kwh}
    return {**row, **everywhere, **prices.get(row["tier"], {})}


async def wait_until_available(
    client: Client, needed: frozenset[str] = frozenset(), patience_s: float = SETTLE_PATIENCE_S
) -> list[dict[str, Any]]:
    """Wait until each of our enabled entities is there and available, and return their registry entries.

    Args:
        client: who asks.
        needed: what must be among them, as a source comes with its entities only a moment after its dialog has closed.
        patience_s: for how long to wait.

    Raises:
        DemoError: if that takes too long; it names the entities.
    """
    started = asyncio.get_running_loop().time()
    while True:
        ours = await our_entities(client)
        states = await client.states()
        missing = [each["entity_id"] for each in ours if _absent(states.get(each["entity_id"]))]
        missing += sorted(needed - {each["translation_key"] for each in ours})
        if not missing:
            return ours
        if asyncio.get_running_loop().time() - started > patience_s:
            raise DemoError(f"After {patience_s:.0f} seconds still not available: {', '.join(missing)}")
        await asyncio.sleep(0.5)


async def wait_for_what_answers(client: Client, patience_s: float = SETTLE_PATIENCE_S) -> list[str]:
    """Wait until our entities are available, but for devices that say themselves that they cannot be read.

    Returns:
        A sentence for each device with entities that are not available: a visitor may have added what does not answer.
    """
    started = asyncio.get_running_loop().time()
    while True:
        ours = await our_entities(client)
        states = await client.states()
        broken = _broken_connections(ours, states)
        waiting = {each["device_id"] for each in ours if _absent(states.get(each["entity_id"]))} - broken.keys()
        if not waiting or asyncio.get_running_loop().time() - started > patience_s:
            break
        await asyncio.sleep(0.5)
    devices = await client.ask("config/device_registry/list")
    names = {each["id"]: each["name_by_user"] or each["name"] for each in devices}
    sentences = {device: _TROUBLES.get(why, "cannot be read") for device, why in broken.items()}
    sentences |= dict.fromkeys(waiting, "is not available")
    return sorted(f"{names.get(device, 'Something')} {trouble}." for device, trouble in sentences.items())


async def our_entities(client: Client) -> list[dict[str, Any]]:
    """Return the registry entries of our enabled entities."""
    registry = await client.ask("config/entity_registry/list")
    return [each for each in registry if each["platform"] == DOMAIN and each["disabled_by"] is None]


_TROUBLES: Mapping[str, str] = {
    "unreachable": "does not answer",
    "refused": "refuses its password or key",
    "certificate": "has another certificate than before",
}


def _broken_connections(entities: list[dict[str, Any]], states: Mapping[str, dict[str, Any]]) -> dict[str, str]:
    """Return what the connection of each device is that looked and could not read."""
    connections = {
        each["device_id"]: states[each["entity_id"]]["state"]
        for each in entities
        if each["translation_key"] == "connection" and each["entity_id"] in states
    }
    return {device: state for device, state in connections.items() if state not in ("ok", "unavailable", "unknown")}


def _absent(state: dict[str, Any] | None) -> bool:
    return state is None or state["state"] == "unavailable"
