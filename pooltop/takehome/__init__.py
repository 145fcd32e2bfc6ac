"""Take it home: the limits of an agent as code for the clients that services use.

``pooltop export PROFILE --as TARGET`` prints what ``take_home`` gives, and a key copies it.
Each target says in comments what it has no counterpart for, and where the same word means another
thing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from pooltop.takehome.go import go
from pooltop.takehome.java import java
from pooltop.takehome.node_clients import agentkeepalive, axios, got, node_fetch, node_http
from pooltop.takehome.pool import Pool, of_profile, of_snapshot
from pooltop.takehome.python_async import aiohttp, httpx
from pooltop.takehome.python_sync import requests, urllib3
from pooltop.takehome.undici import undici


class Target(NamedTuple):
    """A client to make code for."""

    title: str
    """What it is, for a list."""
    make: Callable[[Pool], str]
    """Gives the whole file."""


TARGETS: Mapping[str, Target] = {
    "node-http": Target("Node's http.Agent and https.Agent", node_http),
    "undici": Target("undici, and Node's fetch", undici),
    "axios": Target("axios, over Node's agents", axios),
    "node-fetch": Target("node-fetch, over Node's agents", node_fetch),
    "got": Target("got, over Node's agents", got),
    "agentkeepalive": Target("agentkeepalive", agentkeepalive),
    "aiohttp": Target("aiohttp (Python)", aiohttp),
    "httpx": Target("httpx (Python)", httpx),
    "urllib3": Target("urllib3 (Python)", urllib3),
    "requests": Target("requests (Python)", requests),
    "go": Target("net/http (Go)", go),
    "java": Target("Apache HttpClient 5 (Java)", java),
}
"""By the name that ``--as`` has for it, in the order of lists."""


def take_home(pool: Pool, target: str) -> str:
    """Give an agent's limits as the text of one source file.

    Args:
        pool: the agent.
        target: one of TARGETS.

    Raises:
        KeyError: there is no such target.
    """
    return TARGETS[target].make(pool)


__all__ = ["TARGETS", "Pool", "Target", "of_profile", "of_snapshot", "take_home"]
