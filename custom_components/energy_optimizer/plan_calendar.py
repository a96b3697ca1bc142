"""What the plan decides when and what was decided in the last day, as a calendar."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final, override

from homeassistant.components.calendar import CalendarEntity, CalendarEntityDescription, CalendarEvent
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .calendar_span import local_span
from .coordinators.planning import find_planning
from .coordinators.powerwall import PowerwallCoordinator
from .core.model.plan import Plan
from .core.planning.past_stretches import PastStretch, past_stretches
from .core.planning.plan_stretches import PlanStretch, plan_stretches
from .plan_entity import PlanEntity, fresh_plan
from .plan_words import PlanWords

DESCRIPTION: Final = CalendarEntityDescription(key="decisions", translation_key="decisions")


def plan_calendars(powerwall: PowerwallCoordinator) -> Iterable[CalendarEntity]:
    """Make the calendar of a Powerwall's decisions."""
    planning = find_planning(powerwall)
    return [] if planning is None else [DecisionCalendar(planning, DESCRIPTION)]


class DecisionCalendar(PlanEntity, CalendarEntity):
    """Each decision as an event: why in the description of those to come, what the battery did in that of past ones."""

    @property
    @override
    def event(self) -> CalendarEvent | None:
        now = dt_util.utcnow()
        return next((each for each in self._events(now) if each.start <= now < each.end), None)

    @override
    async def async_get_events(
        self, hass: HomeAssistant, start_date: datetime, end_date: datetime
    ) -> list[CalendarEvent]:
        events = self._events(dt_util.utcnow())
        return [each for each in events if each.start < end_date and each.end > start_date]

    def _events(self, now: datetime) -> list[CalendarEvent]:
        words = PlanWords(self.hass)
        plan = fresh_plan(self.coordinator.data, now)
        ahead = plan_stretches(plan.steps) if plan else []
        past = past_stretches(self.coordinator.history.steps, ahead[0].starts_at if ahead else now)
        begun_at: datetime | None = None
        if past and ahead and (past[-1].ends_at, past[-1].decision) == (ahead[0].starts_at, ahead[0].decision.kind):
            begun_at = past.pop().starts_at
        events = [self._past(stretch, words) for stretch in past]
        for stretch in ahead:
            events.append(self._ahead(stretch, begun_at or stretch.starts_at, plan, words))
            begun_at = None
        return events

    def _past(self, stretch: PastStretch, words: PlanWords) -> CalendarEvent:
        summary, description = words.past(stretch)
        return self._event(stretch.starts_at, stretch.ends_at, summary, description)

    def _ahead(self, stretch: PlanStretch, starts_at: datetime, plan: Plan | None, words: PlanWords) -> CalendarEvent:
        reasons = "\n".join(words.reason(step, plan) for step in stretch.reasons)
        return self._event(starts_at, stretch.ends_at, words.stretch(stretch), reasons)

    def _event(self, starts_at: datetime, ends_at: datetime, summary: str, description: str | None) -> CalendarEvent:
        start, end = local_span(starts_at, ends_at)
        return CalendarEvent(
            start=start,
            end=end,
            summary=summary,
            description=description,
            uid=f"{self.coordinator.powerwall.subentry_id}-plan-{int(starts_at.timestamp())}",
        )
