"""Starts, replaces and stops the sources of a home as its subentries come, change and go."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from .actions.powerwall import forget_issues
from .const import SUBENTRY_POWERWALL, SUBENTRY_TARIFF
from .coordinators.powerwall import PowerwallCoordinator
from .coordinators.runtime import HomeConfigEntry
from .coordinators.source import SourceCoordinator
from .coordinators.tariff import TariffCoordinator

type SourceFactory = Callable[[HomeAssistant, HomeConfigEntry, ConfigSubentry], SourceCoordinator[Any]]

# In the order in which they start: a Powerwall's cost needs the tariff to listen before its first reading.
FACTORIES: Mapping[str, SourceFactory] = MappingProxyType(
    {
        SUBENTRY_TARIFF: TariffCoordinator,
        SUBENTRY_POWERWALL: PowerwallCoordinator,
    }
)


async def async_start_sources(hass: HomeAssistant, entry: HomeConfigEntry) -> None:
    """Start a source for each subentry; one that fails stays unavailable and does not hold up the others."""
    for subentry_type in FACTORIES:
        for subentry in entry.get_subentries_of_type(subentry_type):
            await _async_add(hass, entry, subentry)


async def async_stop_sources(entry: HomeConfigEntry) -> None:
    """Stop all sources."""
    for subentry_id in list(entry.runtime_data.sources):
        if (source := await entry.runtime_data.hide(subentry_id)) is not None:
            await source.async_stop()


async def async_forget_sources(hass: HomeAssistant, entry: HomeConfigEntry) -> None:
    """Delete what the sources of a removed home had stored."""
    for subentry in entry.subentries.values():
        if (factory := FACTORIES.get(subentry.subentry_type)) is not None:
            await _async_forget(factory(hass, entry, subentry))


async def async_update_sources(hass: HomeAssistant, entry: HomeConfigEntry) -> None:
    """Bring the running sources in line with the subentries, touching only those that differ."""
    async with entry.runtime_data.lock:
        sources = entry.runtime_data.sources
        gone = [source for subentry_id, source in sources.items() if subentry_id not in entry.subentries]
        changed = [source for source in sources.values() if _differs(source, entry)]
        new = [subentry for subentry in entry.subentries.values() if subentry.subentry_id not in sources]
        for source in gone:
            await entry.runtime_data.hide(source.subentry_id)
            await source.async_stop()
            await _async_forget(source)
        for source in changed:
            await _async_replace(hass, entry, source)
        for subentry in new:
            await _async_add(hass, entry, subentry)
        if gone or changed or new:
            for source in sources.values():
                source.on_sources_changed()


def _differs(source: SourceCoordinator[Any], entry: HomeConfigEntry) -> bool:
    subentry = entry.subentries.get(source.subentry_id)
    return subentry is not None and (source.title, source.settings) != (subentry.title, dict(subentry.data))


async def _async_add(hass: HomeAssistant, entry: HomeConfigEntry, subentry: ConfigSubentry) -> None:
    if (factory := FACTORIES.get(subentry.subentry_type)) is None:
        return
    source = factory(hass, entry, subentry)
    await source.async_start()
    entry.runtime_data.show(source)


async def _async_replace(hass: HomeAssistant, entry: HomeConfigEntry, old: SourceCoordinator[Any]) -> None:
    """Put a new source in the place of one whose subentry changed; entities it no longer has are removed."""
    await entry.runtime_data.hide(old.subentry_id)
    await old.async_stop()
    await _async_add(hass, entry, entry.subentries[old.subentry_id])
    kept = {entity.unique_id for entity in entry.runtime_data.entities.get(old.subentry_id, [])}
    registry = er.async_get(hass)
    for entity in er.async_entries_for_config_entry(registry, entry.entry_id):
        if entity.config_subentry_id == old.subentry_id and entity.unique_id not in kept:
            registry.async_remove(entity.entity_id)


async def _async_forget(source: SourceCoordinator[Any]) -> None:
    if isinstance(source, PowerwallCoordinator):
        forget_issues(source)
    await source.async_forget()
