"""RTE's token service and its "Tempo Like Supply Contract" on loopback, in the shapes of its user guide 1.2."""

import base64
import json
import secrets
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import override
from urllib.parse import parse_qs

from tests.servers.https import LoopbackServer, Reply, Request, json_reply
from tests.servers.tempo_year import PARIS, TempoYear

TOKEN = "/token/oauth"
CALENDAR = "/open_api/tempo_like_supply_contract/v1/tempo_like_calendars"
CLIENT_ID = "7b1d3c9e-5f2a-4b7e-9c1d-loopback0001"
CLIENT_SECRET = "loopback-secret-0001"
LONGEST_DAYS = 366


@dataclass(kw_only=True)
class RteServer(LoopbackServer):
    """RTE; ``fault`` also knows ``without_value``: the newest day is listed without its colour."""

    tls: bool = False
    year: TempoYear = field(default_factory=TempoYear)
    client_id: str = CLIENT_ID
    client_secret: str = CLIENT_SECRET
    subscribed: bool = True
    """Whether the application may use this API."""
    token_lasts: timedelta = timedelta(hours=2)
    tokens: dict[str, datetime] = field(default_factory=dict)
    """Those that were given, with the time of their end; empty it to have them expire early."""

    @property
    def base(self) -> str:
        """The beginning of every address here."""
        return f"http://{self.host}"

    @override
    def answer(self, request: Request) -> Reply:
        if request.path == TOKEN:
            return self._give_token(request)
        if request.path != CALENDAR:
            return json_reply({"error": "not_found"}, 404)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.tokens.get(token, datetime.min.replace(tzinfo=UTC)) <= self.year.now():
            return Reply(status=401, content_type="text/plain")
        if not self.subscribed:
            return Reply(status=403, content_type="text/plain")
        return self._calendar({name: values[0] for name, values in parse_qs(request.query).items()})

    @override
    def distort(self, kind: str, reply: Reply) -> Reply:
        assert kind == "without_value"
        document = json.loads(reply.body)
        del document["tempo_like_calendars"]["values"][0]["value"]
        return replace(reply, body=json.dumps(document).encode())

    def _give_token(self, request: Request) -> Reply:
        login = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {login}":
            return json_reply({"error": "invalid_client"}, 401)
        token = secrets.token_urlsafe(24)
        self.tokens[token] = self.year.now() + self.token_lasts
        return json_reply(
            {"access_token": token, "token_type": "Bearer", "expires_in": int(self.token_lasts.total_seconds())}
        )

    def _calendar(self, query: dict[str, str]) -> Reply:
        start, end = (datetime.fromisoformat(query[name]) for name in ("start_date", "end_date"))
        first, last = (each.astimezone(PARIS).date() for each in (start, end))
        if None in (start.tzinfo, end.tzinfo) or not 0 < (last - first).days <= LONGEST_DAYS:
            return json_reply({"error": "TMPLIKSUPCON_TMPLIKCAL_F04", "error_description": "Period"}, 400)
        days = [first + timedelta(days=number) for number in range((last - first).days)]
        values = [value for day in reversed(days) if (value := self._value(day)) is not None]
        document = {"start_date": start.isoformat(), "end_date": end.isoformat(), "values": values}
        return json_reply({"tempo_like_calendars": document})

    def _value(self, day: date) -> dict[str, str] | None:
        if (colour := self.year.colour(day)) is None:
            return None
        decided = datetime.combine(day - timedelta(days=1), self.year.published_from, PARIS)
        return {
            "start_date": _midnight(day),
            "end_date": _midnight(day + timedelta(days=1)),
            "value": colour,
            "updated_date": decided.isoformat(),
        }


def _midnight(day: date) -> str:
    return datetime.combine(day, time(), PARIS).isoformat()
