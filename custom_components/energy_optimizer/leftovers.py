"""Finds what is stored for sources that were removed while their home was disabled, and deletes it."""

import shutil
from contextlib import suppress
from pathlib import Path
from typing import Final

from homeassistant.core import HomeAssistant

from .const import DOMAIN, SUBENTRY_POWERWALL, SUBENTRY_TARIFF

_KINDS: Final = (
    SUBENTRY_POWERWALL,
    SUBENTRY_TARIFF,
    "tariff_feed",
    "tesla_tokens",
    "api_budget",
    "powerwall_control",
    "planning",
    "savings",
)


async def async_sweep(hass: HomeAssistant) -> None:
    """Delete files of subentries that no home has any more."""
    homes = hass.config_entries.async_entries(DOMAIN)
    living = frozenset(subentry_id for home in homes for subentry_id in home.subentries)
    await hass.async_add_executor_job(_sweep, Path(hass.config.path(".storage")), living)


def _sweep(storage: Path, living: frozenset[str]) -> None:
    """Delete what can be deleted; another home that starts at the same time may be faster."""
    for kind in _KINDS:
        for file in list(storage.glob(f"{DOMAIN}.{kind}.*")):
            if file.name.split(".")[2] not in living:  # the rest of a name tells of a damaged file that was set aside
                with suppress(OSError):
                    file.unlink()
    folder = storage / DOMAIN
    for inner in list(folder.glob("*")):
        if inner.name not in living:
            shutil.rmtree(inner, ignore_errors=True)
    with suppress(OSError):  # another Powerwall's files are in it, or there is none
        folder.rmdir()
