"""What ``scripts/demo`` does: starts the home, shows or checks it, and stops it again."""

import sys
from datetime import UTC, datetime
from time import monotonic

import aiohttp

from . import check, furnish, money
from .demo import RunningDemo, running, say
from .errors import DemoError
from .interrupt import run
from .options import Options, parse


def main() -> int:
    """Run the demo and return its exit code."""
    try:
        options = parse(sys.argv[1:])
        finished = run(_check(options) if options.check else _stay(options))
    except DemoError as err:
        say(str(err))
        return 1
    except aiohttp.ClientError as err:
        say(f"Home Assistant stopped answering ({err}); the file console.log in the home's folder may say why.")
        return 1
    if finished is None:
        say("Stopped before the check was done." if options.check else "Stopped.")
        return 1 if options.check else 0
    return finished


async def _stay(options: Options) -> int:
    """Run the home until Home Assistant ends by itself, which it should not."""
    began = monotonic()
    async with running(options) as demo:
        say(f"Ready after {monotonic() - began:.0f} seconds: {demo.client.address}  (Ctrl-C stops it)")
        await demo.server.ended()
        demo.server.ensure_alive()
    return 1


async def _check(options: Options) -> int:
    """Look whether all is well, also in what is logged while it stops."""
    async with running(options, any_port=True) as demo:
        return await _report(demo)


async def _report(demo: RunningDemo) -> int:
    entities = await furnish.our_entities(demo.client)
    await money.wait_for_bills(demo.client, entities)
    is_young = money.day_is_young(demo.folder.residence.place.time_zone, datetime.now(UTC))
    has_books = demo.folder.has_books
    wrong, readings = await check.look(demo.client, has_no_bills=is_young or not has_books)
    if has_books and any(entity["translation_key"] in money.BILLS for entity in entities):
        wrong += await money.problems(demo.client)
    names = [entity["entity_id"] for entity in entities]
    await demo.server.stop()
    wrong += [f"logged: {text}" for text in check.complaints(demo.folder.console, names)]
    for line in readings:
        say(line)
    for line in wrong:
        say(f"WRONG  {line}")
    say(f"The check found {len(wrong)} faults." if wrong else "All is well.")
    return 1 if wrong else 0
