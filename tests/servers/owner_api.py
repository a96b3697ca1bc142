"""Tesla's login and Owner API on loopback, as far as registering a key needs them."""

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass, field
from typing import Any, override
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.servers.gateway_tedapi import Keys, KeyState
from tests.servers.https import LoopbackServer, Reply, Request, json_reply

SITE = {"energy_site_id": 1234567890, "site_name": "Loopback home", "gateway_id": "1232100-00-E--TG0000000000T1"}
_COMMAND = re.compile(r"/api/1/energy_sites/(\d+)/command")


@dataclass(kw_only=True)
class OwnerApiServer(LoopbackServer):
    """Tesla; give it the ``keys`` of a gateway and it registers them there."""

    keys: Keys = field(default_factory=Keys)
    products: list[dict[str, Any]] = field(default_factory=lambda: [{"vehicle_id": 1, "display_name": "Car"}, SITE])
    snake_case: bool = False
    """Whether answers are written in the other of the two cases in which they have been seen."""
    _codes: dict[str, str] = field(default_factory=dict)
    _tokens: set[str] = field(default_factory=set)

    @property
    def base(self) -> str:
        """The beginning of every address here."""
        return f"https://{self.host}"

    def user_logs_in(self, login_address: str) -> str:
        """Do what a person does in the browser and return the address they end up at."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(login_address).query).items()}
        assert query["client_id"] == "ownerapi"
        assert query["redirect_uri"] == "tesla://auth/callback"
        assert query["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(8)
        self._codes[code] = query["code_challenge"]
        answer = urlencode({"code": code, "state": query["state"], "issuer": self.base})
        return f"{query['redirect_uri']}?{answer}"

    @override
    def answer(self, request: Request) -> Reply:
        if request.path == "/oauth2/v3/token":
            return self._give_token(request)
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self._tokens:
            return json_reply({"error": "invalid bearer token"}, 401)
        if request.path == "/api/1/products":
            return json_reply({"response": self.products, "count": len(self.products)})
        if _COMMAND.fullmatch(request.path):
            return self._command(request)
        return json_reply({"error": "not found"}, 404)

    def _give_token(self, request: Request) -> Reply:
        asked = request.json
        challenge = self._codes.pop(asked["code"], None)
        proof = base64.urlsafe_b64encode(hashlib.sha256(asked["code_verifier"].encode()).digest()).rstrip(b"=")
        if asked["client_id"] != "ownerapi" or proof.decode() != challenge:
            return json_reply({"error": "invalid_grant"}, 400)
        token = f"eyJ{secrets.token_urlsafe(16)}"
        self._tokens.add(token)
        return json_reply({"access_token": token, "refresh_token": "r", "expires_in": 28800, "token_type": "Bearer"})

    def _command(self, request: Request) -> Reply:
        authorization = request.json["command_properties"]["message"]["authorization"]
        if (wanted := authorization.get("add_authorized_client_request")) is not None:
            public = base64.b64decode(wanted["public_key"])
            if self.keys.states.get(public) is not KeyState.VERIFIED:
                self.keys.states[public] = KeyState.PENDING
            return self._told({"AddAuthorizedClientResponse": {"client": self._client(public)}})
        return self._told({"ListAuthorizedClientsResponse": {"clients": [self._client(k) for k in self.keys.states]}})

    def _client(self, public: bytes) -> dict[str, object]:
        return {"type": 1, "public_key": base64.b64encode(public).decode(), "state": int(self.keys.states[public])}

    def _told(self, message: dict[str, Any]) -> Reply:
        if not self.snake_case:
            return json_reply({"response": {"message": {"Payload": {"Authorization": {"Message": message}}}}})
        renamed = {re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower(): part for name, part in message.items()}
        return json_reply({"response": {"message": {"payload": {"authorization": {"message": renamed}}}}})
