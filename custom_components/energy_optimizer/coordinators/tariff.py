"""Knows what a kWh costs now and later, and counts what today's energy cost."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, override

from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import EVENT_CORE_CONFIG_UPDATE
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.event import async_track_point_in_utc_time
from homeassistant.helpers.update_coordinator import UpdateFailed
from homeassistant.util import dt as dt_util

from ..api.errors import NonsenseError, RefusedError, SourceError
from ..api.tariff import PriceFeed
from ..api.tariff.public_holidays import look_up
from ..const import CONF_CURRENCY, DOMAIN, LOGGER
from ..core.accounting.cost import DayCost
from ..core.model.energy import EnergyTotals
from ..core.model.price import PriceSlot
from ..core.tariffs import FOREVER, Tariff
from ..core.tariffs.days import Holidays
from ..core.tariffs.holiday_rule import HolidayRule
from ..core.tariffs.local_days import day_starts_at
from ..core.tariffs.serialisation import UnreadableTariffError
from ..storage.tariff_day import StoredDay, TariffDayStore, day_from_json, day_to_json
from ..storage.tariff_feed import TariffFeedStore
from .bills import BillsCoordinator
from .runtime import HomeConfigEntry
from .signals import signal_energy, signal_new_meters
from .source import SourceCoordinator, error_key
from .tariff_books import TariffBooks
from .tariff_kinds import make_feed, make_tariff

SHOW_EVERY: Final = timedelta(minutes=1)
"""Money is counted on each reading of the meters and shown this often, to spare the recorder."""
_HOLIDAYS_AHEAD: Final = timedelta(days=366)
_MOMENT: Final = timedelta(seconds=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class TariffSnapshot:
    """Prices now and the money of today."""

    slot: PriceSlot
    today: DayCost
    today_starts_at: datetime
    facts: object = None
    """What a feed knows beyond prices; ``None`` for a tariff without one."""
    connection: str = "ok"
    """How the last attempt to ask for prices ended, one of ``CONNECTION_STATES``."""

    @property
    def next_change(self) -> datetime | None:
        """When tier or prices change next; ``None`` if never."""
        return None if self.slot.ends_at == FOREVER else self.slot.ends_at


class TariffCoordinator(SourceCoordinator[TariffSnapshot]):
    """The tariff of a home: wakes when prices change and at midnight, and listens to the home's meters."""

    def __init__(self, hass: HomeAssistant, entry: HomeConfigEntry, subentry: ConfigSubentry) -> None:
        super().__init__(hass, entry, subentry, update_interval=None)
        self.tariff: Tariff | None = None
        """``None`` until it is loaded, and if its settings cannot be read."""
        self.feed: PriceFeed | None = None
        """Where prices come from that are published bit by bit; ``None`` for a tariff that is known beforehand."""
        self.connection = "ok"
        self.currency: str = entry.data[CONF_CURRENCY]
        self._store = TariffDayStore(hass, subentry.subentry_id)
        self._feed_store = TariffFeedStore(hass, subentry.subentry_id)
        self._books: TariffBooks | None = None
        self._day = DayCost(day=dt_util.now().date(), currency=self.currency)
        self._loaded = False
        self._shown_at: datetime | None = None
        self._wake: Callable[[], None] | None = None
        self._ask: Callable[[], None] | None = None
        self._unsubscribe: list[Callable[[], None]] = []
        self.bills = BillsCoordinator(hass, self)

    @property
    @override
    def device_info(self) -> dr.DeviceInfo:
        return dr.DeviceInfo(
            identifiers={(DOMAIN, self.subentry_id)},
            name=self.title,
            entry_type=dr.DeviceEntryType.SERVICE,
            via_device_id=self.config_entry.runtime_data.home_device_id,
        )

    @override
    async def async_start(self) -> None:
        if (stored := await self._store.async_load_or_begin(day_from_json)) is not None:
            self._day = stored.in_currency(self.currency)
        self._loaded = True
        if self._shutdown_requested:
            return
        self._books = TariffBooks(self.config_entry.runtime_data.ledger, self.subentry_id)
        await self._books.async_begin({**self.settings, "currency": self.currency}, dt_util.utcnow())
        await self._start_feed()
        await self.async_refresh()
        if self.tariff is None or self._shutdown_requested:
            return
        entry_id = self.config_entry.entry_id
        self._unsubscribe = [
            async_dispatcher_connect(self.hass, signal_energy(entry_id), self._take_in),
            async_dispatcher_connect(self.hass, signal_new_meters(entry_id), self._start_counters_anew),
            self.hass.bus.async_listen(EVENT_CORE_CONFIG_UPDATE, self._time_zone_changed),
        ]
        self.bills.async_start()

    async def _start_feed(self) -> None:
        """Take up what a feed knew before, and ask it for what is new."""
        try:
            self.feed = await make_feed(self)
        except (KeyError, TypeError, ValueError) as err:
            LOGGER.error("The settings of %s cannot be read: %r", self.title, err)
            return
        if self.feed is not None:
            await self._feed_store.async_load_or_begin(self.feed.restore)
            await self._refresh_feed()

    async def _refresh_feed(self) -> None:
        """Ask the feed, note how that ended, and ask again when it says so."""
        if (feed := self.feed) is None:
            return
        try:
            await feed.refresh(dt_util.utcnow())
        except SourceError as err:
            self._note_failure(err)
        else:
            if self.connection != "ok":
                LOGGER.info("%s has prices again", self.title)
            self.connection = "ok"
            if not self._shutdown_requested:  # else it was stored already
                self._feed_store.async_save_soon(feed.to_store)
        if not self._shutdown_requested and self._ask is None:
            self._ask = async_track_point_in_utc_time(self.hass, self._asked, feed.next_refresh(dt_util.utcnow()))

    @callback
    def ask_soon(self) -> None:
        """Ask the feed in a moment, because it has news; what follows within that moment is asked for together."""
        if self._shutdown_requested:
            return
        if self._ask is not None:
            self._ask()
        self._ask = async_track_point_in_utc_time(self.hass, self._asked, dt_util.utcnow() + _MOMENT)

    def _note_failure(self, err: SourceError) -> None:
        if self.connection == "ok":
            LOGGER.warning("%s gets no new prices: %r", self.title, err)
        if self.connection != (key := error_key(err)):
            self.connection = key
            self.async_update_listeners()
        if isinstance(err, RefusedError) and not self._shutdown_requested:
            self.start_reauth(self.settings["kind"])

    async def _asked(self, _now: datetime) -> None:
        self._ask = None
        await self._refresh_feed()
        if not self._shutdown_requested:
            await self.async_refresh()

    @override
    async def async_stop(self) -> None:
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        self._unsubscribe.clear()
        self._sleep()
        await self.bills.async_shutdown()
        await super().async_stop()
        if self._ask is not None:
            self._ask()
            self._ask = None
        if self._loaded:  # else the file knows more than we do
            await self._store.async_save(self._to_store())
        if self.feed is not None:
            await self._feed_store.async_save(self.feed.to_store())
            await self.feed.close()

    @override
    async def async_forget(self) -> None:
        await self._store.async_remove()
        await self._feed_store.async_remove()

    @override
    async def _async_update_data(self) -> TariffSnapshot:
        self.tariff = await self._load_tariff()
        now = dt_util.utcnow()
        self._note_prices(self.tariff)
        snapshot = self._look(self.tariff, now)
        if self.connection != "ok" and snapshot.slot.import_per_kwh is None:
            raise UpdateFailed(
                translation_domain=DOMAIN,
                translation_key=f"tariff_{self.connection}",
                translation_placeholders={"name": self.title},
            )
        return snapshot

    def _note_prices(self, tariff: Tariff) -> None:
        if self._books is not None:
            zone = dt_util.get_default_time_zone()
            self._books.note(tariff, dt_util.utcnow(), zone, may_learn=self.feed is not None)

    async def _load_tariff(self) -> Tariff:
        """Make the tariff of its settings, with the holidays of the years around now.

        Raises:
            UpdateFailed: if the settings describe no tariff.
        """
        if self.feed is not None:
            return self.feed.tariff
        try:
            return await make_tariff(self, await self._holidays())
        except (UnreadableTariffError, KeyError, TypeError, ValueError) as err:
            raise UpdateFailed(
                translation_domain=DOMAIN,
                translation_key="tariff_unreadable",
                translation_placeholders={"name": self.title, "detail": str(err)},
            ) from err

    async def _holidays(self) -> Holidays | None:
        if (data := self.settings.get("holidays")) is None:
            return None
        rule = HolidayRule.from_data(data)
        year = dt_util.now().year
        try:
            return await self.hass.async_add_executor_job(look_up, rule, year - 1, year + 2)
        except NonsenseError as err:
            LOGGER.warning("%s knows only its own holidays: %s", self.title, err)
            own = replace(rule, country=None)
            return await self.hass.async_add_executor_job(look_up, own, year - 1, year + 2)

    def _look(self, tariff: Tariff, now: datetime) -> TariffSnapshot:
        """Say what holds *now* and wake up when that ends."""
        zone = dt_util.get_default_time_zone()
        today = now.astimezone(zone).date()
        slot = tariff.at(now)
        self._day = self._day.on(today, zone)
        self._shown_at = now
        self._sleep()
        if not self._shutdown_requested:  # while the holidays were looked up
            tomorrow = day_starts_at(today + timedelta(days=1), zone)
            self._wake = async_track_point_in_utc_time(self.hass, self._woken, min(slot.ends_at, tomorrow))
        return TariffSnapshot(
            slot=slot,
            today=self._day,
            today_starts_at=day_starts_at(today, zone),
            facts=self.feed.facts(now) if self.feed else None,
            connection=self.connection,
        )

    async def _woken(self, now: datetime) -> None:
        self._wake = None
        if self.tariff is None:
            return
        if self.feed is None and (until := self.tariff.known_until) is not None and until - now < _HOLIDAYS_AHEAD:
            self.tariff = await self._load_tariff()
        if self._shutdown_requested:
            return
        self._note_prices(self.tariff)
        self.async_set_updated_data(self._look(self.tariff, dt_util.utcnow()))

    async def _time_zone_changed(self, event: Event[dict[str, Any]]) -> None:
        if "time_zone" in event.data:
            await self.async_refresh()

    def _sleep(self) -> None:
        if self._wake is not None:
            self._wake()
            self._wake = None

    @callback
    def _take_in(self, totals: EnergyTotals, at: datetime) -> None:
        """Price what flowed since the meters were last read."""
        if self.tariff is None or self._shutdown_requested:
            return
        known_before = (self._day.bought, self._day.sold)
        self._day = self._day.advance(totals, at, self.tariff, dt_util.get_default_time_zone())
        self._store.async_save_soon(self._to_store)
        first = None in known_before and (self._day.bought, self._day.sold) != known_before
        if first or self._shown_at is None or not timedelta() <= at - self._shown_at < SHOW_EVERY:
            self.async_set_updated_data(self._look(self.tariff, dt_util.utcnow()))

    @callback
    def _start_counters_anew(self) -> None:
        """Keep today's money and begin with the next reading, because other meters are read from now on."""
        if self._shutdown_requested:
            return
        self._day = self._day.with_new_meters()
        self._store.async_save_soon(self._to_store)

    def _to_store(self) -> StoredDay:
        return day_to_json(self._day)

    @override
    def diagnostics(self) -> dict[str, Any]:
        return {
            "last_update_success": self.last_update_success,
            "settings": dict(self.settings),
            "known_until": self.tariff.known_until if self.tariff else None,
            "today": self._to_store(),
            "connection": self.connection,
            "feed": self.feed.diagnostics() if self.feed else None,
        }
