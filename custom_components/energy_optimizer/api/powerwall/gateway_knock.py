"""A first contact with a gateway, before its library is let loose.

The library answers every failure alike, with nothing; here one plain request finds out what is the matter.
"""

import json
import re
import ssl
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from http.client import HTTPException, HTTPResponse, HTTPSConnection
from http.cookies import SimpleCookie

from ..errors import CertificateError, CoolingDownError, NonsenseError, RefusedError, UnreachableError
from .gateway_settings import GatewayAuth, GatewaySettings

LOGIN = "/api/login/Basic"
TEDAPI_DIN = "/tedapi/din"
_DIN = re.compile(r"[0-9]{7}-[0-9]{2}-[A-Z]--[A-Za-z0-9]+")
_MOST_BYTES = 65_536


@dataclass(frozen=True, kw_only=True, slots=True)
class Login:
    """What a gateway gives to whom it lets in; empty where each request carries the password."""

    token: str = field(default="", repr=False)
    cookies: Mapping[str, str] = field(default_factory=dict, repr=False)


def knock(settings: GatewaySettings) -> Login:
    """Log in once, blocking; raises the ``SourceError`` that says why it did not work."""
    if not settings.uses_customer_login:
        credentials = b64encode(f"Tesla_Energy_Device:{settings.gateway_password}".encode()).decode()
        _ask(settings, "GET", TEDAPI_DIN, {"Authorization": f"Basic {credentials}"})
        return Login()
    body = {
        "username": "customer",
        "password": settings.login_password,
        "email": settings.email,
        "clientInfo": {"timezone": settings.time_zone},
    }
    content, headers = _ask(settings, "POST", LOGIN, {"Content-Type": "application/json"}, json.dumps(body))
    token = _token(content)
    if settings.auth is GatewayAuth.KEY:
        _ask(settings, "GET", TEDAPI_DIN, {"Authorization": f"Bearer {token}"})
    cookies = SimpleCookie()
    for cookie in headers.get_all("Set-Cookie", []):
        cookies.load(cookie)
    return Login(token=token, cookies={name: morsel.value for name, morsel in cookies.items()})


def din_in(answer: object) -> str | None:
    """Return *answer* if it is a gateway's identification number."""
    text = answer.strip() if isinstance(answer, str) else ""
    return text if _DIN.fullmatch(text) else None


def check_status(status: int, content_type: str, retry_after: str | None = None) -> None:
    """Raise what an HTTP status other than success means."""
    if status in (429, 503):
        wait = f" for {retry_after} s" if retry_after and retry_after.isdecimal() else ""
        raise CoolingDownError(f"The gateway asks to be left alone{wait} (HTTP {status})")
    if status == 408 or status >= 500:
        raise UnreachableError(f"The gateway is not ready (HTTP {status})")
    if "text/html" in content_type:
        raise NonsenseError("A web page answers there, not a Powerwall gateway")
    if status in (401, 403):
        raise RefusedError(f"The gateway refuses the password (HTTP {status})")
    if status != 200:
        raise NonsenseError(f"What answers there is not a Powerwall gateway (HTTP {status})")


def _ask(
    settings: GatewaySettings, method: str, path: str, headers: dict[str, str], body: str | None = None
) -> tuple[bytes, Message]:
    # A gateway signs its own certificate, so there is nothing to check it against.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    host, port = settings.address
    connection = HTTPSConnection(host, port, timeout=settings.timeout_s, context=context)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        content = _read(answer)
    except ssl.SSLError as err:
        plain = err.reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE")
        reason = "what answers does not encrypt" if plain else f"the encryption failed ({err.reason or err})"
        raise CertificateError(reason) from err
    except TimeoutError as err:
        raise UnreachableError("The gateway did not answer in time") from err
    except HTTPException as err:
        raise NonsenseError("What answers there does not speak HTTP as a gateway does") from err
    except OSError as err:
        raise UnreachableError(f"The gateway cannot be reached: {err.strerror or err}") from err
    finally:
        connection.close()
    told = answer.headers
    check_status(answer.status, told.get("Content-Type", ""), told.get("Retry-After"))
    return content, told


def _read(answer: HTTPResponse) -> bytes:
    """Read what comes, even from a server that slams the door after its last word."""
    content = b""
    try:
        while len(content) < _MOST_BYTES and (part := answer.read1(_MOST_BYTES)):
            content += part
    except OSError:
        if not content:
            raise
    return content


def _token(answer: bytes) -> str:
    try:
        document = json.loads(answer)
    except ValueError:
        document = None
    token = document.get("token") if isinstance(document, dict) else None
    if not isinstance(token, str):
        raise NonsenseError("What answers there is not a Powerwall gateway")
    return token
