"""Export values of net billing as the Californian utilities published them, from files of this package."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from ...core.tariffs.net_billing import ExportYear
from ...core.tariffs.net_billing_settings import Utility

_FOLDER: Final = Path(__file__).parent / "net_billing"


def export_values(utility: Utility, vintage: str) -> Mapping[int, ExportYear]:
    """Return what exports earn, by calendar year; empty where nothing was published. Reads a file."""
    file = _file(utility)
    return {int(year): _year(file["tables"][name]) for year, name in file["vintages"].get(vintage, {}).items()}


def vintages(utility: Utility) -> Mapping[str, tuple[int, int]]:
    """Return the vintages whose export values are known, with their first and last year. Reads a file."""
    return {
        vintage: (min(map(int, years)), max(map(int, years))) for vintage, years in _file(utility)["vintages"].items()
    }


def source(utility: Utility) -> str:
    """Return where a utility's export values were published. Reads a file."""
    return str(_file(utility)["source"])


@cache
def _file(utility: Utility) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((_FOLDER / f"{utility}.json").read_text(encoding="utf-8"))
    return content


def _year(table: Mapping[str, Sequence[Sequence[float]]]) -> ExportYear:
    return ExportYear(generation=_rows(table["generation"]), delivery=_rows(table["delivery"]))


def _rows(rows: Sequence[Sequence[float]]) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(map(float, row)) for row in rows)
