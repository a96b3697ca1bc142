"""A Powerwall reached through Teslemetry, by tesla-fleet-api."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

import aiohttp
from tesla_fleet_api import Teslemetry

from ..errors import NonsenseError, NotPermittedError
from ..tesla.budget import CallMeter
from ..tesla.errors import FAILURES, source_error
from .cloud_settings import SiteChoice, TeslemetrySettings
from .energy_site import CloudPowerwall
from .energy_site_answers import sites_in

POLL_INTERVAL: Final = timedelta(seconds=30)
SERVER: Final = "https://api.teslemetry.com"
_MAY_READ: Final = "energy_device_data"
_MAY_COMMAND: Final = "energy_cmds"


class TeslemetryPowerwall(CloudPowerwall):
    """Reads twice a minute: calls are in the subscription."""

    def __init__(
        self,
        settings: TeslemetrySettings,
        *,
        session: aiohttp.ClientSession,
        meter: CallMeter,
        now: Callable[[], datetime],
    ) -> None:
        api = _api(settings.token, settings.server, session)
        super().__init__(
            settings=settings,
            site=api.energySites.create(int(settings.site_id)),
            meter=meter,
            now=now,
            poll_interval=lambda: POLL_INTERVAL,
            mend=_cannot_mend,
        )


class TeslemetryVisit:
    """What an account shows to whoever has its token."""

    def __init__(
        self, token: str, *, server: str | None, session: aiohttp.ClientSession, now: Callable[[], datetime]
    ) -> None:
        self._token = token.strip()
        self._server = server.rstrip("/") if server else None
        self._session = session
        self._now = now

    async def probe_sites(self) -> tuple[SiteChoice, ...]:
        """Return the account's sites with a Powerwall that the token opens.

        Raises:
            NotPermittedError: naming the permission or subscription that is missing.
        """
        metadata = await self._metadata()
        if _MAY_READ not in _scopes(metadata):
            raise NotPermittedError(f"The token lacks a permission that must be granted at Teslemetry: {_MAY_READ}")
        try:
            sites = sites_in(await _api(self._token, self._server, self._session).products())
        except FAILURES as err:
            raise source_error(err, self._now()) from err
        told = metadata.get("energy_sites")
        closed = {
            str(site_id)
            for site_id, site in (told.items() if isinstance(told, dict) else ())
            if isinstance(site, dict) and site.get("access") is False
        }
        if sites and all(site.site_id in closed for site in sites):
            raise NotPermittedError("The subscription at Teslemetry does not include the Powerwall")
        return tuple(site for site in sites if site.site_id not in closed)

    async def settings_for(self, site: SiteChoice) -> TeslemetrySettings:
        """Look at *site* and return what is to be kept for it."""
        settings = TeslemetrySettings(
            site_id=site.site_id, serial=site.gateway_serial, server=self._server, token=self._token
        )
        look = TeslemetryPowerwall(settings, session=self._session, meter=CallMeter(now=self._now), now=self._now)
        may_command = _MAY_COMMAND in _scopes(await self._metadata())
        return settings.found(await look.probe(may_command=may_command))

    async def _metadata(self) -> dict[str, Any]:
        try:
            metadata = await _api(self._token, self._server, self._session).metadata(update_region=False)
        except FAILURES as err:
            raise source_error(err, self._now()) from err
        if not isinstance(metadata, dict):
            raise NonsenseError("Teslemetry's answer cannot be understood")
        return metadata


def _api(token: str, server: str | None, session: aiohttp.ClientSession) -> Teslemetry:
    return Teslemetry(session, access_token=token, server=server or SERVER)


def _scopes(metadata: dict[str, Any]) -> frozenset[str]:
    scopes = metadata.get("scopes")
    return frozenset(map(str, scopes)) if isinstance(scopes, list) else frozenset()


async def _cannot_mend(_: BaseException) -> bool:
    return False
