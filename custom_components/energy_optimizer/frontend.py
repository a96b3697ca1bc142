"""Gives our card to every dashboard, as long as there is a home."""

from hashlib import sha256
from pathlib import Path
from typing import Final

from homeassistant.components import frontend
from homeassistant.components.http import StaticPathConfig  # type: ignore[attr-defined]  # exported, but not said so
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.singleton import singleton
from homeassistant.loader import async_get_integration
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN
from .coordinators.runtime import HomeConfigEntry

URL_PATH: Final = f"/{DOMAIN}_files"
CARD: Final = "energy-optimizer-plan-card.js"
_FOLDER: Final = Path(__file__).parent / "frontend"
_HOMES: Final[HassKey[set[str]]] = HassKey(f"{DOMAIN}_homes_with_cards")
_URL: Final[HassKey[str]] = HassKey(f"{DOMAIN}_card_url")


async def async_offer_cards(hass: HomeAssistant, entry: HomeConfigEntry) -> None:
    """Let browsers load the card until the last home is unloaded; without a frontend there is nothing to do."""
    if frontend.DOMAIN not in hass.config.components:
        return
    homes = hass.data.setdefault(_HOMES, set())
    homes.add(entry.entry_id)

    @callback
    def withdraw() -> None:
        homes.discard(entry.entry_id)
        if not homes:
            frontend.remove_extra_js_url(hass, url)

    url = await _async_serve(hass)
    frontend.add_extra_js_url(hass, url)
    entry.async_on_unload(withdraw)


@singleton(_URL, async_=True)
async def _async_serve(hass: HomeAssistant) -> str:
    """Serve the folder and return the card's address; what is served once is served until Home Assistant stops."""
    integration = await async_get_integration(hass, DOMAIN)
    contents = await hass.async_add_executor_job(_fingerprint)
    await hass.http.async_register_static_paths([StaticPathConfig(URL_PATH, str(_FOLDER), cache_headers=True)])
    return f"{URL_PATH}/{CARD}?v={integration.version}-{contents}"


def _fingerprint() -> str:
    """Return what differs whenever a file does, so that no browser keeps an old one of the same version."""
    digest = sha256()
    for path in sorted(_FOLDER.glob("*.js")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:8]
