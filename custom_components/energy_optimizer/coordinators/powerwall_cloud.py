"""What the ways through Tesla's cloud keep beside their settings: logins that renew themselves and calls that cost."""

from collections.abc import Iterable, Mapping
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.util import dt as dt_util

from ..api.powerwall import PowerwallPath
from ..api.powerwall.cloud_settings import FleetSettings, OwnerSettings, TeslemetrySettings
from ..api.powerwall.fleet import FleetPowerwall
from ..api.powerwall.owner import OwnerPowerwall
from ..api.powerwall.teslemetry import TeslemetryPowerwall
from ..api.tesla.budget import CallMeter
from ..const import PATH_FLEET, PATH_OWNER
from ..storage.api_budget import ApiBudgetStore
from ..storage.tesla_tokens import TeslaTokensStore


class CloudAccess:
    """The stored logins and call counts of one Powerwall's ways."""

    def __init__(self, hass: HomeAssistant, subentry_id: str) -> None:
        self._hass = hass
        self._tokens = TeslaTokensStore(hass, subentry_id)
        self._budget = ApiBudgetStore(hass, subentry_id)
        self._counted: dict[str, Any] | None = None
        self._stopped = False
        self.meters: dict[str, CallMeter] = {}
        """The calls of each way."""

    async def make_path(self, way: str, data: Mapping[str, Any]) -> PowerwallPath:
        """Make the path of one of the ways through the cloud; nothing is connected yet."""
        session, now = async_get_clientsession(self._hass), dt_util.utcnow
        if way == PATH_FLEET:
            fleet = FleetSettings.from_data(data)
            meter = await self._meter(way, fleet.budget_usd)
            return FleetPowerwall(fleet, session=session, tokens=self._tokens.of(way), meter=meter, now=now)
        meter = await self._meter(way, None)
        if way == PATH_OWNER:
            run = self._hass.async_add_executor_job
            return OwnerPowerwall(
                OwnerSettings.from_data(data), run=run, tokens=self._tokens.of(way), meter=meter, now=now
            )
        return TeslemetryPowerwall(TeslemetrySettings.from_data(data), session=session, meter=meter, now=now)

    async def _meter(self, way: str, budget_usd: float | None) -> CallMeter:
        if self._counted is None:
            self._counted = await self._budget.async_load_or_begin(dict) or {}
        self.meters[way] = CallMeter(
            now=dt_util.utcnow, budget_usd=budget_usd, stored=self._counted.get(way), changed=self._save_soon
        )
        return self.meters[way]

    def _save_soon(self) -> None:
        if not self._stopped:
            self._budget.async_save_soon(self._to_store)

    def _to_store(self) -> dict[str, Any]:
        return (self._counted or {}) | {way: meter.to_store() for way, meter in self.meters.items()}

    async def async_stop(self) -> None:
        """Store what was counted; a question that is still on its way is not counted any more."""
        self._stopped = True
        self._tokens.stop()
        if self.meters:
            await self._budget.async_save(self._to_store())

    async def async_forget(self) -> None:
        """Delete logins and counts."""
        await self._tokens.async_remove()
        await self._budget.async_remove()

    async def async_forget_logins(self, ways: Iterable[str]) -> None:
        """Delete the logins of *ways* that are gone; the calls they made this month still cost."""
        for way in ways:
            await self._tokens.async_forget_way(way)
