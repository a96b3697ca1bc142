"""Prices, energies and ledgers that several tests use."""

from datetime import UTC, datetime, timedelta

from custom_components.energy_optimizer.core.accounting.slots import CounterReading, SlotRows, Track, follow
from custom_components.energy_optimizer.core.model.price import (
    Certainty,
    PartName,
    PricePart,
    PriceRange,
    PriceSlot,
)
from custom_components.energy_optimizer.storage.ledger import HomeLedger

NOON = datetime(2046, 6, 1, 12, tzinfo=UTC)  # far from any clock: forecasts of the past are forgotten
IMPORT, EXPORT = "grid_import_kwh", "grid_export_kwh"


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def price(
    start: float,
    length: float,
    import_per_kwh: float | None,
    certainty: Certainty = Certainty.PUBLISHED,
    tier: str = "",
) -> PriceSlot:
    """Return a price that starts so many minutes after noon."""
    return PriceSlot(
        starts_at=NOON + minutes(start),
        ends_at=NOON + minutes(start + length),
        tier=tier,
        import_per_kwh=import_per_kwh,
        export_per_kwh=None,
        certainty=certainty,
    )


RICH = PriceSlot(
    starts_at=NOON,
    ends_at=NOON + minutes(30),
    tier="Crête “é”",
    import_per_kwh=0.1 + 0.2,
    export_per_kwh=-0.012345678901234567,
    certainty=Certainty.FORECAST,
    import_range=PriceRange(low=0.1, predicted=0.3, high=15.5),
    export_range=PriceRange(low=-1.0, predicted=0.0, high=1e-9),
    import_parts=(
        PricePart(name=PartName.GENERATION, per_kwh=0.1),
        PricePart(name=PartName.NON_BYPASSABLE, per_kwh=0.2),
    ),
    export_parts=(PricePart(name=PartName.ADDER, per_kwh=0.04),),
)


def reading(at: datetime, origin: str = "meter", broken: frozenset[str] = frozenset(), **kwh: float) -> CounterReading:
    """Return totals of the channels *bought* and *sold*."""
    names = {"bought": IMPORT, "sold": EXPORT}
    totals = {names[name]: value for name, value in kwh.items()}
    return CounterReading(source="battery", origin=origin, taken_at=at, totals=totals, broken=broken)


class Keeper:
    """Follows readings into a ledger, as the home does."""

    def __init__(self, ledger: HomeLedger, tracks: dict[str, Track] | None = None) -> None:
        self.ledger = ledger
        self.tracks = tracks or {}

    def read(self, taken: CounterReading) -> None:
        """Take a reading in."""
        channels: dict[str, tuple[Track, SlotRows]] = {}
        for channel in taken.totals:
            track, rows = follow(self.tracks.get(channel), taken, channel)
            if track is not None:
                self.tracks[channel] = track
                channels[channel] = (track, rows)
        self.ledger.note_energies(taken.source, channels)
