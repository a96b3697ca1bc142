"""Homes by country: their contracts are signed in our dialogs, and their price servers live as long as the demo."""

import socket
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.energy_optimizer.const import DOMAIN, SUBENTRY_TARIFF
from custom_components.energy_optimizer.coordinators.tariff import TariffCoordinator
from scripts.demo_home.countries import COUNTRIES, DemoCountry
from scripts.demo_home.dialogs import SUBENTRY, Dialog
from scripts.demo_home.errors import DemoError
from scripts.demo_home.folder import DemoFolder, Residence
from scripts.demo_home.options import find_country
from scripts.demo_home.world import PORT, around

KINDS = {"fr": "tempo", "au": "amber", "us": "net_billing"}


class Visitor:
    """Fills in dialogs of the Home Assistant of a test, over its own web interface."""

    def __init__(self, session: Any) -> None:
        self._session = session

    async def submit(self, path: str, body: Mapping[str, object]) -> Any:
        answer = await self._session.post(f"/api/config/config_entries/{path}", json=body)
        assert answer.status == 200, await answer.text()
        return await answer.json()


def folder_of(country: DemoCountry, tmp_path: Path) -> DemoFolder:
    return DemoFolder(Residence(place=country.place, country=country), tmp_path)


@pytest.mark.parametrize("country", COUNTRIES, ids=lambda country: country.key)
async def test_the_contract_is_signed_and_has_prices(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    socket_enabled: None,
    tmp_path: Path,
    country: DemoCountry,
) -> None:
    await hass.config.async_set_time_zone(country.place.time_zone)
    data = {"latitude": 0.0, "longitude": 0.0, "currency": country.place.currency, "main_fuse_a": 63, "phases": 1}
    entry = MockConfigEntry(domain=DOMAIN, version=2, title="Home", data=data)
    entry.add_to_hass(hass)
    assert await async_setup_component(hass, "config", {})
    assert await hass.config_entries.async_setup(entry.entry_id)
    visitor = Visitor(await hass_client())
    with around(folder_of(country, tmp_path)) as world:
        dialog = await Dialog.open(visitor, SUBENTRY, [entry.entry_id, SUBENTRY_TARIFF])  # type: ignore[arg-type] # a stand-in
        await country.sign(dialog, world.server.base if world else "")
        dialog.finished()
        await hass.async_block_till_done()
        (subentry,) = entry.subentries.values()
        assert isinstance(subentry, ConfigSubentry)
        assert subentry.data["kind"] == KINDS[country.key]
        assert subentry.data["terms"].keys() & {"per_day", "per_month", "per_year"}
        tariff = entry.runtime_data.sources[subentry.subentry_id]
        assert isinstance(tariff, TariffCoordinator)
        assert tariff.connection == "ok"
        assert tariff.data.slot.import_per_kwh is not None
        assert tariff.data.slot.export_per_kwh is not None
        assert await hass.config_entries.async_unload(entry.entry_id)


def test_a_home_without_a_publisher_has_no_world(tmp_path: Path) -> None:
    with around(folder_of(find_country("us"), tmp_path)) as world:
        assert world is None


async def test_the_server_lives_as_long_as_the_demo_and_comes_back_where_it_was(
    socket_enabled: None, tmp_path: Path
) -> None:
    folder = folder_of(find_country("fr"), tmp_path)
    folder.prepare(8200)
    with around(folder) as world:
        assert world is not None
        port, first = world.server.port, await asked(world.server.base)
        folder.write_note(**{PORT: port})
    with pytest.raises(aiohttp.ClientConnectorError):
        await asked(f"http://127.0.0.1:{port}/api")
    with around(folder) as world:
        assert world is not None
        assert (world.server.port, await asked(world.server.base)) == (port, first)


async def test_a_port_that_was_taken_meanwhile(socket_enabled: None, tmp_path: Path) -> None:
    folder = folder_of(find_country("au"), tmp_path)
    folder.prepare(8200)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        folder.write_note(**{PORT: other.getsockname()[1]})
        with (
            pytest.raises(DemoError, match=rf"Port {other.getsockname()[1]}.*Amber.*stop that one.*--fresh"),
            around(folder),
        ):
            pass


async def test_in_the_past_only_what_was_public_then_is_told(socket_enabled: None, tmp_path: Path) -> None:
    now = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
    with around(folder_of(find_country("fr"), tmp_path)) as world:
        assert world is not None
        with world.in_the_past(lambda: now - timedelta(hours=1), now):
            early = await asked(world.server.base)
        with world.in_the_past(lambda: now + timedelta(hours=1), now + timedelta(hours=2)):
            late = await asked(world.server.base)
        assert world.now() - datetime.now(UTC) < timedelta(seconds=1)
    assert (early["codeJour"], early["dateJour"]) == (0, late["dateJour"])
    assert late["codeJour"] != 0


async def test_the_past_is_asked_for_in_pieces_that_end_now(socket_enabled: None, tmp_path: Path) -> None:
    now = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
    with around(folder_of(find_country("au"), tmp_path)) as world:
        assert world is not None
        assert world.past_at_once is not None
        long_ago = now - timedelta(days=3)
        with world.in_the_past(lambda: long_ago, now):
            assert world.now() == long_ago + world.past_at_once
        with world.in_the_past(lambda: now, now):
            assert world.now() == now


async def asked(server: str) -> dict[str, Any]:
    """Return tomorrow's colour as the server tells it."""
    async with aiohttp.ClientSession() as session, session.get(f"{server}/jourTempo/tomorrow") as answer:
        day: dict[str, Any] = await answer.json()
    return day
