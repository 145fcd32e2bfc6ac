"""The clients that are compared: each runs as a process of its own and prints one JSON line.

    python clients.py KIND URL CONNECTIONS SECONDS

KIND is llhttp or h11 (pooltop's engine, a closed workload with everything on: pool, clocks,
histograms, journal), aiohttp where it is installed, or raw: the least that asyncio and httptools
can do, no pool and no figures, the steadiest thing to compare with. The line has requests,
seconds, cpu_s.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

from pooltop.core.model import AgentOptions, AgentProfile, Profile, Timeouts
from pooltop.core.traffic import Workload
from pooltop.engine.engine import Engine


async def pooltop_client(codec: str, url: str, connections: int, seconds: float) -> int:
    engine = Engine(
        Profile(
            path="bench",
            agents=(
                AgentProfile(
                    name="a",
                    codec=codec,
                    options=AgentOptions(keep_alive=True, max_sockets=connections, timeout=30_000),
                    timeouts=Timeouts(queue=5, connect=5, idle=30, total=30),
                ),
            ),
            workloads=(
                Workload(
                    name="w",
                    agent="a",
                    base_url=url,
                    model="closed",
                    users=connections,
                    duration=seconds,
                ),
            ),
        )
    )
    engine.start()
    await engine.done.wait()
    counters = engine.snapshot().agents[0].origins[0].counters
    assert not counters.failed, counters.failed
    await engine.aclose()
    return counters.completed


async def raw_client(url: str, connections: int, seconds: float) -> int:
    from urllib.parse import urlsplit

    import httptools

    done = 0
    end = time.monotonic() + seconds
    parts = urlsplit(url)
    wire = f"GET / HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode()
    view = memoryview(bytearray(256 * 1024))

    class Raw(asyncio.BufferedProtocol):
        def __init__(self) -> None:
            self.parser = httptools.HttpResponseParser(self)
            self.over = asyncio.get_running_loop().create_future()

        def connection_made(self, transport) -> None:
            self.transport = transport
            transport.write(wire)

        def get_buffer(self, sizehint: int) -> memoryview:
            return view

        def buffer_updated(self, nbytes: int) -> None:
            self.parser.feed_data(view[:nbytes])

        def on_message_complete(self) -> None:
            nonlocal done
            done += 1
            if time.monotonic() < end:
                self.transport.write(wire)
            elif not self.over.done():
                self.over.set_result(None)
                self.transport.close()

    loop = asyncio.get_running_loop()
    protocols = [
        (await loop.create_connection(Raw, parts.hostname, parts.port))[1]
        for _ in range(connections)
    ]
    await asyncio.gather(*(p.over for p in protocols))
    return done


async def aiohttp_client(url: str, connections: int, seconds: float) -> int:
    import aiohttp  # only there where it is to be compared with

    done = 0
    end = time.monotonic() + seconds
    connector = aiohttp.TCPConnector(limit=connections)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def user() -> None:
            nonlocal done
            while time.monotonic() < end:
                async with session.get(url) as response:
                    await response.read()
                done += 1

        await asyncio.gather(*(user() for _ in range(connections)))
    return done


def main() -> None:
    kind, url, connections, seconds = sys.argv[1:5]
    run = {"aiohttp": aiohttp_client, "raw": raw_client}.get(kind)
    if kind == "aiohttp":
        import aiohttp  # noqa: F401 - not on the clock
    begin, cpu = time.monotonic(), time.process_time()
    if run is None:
        requests = asyncio.run(pooltop_client(kind, url, int(connections), float(seconds)))
    else:
        requests = asyncio.run(run(url, int(connections), float(seconds)))
    print(
        json.dumps(
            {
                "requests": requests,
                "seconds": time.monotonic() - begin,
                "cpu_s": time.process_time() - cpu,
            }
        )
    )


if __name__ == "__main__":
    main()
