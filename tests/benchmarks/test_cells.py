"""Cells are read as they are described, and what is wrong with one is said."""

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from benchmarks.cells import cell_names, load_cell
from benchmarks.errors import BenchError
from benchmarks.places import place_in
from benchmarks.publication import FOREVER, Publication
from custom_components.energy_optimizer.core.model.contract import ConnectionRule
from custom_components.energy_optimizer.core.model.decision import DecisionKind
from tests.benchmarks.cell_files import ALWAYS, made_up_rows, plain_rows, write_cell

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


@pytest.mark.parametrize("minutes", [5, 15, 30, 60])
def test_steps_of_any_length_are_read(tmp_path: Path, minutes: int) -> None:
    rows = made_up_rows(1.5, minutes, foretold=True)
    write_cell(tmp_path, "nl-some-home", rows, minutes)
    cell = load_cell(tmp_path, "nl-some-home")
    assert cell.group == "nl-some"
    assert cell.days == 1.5
    assert cell.series.step == timedelta(minutes=minutes)
    assert cell.series.load_kw.tolist() == [float(row["load_kw"]) for row in rows]
    assert cell.series.export_foretold is not None
    assert cell.home.start_kwh == 5.0
    assert cell.home.battery.reserve_kwh == 1.0


def test_gaps_are_unknown_and_segments_stand_where_they_are(tmp_path: Path) -> None:
    rows = plain_rows([1.0] * 10, [0.0] * 10, [0.2] * 10)
    del rows[4:6]
    segments = [["2026-05-04T00:00:00Z", "2026-05-04T04:00:00Z"], ["2026-05-04T06:00:00Z", "2026-05-04T10:00:00Z"]]
    write_cell(tmp_path, "home", rows, 60, segments=segments)
    cell = load_cell(tmp_path, "home")
    assert cell.series.segments == ((0, 4), (6, 10))
    assert np.flatnonzero(np.isnan(cell.series.load_kw)).tolist() == [4, 5]
    assert cell.rows.tolist() == [0, 1, 2, 3, 6, 7, 8, 9]
    assert cell.last_days(1).series.segments == ((0, 4), (6, 10))


def test_only_the_last_days_of_each_segment_are_lived_through(tmp_path: Path) -> None:
    write_cell(tmp_path, "home", plain_rows([1.0] * 72, [0.0] * 72, [0.2] * 72), 60)
    cell = load_cell(tmp_path, "home").last_days(2)
    assert cell.series.segments == ((24, 72),)
    assert cell.days == 2.0
    assert cell.series.load_kw.size == 72


def test_a_cell_may_be_cut_anywhere_or_lack_its_last_measurements(tmp_path: Path) -> None:
    rows = plain_rows([1.0] * 8, [0.0] * 8, [0.2] * 8)
    segments = [["2026-05-04T00:00:00Z", "2026-05-04T05:00:00Z"], ["2026-05-04T05:00:00Z", "2026-05-05T00:00:00Z"]]
    write_cell(tmp_path, "cut", rows[:3], 60, segments=segments)
    assert load_cell(tmp_path, "cut").series.segments == ((0, 3),)
    for row in rows[6:]:
        row["load_kw"] = ""
    write_cell(tmp_path, "unmeasured", rows, 60)
    cell = load_cell(tmp_path, "unmeasured")
    assert cell.series.segments == ((0, 6),)
    assert cell.series.import_per_kwh[7] == 0.2


def test_what_is_unknown_in_the_midst_of_a_segment_is_named(tmp_path: Path) -> None:
    rows = plain_rows([1.0] * 5, [0.0] * 5, [0.2] * 5)
    rows[2]["pv_kw"] = ""
    write_cell(tmp_path, "home", rows, 60)
    with pytest.raises(BenchError, match=r"home: something is unknown at 2026-05-04 02:00.*midst of a segment"):
        load_cell(tmp_path, "home")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"timezone": "Europe/Nowhere"}, "Nowhere"),
        ({"price_publication": {"mode": "at full moon"}}, "'at full moon' is none of always"),
        ({"price_publication": {"mode": "day_ahead", "local_time": "noon"}}, "no time of day"),
        ({"step_minutes": 50}, "ts_utc does not rise by whole steps"),
        ({"battery": {"capacity_kwh": "much"}}, "much"),
    ],
)
def test_a_description_that_makes_no_sense_is_told_of(tmp_path: Path, change: dict[str, object], sentence: str) -> None:
    write_cell(tmp_path, "home", plain_rows([1.0] * 3, [0.0] * 3, [0.2] * 3), 60, **change)
    with pytest.raises(BenchError, match=rf"home: .*{sentence}"):
        load_cell(tmp_path, "home")


