"""What an agent's kind decides for those who read the tables: how its limit per host is called."""

from __future__ import annotations

import math
from typing import NamedTuple, cast

from pooltop.core.undici.options import DISPATCHERS
from pooltop.profiles.agent_tables import NODE
from pooltop.profiles.dispatcher_tables import UNDICI
from pooltop.profiles.reader import Values
from pooltop.profiles.shape import HTTP_AGENT
from pooltop.profiles.shown import one_of


class Limit(NamedTuple):
    """An agent's limit of connections to one host."""

    key: str
    """As a profile writes it; "" where it cannot be written."""
    gives: str
    """As what was read of it is called."""
    unsaid: float
    """What counts where nobody says it."""


_OF_A_DISPATCHER = Limit("connections", "connections", math.inf)
_LIMITS: dict[str, Limit] = {
    "undici-client": Limit("", "", 1),
    "h2": Limit("sessions", "connections", 1),
    **{kind: _OF_A_DISPATCHER for kind in DISPATCHERS if kind not in ("undici-client", "h2")},
}
_OF_AN_AGENT = Limit("max_sockets", "max_sockets", math.inf)
_GROUPS: dict[tuple[str, ...], str] = {
    NODE: "Node's http.Agent",
    UNDICI: "undici's kinds",
    (*NODE, *UNDICI): "what speaks HTTP/1.1",
    DISPATCHERS: 'undici\'s kinds and "h2"',
}


def kind_of(agent: Values) -> str:
    """Give the kind of an agent that was read; one that does not say is Node's."""
    return str(agent.get("kind", HTTP_AGENT))


def is_dispatcher(agent: Values) -> bool:
    """Tell whether an agent that was read is one of undici's dispatchers, or of the kind "h2"."""
    return kind_of(agent) in DISPATCHERS


def words_of(kinds: tuple[str, ...]) -> str:
    """Name kinds that a key belongs to, in few words."""
    return _GROUPS.get(kinds) or f"kind = {one_of(kinds)}"


def limit_of(kind: str) -> Limit:
    """Give how an agent of a kind limits the connections to one host."""
    return _LIMITS.get(kind, _OF_AN_AGENT)


def urls_of(agent: Values, url: str) -> tuple[str, ...]:
    """Give where an agent that was read sends what a workload sends to a base_url.

    Args:
        agent: its table.
        url: that base_url, as it was read.
    """
    return upstreams_of(agent) or (url,)


def upstreams_of(agent: Values) -> tuple[str, ...]:
    """Give the upstreams of an agent that was read; none where it has a single host at a time."""
    return cast("tuple[str, ...]", agent.get("upstreams", ()))
