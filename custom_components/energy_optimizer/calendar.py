"""Calendars: the tiers of a tariff, Tempo's colours, and what the plan decides."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, override

from homeassistant.components.calendar import CalendarEntity, CalendarEntityDescription, CalendarEvent
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from .calendar_span import local_span
from .coordinators.powerwall import PowerwallCoordinator
from .coordinators.runtime import HomeConfigEntry
from .coordinators.source import SourceCoordinator
from .coordinators.tariff import TariffCoordinator
from .core.tariffs import BEGINNING, FOREVER, Tariff
from .core.tariffs.stretches import Span, Stretch, stretches
from .core.tariffs.tempo import TempoTariff
from .core.tariffs.text import price_text
from .entity import SourceEntity
from .plan_calendar import plan_calendars
from .tempo_calendar import ColourCalendar

PARALLEL_UPDATES = 0

_FORECAST_SIGN = "≈ "
_DAY = timedelta(days=1)
"""How far around a view equal neighbours are looked for, so that an event is the same in every view."""

DESCRIPTION = CalendarEntityDescription(key="tiers", translation_key="tiers")


async def async_setup_entry(
    hass: HomeAssistant,
    entry: HomeConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Make the calendars of each source the home has or gets."""
    entry.runtime_data.add_platform(async_add_entities, _calendars)


def _calendars(source: SourceCoordinator[Any]) -> Iterable[CalendarEntity]:
    if isinstance(source, PowerwallCoordinator):
        return plan_calendars(source)
    if not isinstance(source, TariffCoordinator):
        return []
    tiers = TierCalendar(source, DESCRIPTION)
    return [tiers, ColourCalendar(source)] if isinstance(source.tariff, TempoTariff) else [tiers]


class TierCalendar(SourceEntity[TariffCoordinator], CalendarEntity):
    """Which tier and prices hold when, forecasts marked with ≈; no event where nothing is known."""

    @property
    @override
    def event(self) -> CalendarEvent | None:
        if not self.available:
            return None
        now = dt_util.utcnow()
        today = dt_util.start_of_local_day()
        tomorrow = dt_util.start_of_local_day(today.date() + _DAY)
        if (tariff := self.coordinator.tariff) is None:
            return None
        around = _shown(tariff, now - _DAY, now + _DAY)
        present = next((slot for slot in around if slot.starts_at <= now < slot.ends_at), None)
        return None if present is None else self._event(_within(present, today, tomorrow))

    @override
    async def async_get_events(
        self, hass: HomeAssistant, start_date: datetime, end_date: datetime
    ) -> list[CalendarEvent]:
        if (tariff := self.coordinator.tariff) is None:
            return []

        def collect() -> list[CalendarEvent]:
            around = _shown(tariff, start_date - _DAY, end_date + _DAY)
            touching = (slot for slot in around if slot.starts_at < end_date and slot.ends_at > start_date)
            return [self._event(_within(slot, start_date, end_date)) for slot in touching]

        return await hass.async_add_executor_job(collect)

    def _event(self, stretch: Stretch) -> CalendarEvent:
        price = self._text(stretch.import_per_kwh, stretch)
        lines = [
            f"{sign} {text}"
            for sign, text in (("↓", price), ("↑", self._text(stretch.export_per_kwh, stretch)))
            if text is not None
        ]
        start, end = local_span(stretch.starts_at, stretch.ends_at)
        return CalendarEvent(
            start=start,
            end=end,
            summary=" · ".join(each for each in (stretch.tier, price) if each),
            description="\n".join(lines),
            uid=f"{self.coordinator.subentry_id}-{int(stretch.starts_at.timestamp())}",
        )

    def _text(self, span: Span | None, stretch: Stretch) -> str | None:
        if span is None:
            return None
        lowest, highest = map(price_text, span)
        prices = lowest if lowest == highest else f"{lowest} … {highest}"
        return f"{_FORECAST_SIGN if stretch.is_forecast else ''}{prices} {self.coordinator.currency}/kWh"


def _shown(tariff: Tariff, start: datetime, end: datetime) -> Iterator[Stretch]:
    """Yield what is worth an event; where tiers have names, a forecast without one is a cautious guess and is not."""
    for stretch in stretches(tariff.slots(start, end)):
        if stretch.tier or not (stretch.is_forecast and tariff.tiers):
            yield stretch


def _within(stretch: Stretch, start: datetime, end: datetime) -> Stretch:
    """Cut off what is endless of a stretch, since calendars know no such thing."""
    return replace(
        stretch,
        starts_at=start if stretch.starts_at == BEGINNING else stretch.starts_at,
        ends_at=end if stretch.ends_at == FOREVER else stretch.ends_at,
    )