def test_a_missing_column_and_a_missing_folder_are_told_of(tmp_path: Path) -> None:
    rows = [{name: text for name, text in row.items() if name != "pv_kw"} for row in plain_rows([1.0], [0.0], [0.2])]
    write_cell(tmp_path, "home", rows, 60)
    with pytest.raises(BenchError, match="no column pv_kw"):
        load_cell(tmp_path, "home")
    with pytest.raises(BenchError, match=r"no cell x\*"):
        cell_names(tmp_path, "x")


@pytest.mark.parametrize(
    ("charging", "export", "rule"),
    [
        (True, True, ConnectionRule.FREE),
        (True, False, ConnectionRule.NO_EXPORT),
        (False, True, ConnectionRule.SUN_ONLY),
        (False, False, ConnectionRule.SUN_ONLY),
    ],
)
def test_the_contract_follows_from_what_the_grid_allows(
    tmp_path: Path, charging: bool, export: bool, rule: ConnectionRule
) -> None:
    grid = {"grid_charging_allowed": charging, "battery_export_allowed": export}
    write_cell(tmp_path, "home", plain_rows([1.0], [0.0], [0.2]), 60, grid=grid)
    home = load_cell(tmp_path, "home").home
    assert home.rule is rule
    assert (DecisionKind.DISCHARGE in home.means) is export


def test_prices_are_known_for_ever_or_for_the_step_alone() -> None:
    begin, step = datetime(2026, 3, 1, tzinfo=UTC), timedelta(minutes=30)
    always = Publication.from_data(ALWAYS).known_until(begin, step, 3, AMSTERDAM)
    assert always.tolist() == [FOREVER] * 3
    now_only = Publication.from_data({"mode": "current_interval_only"}).known_until(begin, step, 3, AMSTERDAM)
    assert now_only.tolist() == [1, 2, 3]


@pytest.mark.parametrize("day", [datetime(2026, 3, 28, tzinfo=AMSTERDAM), datetime(2026, 10, 24, tzinfo=AMSTERDAM)])
def test_tomorrow_is_published_at_its_time_also_when_clocks_change(day: datetime) -> None:
    begin, step = day.astimezone(UTC), timedelta(minutes=30)
    known = Publication(mode="day_ahead", local_time=time(13)).known_until(begin, step, 48, AMSTERDAM)
    tomorrow, after = ((day + timedelta(days=days)).astimezone(UTC) for days in (1, 2))
    assert known[:26].tolist() == [(tomorrow - begin) // step] * 26
    assert known[26:].tolist() == [(after - begin) // step] * 22
    assert abs((after - tomorrow) / timedelta(hours=1) - 24) == 1


def test_a_tempo_day_begins_at_six() -> None:
    begin, step = datetime(2026, 1, 9, 23, tzinfo=UTC), timedelta(hours=1)
    known = Publication(mode="tempo", local_time=time(11)).known_until(begin, step, 12, ZoneInfo("Europe/Paris"))
    assert known.tolist() == [30] * 11 + [54]


@pytest.mark.parametrize(
    ("zone", "latitude", "longitude"),
    [
        ("Australia/Sydney", -33.87, 151.22),
        ("US/Pacific", 34.05, -118.24),
        ("Antarctica/Troll", -72.01, 2.53),
        ("Etc/GMT-10", 40.0, 150.0),
    ],
)
def test_a_home_lies_where_its_clock_is_from(zone: str, latitude: float, longitude: float) -> None:
    place = place_in(ZoneInfo(zone))
    assert (place.latitude, place.longitude) == pytest.approx((latitude, longitude), abs=0.01)
