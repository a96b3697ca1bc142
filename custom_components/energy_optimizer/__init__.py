"""Energy Optimizer: a home with a Powerwall, solar and prices that move."""

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.typing import ConfigType

from .api.powerwall.ways import from_version_1
from .const import DOMAIN, SUBENTRY_POWERWALL
from .coordinators.ledger import LedgerCoordinator, forget_waiting
from .coordinators.runtime import HomeConfigEntry, HomeRuntime
from .frontend import async_offer_cards
from .leftovers import async_sweep
from .services import async_setup_services
from .sources import (
    async_forget_sources,
    async_start_sources,
    async_stop_sources,
    async_update_sources,
    remove_former_entities,
)
from .storage.ledger.shared import async_forget_home
from .websocket import async_setup_websocket

PLATFORMS = (Platform.CALENDAR, Platform.NUMBER, Platform.SELECT, Platform.SENSOR, Platform.SWITCH)


CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Register what does not belong to one home."""
    async_setup_services(hass)
    async_setup_websocket(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: HomeConfigEntry) -> bool:
    """Set up a home; a source that cannot be reached does not keep the home from loading."""
    home = dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id,
        identifiers={(DOMAIN, entry.entry_id)},
        name=entry.title,
        manufacturer="Energy Optimizer",
        entry_type=dr.DeviceEntryType.SERVICE,
    )
    await async_sweep(hass)
    books = await LedgerCoordinator.async_open(hass, entry)
    entry.runtime_data = HomeRuntime(
        home_device_id=home.id, title=entry.title, data=dict(entry.data), options=dict(entry.options), books=books
    )
    entry.async_on_unload(entry.add_update_listener(_async_entry_updated))  # first: a change may come while they start
    try:
        await async_start_sources(hass, entry)
        await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    except BaseException:  # also when it is cancelled: Home Assistant unloads nothing that did not load
        entry.runtime_data.closed = True
        await async_stop_sources(entry)
        await books.async_stop()
        raise
    await async_offer_cards(hass, entry)
    entry.runtime_data.ready = True
    for source in entry.runtime_data.sources.values():
        remove_former_entities(hass, entry, source)
    return True


async def async_migrate_entry(hass: HomeAssistant, entry: HomeConfigEntry) -> bool:
    """Bring what an earlier release stored into today's form; what was done before an interruption stays done."""
    if entry.version == 1:
        for subentry in list(entry.get_subentries_of_type(SUBENTRY_POWERWALL)):
            hass.config_entries.async_update_subentry(entry, subentry, data=from_version_1(subentry.data))
        hass.config_entries.async_update_entry(entry, version=2, minor_version=1)
    return True


async def async_unload_entry(hass: HomeAssistant, entry: HomeConfigEntry) -> bool:
    """Unload a home: its entities, its sources and what they hold."""
    runtime = entry.runtime_data
    runtime.closed = True
    if await hass.config_entries.async_unload_platforms(entry, PLATFORMS):
        await async_stop_sources(entry)
        await runtime.books.async_stop()
        return True
    runtime.closed = False
    return False


async def async_remove_entry(hass: HomeAssistant, entry: HomeConfigEntry) -> None:
    """Leave nothing behind of a removed home."""
    await async_forget_sources(hass, entry)
    forget_waiting(hass, entry)
    await async_forget_home(hass, entry)
    await async_sweep(hass)


async def _async_entry_updated(hass: HomeAssistant, entry: HomeConfigEntry) -> None:
    """Reload for a change of the home itself; follow a changed subentry live."""
    runtime = entry.runtime_data
    if runtime.closed:
        return
    if (runtime.title, runtime.data, runtime.options) != (entry.title, dict(entry.data), dict(entry.options)):
        hass.config_entries.async_schedule_reload(entry.entry_id)
        return
    await async_update_sources(hass, entry)
