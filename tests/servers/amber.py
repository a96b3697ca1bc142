"""Amber's public API 2.0 on loopback, in the shapes of its own description, with a market behind it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, override
from urllib.parse import parse_qs

from tests.servers.amber_market import HALF_HOUR, NEM, AmberMarket, Quote
from tests.servers.https import LoopbackServer, Reply, Request, json_reply

TOKEN = "psk_loopback0000000000000000000001"
SITE = "01F5A5CRKMZ5BCX9P1S4V990AM"
SITES = "/v1/sites"
CURRENT = f"{SITES}/{SITE}/prices/current"
WINDOW = timedelta(minutes=5)
_MOST_INTERVALS = 2048
_NEAR = timedelta(hours=1)
"""For so long ahead, forecasts come in slots of five minutes."""
_WORDS = ((10, "extremelyLow"), (20, "veryLow"), (28, "low"), (38, "neutral"), (100, "high"))
_SPIKE_CENTS = 100


@dataclass(frozen=True, kw_only=True)
class Site:
    """One of the account's sites."""

    id: str = SITE
    nmi: str = "4102345678"
    network: str = "Ausgrid"
    status: str = "active"
    active_from: str | None = "2023-07-01"
    closed_on: str | None = None
    minutes: int = 5
    channels: tuple[str, ...] = ("general", "feedIn")

    def document(self) -> dict[str, Any]:
        """Return it as the API shows it."""
        channels = [{"identifier": f"E{n}", "type": each, "tariff": "EA116"} for n, each in enumerate(self.channels, 1)]
        whole = {
            "id": self.id,
            "nmi": self.nmi,
            "channels": channels,
            "network": self.network,
            "status": self.status,
            "activeFrom": self.active_from,
            "closedOn": self.closed_on,
            "intervalLength": self.minutes,
        }
        return {name: value for name, value in whole.items() if value is not None}


