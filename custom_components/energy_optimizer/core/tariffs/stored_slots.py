"""Published prices as plain data, so that they outlast a restart."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from math import isfinite
from typing import Any

from ..model.price import Certainty, PriceRange, PriceSlot


def slots_to_data(slots: Iterable[PriceSlot]) -> list[dict[str, Any]]:
    """Return *slots* as plain JSON data. Parts of prices are not kept: tariffs that have parts need no storing."""
    return [_to_data(slot) for slot in slots]


def slots_from_data(data: Iterable[Mapping[str, Any]]) -> tuple[PriceSlot, ...]:
    """Return the slots that ``slots_to_data`` wrote.

    Raises:
        KeyError, TypeError, ValueError: if it did not come from there.
    """
    return tuple(_from_data(each) for each in data)


def _to_data(slot: PriceSlot) -> dict[str, Any]:
    whole = {
        "start": slot.starts_at.isoformat(),
        "end": slot.ends_at.isoformat(),
        "tier": slot.tier or None,
        "import": slot.import_per_kwh,
        "export": slot.export_per_kwh,
        "certainty": None if slot.certainty is Certainty.PUBLISHED else slot.certainty.value,
        "import_range": _range_to_data(slot.import_range),
        "export_range": _range_to_data(slot.export_range),
    }
    return {key: value for key, value in whole.items() if value is not None}


def _from_data(data: Mapping[str, Any]) -> PriceSlot:
    return PriceSlot(
        starts_at=_instant(data["start"]),
        ends_at=_instant(data["end"]),
        tier=str(data.get("tier", "")),
        import_per_kwh=_price(data.get("import")),
        export_per_kwh=_price(data.get("export")),
        certainty=Certainty(data.get("certainty", Certainty.PUBLISHED)),
        import_range=_range_from_data(data.get("import_range")),
        export_range=_range_from_data(data.get("export_range")),
    )


def _range_to_data(prices: PriceRange | None) -> list[float] | None:
    return None if prices is None else [prices.low, prices.predicted, prices.high]


def _range_from_data(data: Iterable[object] | None) -> PriceRange | None:
    if data is None:
        return None
    low, predicted, high = (_number(each) for each in data)
    return PriceRange(low=low, predicted=predicted, high=high)


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"No time zone: {text}")
    return instant.astimezone(UTC)


def _price(value: object) -> float | None:
    return None if value is None else _number(value)


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise ValueError(f"Not a price: {value!r}")
    return float(value)
