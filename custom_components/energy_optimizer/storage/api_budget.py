"""Keeps how many paid calls were made this month over a restart."""

from typing import Any

from homeassistant.core import HomeAssistant

from ..const import DOMAIN
from .steady import SteadyStore


class ApiBudgetStore(SteadyStore[dict[str, Any]]):
    """One small file per source, with the count of each of its ways."""

    def __init__(self, hass: HomeAssistant, subentry_id: str) -> None:
        super().__init__(hass, f"{DOMAIN}.api_budget.{subentry_id}")
