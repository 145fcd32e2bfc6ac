"""undici's Pool: the first client that has room, in the order in which they were made.

While it is not known whether the origin speaks HTTP/2, one client connects to learn it, the
*probe*, and everybody else waits: they may all fit on its connection.

Source: undici 8.12.4 lib/dispatcher/pool.js.
"""

from __future__ import annotations

from pooltop.core.model import OriginKey
from pooltop.core.records import Failure
from pooltop.core.states import QueueReason, RetireReason
from pooltop.core.undici.books import Books
from pooltop.core.undici.client import Client
from pooltop.core.undici.client_pool import ClientPool
from pooltop.core.undici.dispatcher import Dispatcher, Owner
from pooltop.core.undici.options import speaks_h2c
from pooltop.core.undici.records import ConnProtocol, RequestRecord
from pooltop.core.undici.states import Drain, ReqState


class Pool(ClientPool):
    """The clients of one origin."""

    def __init__(
        self, books: Books, key: OriginKey, owner: Owner, *, allow_h2: bool = True
    ) -> None:
        """Begin without clients."""
        super().__init__(books, key, owner, allow_h2=allow_h2)
        self.probe: Client | None = None
        self.protocol: ConnProtocol | None = None
        """What the last connection spoke; None before the first."""

    def adopt(self, client: Client) -> None:
        """Have a client for the first that stood alone, and of what waits in it what it cannot run.

        undici has nothing like it: see drain.py. What is to be sent again stays with it.
        """
        client.owner = self
        client.is_full = client.drain is not Drain.NONE
        self.members.append(client)
        conn = client.conn
        if conn is not None:
            self.protocol = conn.protocol
            session = conn.session
            is_asking = session is not None and not session.has_settings
        else:
            is_asking = client.dial is not None
        if is_asking and self._may_speak_h2():
            self._set_probe(client)
        room = max(0, client.ceiling - len(client.running))
        waiting = [request for request in client.pending.values() if not request.was_requeued]
        for place, request in enumerate(waiting):
            if place >= room:
                del client.pending[request.id]
                request.move(ReqState.POOLED)
                request.place = self
                self.queue[request.id] = request

    def _may_speak_h2(self) -> bool:
        return self.protocol != "h1" and (
            speaks_h2c(self.options) or (self.key in self.books.secure and self.allow_h2)
        )

    def _set_probe(self, client: Client | None) -> None:
        if self.probe is not None:
            self.probe.is_probe = False
        self.probe = client
        if client is not None:
            client.is_probe = True

    def _pick(self) -> Dispatcher | None:
        """Give the first that has room, else a new one, unless a probe is out."""
        member = self._first_with_room()
        if member is not None:
            return member
        if self.probe is not None or not self._may_grow():
            return None
        return self._make()

    def _grow(self) -> bool:
        return self.probe is None and super()._grow()

    def _make(self) -> Client:
        client = Client(self.books, self.key, self, allow_h2=self.allow_h2)
        if self._may_speak_h2():
            self._set_probe(client)
        self.add(client)
        return client

    def _on_busy(self, member: Dispatcher) -> None:
        """A client that connects anew learns it again."""
        if (
            self.probe is None
            and isinstance(member, Client)
            and member.dial is not None
            and self._may_speak_h2()
        ):
            self._set_probe(member)

    def _on_room(self, member: Dispatcher) -> None:
        if member is self.probe:
            self._set_probe(None)

    def why(self, request: RequestRecord) -> QueueReason:
        """Say what the queue waits for."""
        if self.probe is None:
            return super().why(request)
        return QueueReason.SETTINGS if self.probe.is_connected else QueueReason.ALPN

    def on_connect(self, member: Dispatcher, protocol: ConnProtocol) -> None:
        """Let all go on if it is HTTP/1.1; with HTTP/2 the probe's drain does that."""
        self.protocol = protocol
        if member is self.probe and protocol != "h2":
            self._set_probe(None)
            self._drain_queue()
        super().on_connect(member, protocol)

    def on_disconnect(self, member: Dispatcher, failure: Failure) -> None:
        """Ask another if the probe is lost."""
        if member is self.probe:
            self._set_probe(None)
            self._drain_queue()
        super().on_disconnect(member, failure)

    def dismiss(self, client: Dispatcher, why: RetireReason) -> None:
        """Have a client leave; if it is the probe, another may be asked."""
        if client is self.probe:
            self._set_probe(None)
        super().dismiss(client, why)

    def _retire_lost(self, member: Dispatcher) -> bool:
        was_probe = member is self.probe
        if was_probe:
            self._set_probe(None)
        super()._retire_lost(member)
        return was_probe
