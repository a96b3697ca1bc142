"""The ledger: prices as they were published, energies per slot, and the counters that both are checked against."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from homeassistant.exceptions import HomeAssistantError
from sqlalchemy import Connection

from ...const import DOMAIN
from ...core.accounting.slots import SlotRows, Track
from ...core.model.metering import MeteredInterval
from ...core.model.price import PriceSlot
from . import queries
from .check import CheckReport, check, row_counts, size_bytes
from .database import Database
from .errors import LedgerError
from .export import ExportFormat, export
from .records import (
    PriceNote,
    Publication,
    SeriesKey,
    TermsNote,
    TermsRecord,
    counter_row,
    energy_row,
    is_writable,
    seconds,
    settings_text,
)
from .schema import PRICE_CHANNEL, SCHEMA_VERSION

__all__ = ["CheckReport", "HomeLedger", "LedgerUnavailableError", "Publication", "TermsRecord"]


class LedgerUnavailableError(HomeAssistantError):
    """The database does not answer now; what is noted meanwhile is kept in memory."""

    def __init__(self, err: LedgerError) -> None:
        super().__init__(
            translation_domain=DOMAIN,
            translation_key=f"ledger_{err.trouble}",
            translation_placeholders={"detail": err.detail},
        )
        self.trouble = err.trouble


class HomeLedger:
    """What one home keeps in the ledger. What is noted is taken in at once and written in batches."""

    def __init__(self, home: str, database: Database) -> None:
        self.home = home
        self.database = database
        self._seen: dict[str, frozenset[PriceSlot]] = {}
        self._lost = 0

    def note_prices(self, tariff: str, slots: Sequence[PriceSlot], seen_at: datetime) -> None:
        """Keep a publication; only what differs from what was seen last makes new rows."""
        if (lost := self.database.status.lost) != self._lost:
            self._lost, self._seen = lost, {}
        fresh = tuple(slot for slot in slots if is_writable(slot))
        known, self._seen[tariff] = self._seen.get(tariff, frozenset()), frozenset(fresh)
        if not (news := tuple(slot for slot in fresh if slot not in known)):
            return
        note = PriceNote(SeriesKey(self.home, tariff, PRICE_CHANNEL), seconds(seen_at), news)
        self.database.note(lambda pending: pending.add_prices(note))

    def note_terms(self, tariff: str, kind: str, settings: Mapping[str, Any], since: datetime) -> None:
        """Keep what a tariff is made of from *since* on, without secrets; nothing is added if it is so already."""
        key = SeriesKey(self.home, tariff, PRICE_CHANNEL)
        note = TermsNote(key, seconds(since), kind, settings_text(settings))
        self.database.note(lambda pending: pending.terms.append(note))

    def note_energies(self, source: str, channels: Mapping[str, tuple[Track, SlotRows]]) -> None:
        """Keep the slots that changed and how far their counters have come, by channel."""
        energies, counters = [], []
        for channel, (track, rows) in channels.items():
            key = SeriesKey(self.home, source, channel)
            energies += [energy_row(key, starts_at, energy) for starts_at, energy in rows.items()]
            counters.append(counter_row(key, track))
        self.database.note(lambda pending: pending.add_energies(energies, counters))

    async def tracks(self) -> dict[tuple[str, str], Track]:
        """Return how far each channel was followed, by source and channel."""
        return await self._ask(lambda connection: queries.tracks(connection, self.home))

    async def metered(self, start: datetime, end: datetime) -> list[MeteredInterval]:
        """Return the slots of the grid's meter that touch [*start*, *end*), with ``None`` where nothing is known."""
        return await self._ask(lambda connection: queries.metered(connection, self.home, start, end))

    async def energies(
        self, source: str, channel: str, start: datetime, end: datetime
    ) -> list[tuple[datetime, float, bool]]:
        """Return the known slots of a channel (a name of ``EnergyTotals``): start, kWh, whether it is an estimate."""
        return await self._ask(
            lambda connection: queries.energies(connection, self.home, source, channel, (start, end))
        )

    async def prices(self, start: datetime, end: datetime, *, tariff: str | None = None) -> list[PriceSlot]:
        """Return the prices as they ended up, whole slots in order; holes are left out.

        Those of one *tariff*, or of whichever held.
        """
        return await self._ask(lambda connection: queries.prices(connection, self.home, start, end, tariff))

    async def publications(self, start: datetime, end: datetime) -> list[Publication]:
        """Return every publication of the prices of that time, with when it was seen."""
        return await self._ask(lambda connection: queries.publications(connection, self.home, start, end))

    async def terms(self, start: datetime, end: datetime) -> list[TermsRecord]:
        """Return the tariffs and settings in force at any time in [*start*, *end*), in order."""
        return await self._ask(lambda connection: queries.terms(connection, self.home, start, end))

    async def check(self) -> CheckReport:
        """Look whether everything kept of this home is whole."""
        return await self._ask(lambda connection: check(connection, self.home, self.database.address))

    async def export(self, folder: Path, form: ExportFormat) -> Path:
        """Write everything kept of this home into a new *folder*.

        Raises:
            OSError: if the folder cannot be written.
        """
        return await self._ask(lambda connection: export(connection, self.home, folder, form))

    async def flush(self) -> None:
        """Wait until everything noted is written."""
        await self._run(self.database.flush)

    async def diagnostics(self) -> dict[str, Any]:
        """Return how the database is doing, without its address."""
        status = self.database.status
        facts: dict[str, Any] = {
            "kind": self.database.address.kind,
            "is_open": status.is_open,
            "trouble": status.trouble,
            "failures": status.failures,
            "rows_waiting": status.waiting,
            "rows_lost": status.lost,
            "schema_version": SCHEMA_VERSION if status.is_open else None,
        }
        try:
            return facts | await self._ask(
                lambda connection: {
                    "rows": row_counts(connection, self.home),
                    "size_bytes": size_bytes(connection, self.database.address),
                }
            )
        except LedgerUnavailableError:
            return facts

    async def _ask[T](self, query: Callable[[Connection], T]) -> T:
        """Write what waits, then ask.

        Raises:
            LedgerUnavailableError: if the database does not answer.
        """

        def flush_and_read() -> T:
            self.database.flush()
            return self.database.read(query)

        return await self._run(flush_and_read)

    async def _run[T](self, job: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(None, job)
        except LedgerError as err:
            raise LedgerUnavailableError(err) from None
