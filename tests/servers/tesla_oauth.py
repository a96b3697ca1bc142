"""Tesla's login: codes with PKCE, access tokens that end, refresh tokens that are good for one use."""

import base64
import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.servers.https import Reply, Request, json_reply

ALL_SCOPES = ("openid", "offline_access", "user_data", "energy_device_data", "energy_cmds", "email")


@dataclass(kw_only=True, slots=True)
class _Access:
    client_id: str
    scopes: tuple[str, ...]
    ends_at: datetime
    is_partner: bool = False


@dataclass(kw_only=True, slots=True)
class _Refresh:
    client_id: str
    scopes: tuple[str, ...]
    used: bool = False
    child: str | None = None


@dataclass(kw_only=True)
class TeslaOAuth:
    """The endpoints below ``/oauth2/v3``."""

    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    lifetime: timedelta = timedelta(hours=8)
    clients: dict[str, str] = field(default_factory=lambda: {"fleet-app": "fleet-secret"})
    """Secrets of applications by id; ``ownerapi`` needs none."""
    redirects: set[str] = field(default_factory=set)
    """Where applications may send users back; empty for anywhere."""
    granted: tuple[str, ...] = ALL_SCOPES
    """What the user grants of what is asked for."""
    access: dict[str, _Access] = field(default_factory=dict)
    refresh: dict[str, _Refresh] = field(default_factory=dict)
    grace: bool = True
    """Whether a used refresh token is good once more as long as its successor was not used: an answer may be lost."""
    refreshes: int = 0
    _codes: dict[str, tuple[Mapping[str, str], bool]] = field(default_factory=dict)

    def user_logs_in(self, address: str, *, deny: bool = False) -> str:
        """Do what a person does in the browser and return the address they end up at."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        assert len(query["state"]) >= 16
        if deny:
            return f"{query['redirect_uri']}?{urlencode({'error': 'access_denied', 'state': query['state']})}"
        code = f"NA_{secrets.token_urlsafe(12)}"
        self._codes[code] = (query, False)
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state'], 'locale': 'en-US'})}"

    def new_login(self, client_id: str) -> str:
        """Return a refresh token as a login long ago would have given it."""
        return self._new_refresh(client_id, self.granted)

    def revoke_consent(self) -> None:
        """Do what a user does who withdraws an application's permission."""
        self.access.clear()
        self.refresh.clear()

    def expire_access(self) -> None:
        """Let all access tokens end."""
        for access in self.access.values():
            access.ends_at = self.now()

    def check(self, request: Request) -> _Access | None:
        """Return what the bearer token of a request permits, or ``None``."""
        access = self.access.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
        return access if access is not None and self.now() < access.ends_at else None

    def authorize(self, request: Request) -> Reply:
        """Send a browser straight back, as for a user who is logged in already."""
        return Reply(status=302, headers=(("Location", self.user_logs_in(f"http://here/?{request.query}")),))

    def token(self, request: Request) -> Reply:
        """Answer the token endpoint; applications send forms, the Owner API's clients also JSON."""
        try:
            asked = json.loads(request.body)
        except ValueError:
            asked = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        match asked.get("grant_type"):
            case "authorization_code":
                return self._by_code(asked)
            case "refresh_token":
                return self._by_refresh_token(asked)
            case "client_credentials" if self._knows(asked):
                return self._give(str(asked["client_id"]), ("openid",), is_partner=True)
            case "client_credentials":
                return _no("unauthorized_client", 401)
        return _no("unsupported_grant_type")

    def _by_code(self, asked: Mapping[str, Any]) -> Reply:
        query, used = self._codes.get(str(asked.get("code")), ({}, True))
        if used or not query:
            return _no("invalid_auth_code")
        if query["client_id"] != "ownerapi" and not self._knows(asked):
            return _no("unauthorized_client", 401)
        if asked.get("redirect_uri") != query["redirect_uri"]:
            return _no("invalid_redirect_url")
        self._codes[str(asked["code"])] = (query, True)
        proof = base64.urlsafe_b64encode(hashlib.sha256(str(asked.get("code_verifier")).encode()).digest()).rstrip(b"=")
        if proof.decode() != query["code_challenge"]:
            return _no("invalid_grant")
        scopes = tuple(scope for scope in query["scope"].split() if scope in self.granted)
        return self._give(query["client_id"], scopes)

    def _by_refresh_token(self, asked: Mapping[str, Any]) -> Reply:
        token = self.refresh.get(str(asked.get("refresh_token")))
        if token is None or token.client_id != asked.get("client_id"):
            return _no("login_required", 401)
        if token.used:
            child = self.refresh.get(token.child or "")
            if child is None or child.used or not self.grace:
                self._revoke_family(token)
                return _no("login_required", 401)
        self.refreshes += 1
        token.used = True
        answer = self._give(token.client_id, token.scopes)
        token.child = json.loads(answer.body).get("refresh_token")
        return answer

    def _revoke_family(self, token: _Refresh) -> None:
        """A token that was used twice was stolen: whoever holds its successors loses them."""
        while token.child is not None and token.child in self.refresh:
            token = self.refresh.pop(token.child)
        self.access.clear()

    def _give(self, client_id: str, scopes: tuple[str, ...], *, is_partner: bool = False) -> Reply:
        claims = {"iss": "loopback", "sub": "00000000-user", "scp": list(scopes), "jti": secrets.token_hex(8)}
        parts = ({"alg": "none", "typ": "JWT"}, claims)
        token = ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts)
        token += f".{secrets.token_urlsafe(24)}"
        self.access[token] = _Access(
            client_id=client_id, scopes=scopes, ends_at=self.now() + self.lifetime, is_partner=is_partner
        )
        answer = {"access_token": token, "token_type": "Bearer", "expires_in": int(self.lifetime.total_seconds())}
        if "offline_access" in scopes:
            answer["refresh_token"] = self._new_refresh(client_id, scopes)
        return json_reply(answer)

    def _new_refresh(self, client_id: str, scopes: tuple[str, ...]) -> str:
        refresh = f"NA_{secrets.token_hex(32)}"
        self.refresh[refresh] = _Refresh(client_id=client_id, scopes=scopes)
        return refresh

    def _knows(self, asked: Mapping[str, Any]) -> bool:
        return self.clients.get(str(asked.get("client_id"))) == asked.get("client_secret") is not None


def _no(error: str, status: int = 400) -> Reply:
    return json_reply({"error": error, "error_description": "The request was refused.", "referenceID": "loop"}, status)
