"""A Powerwall reached through Tesla's Owner API, which Tesla's own app speaks, by teslapy."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final, override

from ..errors import RefusedError
from ..tesla.budget import CallMeter
from ..tesla.grant import Grant
from ..tesla.login import LoginRequest
from ..tesla.owner_session import CLIENT_ID, REDIRECT_URI, SCOPES, SSO, OwnerSession
from ..tesla.tokens import TokenKeeper, TokenStore
from . import Run
from .cloud_settings import OwnerSettings, SiteChoice
from .energy_site import CloudPowerwall, SiteCalls
from .energy_site_answers import sites_in

POLL_INTERVAL: Final = timedelta(seconds=60)


class OwnerAccount:
    """Lends teslapy's session a thread, one request at a time."""

    def __init__(self, *, server: str | None, email: str | None, run: Run, now: Callable[[], datetime]) -> None:
        self._session = OwnerSession(server=server, email=email, now=now)
        self._run = run
        self._lock = asyncio.Lock()

    async def exchange(self, pasted: str, verifier: str) -> Grant:
        """Turn the code in a pasted address into tokens."""
        async with self._lock:
            return await self._run(self._session.exchange, pasted, verifier)

    async def refresh(self, refresh_token: str) -> Grant:
        """Turn a refresh token into new tokens."""
        async with self._lock:
            return await self._run(self._session.refresh, refresh_token)

    async def ask(self, access_token: str, name: str, site_id: str | None, arguments: dict[str, Any]) -> dict[str, Any]:
        """Make the request that teslapy knows by *name*."""
        async with self._lock:
            return await self._run(self._session.ask, access_token, name, site_id, arguments)

    async def close(self) -> None:
        """Let go of connections."""
        async with self._lock:
            await self._run(self._session.close)


class OwnerSite(SiteCalls):
    """A site's requests as teslapy makes them."""

    def __init__(self, account: OwnerAccount, site_id: str, token: Callable[[], Any]) -> None:
        self._account = account
        self._site_id = site_id
        self._token = token

    @override
    async def live_status(self) -> dict[str, Any]:
        return await self._ask("SITE_DATA")

    @override
    async def site_info(self) -> dict[str, Any]:
        return await self._ask("SITE_CONFIG")

    @override
    async def energy_history(
        self,
        period: str | None,
        start_date: str | None = None,
        end_date: str | None = None,
        time_zone: str | None = None,
    ) -> dict[str, Any]:
        return await self._ask(
            "CALENDAR_HISTORY_DATA",
            kind="energy",
            period=period,
            start_date=start_date,
            end_date=end_date,
            time_zone=time_zone,
        )

    @override
    async def operation(self, default_real_mode: str) -> dict[str, Any]:
        return await self._ask("OPERATION_MODE", default_real_mode=default_real_mode)

    @override
    async def backup(self, backup_reserve_percent: int) -> dict[str, Any]:
        return await self._ask("BACKUP_RESERVE", backup_reserve_percent=backup_reserve_percent)

    @override
    async def grid_import_export(
        self,
        disallow_charge_from_grid_with_solar_installed: bool | None = None,
        customer_preferred_export_rule: str | None = None,
    ) -> dict[str, Any]:
        return await self._ask(
            "ENERGY_SITE_IMPORT_EXPORT_CONFIG",
            disallow_charge_from_grid_with_solar_installed=disallow_charge_from_grid_with_solar_installed,
            customer_preferred_export_rule=customer_preferred_export_rule,
        )

    @override
    async def storm_mode(self, enabled: bool) -> dict[str, Any]:
        return await self._ask("STORM_MODE_SETTINGS", enabled=enabled)

    @override
    async def time_of_use_settings(self, settings: dict[str, Any]) -> dict[str, Any]:
        return await self._ask("TIME_OF_USE_SETTINGS", tou_settings={"tariff_content_v2": settings})

    async def _ask(self, name: str, **arguments: object) -> dict[str, Any]:
        known = {key: value for key, value in arguments.items() if value is not None}
        return await self._account.ask(await self._token(), name, self._site_id, known)


class OwnerPowerwall(CloudPowerwall):
    """Reads once a minute; nobody has published how often one may ask."""

    def __init__(
        self,
        settings: OwnerSettings,
        *,
        run: Run,
        tokens: TokenStore,
        meter: CallMeter,
        now: Callable[[], datetime],
    ) -> None:
        self._account = OwnerAccount(server=settings.server, email=settings.email, run=run, now=now)
        self._keeper = TokenKeeper(
            at_login=(settings.refresh_token, settings.token_issued_at),
            refresh=self._account.refresh,
            store=tokens,
            now=now,
        )
        super().__init__(
            settings=settings,
            site=OwnerSite(self._account, settings.site_id, self._keeper.access_token),
            meter=meter,
            now=now,
            poll_interval=lambda: POLL_INTERVAL,
            mend=self._mend_call,
        )

    @override
    async def close(self) -> None:
        await self._account.close()

    async def _mend_call(self, err: BaseException) -> bool:
        if isinstance(err, RefusedError) and self._keeper.grant is not None:
            await self._keeper.renew(self._keeper.grant.access_token)
            return True
        return False


class OwnerVisit:
    """One login with a Tesla account, and what the account shows then."""

    def __init__(self, *, server: str | None, email: str | None, run: Run, now: Callable[[], datetime]) -> None:
        self._server = server.rstrip("/") if server else None
        self._email = email
        self._now = now
        self._account = OwnerAccount(server=self._server, email=email, run=run, now=now)
        self._request = LoginRequest.begin(
            authorize_url=f"{self._server or SSO}/oauth2/v3/authorize",
            client_id=CLIENT_ID,
            redirect_uri=REDIRECT_URI,
            scopes=SCOPES,
            extra=(("login_hint", email),) if email else (),
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
        self._request.code_in(pasted)
        now = self._now()
        self._grant = await self._account.exchange(pasted.strip(), self._request.verifier)
        self._granted_at = now

    async def probe_sites(self) -> tuple[SiteChoice, ...]:
        """Return the account's sites with a Powerwall."""
        return sites_in(await self._account.ask(await self._token(), "PRODUCT_LIST", None, {}))

    async def settings_for(self, site: SiteChoice) -> OwnerSettings:
        """Look at *site* and return what is to be kept of this login for it."""
        if self._grant is None or self._grant.refresh_token is None or self._granted_at is None:
            raise RefusedError("Tesla gave no lasting login")
        settings = OwnerSettings(
            site_id=site.site_id,
            serial=site.gateway_serial,
            server=self._server,
            email=self._email,
            refresh_token=self._grant.refresh_token,
            token_issued_at=self._granted_at,
        )
        look = CloudPowerwall(
            settings=settings,
            site=OwnerSite(self._account, site.site_id, self._token),
            meter=CallMeter(now=self._now),
            now=self._now,
            poll_interval=lambda: POLL_INTERVAL,
            mend=_cannot_mend,
        )
        return settings.found(await look.probe(may_command=True))

    async def _token(self) -> str:
        if self._grant is None:
            raise RefusedError("The login is not finished")
        return self._grant.access_token


async def _cannot_mend(_: BaseException) -> bool:
    return False
