"""Energies of a time in which we did not look, from a site's calendar history (5-minute sums in Wh)."""

import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final

from ...core.model.energy import EnergyTotals

BUCKET: Final = timedelta(minutes=5)
_PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    "grid_import_kwh": ("grid_energy_imported",),
    "grid_export_kwh": (
        "grid_energy_exported_from_solar",
        "grid_energy_exported_from_battery",
        "grid_energy_exported_from_generator",
    ),
    "solar_kwh": ("solar_energy_exported",),
    "battery_charge_kwh": (
        "battery_energy_imported_from_grid",
        "battery_energy_imported_from_solar",
        "battery_energy_imported_from_generator",
    ),
    "battery_discharge_kwh": ("battery_energy_exported",),
    "home_kwh": (
        "consumer_energy_imported_from_grid",
        "consumer_energy_imported_from_solar",
        "consumer_energy_imported_from_battery",
        "consumer_energy_imported_from_generator",
    ),
}


def local_days(start: datetime, end: datetime, zone: tzinfo) -> Iterator[tuple[datetime, datetime]]:
    """Cut ``[start, end)`` at the site's midnights: a day is what Tesla tells at once."""
    at = start
    while at < end:
        day = at.astimezone(zone).date() + timedelta(days=1)
        midnight = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(start.tzinfo)
        until = min(midnight, end)
        yield at, until
        at = until


def buckets_in(answer: object) -> list[Mapping[str, Any]]:
    """Return the sums that an answer holds."""
    response = answer.get("response") if isinstance(answer, Mapping) else None
    series = response.get("time_series") if isinstance(response, Mapping) else None
    return [each for each in series if isinstance(each, Mapping)] if isinstance(series, list) else []


def energies_between(
    buckets: Iterable[Mapping[str, Any]], start: datetime, end: datetime, *, asked_at: datetime
) -> EnergyTotals | None:
    """Add up what flowed in ``[start, end)``; ``None`` where the history has a hole.

    A bucket that begins before or ends after counts in part; one that was not over when the history was asked for does
    not count yet. What is not written at the end, at most one bucket's length, is taken to have flowed as before.
    """
    dated = {at: each for each in buckets if (at := _start_of(each)) is not None and at < end}
    dated = {at: each for at, each in dated.items() if at + BUCKET <= asked_at}
    weights: list[tuple[Mapping[str, Any], float]] = []
    covered = start
    for at, bucket in sorted(dated.items(), key=lambda item: item[0]):
        if at + BUCKET <= covered:
            continue
        if at > covered:
            return None
        until = min(at + BUCKET, end)
        weights.append((bucket, (until - covered) / BUCKET))
        covered = until
    if not weights or end - covered > BUCKET:
        return None
    weights.append((weights[-1][0], (end - covered) / BUCKET))
    return EnergyTotals(**{name: _sum_kwh(weights, parts) for name, parts in _PARTS.items()})


def _sum_kwh(weights: Iterable[tuple[Mapping[str, Any], float]], parts: tuple[str, ...]) -> float | None:
    total_wh, known = 0.0, True
    for bucket, weight in weights:
        values = [value for part in parts if (value := _energy_wh(bucket.get(part))) is not None]
        known = known and bool(values)
        total_wh += weight * sum(values)
    return total_wh / 1000 if known else None


def _energy_wh(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        return None
    return float(value)


def _start_of(bucket: Mapping[str, Any]) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(bucket.get("timestamp")))
    except ValueError:
        return None
    return at if at.tzinfo is not None else None
