"""The colours of a Tempo tariff as a calendar."""

from datetime import date, datetime, timedelta
from typing import override

from homeassistant.components.calendar import CalendarEntity, CalendarEntityDescription, CalendarEvent
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .coordinators.tariff import TariffCoordinator
from .core.tariffs.tempo import COLOUR_NAMES, TempoTariff
from .core.tariffs.tempo_rules import Colour, tempo_day, tempo_day_starts_at
from .entity import SourceEntity

DESCRIPTION = CalendarEntityDescription(key="colours", translation_key="colours")
_DAY = timedelta(days=1)


class ColourCalendar(SourceEntity[TariffCoordinator], CalendarEntity):
    """Which colour each day has, from six in the morning; days without a known colour have no event."""

    def __init__(self, coordinator: TariffCoordinator) -> None:
        super().__init__(coordinator, DESCRIPTION)

    @property
    @override
    def event(self) -> CalendarEvent | None:
        colours = self._colours()
        today = tempo_day(dt_util.utcnow())
        return next((self._event(day, colours[day]) for day in (today, today + _DAY) if day in colours), None)

    @override
    async def async_get_events(
        self, hass: HomeAssistant, start_date: datetime, end_date: datetime
    ) -> list[CalendarEvent]:
        return [
            self._event(day, colour)
            for day, colour in sorted(self._colours().items())
            if tempo_day_starts_at(day) < end_date and tempo_day_starts_at(day + _DAY) > start_date
        ]

    def _colours(self) -> dict[date, Colour]:
        tariff = self.coordinator.tariff
        return dict(tariff.colours) if isinstance(tariff, TempoTariff) else {}

    def _event(self, day: date, colour: Colour) -> CalendarEvent:
        return CalendarEvent(
            start=dt_util.as_local(tempo_day_starts_at(day)),
            end=dt_util.as_local(tempo_day_starts_at(day + _DAY)),
            summary=COLOUR_NAMES[colour],
            uid=f"{self.coordinator.subentry_id}-{day.isoformat()}",
        )
