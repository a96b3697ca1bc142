"""The tiers of a tariff as a calendar."""

from datetime import datetime, timedelta
from typing import Any, override

from homeassistant.components.calendar import CalendarEntity, CalendarEntityDescription, CalendarEvent
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from .coordinators.runtime import HomeConfigEntry
from .coordinators.source import SourceCoordinator
from .coordinators.tariff import TariffCoordinator
from .core.model.price import PriceSlot
from .core.tariffs import BEGINNING, FOREVER, clipped
from .core.tariffs.text import price_text
from .entity import SourceEntity

PARALLEL_UPDATES = 0

DESCRIPTION = CalendarEntityDescription(key="tiers", translation_key="tiers")


async def async_setup_entry(
    hass: HomeAssistant,
    entry: HomeConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Make a calendar of each tariff the home has or gets."""
    entry.runtime_data.add_platform(async_add_entities, _calendars)


def _calendars(source: SourceCoordinator[Any]) -> list[CalendarEntity]:
    return [TierCalendar(source, DESCRIPTION)] if isinstance(source, TariffCoordinator) else []


class TierCalendar(SourceEntity[TariffCoordinator], CalendarEntity):
    """Which tier holds when; always within an event, because some tier always holds."""

    @property
    @override
    def event(self) -> CalendarEvent | None:
        if not self.available:
            return None
        today = dt_util.start_of_local_day()
        tomorrow = dt_util.start_of_local_day(today.date() + timedelta(days=1))
        return self._event(_within(self.coordinator.data.slot, today, tomorrow))

    @override
    async def async_get_events(
        self, hass: HomeAssistant, start_date: datetime, end_date: datetime
    ) -> list[CalendarEvent]:
        if (tariff := self.coordinator.tariff) is None:
            return []

        def collect() -> list[CalendarEvent]:
            return [self._event(_within(slot, start_date, end_date)) for slot in tariff.slots(start_date, end_date)]

        return await hass.async_add_executor_job(collect)

    def _event(self, slot: PriceSlot) -> CalendarEvent:
        unit = f"{self.coordinator.currency}/kWh"
        prices = [
            f"{sign} {price_text(price)} {unit}"
            for sign, price in (("↓", slot.import_per_kwh), ("↑", slot.export_per_kwh))
            if price is not None
        ]
        price = None if slot.import_per_kwh is None else f"{price_text(slot.import_per_kwh)} {unit}"
        return CalendarEvent(
            start=dt_util.as_local(slot.starts_at),
            end=dt_util.as_local(slot.ends_at),
            summary=f"{slot.tier} · {price}" if price else slot.tier,
            description="\n".join(prices),
            uid=f"{self.coordinator.subentry_id}-{int(slot.starts_at.timestamp())}",
        )


def _within(slot: PriceSlot, start: datetime, end: datetime) -> PriceSlot:
    """Cut off what is endless of a slot, since calendars know no such thing."""
    return next(
        clipped(
            (slot,),
            start if slot.starts_at == BEGINNING else slot.starts_at,
            end if slot.ends_at == FOREVER else slot.ends_at,
        )
    )
