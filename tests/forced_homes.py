"""A home whose Powerwall is forced, in real Home Assistant with time that passes on demand."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.energy_optimizer.actions import steering
from custom_components.energy_optimizer.const import DOMAIN
from custom_components.energy_optimizer.control.powerwall import PowerwallControl
from custom_components.energy_optimizer.coordinators.powerwall import PowerwallCoordinator

FORCE = "select.powerwall_battery_mode"
ENDS = "sensor.powerwall_force_ends"
SPEAKER = "sensor.powerwall_in_control"
COMMAND = "sensor.powerwall_last_command"
SYNC = "switch.powerwall_tariff_sync"


def let_sleep_pass(freezer: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a control's sleep be over at once, with its time gone by."""

    async def sleep(_self: object, duration: timedelta) -> None:
        freezer.tick(duration)

    monkeypatch.setattr(steering._HomeClock, "sleep", sleep)


def powerwall_of(hass: HomeAssistant) -> PowerwallCoordinator:
    """Return the only Powerwall."""
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    return next(each for each in entry.runtime_data.sources.values() if isinstance(each, PowerwallCoordinator))


def control_of(hass: HomeAssistant) -> PowerwallControl:
    """Return its control."""
    return steering.steering_of(powerwall_of(hass)).control


async def let_pass(hass: HomeAssistant, freezer: FrozenDateTimeFactory, duration: timedelta, steps: int = 10) -> None:
    """Let time go by in some steps, with polls and timers."""
    for _ in range(steps):
        freezer.tick(duration / steps)
        async_fire_time_changed(hass)
        await hass.async_block_till_done(wait_background_tasks=True)


async def act(hass: HomeAssistant, action: str, **data: Any) -> Any:
    """Call one of our actions and return its answer."""
    return await hass.services.async_call(DOMAIN, action, data, blocking=True, return_response=True)


async def reload(
    hass: HomeAssistant, entry: ConfigEntry[Any], between: Callable[[], Awaitable[None]] | None = None
) -> None:
    """Stop the home and start it again, as a restart of Home Assistant does."""
    assert await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()
    if between is not None:
        await between()
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
