"""What planning remembers over a restart: the user's settings, and forecasts to be held against what comes."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from homeassistant.core import HomeAssistant, callback

from ..const import DOMAIN
from .steady import SteadyStore

KIND = "planning"


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredPlanning:
    """The file's content; whoever owns a part reads it and begins it anew if it makes no sense."""

    settings: dict[str, Any] = field(default_factory=dict)
    forecasts: dict[str, Any] = field(default_factory=dict)
    """Forecasts whose time has not come, and the scores of those whose time has."""
    solar_foretold: dict[str, Any] = field(default_factory=dict)
    prices_foretold: dict[str, Any] = field(default_factory=dict)
    temperatures: dict[str, Any] = field(default_factory=dict)


def planning_from_json(stored: Mapping[str, Any]) -> StoredPlanning:
    """Read a file; a part that is missing or no mapping is empty."""
    parts = {each.name: stored.get(each.name) for each in fields(StoredPlanning)}
    return StoredPlanning(**{name: part for name, part in parts.items() if isinstance(part, dict)})


class PlanningStore(SteadyStore[dict[str, Any]]):
    """One file per Powerwall. The books in it change with every plan and are written twice an hour."""

    delay_s = 1800.0

    def __init__(self, hass: HomeAssistant, subentry_id: str) -> None:
        super().__init__(hass, f"{DOMAIN}.{KIND}.{subentry_id}")

    async def async_begin(self) -> StoredPlanning:
        """Return what was stored, or nothing of everything."""
        return await self.async_load_or_begin(planning_from_json) or StoredPlanning()

    async def async_keep(self, planning: StoredPlanning) -> None:
        """Write at once, as after a change of the user's or before a stop."""
        await self.async_save(asdict(planning))

    @callback
    def async_keep_soon(self, planning: Callable[[], StoredPlanning]) -> None:
        """Write what *planning* then returns within half an hour."""
        self.async_save_soon(lambda: asdict(planning()))
