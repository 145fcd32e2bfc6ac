"""The Python clients that are compared over HTTP/2: each runs as a process of its own.

    python h2_clients.py KIND URL STREAMS SECONDS

KIND is one of:

    session-nghttp2, session-h2   pooltop's HTTP/2 session on asyncio, over either library: guard,
                                  flow control, one write a turn; no pool, clocks or figures
    pooltop-nghttp2, pooltop-h2   pooltop whole: an engine with a workload on an agent of kind "h2"
    httpx                         httpx with http2=True, where it is installed

All keep so many requests under way on one connection, by prior knowledge. One line of JSON is
printed: requests, seconds, cpu_s; what was done before the first request is in neither.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from pooltop.core.model import AgentProfile, Profile
from pooltop.core.traffic import RequestClass, Workload
from pooltop.core.undici.options import built_in
from pooltop.engine.engine import Engine
from pooltop.engine.h2.factory import make_session
from pooltop.engine.h2.form import form_of
from pooltop.engine.request import prepare

READ_SIZE = 256 * 1024


@dataclass
class Clock:
    """When a run began, and how many requests it made."""

    seconds: float
    requests: int = 0
    began: float = 0.0
    cpu: float = 0.0

    def start(self) -> None:
        self.cpu = time.process_time()
        self.began = time.monotonic()

    @property
    def is_over(self) -> bool:
        return time.monotonic() - self.began > self.seconds

    def report(self) -> str:
        return json.dumps(
            {
                "requests": self.requests,
                "seconds": time.monotonic() - self.began,
                "cpu_s": time.process_time() - self.cpu,
            }
        )


class Reader:
    """One response's reader, which reads at once."""

    __slots__ = ("of", "status", "stream")

    def __init__(self, of: SessionClient, stream: int) -> None:
        self.of = of
        self.stream = stream
        self.status = 0

    def on_informational(self, head) -> None:
        pass

    def on_switched(self, early) -> None:
        raise AssertionError(early)

    def on_head(self, head) -> None:
        self.status = head.status

    def on_data(self, data: bytes) -> None:
        self.of.session.consumed(self.stream, len(data))

    def on_end(self, end) -> None:
        assert self.status == 200, self.status
        self.of.ended()


class SessionClient(asyncio.BufferedProtocol):
    """A session on a connection."""

    def __init__(self, codec: str, url: str, streams: int, clock: Clock) -> None:
        parts = urlsplit(url)
        request = prepare("GET", parts.path or "/", [], host_header=parts.netloc, keep_alive=True)
        self.form = form_of(request, scheme=parts.scheme)
        self.session = make_session(self, codec=codec)
        self.streams = streams
        self.clock = clock
        self.next = 1
        self.over = asyncio.get_running_loop().create_future()
        self.memory = memoryview(bytearray(READ_SIZE))

    def connection_made(self, transport) -> None:
        self.transport = transport
        self.session.preface()
        self.flush()

    def get_buffer(self, sizehint: int) -> memoryview:
        return self.memory

    def buffer_updated(self, size: int) -> None:
        self.session.receive(self.memory[:size], now=time.monotonic())
        self.flush()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.over.done():
            self.over.set_exception(exc or ConnectionError("the server closed the connection"))

    def flush(self) -> None:
        octets = self.session.take()
        if octets:
            self.transport.write(octets)

    def ask(self) -> None:
        stream = self.next
        self.next = stream + 2
        self.session.open(stream, self.form, Reader(self, stream), ends=True)

    def ended(self) -> None:
        self.clock.requests += 1
        if not self.clock.is_over:
            self.ask()
        elif not self.session.streams and not self.over.done():
            self.over.set_result(None)

    def on_settings(self, settings) -> None:
        if self.next == 1:
            allowed = settings.max_concurrent_streams
            assert allowed is None or allowed >= self.streams, allowed
            self.clock.start()
            for _ in range(self.streams):
                self.ask()

    def on_goaway(self, code: int, last: int, debug: bytes) -> None:
        raise AssertionError((code, last, debug))

    on_stream_reset = on_stream_fault = on_goaway

    def on_ping_ack(self, rtt_s: float) -> None:
        pass

    on_sendable = on_ping_ack


async def session(codec: str, url: str, streams: int, clock: Clock) -> None:
    parts = urlsplit(url)
    _, client = await asyncio.get_running_loop().create_connection(
        lambda: SessionClient(codec, url, streams, clock), parts.hostname, parts.port
    )
    await client.over
    client.transport.close()


async def whole(codec: str, url: str, streams: int, clock: Clock) -> None:
    parts = urlsplit(url)
    profile = Profile(
        path="h2_clients.py",
        agents=(AgentProfile(name="h2", dispatcher=built_in("h2"), h2_codec=codec),),
        workloads=(
            Workload(
                name="load",
                agent="h2",
                base_url=f"{parts.scheme}://{parts.netloc}",
                model="closed",
                users=streams,
                requests=(RequestClass(name="one", path=parts.path or "/"),),
            ),
        ),
    )
    engine = Engine(profile)
    (runner,) = engine.workloads
    engine.start()
    while not runner.completed:
        await asyncio.sleep(0.001)
    before = runner.completed
    clock.start()
    await asyncio.sleep(clock.seconds)
    clock.requests = runner.completed - before
    assert not runner.failed, engine.snapshot().agents[0].origins[0].counters.failed
    print(clock.report())
    await engine.aclose()


async def httpx_client(url: str, streams: int, clock: Clock) -> None:
    import httpx  # only there where it is to be compared with

    limits = httpx.Limits(max_connections=1)
    async with httpx.AsyncClient(http1=False, http2=True, limits=limits, timeout=60) as client:
        await client.get(url)
        clock.start()

        async def user() -> None:
            while not clock.is_over:
                response = await client.get(url)
                assert response.status_code == 200, response
                clock.requests += 1

        await asyncio.gather(*[user() for _ in range(streams)])


def main() -> None:
    kind, url, streams, seconds = sys.argv[1:5]
    clock = Clock(float(seconds))
    if kind.startswith("pooltop-"):
        asyncio.run(whole(kind.removeprefix("pooltop-"), url, int(streams), clock))
        return
    if kind == "httpx":
        asyncio.run(httpx_client(url, int(streams), clock))
    else:
        asyncio.run(session(kind.removeprefix("session-"), url, int(streams), clock))
    print(clock.report())


if __name__ == "__main__":
    main()
