"""Writes a batch: in one transaction, by natural keys, so that what is written twice is there once."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import batched
from typing import Any, Final

from sqlalchemy import Connection, Table, delete, exists, select
from sqlalchemy.dialects import mysql, postgresql, sqlite

from ...core.model.price import Certainty, PriceSlot
from .pending import Pending
from .records import PriceNote, SeriesKey, TermsNote, details_text, seconds, slot_of
from .schema import counter_table, energy_table, price_table, series_table, terms_table
from .timeline import Piece, PriceContent, news, price_content, resolved

_AT_ONCE: Final = 500


class SeriesIds:
    """The numbers of series, as far as they are known to be committed."""

    def __init__(self) -> None:
        self._known: dict[SeriesKey, int] = {}
        self._new: dict[SeriesKey, int] = {}

    def of(self, connection: Connection, key: SeriesKey) -> int:
        """Return the number of a series; one that is new gets one."""
        if (number := self._known.get(key, self._new.get(key))) is not None:
            return number
        number = find_series(connection, key)
        if number is None:
            inserted = connection.execute(series_table.insert().values(key._asdict())).inserted_primary_key
            number = int(inserted[0]) if inserted else -1
        self._new[key] = number
        return number

    def committed(self) -> None:
        """Believe the numbers that were given."""
        self._known |= self._new
        self._new.clear()

    def forget(self) -> None:
        """Look all numbers up again."""
        self._known.clear()
        self._new.clear()


def find_series(connection: Connection, key: SeriesKey) -> int | None:
    """Return the number of a series; ``None`` if it has none yet."""
    columns = series_table.c
    wanted = (columns.home == key.home) & (columns.source == key.source) & (columns.channel == key.channel)
    number: int | None = connection.execute(select(columns.id).where(wanted)).scalar()
    return number


def write_batch(connection: Connection, batch: Pending, ids: SeriesIds) -> None:
    """Write all of *batch*; whoever calls commits."""
    energies = [row._asdict() | {"series": ids.of(connection, row.series)} for row in batch.energies.values()]
    upsert(connection, energy_table, energies)
    counters = [row._asdict() | {"series": ids.of(connection, row.series)} for row in batch.counters.values()]
    upsert(connection, counter_table, counters)
    for note in batch.prices:
        _write_prices(connection, note, ids.of(connection, note.series))
    for terms in batch.terms:
        _write_terms(connection, terms, ids)


def upsert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert *rows*; one with a key that is there already takes its place."""
    others = [column.name for column in table.columns if not column.primary_key]
    for some in batched(rows, _AT_ONCE, strict=False):
        if connection.dialect.name in ("mysql", "mariadb"):
            insert = mysql.insert(table)
            statement: Any = insert.on_duplicate_key_update({name: insert.inserted[name] for name in others})
        else:
            dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
            into = dialect.insert(table)
            statement = into.on_conflict_do_update(
                index_elements=list(table.primary_key.columns), set_={name: into.excluded[name] for name in others}
            )
        connection.execute(statement, list(some))


def _write_prices(connection: Connection, note: PriceNote, series: int) -> None:
    """Write of a publication what differs from what was published last.

    What was written last is what was seen last, also within one second and where the clock went back.
    """
    slots = note.slots
    start, end = min(seconds(slot.starts_at) for slot in slots), max(seconds(slot.ends_at) for slot in slots)
    known = list(_known_prices(connection, series, start, end))
    seen_at = max([note.seen_at, *(piece.rank[0] + 1 for piece in known)])
    upsert(connection, price_table, [_price_row(series, seen_at, slot) for slot in news(list(resolved(known)), slots)])


def _known_prices(connection: Connection, series: int, start: int, end: int) -> Iterator[Piece[PriceContent]]:
    columns = price_table.c
    overlapping = (columns.series == series) & (columns.ends_at > start) & (columns.starts_at < end)
    for row in connection.execute(price_table.select().where(overlapping)):
        content = price_content(slot_of(row.starts_at, row))
        yield Piece(starts_at=row.starts_at, ends_at=row.ends_at, rank=(row.seen_at, series), content=content)


def _price_row(series: int, seen_at: int, slot: PriceSlot) -> dict[str, Any]:
    return {
        "series": series,
        "starts_at": seconds(slot.starts_at),
        "seen_at": seen_at,
        "ends_at": seconds(slot.ends_at),
        "tier": slot.tier.replace("\0", ""),  # PostgreSQL takes no text with it
        "import_per_kwh": slot.import_per_kwh,
        "export_per_kwh": slot.export_per_kwh,
        "certainty": slot.certainty.value,
        "details": details_text(slot),
    }


def forget_old_forecasts(connection: Connection, before: int) -> int:
    """Delete forecasts of times that ended *before* and that were replaced whole; return how many went.

    Bills are made of what held last, which stays; what was foretold on the way there would fill the disk.
    """
    old, later = price_table.c, price_table.alias().c
    replaced = exists().where(
        later.series == old.series,
        later.starts_at == old.starts_at,
        later.ends_at >= old.ends_at,
        later.seen_at > old.seen_at,
    )
    gone = delete(price_table).where(old.certainty == Certainty.FORECAST.value, old.ends_at < before, replaced)
    return connection.execute(gone).rowcount


def _write_terms(connection: Connection, note: TermsNote, ids: SeriesIds) -> None:
    """Write a tariff's settings unless they are those that hold already."""
    columns = terms_table.c
    earlier = (
        select(columns.series, columns.kind, columns.settings)
        .join(series_table, series_table.c.id == columns.series)
        .where((series_table.c.home == note.series.home) & (columns.since <= note.since))
        .order_by(columns.since.desc(), columns.series.desc())
        .limit(1)
    )
    series = ids.of(connection, note.series)
    last = connection.execute(earlier).first()
    if last is not None and tuple(last) == (series, note.kind, note.settings):
        return
    row = {"series": series, "since": note.since, "kind": note.kind, "settings": note.settings}
    upsert(connection, terms_table, [row])
