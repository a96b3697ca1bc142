"""Starts, replaces and stops the sources of a home as its subentries come, change and go."""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from .actions.optimize import start_following, stop_following
from .actions.powerwall import forget_issues, watch_obedience
from .actions.price_tables import forget_price_tables, watch_price_tables
from .actions.savings import async_start_proof
from .actions.steering import (
    async_forget_steering,
    async_release,
    async_release_changed,
    async_release_stopped,
    async_start_steering,
    async_stop_steering,
    backup_percent,
    steering_of,
)
from .actions.tempo import forget_colours, watch_colours
from .api.powerwall.ways import way_settings
from .const import LOGGER, SUBENTRY_POWERWALL, SUBENTRY_TARIFF
from .coordinators.planning import async_forget_planning, async_start_planning, async_stop_planning, planning_of
from .coordinators.powerwall import PowerwallCoordinator
from .coordinators.runtime import HomeConfigEntry
from .coordinators.savings import async_forget_savings, async_stop_savings
from .coordinators.source import SourceCoordinator
from .coordinators.tariff import TariffCoordinator
from .flows.reauth_base import abort_reauth

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
    async with entry.runtime_data.lock:
        for subentry_type in FACTORIES:
            for subentry in entry.get_subentries_of_type(subentry_type):
                await _async_add(hass, entry, subentry)


async def async_stop_sources(entry: HomeConfigEntry) -> None:
    """Stop all sources, also those that are about to start."""
    runtime = entry.runtime_data
    async with runtime.lock:
        for subentry_id in list(runtime.sources):
            if (source := await runtime.hide(subentry_id)) is not None:
                await _async_stop(source)
                if isinstance(source, PowerwallCoordinator):
                    forget_issues(source)
                if isinstance(source, TariffCoordinator):
                    forget_colours(source)
                    forget_price_tables(source)


async def async_forget_sources(hass: HomeAssistant, entry: HomeConfigEntry) -> None:
    """Delete what the sources of a removed home had stored."""
    for subentry in entry.subentries.values():
        if (factory := FACTORIES.get(subentry.subentry_type)) is not None:
            source = factory(hass, entry, subentry)
            if isinstance(source, PowerwallCoordinator):
                try:
                    await async_release_stopped(source)
                except Exception:  # noqa: BLE001 - whatever is wrong, what is stored of the others must go too
                    LOGGER.exception("%s may not have its former settings", source.title)
            await _async_forget(hass, entry, source)


async def async_update_sources(hass: HomeAssistant, entry: HomeConfigEntry) -> None:
    """Bring the running sources in line with the subentries, touching only those that differ."""
    runtime = entry.runtime_data
    async with runtime.lock:
        if runtime.closed:
            return
        gone = [source for subentry_id, source in runtime.sources.items() if subentry_id not in entry.subentries]
        changed = [source for source in runtime.sources.values() if _differs(source, entry)]
        for source in gone:
            await _async_drop(hass, entry, source)
        for source in changed:
            await _async_replace(hass, entry, source)
        new = [subentry for subentry in entry.subentries.values() if subentry.subentry_id not in runtime.sources]
        for subentry in new:
            await _async_add(hass, entry, subentry)
        if gone or changed or new:
            for source in runtime.sources.values():
                source.on_sources_changed()
                if isinstance(source, PowerwallCoordinator):
                    steering_of(source).sync.on_sources_changed()
                    planning_of(source).on_sources_changed()


def _differs(source: SourceCoordinator[Any], entry: HomeConfigEntry) -> bool:
    subentry = entry.subentries.get(source.subentry_id)
    return subentry is not None and (source.title, source.settings) != (subentry.title, dict(subentry.data))


async def _async_add(hass: HomeAssistant, entry: HomeConfigEntry, subentry: ConfigSubentry) -> None:
    runtime = entry.runtime_data
    if runtime.closed or (factory := FACTORIES.get(subentry.subentry_type)) is None:
        return
    source = factory(hass, entry, subentry)
    try:
        await source.async_start()
        if isinstance(source, PowerwallCoordinator):
            await async_start_steering(source)
            await _async_start_planning(source)
            await async_start_proof(source)
    except Exception:  # noqa: BLE001 - whatever is wrong with one source, the others of the home go on
        LOGGER.exception("%s could not be started", source.title)
        if isinstance(source, PowerwallCoordinator):
            await async_stop_savings(source)
            await _async_stop_planning(source)
            await async_stop_steering(source)
        await source.async_shutdown()
        return
    if entry.runtime_data.closed:
        await _async_stop(source)
    elif subentry.subentry_id not in entry.subentries:  # removed while it started
        await _async_drop(hass, entry, source)
    else:
        if isinstance(source, PowerwallCoordinator):
            watch_obedience(source)
            _watch_login(hass, entry, source)
        if isinstance(source, TariffCoordinator):
            watch_colours(source)
            watch_price_tables(source)
            _watch_tariff_login(hass, entry, source)
        runtime.show(source)


