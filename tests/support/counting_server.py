"""An HTTP server in threads, that counts: what is seen of a load from its other end."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
from typing import cast

PATIENCE_S = 60.0
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class CountingServer(socketserver.ThreadingTCPServer):
    """Answers every request, and knows how many connections are open."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, answer: bytes = _ANSWER) -> None:
        """Listen on a port of its own."""
        super().__init__(("127.0.0.1", 0), _Connection)
        self.answer = answer
        self.requests = 0
        self.open = 0
        self.changed = threading.Condition()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(cast("tuple[str, int]", self.server_address)[1])

    def wait_for_requests(self, more: int) -> None:
        """Wait until so many more have come."""
        with self.changed:
            wanted = self.requests + more
            assert self.changed.wait_for(lambda: self.requests >= wanted, PATIENCE_S)

    def wait_until_left(self) -> None:
        """Wait until nobody is connected."""
        with self.changed:
            assert self.changed.wait_for(lambda: self.open == 0, PATIENCE_S), self.open

    def stop(self) -> None:
        """End it."""
        self.shutdown()
        self._thread.join()
        self.server_close()


class _Connection(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        """Answer until the client leaves."""
        server = cast("CountingServer", self.server)
        connection = cast("socket.socket", self.request)
        self._count(open_=1)
        pending = b""
        try:
            while part := connection.recv(65536):
                pending += part
                while b"\r\n\r\n" in pending:
                    pending = pending.partition(b"\r\n\r\n")[2]
                    self._count(requests=1)
                    connection.sendall(server.answer)
        except OSError:
            pass  # it left in the middle
        finally:
            self._count(open_=-1)
            with contextlib.suppress(OSError):
                connection.close()

    def _count(self, *, open_: int = 0, requests: int = 0) -> None:
        server = cast("CountingServer", self.server)
        with server.changed:
            server.open += open_
            server.requests += requests
            server.changed.notify_all()
