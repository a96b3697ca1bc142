"""Asks a public web service for JSON and says in our own errors what went wrong."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

from aiohttp import (
    ClientConnectorCertificateError,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientSSLError,
    ClientTimeout,
)
from homeassistant.util import dt as dt_util

from ..errors import (
    CertificateError,
    CoolingDownError,
    NonsenseError,
    NotPermittedError,
    RefusedError,
    UnreachableError,
)

type Json = dict[str, Any] | list[Any]

REFUSALS: Final = frozenset({401})
_TIMEOUT: Final = ClientTimeout(total=20)
_MOST_BYTES: Final = 2_000_000
_COOL_DOWN: Final = timedelta(minutes=5)
_LONGEST_COOL_DOWN: Final = timedelta(hours=6)


async def ask_json(
    session: ClientSession,
    method: str,
    url: str,
    *,
    params: Sequence[tuple[str, str]] = (),
    headers: Mapping[str, str] | None = None,
    data: Mapping[str, str] | None = None,
    refusals: frozenset[int] = REFUSALS,
) -> Json:
    """Return the JSON document that *url* answers with; a redirection is not followed, for it could carry secrets off.

    *refusals* are the HTTP statuses that mean that the credentials are wrong.

    Raises:
        SourceError: if none came; what is sent never stands in the message.
    """
    try:
        async with session.request(
            method,
            url,
            params=params,
            headers={"Accept": "application/json", **(headers or {})},
            data=data,
            timeout=_TIMEOUT,
            allow_redirects=False,
        ) as response:
            _check_status(response, refusals)
            body = await _whole_body(response)
    except (ClientConnectorCertificateError, ClientSSLError) as err:
        raise CertificateError(type(err).__name__) from err
    except TimeoutError as err:
        raise UnreachableError("No answer in time") from err
    except (ClientError, OSError) as err:
        raise UnreachableError(type(err).__name__) from err
    try:
        answer = json.loads(body)
    except ValueError as err:
        raise NonsenseError("The answer is not JSON") from err
    if not isinstance(answer, dict | list):
        raise NonsenseError("The answer is neither an object nor a list")
    return answer


async def _whole_body(response: ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > _MOST_BYTES:
            raise NonsenseError("The answer is too long")
    return bytes(body)


def _check_status(response: ClientResponse, refusals: frozenset[int]) -> None:
    match response.status:
        case 200:
            return
        case status if status in refusals:
            raise RefusedError(f"HTTP {status}")
        case 403:
            raise NotPermittedError("HTTP 403")
        case 429:
            raise CoolingDownError("HTTP 429", until=_until(response.headers.get("Retry-After"), dt_util.utcnow()))
        case 408:
            raise UnreachableError("HTTP 408")
        case status if status >= 500:
            raise UnreachableError(f"HTTP {status}")
        case status:
            raise NonsenseError(f"HTTP {status}")


def _until(retry_after: str | None, now: datetime) -> datetime:
    """Read the header, which holds seconds or a date; without a sensible one, wait five minutes."""
    wait = _COOL_DOWN
    if retry_after is not None:
        try:
            wait = (
                timedelta(seconds=int(retry_after))
                if retry_after.strip().isdigit()
                else parsedate_to_datetime(retry_after).astimezone(UTC) - now
            )
        except ValueError, OverflowError:
            wait = _COOL_DOWN
    return now + min(max(wait, timedelta()), _LONGEST_COOL_DOWN)
