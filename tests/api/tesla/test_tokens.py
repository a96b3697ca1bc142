"""Refresh tokens that are good for one use, across renewals, crashes and new logins."""

import asyncio
from datetime import timedelta

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession

from custom_components.energy_optimizer.api.errors import (
    CoolingDownError,
    NonsenseError,
    RefusedError,
    SourceError,
    UnreachableError,
)
from custom_components.energy_optimizer.api.tesla.fleet_auth import FleetAuth
from custom_components.energy_optimizer.api.tesla.tokens import KeptToken, TokenKeeper
from custom_components.energy_optimizer.storage.tesla_tokens import TeslaTokensStore
from tests.api.powerwall.cloud_paths import ISSUED, Clock, MemoryTokens, fleet_app
from tests.servers.tesla_cloud import TeslaCloud

TOKEN = "/oauth2/v3/token"


@pytest.fixture
def clock(tesla_cloud: TeslaCloud) -> Clock:
    clock = Clock()
    tesla_cloud.oauth.now = clock
    return clock


@pytest.fixture
def login(tesla_cloud: TeslaCloud) -> KeptToken:
    return tesla_cloud.oauth.new_login("fleet-app"), ISSUED


def keeper(hass: HomeAssistant, cloud: TeslaCloud, clock: Clock, login: KeptToken, store: MemoryTokens) -> TokenKeeper:
    auth = FleetAuth(fleet_app(cloud), async_get_clientsession(hass))
    return TokenKeeper(at_login=login, refresh=lambda token: auth.refresh(token, clock()), store=store, now=clock)


async def test_a_renewed_token_is_kept_before_it_is_used(
    hass: HomeAssistant, tesla_cloud: TeslaCloud, clock: Clock, login: KeptToken
) -> None:
    store = MemoryTokens()
    tokens = keeper(hass, tesla_cloud, clock, login, store)
    first = await tokens.access_token()
    assert await tokens.access_token() == first
    clock.pass_(hours=7, minutes=56)
    assert await tokens.access_token() != first
    assert tesla_cloud.oauth.refreshes == len(store.writes) == 2
    newest = list(tesla_cloud.oauth.refresh)[-1]
    assert store.writes[-1][0][0] == newest
    assert store.writes[-1][1] == store.writes[-2][0]


async def test_many_who_were_refused_renew_once(
    hass: HomeAssistant, tesla_cloud: TeslaCloud, clock: Clock, login: KeptToken
) -> None:
    tokens = keeper(hass, tesla_cloud, clock, login, MemoryTokens())
    refused = await tokens.access_token()
    renewed = await asyncio.gather(*(tokens.renew(refused) for _ in range(8)))
    assert len(set(renewed)) == 1
    assert refused not in renewed
    assert tesla_cloud.oauth.refreshes == 2


async def test_a_crash_before_writing_leaves_the_used_token_good(
    hass: HomeAssistant, tesla_cloud: TeslaCloud, clock: Clock, login: KeptToken
) -> None:
    await keeper(hass, tesla_cloud, clock, login, MemoryTokens()).access_token()
    assert await keeper(hass, tesla_cloud, clock, login, MemoryTokens()).access_token()


async def test_a_crash_after_writing_tries_the_newest_and_then_what_is_beside_it(
    hass: HomeAssistant, tesla_cloud: TeslaCloud, clock: Clock, login: KeptToken
) -> None:
    store = MemoryTokens([("NA_never_arrived", clock()), login])
    assert await keeper(hass, tesla_cloud, clock, login, store).access_token()
    assert tesla_cloud.count(TOKEN) == 2
    assert store.tokens[1] == login


async def test_a_lost_answer_is_asked_for_again(
    hass: HomeAssistant, tesla_cloud: TeslaCloud, clock: Clock, login: KeptToken
) -> None:
    tokens = keeper(hass, tesla_cloud, clock, login, MemoryTokens())
    tesla_cloud.fault(TOKEN, "lost", 1)
    with pytest.raises(UnreachableError):
        await tokens.access_token()
    assert await tokens.access_token()


