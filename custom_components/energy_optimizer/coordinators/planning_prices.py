"""What a kWh cost and earned, what is published of that and what is foretold by whoever will publish it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Final

import numpy as np

from ..const import LOGGER
from ..core.accounting.slots import slot_start
from ..core.model.epoch_slots import slot_index, slot_starts_at
from ..core.model.forecast import Floats, Series
from ..core.model.metering import SLOT
from ..core.model.price import Certainty, PriceSlot
from ..core.model.regrid import regridded
from ..core.planning.foretold import HALF_HOUR, ForetoldBook
from ..core.tariffs import Tariff
from ..core.tariffs.horizon import HorizonSlot, PriceSource, horizon
from ..storage.ledger import LedgerUnavailableError
from .tariff import TariffCoordinator

KEPT: Final = timedelta(weeks=10)
READ_AGAIN: Final = timedelta(days=1)
WHOLE_AGAIN: Final = timedelta(hours=12)
NOTE_EVERY: Final = timedelta(minutes=30)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class SidePrices:
    """One direction's prices per kWh in half-hours of the clock; not a number where unknown."""

    past: Series
    """Up to the half-hour that runs."""
    known: Series
    """From the half-hour that runs on, as far as it is published."""
    given: Series | None
    """What was and is foretold by a publisher over both times; ``None`` if nothing ever was."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class PriceInputs:
    """Both directions."""

    import_: SidePrices
    export: SidePrices


class PlanningPrices:
    """Gathers the prices of a tariff; each look reads only what is new."""

    def __init__(self, import_book: ForetoldBook, export_book: ForetoldBook) -> None:
        self.books = {"import": import_book, "export": export_book}
        self._past: dict[str, Series] = {}
        self._source: TariffCoordinator | None = None
        """Whose prices are known; a tariff that is changed gets another."""
        self._read_whole_at: datetime | None = None
        self._noted_at: datetime | None = None

    async def async_gather(
        self, source: TariffCoordinator, tariff: Tariff, now: datetime, count: int, zone: tzinfo
    ) -> PriceInputs:
        """Return the prices that *tariff* of a source had in the last weeks, and those of *count* half-hours from now.

        The first is the half-hour that runs.
        """
        starts_at = slot_starts_at(slot_index(now, HALF_HOUR), HALF_HOUR)
        since = self._since(source, starts_at)
        slots = await self._published(source, since, starts_at)
        hass = source.hass
        past, ahead = await hass.async_add_executor_job(self._assemble, tariff, slots, since, starts_at, count)
        if since == starts_at - KEPT:
            self._source, self._read_whole_at = source, starts_at
        self._past = past
        if self._noted_at is None or not timedelta() <= now - self._noted_at < NOTE_EVERY:
            self._noted_at = now
            for side, book in self.books.items():
                book.note(ahead[side][1], now, zone)
        import_, export = (self._side(side, ahead[side], count) for side in ("import", "export"))
        return PriceInputs(import_=import_, export=export)

    def _since(self, source: TariffCoordinator, starts_at: datetime) -> datetime:
        whole, past = self._read_whole_at, self._past.get("import")
        oldest = starts_at - KEPT
        if whole is None or past is None or source is not self._source:
            return oldest
        if starts_at < past.ends_at or starts_at - whole >= WHOLE_AGAIN:
            return oldest
        return max(past.ends_at - READ_AGAIN, oldest)

    async def _published(self, source: TariffCoordinator, since: datetime, until: datetime) -> list[PriceSlot]:
        if source.feed is None:  # its rules tell all past prices
            return []
        try:
            return await source.config_entry.runtime_data.ledger.prices(since, until, tariff=source.subentry_id)
        except LedgerUnavailableError as err:
            LOGGER.debug("Past prices are not read from the ledger: %s", err)
            return []

    def _assemble(
        self, tariff: Tariff, published: Sequence[PriceSlot], since: datetime, starts_at: datetime, count: int
    ) -> tuple[dict[str, Series], dict[str, tuple[Series, Series]]]:
        """Return for each side the past in half-hours, and the published and foretold future."""
        slots = list(tariff.slots(since, starts_at))
        sure = [slot for slot in slots if slot.certainty is not Certainty.FORECAST]
        coming = horizon(tariff, starts_at, starts_at + HALF_HOUR * count)
        steps = round(KEPT / HALF_HOUR)
        past: dict[str, Series] = {}
        ahead: dict[str, tuple[Series, Series]] = {}
        for side in self.books:
            news = _means([*_prices(published, side), *_prices(sure, side)], since, starts_at)
            values = np.full(steps, np.nan)
            if (before := self._past.get(side)) is not None and since > starts_at - KEPT:
                shift = round((starts_at - before.ends_at) / HALF_HOUR)
                values[: steps - shift] = before.values[shift:]
            tail = values[steps - news.values.size :]
            np.copyto(tail, news.values, where=np.isfinite(news.values))
            past[side] = Series(starts_at=starts_at - KEPT, step=HALF_HOUR, values=values)
            end = starts_at + HALF_HOUR * count
            ahead[side] = (
                _means(_coming(coming, side, foretold=False), starts_at, end),
                _means(_coming(coming, side, foretold=True), starts_at, end),
            )
        return past, ahead

    def _side(self, side: str, ahead: tuple[Series, Series], count: int) -> SidePrices:
        past, (known, foretold) = self._past[side], ahead
        told = self.books[side].series(past.starts_at, HALF_HOUR, past.values.size + count).values
        future = told[past.values.size :]
        np.copyto(future, foretold.values, where=np.isfinite(foretold.values))
        given = Series(starts_at=past.starts_at, step=HALF_HOUR, values=told)
        return SidePrices(past=past, known=known, given=given if np.isfinite(told).any() else None)


def published_over(tariff: Tariff, edges: Sequence[datetime]) -> tuple[Floats, Floats]:
    """Return import and export prices as means over the steps between *edges*, not a number where not published.

    What is missing between two published prices is what plans count with there.
    """
    start = slot_start(edges[0])
    slots = horizon(tariff, start, edges[-1])
    sides = []
    for side in ("import", "export"):
        pieces = list(_coming(slots, side, foretold=False))
        series = _staircase(pieces, start, edges[-1])
        steps = pairwise(edges)
        means = [regridded(series, low, high - low, 1, least_known=1.0 - 1e-9).values[0] for low, high in steps]
        sides.append(np.array(means, dtype=np.float64))
    return sides[0], sides[1]


type _Piece = tuple[datetime, datetime, float]


def _prices(slots: Iterable[PriceSlot], side: str) -> Iterable[_Piece]:
    for slot in slots:
        price = slot.import_per_kwh if side == "import" else slot.export_per_kwh
        if price is not None:
            yield slot.starts_at, slot.ends_at, price


def _coming(slots: Iterable[HorizonSlot], side: str, *, foretold: bool) -> Iterable[_Piece]:
    """Yield what is published or stands in for it between published prices, or what is only foretold."""
    for each in slots:
        source = each.source if side == "import" else each.export_source
        is_foretold = source is PriceSource.KNOWN and each.slot.certainty is Certainty.FORECAST
        if source is not PriceSource.BEYOND and is_foretold is foretold:
            yield from _prices([each.slot], side)


def _means(pieces: Iterable[_Piece], start: datetime, end: datetime) -> Series:
    """Return half-hours from *start* to *end*; of two prices of one time the later in *pieces* holds."""
    return regridded(_staircase(pieces, start, end), start, HALF_HOUR, round((end - start) / HALF_HOUR))


def _staircase(pieces: Iterable[_Piece], start: datetime, end: datetime) -> Series:
    count = -(-(end - start) // SLOT)
    values = np.full(count, np.nan)
    for starts_at, ends_at, price in pieces:
        low = max((max(starts_at, start) - start) // SLOT, 0)
        high = max(-(-(min(ends_at, end) - start) // SLOT), 0)
        values[low:high] = price
    return Series(starts_at=start, step=SLOT, values=values)
