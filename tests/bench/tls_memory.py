"""What an idle TLS connection costs: resident memory of a process that holds a thousand.

    python tests/bench/tls_memory.py [--connections 1000] [--codec h11] [--limit-kib 80]

An Agent opens them all at once to a server in a process of its own, reads each response, and
keeps them idle. The resident set is looked at after one connection (contexts, codec and buffers
are made by then) and after all. It must grow by at most the limit for each; else the status is 1.

Load on the machine changes nothing here. glibc's malloc keeps what was freed: the figure has the
handshakes' garbage in it, as it has in use.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import multiprocessing
import resource
import ssl
import sys
import tempfile
from multiprocessing.connection import Connection
from pathlib import Path

import trustme

from pooltop.core.model import Codec, TLSOptions
from pooltop.engine.agent import Agent

RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
PAGE = resource.getpagesize()


def resident_kib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * PAGE / 1024


async def _serve(pem: str, told: Connection) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(RESPONSE)
        except (asyncio.IncompleteReadError, OSError):
            writer.transport.abort()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context, backlog=4096)
    async with server:
        told.send(server.sockets[0].getsockname()[1])
        await asyncio.get_running_loop().run_in_executor(None, told.recv)


def serve(pem: str, told: Connection) -> None:
    asyncio.run(_serve(pem, told))


async def measure(url: str, ca: str, connections: int, codec: Codec) -> float:
    """Give the KiB of resident memory for each idle connection after the first."""

    async def get() -> None:
        await (await agent.request("GET", url)).read()

    tls = TLSOptions(ca=(ca,))
    async with Agent(keep_alive=True, max_free_sockets=connections, codec=codec, tls=tls) as agent:
        await get()
        gc.collect()
        before = resident_kib()
        await asyncio.gather(*(get() for _ in range(connections)))
        gc.collect()
        idle = sum(map(len, agent.free_sockets.values()))
        assert idle >= connections, f"{idle} idle connections, {connections} wanted"
        return (resident_kib() - before) / (idle - 1)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--connections", type=int, default=1000)
    parser.add_argument("--codec", choices=("h11", "llhttp"), default="h11")
    parser.add_argument("--limit-kib", type=float, default=80)
    options = parser.parse_args()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 65536)), hard))
    authority = trustme.CA()
    with tempfile.TemporaryDirectory() as folder:
        ca, pem = f"{folder}/ca.pem", f"{folder}/server.pem"
        authority.cert_pem.write_to_path(ca)
        authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(pem)
        ours, theirs = multiprocessing.Pipe()
        server = multiprocessing.get_context("spawn").Process(target=serve, args=(pem, theirs))
        server.start()
        try:
            url = f"https://127.0.0.1:{ours.recv()}"
            kib = asyncio.run(measure(url, ca, options.connections, options.codec))
        finally:
            ours.send(None)
            server.join()
    print(
        f"{options.connections} idle TLS connections ({options.codec}): {kib:.1f} KiB each, "
        f"at most {options.limit_kib:g}"
    )
    return 0 if kib <= options.limit_kib else 1


if __name__ == "__main__":
    sys.exit(main())
