"""Amber's library against a loopback server that answers as Amber does, or not."""

import logging
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from custom_components.energy_optimizer.api.errors import (
    CertificateError,
    CoolingDownError,
    NonsenseError,
    NotPermittedError,
    RefusedError,
    SourceError,
    UnreachableError,
)
from custom_components.energy_optimizer.api.tariff import amber_client
from custom_components.energy_optimizer.api.tariff.amber_answers import Channel
from custom_components.energy_optimizer.api.tariff.amber_client import AmberClient
from tests.servers.amber import CURRENT, SITE, SITES, TOKEN, AmberServer


@pytest.fixture(autouse=True)
def _frozen(freezer: FrozenDateTimeFactory) -> None:
    freezer.move_to("2026-01-15T02:01:00+00:00")


@pytest.fixture
async def client(hass: HomeAssistant, amber: AmberServer) -> AsyncIterator[AmberClient]:
    client = AmberClient(hass, TOKEN, amber.base)
    yield client
    await client.close()


async def test_sites(client: AmberClient, amber: AmberServer) -> None:
    (site,) = await client.sites()
    assert (site.site_id, site.nmi) == (SITE, "4102345678")
    assert amber.requests[-1].headers["Authorization"] == f"Bearer {TOKEN}"


async def test_prices(client: AmberClient, amber: AmberServer) -> None:
    answer = await client.prices(SITE)
    assert [each.channel for each in answer.intervals] == [Channel.GENERAL, Channel.FEED_IN]
    assert amber.requests[-1].query == ""
    answer = await client.prices(SITE, ahead=20, back=3)
    assert amber.requests[-1].query == "next=20&previous=3"
    assert len(answer.of(Channel.GENERAL)) == 24


async def test_the_quota_is_read_from_the_headers(client: AmberClient, amber: AmberServer) -> None:
    await client.prices(SITE)
    assert client.quota is not None
    assert (client.quota.remaining, client.quota.resets_at) == (49, dt_util.utcnow() + timedelta(minutes=5))


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (400, NonsenseError),
        (401, RefusedError),
        (403, RefusedError),
        (404, NotPermittedError),
        (408, UnreachableError),
        (418, NonsenseError),
        (500, UnreachableError),
        (503, UnreachableError),
        ("timeout", UnreachableError),
        ("half_body", UnreachableError),
        ("html", NonsenseError),
        ("nonsense", NonsenseError),
        ("nan_price", NonsenseError),
        ("wrong_units", NonsenseError),
        ("no_general", NonsenseError),
        ("not_a_list", NonsenseError),
    ],
)
async def test_faults(
    client: AmberClient,
    amber: AmberServer,
    monkeypatch: pytest.MonkeyPatch,
    fault: str | int,
    error: type[SourceError],
) -> None:
    monkeypatch.setattr(amber_client, "_TIMEOUT_S", 0.5)
    amber.fault(CURRENT, fault, times=1)
    with pytest.raises(SourceError) as raised:
        await client.prices(SITE)
    assert type(raised.value) is error
    assert TOKEN not in str(raised.value)
    assert amber.count(CURRENT) == 1, "the library must not try again by itself"
    await client.prices(SITE)


async def test_a_server_that_is_away(client: AmberClient, amber: AmberServer) -> None:
    amber.stop()
    with pytest.raises(UnreachableError):
        await client.sites()
    amber.start()
    assert await client.sites()


async def test_a_connection_that_was_cut_is_made_anew(client: AmberClient, amber: AmberServer) -> None:
    await client.sites()
    amber.stop()
    amber.start()
    assert await client.sites()


async def test_no_encryption_where_it_was_promised(hass: HomeAssistant, amber: AmberServer) -> None:
    client = AmberClient(hass, TOKEN, amber.base.replace("http:", "https:"))
    with pytest.raises(CertificateError):
        await client.sites()
    await client.close()


async def test_a_redirection_is_not_followed(client: AmberClient, amber: AmberServer) -> None:
    amber.fault(SITES, 302, times=1, Location=f"{amber.base}/elsewhere")
    with pytest.raises(NonsenseError):
        await client.sites()
    assert [request.path for request in amber.requests] == [SITES]


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"RateLimit_Reset": "42", "RateLimit_Remaining": "0"}, 42),
        ({"RateLimit_Reset": "42"}, 42),
        ({"Retry_After": "17"}, 17),
        ({}, 300),
        ({"RateLimit_Reset": "soon"}, 300),
        ({"RateLimit_Reset": "nan"}, 300),
        ({"RateLimit_Reset": "-5"}, 1),
        ({"RateLimit_Reset": "1e99"}, 300),
        ({"RateLimit_Reset": "999999"}, 3600),
    ],
)
async def test_how_long_amber_wants_to_be_left_alone(
    client: AmberClient, amber: AmberServer, headers: dict[str, str], seconds: int
) -> None:
    amber.fault(CURRENT, 429, times=1, **headers)
    with pytest.raises(CoolingDownError) as raised:
        await client.prices(SITE)
    assert raised.value.until == dt_util.utcnow() + timedelta(seconds=seconds)


async def test_another_s_site(client: AmberClient) -> None:
    with pytest.raises(NotPermittedError):
        await client.prices("01OTHER")


async def test_another_s_token(hass: HomeAssistant, amber: AmberServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    client = AmberClient(hass, "psk_wrong", amber.base)
    with pytest.raises(RefusedError):
        await client.sites()
    await client.close()
    assert "psk_wrong" not in caplog.text


@pytest.mark.parametrize("token", ["psk_ä", "psk_1\r\nX-Evil: 1"])
async def test_what_cannot_be_a_token_is_not_sent(hass: HomeAssistant, amber: AmberServer, token: str) -> None:
    with pytest.raises(RefusedError):
        await AmberClient(hass, token, amber.base).sites()
    assert not amber.requests
