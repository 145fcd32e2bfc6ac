"""Where names lead now, beside where their open sockets lead: a pool that works never looks again.

A kept-alive socket outlives any change of its name's addresses, for nothing is looked up while it
serves. So the names of hosts that have had sockets for a while are looked up now and then.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from pooltop.core.snapshot import Moved
from pooltop.engine.resolver import LIFETIME_S, Family, Resolver
from pooltop.engine.tally import OriginTally
from pooltop.errors import PooltopError

if TYPE_CHECKING:
    from pooltop.core.model import OriginKey
    from pooltop.engine.connection import Connection
    from pooltop.engine.shell_base import ShellBase

EVERY_S = 30.0
"""Between two look-ups of a name."""
LOOKS = 2
"""Look-ups running that must lack an address: a balancer may leave one out now and then."""


_PAUSE_S = 1.0
"""Between two searches for names that are due: with thousands of sockets each takes a moment."""
_Name = tuple[str, Family]


class _Standing(NamedTuple):
    """One host with sockets that are open."""

    name: _Name
    tally: OriginTally
    remotes: list[str]
    """Where they lead, ``address:port``."""
    oldest_at: float
    """When the oldest of them was opened."""


class _Missed(NamedTuple):
    since: float
    looks: int


class AddressWatch:
    """Looks names up again; each origin's ``moved`` says what came of it."""

    def __init__(self, resolver: Resolver) -> None:
        """Ask by a resolver, which stays the caller's to close."""
        self.every_s = EVERY_S
        """Seconds between two look-ups of a name."""
        self.lifetime_s = LIFETIME_S
        """How long an answer is used again: of younger sockets nothing is asked."""
        self._resolver = resolver
        self._due: dict[_Name, float] = {}
        self._missed: dict[_Name, dict[str, _Missed]] = {}
        self._looking: asyncio.Task[None] | None = None
        self._next_at = 0.0
        self._closed = False

    def look(self, shells: Iterable[ShellBase], at: float) -> None:
        """Begin to look up the names that are due; one round at a time.

        Args:
            shells: whose sockets to look at; ways through proxies, and to literal addresses, are
                left out.
            at: monotonic seconds.
        """
        if self._closed or self._looking is not None or at < self._next_at:
            return
        self._next_at = at + min(_PAUSE_S, self.every_s)
        due = [
            each
            for shell in shells
            for each in _standing(shell)
            if at - each.oldest_at >= min(self.lifetime_s, self.every_s)
            and at >= self._due.get(each.name, 0.0)
        ]
        if due:
            self._due |= dict.fromkeys((each.name for each in due), at + self.every_s)
            self._looking = asyncio.create_task(self._look(due, at), name="pooltop-addresses")

    async def aclose(self) -> None:
        """Look no more."""
        self._closed = True
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    async def _look(self, due: list[_Standing], at: float) -> None:
        answers: dict[_Name, frozenset[str]] = {}
        try:
            for name in {each.name: None for each in due}:
                try:
                    found = await self._resolver.resolve(name[0], 0, name[1])
                except PooltopError:
                    continue  # who dials is told; it says nothing of where open sockets lead
                answers[name] = frozenset(_bare(each.host) for each in found)
        finally:
            self._looking = None
        remotes: dict[_Name, set[str]] = {}
        for each in due:
            remotes.setdefault(each.name, set()).update(map(_address, each.remotes))
        for name, answer in answers.items():
            before = self._missed.get(name, {})
            self._missed[name] = {
                address: _Missed(before[address].since, before[address].looks + 1)
                if address in before
                else _Missed(at, 1)
                for address in remotes[name] - answer
            }
        for each in due:
            each.tally.moved = self._moved(each)

    def _moved(self, standing: _Standing) -> Moved | None:
        missed = self._missed.get(standing.name, {})
        since = [
            missed[address].since
            for address in map(_address, standing.remotes)
            if address in missed and missed[address].looks >= LOOKS
        ]
        if not since:
            return None
        return Moved(since=min(since), count=len(since), lifetime_s=self.lifetime_s)


def _standing(shell: ShellBase) -> Iterator[_Standing]:
    """Give the hosts of an agent whose sockets lead where a look-up said."""
    found: dict[OriginKey, list[Connection]] = {}
    for connection in shell.connections.values():
        if connection.remote and not connection.via:
            found.setdefault(connection.origin.key, []).append(connection)
    for key, target in shell.targets.items():
        tally, open_now = shell.tally.origins[key], found.get(key)
        if not open_now:
            tally.moved = None
        elif target.socket_path is None and is_name(target.host):
            yield _Standing(
                (target.host, target.family),
                tally,
                [each.remote for each in open_now],
                min(each.opened_at for each in open_now),
            )


def is_name(host: str) -> bool:
    """Say whether a host is a name that somebody has to be asked for."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        name = host.removesuffix(".").lower()
        return bool(name) and name != "localhost" and not name.endswith(".localhost")
    return False


def _address(remote: str) -> str:
    return _bare(remote.rpartition(":")[0].strip("[]"))


def _bare(address: str) -> str:
    return address.partition("%")[0]
