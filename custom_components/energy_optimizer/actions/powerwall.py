"""Changing a Powerwall's settings, however it was asked for."""

from homeassistant.core import callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util

from ..api.errors import SourceError
from ..const import DOMAIN
from ..control.confirm import Outcome, Verdict, carry_out
from ..coordinators.powerwall import FailedCommand, PowerwallCoordinator
from ..coordinators.source import error_key
from ..core.model.powerwall import PowerwallSettings
from .setting_words import in_words, setting_name
from .steering import find_steering

FAILURES_UNTIL_REPAIR = 3


async def async_change_settings(powerwall: PowerwallCoordinator, wanted: PowerwallSettings) -> Outcome:
    """Give a Powerwall the *wanted* settings and return once it shows them.

    Raises ``ServiceValidationError`` where this way of reaching it cannot, ``HomeAssistantError`` where it refused or
    did not obey; after the third disobedience in a row the user finds a repair.
    """
    _check_can(powerwall, wanted)
    asked = wanted
    if powerwall.data is not None and powerwall.last_update_success:
        wanted = wanted.differing(powerwall.data.reading.settings)
    now = dt_util.utcnow()
    if not wanted.named:
        _note_obeyed(powerwall, asked)
        await _set_by_user(powerwall, asked)
        return Outcome(verdict=Verdict.ALREADY_SO, asked_at=now)
    try:
        outcome = await carry_out(
            send=lambda: powerwall.path.apply(wanted),
            confirmed=lambda: powerwall.async_is_so(wanted),
            within=powerwall.path.abilities.confirm_within,
            now=dt_util.utcnow,
        )
    except SourceError as err:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key=f"powerwall_{error_key(err)}",
            translation_placeholders={"name": powerwall.title, "detail": str(err)},
        ) from err
    if outcome.verdict is Verdict.CONFIRMED:
        _note_obeyed(powerwall, wanted)
        await _set_by_user(powerwall, asked)
        return outcome
    _note_disobeyed(powerwall, wanted)
    raise HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key="powerwall_did_not_obey",
        translation_placeholders={
            "name": powerwall.title,
            "asked": in_words(powerwall.hass, wanted),
            "shows": _shown(powerwall, wanted),
        },
    )


async def _set_by_user(powerwall: PowerwallCoordinator, settings: PowerwallSettings) -> None:
    """Let what is forced for a while know that these settings are the user's now."""
    if (steering := find_steering(powerwall)) is not None:
        await steering.control.async_set_by_user(settings)


def _check_can(powerwall: PowerwallCoordinator, wanted: PowerwallSettings) -> None:
    if missing := wanted.named.keys() - powerwall.path.abilities.writable:
        names = ", ".join(sorted(setting_name(powerwall.hass, each) for each in missing))
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="powerwall_read_only",
            translation_placeholders={"name": powerwall.title, "settings": names},
        )


@callback
def watch_obedience(powerwall: PowerwallCoordinator) -> None:
    """Take back a complaint as soon as a reading shows that the Powerwall followed after all."""

    @callback
    def look() -> None:
        if powerwall.data is None or not powerwall.last_update_success:
            return
        for command in list(powerwall.failed_commands.values()):
            if not command.asked.differing(powerwall.data.reading.settings).named:
                _note_obeyed(powerwall, command.asked)

    powerwall.async_add_listener(look)


def _note_obeyed(powerwall: PowerwallCoordinator, wanted: PowerwallSettings) -> None:
    for setting in wanted.named:
        if powerwall.failed_commands.pop(setting, None) is not None:
            ir.async_delete_issue(powerwall.hass, DOMAIN, _issue_id(powerwall, setting))


def _note_disobeyed(powerwall: PowerwallCoordinator, wanted: PowerwallSettings) -> None:
    for setting in wanted.named:
        asked = wanted.only([setting])
        times = powerwall.failed_commands[setting].times + 1 if setting in powerwall.failed_commands else 1
        powerwall.failed_commands[setting] = FailedCommand(asked=asked, times=times)
        if times < FAILURES_UNTIL_REPAIR:
            continue
        ir.async_create_issue(
            powerwall.hass,
            DOMAIN,
            _issue_id(powerwall, setting),
            is_fixable=False,
            severity=ir.IssueSeverity.WARNING,
            translation_key="powerwall_does_not_obey",
            translation_placeholders={
                "name": powerwall.title,
                "asked": in_words(powerwall.hass, asked),
                "shows": _shown(powerwall, asked),
                "times": str(times),
            },
        )


def forget_issues(powerwall: PowerwallCoordinator) -> None:
    """Take back the repairs of a Powerwall that goes."""
    for setting in PowerwallSettings.__dataclass_fields__:
        ir.async_delete_issue(powerwall.hass, DOMAIN, _issue_id(powerwall, setting))


def _issue_id(powerwall: PowerwallCoordinator, setting: str) -> str:
    return f"does_not_obey_{powerwall.subentry_id}_{setting}"


def _shown(powerwall: PowerwallCoordinator, wanted: PowerwallSettings) -> str:
    """Say what the Powerwall shows of the settings that were asked for; a dash where it shows nothing."""
    if powerwall.data is None or not powerwall.last_update_success:
        return "–"
    return in_words(powerwall.hass, powerwall.data.reading.settings.only(wanted.named)) or "–"
