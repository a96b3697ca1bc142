"""Keeps a Powerwall's tariff in step with the home's prices."""

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Final

from homeassistant.core import CALLBACK_TYPE, callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util import dt as dt_util

from ..api.powerwall.tesla_tariff import TariffNames, tesla_tariff
from ..api.powerwall.tesla_tariff_check import validate
from ..const import DOMAIN, LOGGER, SUBENTRY_TARIFF
from ..control.powerwall import PowerwallControl
from ..coordinators.powerwall import PowerwallCoordinator
from ..coordinators.tariff import TariffCoordinator
from ..core.model.price import PriceSlot
from ..core.tariffs import Tariff, clipped
from ..core.tariffs.rolling_day import RollingDay, Unsyncable, WhyUnsyncable, rolling_day
from ..storage.ledger import LedgerUnavailableError

EVERY: Final = timedelta(minutes=5)
"""Neither more often nor, while prices stand still, more rarely."""
HISTORY: Final = timedelta(hours=26)


class WhyNotSynced(StrEnum):
    """Why the Powerwall does not get the home's prices now; what it has, it keeps."""

    NO_TARIFF = "no_tariff"
    """The home has none: the Powerwall gets its old one back."""
    NO_PRICES = "no_prices"
    HOLE = "hole"
    IMPORT_UNKNOWN = "import_unknown"
    EXPORT_UNKNOWN = "export_unknown"
    UNSOUND = "unsound"
    CHANGED_ELSEWHERE = "changed_elsewhere"
    """Somebody gave it another tariff, which stays until the prices change."""
    NOT_CONFIRMED = "not_confirmed"


_BY_CAUSE: Final = {
    WhyUnsyncable.HOLE: WhyNotSynced.HOLE,
    WhyUnsyncable.IMPORT_UNKNOWN: WhyNotSynced.IMPORT_UNKNOWN,
    WhyUnsyncable.EXPORT_UNKNOWN: WhyNotSynced.EXPORT_UNKNOWN,
}


