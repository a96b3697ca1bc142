"""Data that are no tariff are refused, whatever is wrong with them."""

from datetime import UTC
from typing import Any

import pytest

from custom_components.energy_optimizer.core.tariffs.presets import PGE_E_ELEC
from custom_components.energy_optimizer.core.tariffs.serialisation import (
    UnreadableTariffError,
    minute_of,
    plan_to_data,
    tariff_from_data,
)
from custom_components.energy_optimizer.core.tariffs.text import clock_text, price_text

GOOD = plan_to_data(PGE_E_ELEC.plan)


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"kind": "spot"},
        {"seasons": [{"name": "A", "ranges": [["02-30", "12-31"]]}]},
        {"windows": [{"tier": "Peak", "start": "25:00", "end": "26:00", "days": ["monday"], "seasons": []}]},
        {"windows": [{"tier": "Peak", "start": "10:60", "end": "12:00", "days": ["monday"], "seasons": []}]},
        {"windows": [{"tier": "Peak", "start": "10:00", "end": "12:00", "days": ["someday"], "seasons": []}]},
        {"prices": [{"season": None, "tier": "Peak", "import_per_kwh": "much", "export_per_kwh": None}]},
        {"prices": None},
    ],
)
def test_nonsense_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(UnreadableTariffError):
        tariff_from_data({**GOOD, **change}, UTC, None)


@pytest.mark.parametrize("missing", ["format", "kind", "seasons", "prices", "windows", "rest_tier"])
def test_incomplete_data_are_refused(missing: str) -> None:
    with pytest.raises(UnreadableTariffError):
        tariff_from_data({key: value for key, value in GOOD.items() if key != missing}, UTC, None)


def test_times_and_prices_as_text() -> None:
    assert [clock_text(minute) for minute in (0, 359, 1440)] == ["00:00", "05:59", "24:00"]
    assert [minute_of(text) for text in ("00:00", "05:59", "24:00")] == [0, 359, 1440]
    assert [price_text(price) for price in (0.55214, 0.3, 30.0, -0.05, 0.0)] == ["0.55214", "0.3", "30", "-0.05", "0"]
