"""An HTTP server in threads that holds its answers until so many requests are there at once."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
import time
from typing import cast

PATIENCE_S = 60.0
EXCESS_S = 0.15
"""For so long it is waited for a request too many, once there are as many as there may be."""
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"


class GatedServer(socketserver.ThreadingTCPServer):
    """Counts connections and requests; the gate opens for good when ``gate`` requests wait."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, gate: int) -> None:
        """Listen on a port of its own."""
        super().__init__(("127.0.0.1", 0), _Connection)
        self.gate = gate
        self.requests = 0
        self.connections = 0
        """Of these, those on which a request came."""
        self.open = 0
        self.peak = 0
        """Most requests that were under way at once."""
        self.heads: list[bytes] = []
        self.changed = threading.Condition()
        self._running = 0
        self._is_through = False
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{cast('tuple[str, int]', self.server_address)[1]}/"

    def wait_until_left(self) -> None:
        """Wait until nobody is connected."""
        with self.changed:
            assert self.changed.wait_for(lambda: self.open == 0, PATIENCE_S), self.open

    def stop(self) -> None:
        """End it."""
        self.shutdown()
        self._thread.join()
        self.server_close()

    def begin(self, head: bytes, *, is_first: bool) -> None:
        """Count a request, and hold it until the gate is open."""
        with self.changed:
            self.requests += 1
            self.connections += is_first
            self.heads.append(head)
            self._running += 1
            self.peak = max(self.peak, self._running)
            opens = self._running == self.gate and not self._is_through
        if opens:
            # The one wait by the clock: one too many would come now, and be seen in the peak.
            time.sleep(EXCESS_S)
        with self.changed:
            self._is_through |= opens
            self.changed.notify_all()
            assert self.changed.wait_for(lambda: self._is_through, PATIENCE_S), "never so many"

    def let_through(self) -> None:
        """Open the gate."""
        with self.changed:
            self._is_through = True
            self.changed.notify_all()

    def end(self) -> None:
        """Count an answer."""
        with self.changed:
            self._running -= 1

    def come_or_go(self, by: int) -> None:
        """Count a connection."""
        with self.changed:
            self.open += by
            self.changed.notify_all()


class _Connection(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        """Answer until the client leaves."""
        server = cast("GatedServer", self.server)
        connection = cast("socket.socket", self.request)
        server.come_or_go(1)
        pending, is_first = b"", True
        try:
            while part := connection.recv(65536):
                pending += part
                while b"\r\n\r\n" in pending:
                    head, _, pending = pending.partition(b"\r\n\r\n")
                    server.begin(head, is_first=is_first)
                    is_first = False
                    server.end()
                    closes = b"connection: close" in head.lower()
                    connection.sendall(_HEAD + b"Connection: close\r\n" * closes + b"\r\nok")
                    if closes:
                        return
        except OSError:
            pass  # it left in the middle
        finally:
            server.come_or_go(-1)
            with contextlib.suppress(OSError):
                connection.close()
