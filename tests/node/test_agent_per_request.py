"""``per_request``: what Node does with a ``new http.Agent()`` for every request."""

from __future__ import annotations

import asyncio
import json
import subprocess
from pathlib import Path

import pytest
from scenarios.compare import OLDEST_NODE, find_node

SCRIPT = Path(__file__).with_name("agent_per_request.mjs")
NODE = find_node()
RECORDED = [
    ({"keepAlive": True}, {"made": 10, "open": 10, "reused": 0}),
    (
        {"keepAlive": True, "maxSockets": 1, "maxFreeSockets": 1, "maxTotalSockets": 1},
        {"made": 10, "open": 10, "reused": 0},
    ),
    ({}, {"made": 10, "open": 0, "reused": 0}),
    ({"maxSockets": 1}, {"made": 10, "open": 0, "reused": 0}),
    ({"keepAlive": True, "timeout": 30}, {"made": 10, "open": 0, "reused": 0}),
]
"""Options, and what Node v24 did: connections made, still open, and requests that reused one."""
OURS = {
    "keepAlive": "keep_alive",
    "maxSockets": "max_sockets",
    "maxFreeSockets": "max_free_sockets",
    "maxTotalSockets": "max_total_sockets",
    "timeout": "timeout",
}
EACH = pytest.mark.parametrize(("options", "expected"), RECORDED, ids=str)


@EACH
async def test_it_is_as_node_does_it(serve, agent_of, eventually, options, expected):
    server = await serve()
    agent = agent_of(per_request=True, **{OURS[name]: value for name, value in options.items()})

    async def get():
        response = await agent.request("GET", server.url)
        await response.read()
        return response.reused

    reused = await asyncio.gather(*(get() for _ in range(5)))
    reused += [await get() for _ in range(5)]
    await eventually(lambda: expected["open"] == agent.total_socket_count)
    (origin,) = agent.snapshot().origins
    assert expected == {
        "made": origin.counters.opened,
        "open": origin.total,
        "reused": sum(reused),
    }
    assert (0, 10) == (origin.counters.queued, agent.snapshot().agents_made)


@pytest.mark.skipif(NODE is None, reason=f"needs a node binary, {OLDEST_NODE} or newer")
@EACH
def test_the_record_is_what_node_does_today(options, expected):
    assert NODE is not None
    ran = subprocess.run(
        [NODE, "--expose-gc", SCRIPT, json.dumps(options)],
        check=True,
        capture_output=True,
        timeout=60,
    )
    assert expected == json.loads(ran.stdout)
