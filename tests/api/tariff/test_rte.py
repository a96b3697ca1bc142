"""RTE's service on loopback, healthy and otherwise."""

from datetime import UTC, date, datetime, timedelta

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession

from custom_components.energy_optimizer.api.errors import (
    CoolingDownError,
    NonsenseError,
    NotPermittedError,
    RefusedError,
    SourceError,
    UnreachableError,
)
from custom_components.energy_optimizer.api.tariff.rte import Rte
from custom_components.energy_optimizer.core.tariffs.tempo_rules import Colour
from tests.servers.https import json_reply
from tests.servers.rte import CALENDAR, CLIENT_ID, CLIENT_SECRET, TOKEN, RteServer
from tests.servers.tempo_year import paris, season

DAY = timedelta(days=1)
TODAY = date(2026, 11, 20)


@pytest.fixture(autouse=True)
def _afternoon(freezer: FrozenDateTimeFactory) -> None:
    freezer.move_to(paris(2026, 11, 20, 15))


@pytest.fixture
async def client(hass: HomeAssistant, rte: RteServer) -> Rte:
    return Rte(async_get_clientsession(hass), CLIENT_ID, CLIENT_SECRET, rte.base + "/")


async def test_colours_of_two_seasons(client: Rte, rte: RteServer) -> None:
    days = {date(2025, 9, 1) + number * DAY for number in range((TODAY - date(2025, 9, 1)).days + 3)}
    found = await client.colours(days)
    expected = {day: Colour(word.lower()) for year in (2025, 2026) for day, word in season(year, 1).items()}
    assert found == {day: expected[day] for day in days if day <= TODAY + DAY}, "no later day is public"
    assert (rte.count(TOKEN), rte.count(CALENDAR)) == (1, 2), "446 days are more than one answer holds"
    assert "start_date=2025-09-01T00:00:00%2B02:00" in rte.requests[1].query


async def test_only_days_that_were_asked_for(client: Rte) -> None:
    assert set(await client.colours({TODAY, TODAY - 5 * DAY})) == {TODAY, TODAY - 5 * DAY}


@pytest.mark.parametrize("change", [date(2026, 3, 29), date(2026, 10, 25)])
async def test_days_of_clock_changes(client: Rte, change: date) -> None:
    days = {change + number * DAY for number in (-1, 0, 1)}
    expected = season(2025 if change.month == 3 else 2026, 1)
    assert await client.colours(days) == {day: Colour(expected[day].lower()) for day in days}


async def test_a_token_is_used_until_it_expires(client: Rte, rte: RteServer, freezer: FrozenDateTimeFactory) -> None:
    await client.colours({TODAY})
    await client.colours({TODAY})
    assert rte.count(TOKEN) == 1
    freezer.tick(timedelta(hours=2))
    await client.colours({TODAY})
    assert rte.count(TOKEN) == 2


async def test_a_token_that_ends_early_is_renewed_once(client: Rte, rte: RteServer) -> None:
    await client.colours({TODAY})
    rte.tokens.clear()
    assert await client.colours({TODAY})
    assert (rte.count(TOKEN), rte.count(CALENDAR)) == (2, 3)
    rte.fault(CALENDAR, 401)
    with pytest.raises(RefusedError):
        await client.colours({TODAY})
    assert rte.count(TOKEN) == 3, "not again and again"


async def test_a_day_listed_without_its_colour_is_unknown(client: Rte, rte: RteServer) -> None:
    rte.fault(CALENDAR, "without_value")
    assert set(await client.colours({TODAY, TODAY + DAY})) == {TODAY}


async def test_another_secret_is_refused(client: Rte, rte: RteServer) -> None:
    rte.client_secret = "changed"
    with pytest.raises(RefusedError) as refusal:
        await client.colours({TODAY})
    assert CLIENT_SECRET not in repr(refusal.value)


@pytest.mark.parametrize("status", [400, 403])
async def test_a_token_may_be_denied_in_several_ways(client: Rte, rte: RteServer, status: int) -> None:
    rte.fault(TOKEN, status)
    with pytest.raises(RefusedError):
        await client.colours({TODAY})


async def test_an_application_without_a_subscription(client: Rte, rte: RteServer) -> None:
    rte.subscribed = False
    with pytest.raises(NotPermittedError):
        await client.colours({TODAY})


@pytest.mark.parametrize("path", [TOKEN, CALENDAR])
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (500, UnreachableError),
        (503, UnreachableError),
        (408, UnreachableError),
        (404, NonsenseError),
        (301, NonsenseError),
        ("half_body", UnreachableError),
        ("html", NonsenseError),
        ("nonsense", NonsenseError),
    ],
)
async def test_faults_have_names(
    client: Rte, rte: RteServer, path: str, fault: str | int, error: type[SourceError]
) -> None:
    rte.fault(path, fault)
    with pytest.raises(error):
        await client.colours({TODAY})
    rte.heal()
    assert await client.colours({TODAY})


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("120", 120), ("Fri, 20 Nov 2026 14:10:00 GMT", 600), ("soon", 300), (None, 300), ("999999999", 21_600)],
)
async def test_how_long_to_wait(client: Rte, rte: RteServer, header: str | None, seconds: int) -> None:
    rte.fault(CALENDAR, 429, **({"Retry_After": header} if header else {}))
    with pytest.raises(CoolingDownError) as busy:
        await client.colours({TODAY})
    assert busy.value.until == datetime(2026, 11, 20, 14, 0, tzinfo=UTC) + timedelta(seconds=seconds)


async def test_nobody_is_there(client: Rte, rte: RteServer) -> None:
    rte.stop()
    with pytest.raises(UnreachableError):
        await client.colours({TODAY})


@pytest.mark.parametrize(
    "token",
    [[], {}, {"access_token": 5}, {"access_token": "a\nb"}, {"access_token": "a", "expires_in": "long"}],
)
async def test_a_token_that_is_none(
    client: Rte, rte: RteServer, token: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rte, "_give_token", lambda _request: json_reply(token))
    with pytest.raises(NonsenseError):
        await client.colours({TODAY})
    assert rte.count(CALENDAR) == 0


@pytest.mark.parametrize(
    "calendar",
    [
        [],
        {"tempo_like_calendars": []},
        {"tempo_like_calendars": {"values": [{"start_date": "2026-11-20T00:00:00+01:00", "value": "GREEN"}]}},
        {"tempo_like_calendars": {"values": [{"start_date": "2026-11-20T06:00:00+01:00", "value": "BLUE"}]}},
        {"tempo_like_calendars": {"values": [{"start_date": "2026-11-20T00:00:00", "value": "BLUE"}]}},
        {"tempo_like_calendars": {"values": [{"value": "BLUE"}]}},
        {"tempo_like_calendars": {"values": ["BLUE"]}},
    ],
)
async def test_a_calendar_that_is_none(
    client: Rte, rte: RteServer, calendar: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rte, "_calendar", lambda _query: json_reply(calendar))
    with pytest.raises(NonsenseError):
        await client.colours({TODAY})


async def test_an_answer_without_end(client: Rte, rte: RteServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rte, "_calendar", lambda _query: json_reply(["x" * 2_100_000]))
    with pytest.raises(NonsenseError):
        await client.colours({TODAY})


async def test_an_https_address_behind_which_nobody_speaks_it(hass: HomeAssistant, rte: RteServer) -> None:
    client = Rte(async_get_clientsession(hass), CLIENT_ID, CLIENT_SECRET, rte.base.replace("http:", "https:"))
    with pytest.raises(UnreachableError):
        await client.colours({TODAY})
