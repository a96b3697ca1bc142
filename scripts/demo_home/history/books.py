"""The home's ledger while Home Assistant does not run: filled by the code that fills it live."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any

from custom_components.energy_optimizer.const import CONF_DATABASE_PASSWORD, CONF_DATABASE_URL
from custom_components.energy_optimizer.coordinators.ledger import Recorder
from custom_components.energy_optimizer.coordinators.tariff_books import TariffBooks
from custom_components.energy_optimizer.core.accounting.slots import CounterReading
from custom_components.energy_optimizer.core.model.price import PriceSlot
from custom_components.energy_optimizer.core.tariffs import Tariff
from custom_components.energy_optimizer.storage.ledger import HomeLedger, LedgerUnavailableError
from custom_components.energy_optimizer.storage.ledger.address import FILE_NAME, DatabaseAddress, files_of
from custom_components.energy_optimizer.storage.ledger.database import Database

from ..folder import DemoFolder
from ..stored_home import StoredHome

OPENING_PATIENCE_S = 10.0


@dataclass(kw_only=True, slots=True)
class PastBooks:
    """What the home writes down. Where its database does not answer, Home Assistant spreads what flowed, as always."""

    database: Database
    ledger: HomeLedger
    recorder: Recorder | None
    counted_until: datetime | None
    """What was counted before is not counted again, as after a kill just before the home's own files were written."""
    tariffs: dict[str, TariffBooks] = field(default_factory=dict)

    @classmethod
    async def open(cls, folder: DemoFolder, stored: StoredHome) -> PastBooks:
        """Open the database that the home's options name."""
        options = stored.options()
        address = DatabaseAddress.of_file(folder.path / FILE_NAME)
        if url := options.get(CONF_DATABASE_URL):
            address = DatabaseAddress.of_server(url, options.get(CONF_DATABASE_PASSWORD, ""))
        database = Database(address)
        database.start()
        await asyncio.to_thread(database.wait_until_tried, OPENING_PATIENCE_S)
        ledger = HomeLedger(stored.entry_id(), database)
        try:
            tracks = await ledger.tracks()
        except LedgerUnavailableError:
            return cls(database=database, ledger=ledger, recorder=None, counted_until=None)
        until = max((track.counter.read_at for track in tracks.values()), default=None)
        return cls(database=database, ledger=ledger, recorder=Recorder(ledger, tracks), counted_until=until)

    @staticmethod
    def forget_all(folder: DemoFolder) -> None:
        """Delete what was written while the home was being set up."""
        for file in files_of(folder.path / FILE_NAME):
            file.unlink(missing_ok=True)

    async def begin_tariff(self, tariff_id: str, settings: Mapping[str, Any], at: datetime) -> None:
        """Take up a tariff's books, or open them *at* an instant."""
        if self.recorder is not None:
            books = self.tariffs[tariff_id] = TariffBooks(self.ledger, tariff_id)
            await books.async_begin(settings, at)

    def note_energy(self, reading: CounterReading) -> None:
        """Note what flowed."""
        is_known = self.counted_until is not None and reading.taken_at <= self.counted_until
        if self.recorder is not None and not is_known:
            self.recorder.take_in(reading)

    def note_prices(self, tariff_id: str, tariff: Tariff, at: datetime, zone: tzinfo, *, may_learn: bool) -> None:
        """Note the prices that were known *at* an instant."""
        if (books := self.tariffs.get(tariff_id)) is not None:
            books.note(tariff, at, zone, may_learn=may_learn)

    async def prices(self, start: datetime, end: datetime) -> tuple[PriceSlot, ...]:
        """Return the prices that the ledger knows of that time."""
        try:
            return tuple(await self.ledger.prices(start, end))
        except LedgerUnavailableError:
            return ()

    async def close(self) -> None:
        """Write all of it and let go of the database."""
        await asyncio.to_thread(self.database.close)
