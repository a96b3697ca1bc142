"""The public colour API on loopback, healthy and otherwise."""

from datetime import date, timedelta

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession

from custom_components.energy_optimizer.api.errors import NonsenseError, SourceError, UnreachableError
from custom_components.energy_optimizer.api.tariff.colour_api import ColourApi
from custom_components.energy_optimizer.core.tariffs.tempo_rules import Colour
from tests.servers.colour_api import DAYS, ColourApiServer
from tests.servers.https import json_reply
from tests.servers.tempo_year import paris, season

DAY = timedelta(days=1)
TODAY = date(2026, 11, 20)


@pytest.fixture(autouse=True)
def _afternoon(freezer: FrozenDateTimeFactory) -> None:
    freezer.move_to(paris(2026, 11, 20, 15))


@pytest.fixture
async def client(hass: HomeAssistant, colour_api: ColourApiServer) -> ColourApi:
    return ColourApi(async_get_clientsession(hass), colour_api.base)


async def test_few_days_are_asked_for_one_by_one(client: ColourApi, colour_api: ColourApiServer) -> None:
    days = {TODAY, TODAY + DAY, TODAY - 9 * DAY}
    expected = season(2026, 1)
    assert await client.colours(days) == {day: Colour(expected[day].lower()) for day in days}
    (request,) = colour_api.requests
    assert request.query.count("dateJour") == 3
    assert request.headers["Accept"] == "application/json"


async def test_many_days_are_asked_for_by_the_season(client: ColourApi, colour_api: ColourApiServer) -> None:
    days = {date(2025, 9, 1) + number * DAY for number in range((TODAY - date(2025, 9, 1)).days + 3)}
    found = await client.colours(days)
    expected = season(2025, 1) | season(2026, 1)
    assert found == {day: Colour(expected[day].lower()) for day in days if day <= TODAY + DAY}
    assert [request.query for request in colour_api.requests] == ["periode=2025-2026", "periode=2026-2027"]


async def test_a_day_that_is_not_decided_is_unknown(client: ColourApi, freezer: FrozenDateTimeFactory) -> None:
    freezer.move_to(paris(2026, 11, 20, 9))
    assert set(await client.colours({TODAY, TODAY + DAY})) == {TODAY}


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (500, UnreachableError),
        (404, NonsenseError),
        ("half_body", UnreachableError),
        ("html", NonsenseError),
        ("nonsense", NonsenseError),
        ("strange_code", NonsenseError),
    ],
)
async def test_faults_have_names(
    client: ColourApi, colour_api: ColourApiServer, fault: str | int, error: type[SourceError]
) -> None:
    colour_api.fault(DAYS, fault, times=1)
    with pytest.raises(error):
        await client.colours({TODAY})
    assert await client.colours({TODAY})


@pytest.mark.parametrize("answer", [{}, {"hydra:member": []}, [{}], ["blue"], [{"dateJour": "today", "codeJour": 1}]])
async def test_an_answer_that_is_no_list_of_days(
    client: ColourApi, colour_api: ColourApiServer, answer: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(colour_api, "answer", lambda _request: json_reply(answer))
    with pytest.raises(NonsenseError):
        await client.colours({TODAY})


async def test_nothing_is_asked_for_no_days(client: ColourApi, colour_api: ColourApiServer) -> None:
    assert await client.colours(set()) == {}
    assert not colour_api.requests
