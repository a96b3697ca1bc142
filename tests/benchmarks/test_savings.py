"""Cells are lived through, settled, written and drawn."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.cells import load_cell
from benchmarks.command import main
from benchmarks.perfect import PerfectMemory, perfect_cost
from benchmarks.records import read_record
from benchmarks.settlement import self_consumption_kw, settle
from benchmarks.ways import by_way
from custom_components.energy_optimizer.core.model.decision import DecisionKind
from tests.benchmarks.cell_files import DAY_AHEAD, NOW_ONLY, made_up_rows, write_cell

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(name="cells")
def two_cells(tmp_path: Path) -> Path:
    folder = tmp_path / "cells"
    write_cell(folder, "nl-made-1", made_up_rows(2, 60), 60, DAY_AHEAD)
    write_cell(folder, "nl-made-2", made_up_rows(1, 30, foretold=True), 30, NOW_ONLY)
    return folder


def run(cells: Path, out: Path, *more: str) -> tuple[int, dict[str, object]]:
    file = out / "figures.json"
    file.unlink(missing_ok=True)
    code = main(["savings", "--cells", str(cells), "--out", str(out), "--json", str(file), "--jobs", "1", *more])
    return code, json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def test_what_is_written_settles_to_what_is_told(cells: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    out = tmp_path / "out"
    code, figures = run(cells, out)
    assert code == 0
    assert [each["name"] for each in figures["cells"]] == ["nl-made-1", "nl-made-2"]
    for each in figures["cells"]:
        cell = load_cell(cells, each["name"])
        with (out / f"{cell.name}.csv").open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
        assert list(rows[0]) == ["ts_utc", "battery_kw"]
        assert [row["ts_utc"] for row in rows] == cell.row_times
        settled = settle(cell, np.array([float(row["battery_kw"]) for row in rows]))
        assert not settled.violations
        assert settled.cost == each["ours"]
        assert settle(cell, np.zeros(len(rows))).cost == each["none"]
        assert settle(cell, self_consumption_kw(cell)).cost == each["self_consumption"]
        assert each["perfect"] <= min(each["ours"], each["self_consumption"]) < each["none"]
        gain = each["self_consumption"] - each["perfect"]
        assert each["captured"] == pytest.approx((each["self_consumption"] - each["ours"]) / gain)
        assert each["free"] is None
    (group,) = figures["groups"]
    assert (group["name"], group["cells"]) == ("nl-made", 2)
    assert group["ours"] == pytest.approx(sum(each["ours"] for each in figures["cells"]))
    assert "nl-made (2)" in capsys.readouterr().out


def test_two_processes_come_to_the_same(cells: Path, tmp_path: Path) -> None:
    first = run(cells, tmp_path / "one", "--days", "1")[1]
    out = tmp_path / "two"
    assert main(["savings", "--cells", str(cells), "--out", str(out), "--days", "1", "--jobs", "2"]) == 0
    for each in first["cells"]:
        name = each["name"]
        assert (out / f"{name}.csv").read_bytes() == (tmp_path / "one" / f"{name}.csv").read_bytes()
    assert (out / "perfect.json").read_bytes() == (tmp_path / "one" / "perfect.json").read_bytes()


def test_a_real_way_is_shown_beside_the_free_battery(cells: Path, tmp_path: Path) -> None:
    some = ("--only", "nl-made-1", "--days", "1")
    free = run(cells, tmp_path / "free", *some)[1]["cells"][0]
    for path in ("v1r", "cloud", "gateway"):
        code, figures = run(cells, tmp_path / path, *some, "--path", path)
        (each,) = figures["cells"]
        assert code == 0
        assert each["free"] == free["ours"]
        assert each["lost"] == each["ours"] - each["free"]
        assert each["perfect"] == free["perfect"]
        decided = read_record(tmp_path / path, load_cell(cells, "nl-made-1")).decisions
        offered = by_way(load_cell(cells, "nl-made-1"), path).home.means
        assert {decision and decision.kind for decision in decided} <= offered.keys() | {None}
        if path == "gateway":
            assert each["ours"] == pytest.approx(each["self_consumption"])


def test_a_contract_keeps_decisions_from_a_way(tmp_path: Path) -> None:
    grid = {"grid_charging_allowed": False, "battery_export_allowed": False}
    write_cell(tmp_path, "closed", made_up_rows(1, 60), 60, grid=grid)
    cell = load_cell(tmp_path, "closed")
    assert DecisionKind.DISCHARGE not in by_way(cell, "v1r").home.means
    assert perfect_cost(cell) is None
    code, figures = run(tmp_path, tmp_path / "out", "--path", "v1r")
    assert code == 0
    assert figures["cells"][0]["captured"] is None


def test_perfect_foresight_is_remembered_for_the_same_cell_alone(cells: Path, tmp_path: Path) -> None:
    cell = load_cell(cells, "nl-made-1")
    memory = PerfectMemory(tmp_path / "perfect.json")
    memory.keep(memory.key(cell), 1.25)
    again = PerfectMemory(tmp_path / "perfect.json")
    assert again.costs() == {memory.key(cell): 1.25}
    assert again.key(cell.last_days(1)) != memory.key(cell)
    (tmp_path / "perfect.json").write_text("torn", encoding="utf-8")
    assert PerfectMemory(tmp_path / "perfect.json").costs() == {}


def test_a_day_is_drawn(cells: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    out, day = tmp_path / "out", ("--plot", "nl-made-2", "2026-05-04")
    assert run(cells, out, "--only", "nl-made-2", *day, "--no-run")[0] == 1
    assert "run the cell first" in capsys.readouterr().err
    assert run(cells, out, "--only", "nl-made-2", *day)[0] == 0
    picture = out / "nl-made-2-2026-05-04.png"
    assert picture.read_bytes().startswith(PNG)
    assert picture.stat().st_size > 30_000
    picture.unlink()
    assert run(cells, out, *day, "--no-run")[0] == 0
    assert picture.exists()
    assert run(cells, out, "--plot", "nl-made-2", "2027-01-01", "--no-run")[0] == 1
    assert "2027-01-01 is not among the days" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--days", "0"], "0 is not a whole number above 0"),
        (["--plot", "nl-made-1", "yesterday"], "yesterday is no date"),
        (["--no-run"], "needs --plot"),
        (["--path", "carrier pigeon"], "invalid choice"),
    ],
)
def test_what_cannot_be_asked_is_told(
    cells: Path, tmp_path: Path, capsys: pytest.CaptureFixture, arguments: list[str], sentence: str
) -> None:
    with pytest.raises(SystemExit):
        run(cells, tmp_path / "out", *arguments)
    assert sentence in capsys.readouterr().err


def test_a_folder_without_the_cell_is_told_of(cells: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert run(cells, tmp_path / "out", "--only", "fr")[0] == 1
    assert "no cell fr*" in capsys.readouterr().err
    assert run(cells, tmp_path / "out", "--plot", "fr", "2026-05-05")[0] == 1
    assert "fr is not among the cells" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["savings", "--cells", str(tmp_path / "nowhere"), "--out", str(tmp_path)])
