"""Run as a program of its own: Home Assistant, with each callback of its event loop timed.

The first argument names the file that is written to, a line of JSON for each time that is worth a look; all others are
Home Assistant's own.
"""

import asyncio
import json
import re
import sys
import threading
import time
from io import TextIOBase
from pathlib import Path
from types import FrameType
from typing import Final

from homeassistant.__main__ import main

WORTH_A_LOOK_S: Final = 0.002
_TICK_S: Final = 0.01
_LOOK_EVERY_S: Final = 0.003
_OURS: Final = "custom_components/energy_optimizer/"
_DEPTH: Final = 4
_LIBRARY: Final = re.compile(r".*/(?:energy_optimizer|site-packages|python3\.\d+)/")
_ADDRESS: Final = re.compile(r" at 0x[0-9a-f]+")


class Watch:
    """Notes for how long callbacks hold the loop, what they were seen to do, and how late a timer is called."""

    def __init__(self, file: TextIOBase) -> None:
        self._file = file
        self._loop_thread: int | None = None
        self._began: float | None = None
        self._seen: list[list[str]] = []
        self._is_over = threading.Event()

    def begin(self) -> None:
        """Time every callback of the first event loop of this process from now on."""
        run = asyncio.Handle._run  # noqa: SLF001 - asyncio has no other place where all callbacks pass
        threading.Thread(target=self._look, name="watch", daemon=True).start()

        def timed(handle: asyncio.Handle) -> None:
            if self._loop_thread is None:
                self._loop_thread = threading.get_ident()
                loop = asyncio.get_running_loop()
                loop.call_later(_TICK_S, self._tick, loop, loop.time() + _TICK_S)
            self._seen = []
            self._began, began_cpu = time.perf_counter(), time.thread_time()
            run(handle)
            began, self._began = self._began, None
            held_s = time.perf_counter() - began
            if held_s >= WORTH_A_LOOK_S:
                self._note("callback", held_s, time.thread_time() - began_cpu, _name(handle))

        asyncio.Handle._run = timed  # type: ignore[assignment, method-assign]  # noqa: SLF001

    def end(self) -> None:
        """Look no more; callbacks are still timed."""
        self._is_over.set()

    def _tick(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        late_s = loop.time() - due
        if late_s >= WORTH_A_LOOK_S:
            self._note("late", late_s, 0.0, "a timer")
        loop.call_later(_TICK_S, self._tick, loop, loop.time() + _TICK_S)

    def _look(self) -> None:
        """Look again and again at what the loop is doing, where it has been at it for long."""
        while not self._is_over.wait(_LOOK_EVERY_S):
            began, thread = self._began, self._loop_thread
            if began is not None and thread is not None and time.perf_counter() - began >= WORTH_A_LOOK_S:
                frame = sys._current_frames().get(thread)  # noqa: SLF001 - the public way to another thread's stack
                self._seen.append(_stack(frame))

    def _note(self, kind: str, held_s: float, cpu_s: float, name: str) -> None:
        seen = self._seen if kind == "callback" else []
        ours = [places for stack in seen if (places := [place for place in stack if _OURS in place])]
        what = [*ours, *seen, [name]][0]
        note = {
            "at": time.time(),
            "kind": kind,
            "held_s": held_s,
            "cpu_s": cpu_s,
            "is_ours": bool(ours) or not seen,
            "what": " < ".join(_LIBRARY.sub("", place) for place in what[:_DEPTH]),
        }
        self._file.write(json.dumps(note) + "\n")
        self._file.flush()


def _stack(frame: FrameType | None) -> list[str]:
    """Return the places of a stack, the innermost first."""
    places = []
    while frame is not None:
        places.append(f"{frame.f_code.co_filename}:{frame.f_code.co_name}")
        frame = frame.f_back
    return places


def _name(handle: asyncio.Handle) -> str:
    """Return what was called, which may have ended before anybody looked at it."""
    callback = getattr(handle, "_callback", None)
    task = getattr(callback, "__self__", None)
    named = repr(task.get_coro() if isinstance(task, asyncio.Task) else callback)
    return _ADDRESS.sub("", named)


if __name__ == "__main__":
    with Path(sys.argv.pop(1)).open("w", encoding="utf-8") as report:
        Watch(report).begin()
        sys.exit(main())
