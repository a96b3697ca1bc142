"""Homes with a Tempo tariff that asks loopback servers, for several tests."""

from datetime import datetime
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigSubentryData
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.energy_optimizer.const import DOMAIN, SUBENTRY_TARIFF
from tests.servers.colour_api import ColourApiServer
from tests.servers.rte import CLIENT_ID, CLIENT_SECRET, RteServer

HOME_DATA = {"latitude": 48.85, "longitude": 2.35, "currency": "EUR", "main_fuse_a": 45, "phases": 1}


def settings(colour_api: ColourApiServer, rte: RteServer | None = None, **changes: Any) -> dict[str, Any]:
    data = {
        "format": 1,
        "kind": "tempo",
        "own_prices": [],
        "export_per_kwh": 0.04,
        "terms": {"per_year": 236.4, "billing_day": 1},
        "server": colour_api.base,
    }
    if rte is not None:
        data |= {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "rte_server": rte.base}
    return data | changes


def tempo_home(data: dict[str, Any]) -> MockConfigEntry:
    tariff = ConfigSubentryData(data=data, subentry_type=SUBENTRY_TARIFF, title="Tempo", unique_id=None)
    return MockConfigEntry(
        domain=DOMAIN,
        entry_id="home_1",
        title="Home",
        unique_id="home",
        data=HOME_DATA,
        subentries_data=[tariff | {"subentry_id": "tariff_1"}],
    )


async def go_to(hass: HomeAssistant, freezer: FrozenDateTimeFactory, moment: datetime) -> None:
    """Let it become *moment*; homes ask up to a minute after the hour, so that not all ask at once."""
    freezer.move_to(moment)
    async_fire_time_changed(hass, moment)
    await hass.async_block_till_done(wait_background_tasks=True)


def state(hass: HomeAssistant, name: str) -> str:
    found = hass.states.get(f"sensor.tempo_{name}")
    assert found is not None, name
    return found.state
