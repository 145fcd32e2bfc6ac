"""What ports of Node's tests get: all that engine tests have."""

from __future__ import annotations

import pytest
from support.real_sockets import *  # noqa: F403 - the list is there, for all who need it


@pytest.fixture
def fetch():
    """Give a function that requests a URL and gives the status and the whole body."""

    async def fetch(agent, url, **how):
        response = await agent.request("GET", url, **how)
        return response.status, await response.read()

    return fetch
