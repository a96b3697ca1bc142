"""teslapy's session for the Owner API: login, tokens and requests. Every call blocks."""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final, override

import requests
from teslapy import BASE_URL, MissingTokenError, OAuth2Error, Tesla, TLSAdapter

from ..errors import CertificateError, NonsenseError, SourceError, UnreachableError
from .errors import status_error
from .fleet_auth import login_refusal
from .grant import Grant

TIMEOUT_S: Final = 20.0
CLIENT_ID: Final = "ownerapi"
REDIRECT_URI: Final = "tesla://auth/callback"
"""The only address to which Tesla sends users of this login back; browsers cannot open it, but show it."""
SCOPES: Final = ("openid", "email", "offline_access")
SSO: Final = "https://auth.tesla.com"

_talking = threading.local()


class _Elsewhere(TLSAdapter):  # type: ignore[misc]  # teslapy has no types
    """Sends what is meant for Tesla to another server."""

    def __init__(self, server: str) -> None:
        self._server = server.rstrip("/") + "/"
        super().__init__()

    @override
    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        request.url = (request.url or "").replace(BASE_URL, self._server, 1)
        response: requests.Response = super().send(request, **kwargs)
        return response


class OwnerSession:
    """One account; not for several threads at once."""

    def __init__(self, *, server: str | None, email: str | None, now: Callable[[], datetime]) -> None:
        self._server = server.rstrip("/") if server else None
        self._email = email or "owner"  # a mere name to the library where nobody told one
        self._now = now
        self._tesla: Tesla | None = None

    def exchange(self, pasted: str, verifier: str) -> Grant:
        """Turn the code in a pasted address into tokens."""
        self.close()  # a session that has tokens asks for no others
        with self._talk() as tesla:
            return self._granted(
                lambda: tesla.fetch_token(authorization_response=pasted, code_verifier=verifier, timeout=TIMEOUT_S)
            )

    def refresh(self, refresh_token: str) -> Grant:
        """Turn a refresh token into new tokens."""
        with self._talk() as tesla:
            return self._granted(lambda: tesla.refresh_token(refresh_token=refresh_token, timeout=TIMEOUT_S))

    def ask(self, access_token: str, name: str, site_id: str | None, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Make the request that teslapy knows by *name*."""
        with self._talk() as tesla:
            tesla.token = {"access_token": access_token, "token_type": "Bearer"}
            try:
                answer = tesla.api(name, {"site_id": site_id}, **arguments)
            except (requests.RequestException, OAuth2Error, ValueError) as err:
                raise self._source_error(err) from err
        if not isinstance(answer, dict):
            raise NonsenseError("Tesla's answer cannot be understood")
        return answer

    def close(self) -> None:
        """Let go of connections."""
        if self._tesla is not None:
            self._tesla.close()
            self._tesla = None

    @contextmanager
    def _talk(self) -> Iterator[Tesla]:
        """Keep the libraries from writing tokens into the log, which they do when it is most talkative."""
        _watch_loggers()
        _talking.now = True
        try:
            if self._tesla is None:
                self._tesla = self._open()
            yield self._tesla
        finally:
            _talking.now = False

    def _open(self) -> Tesla:
        tesla = Tesla(
            self._email,
            timeout=TIMEOUT_S,
            cache_loader=dict,
            cache_dumper=lambda _: None,
            sso_base_url=f"{self._server or SSO}/",
        )
        for event in ("access_token_response", "refresh_token_response"):
            tesla.register_compliance_hook(event, _check_status)
        if self._server:
            tesla.mount(BASE_URL, _Elsewhere(self._server))
        return tesla

    def _granted(self, ask: Callable[[], Mapping[str, Any]]) -> Grant:
        try:
            return Grant.of(ask(), self._now())
        except (requests.RequestException, OAuth2Error, ValueError, Warning) as err:
            raise self._source_error(err) from err

    def _source_error(self, err: Exception) -> SourceError:
        match err:
            case MissingTokenError():
                return NonsenseError("Tesla's login gave no token")
            case OAuth2Error():
                document = {"error": err.error, "error_description": err.description}
                status = err.status_code or 400
                if (refusal := login_refusal(status, document)) is not None:
                    return refusal
                return status_error(status, document, self._now())
            case requests.HTTPError() if err.response is not None:
                return status_error(
                    err.response.status_code,
                    {"error": str(err.response.reason or "")},
                    self._now(),
                    retry_after=err.response.headers.get("Retry-After"),
                )
            case requests.exceptions.SSLError():
                return CertificateError("The server's certificate is not accepted")
            case requests.exceptions.JSONDecodeError():
                return NonsenseError("Tesla's answer cannot be understood")
            case requests.RequestException():
                return UnreachableError(f"Tesla's servers cannot be reached: {type(err).__name__}")
            case _:
                return NonsenseError(f"Tesla's answer cannot be understood: {type(err).__name__}")


def _check_status(response: requests.Response) -> requests.Response:
    """Tell a login server in trouble from one that says no; the library looks only for a token."""
    if response.status_code >= 400:
        try:
            document = response.json()
        except requests.exceptions.JSONDecodeError:
            document = None
        if response.status_code not in (400, 401, 403) or not (isinstance(document, dict) and "error" in document):
            response.raise_for_status()
    return response


class _NoSecrets(logging.Filter):
    """Drops what is said for debugging while one of our sessions talks: it quotes headers and tokens."""

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno > logging.DEBUG or not getattr(_talking, "now", False)


_no_secrets = _NoSecrets()


def _watch_loggers() -> None:
    for name in ("requests_oauthlib.oauth2_session", "teslapy"):
        logging.getLogger(name).addFilter(_no_secrets)  # adding it again does nothing
