"""An application's key and its registration."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    SECP384R1,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_public_key
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.util import dt as dt_util

from custom_components.energy_optimizer.api.errors import NotPermittedError, RefusedError, UnreachableError
from custom_components.energy_optimizer.api.tesla.partner import (
    hosting_address,
    is_hosted,
    make_partner_key,
    public_key_pem,
    register_partner,
)
from tests.api.powerwall.cloud_paths import fleet_app
from tests.servers.tesla_cloud import TeslaCloud


def test_a_key_is_of_the_curve_that_tesla_takes() -> None:
    private = make_partner_key()
    public = load_pem_public_key(public_key_pem(private).encode())
    assert isinstance(public, EllipticCurvePublicKey)
    assert isinstance(public.curve, SECP256R1)
    assert make_partner_key() != private
    other = generate_private_key(SECP384R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(ValueError, match="P-256"):
        public_key_pem(other.decode())


def test_where_the_key_is_looked_for() -> None:
    path = "/.well-known/appspecific/com.tesla.3p.public-key.pem"
    assert hosting_address("home.example") == f"https://home.example{path}"
    assert hosting_address("home.example", "http://127.0.0.1:1/") == f"http://127.0.0.1:1{path}"


async def test_hosting_is_checked(hass: HomeAssistant, tesla_cloud: TeslaCloud) -> None:
    app, session = fleet_app(tesla_cloud), async_get_clientsession(hass)
    assert not await is_hosted(app, session, dt_util.utcnow())
    tesla_cloud.hosted_key = public_key_pem(make_partner_key())
    assert not await is_hosted(app, session, dt_util.utcnow())
    tesla_cloud.hosted_key = public_key_pem(app.private_key_pem).replace("\n", "\r\n")
    assert await is_hosted(app, session, dt_util.utcnow())
    tesla_cloud.stop()
    with pytest.raises(UnreachableError):
        await is_hosted(app, session, dt_util.utcnow())


async def test_registering(hass: HomeAssistant, tesla_cloud: TeslaCloud) -> None:
    app, session = fleet_app(tesla_cloud), async_get_clientsession(hass)
    with pytest.raises(NotPermittedError, match="Public key download failed"):
        await register_partner(app, session, dt_util.utcnow())
    tesla_cloud.hosted_key = public_key_pem(make_partner_key())
    with pytest.raises(NotPermittedError, match="another public key"):
        await register_partner(app, session, dt_util.utcnow())
    tesla_cloud.hosted_key = public_key_pem(app.private_key_pem)
    for _ in range(2):
        await register_partner(app, session, dt_util.utcnow())
    assert tesla_cloud.partner_domains == {"home.example"}


async def test_an_application_that_tesla_does_not_know(hass: HomeAssistant, tesla_cloud: TeslaCloud) -> None:
    app = fleet_app(tesla_cloud, client_secret="wrong")
    with pytest.raises(RefusedError):
        await register_partner(app, async_get_clientsession(hass), dt_util.utcnow())
    assert tesla_cloud.partner_domains == set()
