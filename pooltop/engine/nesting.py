"""Which request was asked for in the midst of which: calls that hold a socket and want another.

A caller that has a response in hand, and has not finished with it, keeps its socket. If it then
asks the same agent again it needs a second one, and as soon as all sockets are held by such callers
none of them can go on. Who asks in whose midst is told by the context of the task; tasks that are
started there inherit it, as whoever started them waits for them, as a rule.
"""

from __future__ import annotations

import weakref
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pooltop.core.model import RequestId
    from pooltop.engine.exchange import Exchange
    from pooltop.engine.shell_base import ShellBase


class Lease:
    """That a caller has a response in hand, for as long as anybody else keeps the request.

    A context outlives its task where a callback of the loop has it: it must keep no request.
    """

    __slots__ = ("_exchange", "_outer")

    def __init__(self, exchange: Exchange, outer: Lease | None) -> None:
        """Note whose it is, and in whose midst that was asked for."""
        self._exchange = weakref.ref(exchange)
        self._outer = outer

    @property
    def exchange(self) -> Exchange | None:
        """The request; None once it is over."""
        exchange = self._exchange()
        return None if exchange is None or exchange.is_settled else exchange

    @property
    def outer(self) -> Lease | None:
        """The next around it that is not over; those that are, are forgotten here."""
        if self._outer is not None and self._outer.exchange is None:
            self._outer = self._outer.outer
        return self._outer


_lease: ContextVar[Lease | None] = ContextVar("pooltop_lease", default=None)
"""Of the response that this context was given last."""


def took_lease(exchange: Exchange) -> None:
    """Note that the caller has a response in hand from now on."""
    parent = exchange.parent
    _lease.set(Lease(exchange, parent))
    if parent is not None:
        _ = parent.outer  # so that a caller who is never without one keeps no chain of them


def lease_of(shell: ShellBase) -> Lease | None:
    """Give the response of an agent that the caller has not finished with, if any."""
    held = _lease.get()
    while held is not None:
        exchange = held.exchange
        if exchange is not None and exchange.shell is shell:
            return held
        held = held.outer
    return None


def parent_of(exchange: Exchange) -> RequestId | None:
    """Give the request in whose midst one was asked for, while that is not over."""
    parent = None if exchange.parent is None else exchange.parent.exchange
    return None if parent is None else parent.id
