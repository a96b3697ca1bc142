"""Walks through the demo and takes the pictures."""

import sys
from dataclasses import replace

from playwright.async_api import Error as PlaywrightError

from ..demo import RunningDemo, running, say
from ..errors import DemoError
from ..folder import HOMES, ROOT
from ..furnish import our_entities
from ..interrupt import run
from ..money import wait_for_bills
from ..options import Options, parse
from .browser import Scheme, Visitor, visitor
from .walk import SHOTS, SHOTS_BY_COUNTRY, Walk, tidy_up

IMAGES = ROOT / "docs" / "images"
SCHEMES: tuple[Scheme, ...] = ("light", "dark")


def main() -> int:
    """Take the pictures and return the exit code."""
    try:
        done = run(_take(parse(sys.argv[1:])))
    except (DemoError, PlaywrightError) as err:
        say(str(err))
        return 1
    return 1 if done is None else done


async def _take(options: Options) -> int:
    IMAGES.mkdir(parents=True, exist_ok=True)
    complaints: list[str] = []
    fresh = replace(options, check=False, fresh=True)
    async with running(fresh, any_port=True, homes=HOMES / "screenshots") as demo:
        await wait_for_bills(demo.client, await our_entities(demo.client))
        for scheme in SCHEMES:
            async with visitor(demo.client.address, scheme) as guest:
                await _walk(demo, guest, scheme)
                complaints += guest.complaints
    for complaint in complaints:
        say(f"Chromium's console: {complaint}")
    return 1 if complaints else 0


async def _walk(demo: RunningDemo, guest: Visitor, scheme: Scheme) -> None:
    walk = Walk(client=demo.client, guest=guest)
    country = demo.folder.residence.country
    for name, show in (SHOTS if country is None else SHOTS_BY_COUNTRY[country.key]).items():
        await show(walk)
        path = IMAGES / f"{name}-{scheme}.png"
        await guest.shoot(path)
        say(f"{path.relative_to(ROOT)}: {path.stat().st_size // 1024} KiB")
    await tidy_up(demo.client)


if __name__ == "__main__":
    sys.exit(main())
