"""What tests over real sockets get, for a conftest to take whole: ``import *``.

Raw servers, proxies, a certificate authority, agents, and a leak check of every async test.
"""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("support.leaks", "support.loopback", "support.proxying")

from support.certificates import authority, ca, context
from support.leaks import (
    _eventually,
    _no_leaks,
    _nothing_is_left,
    _open_fds,
    agent_of,
    dispatcher_of,
)
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
    "dispatcher_of",
    "forward_proxy",
    "held",
    "serve",
    "silent",
]
