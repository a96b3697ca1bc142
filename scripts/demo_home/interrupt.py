"""Ctrl-C as the normal end of a demo."""

import asyncio
import signal
from collections.abc import Coroutine

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run[T](work: Coroutine[object, object, T]) -> T | None:
    """Run *work* as the whole of a program, whose last moments are deaf to signals."""
    try:
        return asyncio.run(until_interrupted(work))
    finally:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)


async def until_interrupted[T](work: Coroutine[object, object, T]) -> T | None:
    """Run *work* to its end, or until Ctrl-C, a closed terminal or a kill; then let it clean up and return ``None``.

    Whoever presses Ctrl-C again while it cleans up waits all the same, so that no database is left torn.
    """
    task = asyncio.create_task(work)
    asked = False

    def stop() -> None:
        nonlocal asked
        if not asked:
            asked = True
            task.cancel()

    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        loop.add_signal_handler(number, stop)
    try:
        return await task
    except asyncio.CancelledError:
        return None
