"""The key with which a Powerwall can be commanded over the home network, and its registration.

A key is made here, handed to the gateway through Tesla's Owner API, and confirmed by switching the Powerwall off and
on by hand. The Tesla login serves the registration alone and is forgotten with this object.
"""

import base64
import hashlib
import secrets
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Self, cast
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from ..errors import NonsenseError, NotPermittedError, RefusedError, SourceError, UnreachableError

KEY_BITS = 4096
AUTH_BASE = "https://auth.tesla.com"
OWNER_BASE = "https://owner-api.teslamotors.com"
CLIENT_ID = "ownerapi"
REDIRECT = "tesla://auth/callback"
"""The only address to which Tesla sends users of this login back; browsers cannot open it, but show it."""
SCOPE = "openid email offline_access"
TIMEOUT_S = 30.0
_JWT_START = "eyJ"


class KeyState(IntEnum):
    """What a gateway thinks of a registered key."""

    PENDING = 1
    """Registered; the Powerwall must be switched off and on within about ten minutes."""
    TIMED_OUT = 2
    """That did not happen in time; registering the same key again starts anew."""
    VERIFIED = 3
    REMOVED = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class V1rKey:
    """An RSA key pair."""

    pem: str = field(repr=False)
    """The private key as text."""
    public_der: bytes = field(repr=False)
    """The public key as gateways know it (PKCS #1)."""

    @classmethod
    def generate(cls) -> Self:
        """Make a new key; takes seconds."""
        return cls._of(generate_private_key(public_exponent=65537, key_size=KEY_BITS))

    @classmethod
    def load(cls, pem: str) -> Self:
        """Read a private key that was pasted; raises ``ValueError`` if it is none that gateways take."""
        try:
            key = load_pem_private_key(pem.strip().encode(), password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as err:
            raise ValueError("Not a private key in PEM format") from err
        if not isinstance(key, RSAPrivateKey) or key.key_size != KEY_BITS:
            raise ValueError(f"Not an RSA key of {KEY_BITS} bits")
        return cls._of(key)

    @classmethod
    def _of(cls, key: RSAPrivateKey) -> Self:
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        return cls(pem=pem.decode(), public_der=key.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1))


@dataclass(frozen=True, kw_only=True, slots=True)
class EnergySite:
    """A site of a Tesla account."""

    site_id: str
    name: str
    gateway_din: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class TeslaAddresses:
    """Where Tesla is; tests put a loopback server there."""

    auth: str = AUTH_BASE
    owner: str = OWNER_BASE
    tls: ssl.SSLContext | None = None


