"""The public colour API on loopback, in the shapes of its source (jbromain/rte-tempo)."""

import json
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, override
from urllib.parse import parse_qs

from tests.servers.https import LoopbackServer, Reply, Request, json_reply
from tests.servers.tempo_year import PARIS, TempoYear, season_year

DAYS = "/api/joursTempo"
_CODES = {None: (0, "Inconnu"), "BLUE": (1, "Bleu"), "WHITE": (2, "Blanc"), "RED": (3, "Rouge")}


@dataclass(kw_only=True)
class ColourApiServer(LoopbackServer):
    """The service; ``fault`` also knows ``strange_code``: codes that stand for no colour."""

    tls: bool = False
    year: TempoYear = field(default_factory=TempoYear)

    @property
    def base(self) -> str:
        """What the client is given as server."""
        return f"http://{self.host}/api"

    @override
    def answer(self, request: Request) -> Reply:
        query = parse_qs(request.query)
        if request.path == DAYS and "periode" in query:
            first = int(query["periode"][0].partition("-")[0])
            days = [date(first, 9, 1) + timedelta(days=n) for n in range(366)]
            known = [each for each in days if season_year(each) == first and each <= self._tomorrow()]
            return json_reply([self._day(each) for each in known])
        if request.path == DAYS and "dateJour[]" in query:
            asked = sorted(date.fromisoformat(each) for each in query["dateJour[]"])
            return json_reply([self._day(each) for each in asked if each <= self._tomorrow()])
        prefix = "/api/jourTempo/"
        if request.path.startswith(prefix):
            word = request.path.removeprefix(prefix)
            today = self._tomorrow() - timedelta(days=1)
            named = {"today": today, "tomorrow": self._tomorrow()}
            return json_reply(self._day(named.get(word) or date.fromisoformat(word)))
        return json_reply({"title": "An error occurred", "status": 404}, 404)

    @override
    def distort(self, kind: str, reply: Reply) -> Reply:
        assert kind == "strange_code"
        changed = [each | {"codeJour": 7} for each in json.loads(reply.body)]
        return replace(reply, body=json.dumps(changed).encode())

    def _tomorrow(self) -> date:
        return self.year.now().astimezone(PARIS).date() + timedelta(days=1)

    def _day(self, day: date) -> dict[str, Any]:
        code, word = _CODES[self.year.colour(day)]
        first = season_year(day)
        return {"dateJour": day.isoformat(), "codeJour": code, "periode": f"{first}-{first + 1}", "libCouleur": word}
