"""Finds the integrations that foretell the sun in the form of Home Assistant's Energy dashboard."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Protocol, cast

from homeassistant.components.energy.data import async_get_manager
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.integration_platform import async_process_integration_platforms
from homeassistant.helpers.singleton import singleton

from ..const import DOMAIN

ENERGY: Final = "energy"

type SolarAnswer = Mapping[str, Mapping[str, float]]
type AskSolar = Callable[[HomeAssistant, str], Awaitable[SolarAnswer | None]]


class _Platform(Protocol):
    async_get_solar_forecast: AskSolar


@singleton(f"{DOMAIN}_solar_platforms")
async def async_solar_platforms(hass: HomeAssistant) -> dict[str, AskSolar]:
    """Return how to ask each integration that foretells the sun, by domain; others join when they load."""
    platforms: dict[str, AskSolar] = {}

    @callback
    def take_in(_hass: HomeAssistant, domain: str, platform: object) -> None:
        if hasattr(platform, "async_get_solar_forecast"):
            platforms[domain] = cast(_Platform, platform).async_get_solar_forecast

    await async_process_integration_platforms(hass, ENERGY, take_in, wait_for_platforms=True)
    return platforms


async def async_solar_entries(hass: HomeAssistant) -> list[ConfigEntry[Any]]:
    """Return the config entries that may be asked for a solar forecast."""
    platforms = await async_solar_platforms(hass)
    return [
        entry
        for entry in hass.config_entries.async_entries(include_ignore=False, include_disabled=False)
        if entry.domain in platforms and entry.domain != DOMAIN
    ]


async def async_usual_entries(hass: HomeAssistant) -> tuple[str, ...]:
    """Return the ids of those that the Energy dashboard uses; of all if it uses none."""
    found = [entry.entry_id for entry in await async_solar_entries(hass)]
    if ENERGY not in hass.config.components:
        return tuple(found)
    preferences = (await async_get_manager(hass)).data
    used = {
        entry_id
        for source in (preferences["energy_sources"] if preferences else ())
        if source["type"] == "solar"
        for entry_id in source.get("config_entry_solar_forecast") or ()
    }
    return tuple(entry_id for entry_id in found if entry_id in used) or tuple(found)
