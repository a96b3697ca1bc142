"""Keeps the tokens of a login, whose refresh token is another after each use."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol

from ..errors import RefusedError
from .grant import Grant

type KeptToken = tuple[str, datetime]
"""A refresh token and when it was issued."""

EARLY: Final = timedelta(minutes=5)
"""So long before its end, an access token is renewed."""


class TokenStore(Protocol):
    """Where refresh tokens outlive a restart."""

    async def load(self) -> Sequence[KeptToken]:
        """Return what was saved last, the newest first."""

    async def save(self, tokens: Sequence[KeptToken]) -> None:
        """Write *tokens* at once; when this returns they are on disk."""


class TokenKeeper:
    """Gives a valid access token; renews it when it ends or is refused, one renewal at a time."""

    def __init__(
        self,
        *,
        at_login: KeptToken,
        refresh: Callable[[str], Awaitable[Grant]],
        store: TokenStore,
        now: Callable[[], datetime],
    ) -> None:
        self._at_login = at_login
        self._refresh = refresh
        self._store = store
        self._now = now
        self._lock = asyncio.Lock()
        self._grant: Grant | None = None
        self._tokens: list[KeptToken] | None = None

    async def access_token(self) -> str:
        """Return an access token that is still good for a while.

        Raises:
            SourceError: if there is none to be had.
        """
        async with self._lock:
            if self._grant is None or self._grant.expires_at - EARLY <= self._now():
                await self._renew()
            return self._present.access_token

    async def renew(self, refused: str | None) -> str:
        """Return another access token than the one that was *refused*; several who were refused renew it once.

        Raises:
            SourceError: if there is none to be had.
        """
        async with self._lock:
            if self._grant is None or self._grant.access_token == refused:
                await self._renew()
            return self._present.access_token

    @property
    def grant(self) -> Grant | None:
        """What is in use at present."""
        return self._grant

    @property
    def _present(self) -> Grant:
        if self._grant is None:
            raise RefusedError("There is no token")
        return self._grant

    async def _renew(self) -> None:
        """Try the newest token, then what a crash may have left beside it, then the one of the login."""
        if self._tokens is None:
            self._tokens = _candidates(await self._store.load(), self._at_login)
        refusal: RefusedError | None = None
        for token in list(self._tokens):
            try:
                grant = await self._refresh(token[0])
            except RefusedError as err:
                refusal = refusal or err
                continue
            await self._keep(grant, token)
            return
        self._grant = None
        raise refusal or RefusedError("There is no token")

    async def _keep(self, grant: Grant, used: KeptToken) -> None:
        """Write the new token down before anything else happens; the used one stays beside it until the next time."""
        if grant.refresh_token and grant.refresh_token != used[0]:
            issued_at = max(self._now(), used[1])  # a clock that goes wrong does not make it older than the login
            self._tokens = [(grant.refresh_token, issued_at), used]
        else:
            self._tokens = [used]
        self._grant = grant
        await self._store.save(self._tokens)


def _candidates(stored: Sequence[KeptToken], at_login: KeptToken) -> list[KeptToken]:
    """Return what may still be good, the newest first: what was stored before the login belongs to an older one."""
    later = [token for token in stored if token[1] >= at_login[1] and token[0] != at_login[0]]
    return [*sorted(later, key=lambda token: token[1], reverse=True), at_login]
