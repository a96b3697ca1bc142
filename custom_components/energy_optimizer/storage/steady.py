"""A file for what changes with every reading."""

from collections.abc import Callable, Mapping
from typing import Any

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import Store

VERSION = 1
EVERY_S = 60.0
DELAY_S = 30.0


class SteadyStore[T: Mapping[str, Any]](Store[T]):
    """Written once a minute while readings come; a write that is due is not put off by the next reading."""

    def __init__(self, hass: HomeAssistant, key: str) -> None:
        super().__init__(hass, VERSION, key, atomic_writes=True)
        self._next_at = 0.0

    @callback
    def async_save_soon(self, content: Callable[[], T]) -> None:
        """Write what *content* returns within a minute and a half."""
        if (now := self.hass.loop.time()) >= self._next_at:
            self._next_at = now + EVERY_S
            self.async_delay_save(content, DELAY_S)
