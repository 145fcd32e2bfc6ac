"""Which request was asked for in the midst of which: calls that hold a socket and want another.

A caller that has a response in hand, and has not finished with it, keeps its socket. If it then
asks the same agent again it needs a second one, and as soon as all sockets are held by such callers
none of them can go on. Who asks in whose midst is told by the context of the task; tasks that are
started there inherit it, as whoever started them waits for them, as a rule.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pooltop.core.model import RequestId
    from pooltop.engine.exchange import Exchange
    from pooltop.engine.shell_base import ShellBase

_lease: ContextVar[Exchange | None] = ContextVar("pooltop_lease", default=None)
"""The request whose response this context was given last."""


def took_lease(exchange: Exchange) -> None:
    """Note that the caller has a response in hand from now on."""
    _lease.set(exchange)


def lease_of(shell: ShellBase) -> Exchange | None:
    """Give the request of an agent whose response the caller has not finished with, if any."""
    held = _lease.get()
    while held is not None and (held.is_settled or held.shell is not shell):
        held = held.parent
    return held


def parent_of(exchange: Exchange) -> RequestId | None:
    """Give the request in whose midst one was asked for, while that is not over."""
    parent = exchange.parent
    return None if parent is None or parent.is_settled else parent.id
