"""Times over which tier and import price stay the same, however short the slots are in which they were published."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from ..model.price import Certainty, PriceSlot


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """Neighbouring slots that cost the same; what they earn may lie between two prices."""

    starts_at: datetime
    ends_at: datetime
    tier: str
    import_per_kwh: float | None
    export_per_kwh: tuple[float, float] | None
    """The lowest and the highest price; ``None`` where none is known."""
    is_forecast: bool


def stretches(slots: Iterable[PriceSlot]) -> Iterator[Stretch]:
    """Yield *slots*, given in order, with like neighbours made one; those without tier and price are left out."""
    current: Stretch | None = None
    for slot in slots:
        news = _stretch(slot)
        if current is not None and current.ends_at == news.starts_at and _likeness(current) == _likeness(news):
            current = replace(current, ends_at=news.ends_at, export_per_kwh=_spanned(current, news))
            continue
        if current is not None:
            yield current
        current = news if news.tier or news.import_per_kwh is not None else None
    if current is not None:
        yield current


def _stretch(slot: PriceSlot) -> Stretch:
    export = slot.export_per_kwh
    return Stretch(
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        tier=slot.tier,
        import_per_kwh=slot.import_per_kwh,
        export_per_kwh=None if export is None else (export, export),
        is_forecast=slot.certainty is Certainty.FORECAST,
    )


def _likeness(stretch: Stretch) -> tuple[object, ...]:
    return stretch.tier, stretch.import_per_kwh, stretch.export_per_kwh is None, stretch.is_forecast


def _spanned(one: Stretch, other: Stretch) -> tuple[float, float] | None:
    if one.export_per_kwh is None or other.export_per_kwh is None:
        return None
    return min(one.export_per_kwh[0], other.export_per_kwh[0]), max(one.export_per_kwh[1], other.export_per_kwh[1])
