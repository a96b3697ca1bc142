"""For how long Home Assistant's event loop is held while a home is planned and steered."""

import asyncio
import json
import sys
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import track

from custom_components.energy_optimizer.const import DOMAIN
from scripts.demo_home.client import Client
from scripts.demo_home.demo import running
from scripts.demo_home.errors import DemoError
from scripts.demo_home.furnish import our_entities
from scripts.demo_home.interrupt import run as run_interruptibly
from scripts.demo_home.options import Options as DemoOptions
from scripts.demo_home.options import find_place

from .core_alone import ROOT
from .errors import BenchError
from .options import LoopOptions
from .report import console, table, write_json

TARGET_S: Final = 0.020
_HOMES: Final = ROOT / ".demo" / "bench"
_SETTLE_S: Final = 30.0
"""What Home Assistant still does after its start is not ours."""
_SHOWN: Final = 10
_WIDTH: Final = 120


@dataclass(frozen=True, kw_only=True, slots=True)
class Hold:
    """One time that something held the loop."""

    at: float
    kind: str
    """``callback``, or ``late`` for a timer that was called too late."""
    held_s: float
    cpu_s: float
    """What of it the processor gave."""
    is_ours: bool
    """Whether code of this integration was seen at work, or nothing was seen; two milliseconds are hard to catch."""
    what: str


def run(options: LoopOptions) -> int:
    """Measure, print, and return 1 if we held the loop for longer than the target."""
    report = _HOMES / "holds.jsonl"
    _HOMES.mkdir(parents=True, exist_ok=True)
    try:
        watched = run_interruptibly(_watch(options, report))
    except DemoError as err:
        raise BenchError(str(err)) from err
    if watched is None:
        raise BenchError("stopped before anything was measured")
    began, ended, plans = watched
    holds = [each for each in _read(report) if began <= each.at <= ended]
    late_s = longest_of(each for each in holds if each.kind == "late")
    callbacks = sorted((each for each in holds if each.kind == "callback"), key=lambda each: -each.held_s)
    ours = [each for each in callbacks if each.is_ours]
    ours_s, any_s = longest_of(ours), longest_of(callbacks)
    paper = console()
    others = [each for each in callbacks if not each.is_ours]
    for title, some in (("What held the loop longest, of us or unseen", ours), ("Of others", others)):
        paper.print(table(title, ("what", "held", "cpu"), [_rows(some)]))
    work_s = max((each.cpu_s for each in ours), default=0.0)
    paper.print(
        f"{plans} plans in {(ended - began) / 60.0:.1f} minutes. Held longest by us: {_ms(ours_s)} "
        f"(target {_ms(TARGET_S)}; most work at once {_ms(work_s)}), by anything: {_ms(any_s)}. "
        f"A timer of 10 ms was late by {_ms(late_s)} at most."
    )
    figures = {
        "minutes": (ended - began) / 60.0,
        "plans": plans,
        "longest_ours_s": ours_s,
        "longest_ours_cpu_s": work_s,
        "longest_s": any_s,
        "late_s": late_s,
        "target_s": TARGET_S,
        "holds": [asdict(each) for each in callbacks[:100]],
    }
    write_json(options.json, "loop", figures)
    return 1 if ours_s >= TARGET_S else 0


async def _watch(options: LoopOptions, report: Path) -> tuple[float, float, int]:
    """Let the home plan; return from when to when it was watched, and how many plans there were."""
    program = [sys.executable, "-P", str(ROOT / "benchmarks" / "watched_hass.py"), str(report)]
    place = DemoOptions(place=find_place("los_angeles"))
    async with running(place, any_port=True, homes=_HOMES, program=program) as demo:
        await _switch_on(demo.client)
        await asyncio.sleep(_SETTLE_S)
        began, made = time.time(), set[str]()
        pause_s = options.minutes * 60.0 / options.rounds
        errors = Console(stderr=True)
        for _ in track(range(options.rounds), "planning", console=errors, disable=not errors.is_terminal):
            asked = time.monotonic()
            made.add(await _plan(demo.client))
            demo.server.ensure_alive()
            await asyncio.sleep(max(pause_s - (time.monotonic() - asked), 0.0))
        return began, time.time(), len(made)


async def _switch_on(client: Client) -> None:
    switch = next(each["entity_id"] for each in await our_entities(client) if each["translation_key"] == "optimize")
    await client.ask("call_service", domain="switch", service="turn_on", target={"entity_id": switch})


async def _plan(client: Client) -> str:
    """Have the home planned anew, and return when it was."""
    answer = await client.ask(
        "call_service",
        domain=DOMAIN,
        service="get_plan",
        service_data={"plan_anew": True, "include_forecasts": True},
        return_response=True,
    )
    made_at: str | None = answer["response"]["made_at"]
    if made_at is None:
        raise DemoError("The home has no plan, so nothing can be measured; its log may say why.")
    return made_at


def _read(report: Path) -> Iterable[Hold]:
    for line in report.read_text(encoding="utf-8").splitlines():
        yield Hold(**json.loads(line))


def _rows(holds: list[Hold]) -> list[tuple[str, str, str]]:
    return [(each.what[:_WIDTH], _ms(each.held_s), _ms(each.cpu_s)) for each in holds[:_SHOWN]]


def longest_of(holds: Iterable[Hold]) -> float:
    """Return the length of the longest; 0 if there is none."""
    return max((each.held_s for each in holds), default=0.0)


def _ms(seconds: float) -> str:
    return f"{1000.0 * seconds:.1f} ms"
