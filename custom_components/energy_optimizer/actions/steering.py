"""What steers each Powerwall of this Home Assistant: one control and one tariff sync, beside its coordinator."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final, override

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.event import async_track_point_in_utc_time
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from ..api.powerwall import PowerwallPath
from ..api.powerwall.several import SeveralPaths
from ..api.powerwall.ways import leads_to_another, ordered_ways
from ..const import CONF_CURRENCY, DOMAIN, LOGGER
from ..control.clock import Clock
from ..control.device import Device
from ..control.held import TARIFF
from ..control.powerwall import PowerwallControl
from ..control.state import ControlState
from ..control.stored import state_from_json
from ..coordinators.powerwall import PowerwallCoordinator
from ..core.model.powerwall import PowerwallReading
from ..storage.control import ControlStore
from .setting_words import names_in_words
from .tariff_sync import TariffSync

RELEASE_WITHIN: Final = timedelta(seconds=90)
"""So long the removal of a Powerwall waits for everything to be put back."""
STUCK_AFTER: Final = timedelta(minutes=15)


@dataclass(frozen=True, kw_only=True, slots=True)
class Steering:
    """Who has a say over one Powerwall beside the user."""

    control: PowerwallControl
    sync: TariffSync
    stop_listening: tuple[Callable[[], None], ...]


_STEERINGS: HassKey[dict[str, Steering]] = HassKey(f"{DOMAIN}_steerings")


def steering_of(powerwall: PowerwallCoordinator) -> Steering:
    """Return what steers a running Powerwall."""
    return powerwall.hass.data[_STEERINGS][powerwall.subentry_id]


def find_steering(powerwall: PowerwallCoordinator) -> Steering | None:
    """Return what steers a Powerwall; ``None`` while it starts or stops."""
    return powerwall.hass.data.get(_STEERINGS, {}).get(powerwall.subentry_id)


def backup_percent(powerwall: PowerwallCoordinator) -> float | None:
    """Return the reserve that the user set, whatever stands there for a while; ``None`` if it is not known."""
    shown = powerwall.data.reading.settings.backup_reserve_percent if powerwall.data else None
    if (steering := find_steering(powerwall)) is None:
        return shown
    return steering.control.state.reserve_percent({"backup_reserve_percent": shown})


def steering_diagnostics(hass: HomeAssistant, subentry_id: str) -> dict[str, Any] | None:
    """Return what helps to find a fault; ``None`` for what is no running Powerwall."""
    steering = hass.data.get(_STEERINGS, {}).get(subentry_id)
    if steering is None:
        return None
    control, sync = steering.control, steering.sync
    return {
        "speaker": control.speaker.value,
        "command": control.command_state.value,
        "means": control.state.force.means.value if control.state.force else None,
        "decided": _decision_diagnostics(control.state),
        "unconfirmed": sorted(control.unconfirmed),
        "changed_elsewhere": list(control.changed_elsewhere),
        "tries": {name: held.tries for name, held in control.state.held.items()},
        "last_error": type(control.last_error).__name__ if control.last_error else None,
        "sync": {"on": sync.is_on, "stand_ins": sync.stand_ins, "why_not": sync.why_not},
    }


def _decision_diagnostics(state: ControlState) -> dict[str, Any] | None:
    if (running := state.decided) is None:
        return {"rests_until": state.plan_rests_until, "failures": dict(state.plan_failures)}
    return {
        "kind": running.decision.kind.value,
        "power_kw": running.decision.power_kw,
        "means": running.means.value if running.means else None,
        "asked_at": running.asked_at,
        "accepted_at": running.accepted_at,
        "confirmed_at": running.confirmed_at,
        "until": running.until,
    }


class _PolledPowerwall(Device):
    def __init__(self, powerwall: PowerwallCoordinator) -> None:
        self._powerwall = powerwall

    @property
    @override
    def path(self) -> PowerwallPath:
        return self._powerwall.path

    @property
    @override
    def reading(self) -> PowerwallReading | None:
        if self._powerwall.data is None or not self._powerwall.last_update_success:
            return None
        return self._powerwall.data.reading

    @override
    async def look(self) -> None:
        await self._powerwall.async_refresh()


class _HomeClock(Clock):
    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass

    @override
    def now(self) -> datetime:
        return dt_util.utcnow()

    @override
    def zone(self) -> tzinfo:
        return dt_util.get_default_time_zone()

    @override
    async def sleep(self, duration: timedelta) -> None:
        await asyncio.sleep(duration.total_seconds())

    @override
    def wake_at(self, at: datetime, action: Callable[[], Coroutine[None, None, None]]) -> Callable[[], None]:
        async def wake(_now: datetime) -> None:
            await action()

        return async_track_point_in_utc_time(self._hass, wake, at)

    @override
    def start(self, action: Coroutine[None, None, None]) -> None:
        self._hass.async_create_task(action, "Compare a Powerwall with what was asked of it")


async def async_start_steering(powerwall: PowerwallCoordinator) -> None:
    """Go on with what was asked of a Powerwall that was just started."""
    hass = powerwall.hass
    control, stored = await _load(powerwall)
    sync = TariffSync(powerwall, control)
    steering = Steering(
        control=control,
        sync=sync,
        stop_listening=(
            powerwall.async_add_listener(control.on_look),
            control.add_listener(lambda: _tell_whether_stuck(powerwall, control)),
        ),
    )
    hass.data.setdefault(_STEERINGS, {})[powerwall.subentry_id] = steering
    await control.async_start(stored)
    sync.start()


async def _load(powerwall: PowerwallCoordinator) -> tuple[PowerwallControl, ControlState | None]:
    store = ControlStore(powerwall.hass, powerwall.subentry_id)
    stored = await store.async_load_or_begin(state_from_json)
    control = PowerwallControl(
        device=_PolledPowerwall(powerwall),
        store=store,
        clock=_HomeClock(powerwall.hass),
        currency=powerwall.config_entry.data[CONF_CURRENCY],
    )
    return control, stored


async def async_stop_steering(powerwall: PowerwallCoordinator) -> None:
    """Leave a Powerwall as it stands; the next start goes on."""
    steering = powerwall.hass.data.get(_STEERINGS, {}).pop(powerwall.subentry_id, None)
    if steering is None:
        return
    for stop in steering.stop_listening:
        stop()
    steering.sync.stop()
    await steering.control.async_stop()
    ir.async_delete_issue(powerwall.hass, DOMAIN, _stuck_id(powerwall))


async def async_release(powerwall: PowerwallCoordinator) -> None:
    """Put everything back on a running Powerwall that the user removes; what could not be is told."""
    if (steering := find_steering(powerwall)) is not None:
        steering.sync.stop()
        await _release(powerwall, steering.control)


async def async_release_changed(powerwall: PowerwallCoordinator, data: Mapping[str, Any]) -> bool:
    """Put everything back that could not be once its subentry has other *data*; say whether there was a need to."""
    steering = find_steering(powerwall)
    if steering is None:
        return False
    if not leads_to_another(powerwall.settings, data) and _can_go_on(powerwall, steering.control.state, data):
        return False
    await async_release(powerwall)
    return True


def _can_go_on(powerwall: PowerwallCoordinator, state: ControlState, data: Mapping[str, Any]) -> bool:
    path = powerwall.path
    if not isinstance(path, SeveralPaths):
        return True
    kept = [path.path(way).abilities for way in powerwall.ways if way in ordered_ways(data)]
    can = {name for each in kept for name in each.writable}
    if any(each.can_set_tariff for each in kept):
        can.add(TARIFF)
    in_hand = state.held.keys() | state.wishes.keys() | ({TARIFF} if state.sync_is_on else set())
    return in_hand <= can


async def async_release_stopped(powerwall: PowerwallCoordinator) -> None:
    """Do the same for one whose home was unloaded before it was removed."""
    control, stored = await _load(powerwall)
    if stored is None or not (stored.held or stored.force):
        return
    await powerwall.async_start()
    try:
        await control.async_start(stored)
        await _release(powerwall, control)
        await control.async_stop()
    finally:
        await powerwall.async_stop()


async def async_forget_steering(powerwall: PowerwallCoordinator) -> None:
    """Delete what was stored for a removed Powerwall."""
    await ControlStore(powerwall.hass, powerwall.subentry_id).async_remove()


async def _release(powerwall: PowerwallCoordinator, control: PowerwallControl) -> None:
    if await control.async_release(RELEASE_WITHIN):
        return
    left = names_in_words(powerwall.hass, control.state.held)
    LOGGER.warning("%s was removed and could not be given back its former settings: %s", powerwall.title, left)
    ir.async_create_issue(
        powerwall.hass,
        DOMAIN,
        f"left_changed_{powerwall.subentry_id}",
        is_fixable=False,
        is_persistent=True,
        severity=ir.IssueSeverity.WARNING,
        translation_key="powerwall_left_changed",
        translation_placeholders={"name": powerwall.title, "settings": left},
    )


@callback
def _tell_whether_stuck(powerwall: PowerwallCoordinator, control: PowerwallControl) -> None:
    """Raise a repair for what has not been put back for long, and take it away as soon as it has."""
    since = control.putting_back_since
    if since is None or dt_util.utcnow() - since < STUCK_AFTER:
        ir.async_delete_issue(powerwall.hass, DOMAIN, _stuck_id(powerwall))
        return
    ir.async_create_issue(
        powerwall.hass,
        DOMAIN,
        _stuck_id(powerwall),
        is_fixable=False,
        severity=ir.IssueSeverity.WARNING,
        translation_key="powerwall_not_put_back",
        translation_placeholders={
            "name": powerwall.title,
            "settings": names_in_words(
                powerwall.hass, (name for name, held in control.state.held.items() if held.wish is None)
            ),
        },
    )


def _stuck_id(powerwall: PowerwallCoordinator) -> str:
    return f"not_put_back_{powerwall.subentry_id}"
