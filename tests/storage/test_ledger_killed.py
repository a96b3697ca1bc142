"""The writer is killed in the middle of its work, again and again."""

import random
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from custom_components.energy_optimizer.storage.ledger import queries
from custom_components.energy_optimizer.storage.ledger.address import DatabaseAddress
from custom_components.energy_optimizer.storage.ledger.check import check
from custom_components.energy_optimizer.storage.ledger.database import opened, probe
from custom_components.energy_optimizer.storage.ledger.schema import counter_table, price_table

VICTIM = Path(__file__).with_name("ledger_victim.py")
BEGIN = datetime(2026, 10, 24, 22, tzinfo=UTC)


def kill_while_it_writes(address: DatabaseAddress, after_s: float) -> float:
    """Let a process write for a random while after its first word and kill it; return what it said was written."""
    victim = subprocess.Popen(
        [sys.executable, str(VICTIM), address.url, address.password],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    promised: list[float] = []

    def listen() -> None:
        promised.extend(float(line) for line in victim.stdout if line.endswith("\n"))

    listener = threading.Thread(target=listen)
    listener.start()
    patience = time.monotonic() + 60
    while not promised and victim.poll() is None and time.monotonic() < patience:
        time.sleep(0.005)
    time.sleep(after_s)
    victim.kill()
    listener.join()
    complaints = victim.stderr.read()
    victim.stdout.close()
    victim.stderr.close()
    assert victim.wait() == -9, complaints
    assert promised, complaints
    return promised[-1]


def test_killed_ten_times_nothing_is_lost_or_there_twice(ledger_address: DatabaseAddress) -> None:
    chance = random.Random(7)
    reached = 1000.0
    for _ in range(10):
        promised = kill_while_it_writes(ledger_address, chance.uniform(0, 0.12))
        assert promised > reached
        assert probe(ledger_address) is not None
        with opened(ledger_address) as connection:
            report = check(connection, "home", ledger_address)
            assert report.is_whole, report
            (track,) = queries.tracks(connection, "home").values()
            reached = track.counter.kwh
            assert reached >= promised - 1e-6
            slots = queries.energies(
                connection, "home", "battery", "grid_import_kwh", (BEGIN, track.counter.read_at + timedelta(minutes=5))
            )
            assert sum(kwh for _, kwh, _ in slots) == pytest.approx(reached - track.start_kwh, abs=1e-6)
            assert len({start for start, _, _ in slots}) == len(slots) == report.slots
            assert report.missing_slots == 0
            assert connection.execute(select(func.count()).select_from(counter_table)).scalar() == 1
            prices = queries.publications(connection, "home", BEGIN, track.counter.read_at)
            seen = [(each.seen_at, each.slot.starts_at) for each in prices]
            assert len(set(seen)) == len(seen)
            assert connection.execute(select(func.count()).select_from(price_table)).scalar() >= len(seen)
