"""Finds out whether a port is free before Home Assistant stumbles over it."""

import socket

from .errors import DemoError

HOST = "127.0.0.1"


def claim(port: int) -> int:
    """Return *port* if it is free on this machine.

    Raises:
        DemoError: if another program listens there, or ordinary users may not.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError as err:
            raise DemoError(f"Port {port} is reserved for the system. Choose one above 1023.") from err
        except OSError as err:
            raise DemoError(
                f"Port {port} is in use by another program (perhaps another demo or your own Home Assistant). "
                f"Stop that, or choose another port: scripts/demo --port {_suggestion(port)}"
            ) from err
    return port


def any_free() -> int:
    """Return a port that nothing listens at now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _suggestion(port: int) -> int:
    for candidate in range(port + 1, min(port + 50, 65536)):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            if probe.connect_ex((HOST, candidate)) != 0:
                return candidate
    return any_free()
