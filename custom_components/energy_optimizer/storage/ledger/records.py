"""What the ledger keeps, as it is noted and as it is asked for."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import Any, Final, NamedTuple

from sqlalchemy import Row

from ...core.accounting.cost import Counter
from ...core.accounting.slots import SlotEnergy, Track
from ...core.model.price import Certainty, PartName, PricePart, PriceRange, PriceSlot

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECRET: Final = ("secret", "token", "password", "credential", "key_pem", "api_key", "client_id", "username", "email")


def seconds(instant: datetime) -> int:
    """Return *instant* as the database keeps it."""
    return (instant - _EPOCH) // timedelta(seconds=1)


def instant(value: int) -> datetime:
    """Return the instant that the database keeps as *value*."""
    return _EPOCH + timedelta(seconds=value)


class SeriesKey(NamedTuple):
    """What a series is about: one channel of one source of one home."""

    home: str
    source: str
    channel: str


class EnergyRow(NamedTuple):
    """The energy of one slot, whole: writing it again changes nothing."""

    series: SeriesKey
    starts_at: int
    kwh: float
    is_estimated: bool


class CounterRow(NamedTuple):
    """How far an epoch of a counter has come."""

    series: SeriesKey
    started_at: int
    origin: str
    start_kwh: float
    kwh: float
    read_at: int
    changed_at: int
    step_kwh: float | None


class PriceNote(NamedTuple):
    """Prices of a tariff as they were seen at an instant."""

    series: SeriesKey
    seen_at: int
    slots: tuple[PriceSlot, ...]


class TermsNote(NamedTuple):
    """A tariff's settings from an instant on."""

    series: SeriesKey
    since: int
    kind: str
    settings: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Publication:
    """A price as it was published once."""

    tariff: str
    """Id of the tariff's subentry."""
    seen_at: datetime
    slot: PriceSlot


@dataclass(frozen=True, kw_only=True, slots=True)
class TermsRecord:
    """A tariff and its settings, as they were for some time."""

    tariff: str
    """Id of the tariff's subentry."""
    kind: str
    settings: Mapping[str, Any]
    """What the tariff was made of, without secrets."""
    since: datetime
    until: datetime | None
    """When the next settings of the home's tariff took over; ``None`` while these are the last."""


def energy_row(series: SeriesKey, starts_at: datetime, energy: SlotEnergy) -> EnergyRow:
    """Return a slot's energy as a row."""
    return EnergyRow(series, seconds(starts_at), energy.kwh, energy.is_estimated)


def counter_row(series: SeriesKey, track: Track) -> CounterRow:
    """Return how far a channel was followed as a row."""
    counter = track.counter
    return CounterRow(
        series,
        seconds(track.epoch_started_at),
        track.origin,
        track.start_kwh,
        counter.kwh,
        seconds(counter.read_at),
        seconds(counter.changed_at),
        counter.step_kwh,
    )


def track_of(row: CounterRow, open_slot: SlotEnergy) -> Track:
    """Read back what ``counter_row`` wrote."""
    counter = Counter(
        kwh=row.kwh, read_at=instant(row.read_at), changed_at=instant(row.changed_at), step_kwh=row.step_kwh
    )
    return Track(
        origin=row.origin,
        epoch_started_at=instant(row.started_at),
        start_kwh=row.start_kwh,
        counter=counter,
        open_slot=open_slot,
    )


def settings_text(settings: Mapping[str, Any]) -> str:
    """Write a tariff's settings down, without what opens doors."""
    return json.dumps(_without_secrets(settings), sort_keys=True, ensure_ascii=False, default=str)


def _without_secrets(value: object) -> object:
    if isinstance(value, Mapping):
        return {
            str(key): _without_secrets(inner)
            for key, inner in value.items()
            if not any(word in str(key).lower() for word in _SECRET)
        }
    if isinstance(value, list | tuple):
        return [_without_secrets(inner) for inner in value]
    return value


def details_text(slot: PriceSlot) -> str | None:
    """Write down what few prices have: ranges and parts."""
    details: dict[str, Any] = {}
    for name, prices in (("import_range", slot.import_range), ("export_range", slot.export_range)):
        if prices is not None:
            details[name] = [prices.low, prices.predicted, prices.high]
    for name, parts in (("import_parts", slot.import_parts), ("export_parts", slot.export_parts)):
        if parts:
            details[name] = [[part.name.value, part.per_kwh] for part in parts]
    return json.dumps(details) if details else None


def is_writable(slot: PriceSlot) -> bool:
    """Tell whether a slot lasts and its prices are numbers, as far as it has any."""
    prices = (slot.import_per_kwh, slot.export_per_kwh)
    return slot.starts_at < slot.ends_at and all(price is None or isfinite(price) for price in prices)


def slot_of(starts_at: int, row: Row[Any]) -> PriceSlot:
    """Return the slot that a row of prices tells of."""
    details: dict[str, Any] = json.loads(row.details) if row.details else {}
    return PriceSlot(
        starts_at=instant(starts_at),
        ends_at=instant(row.ends_at),
        tier=row.tier,
        import_per_kwh=row.import_per_kwh,
        export_per_kwh=row.export_per_kwh,
        certainty=Certainty(row.certainty),
        import_range=_range(details.get("import_range")),
        export_range=_range(details.get("export_range")),
        import_parts=_parts(details.get("import_parts", ())),
        export_parts=_parts(details.get("export_parts", ())),
    )


def _range(prices: list[float] | None) -> PriceRange | None:
    return None if prices is None else PriceRange(low=prices[0], predicted=prices[1], high=prices[2])


def _parts(parts: list[tuple[str, float]] | tuple[()]) -> tuple[PricePart, ...]:
    return tuple(PricePart(name=PartName(name), per_kwh=per_kwh) for name, per_kwh in parts)
