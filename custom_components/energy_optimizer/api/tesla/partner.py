"""Making an application known to Tesla, which Fleet API demands of each one before its first use."""

from datetime import datetime
from typing import Final

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from tesla_fleet_api import TeslaFleetApi

from ..errors import NotPermittedError
from ..powerwall.cloud_settings import FleetApp
from .errors import FAILURES, source_error
from .fleet_auth import TIMEOUT, FleetAuth

HOSTING_PATH: Final = "/.well-known/appspecific/com.tesla.3p.public-key.pem"
_MOST_BYTES = 10_000


def make_partner_key() -> str:
    """Make a private key of the kind that Tesla asks for and return it as text (PEM)."""
    key = generate_private_key(SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public_key_pem(private_key_pem: str) -> str:
    """Return the public half of a key as text (PEM).

    Raises:
        ValueError: if the key is none that Tesla takes.
    """
    return _load(private_key_pem).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def hosting_address(domain: str, server: str | None = None) -> str:
    """Return where Tesla looks for the public key of the application at *domain*."""
    return f"{server.rstrip('/') if server else f'https://{domain}'}{HOSTING_PATH}"


async def is_hosted(app: FleetApp, session: aiohttp.ClientSession, now: datetime) -> bool:
    """Say whether the application's domain serves its public key.

    Raises:
        UnreachableError: if the domain does not answer, which from inside a home network may mean little.
    """
    try:
        async with session.get(hosting_address(app.domain, app.server), timeout=TIMEOUT) as response:
            served = await response.content.read(_MOST_BYTES)
            found = response.ok
    except FAILURES as err:
        raise source_error(err, now) from err
    return found and served.split() == public_key_pem(app.private_key_pem).encode().split()


async def register_partner(app: FleetApp, session: aiohttp.ClientSession, now: datetime) -> None:
    """Register the application in its region; doing so again does no harm.

    Raises:
        RefusedError: if Tesla does not know the application's id and secret.
        NotPermittedError: if it does not find the public key, or the domain is not among the application's own.
    """
    auth = FleetAuth(app, session)
    grant = await auth.partner(now)
    api = TeslaFleetApi(session, access_token=grant.access_token, server=auth.addresses.api)
    try:
        await api.partner.register(app.domain)
        answer = await api.partner.public_key(app.domain)
    except FAILURES as err:
        raise source_error(err, now) from err
    response = answer.get("response")
    known = str(response.get("public_key") or "") if isinstance(response, dict) else ""
    if known and known.lower() != _point(app.private_key_pem):
        raise NotPermittedError("Tesla has another public key for this domain")


def _point(private_key_pem: str) -> str:
    """Return the public key as Tesla tells it: the point of the curve, in hexadecimal."""
    return _load(private_key_pem).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint).hex()


def _load(private_key_pem: str) -> EllipticCurvePrivateKey:
    match load_pem_private_key(private_key_pem.encode(), password=None):
        case EllipticCurvePrivateKey(curve=SECP256R1()) as key:
            return key
        case _:
            raise ValueError("Not a key of the curve P-256")
