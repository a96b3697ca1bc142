"""The blocking side of a gateway: one pypowerwall object, used by one thread at a time."""

import logging
import os
import shutil
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

import pypowerwall
from pypowerwall.local.exceptions import LoginError

from ...core.model.powerwall import PowerwallSettings
from ..errors import (
    CertificateError,
    CoolingDownError,
    NonsenseError,
    NotPermittedError,
    RefusedError,
    SourceError,
    UnreachableError,
)
from .gateway_answers import Answers, http_sessions
from .gateway_knock import LOGIN, TEDAPI_DIN, Login, din_in, knock
from .gateway_reading import GatewayFacts, GatewayLook, alerts_in
from .gateway_scale import raw_percent
from .gateway_settings import GatewayAuth, GatewaySettings

AGGREGATES = "/api/meters/aggregates"
LEVEL = "/api/system_status/soe"
OPERATION = "/api/operation"
SYSTEM_STATUS = "/api/system_status"
SOLAR = "/api/solar_powerwall"
SITE_NAME = "/api/site_info/site_name"

FACTS_EVERY_S = 60.0
"""Firmware, name and alerts cost a gateway far more work than its meters."""
PROMPT_S = 1.0
"""What fails sooner was not waited for."""
_CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_COOKIES = ("AuthCookie", "UserRecord")
LAST_VITALS = [23, 44]
_V1R, _V1 = "/tedapi/v1r", "/tedapi/v1"
_OPERATION_SETTINGS = frozenset({"operation_mode", "backup_reserve_percent"})
_SETTABLE: Mapping[GatewayAuth, frozenset[str]] = {
    GatewayAuth.CUSTOMER: _OPERATION_SETTINGS,
    GatewayAuth.WIFI: frozenset(),
    GatewayAuth.BOTH: _OPERATION_SETTINGS,
    GatewayAuth.KEY: _OPERATION_SETTINGS | {"grid_charging", "export_rule"},
}


class KeyPendingError(RefusedError):
    """The key is registered, but nobody has switched the Powerwall off and on since."""


class KeyUnknownError(RefusedError):
    """The gateway does not know the key, or not any more."""


