"""What holds an event loop is noted with its length and its name."""

import asyncio
import json
import time
from collections.abc import Iterator
from io import StringIO

import pytest

from benchmarks.loop import Hold, longest_of
from benchmarks.watched_hass import Watch


@pytest.fixture(name="notes")
def watch(monkeypatch: pytest.MonkeyPatch) -> Iterator[StringIO]:
    """Watch the event loops of this test alone."""
    notes = StringIO()
    monkeypatch.setattr(asyncio.Handle, "_run", asyncio.Handle._run)
    watching = Watch(notes)
    watching.begin()
    yield notes
    watching.end()


def _hold_the_loop() -> None:
    until = time.perf_counter() + 0.08
    while time.perf_counter() < until:
        pass


def test_a_long_callback_is_noted_with_what_it_did(notes: StringIO) -> None:
    async def live() -> None:
        await asyncio.sleep(0.03)
        asyncio.get_running_loop().call_soon(_hold_the_loop)
        await asyncio.sleep(0.05)

    with asyncio.Runner() as runner:
        runner.run(live())
    holds = [Hold(**json.loads(line)) for line in notes.getvalue().splitlines()]
    callbacks = [each for each in holds if each.kind == "callback"]
    longest = max(callbacks, key=lambda each: each.held_s)
    assert longest_of(callbacks) == longest.held_s
    assert 0.08 <= longest.held_s < 5.0
    assert longest.cpu_s <= longest.held_s + 0.01
    assert "_hold_the_loop" in longest.what
    assert not longest.is_ours
    assert longest_of(each for each in holds if each.kind == "late") > 0.05
