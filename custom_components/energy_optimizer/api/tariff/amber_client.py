"""Amber's service, asked through its own library in the executor."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, override

from amberelectric.api.amber_api import AmberApi
from amberelectric.api_client import ApiClient
from amberelectric.configuration import Configuration
from amberelectric.exceptions import ApiException, OpenApiException
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from urllib3.exceptions import DecodeError, HTTPError

from ..errors import (
    CertificateError,
    CoolingDownError,
    NonsenseError,
    NotPermittedError,
    RefusedError,
    SourceError,
    UnreachableError,
)
from .amber_answers import AmberAnswer, AmberSite, read_intervals, read_sites

AMBER_SERVER: Final = "https://api.amber.com.au/v1"
_TIMEOUT_S: Final = 20.0
_BLOCKED: Final = timedelta(minutes=5)
"""How long Amber blocks whoever asked too often, if its answer does not say."""
_LONGEST_BLOCK: Final = timedelta(hours=1)
_SOONEST: Final = timedelta(seconds=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Quota:
    """How often one may ask, as the headers of an answer said."""

    remaining: int
    resets_at: datetime


class AmberClient:
    """Asks with one user's token; one question at a time."""

    def __init__(self, hass: HomeAssistant, token: str, server: str | None = None) -> None:
        """Ask at *server* instead of Amber's own, if there is one."""
        self._hass = hass
        self._token = token
        self._server = (server or AMBER_SERVER).rstrip("/")
        self._api: AmberApi | None = None
        self.quota: Quota | None = None
        """As the last answer told it; ``None`` if it did not."""

    async def sites(self) -> tuple[AmberSite, ...]:
        """Return the sites that the token opens.

        Raises:
            SourceError: if the answer did not come or makes no sense.
        """
        return await self._ask(lambda api: api.get_sites_with_http_info(_request_timeout=_TIMEOUT_S), read_sites)

    async def prices(self, site_id: str, *, ahead: int = 0, back: int = 0) -> AmberAnswer:
        """Return the present interval, and so many that follow and that went before.

        Raises:
            SourceError: if the answer did not come or makes no sense.
        """
        return await self._ask(
            lambda api: api.get_current_prices_with_http_info(
                site_id, next=ahead or None, previous=back or None, _request_timeout=_TIMEOUT_S
            ),
            read_intervals,
        )

    async def close(self) -> None:
        """Close connections."""
        if (api := self._api) is not None:
            self._api = None
            await self._hass.async_add_executor_job(api.api_client.rest_client.pool_manager.clear)

    async def _ask[T](self, question: Callable[[AmberApi], Any], read: Callable[[object], T]) -> T:
        """Ask and read the answer in the executor; headers are noted whatever the answer is."""
        if not self._token.isascii() or not self._token.isprintable():
            raise RefusedError("Not a token")
        headers, result = await self._hass.async_add_executor_job(self._ask_now, question, read)
        self.quota = _quota(headers, dt_util.utcnow())
        if isinstance(result, SourceError):
            raise result
        return result

    def _ask_now[T](
        self, question: Callable[[AmberApi], Any], read: Callable[[object], T]
    ) -> tuple[Mapping[str, str], T | SourceError]:
        """Return the headers of the answer and what it says, or how it failed."""
        headers: Mapping[str, str] = {}
        try:
            answer = question(self._ready_api())
            headers = answer.headers
            return headers, read(answer.data)
        except ApiException as err:
            headers = err.headers or {}
            return headers, _failure(err, headers)
        except SourceError as err:
            return headers, err
        except (DecodeError, LookupError, OpenApiException, RecursionError, ValueError) as err:
            return headers, NonsenseError(f"Not an answer of Amber: {type(err).__name__}")
        except (HTTPError, OSError) as err:
            return headers, UnreachableError(type(err).__name__)

    def _ready_api(self) -> AmberApi:
        """Return the library's client, which is made with its first use because that may read certificates."""
        if self._api is None:
            configuration = Configuration(host=self._server, access_token=self._token)
            # Its own retries would sleep in the executor. It passes this on to urllib3, but has a type for None alone.
            configuration.retries = False  # type: ignore[assignment]
            configuration.connection_pool_maxsize = 1
            self._api = AmberApi(_PlainClient(configuration))
        return self._api


class _PlainClient(ApiClient):
    """Leaves it to us what an answer means: the library refuses a whole answer for one odd interval in it."""

    @override
    def deserialize(self, response: Any, response_type: str) -> Any:
        return json.loads(response.data)


def _failure(err: ApiException, headers: Mapping[str, str]) -> SourceError:
    """Translate; the library's own message holds headers and body, which do not belong into a log."""
    match err.status:
        case 401 | 403:
            return RefusedError(f"HTTP {err.status}")
        case 404:
            return NotPermittedError("HTTP 404: this token opens no such site")
        case 429:
            return CoolingDownError("HTTP 429", until=_resets_at(headers, dt_util.utcnow()))
        case 0:  # what the library makes of every failure of encryption
            return CertificateError("No encrypted connection")
        case int(status) if status >= 500 or status == 408:
            return UnreachableError(f"HTTP {status}")
        case status:
            return NonsenseError(f"HTTP {status}")


def _quota(headers: Mapping[str, str], now: datetime) -> Quota | None:
    """Read how many questions are left; ``None`` where the headers do not tell."""
    try:
        remaining = int(headers["RateLimit-Remaining"])
    except KeyError, ValueError:
        return None
    return Quota(remaining=remaining, resets_at=_resets_at(headers, now))


def _resets_at(headers: Mapping[str, str], now: datetime) -> datetime:
    """Read from when on one may ask again."""
    try:
        wait = timedelta(seconds=float(headers.get("RateLimit-Reset") or headers.get("Retry-After") or ""))
    except ValueError, OverflowError:
        wait = _BLOCKED
    return now + min(max(wait, _SOONEST), _LONGEST_BLOCK)
