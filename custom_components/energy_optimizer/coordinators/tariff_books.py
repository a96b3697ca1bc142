"""Tells the ledger what a tariff publishes, so that bills keep the prices that held."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final

from ..api.tariff.tempo_settings import new_prices_since
from ..const import LOGGER
from ..core.model.price import Certainty, PriceSlot
from ..core.tariffs import Tariff, clipped
from ..core.tariffs.local_days import day_starts_at
from ..storage.ledger import HomeLedger, LedgerUnavailableError
from ..storage.ledger.records import settings_text

LONGEST_ABSENCE: Final = timedelta(days=60)
"""For so long back, prices that were missed while Home Assistant was off are filled in."""
_REFRESHED: Final = timedelta(days=2)
"""For so long back, prices that are known beforehand are noted again, in case they were not taken in."""
_AHEAD: Final = timedelta(days=1)


class TariffBooks:
    """The ledger's view of one tariff."""

    def __init__(self, ledger: HomeLedger, tariff_id: str) -> None:
        self._ledger = ledger
        self._tariff_id = tariff_id
        self._since: datetime | None = None
        self._caught_up = False

    async def async_begin(self, settings: Mapping[str, Any], now: datetime) -> None:
        """Find out since when the tariff has been as it is; from then on its prices are what bills are made of.

        Prices that were entered with the date since which they hold count from that date on.
        """
        try:
            known = await self._ledger.terms(now - LONGEST_ABSENCE, now + timedelta(seconds=1))
        except LedgerUnavailableError as err:
            LOGGER.debug("Prices before now cannot be filled in: %s", err)
            known = []
        last = known[-1] if known else None
        unchanged = (
            last is not None
            and last.tariff == self._tariff_id
            and settings_text(last.settings) == settings_text(settings)
        )
        self._since = last.since if last is not None and unchanged else now
        if last is not None and not unchanged and last.tariff == self._tariff_id:
            told = new_prices_since(settings, last.settings)
            self._since = now if told is None else min(now, max(last.since, told))
        self._ledger.note_terms(self._tariff_id, str(settings.get("kind")), settings, self._since)

    def note(self, tariff: Tariff, now: datetime, time_zone: tzinfo, *, may_learn: bool) -> None:
        """Note the prices that are known, for the time in which the tariff has held.

        A tariff that *may learn* of past prices, as after an outage of its publisher, is looked through far back.
        """
        if self._since is None:
            return
        back = LONGEST_ABSENCE if may_learn or not self._caught_up else _REFRESHED
        slots = list(published(tariff, max(self._since, now - back), now + _AHEAD, time_zone))
        self._caught_up = True
        self._ledger.note_prices(self._tariff_id, slots, now)


def published(tariff: Tariff, start: datetime, end: datetime, time_zone: tzinfo) -> Iterator[PriceSlot]:
    """Yield what of a tariff is more than a forecast, cut at local midnights so that endless slots have pieces."""
    day = start.astimezone(time_zone).date()
    while (day_start := day_starts_at(day, time_zone)) < end:
        day += timedelta(days=1)
        first, last = max(start, day_start), min(end, day_starts_at(day, time_zone))
        for slot in clipped(tariff.slots(first, last), max(start, day_start), day_starts_at(day, time_zone)):
            unknown = slot.import_per_kwh is None and slot.export_per_kwh is None
            if slot.certainty is not Certainty.FORECAST and not unknown:
                yield slot
