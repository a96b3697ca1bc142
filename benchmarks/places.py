"""Where on earth a cell may lie, of which only the time zone is known."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from importlib.resources import files
from zoneinfo import ZoneInfo

from custom_components.energy_optimizer.core.model.place import Place

_USUAL_LATITUDE = 40.0
_SIGNED = re.compile(r"([+-])(\d{2,3})(\d\d)(\d\d)?(?=[+-]|$)")


def place_in(zone: ZoneInfo) -> Place:
    """Return the town that names *zone* in the tz database; for a zone without a town, a guess by its clock."""
    towns = dict(_towns())
    name = zone.key if zone.key in towns else _same_clock(zone.key, towns)
    latitude, longitude = towns[name] if name else _guess(zone)
    return Place(latitude=latitude, longitude=longitude, time_zone=zone)


def _towns() -> Iterator[tuple[str, tuple[float, float]]]:
    """Yield latitude and longitude of the towns in the tz database's ``zone.tab``, by zone."""
    for line in files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        _, where, name, *_ = line.split("\t")
        latitude, longitude = (_degrees(*found.groups()) for found in _SIGNED.finditer(where))
        yield name, (latitude, longitude)


def _degrees(sign: str, degrees: str, minutes: str, seconds: str | None) -> float:
    size = int(degrees) + int(minutes) / 60.0 + int(seconds or 0) / 3600.0
    return -size if sign == "-" else size


def _same_clock(key: str, towns: dict[str, tuple[float, float]]) -> str | None:
    """Return the town whose clock an older or shorter name such as US/Pacific stands for."""
    rules = _rules(key)
    return next((name for name in towns if rules is not None and _rules(name) == rules), None)


def _rules(key: str) -> bytes | None:
    file = files("tzdata").joinpath("zoneinfo", *key.split("/"))
    return file.read_bytes() if file.is_file() else None


def _guess(zone: ZoneInfo) -> tuple[float, float]:
    winter, summer = (zone.utcoffset(datetime(2024, month, 1)) or timedelta(0) for month in (1, 7))  # noqa: DTZ001 - the zone is asked itself
    latitude = -_USUAL_LATITUDE if winter > summer else _USUAL_LATITUDE
    return latitude, min(winter, summer) / timedelta(hours=1) * 15.0
