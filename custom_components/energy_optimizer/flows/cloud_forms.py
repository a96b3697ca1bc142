"""Fields of the dialogs about Tesla's cloud, and words for what went wrong there."""

from collections.abc import Mapping
from typing import Any, Final

import probatio
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import TextSelector, TextSelectorConfig, TextSelectorType

from ..api.errors import (
    CertificateError,
    CoolingDownError,
    NonsenseError,
    NotPermittedError,
    RefusedError,
    SourceError,
)
from ..api.tesla.login import LoginError
from .server_address import server_error

ADVANCED: Final = "advanced"
CONF_SERVER: Final = "server"
CONF_REDIRECT: Final = "redirect"
CONF_TOKEN: Final = "token"  # noqa: S105 - a field's name

SECRET: Final = TextSelector(TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="off"))
REDIRECT_FORM: Final = probatio.Schema({probatio.Required(CONF_REDIRECT): TextSelector()})

_PROBLEMS: Final[tuple[tuple[type[SourceError], str], ...]] = (
    (RefusedError, "cloud_refused"),
    (NotPermittedError, "cloud_not_permitted"),
    (CoolingDownError, "cloud_cooling_down"),
    (CertificateError, "cloud_certificate"),
    (NonsenseError, "cloud_nonsense"),
)


def advanced(more: Mapping[Any, Any] | None = None) -> dict[Any, Any]:
    """Return the folded section in which another server than the maker's own may be named."""
    address = TextSelector(TextSelectorConfig(type=TextSelectorType.URL))
    fields = {probatio.Optional(CONF_SERVER): address, **(more or {})}
    return {probatio.Required(ADVANCED): section(probatio.Schema(fields), {"collapsed": True})}


def typed_server(user_input: Mapping[str, Any]) -> str | None:
    """Return the server that was named, if any."""
    return str(user_input.get(ADVANCED, {}).get(CONF_SERVER, "")).strip().rstrip("/") or None


def server_problem(user_input: Mapping[str, Any]) -> dict[str, str]:
    """Return the error of the advanced section; secrets must not go where others can read them."""
    problem = server_error(typed_server(user_input) or "")
    return {ADVANCED: problem} if problem else {}


def cloud_problem(err: SourceError) -> str:
    """Return the key of the words for a failure in the cloud."""
    if isinstance(err, LoginError):
        return f"login_{err.key.value}"
    return next((key for kind, key in _PROBLEMS if isinstance(err, kind)), "cloud_unreachable")


def login_errors(err: SourceError) -> dict[str, str]:
    """Show what is wrong with a pasted address beside it, everything else above the form."""
    return {CONF_REDIRECT if isinstance(err, LoginError) else "base": cloud_problem(err)}
