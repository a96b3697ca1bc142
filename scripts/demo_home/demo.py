"""A demo from its start to its end."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic

from . import dashboard, energy_preferences, furnish, replay
from .client import Client
from .errors import DemoError
from .folder import HOMES, DemoFolder, choose
from .history import past
from .history.importing import import_hourly
from .options import DEFAULT_PORT, Options
from .ports import any_free, claim
from .server import Server

START_PATIENCE_S = 300
"""The very first start may fetch packages that Home Assistant's own parts want."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunningDemo:
    """A home that lives, with somebody logged in."""

    folder: DemoFolder
    server: Server
    client: Client


def say(text: str) -> None:
    """Tell the person at the terminal something."""
    print(text, flush=True)


@asynccontextmanager
async def running(options: Options, *, any_port: bool = False, homes: Path = HOMES) -> AsyncIterator[RunningDemo]:
    """Start the home that was asked for, set up at its first start, and stop it at the end.

    Raises:
        DemoError: for all that a person can do something about.
    """
    if options.series is not None:
        await replay.ensure_playable(options.series)
    folder = choose(options.place, options.series, datetime.now(UTC), homes)
    folder.ensure_idle()
    port = any_free() if options.port is None and any_port else claim(options.port or DEFAULT_PORT)
    if options.fresh or not folder.ready:
        folder.remove()
    say(_greeting(options, folder))
    first = not folder.ready
    folder.prepare(port)
    history: past.Past | None = None
    if first:
        history = await _set_up(folder, port, options)
    else:
        await _take_up(folder, options)
    async with Server(folder) as server, Client(port) as client:
        await _wait_until_it_works(server, client)
        await client.log_in()
        if history is not None:
            await furnish.wait_until_available(client)
            await import_hourly(client, history.series, history.until_s)
        else:
            for trouble in await furnish.wait_for_what_answers(client):
                say(trouble)
        folder.write_note(used_at=datetime.now(UTC).isoformat(), place=folder.residence.place.key)
        yield RunningDemo(folder=folder, server=server, client=client)


async def _set_up(folder: DemoFolder, port: int, options: Options) -> past.Past:
    """Furnish a new home and give it a past."""
    say("Setting it up for the first time …")
    async with Server(folder) as server, Client(port) as client:
        await _wait_until_it_works(server, client)
        await furnish.move_in(client)
        await furnish.add_home(client, folder.residence.place)
        entities = await furnish.wait_until_available(client, furnish.ONE_OF_EACH_SOURCE)
        await energy_preferences.save(client, entities, furnish.CAPACITY_KWH)
        await dashboard.save(client, entities)
    if options.series is not None:
        replay.move_in(folder, options.series)
    say(f"Giving it {past.FIRST_DAYS} days of history …")
    return await past.begin(folder)


async def _take_up(folder: DemoFolder, options: Options) -> None:
    """Fill in what a home that was set up before did while it was off."""
    if options.series is not None:
        replay.move_in(folder, options.series)
    if (off := await past.catch_up(folder)) is not None:
        say(f"It was off for {_duration(off)}; what it did meanwhile is filled in.")


async def _wait_until_it_works(server: Server, client: Client) -> None:
    deadline = monotonic() + START_PATIENCE_S
    while not await client.page_works():
        server.ensure_alive()
        if monotonic() > deadline:
            console = server.folder.console
            raise DemoError(f"Home Assistant shows no page after {START_PATIENCE_S} seconds; see {console}")
        await asyncio.sleep(0.25)


def _greeting(options: Options, folder: DemoFolder) -> str:
    place = folder.residence.place
    why = "" if options.place else ", where it is daytime now"
    what = f"replays {options.series.path.name}" if options.series else "is simulated"
    return f"The demo home stands in {place.name}{why}; it {what}. Its folder: {os.path.relpath(folder.path)}"


def _duration(length: timedelta) -> str:
    minutes = round(length / timedelta(minutes=1))
    if minutes < 120:
        return f"{minutes} minutes"
    return f"{minutes // 60} hours" if minutes < 2880 else f"{minutes // 1440} days"
