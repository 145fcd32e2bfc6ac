"""When the requests' clocks are to be looked at next: what each step of a request's life makes due.

Which clock of which request is over is found at the ring (``request_clocks``). Two steps are every
request's, its start and its sending: they compare with ``at`` where they happen (``shell.submit``,
``performer``) and call ``note`` in the rare case. The others are here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from pooltop.engine.clocks import Alarm

if TYPE_CHECKING:
    from pooltop.core.model import Timeouts
    from pooltop.engine.connection import Connection
    from pooltop.engine.exchange import Exchange
    from pooltop.engine.request_clocks import RequestClocks


class RequestAlarm(Alarm):
    """Rings when the first clock of any request may be over."""

    __slots__ = ("_clocks", "_sending")

    def __init__(
        self, loop: asyncio.AbstractEventLoop, due: Callable[[], float], clocks: RequestClocks
    ) -> None:
        """Begin with nothing noted.

        Args:
            loop: as of ``Alarm``.
            due: likewise; it calls ``look``.
            clocks: decides what is over.
        """
        super().__init__(loop, due)
        self._clocks = clocks
        self._sending: list[Exchange] = []
        """Settled ones that are still being sent and that a clock runs for."""

    def look(self, exchanges: Iterable[Exchange], now: float) -> float:
        """Time out what is over at ``now``; give the next deadline, inf for none.

        Args:
            exchanges: every one that is not settled.
            now: monotonic seconds.
        """
        self._sending = [each for each in self._sending if each.is_sending]
        return self._clocks.look([*exchanges, *self._sending], now)

    def dialling(self, timeouts: Timeouts, connection: Connection) -> None:
        """Ring when a limit on the present phase of a dial runs out."""
        self.note(self._clocks.connect_deadline(timeouts, connection))

    def connected(self, exchange: Exchange, now: float) -> None:
        """Ring when the new socket is silent for too long.

        Silence begins here: noted when the dial began, its time may have come and gone since.
        """
        if exchange.timeouts.idle is not None:
            self.note(now + exchange.timeouts.idle)

    def answered_early(self, exchange: Exchange, now: float) -> None:
        """Keep the clocks of a request whose response came before all of it was sent.

        Node has none there, and keeps the socket as long as the peer likes.
        """
        timeouts = exchange.timeouts
        if timeouts.mode == "node":
            return
        if timeouts.idle is not None:
            self.note(now + timeouts.idle)
        if timeouts.total is not None:
            self.note(exchange.intended_at + timeouts.total)
        if timeouts.idle is not None or timeouts.total is not None:
            self._sending.append(exchange)
