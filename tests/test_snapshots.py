"""All entities and the diagnostics of a simulated home with a tariff, word by word."""

from datetime import timedelta
from types import SimpleNamespace
from unittest.mock import patch

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.diagnostics import REDACTED
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
    snapshot_platform,
)
from syrupy.assertion import SnapshotAssertion

from custom_components.energy_optimizer import diagnostics
from custom_components.energy_optimizer.const import DOMAIN
from tests.homes import HOME_DATA, SIMULATED, flat_tariff, powerwall, set_up

_STOPPED = SimpleNamespace(perf_counter=lambda: 0.0)
"""How long a plan took is not the same in every run."""
PLATFORMS = [Platform.CALENDAR, Platform.NUMBER, Platform.SELECT, Platform.SENSOR, Platform.SWITCH]


def fixed_home() -> MockConfigEntry:
    """Return a home whose ids are the same in every run."""
    pairs = (
        (powerwall(SIMULATED | {"since": "2026-06-09T12:00:00+00:00"}), "powerwall_1"),
        (flat_tariff(), "tariff_1"),
    )
    return MockConfigEntry(
        domain=DOMAIN,
        entry_id="home_1",
        title="Home",
        version=2,
        data=HOME_DATA,
        subentries_data=[data | {"subentry_id": subentry_id} for data, subentry_id in pairs],
    )


@pytest.fixture(autouse=True)
async def _midday(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    await hass.config.async_set_time_zone("America/Los_Angeles")
    freezer.move_to("2026-06-10T19:00:00+00:00")


@pytest.mark.parametrize("platform", PLATFORMS)
async def test_entities(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, snapshot: SnapshotAssertion, platform: Platform
) -> None:
    entry = fixed_home()
    enabled = patch("homeassistant.helpers.entity.Entity.entity_registry_enabled_default", True)
    with patch("custom_components.energy_optimizer.core.planning.planner.time", _STOPPED):
        with enabled, patch("custom_components.energy_optimizer.PLATFORMS", (platform,)):
            await set_up(hass, entry)
        for _ in range(15):
            freezer.tick(timedelta(seconds=11))
            async_fire_time_changed(hass)
            await hass.async_block_till_done()
    await snapshot_platform(hass, er.async_get(hass), snapshot, entry.entry_id)


async def test_diagnostics(hass: HomeAssistant, snapshot: SnapshotAssertion) -> None:
    entry = await set_up(hass, fixed_home())
    facts = await diagnostics.async_get_config_entry_diagnostics(hass, entry)
    assert facts["ledger"].pop("size_bytes") > 0
    assert facts == snapshot


async def test_diagnostics_hold_no_secret(hass: HomeAssistant, socket_enabled: None) -> None:
    secrets = {
        "host": "127.0.0.1:9",
        "customer_password": "hunter2",
        "gateway_password": "ABCDEFGHIJ",
        "key_pem": "-----BEGIN PRIVATE KEY-----",
        "email": "me@example.com",
        "serial": "1232100-00-E--TG0123456789AB",
        "mac": "b0:b2:1c:00:00:01",
    }
    entry = await set_up(hass, fixed_home())
    (subentry, _) = entry.subentries.values()
    hass.config_entries.async_update_subentry(
        entry, subentry, data={"ways": {"gateway": secrets | {"auth": "customer"}}}
    )
    await hass.async_block_till_done()
    told = await diagnostics.async_get_config_entry_diagnostics(hass, entry)
    assert not [secret for secret in secrets.values() if secret in str(told)]
    assert str(HOME_DATA["latitude"]) not in str(told)
    assert told["sources"][0]["settings"]["ways"]["gateway"]["host"] == REDACTED
    assert told["sources"][0]["state"]["connection"] == "unreachable"
