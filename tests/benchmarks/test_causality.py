"""A home decides from what it could have known: taking the future away changes nothing of its past."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.cells import load_cell
from custom_components.energy_optimizer.core.planning.replay import Outlook, ReplayResult, replay
from tests.benchmarks.cell_files import DAY_AHEAD, NOW_ONLY, Rows, made_up_rows, write_cell

MINUTES = 60
STEPS_A_DAY = 24


def lived(folder: Path, name: str, rows: Rows, publication: dict[str, str], begin: int = 0) -> ReplayResult:
    """Live through the rows from *begin* on, for a day and a half at most; what lies before is history."""
    last = rows[min(begin + 36, len(rows) - 1)]["ts_utc"]
    write_cell(folder, name, rows, MINUTES, publication, segments=[[rows[begin]["ts_utc"], last]])
    cell = load_cell(folder, name)
    return replay(cell.series, cell.home)


def test_a_shorter_cell_is_lived_through_in_the_same_way(tmp_path: Path) -> None:
    rows, begin = made_up_rows(6, MINUTES), 3 * STEPS_A_DAY + 5
    whole = lived(tmp_path, "whole", rows, NOW_ONLY, begin)
    for cut in (begin + 9, begin + 28):
        short = lived(tmp_path, f"cut-{cut}", rows[: cut + 1], NOW_ONLY, begin)
        assert short.decisions[:cut] == whole.decisions[:cut]
        assert np.array_equal(short.battery_kw[:cut], whole.battery_kw[:cut])
    assert len(set(whole.decisions)) > 2


@pytest.mark.parametrize("foretold", [False, True])
@pytest.mark.parametrize("hour", [10, 15])
def test_what_nobody_could_know_decides_nothing(tmp_path: Path, hour: int, foretold: bool) -> None:
    """Tomorrow's prices are out at the later hour, not at the earlier one."""
    rows, at = made_up_rows(5, MINUTES, foretold=foretold), 3 * STEPS_A_DAY + hour
    begin = at - 20
    real = lived(tmp_path, "real", rows, DAY_AHEAD, begin)
    known = load_cell(tmp_path, "real")
    published = int(known.series.known_until[at])
    end_of_tomorrow = 5 * STEPS_A_DAY - 2
    for index in range(at, len(rows)):
        row = rows[index]
        row["load_kw"], row["pv_kw"] = "3.3", "0.7"
        if index >= published:
            row["import_price"], row["export_price"] = "0.9", "-0.2"
        if foretold and index >= end_of_tomorrow:
            row["pv_forecast_kw"] = "4.4"
    other = lived(tmp_path, "other", rows, DAY_AHEAD, begin)
    changed = load_cell(tmp_path, "other")
    then, now = (Outlook(cell.series, cell.home).problem(at, 5.0) for cell in (known, changed))
    for name in ("load_kw", "solar_kw", "import_per_kwh", "export_per_kwh"):
        assert np.array_equal(getattr(then, name), getattr(now, name))
    assert other.decisions[: at + 1] == real.decisions[: at + 1]
    assert np.array_equal(other.battery_kw[:at], real.battery_kw[:at])
    assert not np.array_equal(other.battery_kw[at:], real.battery_kw[at:])


def test_each_segment_knows_what_was_measured_before_it(tmp_path: Path) -> None:
    rows, begin = made_up_rows(4, MINUTES), 2 * STEPS_A_DAY
    after = lived(tmp_path, "after", rows, NOW_ONLY, begin)
    alone = lived(tmp_path, "alone", rows[begin:], NOW_ONLY)
    assert after.decisions[:begin] == (None,) * begin
    assert None not in after.decisions[begin : begin + 36]
    assert after.decisions[begin : begin + 36] != alone.decisions[:36]
