"""What failures of Tesla's libraries become."""

from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from tesla_fleet_api import exceptions
from tesla_fleet_api.exceptions import TeslaFleetError

from custom_components.energy_optimizer.api.errors import (
    CoolingDownError,
    NonsenseError,
    NotPermittedError,
    RefusedError,
    SourceError,
    UnreachableError,
)
from custom_components.energy_optimizer.api.tesla.errors import (
    FAILURES,
    pause_end,
    refused_command,
    said_in,
    source_error,
)

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def _all_of(kind: type[BaseException]) -> list[type[BaseException]]:
    return [kind, *(found for each in kind.__subclasses__() for found in _all_of(each))]


def test_the_librarys_errors_are_no_exceptions_and_are_caught_all_the_same() -> None:
    assert not issubclass(TeslaFleetError, Exception)
    assert issubclass(TeslaFleetError, FAILURES)


@pytest.mark.parametrize("kind", _all_of(TeslaFleetError))
def test_each_error_of_the_library_has_a_meaning(kind: type[TeslaFleetError]) -> None:
    try:
        failure = source_error(kind(), NOW)
    except TypeError:
        pytest.skip("made with arguments of its own")
    assert isinstance(failure, SourceError)
    assert str(failure)
    if kind.status is not None and kind.status >= 500:
        assert isinstance(failure, UnreachableError)


@pytest.mark.parametrize(
    ("err", "expected"),
    [
        (exceptions.OAuthExpired(), RefusedError),
        (exceptions.LoginRequired(), RefusedError),
        (exceptions.MobileAccessDisabled({"error": "mobile_access_disabled"}), NotPermittedError),
        (exceptions.SubscriptionRequired(), NotPermittedError),
        (exceptions.Forbidden({"error": "Unauthorized missing scopes"}), NotPermittedError),
        (exceptions.NotFound(), NotPermittedError),
        (exceptions.VehicleOffline(), UnreachableError),
        (exceptions.InvalidRegion(), NotPermittedError),
        (exceptions.ResponseError(status=200, data="<html>"), NonsenseError),
        (exceptions.ResponseError(status=520, data="<html>"), UnreachableError),
        (exceptions.LibraryError("x"), NonsenseError),
        (aiohttp.ServerDisconnectedError(), UnreachableError),
        (TimeoutError(), UnreachableError),
        (ConnectionResetError(), UnreachableError),
        (ValueError("no JSON"), NonsenseError),
        (KeyError("response"), NonsenseError),
    ],
)
def test_meanings(err: BaseException, expected: type[SourceError]) -> None:
    assert type(source_error(err, NOW)) is expected


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("7", 7),
        ("0", 1),
        ("-5", 1),
        ("1.5", 1.5),
        ("Sat, 21 Nov 2026 12:02:00 GMT", 120),
        ("Sat, 21 Nov 2026 11:00:00 GMT", 1),
        (None, 60),
        ("soon", 60),
        ("nan", 60),
        ("1e99", 60),
        ("9999999", 86400),
    ],
)
def test_pauses(told: str | None, seconds: float) -> None:
    assert pause_end(told, NOW) - NOW == timedelta(seconds=seconds)


def test_a_rate_limit_says_until_when() -> None:
    failure = source_error(exceptions.RateLimited({"after": None, "reset": "42"}), NOW)
    assert isinstance(failure, CoolingDownError)
    assert failure.until == NOW + timedelta(seconds=42)


def test_nothing_that_could_be_a_secret_is_repeated() -> None:
    token = "eyJhbGciOiJub25lIn0.eyJzY3AiOltdfQ.c2lnbmF0dXJl"
    key = "EU_0123456789abcdef0123456789abcdef0123456789"
    said = said_in({"error": f"bad token {token}", "error_description": f"and {key}."})
    assert token not in said
    assert key not in said
    assert said.startswith("bad token … and")
    assert len(said_in({"error": "very long words " * 100})) <= 200


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"response": {"code": 201, "message": "Updated"}}, None),
        ({"response": {"Code": 204, "Message": ""}}, None),
        ({"response": {"result": True, "reason": ""}}, None),
        ({"response": ""}, None),
        ({"response": None}, None),
        ({"response": {"code": 400, "message": "out of range"}}, NotPermittedError),
        ({"response": {"result": False, "reason": "not now"}}, NotPermittedError),
        ({"response": None, "error": "site offline"}, NotPermittedError),
        ({"response": ["?"]}, NonsenseError),
    ],
)
def test_answers_to_commands(answer: dict[str, object], expected: type[SourceError] | None) -> None:
    refusal = refused_command(answer)
    assert type(refusal) is expected if expected else refusal is None
