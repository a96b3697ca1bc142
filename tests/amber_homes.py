"""Homes with an Amber tariff that asks a loopback server, for several tests."""

from datetime import datetime, timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigSubentryData
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.energy_optimizer.const import DOMAIN, SUBENTRY_TARIFF
from tests.servers.amber import SITE, TOKEN, AmberServer

HOME_DATA = {"latitude": -33.87, "longitude": 151.21, "currency": "AUD", "main_fuse_a": 63, "phases": 1}
LATEST_ASKED = timedelta(seconds=45)
"""How long after the minute the last home asks."""


def settings(amber: AmberServer, **changes: Any) -> dict[str, Any]:
    return {
        "format": 1,
        "kind": "amber",
        "token": TOKEN,
        "site_id": SITE,
        "terms": {"per_month": 25.0, "billing_day": 1},
        "server": amber.base,
    } | changes


def amber_home(data: dict[str, Any]) -> MockConfigEntry:
    tariff = ConfigSubentryData(data=data, subentry_type=SUBENTRY_TARIFF, title="Amber", unique_id=None)
    return MockConfigEntry(
        domain=DOMAIN,
        version=2,
        entry_id="home_1",
        title="Home",
        unique_id="home",
        data=HOME_DATA,
        subentries_data=[tariff | {"subentry_id": "tariff_1"}],
    )


async def go_to(hass: HomeAssistant, freezer: FrozenDateTimeFactory, moment: datetime) -> None:
    freezer.move_to(moment)
    async_fire_time_changed(hass, moment)
    await hass.async_block_till_done(wait_background_tasks=True)


def state(hass: HomeAssistant, name: str) -> str:
    found = hass.states.get(f"sensor.amber_{name}")
    assert found is not None, name
    return found.state
