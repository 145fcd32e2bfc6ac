"""What the two pools of clients have in common: how many there may be, how old, and who is lost.

A client whose connection is older than ``client_ttl`` is retired when it is looked at. One that
could not connect is retired, too, and what is queued goes to others.

Source: undici 8.12.4 lib/dispatcher/pool.js, round-robin-pool.js.
"""

from __future__ import annotations

import math

from pooltop.core.model import OriginKey
from pooltop.core.states import RetireReason
from pooltop.core.undici.books import Books
from pooltop.core.undici.client import Client
from pooltop.core.undici.dispatcher import Dispatcher, Owner
from pooltop.core.undici.pool_base import PoolBase


class ClientPool(PoolBase):
    """A pool of clients of one origin."""

    def __init__(self, books: Books, key: OriginKey, owner: Owner, *, allow_h2: bool) -> None:
        """Begin without clients."""
        super().__init__(books, key, owner)
        self.allow_h2 = allow_h2
        """The option of this name, or what the requests say that it is made for."""

    def _may_grow(self) -> bool:
        return len(self.members) < (self.options.connections or math.inf)

    def _make(self) -> Client:
        """Have one client more."""
        client = Client(self.books, self.key, self, allow_h2=self.allow_h2)
        self.add(client)
        return client

    def _first_with_room(self) -> Dispatcher | None:
        """Give the first client that is not full; those before it that are too old retire."""
        members = self.members
        if not self.options.client_ttl:
            for member in members:
                if not member.is_full:
                    return member
            return None
        index = 0
        while index < len(members):
            member = members[index]
            if self._retires(member):
                self._on_removed(index)
            elif not member.is_full:
                return member
            else:
                index += 1
        return None

    def _retires(self, member: Dispatcher) -> bool:
        """Retire a client that is too old, and say so."""
        ttl_ms = self.options.client_ttl
        if not ttl_ms or not isinstance(member, Client) or member.connected_at is None:
            return False
        if (self.books.now - member.connected_at) * 1000 <= ttl_ms:
            return False
        self.remove(member, RetireReason.TTL)
        return True

    def _has_room(self) -> bool:
        """Say whether a client takes a request; the spare is made here (kHasDispatcher)."""
        return self._first_with_room() is not None or self._grow()

    def _grow(self) -> bool:
        if not self._may_grow():
            return False
        self._make()
        return True

    def offer_room(self) -> None:
        """There may be more clients than before: serve what is queued."""
        if self.queue or self.is_full:
            self._drain_queue()

    def dismiss(self, client: Dispatcher, why: RetireReason) -> None:
        """Have a client leave: it finishes what it has."""
        index = self.members.index(client)
        self.remove(client, why)
        self._on_removed(index)

    def _on_removed(self, index: int) -> None:
        """The client that stood there was retired while room was looked for."""

    def on_connection_error(self, member: Dispatcher) -> None:
        """Retire a client that could not connect, and give what is queued to others."""
        if self._retire_lost(member) or self.queue:
            self._drain_queue()
        super().on_connection_error(member)

    def _retire_lost(self, member: Dispatcher) -> bool:
        """Do that; True if the queue is to be looked at whether or not it has something."""
        if member in self.members:
            self.retire(member, RetireReason.CONNECT_FAILED)
        return False