def _watch_login(hass: HomeAssistant, entry: HomeConfigEntry, powerwall: PowerwallCoordinator) -> None:
    """Close the dialog that asks for new credentials of a way once the old ones are accepted again."""
    refused = set(powerwall.refused)

    @callback
    def look() -> None:
        for way in [way for way in refused if powerwall.way_states[way] == "ok"]:
            abort_reauth(hass, entry, powerwall.subentry_id, way)
            refused.remove(way)
        refused.update(powerwall.refused)

    powerwall.async_add_listener(look)


async def _async_start_planning(powerwall: PowerwallCoordinator) -> None:
    """Plan for a Powerwall that is steered, with the reserve that its user set, and follow the plan where asked to."""
    planning = await async_start_planning(powerwall)
    planning.backup_percent = partial(backup_percent, powerwall)
    start_following(powerwall)


async def _async_stop_planning(powerwall: PowerwallCoordinator) -> None:
    """Follow no plan any more and make none; what is steered stays as it stands."""
    stop_following(powerwall)
    await async_stop_planning(powerwall)


async def _async_stop(source: SourceCoordinator[Any]) -> None:
    if isinstance(source, PowerwallCoordinator):
        await async_stop_savings(source)
        await _async_stop_planning(source)
        await async_stop_steering(source)
    await source.async_stop()


def _watch_tariff_login(hass: HomeAssistant, entry: HomeConfigEntry, tariff: TariffCoordinator) -> None:
    """Close the dialog that asks for a tariff's credentials once the old ones are accepted again."""

    @callback
    def look() -> None:
        if tariff.connection == "ok":
            abort_reauth(hass, entry, tariff.subentry_id)

    tariff.async_add_listener(look)


async def _async_drop(hass: HomeAssistant, entry: HomeConfigEntry, source: SourceCoordinator[Any]) -> None:
    """Stop a source whose subentry was removed, and forget what it had stored."""
    await entry.runtime_data.hide(source.subentry_id)
    if isinstance(source, PowerwallCoordinator):
        await _async_stop_planning(source)
        await async_release(source)
    await _async_stop(source)
    await _async_forget(hass, entry, source)


async def _async_replace(hass: HomeAssistant, entry: HomeConfigEntry, old: SourceCoordinator[Any]) -> None:
    """Put a new source in the place of one whose subentry changed; entities it no longer has are removed."""
    runtime = entry.runtime_data
    await runtime.hide(old.subentry_id)
    if isinstance(old, PowerwallCoordinator):
        await _async_stop_planning(old)
    released = isinstance(old, PowerwallCoordinator) and await async_release_changed(
        old, entry.subentries[old.subentry_id].data if old.subentry_id in entry.subentries else {}
    )
    await _async_stop(old)
    if isinstance(old, PowerwallCoordinator):
        forget_issues(old)
        if released:
            await async_forget_steering(old)
    if isinstance(old, TariffCoordinator):
        forget_colours(old)
        forget_price_tables(old)
        abort_reauth(hass, entry, old.subentry_id)
    if (subentry := entry.subentries.get(old.subentry_id)) is None:  # removed while the old one was being stopped
        await _async_forget(hass, entry, old)
        return
    if isinstance(old, PowerwallCoordinator):
        _abort_changed(hass, entry, old, subentry)
        await old.async_forget_ways(subentry.data)
    await _async_add(hass, entry, subentry)
    if runtime.ready and (new := runtime.sources.get(old.subentry_id)) is not None:
        remove_former_entities(hass, entry, new)


def _abort_changed(
    hass: HomeAssistant, entry: HomeConfigEntry, old: PowerwallCoordinator, subentry: ConfigSubentry
) -> None:
    """Close the dialogs about ways that were changed or taken away; those about others go on."""
    for way in old.ways:
        if way_settings(old.settings, way) != way_settings(subentry.data, way):
            abort_reauth(hass, entry, old.subentry_id, way)


@callback
def remove_former_entities(hass: HomeAssistant, entry: HomeConfigEntry, source: SourceCoordinator[Any]) -> None:
    """Take out of the registry what a source no longer has since its subentry was changed."""
    kept = {entity.unique_id for entity in entry.runtime_data.entities.get(source.subentry_id, [])}
    registry = er.async_get(hass)
    for entity in er.async_entries_for_config_entry(registry, entry.entry_id):
        if entity.config_subentry_id == source.subentry_id and entity.unique_id not in kept:
            registry.async_remove(entity.entity_id)


async def _async_forget(hass: HomeAssistant, entry: HomeConfigEntry, source: SourceCoordinator[Any]) -> None:
    if isinstance(source, PowerwallCoordinator):
        forget_issues(source)
        abort_reauth(hass, entry, source.subentry_id)
        await async_forget_steering(source)
        await async_forget_planning(source)
        await async_forget_savings(source)
    if isinstance(source, TariffCoordinator):
        forget_colours(source)
        forget_price_tables(source)
        abort_reauth(hass, entry, source.subentry_id)
    await source.async_forget()
