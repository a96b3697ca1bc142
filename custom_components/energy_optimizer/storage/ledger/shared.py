"""Homes that name the same database share it, and with it its one writer."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.util.hass_dict import HassKey

from ...const import CONF_DATABASE_PASSWORD, CONF_DATABASE_URL, DOMAIN, LOGGER
from .address import FILE_NAME, DatabaseAddress, files_of
from .database import Database, opened, probe
from .errors import LedgerError
from .pending import Pending
from .transfer import delete_home

_FIRST_TRY_S: Final = 5.0
"""A home starts without its database if that takes longer to answer."""


@dataclass(kw_only=True, slots=True)
class _Shared:
    database: Database
    users: int
    forget_stop: CALLBACK_TYPE


_DATABASES: HassKey[dict[DatabaseAddress, _Shared]] = HassKey(f"{DOMAIN}_ledger")


_UNWRITTEN: HassKey[dict[str, Pending]] = HassKey(f"{DOMAIN}_unwritten")
"""By home, what its database never took in before the home let go of it."""


def default_address(hass: HomeAssistant) -> DatabaseAddress:
    """Return the file in the configuration folder."""
    return DatabaseAddress.of_file(Path(hass.config.path(FILE_NAME)))


def address_of(hass: HomeAssistant, entry: ConfigEntry[Any]) -> DatabaseAddress:
    """Return where a home's ledger is kept.

    Raises:
        AddressError: if its options were tampered with.
    """
    if url := entry.options.get(CONF_DATABASE_URL):
        return DatabaseAddress.of_server(url, entry.options.get(CONF_DATABASE_PASSWORD, ""))
    return default_address(hass)


def databases(hass: HomeAssistant) -> list[Database]:
    """Return the databases in use."""
    return [shared.database for shared in hass.data.get(_DATABASES, {}).values()]


async def async_acquire(hass: HomeAssistant, address: DatabaseAddress, home: str) -> Database:
    """Return the database at *address*, opened for its first user; it goes on trying if it cannot be opened yet.

    It is given what *home* could not write into the database that it used before.
    """
    known = hass.data.setdefault(_DATABASES, {})
    unwritten = hass.data.get(_UNWRITTEN, {}).pop(home, None)
    if (shared := known.get(address)) is not None:
        shared.users += 1
        if unwritten is not None:
            shared.database.note(partial(Pending.take_over, older=unwritten))
        return shared.database
    database = Database(address)
    if unwritten is not None:
        database.note(partial(Pending.take_over, older=unwritten))

    async def close(_event: Event) -> None:
        known.pop(address, None)
        await hass.async_add_executor_job(database.close)

    forget_stop = hass.bus.async_listen_once(EVENT_HOMEASSISTANT_FINAL_WRITE, close)
    known[address] = _Shared(database=database, users=1, forget_stop=forget_stop)
    database.start()
    await hass.async_add_executor_job(database.wait_until_tried, _FIRST_TRY_S)
    return database


async def async_release(hass: HomeAssistant, database: Database, home: str) -> None:
    """Close *database* if nobody else uses it; what *home* could not write is kept for the next one it opens."""
    known = hass.data.get(_DATABASES, {})
    shared = known.get(database.address)
    if shared is None or shared.database is not database:
        return
    shared.users -= 1
    if shared.users:
        return
    del known[database.address]
    shared.forget_stop()
    await hass.async_add_executor_job(database.close)
    if len(unwritten := database.unwritten(home)):
        hass.data.setdefault(_UNWRITTEN, {})[home] = unwritten


async def async_forget_home(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """Delete a removed home's rows wherever they are; the file goes with the last home."""
    hass.data.get(_UNWRITTEN, {}).pop(entry.entry_id, None)
    default = default_address(hass)
    try:
        addresses = {default, address_of(hass, entry)}
    except ValueError:
        addresses = {default}
    last = not hass.config_entries.async_entries(DOMAIN)
    for address in addresses:
        shared = hass.data.get(_DATABASES, {}).get(address)
        database = shared.database if shared else None
        try:
            await hass.async_add_executor_job(partial(_forget, address, database, entry.entry_id, last=last))
        except (LedgerError, OSError) as err:
            LOGGER.warning("The rows of a removed home could not be deleted from its database: %s", err)
            _tell_what_stays(hass, entry, address)


def _tell_what_stays(hass: HomeAssistant, entry: ConfigEntry[Any], address: DatabaseAddress) -> None:
    """Tell the user which rows nobody will delete any more."""
    ir.async_create_issue(
        hass,
        DOMAIN,
        f"ledger_rows_left_{entry.entry_id}",
        is_fixable=False,
        is_persistent=True,
        severity=ir.IssueSeverity.WARNING,
        translation_key="ledger_rows_left",
        translation_placeholders={
            "name": entry.title,
            "home": entry.entry_id,
            "database": str(address.file or address.url),
        },
    )


def _forget(address: DatabaseAddress, database: Database | None, home: str, *, last: bool) -> None:
    """Delete a home's rows, or the whole file after the last home.

    Raises:
        LedgerError, OSError: if that cannot be done.
    """
    file = address.file
    if file is not None and (last or not file.exists()):
        if database is None:
            for each in files_of(file):
                each.unlink(missing_ok=True)
        return
    if database is not None:
        database.forget_home(home, lambda connection: delete_home(connection, home))
    elif probe(address) is not None:
        with opened(address) as connection:
            delete_home(connection, home)
