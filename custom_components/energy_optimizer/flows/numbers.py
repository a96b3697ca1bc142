"""Numbers from forms: Home Assistant's own fields let "nan" and "inf" through."""

from collections.abc import Mapping
from math import isfinite
from typing import Any


def number_errors(values: Mapping[str, Any]) -> dict[str, str]:
    """Return an error for each field of a filled form that holds something uncountable."""
    return {name: "number_needed" for name, value in values.items() if not _is_finite(value)}


def _is_finite(value: object) -> bool:
    if isinstance(value, Mapping):
        return all(_is_finite(each) for each in value.values())
    return not isinstance(value, float) or isfinite(value)
