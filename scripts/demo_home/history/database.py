"""Writes states and short-term statistics into the recorder's database while Home Assistant does not run."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from heapq import merge
from itertools import batched
from pathlib import Path

from homeassistant.components.recorder.db_schema import (
    StateAttributes,
    States,
    StatesMeta,
    Statistics,
    StatisticsMeta,
    StatisticsRuns,
    StatisticsShortTerm,
)
from homeassistant.helpers.json import json_bytes
from sqlalchemy import Engine, create_engine, delete, func, insert, select
from sqlalchemy.orm import Session
from ulid_transform import ulid_at_time, ulid_to_bytes

from .series import EVERY_S, EntitySeries, Point
from .statistics import HOUR_S, Row, metadata, short_term

BATCH = 5000


class RecorderFile:
    """The recorder's SQLite file; use it as a context manager, which commits if nothing failed."""

    def __init__(self, path: Path) -> None:
        self._engine: Engine = create_engine(f"sqlite:///{path}")

    def __enter__(self) -> Session:
        """Begin a transaction."""
        self._session = Session(self._engine)
        return self._session

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Commit, or leave all as it was."""
        with self._session:
            if kind is None:
                self._session.commit()
        self._engine.dispose()


def recorded_attributes(session: Session, entity_ids: Iterable[str]) -> dict[str, dict[str, object]]:
    """Return the attributes that the recorder last noted of each entity."""
    latest = select(func.max(States.state_id)).group_by(States.metadata_id)
    query = (
        select(StatesMeta.entity_id, StateAttributes.shared_attrs)
        .join(States, States.metadata_id == StatesMeta.metadata_id)
        .join(StateAttributes, StateAttributes.attributes_id == States.attributes_id)
        .where(States.state_id.in_(latest), StatesMeta.entity_id.in_(list(entity_ids)))
    )
    return {str(entity_id): json.loads(attributes or "{}") for entity_id, attributes in session.execute(query)}


def last_recorded_at(session: Session) -> datetime:
    """Return when the recorder last noted a state of anything."""
    return datetime.fromtimestamp(session.scalar(select(func.max(States.last_updated_ts))) or 0.0, UTC)


def forget_all(session: Session) -> None:
    """Forget what was recorded while the home was being set up; imported hourly statistics stay."""
    session.execute(delete(States))
    session.execute(delete(StateAttributes))
    session.execute(delete(StatisticsShortTerm))
    session.execute(delete(StatisticsRuns))


def write_states(session: Session, many: Iterable[EntitySeries]) -> int:
    """Write the states of all series in the order of time and return how many there were."""
    metadata_ids = _states_metadata(session)
    attributes_ids: dict[bytes, int] = {}
    before: dict[str, int | None] = {}
    streams = []
    for series in many:
        if series.entity_id not in metadata_ids:
            metadata_ids[series.entity_id] = _new_metadata(session, series.entity_id)
        before[series.entity_id] = _last_state_id(session, metadata_ids[series.entity_id])
        streams.append([(point.at_s, series.entity_id, series, point) for point in series.changes()])
    first_id = (session.scalar(select(func.max(States.state_id))) or 0) + 1
    written = 0
    ordered = merge(*streams, key=lambda each: (each[0], each[1]))
    for batch in batched(enumerate(ordered, start=first_id), BATCH, strict=False):
        rows = []
        for state_id, (at_s, entity_id, series, point) in batch:
            rows.append(
                {
                    "state_id": state_id,
                    "metadata_id": metadata_ids[entity_id],
                    "attributes_id": _attributes_id(session, attributes_ids, series.attributes, point),
                    "state": point.state,
                    "last_updated_ts": at_s,
                    "old_state_id": before[entity_id],
                    "origin_idx": 0,
                    "context_id_bin": ulid_to_bytes(ulid_at_time(at_s)),
                }
            )
            before[entity_id] = state_id
        session.execute(insert(States), rows)
        written += len(rows)
    return written


def write_short_term(session: Session, many: Iterable[EntitySeries], until_s: float) -> None:
    """Write five-minute statistics and mark them as compiled, so that Home Assistant goes on from *until_s*."""
    known = {
        str(name): int(key) for key, name in session.execute(select(StatisticsMeta.id, StatisticsMeta.statistic_id))
    }
    session.execute(delete(Statistics).where(Statistics.start_ts >= until_s // HOUR_S * HOUR_S))
    for series in many:
        if series.state_class is None:
            continue
        if series.entity_id not in known:
            meta = StatisticsMeta.from_meta(metadata(series))
            session.add(meta)
            session.flush()
            known[series.entity_id] = meta.id
        made = [_row(known[series.entity_id], row) for row in short_term(series, until_s)]
        for batch in batched(made, BATCH, strict=False):
            session.execute(insert(StatisticsShortTerm), list(batch))
    session.add(StatisticsRuns(start=datetime.fromtimestamp(until_s - EVERY_S, UTC)))


def _row(metadata_id: int, row: Row) -> dict[str, object]:
    return {
        "metadata_id": metadata_id,
        "created_ts": row.start_s + EVERY_S,
        "start_ts": row.start_s,
        "mean": row.mean,
        "min": row.least,
        "max": row.most,
        "state": row.state,
        "sum": row.sum,
        "last_reset_ts": datetime.fromisoformat(row.last_reset).timestamp() if row.last_reset else None,
    }


def _states_metadata(session: Session) -> dict[str, int]:
    found = session.execute(select(StatesMeta.entity_id, StatesMeta.metadata_id))
    return {str(entity_id): int(metadata_id) for entity_id, metadata_id in found}


def _new_metadata(session: Session, entity_id: str) -> int:
    meta = StatesMeta(entity_id=entity_id)
    session.add(meta)
    session.flush()
    return meta.metadata_id


def _last_state_id(session: Session, metadata_id: int) -> int | None:
    return session.scalar(select(func.max(States.state_id)).where(States.metadata_id == metadata_id))


def _attributes_id(session: Session, known: dict[bytes, int], base: Mapping[str, object], point: Point) -> int:
    """Return the row of these attributes, made where they have not been seen yet."""
    content = json_bytes({**base, **dict(point.attributes)})
    if content not in known:
        row = StateAttributes(shared_attrs=content.decode(), hash=StateAttributes.hash_shared_attrs_bytes(content))
        session.add(row)
        session.flush()
        known[content] = row.attributes_id
    return known[content]
