"""A small HTTPS server on loopback that can be told to misbehave."""

import contextlib
import json
import socket
import ssl
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, override
from urllib.parse import urlsplit

from tests.servers.tls import server_context

JSON = "application/json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What a client asked."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    query: str = ""
    """What stands behind the question mark, as it was sent."""

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """What it is told."""

    status: int = 200
    """0 for hanging up without a word."""
    body: bytes = b""
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()


def json_reply(document: object, status: int = 200, **headers: str) -> Reply:
    """Answer with a document."""
    return Reply(status=status, body=json.dumps(document).encode(), headers=tuple(headers.items()))


@dataclass(kw_only=True, slots=True)
class _Fault:
    kind: str | int
    left: int
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(kw_only=True)
class LoopbackServer:
    """Serves ``answer`` on 127.0.0.1; ``stop`` and ``start`` again keep the port, as a rebooted device does."""

    tls: bool = True
    port: int = 0
    requests: list[Request] = field(default_factory=list)
    _faults: dict[str, deque[_Fault]] = field(default_factory=dict)
    _server: _Listener | None = None
    _thread: threading.Thread | None = None
    _stopping: threading.Event = field(default_factory=threading.Event)

    def answer(self, request: Request) -> Reply:
        """Say what a healthy device would."""
        raise NotImplementedError

    def distort(self, kind: str, reply: Reply) -> Reply:
        """Apply a fault of this kind of device to a healthy *reply*."""
        raise NotImplementedError(kind)

    @property
    def host(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        """Listen, on the port of last time if there was one."""
        self._stopping.clear()
        self._server = _Listener(self)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="loopback")
        self._thread.start()

    def stop(self) -> None:
        """Refuse connections and cut those that are open."""
        if self._server is None or self._thread is None:
            return
        self._stopping.set()
        self._server.shutdown()
        self._server.cut()
        self._server.server_close()
        self._thread.join()
        self._server = self._thread = None

    def fault(self, path: str, kind: str | int, times: int = 1_000_000, **headers: str) -> None:
        """Let the next *times* requests for *path* go wrong.

        *kind* is an HTTP status, ``timeout``, ``half_body``, ``html``, ``nonsense`` or a distortion of the device.
        """
        renamed = tuple((name.replace("_", "-"), value) for name, value in headers.items())
        self._faults.setdefault(path, deque()).append(_Fault(kind=kind, left=times, headers=renamed))

    def heal(self) -> None:
        """Take back all faults."""
        self._faults.clear()

    def count(self, path: str, method: str | None = None) -> int:
        """Say how often *path* was asked for."""
        return sum(each.path == path and method in (None, each.method) for each in list(self.requests))

    def handle(self, request: Request) -> tuple[Reply, bool]:
        """Return what to send and whether to break off in the middle."""
        self.requests.append(request)
        fault = self._next_fault(request.path)
        match fault.kind if fault else None:
            case None:
                return self.answer(request), False
            case int(status):
                body = json.dumps({"code": status, "error": "fault", "message": "fault"}).encode()
                return Reply(status=status, body=body, headers=fault.headers if fault else ()), False
            case "timeout":
                self._stopping.wait(2)
                return Reply(), True
            case "half_body":
                return self.answer(request), True
            case "html":
                page = b"<!DOCTYPE html><html><body>Router login</body></html>"
                return Reply(body=page, content_type="text/html; charset=utf-8"), False
            case "nonsense":
                return Reply(body=b'{"percentage": "much", ['), False
            case kind:
                return self.distort(kind, self.answer(request)), False

    def _next_fault(self, path: str) -> _Fault | None:
        waiting = self._faults.get(path)
        if not waiting:
            return None
        fault = waiting[0]
        fault.left -= 1
        if fault.left <= 0:
            waiting.popleft()
        return fault


class _Listener(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 64
    block_on_close = True

    def __init__(self, owner: LoopbackServer) -> None:
        self.owner = owner
        self._open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", owner.port), _Handler)

    @override
    def finish_request(self, request: Any, client_address: Any) -> None:
        connection = request
        try:
            if self.owner.tls:
                connection = server_context().wrap_socket(request, server_side=True)
            self._open.add(connection)
            _Handler(connection, client_address, self)
        except ssl.SSLError, OSError:
            pass  # the client went away or speaks no TLS: both are what tests are about
        finally:
            self._open.discard(connection)
            _close_gently(connection)

    @override
    def handle_error(self, request: Any, client_address: Any) -> None:
        raise AssertionError("The server itself failed")

    def cut(self) -> None:
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def _close_gently(connection: socket.socket) -> None:
    """Let the client read to the end: closing while something of it is unread would reset the connection."""
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(0.5)
        while connection.recv(4096):
            pass
    connection.close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet per answer: headers and body apart cost 40 ms each
    server: _Listener

    def _do(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url = urlsplit(self.path)
        request = Request(
            method=self.command, path=url.path, headers=dict(self.headers.items()), body=body, query=url.query
        )
        reply, broken = self.server.owner.handle(request)
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body) or 2 * broken))
        for name, value in reply.headers:
            self.send_header(name, value)
        self.close_connection = self.close_connection or broken
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(reply.body[: len(reply.body) // 2] if broken else reply.body)

    do_GET = do_POST = _do  # noqa: N815 - named so by the standard library

    @override
    def log_message(self, format: str, *args: object) -> None:
        pass
