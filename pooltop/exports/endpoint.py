"""A small web server in a thread, of the standard library's, for whoever scrapes the numbers.

Rules of this file:
- GET of /metrics, nothing else; no body is read, and no connection is used twice.
- A connection lives CONNECTION_S at most, whatever its other end does, and there are MOST of them:
  one more is closed at once.
- Where it listens on loopback alone it answers to this machine's names alone, so that no page of
  some site can read it through a visitor's browser (DNS rebinding).
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from pooltop.errors import EngineError

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

CONNECTION_S = 10.0
"""How long one connection may take, its request and its answer together."""
MOST = 4
"""Connections at a time."""
_LOOK_S = 0.1
"""How often the thread looks whether it is to end."""
_PLAIN = "text/plain; charset=utf-8"
PATH = "/metrics"


class Unanswered(Exception):
    """There is nothing to tell now; the message says why."""


class _Handler(WSGIRequestHandler):
    """One connection, for a bounded time."""

    def setup(self) -> None:
        """Begin the time that it has."""
        self._deadline = threading.Timer(CONNECTION_S, self._cut, (self.request,))
        self._deadline.daemon = True
        self._deadline.start()
        super().setup()

    def finish(self) -> None:
        """End it."""
        self._deadline.cancel()
        with contextlib.suppress(OSError):  # whoever asked is gone
            super().finish()

    def address_string(self) -> str:
        """Give the address: no name is looked up."""
        return str(self.client_address[0])

    def log_message(self, *_: object) -> None:
        """Say nothing: the terminal is the dashboard's."""

    @staticmethod
    def _cut(connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    """A thread for each of a few connections."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, address: str, port: int) -> None:
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._room = threading.Semaphore(MOST)
        super().__init__((address, port), _Handler)

    def server_bind(self) -> None:
        # http.server looks up the name of its own address here, which can take seconds.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]
        self.setup_environ()

    def get_request(self) -> tuple[socket.socket, object]:
        try:
            return super().get_request()
        except OSError:
            time.sleep(_LOOK_S)  # no descriptor left: it would be asked again at once
            raise

    def process_request(self, request: object, client_address: object) -> None:
        if not self._room.acquire(blocking=False):
            self.shutdown_request(request)  # type: ignore[arg-type] # as socketserver hands it out
            return
        try:
            super().process_request(request, client_address)  # type: ignore[arg-type] # likewise
        except BaseException:
            self._room.release()
            raise

    def process_request_thread(self, request: object, client_address: object) -> None:
        try:
            super().process_request_thread(request, client_address)  # type: ignore[arg-type] # likewise
        finally:
            self._room.release()

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: what a client does wrong is its own matter."""


class Endpoint:
    """Listens from the beginning, and answers once it is told what."""

    def __init__(self, address: str, port: int) -> None:
        """Listen.

        Args:
            address: an IP address of this machine.
            port: 0 takes a free one.

        Raises:
            EngineError: that cannot be listened on.
        """
        try:
            self._server = _Server(address, port)
        except OSError as error:
            why = error.strerror or error
            raise EngineError(
                f"metrics cannot be served on {_joined(address, port)}: {why}"
            ) from error
        self._is_loopback = ipaddress.ip_address(address).is_loopback
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://{_joined(self._server.server_name, self._server.server_port)}{PATH}"

    def start(self, content: Callable[[], bytes], content_type: str) -> None:
        """Answer from now on.

        Args:
            content: gives what is told, in whatever thread; raises Unanswered if it cannot.
            content_type: of it.
        """

        def application(asked: WSGIEnvironment, begin: StartResponse) -> Iterable[bytes]:
            if asked["REQUEST_METHOD"] != "GET":
                return _refuse(begin, "405 Method Not Allowed", "only GET", ("Allow", "GET"))
            if self._is_loopback and not _is_local(asked.get("HTTP_HOST", "")):
                return _refuse(begin, "403 Forbidden", "not a name of this machine")
            if asked["PATH_INFO"] != PATH:
                return _refuse(begin, "404 Not Found", f"the numbers are at {PATH}")
            try:
                body = content()
            except Unanswered as error:
                return _refuse(begin, "503 Service Unavailable", str(error))
            begin("200 OK", [("Content-Type", content_type), ("Content-Length", str(len(body)))])
            return [body]

        self._server.set_app(application)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_LOOK_S,), name="pooltop-metrics", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Listen no more; connections end by themselves. Takes a tenth of a second."""
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()


def _refuse(
    begin: StartResponse, status: str, why: str, *headers: tuple[str, str]
) -> Iterable[bytes]:
    begin(status, [("Content-Type", _PLAIN), *headers])
    return [f"{why}\n".encode()]


def _is_local(host: str) -> bool:
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    name = name.strip("[]").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return not name


def _joined(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
