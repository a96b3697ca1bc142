"""What can be asked of the ledger. Each takes a connection and blocks; times go in and come out as instants."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, groupby, pairwise
from typing import Any

from sqlalchemy import Connection, Row, select

from ...core.accounting.slots import SlotEnergy, Track, slot_start
from ...core.model.metering import SLOT, MeteredInterval
from ...core.model.price import PriceSlot
from .records import CounterRow, Publication, SeriesKey, TermsRecord, instant, seconds, slot_of, track_of
from .schema import PRICE_CHANNEL, counter_table, energy_table, price_table, series_table, terms_table
from .timeline import Piece, clipped, resolved

_SLOT_S = int(SLOT.total_seconds())
IMPORT_CHANNEL = "grid_import_kwh"
EXPORT_CHANNEL = "grid_export_kwh"


def energies(
    connection: Connection, home: str, source: str, channel: str, span: tuple[datetime, datetime]
) -> list[tuple[datetime, float, bool]]:
    """Return the slots of one channel that are known: start, kWh, and whether it is an estimate."""
    columns, series = energy_table.c, series_table.c
    wanted = (
        select(columns.starts_at, columns.kwh, columns.is_estimated)
        .join(series_table, series.id == columns.series)
        .where((series.home == home) & (series.source == source) & (series.channel == channel))
        .where((columns.starts_at >= seconds(slot_start(span[0]))) & (columns.starts_at < seconds(span[1])))
        .order_by(columns.starts_at)
    )
    return [(instant(row.starts_at), row.kwh, bool(row.is_estimated)) for row in connection.execute(wanted)]


def metered(connection: Connection, home: str, start: datetime, end: datetime) -> list[MeteredInterval]:
    """Return every slot that touches [*start*, *end*), with ``None`` where nothing is known."""
    bought, sold = (_of_any_source(connection, home, name, start, end) for name in (IMPORT_CHANNEL, EXPORT_CHANNEL))
    intervals = []
    for at in range(seconds(slot_start(start)), seconds(end), _SLOT_S):
        import_kwh, import_is_estimated = bought.get(at, (None, False))
        export_kwh, export_is_estimated = sold.get(at, (None, False))
        starts_at = instant(at)
        intervals.append(
            MeteredInterval(
                starts_at=starts_at,
                ends_at=starts_at + SLOT,
                import_kwh=import_kwh,
                export_kwh=export_kwh,
                is_estimated=import_is_estimated or export_is_estimated,
            )
        )
    return intervals


def _of_any_source(
    connection: Connection, home: str, channel: str, start: datetime, end: datetime
) -> dict[int, tuple[float, bool]]:
    """Return a channel's slots; of two sources that counted one slot, what was measured or came later holds."""
    columns, series = energy_table.c, series_table.c
    wanted = (
        select(columns.starts_at, columns.kwh, columns.is_estimated)
        .join(series_table, series.id == columns.series)
        .where((series.home == home) & (series.channel == channel))
        .where((columns.starts_at >= seconds(slot_start(start))) & (columns.starts_at < seconds(end)))
        .order_by(columns.is_estimated.desc(), series.id)
    )
    return {row.starts_at: (row.kwh, bool(row.is_estimated)) for row in connection.execute(wanted)}


def tracks(connection: Connection, home: str) -> dict[tuple[str, str], Track]:
    """Return how far each channel of each source of a home was followed."""
    counters, series, slots = counter_table.c, series_table.c, energy_table.c
    wanted = (
        select(counter_table, series.source, series.channel)
        .join(series_table, series.id == counters.series)
        .where(series.home == home)
        .order_by(counters.series, counters.started_at)
    )
    found: dict[tuple[str, str], Track] = {}
    for row in connection.execute(wanted).all():
        at = seconds(slot_start(instant(row.changed_at)))
        energy = connection.execute(
            select(slots.kwh, slots.is_estimated).where((slots.series == row.series) & (slots.starts_at == at))
        ).first()
        open_slot = (
            SlotEnergy(is_estimated=row.changed_at != at)
            if energy is None
            else SlotEnergy(kwh=energy.kwh, is_estimated=bool(energy.is_estimated))
        )
        key = SeriesKey(home, row.source, row.channel)
        counter = CounterRow(key, *(getattr(row, name) for name in CounterRow._fields[1:]))
        found[row.source, row.channel] = track_of(counter, open_slot)
    return found


