"""Writing into the recorder's own tables."""

from datetime import UTC
from pathlib import Path

import pytest
from homeassistant.components.recorder.db_schema import (
    Base,
    StateAttributes,
    States,
    StatesMeta,
    Statistics,
    StatisticsMeta,
    StatisticsRuns,
    StatisticsShortTerm,
)
from sqlalchemy import create_engine, func, select

from scripts.demo_home.history.database import (
    RecorderFile,
    forget_all,
    last_recorded_at,
    recorded_attributes,
    write_short_term,
    write_states,
)
from scripts.demo_home.history.series import EVERY_S, LOOK_S, EntitySeries, Point
from scripts.demo_home.history.statistics import HOUR_S

START_S = 1_780_000_000 // HOUR_S * HOUR_S


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "recorder.db"
    engine = create_engine(f"sqlite:///{file}")
    Base.metadata.create_all(engine)
    engine.dispose()
    return file


def counter(entity_id: str = "sensor.a", *, start: int = 0, count: int = 24) -> EntitySeries:
    attributes = {"state_class": "total_increasing", "unit_of_measurement": "kWh", "friendly_name": entity_id}
    many = EntitySeries(entity_id=entity_id, attributes=attributes)
    many.points.extend(
        [Point(START_S + LOOK_S + index * EVERY_S, str(index / 10)) for index in range(start, start + count)]
    )
    return many


def test_states_follow_each_other_in_time_and_in_their_chains(path: Path) -> None:
    with RecorderFile(path) as session:
        assert write_states(session, [counter("sensor.a"), counter("sensor.b")]) == 48
        assert write_states(session, [counter("sensor.a", start=24, count=6)]) == 6
    with RecorderFile(path) as session:
        rows = session.execute(select(States).order_by(States.state_id)).scalars().all()
        times = [row.last_updated_ts for row in rows]
        assert times == sorted(times)
        by_id = {row.state_id: row for row in rows}
        names = {meta.metadata_id: meta.entity_id for meta in session.execute(select(StatesMeta)).scalars()}
        firsts = [row for row in rows if row.old_state_id is None]
        assert sorted(str(names[row.metadata_id]) for row in firsts) == ["sensor.a", "sensor.b"]
        for row in rows:
            if row.old_state_id is not None:
                assert by_id[row.old_state_id].metadata_id == row.metadata_id
                assert by_id[row.old_state_id].last_updated_ts < row.last_updated_ts
        assert len({row.context_id_bin for row in rows}) == len(rows)
        assert last_recorded_at(session).timestamp() == pytest.approx(START_S + LOOK_S + 29 * EVERY_S)


def test_attributes_are_shared_and_read_back(path: Path) -> None:
    many = counter()
    many.points[12:] = [point._replace(attributes=(("last_reset", "later"),)) for point in many.points[12:]]
    with RecorderFile(path) as session:
        write_states(session, [many])
        assert session.scalar(select(func.count()).select_from(StateAttributes)) == 2
        assert recorded_attributes(session, ["sensor.a", "sensor.none"]) == {
            "sensor.a": {**many.attributes, "last_reset": "later"}
        }


def test_short_term_statistics_end_where_home_assistant_goes_on(path: Path) -> None:
    until_s = START_S + 20 * EVERY_S
    with RecorderFile(path) as session:
        write_short_term(session, [counter(), EntitySeries(entity_id="sensor.word", attributes={})], until_s)
    with RecorderFile(path) as session:
        assert [meta.statistic_id for meta in session.execute(select(StatisticsMeta)).scalars()] == ["sensor.a"]
        rows = session.execute(select(StatisticsShortTerm).order_by(StatisticsShortTerm.start_ts)).scalars().all()
        assert len(rows) == 20
        assert rows[-1].start_ts == until_s - EVERY_S
        (run,) = session.execute(select(StatisticsRuns)).scalars()
        assert run.start.replace(tzinfo=UTC).timestamp() == until_s - EVERY_S


def test_what_was_compiled_while_setting_up_makes_room(path: Path) -> None:
    with RecorderFile(path) as session:
        write_states(session, [counter()])
        write_short_term(session, [counter()], START_S + HOUR_S)
        meta_id = session.scalar(select(StatisticsMeta.id))
        session.add(Statistics(metadata_id=meta_id, start_ts=float(START_S + HOUR_S), sum=0.0))
    with RecorderFile(path) as session:
        forget_all(session)
        write_short_term(session, [counter()], START_S + HOUR_S + EVERY_S)
    with RecorderFile(path) as session:
        assert session.scalar(select(func.count()).select_from(States)) == 0
        assert session.scalar(select(func.count()).select_from(Statistics)) == 0
        assert session.scalar(select(func.count()).select_from(StatisticsShortTerm)) == 13


def test_a_failure_leaves_the_file_as_it_was(path: Path) -> None:
    def fail() -> None:
        with RecorderFile(path) as session:
            write_states(session, [counter()])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with RecorderFile(path) as session:
        assert session.scalar(select(func.count()).select_from(States)) == 0
