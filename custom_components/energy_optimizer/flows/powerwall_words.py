"""The ways to a Powerwall in words, for texts that Home Assistant's frontend cannot translate."""

from collections.abc import Iterable, Mapping
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_translations

from ..const import DOMAIN

_WAYS: Final = f"component.{DOMAIN}.selector.powerwall_way.options."
_WORDS: Final = f"component.{DOMAIN}.selector.powerwall_words.options."
_STATES: Final = f"component.{DOMAIN}.entity.sensor.connection.state."


class WayWords:
    """Names of ways and how they fare, in the language of this Home Assistant."""

    def __init__(self, words: Mapping[str, str]) -> None:
        self._words = words

    def name(self, way: str) -> str:
        """Return what a way is called."""
        return self._words.get(_WAYS + way, way)

    def list(self, ways: Iterable[str], *, in_use: str | None, states: Mapping[str, str]) -> str:
        """Return the ways as a numbered list, in the order in which they are tried."""
        lines = []
        for number, way in enumerate(ways, start=1):
            state = states.get(way, "")
            word = self._words.get(_WORDS + ("in_use" if way == in_use else state)) or self._words.get(_STATES + state)
            lines.append(f"{number}. {self.name(way)}" + (f" – {word}" if word else ""))
        return "\n".join(lines)


async def async_load_way_words(hass: HomeAssistant) -> WayWords:
    """Load the words."""
    language = hass.config.language
    selectors = await async_get_translations(hass, language, "selector", {DOMAIN})
    return WayWords(selectors | await async_get_translations(hass, language, "entity", {DOMAIN}))
