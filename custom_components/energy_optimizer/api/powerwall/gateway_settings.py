"""How to log in at a gateway, as a subentry keeps it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

ACCESS_POINT = "192.168.91.1"
"""The gateway's own address on the Wi-Fi network that it opens."""
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)


class GatewayAuth(StrEnum):
    """What one logs in with; each opens different doors of the same gateway."""

    CUSTOMER = "customer"
    """The customer's password: the local web interface."""
    WIFI = "wifi"
    """The password of the gateway's own Wi-Fi: TEDAPI, reading only."""
    BOTH = "both"
    """Customer password, with TEDAPI beside it at the access point's address."""
    KEY = "key"
    """A registered RSA key (v1r): TEDAPI over the home network, reading and writing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GatewaySettings:
    """One gateway, the credentials for it and what it was found to let us do."""

    host: str
    auth: GatewayAuth
    customer_password: str = field(default="", repr=False)
    gateway_password: str = field(default="", repr=False)
    key_pem: str = field(default="", repr=False)
    email: str = ""
    """Local gateways ask for an address at the login but compare it with nothing."""
    time_zone: str = "UTC"
    serial: str | None = None
    writable: frozenset[str] = frozenset()
    shown: frozenset[str] = frozenset()
    has_solar: bool = True
    timeout_s: float = 5.0
    """How long a single request may take."""
    look_limit_s: float = 10.0
    """After so long, the optional parts of a look are left out."""
    tedapi_cache_s: float = 3.0
    """One look over TEDAPI puts the same two documents to many uses; the next look must not find them."""
    refusal_pause_s: float = 300.0
    """After a refused login, how long the gateway is left alone: gateways lock out who insists."""

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> GatewaySettings:
        """Pick what belongs here from a subentry's data."""
        return cls(
            host=data["host"],
            auth=GatewayAuth(data["auth"]),
            customer_password=data.get("customer_password", ""),
            gateway_password=data.get("gateway_password", ""),
            key_pem=data.get("key_pem", ""),
            email=data.get("email", ""),
            time_zone=data.get("time_zone", "UTC"),
            serial=data.get("serial"),
            writable=frozenset(data.get("writable", ())),
            shown=frozenset(data.get("shown", ())),
            has_solar=data.get("has_solar", True),
        )

    @property
    def login_password(self) -> str:
        """The customer's password: Tesla makes it from the end of the gateway's password unless it was changed."""
        return self.customer_password or self.gateway_password[-5:]

    @property
    def uses_customer_login(self) -> bool:
        """Whether the gateway's ordinary login is used; the other way is the Wi-Fi password on each request."""
        return self.auth is not GatewayAuth.WIFI

    @property
    def uses_tedapi(self) -> bool:
        """Whether requests go to TEDAPI rather than to the web interface."""
        return self.auth in (GatewayAuth.WIFI, GatewayAuth.KEY)

    @property
    def takes_orders(self) -> bool:
        """Whether a power can be ordered directly."""
        return self.auth is GatewayAuth.KEY

    @property
    def address(self) -> tuple[str, int]:
        """Host name and port."""
        name, _, port = self.host.partition(":")
        return name, int(port or 443)


def normalise_host(text: str) -> str:
    """Reduce what people paste to ``host`` or ``host:port``; raises ``ValueError`` where no host is left.

    IPv6 addresses and names with an underscore are refused, because the library builds no addresses with them.
    """
    host = text.strip().lower()
    _, scheme, rest = host.partition("://")
    host = (rest if scheme else host).partition("/")[0].rpartition("@")[2].strip()
    name, colon, port = host.partition(":")
    name = name.removesuffix(".")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in name.split(".")):
        raise ValueError("Not a host name")
    if colon and not (port.isascii() and port.isdecimal() and 1 <= int(port) <= 65535):
        raise ValueError("Not a port")
    return f"{name}:{port}" if colon and port != "443" else name
