"""What a person may ask of the demo on the command line."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .countries import COUNTRIES, DemoCountry
from .errors import DemoError
from .places import PLACES, DemoPlace

DEFAULT_PORT = 8123


@dataclass(frozen=True, kw_only=True, slots=True)
class SeriesChoice:
    """Which real home to replay."""

    path: Path
    home_id: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """The command line, understood."""

    port: int | None = None
    """``None`` where the person named none."""
    check: bool = False
    fresh: bool = False
    place: DemoPlace | None = None
    """``None`` for wherever it is daytime."""
    country: DemoCountry | None = None
    """``None`` for a home with a tariff of hours, as it is anywhere."""
    series: SeriesChoice | None = None


def parse(arguments: Sequence[str]) -> Options:
    """Understand the command line.

    Raises:
        DemoError: for a place, country or file that is not there, and for a country with a place.
        SystemExit: for an option that does not exist; argparse has then said so.
    """
    parser = argparse.ArgumentParser(prog="scripts/demo", add_help=False, allow_abbrev=False)
    parser.add_argument("--port", type=_port)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--fresh", action="store_true")
    parser.add_argument("--place", type=str)
    parser.add_argument("--country", type=str)
    parser.add_argument("--home", type=str, metavar="FILE[:ID]")
    given = parser.parse_args(arguments)
    if given.country is not None and given.place is not None:
        raise DemoError("A country brings its own place: give --country or --place, not both.")
    return Options(
        port=given.port,
        check=given.check,
        fresh=given.fresh,
        place=None if given.place is None else find_place(given.place),
        country=None if given.country is None else find_country(given.country),
        series=None if given.home is None else find_series(given.home),
    )


def find_place(name: str) -> DemoPlace:
    """Return the place of that name, however it is written."""
    key = "".join(letter if letter.isalnum() else "_" for letter in name.strip().casefold()).replace("ã", "a")
    for place in PLACES:
        if key in (place.key, place.key.replace("_", "")):
            return place
    raise DemoError(f"There is no place “{name}”. Choose one of: {', '.join(place.key for place in PLACES)}.")


def find_country(name: str) -> DemoCountry:
    """Return the country of that name or code."""
    word = name.strip().casefold()
    for country in COUNTRIES:
        if word in (country.key, country.name.casefold()):
            return country
    known = ", ".join(f"{country.key} ({country.place.name}, {country.tariff})" for country in COUNTRIES)
    raise DemoError(f"The demo has no home in “{name}”. Choose one of: {known}.")


def find_series(text: str) -> SeriesChoice:
    """Split ``FILE[:ID]``; a file whose own name holds a colon is taken as a whole if it exists."""
    whole = Path(text).expanduser()
    if whole.is_file():
        return SeriesChoice(path=whole.resolve())
    file, colon, home_id = text.rpartition(":")
    path = Path(file).expanduser()
    if colon and path.is_file():
        if not home_id:
            raise DemoError(f"“{text}” ends with a colon; name the home after it or leave it out.")
        return SeriesChoice(path=path.resolve(), home_id=home_id)
    raise DemoError(
        f"There is no file “{path if colon else whole}”. Give --home a CSV file, or FILE:ID for one home of several."
    )


def _port(text: str) -> int:
    port = int(text)
    if not 1 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{port} is not a port; ports go from 1 to 65535")
    return port