@dataclass(kw_only=True)
class AmberServer(LoopbackServer):
    """The service. Faults it knows beside those of every server stand in ``distort``."""

    tls: bool = False
    market: AmberMarket = field(default_factory=AmberMarket)
    token: str = TOKEN
    sites: list[Site] = field(default_factory=lambda: [Site()])
    holes: set[datetime] = field(default_factory=set)
    """Starts, in UTC, of intervals that are in no answer."""
    advanced: bool = True
    """Whether forecasts hold Amber's own prediction beside the market's."""
    limit: int = 50
    """So many questions are answered within five minutes."""
    refused: int = 0
    """How many were too many."""
    _asked_at: list[datetime] = field(default_factory=list)

    @property
    def base(self) -> str:
        """What the client is given as server."""
        return f"http://{self.host}/v1"

    @override
    def answer(self, request: Request) -> Reply:
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return json_reply({"message": "Forbidden"}, 403)
        now = self.market.now()
        if not self._asked_at or not timedelta() <= now - self._asked_at[0] < WINDOW:
            self._asked_at = []
        self._asked_at.append(now)
        if len(self._asked_at) > self.limit:
            self.refused += 1
            return replace(json_reply({"message": "Too many requests"}, 429), headers=self._quota(now))
        return replace(self._found(request), headers=self._quota(now))

    @override
    def distort(self, kind: str, reply: Reply) -> Reply:
        intervals = json.loads(reply.body)
        match kind:
            case "nan_price":
                intervals[0]["perKwh"] = float("nan")
            case "wrong_units":
                intervals = [each | {"perKwh": each["perKwh"] * 1000} for each in intervals]
            case "odd_interval":
                intervals[-1] |= {"type": "GuessedInterval", "descriptor": "cosy"}
            case "no_general":
                intervals = [each for each in intervals if each["channelType"] != "general"]
            case "empty":
                intervals = []
            case "not_a_list":
                intervals = {"data": intervals}
            case _:
                raise NotImplementedError(kind)
        return replace(reply, body=json.dumps(intervals).encode())

    def _quota(self, now: datetime) -> tuple[tuple[str, str], ...]:
        reset = (self._asked_at[0] + WINDOW - now).total_seconds()
        return (
            ("RateLimit-Limit", str(self.limit)),
            ("RateLimit-Remaining", str(max(self.limit - len(self._asked_at), 0))),
            ("RateLimit-Reset", str(max(round(reset), 1))),
            ("RateLimit-Policy", f"{self.limit};w={int(WINDOW.total_seconds())}"),
        )

    def _found(self, request: Request) -> Reply:
        if request.path == SITES:
            return json_reply([site.document() for site in self.sites])
        for site in self.sites:
            if request.path == f"{SITES}/{site.id}/prices/current":
                query = {name: values[0] for name, values in parse_qs(request.query).items()}
                return self._current(site, query)
        return json_reply({"message": "Site not found"}, 404)

    def _current(self, site: Site, query: dict[str, str]) -> Reply:
        ahead, back = int(query.get("next", "0")), int(query.get("previous", "0"))
        if not (0 <= ahead <= _MOST_INTERVALS and 0 <= back <= _MOST_INTERVALS):
            return json_reply({"message": "next and previous are at most 2048"}, 400)
        if site.status != "active":
            return json_reply([])
        length = timedelta(minutes=int(query.get("resolution", site.minutes)))
        present = _floor(self.market.now(), length)
        past = [(present - length * number, length) for number in range(back, 0, -1)]
        coming = list(self._coming(present + length, length))[:ahead]
        intervals = [
            each
            for channel in site.channels
            for each in (
                *(self._actual(channel, start, span) for start, span in past if start not in self.holes),
                *([] if present in self.holes else [self._present(channel, present, length)]),
                *(self._forecast(channel, start, span) for start, span in coming if start not in self.holes),
            )
        ]
        return json_reply(intervals)

    def _coming(self, start: datetime, length: timedelta) -> Iterator[tuple[datetime, timedelta]]:
        near_until = start + _NEAR
        while start < self.market.foretold_until:
            near = start < near_until or start.minute % 30
            span = length if near else HALF_HOUR
            yield start, span
            start += span

    def _actual(self, channel: str, start: datetime, length: timedelta) -> dict[str, Any]:
        return _interval("ActualInterval", channel, start, length, self.market.quote(start, length))

    def _present(self, channel: str, start: datetime, length: timedelta) -> dict[str, Any]:
        quote, is_estimate = self.market.present(start, length)
        interval = _interval("CurrentInterval", channel, start, length, quote) | {"estimate": is_estimate}
        low, _, high = (_cents(each, channel) for each in self.market.foretold(start, length))
        return interval | ({"range": {"min": min(low, high), "max": max(low, high)}} if is_estimate else {})

    def _forecast(self, channel: str, start: datetime, length: timedelta) -> dict[str, Any]:
        quotes = self.market.foretold(start, length)
        low, predicted, high = (_cents(each, channel) for each in quotes)
        interval = _interval("ForecastInterval", channel, start, length, quotes[1])
        # The market's own forecast is less cautious than Amber's.
        interval["perKwh"] = round(0.94 * predicted, 5)
        interval["range"] = {"min": min(low, high), "max": max(low, high)}
        if self.advanced:
            interval["advancedPrice"] = {"low": low, "predicted": predicted, "high": high}
        if channel == "general" and high >= _SPIKE_CENTS > predicted:
            interval["spikeStatus"] = "potential"
        return interval


def _cents(quote: Quote, channel: str) -> float:
    return {"general": quote.general, "controlledLoad": quote.controlled_load, "feedIn": quote.feed_in}[channel]


def _interval(kind: str, channel: str, start: datetime, length: timedelta, quote: Quote) -> dict[str, Any]:
    end = start + length
    dear = quote.general >= _SPIKE_CENTS
    return {
        "type": kind,
        "duration": length // timedelta(minutes=1),
        "spotPerKwh": quote.spot,
        "perKwh": _cents(quote, channel),
        "date": start.astimezone(NEM).date().isoformat(),
        "nemTime": end.astimezone(NEM).isoformat(),
        "startTime": f"{start + timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}",
        "endTime": f"{end:%Y-%m-%dT%H:%M:%SZ}",
        "renewables": quote.renewables,
        "channelType": channel,
        "spikeStatus": "spike" if dear else "none",
        "descriptor": next((word for most, word in _WORDS if quote.general < most), "spike"),
    }


def _floor(moment: datetime, length: timedelta) -> datetime:
    seconds = int(length.total_seconds())
    return datetime.fromtimestamp(moment.timestamp() // seconds * seconds, UTC)