class TariffSync:
    """The tariff sync of one Powerwall."""

    def __init__(self, powerwall: PowerwallCoordinator, control: PowerwallControl) -> None:
        self._powerwall = powerwall
        self._hass = powerwall.hass
        self._control = control
        self._stop: list[CALLBACK_TYPE] = []
        self._listened_to: TariffCoordinator | None = None
        self._stop_listening: Callable[[], None] | None = None
        self._made_at: datetime | None = None
        self._refused: WhyNotSynced | None = None
        self._making = False
        self.stand_ins = 0
        """How many half-hours repeat an earlier price, their own not being published yet."""

    @property
    def is_on(self) -> bool:
        """Whether prices are passed on."""
        return self._control.state.sync_is_on

    @property
    def synced_at(self) -> datetime | None:
        """When the Powerwall first showed the tariff that it has now."""
        return self._control.state.synced_at

    @property
    def why_not(self) -> WhyNotSynced | None:
        """Why the Powerwall does not have the home's prices of now; ``None`` if it has them or need not."""
        if not self.is_on or self._refused is not None:
            return self._refused if self.is_on else None
        if "tariff" in self._control.changed_elsewhere:
            return WhyNotSynced.CHANGED_ELSEWHERE
        state = self._control.state
        return None if self._control.has_synced_tariff or state.force or state.decided else WhyNotSynced.NOT_CONFIRMED

    @callback
    def start(self) -> None:
        """Go on if it was on."""
        if self.is_on and not self._stop:
            self._stop.append(async_track_time_interval(self._hass, self._look, EVERY))
            self._listen()
            self._hass.async_create_task(self._pass_on(), "Pass on the home's prices")

    @callback
    def stop(self) -> None:
        """Pass nothing on any more and leave everything as it is."""
        for stop in self._stop:
            stop()
        self._stop.clear()
        if self._stop_listening is not None:
            self._stop_listening()
        self._stop_listening = self._listened_to = None

    async def async_turn_on(self) -> None:
        """Begin to pass prices on.

        Raises:
            ServiceValidationError: if the home has no tariff.
        """
        if not self._has_tariff:
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="sync_without_tariff",
                translation_placeholders={"name": self._powerwall.title},
            )
        await self._control.async_sync(self._control.state.synced_tariff)
        if not self._stop:
            self._stop.append(async_track_time_interval(self._hass, self._look, EVERY))
            self._listen()
        await self._pass_on(wait=True)

    async def async_turn_off(self) -> None:
        """End it and put back the tariff that stood before."""
        self.stop()
        self._refused, self.stand_ins = None, 0
        await self._control.async_stop_sync()

    async def async_sync_now(self) -> None:
        """Pass the prices on now and wait for the Powerwall to show them.

        Raises ``ServiceValidationError`` if sync is off, ``HomeAssistantError`` if the Powerwall does not follow.
        """
        if not self.is_on:
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="sync_is_off",
                translation_placeholders={"name": self._powerwall.title},
            )
        await self._pass_on(wait=True)
        if (why := self.why_not) is not None:
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key=f"not_synced_{why.value}",
                translation_placeholders={"name": self._powerwall.title},
            )

    @callback
    def on_sources_changed(self) -> None:
        """Follow the home's tariff when it comes, changes or goes."""
        if self._stop:
            self._listen()
            self._hass.async_create_task(self._pass_on(), "Pass on the home's prices")

    @property
    def _has_tariff(self) -> bool:
        return any(True for _ in self._powerwall.config_entry.get_subentries_of_type(SUBENTRY_TARIFF))

    def _source(self) -> TariffCoordinator | None:
        sources = self._powerwall.config_entry.runtime_data.sources.values()
        return next((source for source in sources if isinstance(source, TariffCoordinator)), None)

    @callback
    def _listen(self) -> None:
        source = self._source()
        if source is self._listened_to:
            return
        if self._stop_listening is not None:
            self._stop_listening()
        self._listened_to = source
        self._stop_listening = source.async_add_listener(self._on_prices) if source is not None else None

    @callback
    def _on_prices(self) -> None:
        """Pass on what is new at once, unless this was done just now: the next look is not far."""
        if self._made_at is None or dt_util.utcnow() - self._made_at >= EVERY:
            self._hass.async_create_task(self._pass_on(), "Pass on the home's prices")

    async def _look(self, _now: datetime) -> None:
        await self._pass_on()

    async def _pass_on(self, *, wait: bool = False) -> None:
        """Make a tariff of the prices of now; the control sends it if it differs from what the Powerwall has."""
        if self._making:
            return
        self._making, self._made_at = True, dt_util.utcnow()
        try:
            made = await self._make()
        finally:
            self._making = False
        if not self.is_on:
            return
        if isinstance(made, WhyNotSynced):
            if made is not self._refused:
                LOGGER.warning("%s does not get the home's prices: %s", self._powerwall.title, made)
            self._refused, self.stand_ins = made, 0
            if made is WhyNotSynced.NO_TARIFF:
                await self._control.async_sync(None)
            self._control.tell()
            return
        if self._refused is not None:
            LOGGER.info("%s gets the home's prices again", self._powerwall.title)
        day, tariff = made
        self._refused, self.stand_ins = None, len(day.stand_ins)
        await self._control.async_sync(tariff, wait=wait)
        self._control.tell()

    async def _make(self) -> tuple[RollingDay, dict[str, object]] | WhyNotSynced:
        source = self._source()
        if not self._has_tariff:
            return WhyNotSynced.NO_TARIFF
        if source is None or (tariff := source.tariff) is None:
            return WhyNotSynced.NO_PRICES
        now = dt_util.utcnow()
        try:
            ledger = self._powerwall.config_entry.runtime_data.ledger
            kept = await ledger.prices(now - HISTORY, now, tariff=source.subentry_id)
            history = list(clipped(kept, now - HISTORY, now))  # what an earlier tariff said of the future is void
        except LedgerUnavailableError:
            history = []
        day = await self._hass.async_add_executor_job(_rolling_day(tariff, now, history))
        if isinstance(day, Unsyncable):
            return _BY_CAUSE[day.why]
        made = tesla_tariff(day, TariffNames(name=source.title, utility="Energy Optimizer", currency=source.currency))
        if problems := validate(made):
            LOGGER.error("The prices of %s make no sound tariff: %s", source.title, "; ".join(problems))
            return WhyNotSynced.UNSOUND
        return day, made


def _rolling_day(tariff: Tariff, now: datetime, history: list[PriceSlot]) -> Callable[[], RollingDay | Unsyncable]:
    return partial(rolling_day, tariff, now, dt_util.get_default_time_zone(), history=history)
