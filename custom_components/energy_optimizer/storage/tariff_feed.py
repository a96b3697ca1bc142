"""Keeps what a price feed was told over a restart."""

from typing import Any

from homeassistant.core import HomeAssistant

from ..const import DOMAIN
from .steady import SteadyStore


class TariffFeedStore(SteadyStore[dict[str, Any]]):
    """One file per tariff whose prices are published bit by bit."""

    def __init__(self, hass: HomeAssistant, subentry_id: str) -> None:
        super().__init__(hass, f"{DOMAIN}.tariff_feed.{subentry_id}")
