"""Fixtures around the loopback servers, for tests to import."""

from collections.abc import Iterator

import pytest

from tests.servers.gateway import GatewayServer
from tests.servers.owner_api import OwnerApiServer


@pytest.fixture
def gateway(socket_enabled: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[GatewayServer]:
    """A gateway that listens on loopback."""
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(variable, raising=False)
    server = GatewayServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def tesla(gateway: GatewayServer) -> Iterator[OwnerApiServer]:
    """Tesla's Owner API, which registers keys with that gateway."""
    server = OwnerApiServer(keys=gateway.state.keys)
    server.start()
    yield server
    server.stop()
