"""What ports of Node's tests get: all that engine tests have."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("support.leaks", "support.loopback", "support.proxying")

from support.certificates import authority, ca, context
from support.leaks import _eventually, _no_leaks, _nothing_is_left, _open_fds, agent_of
from support.loopback import black_hole, held, serve, silent
from support.proxying import forward_proxy

__all__ = [
    "_eventually",
    "_no_leaks",
    "_nothing_is_left",
    "_open_fds",
    "agent_of",
    "authority",
    "black_hole",
    "ca",
    "context",
    "forward_proxy",
    "held",
    "serve",
    "silent",
]


@pytest.fixture
def fetch():
    """Give a function that requests a URL and gives the status and the whole body."""

    async def fetch(agent, url, **how):
        response = await agent.request("GET", url, **how)
        return response.status, await response.read()

    return fetch
