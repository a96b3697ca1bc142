"""Made-up cells, written as files."""

import csv
import gzip
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from custom_components.energy_optimizer.core.model.place import Place
from custom_components.energy_optimizer.core.simulation.house import House
from custom_components.energy_optimizer.core.simulation.panels import Panels

type Rows = list[dict[str, str]]

BEGIN = datetime(2026, 5, 4, tzinfo=UTC)
ALWAYS = {"mode": "always"}
NOW_ONLY = {"mode": "current_interval_only"}
DAY_AHEAD = {"mode": "day_ahead", "local_time": "13:00"}
FREE = {"grid_charging_allowed": True, "battery_export_allowed": True}


def made_up_rows(days: float, minutes: int, *, begin: datetime = BEGIN, foretold: bool = False) -> Rows:
    """Return the rows of a home near Amsterdam whose prices have two humps a day."""
    zone = ZoneInfo("Europe/Amsterdam")
    place = Place(latitude=52.4, longitude=4.9, time_zone=zone)
    count = round(days * 1440 / minutes)
    middles = begin.timestamp() + (np.arange(count) + 0.5) * minutes * 60.0
    load = House(seed=4, place=place, kwh_per_year=5000.0).load_kw(middles)
    sun = Panels(seed=4, place=place, kwp=5.0, tilt_degrees=30.0, azimuth_degrees=180.0).power_kw(middles)
    rng = np.random.default_rng(5)
    hours = np.arange(count) * minutes / 60.0
    spot = 0.1 + 0.07 * np.cos((hours - 18.0) / 6.0 * np.pi) + rng.normal(0.0, 0.01, count)
    columns = {"load_kw": load, "pv_kw": sun, "import_price": spot + 0.13, "export_price": spot}
    if foretold:
        wrong = spot + rng.normal(0.0, 0.03, count)
        columns |= {
            "pv_forecast_kw": sun * rng.uniform(0.6, 1.3, count),
            "import_price_forecast": wrong + 0.13,
            "export_price_forecast": wrong,
        }
    times = [f"{begin + index * timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%SZ}" for index in range(count)]
    return [
        {"ts_utc": time, **{name: f"{values[index]:.5f}" for name, values in columns.items()}}
        for index, time in enumerate(times)
    ]


def write_cell(
    folder: Path,
    name: str,
    rows: Rows,
    minutes: int,
    publication: Mapping[str, str] = ALWAYS,
    *,
    segments: Sequence[Sequence[str]] | None = None,
    **changes: Any,
) -> None:
    """Write a cell; *changes* go into its description, those of ``grid`` and ``battery`` one by one."""
    folder.mkdir(parents=True, exist_ok=True)
    described: dict[str, Any] = {
        "timezone": "Europe/Amsterdam",
        "currency": "EUR",
        "step_minutes": minutes,
        "battery": {
            "capacity_kwh": 10.0,
            "max_charge_kw": 4.0,
            "max_discharge_kw": 4.0,
            "charge_efficiency": 0.95,
            "discharge_efficiency": 0.95,
            "min_soc": 0.1,
            "initial_soc": 0.5,
        },
        "grid": {"max_import_kw": 12.0, "max_export_kw": 8.0, **FREE},
        "price_publication": publication,
    }
    for key, value in changes.items():
        described[key] = described[key] | value if isinstance(described.get(key), dict) else value
    if segments is not None:
        described["segments"] = segments
    (folder / f"{name}.json").write_text(json.dumps(described), encoding="utf-8")
    with gzip.open(folder / f"{name}.csv.gz", "wt", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def plain_rows(load: Sequence[float], sun: Sequence[float], price: Sequence[float], minutes: int = 60) -> Rows:
    """Return rows of given numbers; what is sold earns a quarter of what is bought."""
    return [
        {
            "ts_utc": f"{BEGIN + index * timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%SZ}",
            "load_kw": str(load[index]),
            "pv_kw": str(sun[index]),
            "import_price": str(price[index]),
            "export_price": str(price[index] / 4),
        }
        for index in range(len(load))
    ]
