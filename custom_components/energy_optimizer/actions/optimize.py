"""Handing a Powerwall over to the plan, and taking it back."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from homeassistant.core import CALLBACK_TYPE, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.event import async_track_point_in_utc_time
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from ..api.powerwall.decisions import can_steer
from ..const import DOMAIN
from ..control.decision_plan import is_same
from ..control.powerwall import PowerwallControl
from ..control.state import CommandState
from ..coordinators.planning import PlanningCoordinator, find_planning, planning_of
from ..coordinators.planning_contract import connection_rule_of, grid_limits_of
from ..coordinators.powerwall import PowerwallCoordinator
from ..core.model.plan import Plan, PlanStep
from .steering import steering_of

LONGEST_UNRENEWED: Final = timedelta(hours=2)
"""A plan is looked at each five minutes; without one, what the last one said goes on for no longer."""
GRACE: Final = timedelta(minutes=10)
"""So much longer than its plan means it a decision holds, lest the next one comes a moment late."""
FAILURES_UNTIL_REPAIR: Final = 3


class PlanFollower:
    """Has the Powerwall do what the plan says for now, whenever that changes."""

    def __init__(self, powerwall: PowerwallCoordinator, control: PowerwallControl) -> None:
        self._powerwall = powerwall
        self._hass = powerwall.hass
        self._control = control
        self._stop: list[CALLBACK_TYPE] = []
        self._wake: Callable[[], None] | None = None

    @callback
    def start(self, planning: PlanningCoordinator) -> None:
        """Follow the plans of a planner that was just started."""
        self._stop += [
            planning.async_add_listener(self._on_plan),
            self._control.add_listener(lambda: _tell_whether_followed(self._powerwall, self._control)),
        ]
        self._on_plan()

    @callback
    def stop(self) -> None:
        """Follow no more and leave everything as it is."""
        for stop in self._stop:
            stop()
        self._stop.clear()
        self._sleep()
        ir.async_delete_issue(self._hass, DOMAIN, _issue_id(self._powerwall))

    async def async_follow(self) -> None:
        """Carry out what the plan says for now; a planner that has fallen silent is followed for a while only."""
        planning, now = find_planning(self._powerwall), dt_util.utcnow()
        if planning is None:
            return
        if not planning.data.settings.optimizes:
            if self._control.state.decided is not None:
                await self._control.async_stop_optimizing()
            return
        plan = planning.data.plan
        if plan is None or (step := plan.at(now)) is None:
            return
        ends_at = goes_on_until(plan, step)
        until = min(ends_at + GRACE, plan.made_at + LONGEST_UNRENEWED)
        if now < until:
            await async_carry_out(self._powerwall, step, until, ends_at=ends_at)
        self._sleep()
        if self._stop:
            self._wake = async_track_point_in_utc_time(self._hass, self._woken, max(ends_at, now))

    @callback
    def _on_plan(self) -> None:
        self._hass.async_create_task(self.async_follow(), "Carry out the plan")

    async def _woken(self, _now: datetime) -> None:
        self._wake = None
        await self.async_follow()

    @callback
    def _sleep(self) -> None:
        if self._wake is not None:
            self._wake()
        self._wake = None


_FOLLOWERS: Final[HassKey[dict[str, PlanFollower]]] = HassKey(f"{DOMAIN}_plan_followers")


def goes_on_until(plan: Plan, step: PlanStep) -> datetime:
    """Return when the plan first means the battery to do something else than in *step*."""
    ends_at = step.ends_at
    for later in plan.steps:
        if later.starts_at == ends_at and is_same(step.decision, later.decision):
            ends_at = later.ends_at
    return ends_at


async def async_carry_out(
    powerwall: PowerwallCoordinator, step: PlanStep, until: datetime, *, ends_at: datetime | None = None
) -> CommandState:
    """Have a Powerwall do what *step* decides, until *until* if nothing else is decided before.

    *ends_at* is when the plan means it to end. The reserve that the user set for plans is kept in whatever it does.
    """
    home, decision = powerwall.config_entry, step.decision
    if decision.reserve_percent is None:
        decision = replace(decision, reserve_percent=planning_of(powerwall).data.settings.reserve_percent)
    return await steering_of(powerwall).control.async_decide(
        decision, until, ends_at=ends_at, rule=connection_rule_of(home), limits=grid_limits_of(home)
    )


async def async_set_optimizes(powerwall: PowerwallCoordinator, *, on: bool) -> None:
    """Hand a Powerwall over to the plan, or take it back and put everything back as it was.

    Raises ``ServiceValidationError`` where no way to the Powerwall can carry a plan out.
    """
    if on and not can_steer(powerwall.path.abilities, connection_rule_of(powerwall.config_entry)):
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="optimize_not_offered",
            translation_placeholders={"name": powerwall.title},
        )
    await planning_of(powerwall).async_change(optimizes=on)
    if not on:
        await steering_of(powerwall).control.async_stop_optimizing()
    elif (follower := powerwall.hass.data.get(_FOLLOWERS, {}).get(powerwall.subentry_id)) is not None:
        await follower.async_follow()


@callback
def start_following(powerwall: PowerwallCoordinator) -> None:
    """Follow the planner of a Powerwall; what plans and what steers it are running."""
    follower = PlanFollower(powerwall, steering_of(powerwall).control)
    powerwall.hass.data.setdefault(_FOLLOWERS, {})[powerwall.subentry_id] = follower
    follower.start(planning_of(powerwall))


@callback
def stop_following(powerwall: PowerwallCoordinator) -> None:
    """Leave a Powerwall as it stands; the next start goes on."""
    follower = powerwall.hass.data.get(_FOLLOWERS, {}).pop(powerwall.subentry_id, None)
    if follower is not None:
        follower.stop()


@callback
def _tell_whether_followed(powerwall: PowerwallCoordinator, control: PowerwallControl) -> None:
    """Raise a repair after several decisions in vain, and take it away as soon as one was followed."""
    times = max(control.state.plan_failures.values(), default=0)
    if times < FAILURES_UNTIL_REPAIR:
        ir.async_delete_issue(powerwall.hass, DOMAIN, _issue_id(powerwall))
        return
    ir.async_create_issue(
        powerwall.hass,
        DOMAIN,
        _issue_id(powerwall),
        is_fixable=False,
        severity=ir.IssueSeverity.WARNING,
        translation_key="powerwall_does_not_follow_plan",
        translation_placeholders={
            "name": powerwall.title,
            "times": str(times),
            "detail": str(control.last_error or "–"),
        },
    )


def _issue_id(powerwall: PowerwallCoordinator) -> str:
    return f"does_not_follow_plan_{powerwall.subentry_id}"
