"""Home Assistant as a process of its own, started and stopped as on anybody's machine."""

import asyncio
import ctypes
import importlib.util
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from .errors import DemoError
from .folder import DemoFolder

STOP_PATIENCE_S = 60
GAVE_UP = "Home Assistant core failed to initialize"
"""What it says when it will never show a page, although its process stays."""
PR_SET_PDEATHSIG = 1
VOICE_PACKAGES = {"pymicro-vad": "pymicro_vad", "pyspeex-noise": "pyspeex_noise"}
"""What Home Assistant loads for voice satellites at every start and what can only be had with a compiler."""


class Server:
    """One run of Home Assistant; use it as an asynchronous context manager, which stops it at the end."""

    def __init__(self, folder: DemoFolder, program: Sequence[str] = ()) -> None:
        """Prepare a run on *folder*, by *program* where it is not Home Assistant's own command."""
        self.folder = folder
        self._program = program
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        """Start Home Assistant."""
        command, environment = _command(self._program, self.folder.path), _environment()
        # In a session of its own, so that Ctrl-C reaches only us and we stop it in order.
        with self.folder.console.open("ab") as console:
            self._process = await asyncio.create_subprocess_exec(
                *command,
                stdout=console,
                stderr=console,
                start_new_session=True,
                preexec_fn=_end_with_parent,
                cwd=self.folder.path,
                env=environment,
            )
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop Home Assistant, whatever happened."""
        await asyncio.shield(self.stop())

    async def stop(self) -> None:
        """Ask Home Assistant to stop, which closes its database, and wait until it has."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), STOP_PATIENCE_S)
        except TimeoutError:
            process.kill()
            await process.wait()

    async def ended(self) -> int:
        """Wait until Home Assistant ends by itself and return its exit code."""
        assert self._process is not None  # noqa: S101 - only used inside the context
        return await self._process.wait()

    def ensure_alive(self) -> None:
        """Notice when Home Assistant has ended or given up.

        Raises:
            DemoError: with the end of what it said.
        """
        if self._process is None:
            return
        if GAVE_UP in tail(self.folder.console):
            raise DemoError(
                f"Home Assistant could not start; it may miss a package. Run scripts/setup again, with the network on. "
                f"The end of {self.folder.console}:\n{tail(self.folder.console)}"
            )
        if self._process.returncode is None:
            return
        raise DemoError(
            f"Home Assistant ended by itself (exit code {self._process.returncode}). "
            f"The end of {self.folder.console}:\n{tail(self.folder.console)}"
        )


def tail(path: Path, lines: int = 20) -> str:
    """Return the last lines of a file."""
    if not path.is_file():
        return "(nothing was written)"
    return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


def _end_with_parent() -> None:
    """Have Linux stop Home Assistant in order when we are killed outright and cannot."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _missing_voice_packages() -> list[str]:
    return [package for package, module in VOICE_PACKAGES.items() if importlib.util.find_spec(module) is None]


def _command(program: Sequence[str], config: Path) -> list[str]:
    hass = Path(sys.executable).with_name("hass")
    command = [*(program or [str(hass)]), "--config", str(config), "--log-no-color"]
    if missing := _missing_voice_packages():
        command += ["--skip-pip-packages", ",".join(missing)]
    return command


def _environment() -> dict[str, str]:
    """Return our environment without what would lead Home Assistant to another folder or another Python's packages."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment["VIRTUAL_ENV"] = sys.prefix
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment.get('PATH', os.defpath)}"
    if _missing_voice_packages():
        environment["PYTHONPATH"] = str(Path(__file__).with_name("without_voice"))
    return environment
