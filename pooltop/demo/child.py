"""The child process: serves a demo until its parent is gone.

Protocol: one line of JSON in (a list of ``DemoServer``), one line of JSON out (``DemoAddresses``)
once every host listens, then nothing. The end of stdin, SIGTERM or SIGINT end it; so it cannot
outlive a parent that holds the other end of the pipe, however that parent dies.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys

import msgspec

from pooltop.core.model import DemoServer
from pooltop.demo.server import DemoServers

USAGE = "usage: python -m pooltop.demo.process [SERVERS_JSON]  (else its line is read from stdin)"
EXIT_USAGE = 2
_STDIN = 0
_READ_BYTES = 65536


def main(arguments: list[str]) -> int:
    """Serve, and give the exit status.

    Args:
        arguments: The list of servers as JSON, or nothing, to read it as stdin's first line.
    """
    if len(arguments) > 1:
        sys.stderr.write(USAGE + "\n")
        return EXIT_USAGE
    line = arguments[0].encode() if arguments else _read_line()
    try:
        specs = msgspec.json.decode(line, type=list[DemoServer])
    except msgspec.MsgspecError as error:
        sys.stderr.write(f"{USAGE}\nnot a list of demo servers: {error}\n")
        return EXIT_USAGE
    asyncio.run(_serve(specs))
    return 0


async def _serve(specs: list[DemoServer]) -> None:
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)

    def drain_stdin() -> None:
        if not os.read(_STDIN, _READ_BYTES):
            loop.remove_reader(_STDIN)
            stopped.set()

    try:
        loop.add_reader(_STDIN, drain_stdin)
    except PermissionError:
        stopped.set()  # a file or /dev/null cannot be watched: its end is here already
    async with DemoServers(specs) as servers:
        os.write(1, msgspec.json.encode(servers.addresses) + b"\n")
        gc.freeze()  # what is here stays: keep the collector's pauses out of the latencies
        await stopped.wait()


def _read_line() -> bytes:
    """Read stdin up to the first line's end, and not through a buffer that would hide its end."""
    line = b""
    while not line.endswith(b"\n"):
        piece = os.read(_STDIN, _READ_BYTES)
        if not piece:
            break
        line += piece
    return line