class KeyRegistration:
    """One login at Tesla and what it is used for; every call but ``login_address`` blocks."""

    def __init__(self, tesla: TeslaAddresses | None = None) -> None:
        self._tesla = tesla or TeslaAddresses()
        self._verifier = secrets.token_urlsafe(32)
        self._state = secrets.token_urlsafe(16)
        self._token = ""

    @property
    def login_address(self) -> str:
        """The page on which the user logs in at Tesla."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self._verifier.encode()).digest()).rstrip(b"=")
        query = {
            "client_id": CLIENT_ID,
            "code_challenge": challenge.decode(),
            "code_challenge_method": "S256",
            "redirect_uri": REDIRECT,
            "response_type": "code",
            "scope": SCOPE,
            "state": self._state,
        }
        return f"{self._tesla.auth}/oauth2/v3/authorize?{urlencode(query)}"

    def log_in(self, pasted: str) -> None:
        """Finish the login with the address to which Tesla redirected, or with an access token made elsewhere.

        Raises ``RefusedError`` if it is not good.
        """
        if (token := pasted.strip()).startswith(_JWT_START):
            self._token = token
            return
        answer = self._send(
            "POST",
            f"{self._tesla.auth}/oauth2/v3/token",
            {
                "grant_type": "authorization_code",
                "client_id": CLIENT_ID,
                "code": self._code_in(pasted),
                "code_verifier": self._verifier,
                "redirect_uri": REDIRECT,
            },
        )
        granted = answer.get("access_token")
        if not isinstance(granted, str):
            raise NonsenseError("Tesla's login gave no token")
        self._token = granted

    def sites(self) -> list[EnergySite]:
        """Return the account's sites with a gateway."""
        products = self._send("GET", f"{self._tesla.owner}/api/1/products").get("response")
        return [
            EnergySite(
                site_id=str(product["energy_site_id"]),
                name=str(product.get("site_name") or product["energy_site_id"]),
                gateway_din=product.get("gateway_id"),
            )
            for product in (products if isinstance(products, list) else [])
            if isinstance(product, dict) and "energy_site_id" in product
        ]

    def register(self, site: EnergySite, key: V1rKey) -> KeyState | None:
        """Hand the public half of *key* to the site's gateway, anew if it has been there before."""
        request = {
            "key_type": 1,
            "public_key": base64.b64encode(key.public_der).decode(),
            "authorized_client_type": 1,
            "description": "Home Assistant Energy Optimizer",
        }
        answer = self._command(site, {"add_authorized_client_request": request})
        return _state_of(_either(answer, "AddAuthorizedClientResponse").get("client"))

    def state(self, site: EnergySite, key: V1rKey) -> KeyState | None:
        """Ask what the gateway thinks of *key*; ``None`` if it does not know it."""
        answer = self._command(site, {"list_authorized_clients_request": {}})
        clients = _either(answer, "ListAuthorizedClientsResponse").get("clients")
        wanted = base64.b64encode(key.public_der).decode()
        for client in clients if isinstance(clients, list) else []:
            if isinstance(client, dict) and wanted in (client.get("public_key"), client.get("PublicKey")):
                return _state_of(client)
        return None

    def _code_in(self, pasted: str) -> str:
        query = parse_qs(urlsplit(pasted.strip()).query)
        code, state = query.get("code", [""])[0], query.get("state", [""])[0]
        if not code:
            raise RefusedError("The address contains no code")
        if state != self._state:
            raise RefusedError("The address belongs to another login")
        return code

    def _command(self, site: EnergySite, authorization: Mapping[str, object]) -> Mapping[str, object]:
        body = {
            "command_type": "grpc_command",
            "command_properties": {"identifier_type": 1, "message": {"authorization": authorization}},
        }
        answer = self._send("POST", f"{self._tesla.owner}/api/1/energy_sites/{site.site_id}/command", body)
        for name in ("response", "message", "Payload", "Authorization", "Message"):
            answer = _either(answer, name)
        return answer

    def _send(self, method: str, address: str, body: Mapping[str, object] | None = None) -> Mapping[str, object]:
        # Tesla turns away clients that speak less than HTTP/2 over TLS 1.3.
        tls = self._tesla.tls or ssl.create_default_context()
        tls.minimum_version = ssl.TLSVersion.TLSv1_3
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        try:
            with httpx.Client(http2=True, verify=tls, timeout=TIMEOUT_S) as client:
                response = client.request(method, address, json=body, headers=headers)
        except httpx.HTTPError as err:
            raise UnreachableError(f"Tesla cannot be reached: {type(err).__name__}") from err
        if response.is_error:
            raise _refusal(response.status_code)
        try:
            document = response.json()
        except ValueError as err:
            raise NonsenseError("Tesla's answer cannot be understood") from err
        if not isinstance(document, dict):
            raise NonsenseError("Tesla's answer cannot be understood")
        return document


def _refusal(status: int) -> SourceError:
    if status == 403:
        return NotPermittedError("This Tesla account may not do that")
    if status in (400, 401):
        return RefusedError("Tesla refuses the login")
    return UnreachableError(f"Tesla is not ready (HTTP {status})")


def _either(answer: Mapping[str, object], name: str) -> Mapping[str, object]:
    """Return the part *name*, which Tesla writes in camel case or in snake case."""
    snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
    part = answer.get(name, answer.get(snake))
    return cast("Mapping[str, object]", part) if isinstance(part, dict) else {}


def _state_of(client: object) -> KeyState | None:
    if not isinstance(client, dict):
        return None
    value = client.get("state", client.get("State"))
    return KeyState(value) if value in list(KeyState) else None
