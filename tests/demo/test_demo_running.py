"""Starting and stopping around a Home Assistant: ports, Ctrl-C, the environment."""

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import pytest

from scripts.demo_home.errors import DemoError
from scripts.demo_home.folder import DemoFolder, Residence
from scripts.demo_home.interrupt import until_interrupted
from scripts.demo_home.options import find_place
from scripts.demo_home.ports import HOST, any_free, claim
from scripts.demo_home.server import Server, _environment, tail


def test_a_free_port_is_claimed(socket_enabled: None) -> None:
    port = any_free()
    assert claim(port) == port


def test_a_port_in_use_is_named_with_one_that_is_free(socket_enabled: None) -> None:
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(DemoError, match=rf"Port {port} is in use.*--port \d+"):
            claim(port)


async def test_work_that_ends_by_itself() -> None:
    async def work() -> int:
        return 7

    assert await until_interrupted(work()) == 7


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_whoever_interrupts_twice_waits_for_the_cleaning_up(number: signal.Signals) -> None:
    cleaned = False

    async def work() -> None:
        nonlocal cleaned
        try:
            os.kill(os.getpid(), number)
            await asyncio.sleep(30)
        finally:
            os.kill(os.getpid(), number)
            await asyncio.sleep(0.05)
            cleaned = True

    assert await until_interrupted(work()) is None
    assert cleaned


async def test_an_error_is_not_swallowed() -> None:
    async def work() -> None:
        raise DemoError("no")

    with pytest.raises(DemoError):
        await until_interrupted(work())


def test_home_assistant_is_not_led_to_our_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    monkeypatch.setenv("PYTHONSAFEPATH", "1")
    environment = _environment()
    assert "PYTHONSAFEPATH" not in environment
    assert "/somewhere" not in environment.get("PYTHONPATH", "")
    assert environment["PATH"].split(os.pathsep)[0] == str(Path(sys.executable).parent)


async def test_a_server_that_ended_shows_what_it_said_last(tmp_path: Path) -> None:
    folder = DemoFolder(Residence(place=find_place("paris")), tmp_path)
    folder.prepare(8200)
    folder.console.write_text("first\n" * 50 + "out of memory\n", encoding="utf-8")
    server = Server(folder)
    server._process = await asyncio.create_subprocess_exec(sys.executable, "-c", "raise SystemExit(3)")
    assert await server.ended() == 3
    with pytest.raises(DemoError, match=r"(?s)exit code 3.*out of memory"):
        server.ensure_alive()
    await server.stop()


def test_the_end_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "log"
    assert "nothing" in tail(file)
    file.write_text("1\n2\n3\n", encoding="utf-8")
    assert tail(file, 2) == "2\n3"
