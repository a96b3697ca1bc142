"""A demo from its start to its end."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic

from . import dashboard, energy_preferences, furnish, replay, world
from .client import Client
from .errors import DemoError
from .folder import BOOKS, HOMES, DemoFolder, choose
from .history import past
from .history.importing import import_hourly
from .options import DEFAULT_PORT, Options
from .ports import any_free, claim
from .server import Server
from .world import World

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
async def running(
    options: Options, *, any_port: bool = False, homes: Path = HOMES, program: Sequence[str] = ()
) -> AsyncIterator[RunningDemo]:
    """Start the home that was asked for, set up at its first start, and stop it at the end.

    *program* runs Home Assistant in place of its own command, once the home is set up.

    Raises:
        DemoError: for all that a person can do something about.
    """
    if options.series is not None:
        await replay.ensure_playable(options.series)
    folder = choose(options, datetime.now(UTC), homes)
    folder.ensure_idle()
    port = any_free() if options.port is None and any_port else claim(options.port or DEFAULT_PORT)
    if options.fresh or not folder.ready:
        folder.remove()
    say(_greeting(options, folder))
    with world.around(folder) as around:
        history = await _get_ready(folder, port, options, around)
        async with Server(folder, program) as server, Client(port) as client:
            await _wait_until_it_works(server, client)
            await client.log_in()
            if history is not None:
                await furnish.wait_until_available(client)
                await import_hourly(client, history.series, history.until_s)
            else:
                for trouble in await furnish.wait_for_what_answers(client):
                    say(trouble)
            folder.write_note(used_at=datetime.now(UTC).isoformat(), place=folder.residence.place.key)
            folder.write_note(**({BOOKS: True} if history is not None else {}))
            folder.write_note(**({world.PORT: around.server.port} if around is not None else {}))
            yield RunningDemo(folder=folder, server=server, client=client)


async def _get_ready(folder: DemoFolder, port: int, options: Options, around: World | None) -> past.Past | None:
    """Set a new home up, or fill in what one did that was set up before; return the past of a new one."""
    first = not folder.ready
    folder.prepare(port)
    if first:
        return await _set_up(folder, port, options, around)
    if not folder.has_books:
        say("It was set up by an earlier version, so it has no bills of its past; --fresh begins anew.")
    if options.series is not None:
        replay.move_in(folder, options.series)
    if (off := await past.catch_up(folder, around)) is not None:
        say(f"It was off for {_duration(off)}; what it did meanwhile is filled in.")
    return None


async def _set_up(folder: DemoFolder, port: int, options: Options, around: World | None) -> past.Past:
    """Furnish a new home and give it a past."""
    say("Setting it up for the first time …")
    async with Server(folder) as server, Client(port) as client:
        await _wait_until_it_works(server, client)
        await furnish.move_in(client)
        await furnish.add_home(client, folder.residence, around.server.base if around else "")
        entities = await furnish.wait_until_available(client, furnish.ONE_OF_EACH_SOURCE)
        await energy_preferences.save(client, entities, furnish.CAPACITY_KWH)
        await dashboard.save(client, entities)
    if options.series is not None:
        replay.move_in(folder, options.series)
    say(f"Giving it {past.FIRST_DAYS} days of history …")
    return await past.begin(folder, around)


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
    country = folder.residence.country
    why = "" if options.place or country else ", where it is daytime now"
    what = f"replays {options.series.path.name}" if options.series else "is simulated"
    how = f", and its tariff is {country.tariff}" if country else ""
    return f"The demo home stands in {place.name}{why}; it {what}{how}. Its folder: {os.path.relpath(folder.path)}"


def _duration(length: timedelta) -> str:
    minutes = round(length / timedelta(minutes=1))
    if minutes < 120:
        return f"{minutes} minutes"
    return f"{minutes // 60} hours" if minutes < 2880 else f"{minutes // 1440} days"
