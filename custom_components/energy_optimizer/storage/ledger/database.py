"""A database and the one thread that writes to it."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from sqlite3 import Error as SqliteError
from threading import Condition, Thread
from typing import Final

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from .address import DatabaseAddress
from .engine import empty_journal, keep_journal, make_engine
from .errors import LASTING, LedgerError, Trouble, ledger_error
from .migrations import MIGRATIONS, Migration, prepare, schema_version
from .pending import MOST_ROWS, Pending
from .schema import SCHEMA_VERSION
from .writing import SeriesIds, forget_old_forecasts, write_batch

BATCH_S: Final = 60.0
BATCH_ROWS: Final = 500
LONGEST_PAUSE_S: Final = 300.0
"""Between two attempts to reach a database that is away."""
LONGEST_HOLD: Final = 60
"""So many batches are held back for a backup; then it is taken to have failed without a word."""
_HOLD_S: Final = 30.0
FORECASTS_KEPT_DAYS: Final = 60
_DAY_S: Final = 86400

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class DatabaseStatus:
    """How a database is doing."""

    is_open: bool = False
    trouble: Trouble | None = None
    detail: str = ""
    """What the last failure was, without secrets."""
    failures: int = 0
    """How many attempts in a row have failed."""
    waiting: int = 0
    """Rows that are not written yet."""
    lost: int = 0
    """Rows that were dropped because the database was away for too long."""


class Database:
    """Takes rows in at once and writes them in batches. Its methods block, apart from those that take rows in."""

    def __init__(
        self,
        address: DatabaseAddress,
        *,
        batch_s: float = BATCH_S,
        migrations: Mapping[int, Migration] = MIGRATIONS,
        version: int = SCHEMA_VERSION,
        most_rows: int = MOST_ROWS,
    ) -> None:
        self.address = address
        self._batch_s = batch_s
        self._migrations = migrations
        self._version = version
        self._most_rows = most_rows
        self._engine: Engine | None = None
        self._ids = SeriesIds()
        self._condition = Condition()
        self._pending = Pending()
        self._noted = self._written = 0
        self._attempts = 0
        self._hurry = self._closing = self._busy = False
        self._readers = 0
        self._held: int | None = None
        self._error: LedgerError | None = None
        self._status = DatabaseStatus()
        self._tidied_on: int | None = None
        self._listeners: list[Callable[[DatabaseStatus], None]] = []
        self._thread = Thread(target=self._work, name="energy_optimizer ledger", daemon=True)

    @property
    def status(self) -> DatabaseStatus:
        """How it is doing now."""
        with self._condition:
            return replace(self._status, waiting=len(self._pending))

    def add_listener(self, listener: Callable[[DatabaseStatus], None]) -> Callable[[], None]:
        """Call *listener* from the writer's thread when the database fails or comes back; return what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def start(self) -> None:
        """Begin to open the database and to write."""
        self._hurry = True
        self._thread.start()

    def wait_until_tried(self, timeout_s: float) -> None:
        """Wait until the database was opened, or could not be."""
        with self._condition:
            self._condition.wait_for(lambda: self._attempts > 0, timeout_s)

    def note(self, take_in: Callable[[Pending], None]) -> None:
        """Let *take_in* add rows to what is written next."""
        with self._condition:
            take_in(self._pending)
            self._noted += 1
            lost = self._pending.shrink(self._most_rows)
            if lost:
                if not self._status.lost:
                    _LOGGER.error("The ledger's database is away for too long: the oldest rows are dropped")
                self._status = replace(self._status, lost=self._status.lost + lost)
            if len(self._pending) >= BATCH_ROWS and self._status.failures == 0 and self._held is None:
                self._wake()

    def flush(self, timeout_s: float = 60.0) -> None:
        """Wait until everything noted so far is written; return at once while a backup holds it back.

        Raises:
            LedgerError: if it could not be written.
        """
        with self._condition:
            wanted, attempts = self._noted, self._attempts
            if self._written >= wanted:
                return
            self._wake()
            self._condition.wait_for(
                lambda: self._written >= wanted or self._held is not None or self._failed_since(attempts), timeout_s
            )
            if self._written < wanted and self._held is None:
                raise self._error or LedgerError("cannot_connect", "no answer in time")

    def _failed_since(self, attempts: int) -> bool:
        return self._attempts > attempts and self._error is not None

    def read[T](self, query: Callable[[Connection], T]) -> T:
        """Return what *query* finds.

        Raises:
            LedgerError: if the database cannot be read.
        """
        with self._condition:
            engine = self._engine
            if engine is None:
                raise self._error or LedgerError("cannot_connect", "it is not open yet")
            if self._closing:
                raise LedgerError("cannot_connect", "it is being closed")
            self._readers += 1
        try:
            with engine.connect() as connection:
                return query(connection)
        except (SQLAlchemyError, OSError) as err:
            raise ledger_error(err, self.address.password) from None
        finally:
            with self._condition:
                self._readers -= 1
                self._condition.notify_all()

    def unwritten(self, home: str) -> Pending:
        """Return what waits of *home*."""
        with self._condition:
            return self._pending.of(home)

    def forget_home(self, home: str, delete: Callable[[Connection], None]) -> None:
        """Drop what waits of a home and let *delete* remove its rows.

        Raises:
            LedgerError: if the database cannot be written.
        """
        with suppress(LedgerError):
            self.flush()
        with self._condition:
            self._pending = self._pending.without(home)
        self.read(delete)
        self._ids.forget()

    def hold(self) -> None:
        """Write nothing more until ``resume``, and leave a file of which a copy is whole."""
        with suppress(LedgerError):
            self.flush()
        with self._condition:
            self._held = 0
            self._condition.notify_all()
            self._condition.wait_for(lambda: not self._busy, _HOLD_S)
        if self.address.file is not None and self._engine is not None:
            try:
                empty_journal(self._engine)
            except (SQLAlchemyError, SqliteError) as err:  # the journal is in the backup as well
                _LOGGER.warning("The ledger's journal could not be emptied before the backup: %s", err)

    def resume(self) -> None:
        """Write again."""
        with self._condition:
            self._held = None
            self._wake()

    def close(self, timeout_s: float = 40.0) -> None:
        """Write what waits, if that can be done, and let go of the database."""
        with self._condition:
            self._closing = True
            self._held = None
            self._wake()
        self._thread.join(timeout_s)

    def _wake(self) -> None:
        self._hurry = True
        self._condition.notify_all()

    def _work(self) -> None:
        while True:
            with self._condition:
                if not self._hurry:
                    self._condition.wait_for(lambda: self._hurry, self._pause_s())
                on_time, self._hurry = not self._hurry, False
                closing = self._closing
                if self._held is not None:
                    self._held += on_time
                    if self._held <= LONGEST_HOLD:
                        continue
                    self._held = None
                self._busy = True
            self._attempt()
            if closing:
                break
        if self._engine is not None:
            with self._condition:
                self._condition.wait_for(lambda: not self._readers, _HOLD_S)
            self._engine.dispose()

    def _pause_s(self) -> float:
        failures = self._status.failures
        return self._batch_s if failures == 0 else min(LONGEST_PAUSE_S, 2.0 ** min(failures, 10))

    def _attempt(self) -> None:
        """Open the database if need be, and write what waits."""
        with self._condition:
            batch, self._pending, noted = self._pending, Pending(), self._noted
        if self._error is not None and self._error.trouble in LASTING:
            self._finish(batch, self._error)
            return
        try:
            engine = self._open()
            if len(batch):
                with engine.begin() as connection:
                    write_batch(connection, batch, self._ids)
                self._ids.committed()
                self._tidy(engine)
        except LedgerError as err:
            self._finish(batch, err)
        except Exception as err:  # noqa: BLE001 - whatever a driver raises, the rows are kept and tried again
            self._ids.forget()
            self._finish(batch, ledger_error(err, self.address.password))
        else:
            self._finish(None, None, noted)

    def _tidy(self, engine: Engine) -> None:
        """Once a day, delete what nobody will ask for."""
        if (today := int(time.time()) // _DAY_S) == self._tidied_on:
            return
        self._tidied_on = today
        try:
            with engine.begin() as connection:
                forget_old_forecasts(connection, (today - FORECASTS_KEPT_DAYS) * _DAY_S)
        except SQLAlchemyError as err:
            _LOGGER.warning("Old forecasts stay in the ledger: %s", ledger_error(err, self.address.password))

    def _open(self) -> Engine:
        if self._engine is None:
            engine = make_engine(self.address)
            try:
                with engine.connect() as connection:
                    prepare(connection, migrations=self._migrations, version=self._version)
                keep_journal(engine)
            except BaseException:
                engine.dispose()
                raise
            self._engine = engine
        return self._engine

    def _finish(self, unwritten: Pending | None, error: LedgerError | None, noted: int = 0) -> None:
        with self._condition:
            before = self._status
            self._error = error
            self._busy = False
            self._attempts += 1
            if error is None:
                self._written = noted
                self._status = DatabaseStatus(is_open=True, lost=before.lost)
            else:
                self._pending = self._pending.after(unwritten or Pending())
                self._status = replace(
                    before,
                    is_open=self._engine is not None,
                    trouble=error.trouble,
                    detail=error.detail,
                    failures=before.failures + 1,
                )
            status = self._status
            self._condition.notify_all()
        if error is not None and before.failures == 0:
            _LOGGER.error("The ledger's database cannot be used: %s", error)
        elif error is None and before.failures:
            _LOGGER.info("The ledger's database can be used again")
        if error is not None or before.failures or not before.is_open:
            for listener in list(self._listeners):
                listener(status)


@contextmanager
def opened(address: DatabaseAddress) -> Iterator[Connection]:
    """Connect to a database for a moment, beside the one thread that writes; nothing is prepared in it.

    Raises:
        LedgerError: if the database cannot be used.
    """
    engine = make_engine(address)
    try:
        with engine.connect() as connection:
            yield connection
    except (SQLAlchemyError, OSError) as err:
        raise ledger_error(err, address.password) from None
    finally:
        engine.dispose()


def probe(address: DatabaseAddress) -> int | None:
    """Try to connect; return the version of the tables, ``None`` if there are none. Nothing is changed.

    Raises:
        LedgerError: if the database cannot be used, or a later release wrote its tables.
    """
    with opened(address) as connection:
        version = schema_version(connection)
    if version is not None and version > SCHEMA_VERSION:
        raise LedgerError("newer_schema", f"it has version {version}, this release knows {SCHEMA_VERSION}")
    return version