async def test_a_new_login_wins_over_what_an_older_one_left(
    hass: HomeAssistant, tesla_cloud: TeslaCloud, clock: Clock, login: KeptToken
) -> None:
    older = (tesla_cloud.oauth.new_login("fleet-app"), login[1] - timedelta(days=1))
    await keeper(hass, tesla_cloud, clock, login, MemoryTokens([older])).access_token()
    assert tesla_cloud.oauth.refresh[older[0]].used is False
    assert tesla_cloud.oauth.refresh[login[0]].used is True


async def test_when_none_is_good_it_is_a_refusal(
    hass: HomeAssistant, tesla_cloud: TeslaCloud, clock: Clock, login: KeptToken
) -> None:
    tesla_cloud.oauth.revoke_consent()
    with pytest.raises(RefusedError):
        await keeper(hass, tesla_cloud, clock, login, MemoryTokens([("NA_x", clock())])).access_token()


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (429, CoolingDownError),
        (500, UnreachableError),
        ("half_body", UnreachableError),
        ("nonsense", NonsenseError),
        ("html", NonsenseError),
    ],
)
async def test_a_login_server_in_trouble_is_no_refusal(
    hass: HomeAssistant,
    tesla_cloud: TeslaCloud,
    clock: Clock,
    login: KeptToken,
    kind: int | str,
    expected: type[SourceError],
) -> None:
    store = MemoryTokens()
    tokens = keeper(hass, tesla_cloud, clock, login, store)
    tesla_cloud.fault(TOKEN, kind, 1)
    with pytest.raises(expected) as caught:
        await tokens.access_token()
    assert not isinstance(caught.value, RefusedError)
    assert await tokens.access_token()


async def test_tokens_survive_on_disk_and_ways_do_not_mix(hass: HomeAssistant, clock: Clock) -> None:
    store = TeslaTokensStore(hass, "source")
    kept = [("NA_new", clock()), ("NA_old", ISSUED)]
    await store.of("fleet").save(kept)
    await store.of("owner").save([("EU_one", ISSUED)])
    again = TeslaTokensStore(hass, "source")
    assert await again.of("fleet").load() == kept
    await again.async_forget_way("fleet")
    once_more = TeslaTokensStore(hass, "source")
    assert await once_more.of("fleet").load() == []
    assert await once_more.of("owner").load() == [("EU_one", ISSUED)]


async def test_a_file_that_cannot_be_read_counts_as_empty(hass: HomeAssistant) -> None:
    store = TeslaTokensStore(hass, "source")
    await store.async_save({"fleet": [{"token": "NA_x"}], "owner": [{"token": "NA_y", "issued_at": "2026-01-01"}]})
    again = TeslaTokensStore(hass, "source")
    assert await again.of("fleet").load() == []
    assert await again.of("owner").load() == []
    assert await again.of("other").load() == []


async def test_a_removed_source_writes_nothing_any_more(hass: HomeAssistant, hass_storage: dict[str, object]) -> None:
    store = TeslaTokensStore(hass, "source")
    await store.of("fleet").save([("NA_x", ISSUED)])
    assert store.key in hass_storage
    await store.async_remove()
    await store.of("fleet").save([("NA_y", ISSUED)])
    assert store.key not in hass_storage


async def test_a_clock_that_was_wrong_for_a_while_costs_no_login(
    hass: HomeAssistant, tesla_cloud: TeslaCloud, clock: Clock
) -> None:
    """A small computer without a battery for its clock starts in the past until the internet tells it the time."""
    store, login = MemoryTokens(), (tesla_cloud.oauth.new_login("fleet-app"), clock())
    tokens = keeper(hass, tesla_cloud, clock, login, store)
    clock.pass_(days=-900)
    refused = await tokens.access_token()
    await tokens.renew(refused)
    clock.pass_(days=900)
    assert await keeper(hass, tesla_cloud, clock, login, store).access_token()
    assert tesla_cloud.oauth.refreshes == 3
