"""What a token endpoint gives."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self

from ..errors import NonsenseError

_LIFETIME = timedelta(hours=8)
"""Of Tesla's access tokens, should an answer not say."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Grant:
    """An access token and what renews it."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    expires_at: datetime

    @classmethod
    def of(cls, answer: Mapping[str, Any], now: datetime) -> Self:
        """Read a token endpoint's answer.

        Raises:
            NonsenseError: if it holds no access token.
        """
        access, refresh, lifetime = (answer.get(name) for name in ("access_token", "refresh_token", "expires_in"))
        if not isinstance(access, str) or not access:
            raise NonsenseError("Tesla's login gave no token")
        known = isinstance(lifetime, int | float) and not isinstance(lifetime, bool) and 0 < lifetime < 10**8
        return cls(
            access_token=access,
            refresh_token=refresh if isinstance(refresh, str) and refresh else None,
            expires_at=now + (timedelta(seconds=float(lifetime)) if known and lifetime else _LIFETIME),
        )

    @property
    def scopes(self) -> frozenset[str] | None:
        """The permissions that the token claims; ``None`` where it does not say."""
        parts = self.access_token.split(".")
        if len(parts) != 3:
            return None
        try:
            claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        except binascii.Error, ValueError:
            return None
        claimed = claims.get("scp") if isinstance(claims, dict) else None
        return frozenset(map(str, claimed)) if isinstance(claimed, list) else None
