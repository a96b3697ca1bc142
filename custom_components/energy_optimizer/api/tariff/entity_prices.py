"""From prices as other integrations publish them to what the home pays and earns."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise
from typing import Any, Self

from ...core.model.price import PriceRange, PriceSlot
from ...core.tariffs.published import PublishedTariff, unknown_slot
from .entity_shapes import RawPrice
from .entity_source import SourceSettings
from .entity_units import Measure


@dataclass(frozen=True, kw_only=True, slots=True)
class Surcharge:
    """What is done to a published price: times *multiplier*, plus *addend* in currency per kWh."""

    multiplier: float = 1.0
    addend: float = 0.0

    def on(self, price: float) -> float:
        """Return what is paid or earned."""
        return round(price * self.multiplier + self.addend, 9)

    def on_range(self, prices: PriceRange | None) -> PriceRange | None:
        """Return the range of what is paid or earned."""
        if prices is None:
            return None
        low, high = sorted((self.on(prices.low), self.on(prices.high)))
        return PriceRange(low=low, predicted=self.on(prices.predicted), high=high)


class ExportMode(StrEnum):
    """Where export prices come from."""

    NONE = "none"
    """They are unknown."""
    FIXED = "fixed"
    SAME = "same"
    """The published import price, with a surcharge of its own."""
    ENTITY = "entity"
    """Another entity or action."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EntityTariffSettings:
    """What a tariff subentry of this kind says."""

    import_source: SourceSettings
    export_mode: ExportMode
    export_source: SourceSettings | None = None
    export_per_kwh: float | None = None
    import_surcharge: Surcharge = Surcharge()
    export_surcharge: Surcharge = Surcharge()

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """Read a subentry's data.

        Raises:
            KeyError, TypeError, ValueError: if they describe no such tariff.
        """
        export = data["export"]
        mode = ExportMode(export["mode"])
        return cls(
            import_source=SourceSettings.from_data(data["import"]["source"]),
            import_surcharge=Surcharge(**data["import"].get("surcharge", {})),
            export_mode=mode,
            export_source=SourceSettings.from_data(export["source"]) if mode is ExportMode.ENTITY else None,
            export_per_kwh=float(export["per_kwh"]) if mode is ExportMode.FIXED else None,
            export_surcharge=Surcharge(**export.get("surcharge", {})),
        )


def one_sided(prices: Iterable[RawPrice], measure: Measure) -> list[PriceSlot]:
    """Return prices in currency per kWh, without surcharge, as slots whose import price they are."""
    return [_in_currency(price, measure.factor) for price in prices]


def two_sided(
    imports: Sequence[PriceSlot], exports: Sequence[PriceSlot], settings: EntityTariffSettings
) -> tuple[PriceSlot, ...]:
    """Return what the home pays and earns, given the one-sided slots of both directions, each in order and in UTC."""
    match settings.export_mode:
        case ExportMode.NONE:
            exports = ()
        case ExportMode.FIXED:
            exports = [replace(slot, import_per_kwh=settings.export_per_kwh, import_range=None) for slot in imports]
        case ExportMode.SAME:
            exports = _charged(imports, settings.export_surcharge)
        case ExportMode.ENTITY:
            exports = _charged(exports, settings.export_surcharge)
    bought = PublishedTariff(tuple(_charged(imports, settings.import_surcharge)))
    sold = PublishedTariff(tuple(exports))
    instants = {at for slot in (*bought.published, *sold.published) for at in (slot.starts_at, slot.ends_at)}
    joined = []
    for starts_at, ends_at in pairwise(sorted(instants)):
        buy, sell = bought.at(starts_at), sold.at(starts_at)
        if buy.import_per_kwh is None and sell.import_per_kwh is None:
            continue
        joined.append(
            replace(
                unknown_slot(starts_at, ends_at),
                import_per_kwh=buy.import_per_kwh,
                export_per_kwh=sell.import_per_kwh,
                certainty=sell.certainty if buy.import_per_kwh is None else buy.certainty,
                import_range=buy.import_range,
                export_range=sell.import_range,
            )
        )
    return tuple(joined)


def _in_currency(price: RawPrice, factor: float) -> PriceSlot:
    per_kwh = Surcharge(multiplier=factor)
    return replace(
        unknown_slot(price.starts_at, price.ends_at),
        import_per_kwh=per_kwh.on(price.value),
        import_range=per_kwh.on_range(price.range_),
        certainty=price.certainty,
    )


def _charged(slots: Iterable[PriceSlot], surcharge: Surcharge) -> list[PriceSlot]:
    return [
        replace(
            slot,
            import_per_kwh=None if slot.import_per_kwh is None else surcharge.on(slot.import_per_kwh),
            import_range=surcharge.on_range(slot.import_range),
        )
        for slot in slots
    ]