class GatewaySession:
    """Connects when needed, asks and commands; every call blocks and raises a ``SourceError`` or nothing."""

    def __init__(self, settings: GatewaySettings, work_dir: Path) -> None:
        self._settings = settings
        self._work_dir = work_dir
        self._powerwall: pypowerwall.Powerwall | None = None
        self._answers = Answers()
        self._facts = GatewayFacts(serial=settings.serial)
        self._facts_until = 0.0

    def look(self) -> GatewayLook:
        """Ask for everything that makes a reading."""
        try:
            return self._look()
        except RefusedError:
            self.close()  # the next attempt is a single knock; the library by itself would try several times
            raise

    def _look(self) -> GatewayLook:
        give_up_at = time.monotonic() + self._settings.look_limit_s
        self._answers.begin_look()
        powerwall = self._connected()

        def optional(ask: Callable[[], object]) -> object:
            if time.monotonic() > give_up_at:
                return None
            try:
                return self._ask(ask)
            except NonsenseError:
                return None

        aggregates = self._required(lambda: powerwall.poll(AGGREGATES), AGGREGATES)
        level = self._required(lambda: powerwall.poll(LEVEL), LEVEL)
        tedapi = self._settings.uses_tedapi
        return GatewayLook(
            aggregates=aggregates,
            level=level,
            grid_status=optional(powerwall.grid_status),
            system_status=optional(lambda: powerwall.poll(SYSTEM_STATUS)),
            operation=optional(lambda: powerwall.poll(OPERATION)),
            grid_charging=optional(powerwall.get_grid_charging) if tedapi else None,
            export_rule=optional(powerwall.get_grid_export) if tedapi else None,
            facts=self._fresh_facts(powerwall, optional),
        )

    def may_write(self) -> frozenset[str]:
        """Find out which settings this login may change, over the web interface by setting what is set already."""
        powerwall = self._connected()
        settable = _SETTABLE[self._settings.auth]
        if self._settings.uses_tedapi:
            return settable
        operation = self._ask(lambda: powerwall.poll(OPERATION))
        if not isinstance(operation, dict) or not {"real_mode", "backup_reserve_percent"} <= operation.keys():
            return frozenset()
        level, mode = operation["backup_reserve_percent"], operation["real_mode"]
        try:
            self._command(lambda: powerwall.set_operation(level=level, mode=mode))
        except SourceError:
            return frozenset()
        return settable

    def check_login(self) -> None:
        """Only knock: say whether host and password are right, whatever the gateway thinks of the key."""
        knock(self._settings)

    def find_serial(self) -> str | None:
        """Return the gateway's number, asking also where the web interface does not give it."""
        powerwall = self._connected()
        return self._facts.serial or din_in(self._ask(lambda: powerwall.poll(TEDAPI_DIN)))

    def apply(self, wanted: PowerwallSettings) -> None:
        """Send the settings that are not ``None``."""
        if unknown := wanted.named.keys() - _SETTABLE[self._settings.auth]:
            raise NotPermittedError(f"With this login, nobody may change {', '.join(sorted(unknown))}")
        self._answers.begin_look()
        powerwall = self._connected()
        mode, reserve = wanted.operation_mode, wanted.backup_reserve_percent
        if mode is not None or reserve is not None:
            level = reserve
            if reserve is not None and not self._settings.uses_tedapi:
                level = raw_percent(reserve)  # only over TEDAPI does the library itself speak the app's scale
            self._command(lambda: powerwall.set_operation(level=level, mode=mode.value if mode else None))
        if wanted.grid_charging is not None:
            self._command(lambda: powerwall.set_grid_charging(wanted.grid_charging))
        if (rule := wanted.export_rule) is not None:
            self._command(lambda: powerwall.set_grid_export(rule.value))

    def order(self, power_kw: float, seconds: int) -> None:
        """Make the battery give a power, or take a negative one, for some *seconds*."""
        self._answers.begin_look()
        powerwall = self._connected()
        self._command(lambda: powerwall.dispatch_battery_power(power_kw * 1000, seconds))

    def end_order(self) -> None:
        """Take back an order; there need not be one."""
        self._answers.begin_look()
        powerwall = self._connected()
        self._command(powerwall.resume_battery_operation)

    def close(self) -> None:
        """Log out and let go of the connections."""
        powerwall, self._powerwall = self._powerwall, None
        client = powerwall.client if powerwall else None
        if client is None:
            return
        try:
            if (beside := getattr(client.tedapi, "api_session", None)) is not None:
                beside.close()
            client.close_session()
        except Exception:  # noqa: BLE001 - a gateway that is gone cannot be logged out of, whatever the library makes of it
            logging.getLogger(__name__).debug("The gateway could not be logged out of")

    def _connected(self) -> pypowerwall.Powerwall:
        if self._powerwall is None:
            _quieten_library()
            if self._settings.auth is not GatewayAuth.CUSTOMER:
                _refuse_foreign_certificates()
            kept_login, key = self._prepare_files()
            login = knock(self._settings)
            self._powerwall = self._ask(lambda: self._connect(login, kept_login, key))
        return self._powerwall

    def _prepare_files(self) -> tuple[Path, Path | None]:
        """Make way for the files the library keeps: its login and, where one is used, the key."""
        try:
            self._work_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            kept_login = self._work_dir / "login"
            kept_login.unlink(missing_ok=True)  # one from before would make a wrong password look right
            return kept_login, self._key_file() if self._settings.auth is GatewayAuth.KEY else None
        except OSError as err:
            raise NotPermittedError(f"Home Assistant's .storage folder cannot be written: {err.strerror}") from err

    def _connect(self, login: Login, kept_login: Path, key: Path | None) -> pypowerwall.Powerwall:
        settings = self._settings
        cookies = {name: login.cookies[name] for name in _COOKIES if name in login.cookies}
        by_cookie = len(cookies) == len(_COOKIES)
        powerwall = pypowerwall.Powerwall(
            host=settings.host,
            password="" if settings.auth is GatewayAuth.WIFI else settings.login_password,
            email=settings.email or "nobody@nowhere.com",
            timezone=settings.time_zone,
            pwcacheexpire=settings.tedapi_cache_s if settings.uses_tedapi else 0,
            timeout=settings.timeout_s,
            poolmaxsize=0 if settings.uses_tedapi else 4,  # for TEDAPI, 0 means: no retries for a minute
            authpath=str(self._work_dir),
            authmode="cookie" if by_cookie else "token",
            cachefile=str(kept_login),
            gw_pwd=settings.gateway_password or None if settings.auth is not GatewayAuth.CUSTOMER else None,
            rsa_key_path=str(key) if key else None,
            failover=False,
        )
        sessions = http_sessions(powerwall)
        if not sessions:
            raise UnreachableError("The gateway answered once, but not to its library")
        if not settings.uses_tedapi:
            # Gateways count logins: the library goes on with ours and makes its own when that expires.
            powerwall.client.auth = cookies if by_cookie else {"Authorization": f"Bearer {login.token}"}
        for session in sessions:
            session.trust_env = False
            session.hooks["response"].append(self._answers.note)
        return powerwall

    def _key_file(self) -> Path:
        path = self._work_dir / "key.pem"
        path.unlink(missing_ok=True)
        path.touch(mode=0o600, exist_ok=False)
        path.write_text(self._settings.key_pem, encoding="ascii")
        return path

    def _ask[T](self, ask: Callable[[], T]) -> T:
        """Call the library, which lets through whatever goes wrong inside it."""
        try:
            return ask()
        except SourceError:
            raise
        except LoginError as err:
            raise self._failed_login() from err
        except ConnectionError as err:
            raise UnreachableError("The gateway does not answer") from err
        except Exception as err:  # its parsers stumble over unexpected documents in any way there is
            raise NonsenseError("What the gateway answers cannot be understood") from err

    def _required[T](self, ask: Callable[[], T], path: str) -> T:
        asked_at = time.monotonic()
        answer = self._ask(ask)
        promptly = time.monotonic() - asked_at < PROMPT_S
        if not isinstance(answer, dict) and promptly and type(self._why_nothing(path)) is UnreachableError:
            answer = self._ask(ask)  # gateways close idle connections, sometimes at the moment of their next use
        if not isinstance(answer, dict):
            self._facts_until = 0.0
            raise self._why_nothing(path)
        return answer

    def _command(self, send: Callable[[], object]) -> None:
        answer = self._ask(send)
        if answer is None or (isinstance(answer, dict) and "error" in answer):
            reason = self._why_nothing(OPERATION)
            if isinstance(reason, NonsenseError):
                reason = NotPermittedError("The gateway does not accept this change")
            raise reason

    def _why_nothing(self, path: str) -> SourceError:
        """Find out why the library came back empty-handed."""
        powerwall = self._connected()
        tedapi = powerwall.tedapi if self._settings.uses_tedapi else None
        cooling_until = tedapi.pwcooldown if tedapi else powerwall.client.pwcooldown
        if (left_s := cooling_until - time.perf_counter()) > 0:
            return CoolingDownError(f"The gateway asks to be left alone for {left_s:.0f} s")
        if not tedapi:
            return self._answers.explain(path)
        if (transport := tedapi.v1r_transport) is not None:
            if transport.pending_verification:
                return KeyPendingError("The key is registered but not yet confirmed at the Powerwall's switch")
            if transport.key_unknown:
                return KeyUnknownError("The gateway does not know this key")
        reason = self._answers.explain(_V1R if transport is not None else _V1)
        return RefusedError("The gateway refuses the login") if isinstance(reason, NotPermittedError) else reason

    def _failed_login(self) -> SourceError:
        reason = self._answers.explain(LOGIN)
        return RefusedError("The gateway refuses the password") if isinstance(reason, NotPermittedError) else reason

    def _fresh_facts(
        self, powerwall: pypowerwall.Powerwall, optional: Callable[[Callable[[], object]], object]
    ) -> GatewayFacts:
        if time.monotonic() < self._facts_until:
            return self._facts
        status = optional(powerwall.status)
        named = status if isinstance(status, dict) else {}
        site = optional(lambda: powerwall.poll(SITE_NAME))
        firmware = (_text(named.get("version")) or "").partition(" ")[0] or self._facts.firmware
        devices = optional(powerwall.vitals) if powerwall.client.tedapi or _has_vitals(firmware) else None
        solar = None if devices else optional(lambda: powerwall.poll(SOLAR))
        self._facts = GatewayFacts(
            serial=_text(named.get("din")) or self._facts.serial,
            firmware=firmware,
            site_name=_text(site.get("site_name")) if isinstance(site, dict) else self._facts.site_name,
            alerts=alerts_in(devices, solar),
        )
        self._facts_until = time.monotonic() + FACTS_EVERY_S
        return self._facts


def forget(work_dir: Path) -> None:
    """Delete what was kept for a gateway; blocking."""
    shutil.rmtree(work_dir, ignore_errors=True)


def _quieten_library() -> None:
    """Keep the library from logging each failed request, unless someone has asked for its log."""
    logger = logging.getLogger("pypowerwall")
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", message="v1r ", category=UserWarning)


def _refuse_foreign_certificates() -> None:
    for variable in _CA_VARIABLES:
        if os.environ.get(variable):
            raise CertificateError(
                f"The environment variable {variable} is set: with it, the library accepts no gateway's own certificate"
            )


def _has_vitals(firmware: str | None) -> bool:
    """Say whether the web interface still tells about each device; Tesla took that out."""
    numbers = [int(part) for part in (firmware or "").split(".")[:2] if part.isdecimal()]
    return len(numbers) == 2 and numbers < LAST_VITALS


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
