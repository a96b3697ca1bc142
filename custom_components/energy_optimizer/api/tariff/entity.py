"""Prices from entities and actions of other integrations."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.util import dt as dt_util

from ...core.model.price import PriceSlot
from ...core.tariffs.published import PublishedTariff, merged, without_before
from ...core.tariffs.stored_slots import slots_from_data, slots_to_data
from ..errors import SourceError
from .entity_prices import EntityTariffSettings, one_sided, two_sided
from .entity_source import EntitySource, Reading, SourceSettings, Way, siblings

KEPT: Final = timedelta(days=3)
"""How long prices that are over are remembered."""
TOMORROW_FROM: Final = time(13)
"""Local time from which tomorrow's prices are asked for; day-ahead markets publish them about then."""
_STEP: Final = {Way.STATE: timedelta(minutes=5)}
_USUAL_STEP: Final = timedelta(minutes=15)
_FIRST_RETRY: Final = timedelta(minutes=1)
_WHOLE_DAY: Final = timedelta(hours=22)
"""An answer that covers this much is a whole day's, whatever the clocks do."""


class _Side:
    """What one source has told, in currency per kWh and without surcharge."""

    def __init__(self, source: EntitySource) -> None:
        self.source = source
        self.known: tuple[PriceSlot, ...] = ()
        self._answered: set[date] = set()

    async def refresh(self, now: datetime) -> None:
        """Ask for what is not known yet; what is not there any more leaves what is known in place."""
        self.source.check_unit()
        today = dt_util.as_local(now).date()
        if not self.source.asks_for_days:
            self._take(await self.source.read(now, today), now)
            return
        days = [today - timedelta(days=1), today, today + timedelta(days=1)]
        if dt_util.as_local(now).time() < TOMORROW_FROM:
            days.pop()
        self._answered &= set(days)
        for day in days:
            if day not in self._answered:
                await self._ask(day, now, is_needed=day == today)

    async def _ask(self, day: date, now: datetime, *, is_needed: bool) -> None:
        try:
            reading = await self.source.read(now, day)
        except SourceError:
            if is_needed:
                raise
            return
        self._take(reading, now)
        if reading.prices and reading.prices[-1].ends_at - reading.prices[0].starts_at >= _WHOLE_DAY:
            self._answered.add(day)

    def _take(self, reading: Reading, now: datetime) -> None:
        news = one_sided(reading.prices, self.source.settings.measure)
        self.known = without_before(merged(self.known, news), now - KEPT)

    def restore(self, stored: Mapping[str, Any]) -> None:
        """Take up what an earlier run knew, if it read the same source."""
        known = slots_from_data(stored["slots"])
        PublishedTariff(known)
        if SourceSettings.from_data(stored["source"]) == self.source.settings:
            self.known = known

    def to_store(self) -> dict[str, Any]:
        """Return what must outlast a restart."""
        return {"source": self.source.settings.to_data(), "slots": slots_to_data(self.known)}


class EntityFeed:
    """The price feed of a tariff whose prices other integrations know."""

    def __init__(self, hass: HomeAssistant, data: Mapping[str, Any], currency: str, ask: Callable[[], None]) -> None:
        """Listen to the entities; *ask* is called when one of them changed.

        Raises:
            KeyError, TypeError, ValueError: if *data* describe no such tariff.
        """
        self._settings = EntityTariffSettings.from_data(data)
        self._ask = ask
        self._currency = currency
        self._import = _Side(EntitySource(hass, self._settings.import_source, currency))
        self._sides = {"import": self._import}
        if self._settings.export_source is not None:
            self._sides["export"] = _Side(EntitySource(hass, self._settings.export_source, currency))
        self._failures = 0
        self._tariff = PublishedTariff(())
        self._unsubscribe = async_track_state_change_event(hass, self._entity_ids(), self._changed)

    @property
    def tariff(self) -> PublishedTariff:
        """All that is known now."""
        return self._tariff

    async def refresh(self, now: datetime) -> None:
        """Read all sources; one that fails keeps its prices and does not hinder the other.

        Raises:
            SourceError: of the first source that failed.
        """
        failures: list[SourceError] = []
        for side in self._sides.values():
            try:
                await side.refresh(now)
            except SourceError as err:
                failures.append(err)
        self._join()
        self._failures = self._failures + 1 if failures else 0
        if failures:
            raise failures[0]

    def next_refresh(self, now: datetime) -> datetime:
        """Return the next full 5 or 15 minutes; after a failure one minute from now, then ever later."""
        step = min(_STEP.get(side.source.settings.way, _USUAL_STEP) for side in self._sides.values())
        if self._failures:
            return now + min(_FIRST_RETRY * (1 << min(self._failures - 1, 8)), step)
        seconds = step.total_seconds()
        return datetime.fromtimestamp((now.timestamp() // seconds + 1) * seconds, UTC)

    def facts(self, now: datetime) -> None:  # noqa: ARG002 - part of the protocol
        """Entities tell nothing but prices."""
        return

    def restore(self, stored: Mapping[str, Any]) -> None:
        """Take up what an earlier run knew, of the sources that are still the same and in the same currency."""
        if stored.get("currency", self._currency) != self._currency:
            return
        for name, side in self._sides.items():
            if name in stored:
                side.restore(stored[name])
        self._join()

    def to_store(self) -> dict[str, Any]:
        """Return what must outlast a restart."""
        return {"currency": self._currency} | {name: side.to_store() for name, side in self._sides.items()}

    async def close(self) -> None:
        """Stop listening."""
        self._unsubscribe()

    def diagnostics(self) -> dict[str, Any]:
        """Return how many prices are known, and until when."""
        return {
            "failures": self._failures,
            **{
                name: {
                    "way": side.source.settings.way.value,
                    "slots": len(side.known),
                    "known_from": side.known[0].starts_at if side.known else None,
                    "known_until": side.known[-1].ends_at if side.known else None,
                }
                for name, side in self._sides.items()
            },
        }

    def _join(self) -> None:
        exports = self._sides["export"].known if "export" in self._sides else ()
        slots = two_sided(self._import.known, exports, self._settings)
        if slots != self._tariff.published:
            self._tariff = PublishedTariff(slots)

    def _entity_ids(self) -> list[str]:
        own = [side.source.settings.entity_id for side in self._sides.values()]
        return [each for entity_id in own if entity_id for each in (entity_id, *siblings(entity_id))]

    @callback
    def _changed(self, _event: Event[EventStateChangedData]) -> None:
        self._ask()
