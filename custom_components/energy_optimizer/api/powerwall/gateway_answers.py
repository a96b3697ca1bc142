"""What a gateway said to the library, which keeps it to itself."""

from collections.abc import Callable, Mapping
from typing import Protocol
from urllib.parse import urlsplit

import pypowerwall

from ..errors import NonsenseError, NotPermittedError, RefusedError, SourceError, UnreachableError
from .gateway_knock import check_status


class _Response(Protocol):
    """What we look at in an answer."""

    status_code: int
    url: str
    headers: Mapping[str, str]


class HttpSession(Protocol):
    """What we set on the library's sessions."""

    trust_env: bool
    hooks: dict[str, list[Callable[..., None]]]


class Answers:
    """Remembers what the gateway last said to each path; belongs to the library's HTTP sessions as a hook."""

    def __init__(self) -> None:
        self._look = 0
        self._last: dict[str, tuple[int, _Response]] = {}

    def begin_look(self) -> None:
        """From now on, answers belong to a new look."""
        self._look += 1

    def note(self, response: _Response, *_args: object, **_kwargs: object) -> None:
        """Take down an answer."""
        self._last[urlsplit(response.url).path] = (self._look, response)

    def explain(self, *paths: str) -> SourceError:
        """Return why nothing came from any of *paths*."""
        for path in paths:
            look, response = self._last.get(path, (-1, None))
            # The library does not repeat for minutes what was refused: then the old answer still stands.
            if response is None or (look != self._look and response.status_code not in (401, 403, 404, 429, 503)):
                continue
            headers = response.headers
            try:
                check_status(response.status_code, headers.get("Content-Type", ""), headers.get("Retry-After"))
            except RefusedError:
                return NotPermittedError(f"The gateway does not permit {path} with this login")
            except SourceError as err:
                return err
            return NonsenseError("What the gateway answers cannot be understood")
        return UnreachableError("The gateway does not answer")


def http_sessions(powerwall: pypowerwall.Powerwall) -> list[HttpSession]:
    """Return the HTTP sessions that the library opened for its client."""
    client = powerwall.client
    if client is None:
        return []
    tedapi = client.tedapi
    holders = (client, tedapi, getattr(tedapi, "v1r_transport", None))
    return [session for holder in holders if (session := getattr(holder, "session", None)) is not None]
