"""What the demo's command line understands and how it refuses."""

from pathlib import Path

import pytest

from scripts.demo_home.errors import DemoError
from scripts.demo_home.options import Options, find_place, parse


def test_nothing_given() -> None:
    assert parse([]) == Options()


def test_everything_given(tmp_path: Path) -> None:
    file = tmp_path / "home.csv"
    file.touch()
    options = parse(["--port", "8200", "--check", "--fresh", "--place", "paris", "--home", f"{file}:cl03"])
    assert (options.port, options.check, options.fresh) == (8200, True, True)
    assert options.place is not None
    assert options.place.name == "Paris"
    assert options.series is not None
    assert (options.series.path, options.series.home_id) == (file, "cl03")


@pytest.mark.parametrize("name", ["tel_aviv", "Tel Aviv", "tel-aviv", "TELAVIV", "São Paulo", "sao paulo"])
def test_a_place_is_found_however_it_is_written(name: str) -> None:
    assert find_place(name).key in ("tel_aviv", "sao_paulo")


def test_an_unknown_place_names_those_there_are() -> None:
    with pytest.raises(DemoError, match=r"no place “atlantis”.*auckland.*honolulu"):
        parse(["--place", "atlantis"])


@pytest.mark.parametrize(("name", "key"), [("fr", "fr"), ("AU", "au"), ("California", "us"), (" france ", "fr")])
def test_a_country_is_found_however_it_is_written(name: str, key: str) -> None:
    country = parse(["--country", name]).country
    assert country is not None
    assert country.key == key


def test_an_unknown_country_names_those_there_are() -> None:
    with pytest.raises(DemoError, match=r"no home in “de”.*fr \(Paris, EDF Tempo\).*au \(Sydney.*us \(Los Angeles"):
        parse(["--country", "de"])


def test_a_country_with_a_place() -> None:
    with pytest.raises(DemoError, match="--country or --place, not both"):
        parse(["--country", "fr", "--place", "paris"])


def test_a_file_whose_name_holds_a_colon(tmp_path: Path) -> None:
    file = tmp_path / "my:home.csv"
    file.touch()
    series = parse(["--home", str(file)]).series
    assert series is not None
    assert (series.path, series.home_id) == (file, None)


@pytest.mark.parametrize("suffix", ["", ":7"])
def test_a_missing_file_is_named(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(DemoError, match=r"no file “.*nowhere\.csv”"):
        parse(["--home", f"{tmp_path}/nowhere.csv{suffix}"])


def test_an_empty_id(tmp_path: Path) -> None:
    file = tmp_path / "home.csv"
    file.touch()
    with pytest.raises(DemoError, match="ends with a colon"):
        parse(["--home", f"{file}:"])


@pytest.mark.parametrize(
    "arguments", [["--port", "0"], ["--port", "70000"], ["--port", "http"], ["--plaice", "x"], ["x"]]
)
def test_what_makes_no_sense_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(arguments)
    assert "scripts/demo: error" in capsys.readouterr().err
