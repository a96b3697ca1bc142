"""Times over which a tier or a price lasts, however short the slots are in which it was published."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from ..model.price import Certainty, PriceSlot

type Span = tuple[float, float]
"""The lowest and the highest price."""

SHORT: Final = timedelta(minutes=30)
"""Slots no longer than this are joined by their tier, since nobody reads hundreds of prices a day."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """Neighbouring slots that cost the same, or short ones of one tier."""

    starts_at: datetime
    ends_at: datetime
    tier: str
    import_per_kwh: Span | None
    """``None`` where no price is known."""
    export_per_kwh: Span | None
    is_forecast: bool
    is_short: bool
    """Made of short slots."""


def stretches(slots: Iterable[PriceSlot]) -> Iterator[Stretch]:
    """Yield *slots*, given in order, with like neighbours made one; those without tier and price are left out."""
    current: Stretch | None = None
    for slot in slots:
        news = _stretch(slot)
        if current is not None and current.ends_at == news.starts_at and _are_alike(current, news):
            current = replace(
                current,
                ends_at=news.ends_at,
                import_per_kwh=_spanned(current.import_per_kwh, news.import_per_kwh),
                export_per_kwh=_spanned(current.export_per_kwh, news.export_per_kwh),
            )
            continue
        if current is not None:
            yield current
        current = news if news.tier or news.import_per_kwh is not None else None
    if current is not None:
        yield current


def _stretch(slot: PriceSlot) -> Stretch:
    return Stretch(
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        tier=slot.tier,
        import_per_kwh=_span(slot.import_per_kwh),
        export_per_kwh=_span(slot.export_per_kwh),
        is_forecast=slot.certainty is Certainty.FORECAST,
        is_short=slot.ends_at - slot.starts_at <= SHORT,
    )


def _are_alike(one: Stretch, other: Stretch) -> bool:
    """Tell whether two stretches are one, what they earn aside: that may lie between two prices."""
    if (one.tier, one.is_forecast) != (other.tier, other.is_forecast):
        return False
    if (one.import_per_kwh is None, one.export_per_kwh is None) != (
        other.import_per_kwh is None,
        other.export_per_kwh is None,
    ):
        return False
    return one.import_per_kwh == other.import_per_kwh or (bool(one.tier) and one.is_short and other.is_short)


def _span(price: float | None) -> Span | None:
    return None if price is None else (price, price)


def _spanned(one: Span | None, other: Span | None) -> Span | None:
    if one is None or other is None:
        return None
    return min(one[0], other[0]), max(one[1], other[1])
