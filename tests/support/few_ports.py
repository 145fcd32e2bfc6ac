"""A program for a network namespace of its own: a load that closes more than there are ports for.

Run it under ``unshare --map-root-user --net`` with a directory to write to; it prints the ids of
the cards that were raised, with keep-alive off and then on, as JSON. Nothing outside is touched.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

from support.advising import Situation, Watcher
from support.loopback import Handler, Listener, Wire

PORTS = 200
_LOAD = """
[agents.a]
keep_alive = KEPT
[workloads.w]
agent = "a"
base_url = "@s"
rate = "20/s"
"""


async def _answer_and_wait(wire: Wire) -> None:
    """Answer, and leave it to the client to close."""
    while await wire.request() is not None:
        wire.reply()


SITUATION = Situation(
    id="A24",
    profile=_LOAD.replace("KEPT", "false"),
    twin=_LOAD.replace("KEPT", "true"),
    servers={"s": _answer_and_wait},
)


async def serve(handler: Handler) -> Listener:
    listener = Listener(handler, "http")
    server = await asyncio.start_server(listener.accept, listener.host, 0)
    listener.port = server.sockets[0].getsockname()[1]
    return listener


async def watch(directory: Path) -> dict[str, list[str]]:
    watcher = Watcher(serve, directory)
    told = {}
    raised = await watcher.until_raised(SITUATION)
    told["raised"] = [card.id for card in raised.cards]
    told["proposed"] = [
        card.finding.edit.option for card in raised.cards if card.id == "A24" and card.finding.edit
    ]
    told["twin"] = [card.id for card in (await watcher.twin(SITUATION)).cards]
    return told


def main() -> None:
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True, capture_output=True)
    ports = Path("/proc/sys/net/ipv4/ip_local_port_range")
    ports.write_text(f"40000 {40000 + PORTS - 1}")
    json.dump(asyncio.run(watch(Path(sys.argv[1]))), sys.stdout)


main()
