"""A login in the user's browser, whose end the user pastes (OAuth with PKCE)."""

import base64
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self
from urllib.parse import parse_qs, urlencode, urlsplit

from ..errors import RefusedError


class LoginFault(StrEnum):
    """What is wrong with a login; keys of translated texts."""

    NOT_AN_ADDRESS = "not_an_address"
    WRONG_STATE = "wrong_state"
    """The address belongs to another login, perhaps an older one."""
    DENIED = "denied"
    CODE_EXPIRED = "code_expired"
    APP_REFUSED = "app_refused"
    """The application's id, secret or redirect address are not what Tesla knows."""


class LoginError(RefusedError):
    """A login that the user must repeat or mend."""

    def __init__(self, key: LoginFault, message: str) -> None:
        """Note which text explains it."""
        super().__init__(message)
        self.key = key


@dataclass(frozen=True, kw_only=True, slots=True)
class LoginRequest:
    """One login that was begun."""

    authorize_url: str
    client_id: str
    redirect_uri: str
    scopes: tuple[str, ...]
    extra: tuple[tuple[str, str], ...] = ()
    """Further parameters of the address."""
    state: str = field(repr=False)
    verifier: str = field(repr=False)

    @classmethod
    def begin(
        cls,
        *,
        authorize_url: str,
        client_id: str,
        redirect_uri: str,
        scopes: Sequence[str],
        extra: Sequence[tuple[str, str]] = (),
    ) -> Self:
        """Draw the secrets of a new login."""
        return cls(
            authorize_url=authorize_url,
            client_id=client_id,
            redirect_uri=redirect_uri,
            scopes=tuple(scopes),
            extra=tuple(extra),
            state=secrets.token_urlsafe(24),
            verifier=secrets.token_urlsafe(48),
        )

    @property
    def address(self) -> str:
        """The page on which the user logs in at Tesla."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=")
        query = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": " ".join(self.scopes),
            "state": self.state,
            "code_challenge": challenge.decode(),
            "code_challenge_method": "S256",
            **dict(self.extra),
        }
        return f"{self.authorize_url}?{urlencode(query)}"

    def code_in(self, pasted: str) -> str:
        """Return the code in the address to which Tesla redirected.

        Raises:
            LoginError: if it is no such address, of another login, or one that says no.
        """
        try:
            parts = urlsplit(pasted.strip())
        except ValueError as err:
            raise LoginError(LoginFault.NOT_AN_ADDRESS, "This is not an address") from err
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if not parts.scheme or not query.keys() & {"code", "error"}:
            raise LoginError(LoginFault.NOT_AN_ADDRESS, "This is not the address that Tesla showed at the end")
        if not secrets.compare_digest(query.get("state", "").encode(), self.state.encode()):
            raise LoginError(LoginFault.WRONG_STATE, "This address belongs to another login")
        if "code" not in query:
            raise LoginError(LoginFault.DENIED, f"Tesla says that the login was denied: {query['error'][:40]}")
        return query["code"]
