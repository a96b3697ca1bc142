"""Keeps the refresh tokens of Tesla logins, each of which is good for one use."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, override

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.storage import Store

from ..const import DOMAIN, LOGGER

VERSION = 1


class TeslaTokensStore(Store[dict[str, list[dict[str, str]]]]):
    """One private file per source, with the tokens of each of its ways; written at once and in one piece."""

    def __init__(self, hass: HomeAssistant, subentry_id: str) -> None:
        super().__init__(hass, VERSION, f"{DOMAIN}.tesla_tokens.{subentry_id}", private=True, atomic_writes=True)
        self._ways: dict[str, list[dict[str, str]]] | None = None
        self._removed = self._stopped = False

    def of(self, way: str) -> WayTokens:
        """Return the tokens of one way."""
        return WayTokens(self, way)

    async def async_tokens(self, way: str) -> Sequence[tuple[str, datetime]]:
        """Return the tokens kept for *way*, the newest first; none if the file cannot be read."""
        ways = await self._async_ways()
        try:
            return [(each["token"], _moment(each["issued_at"])) for each in ways.get(way, [])]
        except (KeyError, TypeError, ValueError, AttributeError) as err:
            LOGGER.warning("The login kept in %s cannot be read: %s", self.key, type(err).__name__)
            return []

    async def async_keep(self, way: str, tokens: Sequence[tuple[str, datetime]]) -> None:
        """Write the tokens of *way*; when this returns they are on disk, unless the disk failed."""
        ways = await self._async_ways()
        ways[way] = [{"token": token, "issued_at": issued_at.isoformat()} for token, issued_at in tokens]
        await self._async_write(ways)

    async def async_forget_way(self, way: str) -> None:
        """Delete the tokens of a way that is no longer used."""
        ways = await self._async_ways()
        if ways.pop(way, None) is not None:
            await self._async_write(ways)

    def stop(self) -> None:
        """Write only into a file that is there: an answer that still comes does not bring back one that was removed."""
        self._stopped = True

    @override
    async def async_remove(self) -> None:
        self._removed = True
        await super().async_remove()

    async def _async_ways(self) -> dict[str, list[dict[str, str]]]:
        if self._ways is None:
            stored: Any = None
            try:
                stored = await self.async_load()
            except HomeAssistantError as err:
                LOGGER.warning("%s cannot be opened: %s", self.key, err)
            self._ways = stored if isinstance(stored, dict) else {}
        return self._ways

    async def _async_write(self, ways: dict[str, list[dict[str, str]]]) -> None:
        if self._removed:
            return
        try:
            if self._stopped and await Store[dict[str, Any]](self.hass, VERSION, self.key).async_load() is None:
                return
            await self.async_save(ways)
        except (HomeAssistantError, OSError) as err:
            LOGGER.error("%s cannot be written; after a restart you may have to log in anew: %s", self.key, err)


class WayTokens:
    """The tokens of one way in their file."""

    def __init__(self, store: TeslaTokensStore, way: str) -> None:
        self._store = store
        self._way = way

    async def load(self) -> Sequence[tuple[str, datetime]]:
        """Return the tokens, the newest first."""
        return await self._store.async_tokens(self._way)

    async def save(self, tokens: Sequence[tuple[str, datetime]]) -> None:
        """Write the tokens at once."""
        await self._store.async_keep(self._way, tokens)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("A time without zone")
    return moment
