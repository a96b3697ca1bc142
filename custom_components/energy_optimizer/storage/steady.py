"""A file for what changes with every reading."""

from collections.abc import Callable, Mapping
from typing import Any, override

from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.storage import Store

from ..const import LOGGER

VERSION = 1
DELAY_S = 60.0


class SteadyStore[T: Mapping[str, Any]](Store[T]):
    """Written once a minute while readings come, and when Home Assistant stops."""

    delay_s = DELAY_S

    def __init__(self, hass: HomeAssistant, key: str) -> None:
        super().__init__(hass, VERSION, key, atomic_writes=True)
        self._pending = False
        self._closed = False

    @property
    def is_closed(self) -> bool:
        """Whether nothing is stored in this run."""
        return self._closed

    async def async_load_or_begin[R](self, read: Callable[[T], R]) -> R | None:
        """Return what *read* makes of the file, or ``None`` if there is none or none that can be understood.

        A damaged file is written anew. One that cannot be opened or is of a newer release is kept as it is: nothing is
        stored in this run.
        """
        try:
            stored = await self.async_load()
            return None if stored is None else read(stored)
        except HomeAssistantError as err:
            self._closed = True
            LOGGER.warning("%s cannot be opened; it is kept and not used: %s", self.key, err)
        except (KeyError, TypeError, ValueError, AttributeError) as err:
            LOGGER.warning("%s cannot be read and begins anew: %r", self.key, err)
        return None

    @callback
    def async_save_soon(self, content: Callable[[], T]) -> None:
        """Write what *content* then returns within ``delay_s``; a write that is due is not put off."""
        if self._pending or self._closed:
            return

        def written() -> T:
            self._pending = False
            return content()

        self._pending = True
        self.async_delay_save(written, self.delay_s)

    @override
    async def async_save(self, data: T) -> None:
        self._pending = False
        if not self._closed:
            await super().async_save(data)

    @override
    async def async_remove(self) -> None:
        self._closed = True
        await super().async_remove()
