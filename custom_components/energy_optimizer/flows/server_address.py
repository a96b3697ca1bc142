"""Addresses of servers that a user enters in the place of a service's own."""

from contextlib import suppress
from ipaddress import ip_address
from urllib.parse import urlsplit


def server_error(text: str) -> str | None:
    """Return the error for an address to which no secret should go; ``None`` if it is fine or empty.

    Fine is https to any host, and http within this machine.
    """
    if not text:
        return None
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "server_not_safe"
    if not host or parts.username is not None or parts.query or parts.fragment or not text.isprintable():
        return "server_not_safe"
    if parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host)):
        return None
    return "server_not_safe"


def _is_loopback(host: str) -> bool:
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return host == "localhost"
