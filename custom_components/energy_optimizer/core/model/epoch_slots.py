"""Values by their place on the clock's own grid: steps counted since 1970, so that a grid never shifts."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from .forecast import Series


def slot_index(instant: datetime, step: timedelta) -> int:
    """Return which step *instant* lies in."""
    return int(instant.timestamp() // step.total_seconds())


def slot_starts_at(index: int, step: timedelta) -> datetime:
    """Return when a step starts."""
    return datetime.fromtimestamp(index * step.total_seconds(), UTC)


def as_series(values: Mapping[int, float], step: timedelta) -> Series | None:
    """Return all from the first to the last value; ``None`` if there is none."""
    if not values:
        return None
    first, last = min(values), max(values)
    dense = np.full(last - first + 1, np.nan)
    for index, value in values.items():
        dense[index - first] = value
    return Series(starts_at=slot_starts_at(first, step), step=step, values=dense)


def slots_to_json(values: Mapping[int, float], digits: int) -> dict[str, Any]:
    """Return the values as plain JSON data, rounded to *digits*."""
    if not values:
        return {}
    first, last = min(values), max(values)
    dense = [values.get(index) for index in range(first, last + 1)]
    return {"first": first, "values": [None if each is None else round(each, digits) for each in dense]}


def slots_from_json(stored: Mapping[str, Any]) -> dict[int, float]:
    """Read back what ``slots_to_json`` returned.

    Raises:
        KeyError, TypeError, ValueError: if it did not come from there.
    """
    if not stored:
        return {}
    first = int(stored["first"])
    values = {first + index: float(each) for index, each in enumerate(stored["values"]) if each is not None}
    if not np.isfinite(list(values.values())).all():
        raise ValueError("a number that is none")
    return values
