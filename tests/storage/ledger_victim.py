"""Writes to a ledger without end, to be killed: started with a database's address, its password and a seed of time.

Only what the ledger itself needs is imported, not Home Assistant: it starts ten times for each database.
"""

# ruff: noqa: PLC0415, T201 - imports come after the packages are replaced; what is printed is read by the test

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[2]
NAME = "custom_components.energy_optimizer"


def _without_home_assistant() -> None:
    sys.path.insert(0, str(ROOT))
    for name, folder in ((NAME, "."), (f"{NAME}.storage", "storage"), (f"{NAME}.storage.ledger", "storage/ledger")):
        package = ModuleType(name)
        package.__path__ = [str(ROOT / "custom_components" / "energy_optimizer" / folder)]
        sys.modules[name] = package


def main() -> None:
    """Go on from where the ledger stands, a minute each time, and say what is certainly written."""
    _without_home_assistant()
    from custom_components.energy_optimizer.core.accounting.slots import CounterReading, follow
    from custom_components.energy_optimizer.core.model.price import PriceSlot
    from custom_components.energy_optimizer.storage.ledger import queries
    from custom_components.energy_optimizer.storage.ledger.address import DatabaseAddress
    from custom_components.energy_optimizer.storage.ledger.database import Database
    from custom_components.energy_optimizer.storage.ledger.records import (
        PriceNote,
        SeriesKey,
        counter_row,
        energy_row,
        seconds,
    )

    database = Database(DatabaseAddress(url=sys.argv[1], password=sys.argv[2]), batch_s=0.01)
    database.start()
    database.wait_until_tried(30)
    tracks = database.read(lambda connection: queries.tracks(connection, "home"))
    track = tracks.get(("battery", "grid_import_kwh"))
    now = track.counter.read_at if track else datetime(2026, 10, 24, 22, tzinfo=UTC)
    kwh = track.counter.kwh if track else 1000.0
    key, tariff = SeriesKey("home", "battery", "grid_import_kwh"), SeriesKey("home", "tariff", "price")
    step = 0
    while True:
        for _ in range(20):
            now += timedelta(seconds=70)
            kwh += 0.01
            reading = CounterReading(source="battery", origin="o", taken_at=now, totals={key.channel: kwh})
            track, rows = follow(track, reading, key.channel)
            energies = [energy_row(key, start, energy) for start, energy in rows.items()]
            counters = [counter_row(key, track)] if track else []
            hour = now.replace(minute=0, second=0)
            slots = tuple(
                PriceSlot(
                    starts_at=hour + timedelta(hours=each),
                    ends_at=hour + timedelta(hours=each + 1),
                    tier="",
                    import_per_kwh=hour.hour / 100,
                    export_per_kwh=None,
                )
                for each in range(3)
            )
            database.note(lambda pending, e=energies, c=counters: pending.add_energies(e, c))
            publication = PriceNote(tariff, seconds(hour), slots)
            database.note(lambda pending, note=publication: pending.add_prices(note))
        step += 1
        if step % 3 == 0:
            database.flush()
            print(f"{kwh:.6f}", flush=True)


if __name__ == "__main__":
    main()
