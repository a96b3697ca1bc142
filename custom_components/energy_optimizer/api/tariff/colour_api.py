"""The public colour API (api-couleur-tempo.fr), which passes on what RTE publishes and needs no login."""

from collections.abc import Collection, Mapping
from datetime import date
from types import MappingProxyType
from typing import Final

from aiohttp import ClientSession

from ...core.tariffs.tempo_rules import Colour, season_of
from ..errors import NonsenseError
from .web_json import Json, ask_json

COLOUR_API_SERVER: Final = "https://www.api-couleur-tempo.fr/api"
_CODES: Final[Mapping[int, Colour | None]] = MappingProxyType({0: None, 1: Colour.BLUE, 2: Colour.WHITE, 3: Colour.RED})
_MOST_DATES: Final = 31
"""Days asked for one by one; more are asked for by the season."""


class ColourApi:
    """Asks for the colours of days."""

    def __init__(self, session: ClientSession, server: str = COLOUR_API_SERVER) -> None:
        self._session = session
        self._url = f"{server.rstrip('/')}/joursTempo"

    async def colours(self, days: Collection[date]) -> dict[date, Colour]:
        """Return the colours of those of *days* that are known there.

        Raises:
            SourceError: if the answer did not come or makes no sense.
        """
        found: dict[date, Colour] = {}
        if len(days) <= _MOST_DATES:
            await self._take([("dateJour[]", day.isoformat()) for day in sorted(days)], found)
        else:
            for season in sorted({season_of(day) for day in days}):
                await self._take([("periode", f"{season}-{season + 1}")], found)
        return {day: colour for day, colour in found.items() if day in days}

    async def _take(self, params: list[tuple[str, str]], found: dict[date, Colour]) -> None:
        if not params:
            return
        answer = _read(await ask_json(self._session, "GET", self._url, params=params))
        found.update({day: colour for day, colour in answer if colour is not None})


def _read(answer: Json) -> list[tuple[date, Colour | None]]:
    if not isinstance(answer, list):
        raise NonsenseError("Not a list")
    try:
        return [(date.fromisoformat(each["dateJour"]), _CODES[each["codeJour"]]) for each in answer]
    except (KeyError, TypeError, ValueError) as err:
        raise NonsenseError(f"Not a list of days: {err!r}") from err
