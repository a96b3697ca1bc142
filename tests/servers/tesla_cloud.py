"""Tesla's servers and Teslemetry on loopback: Fleet API, Owner API, login, and a site that follows, or not.

Faults by path, with ``fault(path, kind, times)``: an HTTP status, ``timeout`` and ``half_body`` as for every server
here, and, after the effect: ``lost`` (hangs up), ``late`` (answers after ``late_s``). ``path_of("operation")`` names a
site's endpoint.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, override
from urllib.parse import parse_qs

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from tests.servers.https import LoopbackServer, Reply, Request, json_reply
from tests.servers.tesla_oauth import TeslaOAuth
from tests.servers.tesla_site import NotAcceptedError, TeslaSite

TELESCOPES = ("openid", "offline_access", "user_data", "energy_device_data", "energy_cmds")
UPDATED = {"response": {"code": 201, "message": "Updated"}}
KEY_PATH = "/.well-known/appspecific/com.tesla.3p.public-key.pem"


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One request that reached the site."""

    at: datetime
    name: str
    body: Any


@dataclass(kw_only=True)
class TeslaCloud(LoopbackServer):
    """All of Tesla at one address; ``teslemetry_token`` opens the same site as Teslemetry would."""

    tls: bool = False
    site: TeslaSite = field(default_factory=TeslaSite)
    oauth: TeslaOAuth = field(default_factory=TeslaOAuth)
    teslemetry_token: str = "teslemetry-loopback-token"
    teslemetry_scopes: tuple[str, ...] = TELESCOPES
    teslemetry_access: bool = True
    subscribed: bool = True
    region: str | None = None
    """Set to say that the account lives elsewhere: requests outside ``/<region>`` are sent there."""
    hosted_key: str | None = None
    """The public key (PEM) that the application's domain serves."""
    partner_domains: set[str] = field(default_factory=set)
    late_s: float = 1.0
    others: list[dict[str, Any]] = field(default_factory=lambda: [{"vehicle_id": 1, "vin": "LRW3F7EK4NC700000"}])
    """Products beside the site."""
    calls: list[Call] = field(default_factory=list)

    @property
    def base(self) -> str:
        """The beginning of every address here."""
        return f"{'https' if self.tls else 'http'}://{self.host}"

    def path_of(self, name: str) -> str:
        """Return the path of one of the site's endpoints."""
        return f"/api/1/energy_sites/{self.site.site_id}/{name}"

    def commands(self) -> list[str]:
        """Name the commands that reached the site, in order."""
        return [call.name for call in self.calls if call.name in _COMMANDS]

    @override
    def distort(self, kind: str, reply: Reply) -> Reply:
        if kind == "lost":
            return Reply(status=0)
        if kind == "late":
            self._stopping.wait(self.late_s)
            return reply
        return super().distort(kind, reply)

    @override
    def answer(self, request: Request) -> Reply:
        match request.path:
            case "/oauth2/v3/authorize":
                return self.oauth.authorize(request)
            case "/oauth2/v3/token":
                return self.oauth.token(request)
            case path if path == KEY_PATH:
                key = self.hosted_key
                return (
                    Reply(status=404)
                    if key is None
                    else Reply(body=key.encode(), content_type="application/x-pem-file")
                )
            case "/status":
                return Reply(body=b"ok", content_type="text/plain")
        return self._api(request)

    def _api(self, request: Request) -> Reply:
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if bearer == self.teslemetry_token:
            if not self.subscribed:
                return json_reply({"error": "subscription_required", "error_description": "Subscription expired"}, 402)
            return self._permitted(request, request.path, self.teslemetry_scopes)
        if (access := self.oauth.check(request)) is None:
            return _error("token expired (401)", 401)
        if access.is_partner:
            return self._partner(request)
        path = request.path
        if self.region is not None:
            if path == "/api/1/users/region":
                told = {"region": self.region, "fleet_api_base_url": f"{self.base}/{self.region}"}
                return json_reply({"response": told})
            if not path.startswith(f"/{self.region}/"):
                return _error(f"user out of region, use base URL: {self.base}/{self.region}", 421)
            path = path.removeprefix(f"/{self.region}")
        return self._permitted(request, path, access.scopes if access.client_id != "ownerapi" else TELESCOPES)

    def _permitted(self, request: Request, path: str, scopes: tuple[str, ...]) -> Reply:
        needed = "energy_cmds" if request.method == "POST" else "energy_device_data"
        match path:
            case "/api/metadata":
                return self._metadata()
            case "/api/test" | "/api/ping":
                return json_reply({"response": True})
            case "/api/1/products":
                products = [*self.others, self.site.product()]
                return json_reply({"response": products, "count": len(products)})
            case "/api/1/users/region":
                return json_reply({"response": {"region": "na", "fleet_api_base_url": self.base}})
            case _ if needed not in scopes:
                return _error("Unauthorized missing scopes", 403)
        prefix = f"/api/1/energy_sites/{self.site.site_id}/"
        if not path.startswith(prefix):
            return _error("not_found", 404)
        return self._of_site(path.removeprefix(prefix), request)

    def _of_site(self, name: str, request: Request) -> Reply:
        body = json.loads(request.body) if request.body else {}
        self.calls.append(Call(at=self.site.now(), name=name, body=body))
        match (request.method, name):
            case ("GET", "live_status"):
                return json_reply({"response": self.site.live_status()})
            case ("GET", "site_info"):
                return json_reply({"response": self.site.site_info()})
            case ("GET", "tariff_rate"):
                return json_reply({"response": self.site.site_info()["tariff_content_v2"]})
            case ("GET", "calendar_history"):
                return self._history(request)
            case ("POST", command) if command in _COMMANDS:
                return self._command(command, body)
        return _error("not_found", 404)

    def _history(self, request: Request) -> Reply:
        query = {name: values[0] for name, values in parse_qs(request.query).items()}
        if query.get("kind") != "energy" or query.get("period") != "day":
            return _error("invalid_request", 400)
        try:
            start, end = (datetime.fromisoformat(query[name]) for name in ("start_date", "end_date"))
        except KeyError, ValueError:
            return _error("invalid_request", 400)
        if start.tzinfo is None or end.tzinfo is None:
            return _error("invalid_request", 400)
        return json_reply({"response": self.site.calendar_history(start, end)})

    def _command(self, name: str, body: dict[str, Any]) -> Reply:
        try:
            for setting, value in _COMMANDS[name](body).items():
                self.site.ask(setting, value)
        except NotAcceptedError as err:
            return _error("invalid_request", 400, str(err))
        except KeyError, TypeError:
            return _error("invalid_request", 400, "missing field")
        return json_reply(UPDATED)

    def _metadata(self) -> Reply:
        site = {"access": self.teslemetry_access, "name": self.site.name}
        return json_reply(
            {
                "uid": "abc-123",
                "region": "NA",
                "scopes": list(self.teslemetry_scopes),
                "vehicles": {},
                "energy_sites": {str(self.site.site_id): site},
            }
        )

    def _partner(self, request: Request) -> Reply:
        domain = parse_qs(request.query).get("domain", [""])[0]
        if request.path == "/api/1/partner_accounts" and request.method == "POST":
            if self.hosted_key is None:
                return _error("invalid_request", 400, "Public key download failed for https://example")
            self.partner_domains.add(request.json["domain"])
            return json_reply({"response": {"client_id": "fleet-app", "domain": request.json["domain"]}})
        if request.path == "/api/1/partner_accounts/public_key" and domain in self.partner_domains and self.hosted_key:
            key = load_pem_public_key(self.hosted_key.encode())
            point = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
            return json_reply({"response": {"public_key": point.hex()}})
        return _error("not_found", 404)


_COMMANDS: dict[str, Any] = {
    "operation": lambda body: {"mode": body["default_real_mode"]},
    "backup": lambda body: {"reserve": body["backup_reserve_percent"]},
    "grid_import_export": lambda body: {
        ours: body[theirs]
        for ours, theirs in (
            ("disallow", "disallow_charge_from_grid_with_solar_installed"),
            ("export_rule", "customer_preferred_export_rule"),
        )
        if theirs in body
    },
    "storm_mode": lambda body: {"storm": body["enabled"]},
    "time_of_use_settings": lambda body: {"tariff": body["tou_settings"]["tariff_content_v2"]},
}


def _error(error: str, status: int, description: str = "") -> Reply:
    return json_reply({"response": None, "error": error, "error_description": description}, status)
