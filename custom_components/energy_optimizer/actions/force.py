"""Making a battery charge, discharge or hold for a while, however it was asked for."""

from datetime import datetime, timedelta

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.util import dt as dt_util

from ..const import DOMAIN
from ..control.force_plan import means_for
from ..control.powerwall import CannotForceError
from ..control.state import CommandState, RunningForce
from ..coordinators.powerwall import PowerwallCoordinator
from ..core.model.force import LONGEST_FORCE, SHORTEST_FORCE, Force, ForceKind
from .steering import steering_of


def forces_of(powerwall: PowerwallCoordinator) -> tuple[ForceKind, ...]:
    """Return what a Powerwall can be forced to in the way it is reached."""
    return tuple(kind for kind in ForceKind if means_for(kind, powerwall.path.abilities))


async def async_force(
    powerwall: PowerwallCoordinator,
    kind: ForceKind,
    duration: timedelta,
    *,
    power_kw: float | None = None,
    level_percent: float | None = None,
) -> RunningForce | None:
    """Force a Powerwall for a *duration*, in place of any other force; return what runs, if it still does.

    Raises ``ServiceValidationError`` where it cannot begin and ``HomeAssistantError`` where the Powerwall refused or
    did not follow, in which case everything is being put back.
    """
    if not SHORTEST_FORCE <= duration <= LONGEST_FORCE:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="force_duration",
            translation_placeholders={"least": str(_minutes(SHORTEST_FORCE)), "most": str(_minutes(LONGEST_FORCE))},
        )
    now, control = dt_util.utcnow(), steering_of(powerwall).control
    force = Force(kind=kind, starts_at=now, ends_at=now + duration, power_kw=power_kw, level_percent=level_percent)
    try:
        outcome = await control.async_force(force)
    except CannotForceError as err:
        refused = err.reason == "unreachable" and powerwall.connection == "refused"
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="force_refused" if refused else f"force_{err.reason}",
            translation_placeholders={"name": powerwall.title},
        ) from err
    if outcome is CommandState.GAVE_UP:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="force_failed",
            translation_placeholders={"name": powerwall.title, "detail": str(control.last_error or "–")},
        )
    return control.state.force


async def async_back_to_automatic(powerwall: PowerwallCoordinator) -> CommandState:
    """End any force; return how far everything has been put back."""
    return await steering_of(powerwall).control.async_back_to_automatic()


def force_ends_at(powerwall: PowerwallCoordinator) -> datetime | None:
    """Return when the running force ends at the latest; ``None`` if there is none."""
    running = steering_of(powerwall).control.state.force
    return running.force.ends_at if running else None


def _minutes(duration: timedelta) -> int:
    return int(duration.total_seconds() // 60)
