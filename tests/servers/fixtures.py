"""Fixtures around the loopback servers, for tests to import."""

from collections.abc import Iterator

import pytest

from tests.servers.amber import AmberServer
from tests.servers.colour_api import ColourApiServer
from tests.servers.gateway import GatewayServer
from tests.servers.owner_api import OwnerApiServer
from tests.servers.rte import RteServer
from tests.servers.tesla_cloud import TeslaCloud


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


@pytest.fixture
def colour_api(socket_enabled: None) -> Iterator[ColourApiServer]:
    """The public colour API."""
    server = ColourApiServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def rte(socket_enabled: None) -> Iterator[RteServer]:
    """RTE, which decides as the public colour API's own calendar says unless a test changes one of them."""
    server = RteServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def tesla_cloud(socket_enabled: None) -> Iterator[TeslaCloud]:
    """Tesla's servers and Teslemetry, with one site behind them."""
    server = TeslaCloud()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def amber(socket_enabled: None) -> Iterator[AmberServer]:
    """Amber, with one site and a market of its own."""
    server = AmberServer()
    server.start()
    yield server
    server.stop()
