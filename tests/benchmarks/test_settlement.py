"""Bills are settled by the rules of the cells, and what is impossible is cut and counted."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.cells import Cell, load_cell
from benchmarks.settlement import self_consumption_kw, settle
from tests.benchmarks.cell_files import plain_rows, write_cell

LOSSLESS = {"charge_efficiency": 1.0, "discharge_efficiency": 1.0}


def cell_of(folder: Path, load: list[float], sun: list[float], price: list[float], **changes: object) -> Cell:
    write_cell(folder, "home", plain_rows(load, sun, price), 60, **changes)
    return load_cell(folder, "home")


def test_a_bill_is_what_is_bought_less_what_is_sold_less_what_is_left(tmp_path: Path) -> None:
    cell = cell_of(tmp_path, [1.0, 1.0, 3.0], [3.0, 0.0, 0.0], [0.2, 0.4, 0.6], battery={"discharge_efficiency": 0.9})
    # At first a surplus of 2 kW, of which 1 kW is stored at 95 %; then 0.9 kW are given, for which 1 kWh is taken.
    result = settle(cell, np.array([-1.0, 0.9, 0.0]))
    assert result.bill == pytest.approx(-1.0 * 0.05 + 0.1 * 0.4 + 3.0 * 0.6)
    assert result.end_value == pytest.approx((0.95 - 1.0) * 0.9 * 0.4)
    assert result.cost == pytest.approx(result.bill - result.end_value)
    assert result.charged_kwh == 1.0
    assert not result.violations


def test_each_segment_begins_anew_and_is_valued_at_its_own_prices(tmp_path: Path) -> None:
    segments = [["2026-05-04T00:00:00Z", "2026-05-04T01:00:00Z"], ["2026-05-04T01:00:00Z", "2026-05-04T02:00:00Z"]]
    cell = cell_of(tmp_path, [0.0, 0.0], [0.0, 0.0], [0.2, 0.6], battery=LOSSLESS, segments=segments)
    result = settle(cell, np.array([-4.0, -4.0]))
    assert result.cost == pytest.approx(0.0)
    assert result.end_value == pytest.approx(4.0 * 0.2 + 4.0 * 0.6)
    # Were it one segment, the second hour could not charge so much.
    assert not result.violations


@pytest.mark.parametrize(
    ("wish_kw", "possible_kw", "kind", "changes"),
    [
        (4.5, 4.0, "discharge power", {"battery": {"initial_soc": 1.0}}),
        (-4.5, -4.0, "charge power", {}),
        (3.0, 2.0, "below the least level", {"battery": {"initial_soc": 0.3, **LOSSLESS}}),
        (-3.0, -1.0, "above full", {"battery": {"initial_soc": 0.9, **LOSSLESS}}),
        (3.0, 2.0, "grid export", {"grid": {"max_export_kw": 1.0}}),
        (-3.0, -2.0, "grid import", {"grid": {"max_import_kw": 2.5}}),
        (3.0, 1.0, "battery export", {"grid": {"battery_export_allowed": False}}),
        (-3.0, -0.5, "grid charging", {"grid": {"grid_charging_allowed": False}}),
    ],
)
def test_what_is_impossible_is_cut_and_counted(
    tmp_path: Path, wish_kw: float, possible_kw: float, kind: str, changes: dict[str, object]
) -> None:
    sun = 0.0 if kind == "grid export" else 0.5
    cell = cell_of(tmp_path, [1.0], [sun], [0.4], **changes)
    result = settle(cell, np.array([wish_kw]))
    assert result.violations == {kind: 1}
    possible = settle(cell, np.array([possible_kw]))
    assert result.cost == pytest.approx(possible.cost)
    assert not possible.violations
    assert not settle(cell, np.array([possible_kw * 1.0001])).violations


def test_self_consumption_stores_surplus_and_covers_the_house(tmp_path: Path) -> None:
    cell = cell_of(
        tmp_path, [1.0, 1.0, 6.0, 6.0], [4.0, 9.0, 0.0, 0.0], [0.3] * 4, battery={"initial_soc": 0.2, **LOSSLESS}
    )
    assert self_consumption_kw(cell).tolist() == pytest.approx([-3.0, -4.0, 4.0, 4.0])
    emptied = cell_of(tmp_path, [5.0, 1.0], [0.0, 0.0], [0.3] * 2, battery={"initial_soc": 0.3})
    assert self_consumption_kw(emptied).tolist() == pytest.approx([2.0 * 0.95, 0.0])
