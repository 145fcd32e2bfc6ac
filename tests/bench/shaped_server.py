"""A server of known shape on loopback, in a process of its own: prints its port, and serves.

    python tests/bench/shaped_server.py '{"shape": "plain", "spread": "lognormal", "mean_s": 0.02}'

Shapes: "plain" takes as long whatever else it does; "cap" works on ``cap`` requests at a time, and
the others wait; "usl" takes mean_s·(1 + σ(n - 1) + κn(n - 1)) with n at a time; "core" takes
``mean_s``, of which ``core_s`` on one core that all of them share. It ends with its standard input.
"""

from __future__ import annotations

import asyncio
import json
import math
import random
import subprocess
import sys
from collections import deque
from dataclasses import asdict, dataclass
from pathlib import Path

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass
class Shape:
    """What a server is like."""

    shape: str = "plain"
    spread: str = "fixed"
    """"fixed", "exponential", or "lognormal" with a sigma of 0.6."""
    mean_s: float = 0.02
    cap: int = 0
    sigma: float = 0.0
    kappa: float = 0.0
    core_s: float = 0.0
    seed: int = 1

    @property
    def knee(self) -> float:
        """Requests at a time beyond which it serves no more, or less."""
        if self.shape == "cap":
            return self.cap
        if self.shape == "usl":
            return math.sqrt((1 - self.sigma) / self.kappa)
        return self.mean_s / self.core_s


class Server:
    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.random = random.Random(shape.seed)
        self.busy = 0
        self.core_free_at = 0.0
        self.waiting: deque[Connection] = deque()

    def draw_s(self) -> float:
        mean = self.shape.mean_s - self.shape.core_s
        match self.shape.spread:
            case "exponential":
                return self.random.expovariate(1 / mean)
            case "lognormal":
                return mean * math.exp(self.random.gauss(-0.18, 0.6))
        return mean

    def take(self, connection: Connection) -> None:
        if self.shape.shape == "cap" and self.busy >= self.shape.cap:
            self.waiting.append(connection)
            return
        self.busy += 1
        loop = asyncio.get_running_loop()
        now = loop.time()
        takes = self.draw_s()
        n = self.busy
        if self.shape.shape == "usl":
            takes *= 1 + self.shape.sigma * (n - 1) + self.shape.kappa * n * (n - 1)
        if self.shape.shape == "core":
            loop.call_at(now + takes, self.compute, connection)
        else:
            loop.call_at(now + takes, self.answer, connection)

    def compute(self, connection: Connection) -> None:
        loop = asyncio.get_running_loop()
        self.core_free_at = max(self.core_free_at, loop.time()) + self.shape.core_s
        loop.call_at(self.core_free_at, self.answer, connection)

    def answer(self, connection: Connection) -> None:
        self.busy -= 1
        connection.transport.write(ANSWER)
        if self.waiting:
            self.take(self.waiting.popleft())


class Connection(asyncio.Protocol):
    def __init__(self, server: Server) -> None:
        self.server = server
        self.data = b""

    def connection_made(self, transport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.data += data
        while b"\r\n\r\n" in self.data:
            _, _, self.data = self.data.partition(b"\r\n\r\n")
            self.server.take(self)


async def serve(shape: Shape) -> None:
    loop = asyncio.get_running_loop()
    server = Server(shape)
    listener = await loop.create_server(lambda: Connection(server), "127.0.0.1", 0, backlog=1024)
    print(listener.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


def start(shape: Shape) -> tuple[subprocess.Popen, int]:
    """Start one; gives its process, which ends with its standard input, and its port."""
    server = subprocess.Popen(
        [sys.executable, str(Path(__file__)), json.dumps(asdict(shape))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    return server, int(server.stdout.readline())


if __name__ == "__main__":
    asyncio.run(serve(Shape(**json.loads(sys.argv[1]))))
