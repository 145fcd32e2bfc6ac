"""One response that is awaited on a connection: the codec's sink, which tells the shell first.

undici's pipeline goes on at the head of a response, and its connection is free at the last octet,
whoever may still read the body. So what the codec says goes to the shell, and then to the request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pooltop.engine.codecs.base import ResponseEnd, ResponseHead

if TYPE_CHECKING:
    from pooltop.engine.exchange import Exchange
    from pooltop.engine.undici.client_connection import ClientConnection
    from pooltop.engine.undici.shell import DispatcherShell


class Turn:
    """A request's turn to be answered."""

    __slots__ = ("_connection", "_shell", "exchange")

    def __init__(
        self, connection: ClientConnection, shell: DispatcherShell, exchange: Exchange
    ) -> None:
        """Await the response to ``exchange``."""
        self._connection = connection
        self._shell = shell
        self.exchange = exchange

    @property
    def _is_wanted(self) -> bool:
        """The request may have been given up, or the connection, since its octets were read."""
        return self.exchange.ended_at is None and not self._connection.dead

    def on_informational(self, head: ResponseHead) -> None:
        """Take a 1xx response."""
        self._begins()
        self._shell.head_received(self._connection, self.exchange, head)
        if self._is_wanted:
            self.exchange.on_informational(head)

    def on_head(self, head: ResponseHead) -> None:
        """Take the final response's head."""
        self._begins()
        self._shell.head_received(self._connection, self.exchange, head)
        if self._is_wanted:
            self.exchange.on_head(head)

    def on_data(self, data: bytes) -> None:
        """Take a piece of the body."""
        if self._is_wanted:
            self.exchange.on_data(data)

    def on_end(self, end: ResponseEnd) -> None:
        """Take the end of the response."""
        if self._is_wanted:
            self._shell.answered(self._connection, self.exchange, end)

    def on_switched(self, early: bytes) -> None:
        """Let the exchange take the connection over, if it is alone on it."""
        if self._is_wanted and self._shell.detach(self.exchange):
            self.exchange.on_switched(early)

    def _begins(self) -> None:
        # Its first octets may have come with the end of the response before.
        if self.exchange.first_byte_at is None:
            self.exchange.first_byte_at = self._shell.now
