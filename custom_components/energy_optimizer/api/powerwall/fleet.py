"""A Powerwall reached through Tesla's Fleet API, by tesla-fleet-api, with an application of the user's own."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

import aiohttp
from tesla_fleet_api import TeslaFleetApi
from tesla_fleet_api.const import SERVERS
from tesla_fleet_api.exceptions import InvalidRegion

from ..errors import NotPermittedError, RefusedError
from ..tesla.budget import CallMeter
from ..tesla.errors import FAILURES, source_error
from ..tesla.fleet_auth import SCOPES, FleetAuth
from ..tesla.grant import Grant
from ..tesla.login import LoginRequest
from ..tesla.tokens import TokenKeeper, TokenStore
from .cloud_settings import DEFAULT_BUDGET_USD, FleetApp, FleetSettings, SiteChoice
from .energy_site import CloudPowerwall
from .energy_site_answers import sites_in

_MAY_READ: Final = "energy_device_data"
_MAY_COMMAND: Final = "energy_cmds"


class FleetPowerwall(CloudPowerwall):
    """Reads as often as the monthly budget allows; renews its tokens and finds its region by itself."""

    def __init__(
        self,
        settings: FleetSettings,
        *,
        session: aiohttp.ClientSession,
        tokens: TokenStore,
        meter: CallMeter,
        now: Callable[[], datetime],
    ) -> None:
        auth = FleetAuth(settings.app, session)
        self._keeper = TokenKeeper(
            at_login=(settings.refresh_token, settings.token_issued_at),
            refresh=lambda token: auth.refresh(token, now()),
            store=tokens,
            now=now,
        )
        self._api = _api(settings.app, session, self._keeper.access_token)
        super().__init__(
            settings=settings,
            site=self._api.energySites.create(int(settings.site_id)),
            meter=meter,
            now=now,
            poll_interval=lambda: meter.poll_interval,
            mend=self._mend_call,
        )

    async def _mend_call(self, err: BaseException) -> bool:
        if isinstance(err, InvalidRegion):
            return await follow_region(self._api)
        if isinstance(source_error(err, self._now()), RefusedError) and self._keeper.grant is not None:
            await self._keeper.renew(self._keeper.grant.access_token)
            return True
        return False


class FleetVisit:
    """One login with an application, and what the account shows then."""

    def __init__(self, app: FleetApp, *, session: aiohttp.ClientSession, now: Callable[[], datetime]) -> None:
        self._app = app
        self._session = session
        self._now = now
        self._auth = FleetAuth(app, session)
        self._request = LoginRequest.begin(
            authorize_url=self._auth.addresses.authorize,
            client_id=app.client_id,
            redirect_uri=app.redirect_uri,
            scopes=SCOPES,
            extra=(("prompt_missing_scopes", "true"),),
        )
        self._grant: Grant | None = None
        self._granted_at: datetime | None = None

    @property
    def login_address(self) -> str:
        """The page on which the user logs in at Tesla."""
        return self._request.address

    async def log_in(self, pasted: str) -> None:
        """Finish the login with the address to which Tesla redirected.

        Raises:
            LoginError: if it is not good.
            SourceError: if Tesla does not answer as it should.
        """
        now = self._now()
        self._grant = await self._auth.exchange(self._request.code_in(pasted), self._request.verifier, now)
        self._granted_at = now

    async def probe_sites(self) -> tuple[SiteChoice, ...]:
        """Return the account's sites with a Powerwall.

        Raises:
            NotPermittedError: naming the permission that was not granted, if one is missing.
        """
        grant = self._granted()
        if grant.scopes is not None and _MAY_READ not in grant.scopes:
            raise NotPermittedError(f"The login lacks a permission that must be granted at Tesla: {_MAY_READ}")
        api = _api(self._app, self._session, grant.access_token)
        try:
            return await self._sites(api)
        except FAILURES as err:
            raise source_error(err, self._now()) from err

    async def settings_for(self, site: SiteChoice, budget_usd: float = DEFAULT_BUDGET_USD) -> FleetSettings:
        """Look at *site* and return what is to be kept of this login for it."""
        grant = self._granted()
        if grant.refresh_token is None or self._granted_at is None:
            raise NotPermittedError("The login lacks a permission that must be granted at Tesla: offline_access")
        app = self._app
        settings = FleetSettings(
            site_id=site.site_id,
            serial=site.gateway_serial,
            server=app.server,
            client_id=app.client_id,
            client_secret=app.client_secret,
            domain=app.domain,
            private_key_pem=app.private_key_pem,
            region=app.region,
            refresh_token=grant.refresh_token,
            token_issued_at=self._granted_at,
            budget_usd=budget_usd,
        )
        api = _api(app, self._session, grant.access_token)
        look = CloudPowerwall(
            settings=settings,
            site=api.energySites.create(int(site.site_id)),
            meter=(meter := CallMeter(now=self._now)),
            now=self._now,
            poll_interval=lambda: meter.poll_interval,
            mend=lambda err: follow_region(api) if isinstance(err, InvalidRegion) else _never(),
        )
        may_command = grant.scopes is None or _MAY_COMMAND in grant.scopes
        return settings.found(await look.probe(may_command=may_command))

    def _granted(self) -> Grant:
        if self._grant is None:
            raise RefusedError("The login is not finished")
        return self._grant

    @staticmethod
    async def _sites(api: TeslaFleetApi) -> tuple[SiteChoice, ...]:
        try:
            return sites_in(await api.products())
        except InvalidRegion:
            if not await follow_region(api):
                raise
            return sites_in(await api.products())


async def follow_region(api: TeslaFleetApi) -> bool:
    """Point *api* to the server of the account's region; false if nobody tells which."""
    asked_first = api.server or ""
    others = [] if _is_elsewhere(asked_first) else [server for server in SERVERS.values() if server != asked_first]
    for server in (asked_first, *others):
        api.server = server
        try:
            answer = await api.user.region()
        except InvalidRegion:
            continue
        response = answer.get("response")
        told = str(response.get("fleet_api_base_url") or "").rstrip("/") if isinstance(response, dict) else ""
        if _is_trusted(told, asked_first):
            api.server = told
            return told != asked_first
    api.server = asked_first
    return False


def _api(app: FleetApp, session: aiohttp.ClientSession, token: str | Callable[[], Awaitable[str]]) -> TeslaFleetApi:
    return TeslaFleetApi(session, access_token=token, server=FleetAuth(app, session).addresses.api)


def _is_elsewhere(server: str) -> bool:
    return server not in SERVERS.values()


def _is_trusted(told: str, asked_first: str) -> bool:
    """Say whether our token may be sent to the address that a server told: Tesla's own, or the one that was set."""
    parts, first = urlsplit(told), urlsplit(asked_first)
    if _is_elsewhere(asked_first):
        return (parts.scheme, parts.netloc) == (first.scheme, first.netloc)
    return parts.scheme == "https" and (parts.hostname or "").endswith((".tesla.com", ".tesla.cn"))


async def _never() -> bool:
    return False
