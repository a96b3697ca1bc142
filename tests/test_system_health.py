"""What the System Health page shows of us."""

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import get_system_health_info

from custom_components.energy_optimizer.const import DOMAIN
from tests.homes import BATTERY_ENTITIES, flat_tariff, home, powerwall, set_up


async def test_homes_sources_and_silent_ones_are_counted(hass: HomeAssistant) -> None:
    assert await async_setup_component(hass, "system_health", {})
    await set_up(hass, home(powerwall(BATTERY_ENTITIES), flat_tariff()))
    info = await get_system_health_info(hass, DOMAIN)
    assert info.pop("rows_waiting") >= 0
    assert info == {"homes": 1, "sources": 2, "silent_sources": 1, "silent_databases": 0}
