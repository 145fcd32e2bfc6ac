"""pooltop: connection pools that behave as Node's do, and a live view of them.

This is the library's public face; it loads no Textual.
"""

from __future__ import annotations

from pooltop.core.model import AgentOptions, Profile, Timeouts, TLSOptions
from pooltop.core.snapshot import AgentSnapshot, RequestInfo, Snapshot, SocketInfo
from pooltop.engine.agent import Agent
from pooltop.engine.response import Response

__all__ = [
    "Agent",
    "AgentOptions",
    "AgentSnapshot",
    "Profile",
    "RequestInfo",
    "Response",
    "Snapshot",
    "SocketInfo",
    "TLSOptions",
    "Timeouts",
]
