"""Fleet API's token endpoint and addresses; its library knows only Tesla's own and says little of what went wrong."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self

import aiohttp
from tesla_fleet_api.const import SERVERS

from ..errors import SourceError
from ..powerwall.cloud_settings import FleetApp
from .errors import FAILURES, said_in, source_error, status_error
from .grant import Grant
from .login import LoginError, LoginFault

SCOPES: Final = ("openid", "offline_access", "user_data", "energy_device_data", "energy_cmds")
TIMEOUT: Final = aiohttp.ClientTimeout(total=30)
_TOKEN_URL: Final = "https://fleet-auth.prd.vn.cloud.tesla.com/oauth2/v3/token"  # noqa: S105 - an address
_TOKEN_URLS: Final = {"na": _TOKEN_URL, "eu": _TOKEN_URL, "cn": "https://auth.tesla.cn/oauth2/v3/token"}
"""Ours, because the library names them from 1.18 on and Home Assistant 2026.10 pins an earlier one."""

_APP_FAULTS = ("invalid_client", "unauthorized_client", "invalid_redirect", "redirect_uri")
_GRANT_FAULTS = ("login_required", "invalid_grant", "invalid_auth_code", "invalid_token", "consent", "revoked")


@dataclass(frozen=True, kw_only=True, slots=True)
class FleetAddresses:
    """Where the parts of Fleet API are."""

    authorize: str
    token: str
    api: str

    @classmethod
    def of(cls, app: FleetApp) -> Self:
        """Return Tesla's addresses for a region, or those of the server that was set instead."""
        if app.server:
            base = app.server.rstrip("/")
            return cls(authorize=f"{base}/oauth2/v3/authorize", token=f"{base}/oauth2/v3/token", api=base)
        login = "https://auth.tesla.cn" if app.region == "cn" else "https://auth.tesla.com"
        return cls(authorize=f"{login}/oauth2/v3/authorize", token=_TOKEN_URLS[app.region], api=SERVERS[app.region])


class FleetAuth:
    """Asks the token endpoint on behalf of one application."""

    def __init__(self, app: FleetApp, session: aiohttp.ClientSession) -> None:
        self._app = app
        self._session = session
        self.addresses = FleetAddresses.of(app)

    async def exchange(self, code: str, verifier: str, now: datetime) -> Grant:
        """Turn the code of a login into tokens."""
        form = {
            "grant_type": "authorization_code",
            "client_id": self._app.client_id,
            "client_secret": self._app.client_secret,
            "code": code,
            "code_verifier": verifier,
            "audience": self.addresses.api,
            "redirect_uri": self._app.redirect_uri,
        }
        return Grant.of(await self._post(form, now), now)

    async def refresh(self, refresh_token: str, now: datetime) -> Grant:
        """Turn a refresh token into new tokens."""
        form = {"grant_type": "refresh_token", "client_id": self._app.client_id, "refresh_token": refresh_token}
        return Grant.of(await self._post(form, now), now)

    async def partner(self, now: datetime) -> Grant:
        """Log the application itself in."""
        form = {
            "grant_type": "client_credentials",
            "client_id": self._app.client_id,
            "client_secret": self._app.client_secret,
            "audience": self.addresses.api,
            "scope": "openid",
        }
        return Grant.of(await self._post(form, now), now)

    async def _post(self, form: Mapping[str, str], now: datetime) -> Mapping[str, Any]:
        try:
            async with self._session.post(self.addresses.token, data=form, timeout=TIMEOUT) as response:
                if response.status >= 400:
                    raise await _token_error(response, now)
                answer = await response.json()
        except FAILURES as err:
            raise source_error(err, now) from err
        return answer if isinstance(answer, dict) else {}


async def _token_error(response: aiohttp.ClientResponse, now: datetime) -> SourceError:
    try:
        document = await response.json(content_type=None)
    except FAILURES:
        document = None
    if refusal := login_refusal(response.status, document):
        return refusal
    return status_error(response.status, document, now, retry_after=response.headers.get("Retry-After"))


def login_refusal(status: int, document: object) -> LoginError | None:
    """Return why a token endpoint refused application, code or refresh token; ``None`` for other failures."""
    said = said_in(document)
    if status in (400, 401, 403) and any(fault in said for fault in _APP_FAULTS):
        return LoginError(LoginFault.APP_REFUSED, f"Tesla does not know this application so: {said}")
    if status in (400, 401) or (status == 403 and any(fault in said for fault in _GRANT_FAULTS)):
        return LoginError(LoginFault.CODE_EXPIRED, f"Tesla does not accept the login any more: {said or status}")
    return None
