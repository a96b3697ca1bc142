"""Values by their place on the clock's grid."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from custom_components.energy_optimizer.core.model.epoch_slots import (
    as_series,
    slot_index,
    slot_starts_at,
    slots_from_json,
    slots_to_json,
)

HOUR = timedelta(hours=1)


def test_a_slot_holds_its_start_and_not_its_end() -> None:
    at = datetime(2026, 10, 25, 1, 0, tzinfo=UTC)
    index = slot_index(at, HOUR)
    assert slot_starts_at(index, HOUR) == at
    assert slot_index(at + HOUR - timedelta(microseconds=1), HOUR) == index
    assert slot_index(at + HOUR, HOUR) == index + 1


def test_holes_stay_unknown() -> None:
    series = as_series({10: 1.0, 12: 3.0}, HOUR)
    assert series is not None
    assert series.starts_at == slot_starts_at(10, HOUR)
    assert series.values == pytest.approx([1.0, np.nan, 3.0], nan_ok=True)
    assert as_series({}, HOUR) is None


def test_json_and_back() -> None:
    values = {10: 1.23456, 12: -3.0}
    assert slots_from_json(slots_to_json(values, 2)) == {10: 1.23, 12: -3.0}
    assert slots_from_json(slots_to_json({}, 2)) == {}
    for broken in ({"first": 1}, {"first": "x", "values": []}, {"first": 1, "values": [float("nan")]}, {"values": [1]}):
        with pytest.raises((KeyError, TypeError, ValueError)):
            slots_from_json(broken)
