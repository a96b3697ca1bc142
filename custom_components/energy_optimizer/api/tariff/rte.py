"""RTE's own service, "Tempo Like Supply Contract" 1.2, for those who have an account and an application there."""

from base64 import b64encode
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from typing import Any, Final

from aiohttp import ClientSession
from homeassistant.util import dt as dt_util

from ...core.tariffs.local_days import day_starts_at
from ...core.tariffs.tempo_rules import PARIS, Colour
from ..errors import NonsenseError, RefusedError
from .web_json import Json, ask_json

RTE_SERVER: Final = "https://digital.iservices.rte-france.com"
_TOKEN_PATH: Final = "/token/oauth"  # noqa: S105 - an address
_CALENDAR_PATH: Final = "/open_api/tempo_like_supply_contract/v1/tempo_like_calendars"
_COLOURS: Final[Mapping[str, Colour]] = MappingProxyType(
    {"BLUE": Colour.BLUE, "WHITE": Colour.WHITE, "RED": Colour.RED}
)
_LONGEST_RANGE: Final = timedelta(days=360)
"""RTE answers for 366 days at most."""
_EARLY: Final = timedelta(minutes=1)
"""How long before it expires a token is renewed."""
_DAY: Final = timedelta(days=1)
_LOGIN_REFUSALS: Final = frozenset({400, 401, 403})
"""How a token is denied to an application that does not exist or has another secret."""


class Rte:
    """Asks for the colours of days, and for a token whenever it needs one."""

    def __init__(self, session: ClientSession, client_id: str, client_secret: str, server: str = RTE_SERVER) -> None:
        self._session = session
        self._login = b64encode(f"{client_id}:{client_secret}".encode()).decode()
        self._server = server.rstrip("/")
        self._token: str | None = None
        self._token_until = datetime.min.replace(tzinfo=UTC)

    async def colours(self, days: Collection[date]) -> dict[date, Colour]:
        """Return the colours of those of *days* that RTE knows.

        Raises:
            SourceError: if the answer did not come or makes no sense.
        """
        found: dict[date, Colour] = {}
        for first, last in _ranges(days):
            params = [
                ("start_date", _midnight(first)),
                ("end_date", _midnight(last + _DAY)),
            ]
            found.update(_read(await self._ask(params)))
        return {day: colour for day, colour in found.items() if day in days}

    async def _ask(self, params: list[tuple[str, str]]) -> Json:
        """Ask with the token there is, and once more with a new one if that is refused."""
        fresh = await self._ensure_token()
        try:
            return await self._ask_once(params)
        except RefusedError:
            if fresh:
                raise
        self._token = None
        await self._ensure_token()
        return await self._ask_once(params)

    async def _ask_once(self, params: list[tuple[str, str]]) -> Json:
        headers = {"Authorization": f"Bearer {self._token}"}
        return await ask_json(self._session, "GET", f"{self._server}{_CALENDAR_PATH}", params=params, headers=headers)

    async def _ensure_token(self) -> bool:
        """Get a token unless there is one that is good for a while; return whether it is new."""
        now = dt_util.utcnow()
        if self._token is not None and now < self._token_until:
            return False
        answer = await ask_json(
            self._session,
            "POST",
            f"{self._server}{_TOKEN_PATH}",
            headers={"Authorization": f"Basic {self._login}"},
            data={"grant_type": "client_credentials"},
            refusals=_LOGIN_REFUSALS,
        )
        try:
            given = _object(answer)
            token, lasts = given["access_token"], timedelta(seconds=float(given.get("expires_in", 0)))
        except (KeyError, OverflowError, TypeError, ValueError) as err:
            raise NonsenseError("Not a token") from err
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            raise NonsenseError("Not a token")
        self._token, self._token_until = token, now + lasts - _EARLY
        return True


def _ranges(days: Collection[date]) -> Iterator[tuple[date, date]]:
    """Yield stretches that RTE answers at once and that hold all *days*."""
    first: date | None = None
    last = date.min
    for day in sorted(days):
        if first is None:
            first = day
        elif day - first >= _LONGEST_RANGE:
            yield first, last
            first = day
        last = day
    if first is not None:
        yield first, last


def _midnight(day: date) -> str:
    return day_starts_at(day, PARIS).astimezone(PARIS).isoformat()


def _read(answer: Json) -> dict[date, Colour]:
    """Return the colours in an answer. RTE lists the newest first, and has listed days without a value."""
    found: dict[date, Colour] = {}
    try:
        for each in _object(answer)["tempo_like_calendars"]["values"]:
            if (value := each.get("value")) is not None:
                found.setdefault(_day(each["start_date"]), _COLOURS[value])
    except (AttributeError, KeyError, TypeError, ValueError) as err:
        raise NonsenseError(f"Not a calendar: {err!r}") from err
    return found


def _object(answer: Json) -> dict[str, Any]:
    if not isinstance(answer, dict):
        raise NonsenseError("Not an object")
    return answer


def _day(text: str) -> date:
    """Return the date that begins at a midnight in Paris, which is how RTE names days."""
    start = datetime.fromisoformat(text)
    if start.tzinfo is None or (local := start.astimezone(PARIS)).time() != time():
        raise ValueError(f"{text} is no midnight in Paris")
    return local.date()
