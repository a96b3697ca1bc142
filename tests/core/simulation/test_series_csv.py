"""Series as text."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from custom_components.energy_optimizer.core.simulation.series_csv import parse_home_series


def rows(columns: str = "ts_utc,load_kw,pv_kw", *, hours: int = 24, tail: str = "") -> str:
    lines = [f"2024-03-01T{hour:02}:00Z,{hour / 10},{hour / 100}{tail}" for hour in range(hours)]
    return "\n".join([columns, *lines]) + "\n"


def broken(line: int, text: str) -> str:
    lines = rows().splitlines()
    lines[line - 1] = text
    return "\n".join(lines)


def test_powers() -> None:
    series = parse_home_series(rows())
    assert series.starts_at == datetime(2024, 3, 1, tzinfo=UTC)
    assert series.step == timedelta(hours=1)
    np.testing.assert_allclose(series.load_kw, np.arange(24) / 10)
    np.testing.assert_allclose(series.solar_kw, np.arange(24) / 100)


def test_energies_become_powers() -> None:
    lines = ["ts_utc,load_kwh,pv_kwh"]
    lines += [f"2024-03-01T{minute // 60:02}:{minute % 60:02}Z,0.5,0.25" for minute in range(0, 1440, 15)]
    series = parse_home_series("\n".join(lines))
    assert series.step == timedelta(minutes=15)
    assert set(series.load_kw.tolist()) == {2.0}
    assert set(series.solar_kw.tolist()) == {1.0}


def test_columns_may_be_anywhere_and_more_than_needed() -> None:
    lines = ["\ufeffnote,pv_kw, ts_utc ,load_kw,forecast"]
    lines += [f"x,0.1,2024-03-01 {hour:02}:00,0.2,9" for hour in range(24)]
    series = parse_home_series("\r\n".join(lines))
    assert set(series.load_kw.tolist()) == {0.2}
    assert series.starts_at.tzinfo is UTC


def test_empty_cells_and_missing_rows_are_unknown() -> None:
    lines = ["ts_utc,load_kw,pv_kw"]
    lines += [f"2024-03-0{1 + hour // 24}T{hour % 24:02}:00Z,1,0" for hour in range(48) if hour != 5]
    lines[10] = lines[10].replace(",1,0", ",,0")
    series = parse_home_series("\n".join(lines))
    assert len(series.load_kw) == 48
    assert np.flatnonzero(np.isnan(series.load_kw)).tolist() == [5, 10]
    assert np.flatnonzero(np.isnan(series.solar_kw)).tolist() == [5]


def test_other_offsets_are_understood() -> None:
    text = rows().replace("Z,", "+02:00,")
    assert parse_home_series(text).starts_at == datetime(2024, 2, 29, 22, tzinfo=UTC)


def test_one_home_of_several() -> None:
    lines = ["home_id,ts_utc,load_kw,pv_kw"]
    for home, load in (("a", 1.0), ("b", 2.0)):
        lines += [f"{home},2024-03-01T{hour:02}:00Z,{load},0" for hour in range(24)]
    text = "\n".join(lines)
    assert set(parse_home_series(text, "b").load_kw.tolist()) == {2.0}
    with pytest.raises(ValueError, match="line 26, column home_id: there are several homes"):
        parse_home_series(text)
    with pytest.raises(ValueError, match="column home_id: there is no home 'c', only a, b"):
        parse_home_series(text, "c")
    with pytest.raises(ValueError, match="line 1: home 'b' was asked for, but there is no column home_id"):
        parse_home_series(rows(), "b")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: there is no column ts_utc"),
        (rows("ts_utc;load_kw;pv_kw"), "line 1: there is no column ts_utc; the columns are separated by commas"),
        (rows("ts_utc,load_kw,pv_kwh"), "line 1: neither load_kw and pv_kw nor load_kwh and pv_kwh"),
        (rows(hours=1), "line 2: the series needs at least two rows"),
        (broken(4, "yesterday,1,0"), "line 4, column ts_utc: 'yesterday' is no time"),
        (broken(4, ",1,0"), "line 4, column ts_utc: '' is no time"),
        (broken(5, "2024-03-01T03:00Z,much,0"), "line 5, column load_kw: 'much' is not a number"),
        (broken(5, "2024-03-01T03:00Z,1,-0.5"), "line 5, column pv_kw: '-0.5' is not a number of at least 0"),
        (broken(5, "2024-03-01T03:00Z,nan,0"), "line 5, column load_kw: 'nan' is not a number"),
        (broken(5, "2024-03-01T02:00Z,1,0"), "line 5, column ts_utc: not later than the row before"),
        (broken(5, "2024-03-01T03:20Z,1,0"), "line 5, column ts_utc: not a multiple of 1:00:00"),
        (rows(hours=20), "load was on no day measured at 20:00 UTC"),
    ],
)
def test_errors_name_line_column_and_remedy(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_home_series(text)
