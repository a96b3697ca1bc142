"""The three ways through Tesla's cloud, pointed at a loopback server."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.util import dt as dt_util

from custom_components.energy_optimizer.api.powerwall.cloud_settings import (
    FleetApp,
    FleetSettings,
    OwnerSettings,
    TeslemetrySettings,
)
from custom_components.energy_optimizer.api.powerwall.energy_site import CloudPowerwall
from custom_components.energy_optimizer.api.powerwall.energy_site_answers import COMMANDS
from custom_components.energy_optimizer.api.powerwall.fleet import FleetPowerwall
from custom_components.energy_optimizer.api.powerwall.owner import OwnerPowerwall
from custom_components.energy_optimizer.api.powerwall.teslemetry import TeslemetryPowerwall
from custom_components.energy_optimizer.api.tesla.budget import CallMeter
from custom_components.energy_optimizer.api.tesla.partner import make_partner_key
from tests.servers.tesla_cloud import TeslaCloud

WAYS = ("fleet", "teslemetry", "owner")
ISSUED = datetime(2026, 1, 1, tzinfo=dt_util.UTC)


class Clock:
    """A time that tests move."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return dt_util.utcnow() + self.ahead

    def pass_(self, **span: float) -> None:
        self.ahead += timedelta(**span)


class MemoryTokens:
    """A token store that remembers what it was told, and when the disk was written."""

    def __init__(self, tokens: Sequence[tuple[str, datetime]] = ()) -> None:
        self.tokens = list(tokens)
        self.writes: list[list[tuple[str, datetime]]] = []

    async def load(self) -> Sequence[tuple[str, datetime]]:
        return list(self.tokens)

    async def save(self, tokens: Sequence[tuple[str, datetime]]) -> None:
        self.tokens = list(tokens)
        self.writes.append(list(tokens))


def fleet_app(cloud: TeslaCloud, **changes: str) -> FleetApp:
    given = {"client_id": "fleet-app", "client_secret": "fleet-secret", "domain": "home.example"} | changes
    return FleetApp(**given, private_key_pem=make_partner_key(), region="na", server=cloud.base)


def fleet_settings(
    cloud: TeslaCloud, *, budget_usd: float = 10.0, shown: frozenset[str] = frozenset()
) -> FleetSettings:
    return FleetSettings(
        site_id=str(cloud.site.site_id),
        server=cloud.base,
        writable=COMMANDS,
        shown=shown,
        client_id="fleet-app",
        client_secret="fleet-secret",
        domain="home.example",
        private_key_pem="",
        region="na",
        refresh_token=cloud.oauth.new_login("fleet-app"),
        token_issued_at=ISSUED,
        budget_usd=budget_usd,
    )


def make_path(
    way: str,
    hass: HomeAssistant,
    cloud: TeslaCloud,
    clock: Clock,
    tokens: MemoryTokens | None = None,
    *,
    shown: frozenset[str] = frozenset(),
) -> CloudPowerwall:
    session, tokens = async_get_clientsession(hass), tokens or MemoryTokens()
    site_id = str(cloud.site.site_id)
    if way == "fleet":
        meter = CallMeter(now=clock, budget_usd=10.0)
        settings = fleet_settings(cloud, shown=shown)
        return FleetPowerwall(settings, session=session, tokens=tokens, meter=meter, now=clock)
    meter = CallMeter(now=clock)
    if way == "teslemetry":
        teslemetry = TeslemetrySettings(
            site_id=site_id, server=cloud.base, token=cloud.teslemetry_token, writable=COMMANDS, shown=shown
        )
        return TeslemetryPowerwall(teslemetry, session=session, meter=meter, now=clock)
    owner = OwnerSettings(
        site_id=site_id,
        server=cloud.base,
        writable=COMMANDS,
        shown=shown,
        refresh_token=cloud.oauth.new_login("ownerapi"),
        token_issued_at=ISSUED,
    )
    return OwnerPowerwall(owner, run=hass.async_add_executor_job, tokens=tokens, meter=meter, now=clock)
