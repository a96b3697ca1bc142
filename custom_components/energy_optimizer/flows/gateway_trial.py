"""What every dialog about a gateway needs: fields, a trial of what was typed, and words for what went wrong."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import probatio
from homeassistant.const import CONF_HOST
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import TextSelector, TextSelectorConfig, TextSelectorType
from homeassistant.util import dt as dt_util

from ..api.errors import (
    CertificateError,
    CoolingDownError,
    NonsenseError,
    NotPermittedError,
    RefusedError,
    SourceError,
    UnreachableError,
)
from ..api.powerwall.gateway import (
    GatewayPowerwall,
    GatewayProbe,
    GatewaySettings,
    KeyPendingError,
    KeyUnknownError,
    forget,
)
from ..api.powerwall.gateway_settings import GatewayAuth

CONF_AUTH = "auth"
CONF_CUSTOMER_PASSWORD = "customer_password"  # noqa: S105 - a field's name
CONF_GATEWAY_PASSWORD = "gateway_password"  # noqa: S105 - a field's name
CONF_EMAIL = "email"
CONF_KEY = "key_pem"
CONF_MAC = "mac"
CONF_SERIAL = "serial"

PASSWORD = TextSelector(TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="off"))
KEY_TEXT = TextSelector(TextSelectorConfig(multiline=True))

SECRETS: Mapping[GatewayAuth, Mapping[str, TextSelector]] = {
    GatewayAuth.CUSTOMER: {CONF_CUSTOMER_PASSWORD: PASSWORD},
    GatewayAuth.WIFI: {CONF_GATEWAY_PASSWORD: PASSWORD},
    GatewayAuth.BOTH: {CONF_CUSTOMER_PASSWORD: PASSWORD, CONF_GATEWAY_PASSWORD: PASSWORD},
    GatewayAuth.KEY: {CONF_CUSTOMER_PASSWORD: PASSWORD, CONF_KEY: KEY_TEXT},
}

# The form field beside which a failure is shown (None: above the form), and its message. The first that fits counts.
_PROBLEMS: tuple[tuple[type[SourceError], str | None, str], ...] = (
    (KeyPendingError, None, "key_pending"),
    (KeyUnknownError, None, "key_unknown"),
    (CertificateError, CONF_HOST, "certificate"),
    (CoolingDownError, None, "cooling_down"),
    (UnreachableError, CONF_HOST, "cannot_connect"),
    (RefusedError, CONF_CUSTOMER_PASSWORD, "wrong_password"),
    (NotPermittedError, None, "not_permitted"),
    (NonsenseError, CONF_HOST, "not_a_gateway"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """How a trial of a gateway ended: with what was found, or with a failure in words for the form."""

    probe: GatewayProbe | None = None
    errors: Mapping[str, str] | None = None
    detail: str = ""


def secret_fields(auth: GatewayAuth, *, stored: Mapping[str, Any]) -> dict[probatio.Marker, TextSelector]:
    """Return the fields for the secrets of *auth*; one that is *stored* may be left empty to keep it."""
    return {
        (probatio.Optional if stored.get(name) else probatio.Required)(name): selector
        for name, selector in SECRETS[auth].items()
    }


def gateway_data(
    hass: HomeAssistant, auth: GatewayAuth, typed: Mapping[str, Any], stored: Mapping[str, Any]
) -> dict[str, Any]:
    """Put together a gateway's settings from what was typed and what was stored before."""
    secrets = {name: typed.get(name) or stored.get(name, "") for name in SECRETS[auth]}
    data = {
        CONF_HOST: typed[CONF_HOST],
        CONF_AUTH: auth.value,
        "time_zone": hass.config.time_zone,
        **secrets,
    }
    for name in (CONF_EMAIL, CONF_MAC):
        if value := typed.get(name, stored.get(name)):
            data[name] = value
    return data


def with_findings(data: Mapping[str, Any], probe: GatewayProbe) -> dict[str, Any]:
    """Add to a gateway's settings what a trial found out about it."""
    found = {
        **data,
        "writable": sorted(probe.writable),
        "shown": sorted(probe.shown),
        "has_solar": probe.has_solar,
    }
    if probe.identity.serial is not None:
        found[CONF_SERIAL] = probe.identity.serial
    return found


async def try_gateway(hass: HomeAssistant, data: Mapping[str, Any]) -> Trial:
    """Log in with a gateway's settings, look around and log out again."""
    try:
        async with _visit(hass, data) as path:
            return Trial(probe=await path.probe())
    except SourceError as err:
        return _failed(err, data)


async def try_login(hass: HomeAssistant, data: Mapping[str, Any]) -> Trial:
    """Find out only whether host and password are right."""
    try:
        async with _visit(hass, data) as path:
            await path.check_login()
    except SourceError as err:
        return _failed(err, data)
    return Trial()


@asynccontextmanager
async def _visit(hass: HomeAssistant, data: Mapping[str, Any]) -> AsyncIterator[GatewayPowerwall]:
    """Reach the gateway with files of its own, so that no login of before makes a wrong password look right."""
    folder = Path(await hass.async_add_executor_job(mkdtemp))
    path = GatewayPowerwall(
        settings=GatewaySettings.from_data(data), work_dir=folder, run=hass.async_add_executor_job, now=dt_util.utcnow
    )
    try:
        yield path
    finally:
        await path.close()
        await hass.async_add_executor_job(forget, folder)


def _failed(err: SourceError, data: Mapping[str, Any]) -> Trial:
    field, key = next((field, key) for kind, field, key in _PROBLEMS if isinstance(err, kind))
    if field == CONF_CUSTOMER_PASSWORD and data[CONF_AUTH] == GatewayAuth.WIFI:
        field = CONF_GATEWAY_PASSWORD
    return Trial(errors={field or "base": key}, detail=str(err))
