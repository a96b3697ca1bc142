"""What all entities that show a home's plan have in common."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, override

from homeassistant.core import callback
from homeassistant.helpers.entity import EntityDescription
from homeassistant.helpers.event import async_track_point_in_utc_time
from homeassistant.helpers.update_coordinator import CoordinatorEntity
from homeassistant.util import dt as dt_util

from .coordinators.planning import PlanningCoordinator, PlanningSnapshot
from .core.model.plan import Plan, PlanStep

STALE_AFTER: Final = timedelta(minutes=15)
"""A plan is made each five minutes; an older one is not shown as what holds now."""


def fresh_plan(snapshot: PlanningSnapshot, now: datetime) -> Plan | None:
    """Return the plan; ``None`` if there is none or it is too old to be trusted."""
    plan = snapshot.plan
    return plan if plan is not None and now - plan.made_at < STALE_AFTER else None


def present_step(snapshot: PlanningSnapshot, now: datetime) -> PlanStep | None:
    """Return what holds *now*; ``None`` without a fresh plan."""
    plan = fresh_plan(snapshot, now)
    return None if plan is None else plan.at(now)


class PlanEntity(CoordinatorEntity[PlanningCoordinator]):
    """An entity on the Powerwall's device that also looks anew when a step ends or the plan becomes too old."""

    _attr_has_entity_name = True
    _wake: Callable[[], None] | None = None

    def __init__(self, planning: PlanningCoordinator, description: EntityDescription) -> None:
        super().__init__(planning)
        self.entity_description = description
        self._attr_unique_id = f"{planning.powerwall.subentry_id}_{description.key}"
        self._attr_device_info = planning.powerwall.device_info

    @property
    @override
    def available(self) -> bool:
        """Say always yes: without a plan the state is unknown, and what keeps it from being made is told."""
        return True

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self._sleep)
        self._wake_when_it_changes()

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        super()._handle_coordinator_update()
        self._wake_when_it_changes()

    @callback
    def _woken(self, _now: datetime) -> None:
        self._wake = None
        self.async_write_ha_state()
        self._wake_when_it_changes()

    @callback
    def _wake_when_it_changes(self) -> None:
        self._sleep()
        now = dt_util.utcnow()
        if (plan := fresh_plan(self.coordinator.data, now)) is None:
            return
        stale_at, step = plan.made_at + STALE_AFTER, plan.at(now)
        at = stale_at if step is None else min(stale_at, step.ends_at)
        self._wake = async_track_point_in_utc_time(self.hass, self._woken, at)

    @callback
    def _sleep(self) -> None:
        if self._wake is not None:
            self._wake()
            self._wake = None
