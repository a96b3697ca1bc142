"""Making a key and registering it through Tesla's Owner API."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from custom_components.energy_optimizer.api.errors import (
    NonsenseError,
    NotPermittedError,
    RefusedError,
    SourceError,
    UnreachableError,
)
from custom_components.energy_optimizer.api.powerwall.v1r_key import (
    EnergySite,
    KeyRegistration,
    KeyState,
    TeslaAddresses,
    V1rKey,
)
from tests.servers import gateway_tedapi
from tests.servers.owner_api import OwnerApiServer
from tests.servers.tls import trusting_context


@pytest.fixture(scope="module")
def key() -> V1rKey:
    return V1rKey.generate()


@pytest.fixture
def registration(tesla: OwnerApiServer) -> KeyRegistration:
    return KeyRegistration(TeslaAddresses(auth=tesla.base, owner=tesla.base, tls=trusting_context()))


@pytest.fixture
def site(tesla: OwnerApiServer, registration: KeyRegistration) -> EnergySite:
    registration.log_in(tesla.user_logs_in(registration.login_address))
    return registration.sites()[0]


def test_a_key_survives_being_pasted(key: V1rKey) -> None:
    assert V1rKey.load(f"\n  {key.pem}\n") == key
    assert key.pem not in repr(key)


def test_only_long_rsa_keys_are_taken() -> None:
    short = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    curve = ec.generate_private_key(ec.SECP256R1())
    for other in (short, curve):
        pem = other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        with pytest.raises(ValueError, match="4096"):
            V1rKey.load(pem)
    with pytest.raises(ValueError, match="PEM"):
        V1rKey.load("-----BEGIN NONSENSE-----")


def test_only_sites_with_a_gateway_are_offered(site: EnergySite) -> None:
    assert site == EnergySite(site_id="1234567890", name="Loopback home", gateway_din="1232100-00-E--TG0000000000T1")


@pytest.mark.parametrize("snake_case", [False, True])
def test_a_key_goes_through_its_states(
    tesla: OwnerApiServer, registration: KeyRegistration, site: EnergySite, key: V1rKey, snake_case: bool
) -> None:
    tesla.snake_case = snake_case
    assert registration.state(site, key) is None
    assert registration.register(site, key) is KeyState.PENDING
    assert registration.state(site, key) is KeyState.PENDING
    for state in gateway_tedapi.KeyState:
        tesla.keys.set_all(state)
        assert registration.state(site, key) == int(state)
    tesla.keys.set_all(gateway_tedapi.KeyState.TIMED_OUT)
    assert registration.register(site, key) is KeyState.PENDING


def test_another_clients_key_is_not_taken_for_ours(
    tesla: OwnerApiServer, registration: KeyRegistration, site: EnergySite, key: V1rKey
) -> None:
    tesla.keys.states[b"phone"] = gateway_tedapi.KeyState.VERIFIED
    assert registration.state(site, key) is None


def test_an_access_token_may_be_pasted_instead(
    tesla: OwnerApiServer, registration: KeyRegistration, site: EnergySite
) -> None:
    other = KeyRegistration(TeslaAddresses(auth=tesla.base, owner=tesla.base, tls=trusting_context()))
    other.log_in("eyJnot-a-good-one")
    with pytest.raises(RefusedError):
        other.sites()
    other.log_in(f" {registration._token} ")
    assert other.sites() == [site]


@pytest.mark.parametrize("change", [("code=", "code=x"), ("state=", "state=x"), ("code=", "other=")])
def test_a_wrong_address_is_refused(
    tesla: OwnerApiServer, registration: KeyRegistration, change: tuple[str, str]
) -> None:
    pasted = tesla.user_logs_in(registration.login_address)
    with pytest.raises(RefusedError):
        registration.log_in(pasted.replace(*change))


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (401, RefusedError),
        (403, NotPermittedError),
        (500, UnreachableError),
        (429, UnreachableError),
        ("html", NonsenseError),
    ],
)
def test_what_tesla_refuses_is_told_apart(
    tesla: OwnerApiServer, registration: KeyRegistration, site: EnergySite, kind: str | int, error: type[SourceError]
) -> None:
    tesla.fault("/api/1/products", kind)
    with pytest.raises(error):
        registration.sites()


def test_tesla_may_be_away(tesla: OwnerApiServer, registration: KeyRegistration, site: EnergySite, key: V1rKey) -> None:
    tesla.stop()
    with pytest.raises(UnreachableError):
        registration.state(site, key)


def test_a_stranger_in_the_middle_is_not_trusted(tesla: OwnerApiServer) -> None:
    registration = KeyRegistration(TeslaAddresses(auth=tesla.base, owner=tesla.base))
    with pytest.raises(UnreachableError):
        registration.log_in(tesla.user_logs_in(registration.login_address))
