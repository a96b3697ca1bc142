"""Forecasts are scored by lead, beside simple ones."""

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.cells import load_cell
from benchmarks.command import main
from benchmarks.forecast import Errors
from benchmarks.simple_forecasts import SimpleForecasts
from tests.benchmarks.cell_files import ALWAYS, DAY_AHEAD, NOW_ONLY, made_up_rows, plain_rows, write_cell

DAY, TWO_DAYS = 24, 48


def utc_rows(days: int) -> list[dict[str, str]]:
    """Return rows that tell day (hundreds) and hour: the load of weekdays and weekends, the sun and the price alike."""
    numbers = [100.0 * day + hour for day in range(1, days + 1) for hour in range(DAY)]
    return plain_rows(numbers, numbers, numbers)


def simple_of(folder: Path, days: int, publication: dict[str, str] = ALWAYS, **columns: str) -> SimpleForecasts:
    rows = [row | columns for row in utc_rows(days)]
    write_cell(folder, "home", rows, 60, publication, timezone="Etc/UTC")
    return SimpleForecasts(load_cell(folder, "home"), TWO_DAYS)


def test_simple_load_is_the_mean_of_such_days(tmp_path: Path) -> None:
    simple = simple_of(tmp_path, 10)
    assert simple.load_kw(0).tolist() == [0.5] * TWO_DAYS
    # The 4th of May 2026 is a Monday. On Tuesday the coming days are as Monday was.
    assert simple.load_kw(DAY + 3)[:2].tolist() == [103.0, 104.0]
    # On the first Saturday no weekend is known, so it is as yesterday was; on Sunday, as Saturday was.
    assert simple.load_kw(5 * DAY)[[0, DAY]].tolist() == [500.0, 500.0]
    # On the second Monday: the mean of five weekdays.
    assert simple.load_kw(7 * DAY)[[0, 1]].tolist() == [300.0, 301.0]


def test_simple_sun_is_yesterdays_or_as_foretold(tmp_path: Path) -> None:
    assert simple_of(tmp_path, 3).solar_kw(DAY + 5)[:2].tolist() == [105.0, 106.0]
    told = simple_of(tmp_path, 5, pv_forecast_kw="7.5").solar_kw(2 * DAY + 12)
    assert told.tolist() == [7.5] * 36 + [200.0 + hour for hour in range(12)]


def test_simple_prices_are_those_of_the_last_known_day(tmp_path: Path) -> None:
    simple = simple_of(tmp_path, 5, DAY_AHEAD)
    series = load_cell(tmp_path, "home").series
    at = 2 * DAY + 14
    prices = simple.price(at, series.import_per_kwh, None)
    assert prices[: DAY + 10].tolist() == series.import_per_kwh[at : 4 * DAY].tolist()
    assert prices[DAY + 10 :].tolist() == series.import_per_kwh[3 * DAY : 3 * DAY + 14].tolist()
    now_only = simple_of(tmp_path, 5, NOW_ONLY).price(at, series.import_per_kwh, None)
    assert now_only[[0, 1, DAY, DAY + 1]].tolist() == [314.0, 215.0, 314.0, 215.0]
    told = simple.price(at, series.import_per_kwh, np.full(5 * DAY, 9.0))
    assert told.tolist() == [314.0] + [9.0] * 47


def test_errors_are_means_over_all_that_was_noted() -> None:
    errors = Errors()
    errors.note(np.array([[0.0], [1.0], [2.0], [3.0], [4.0]]), np.array([5.0]), np.array([3.0]))
    errors.note(np.full((5, 1), 1.0), np.array([1.0]), np.array([1.0]))
    means = errors.means()
    assert means["mae"] == 0.5
    assert means["bias"] == -0.5
    assert means["simple_mae"] == means["simple_bias"] == 1.0
    assert means["simple_pinball"] == 0.5
    # 0.1 x 3, 0.25 x 2, 0.5 x 1, 0 and 0.1 x 1 over five quantiles and two cases.
    assert means["pinball"] == pytest.approx((0.3 + 0.5 + 0.5 + 0.0 + 0.1) / 5 / 2)


def test_all_is_scored_but_what_was_published(tmp_path: Path) -> None:
    write_cell(tmp_path, "nl-made-1", made_up_rows(8, 60), 60, DAY_AHEAD)
    write_cell(tmp_path, "nl-all-known", made_up_rows(3, 60), 60, ALWAYS)
    file = tmp_path / "figures.json"
    arguments = ["--cells", str(tmp_path), "--jobs", "1", "--days", "4", "--every-h", "7", "--json", str(file)]
    assert main(["forecast", *arguments]) == 0
    figures = json.loads(file.read_text(encoding="utf-8"))
    made = {(each["quantity"], each["lead"]): each for each in figures["cells"]["nl-made-1"]}
    assert {lead for quantity, lead in made if quantity == "load"} == {
        "next step", "1 to 6 h", "6 to 24 h", "24 to 48 h",
    }  # fmt: skip
    assert {lead for quantity, lead in made if quantity == "import price"} == {"6 to 24 h", "24 to 48 h"}
    assert made["load", "next step"]["count"] == 14
    assert 0.0 < made["load", "6 to 24 h"]["pinball"] < made["load", "6 to 24 h"]["mae"]
    assert {each["quantity"] for each in figures["cells"]["nl-all-known"]} == {"load", "solar"}
    assert set(figures["groups"]) == {"nl-made", "nl-all"}
