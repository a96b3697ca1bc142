"""From the failures of Tesla's libraries to the few of ours."""

import asyncio
import math
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

import aiohttp
from tesla_fleet_api.exceptions import LibraryError, RateLimited, ResponseError, TeslaFleetError

from ..errors import (
    CertificateError,
    CoolingDownError,
    NonsenseError,
    NotPermittedError,
    RefusedError,
    SourceError,
    UnreachableError,
)

FAILURES: Final[tuple[type[BaseException], ...]] = (
    TeslaFleetError,
    LibraryError,
    aiohttp.ClientError,
    OSError,
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
)
"""What a call of the library may raise: its own, which are no ``Exception``, and what strange answers make of it."""

DEFAULT_PAUSE: Final = timedelta(minutes=1)
LONGEST_PAUSE: Final = timedelta(hours=24)
_SECRET = re.compile(r"eyJ[\w.-]+|[A-Za-z0-9_-]{32,}")
_MISSING_SCOPES = "missing scopes"


def source_error(err: BaseException, now: datetime) -> SourceError:
    """Return the ``SourceError`` that says what *err*, one of ``FAILURES``, means."""
    match err:
        case SourceError():
            return err
        case RateLimited():
            data = err.data if isinstance(err.data, dict) else {}
            return CoolingDownError(
                "Tesla's servers ask for a pause", until=pause_end(data.get("after") or data.get("reset"), now)
            )
        case ResponseError():
            return status_error(err.status, err.data, now) if (err.status or 0) >= 400 else _nonsense(err)
        case TeslaFleetError():
            return status_error(err.status, err.data, now, default=err.message)
        case aiohttp.ClientSSLError():
            return CertificateError("The server's certificate is not accepted")
        case aiohttp.ContentTypeError():
            return _nonsense(err)
        case aiohttp.ClientError() | asyncio.TimeoutError() | OSError():
            return UnreachableError(f"Tesla's servers cannot be reached: {type(err).__name__}")
        case _:
            return _nonsense(err)


def status_error(
    status: int | None, document: object, now: datetime, *, default: str = "", retry_after: str | None = None
) -> SourceError:
    """Return what an answer with an HTTP *status* of 400 or more means; *document* is its body, if it was one."""
    said = said_in(document) or default
    match status:
        case 401:
            if "mobile_access" in said:
                return NotPermittedError("Mobile access is switched off in Tesla's app")
            return RefusedError("The login is no longer accepted")
        case 402:
            return NotPermittedError(f"The subscription does not pay for this: {said or 'payment required'}")
        case 403 if _MISSING_SCOPES in said.lower() or "scope" in said.lower():
            return NotPermittedError(f"The login lacks a permission that must be granted at Tesla: {said}")
        case 404:
            return NotPermittedError(f"The account has no such site: {said or 'not found'}")
        case 408:
            return UnreachableError("The Powerwall is not connected to Tesla's servers")
        case 421:
            return NotPermittedError("The account belongs to another region of Tesla")
        case 429:
            return CoolingDownError("Tesla's servers ask for a pause", until=pause_end(retry_after, now))
        case int() if 400 <= status < 424 or status == 451:
            return NotPermittedError(said or f"Tesla's servers do not permit this (HTTP {status})")
        case int() if status >= 424:
            return UnreachableError(f"Tesla's servers are not ready (HTTP {status})")
        case _:
            return NonsenseError(said or "Tesla's answer cannot be understood")


def said_in(document: object) -> str:
    """Return what an error's body says in words, without anything that could be a secret."""
    if not isinstance(document, Mapping):
        return ""
    nested = document.get("response")
    parts = [document.get(name) for name in ("error", "error_description", "message")]
    if isinstance(nested, Mapping):
        parts += [value for name, value in nested.items() if str(name).lower() in ("message", "reason", "error")]
    words = ". ".join(part.strip(" .") for part in parts if isinstance(part, str) and part.strip(" ."))
    return _SECRET.sub("…", words)[:200]


def refused_command(answer: Mapping[str, Any]) -> SourceError | None:
    """Return why a command that was answered with HTTP 200 was not accepted, or ``None`` if it was."""
    response = answer.get("response")
    if response is None and said_in(answer):
        return NotPermittedError(f"Tesla does not accept this: {said_in(answer)}")
    if not isinstance(response, Mapping):
        return None if response in (None, "", True) else NonsenseError("Tesla's answer to a command is not understood")
    told = {str(name).lower(): value for name, value in response.items()}
    code = told.get("code")
    if told.get("result") is False or (isinstance(code, int) and not 200 <= code < 300):
        return NotPermittedError(f"Tesla does not accept this: {said_in(answer) or code or 'no reason given'}")
    return None


def pause_end(told: object, now: datetime) -> datetime:
    """Return when a pause ends that a header asked for, in seconds or as a date."""
    pause = DEFAULT_PAUSE
    text = str(told or "").strip()
    with suppress(ValueError, TypeError, OverflowError):
        seconds = float(text)
        if math.isfinite(seconds):
            pause = timedelta(seconds=max(1.0, seconds))
    with suppress(ValueError, TypeError):
        until = parsedate_to_datetime(text)
        pause = (until if until.tzinfo else until.replace(tzinfo=UTC)) - now
    return now + min(max(pause, timedelta(seconds=1)), LONGEST_PAUSE)


def _nonsense(err: BaseException) -> NonsenseError:
    return NonsenseError(f"Tesla's answer cannot be understood: {type(err).__name__}")
