"""Does the same for many cells, several at once, and shows how far each is.

Nothing of the integration is imported here: new processes read this file before they know how.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.queues import Queue
from queue import Empty

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from .core_alone import stand_alone

type Told = Callable[[str, int, int], None]
"""Takes news: a name, how many steps are done and how many there are."""

_TOLD_EVERY_S = 0.3
_told: Queue[tuple[str, int, int]] | None = None


def do_all[J, R](work: Callable[[J, Told], R], jobs: list[J], at_once: int, name: Callable[[J], str]) -> Iterator[R]:
    """Yield what *work* makes of each of *jobs* as it gets done, in processes of their own if several run at once."""
    with _bars() as (bars, show):
        if min(at_once, len(jobs)) < 2:
            for job in jobs:
                yield work(job, _seldom(show))
                bars.console.print(f"{name(job)} is done", style="dim")
            return
        context = get_context("spawn")
        told: Queue[tuple[str, int, int]] = context.Queue()
        with ProcessPoolExecutor(min(at_once, len(jobs)), context, _begin, (told,)) as pool:
            running = {pool.submit(_do, work, job): name(job) for job in jobs}
            try:
                yield from _as_done(running, told, show, bars)
            except BaseException:
                pool.terminate_workers()
                raise


def _as_done[R](
    running: dict[Future[R], str], told: Queue[tuple[str, int, int]], show: Told, bars: Progress
) -> Iterator[R]:
    while running:
        done, _ = wait(running, timeout=_TOLD_EVERY_S, return_when="FIRST_COMPLETED")
        while True:
            try:
                show(*told.get_nowait())
            except Empty:
                break
        for future in done:
            name = running.pop(future)
            yield future.result()
            bars.console.print(f"{name} is done", style="dim")


def _begin(told: Queue[tuple[str, int, int]]) -> None:
    global _told  # noqa: PLW0603 - a process of a pool has no other place for what it was started with
    stand_alone()
    _told = told


def _do[J, R](work: Callable[[J, Told], R], job: J) -> R:
    told = _told
    if told is None:
        raise RuntimeError("this process was not started by do_all")
    return work(job, _seldom(lambda *news: told.put(news)))


def _seldom(show: Told) -> Told:
    """Return what passes on only a few of the news it is told."""
    last_s = 0.0

    def tell(name: str, done: int, total: int) -> None:
        nonlocal last_s
        if (now_s := time.monotonic()) - last_s > _TOLD_EVERY_S or done == total:
            last_s = now_s
            show(name, done, total)

    return tell


@contextmanager
def _bars() -> Iterator[tuple[Progress, Told]]:
    columns = (
        TextColumn("{task.description:<20}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("steps"),
        TimeRemainingColumn(),
    )
    tasks: dict[str, TaskID] = {}
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:

        def show(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = bars.add_task(name, total=total)
            bars.update(tasks[name], completed=done, visible=done < total)

        yield bars, show