def publications(connection: Connection, home: str, start: datetime, end: datetime) -> list[Publication]:
    """Return every price of the time between, as often as it was published anew."""
    rows = _price_rows(connection, home, seconds(start), seconds(end))
    told = [
        Publication(tariff=row.source, seen_at=instant(row.seen_at), slot=slot_of(row.starts_at, row)) for row in rows
    ]
    return sorted(told, key=lambda each: (each.slot.starts_at, each.seen_at))


def prices(
    connection: Connection, home: str, start: datetime, end: datetime, tariff: str | None = None
) -> list[PriceSlot]:
    """Return the prices of the time between as they ended up, of one tariff or of whichever held, without holes."""
    first, last = seconds(start), seconds(end)
    if tariff is not None:
        spans = [_Held(tariff, first, _END_OF_TIME)]
    else:
        held = [_Held.of(each) for each in terms(connection, home, start, end)]
        begins = held[0].since if held else _END_OF_TIME
        spans = [span for span in (_Held(None, first, begins), *held) if span.since < min(span.until, last)]
    pieces = list(chain.from_iterable(_held_prices(connection, home, span, (first, last)) for span in spans))
    return [_slot(piece) for piece in pieces if piece.starts_at < last and piece.ends_at > first]


@dataclass(frozen=True, slots=True)
class _Held:
    """From when to when a tariff held; any tariff if it is ``None``."""

    tariff: str | None
    since: int
    until: int

    @classmethod
    def of(cls, record: TermsRecord) -> _Held:
        until = seconds(record.until) if record.until else _END_OF_TIME
        return cls(record.tariff, seconds(record.since), until)


_END_OF_TIME = 2**62


def _held_prices(connection: Connection, home: str, held: _Held, asked: tuple[int, int]) -> Iterator[Piece[Row[Any]]]:
    """Yield a tariff's prices of the time in which it held, whole at the edges of what is asked."""
    start, end = max(held.since, asked[0]), min(held.until, asked[1])
    rows = _price_rows(connection, home, start, end, held.tariff)
    pieces = (
        Piece(starts_at=row.starts_at, ends_at=row.ends_at, rank=(row.seen_at, row.series), content=row) for row in rows
    )
    return clipped(resolved(pieces), held.since if held.tariff else -_END_OF_TIME, held.until)


def _slot(piece: Piece[Row[Any]]) -> PriceSlot:
    whole = slot_of(piece.starts_at, piece.content)
    return PriceSlot(
        starts_at=whole.starts_at,
        ends_at=instant(piece.ends_at),
        tier=whole.tier,
        import_per_kwh=whole.import_per_kwh,
        export_per_kwh=whole.export_per_kwh,
        certainty=whole.certainty,
        import_range=whole.import_range,
        export_range=whole.export_range,
        import_parts=whole.import_parts,
        export_parts=whole.export_parts,
    )


def _price_rows(
    connection: Connection, home: str, start: int, end: int, tariff: str | None = None
) -> Sequence[Row[Any]]:
    columns, series = price_table.c, series_table.c
    wanted = (
        select(price_table, series.source)
        .join(series_table, series.id == columns.series)
        .where((series.home == home) & (series.channel == PRICE_CHANNEL))
        .where((columns.ends_at > start) & (columns.starts_at < end))
        .order_by(columns.starts_at, columns.seen_at)
    )
    if tariff is not None:
        wanted = wanted.where(series.source == tariff)
    return connection.execute(wanted).all()


def terms(connection: Connection, home: str, start: datetime, end: datetime) -> list[TermsRecord]:
    """Return the settings of the home's tariffs that held at any time in [*start*, *end*), in order."""
    columns, series = terms_table.c, series_table.c
    wanted = (
        select(terms_table, series.source)
        .join(series_table, series.id == columns.series)
        .where((series.home == home) & (columns.since < seconds(end)))
        .order_by(columns.since, columns.series)
    )
    rows = [list(group)[-1] for _, group in groupby(connection.execute(wanted).all(), key=lambda row: row.since)]
    records = [
        TermsRecord(
            tariff=row.source,
            kind=row.kind,
            settings=json.loads(row.settings),
            since=instant(row.since),
            until=instant(after.since) if after is not None else None,
        )
        for row, after in pairwise([*rows, None])
        if row is not None
    ]
    return [record for record in records if record.until is None or record.until > start]
