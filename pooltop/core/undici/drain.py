"""What an edit does at once to a dispatcher that is at work: mode ``drain``.

undici has nothing like it: a Pool looks at ``connections`` only when it is asked for a client, and
never retires one for it. Here more connections serve what is queued at once, and of fewer those
that have least to do leave: they finish what they carry, and take nothing more. An Agent that had
a bare Client for each origin, as it may have one connection, has a Pool round each if it may have
more.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pooltop.core.states import RetireReason
from pooltop.core.undici import h2
from pooltop.core.undici.agent import Agent
from pooltop.core.undici.balanced import BalancedPool
from pooltop.core.undici.client import Client
from pooltop.core.undici.client_pool import ClientPool
from pooltop.core.undici.client_record import ClientRecord
from pooltop.core.undici.options import DispatcherOptions
from pooltop.core.undici.pool import Pool

if TYPE_CHECKING:
    from pooltop.core.undici.core import UndiciCore


def apply(core: UndiciCore, before: DispatcherOptions) -> int:
    """Put the options of a dispatcher in force, where they differ from what they were.

    Args:
        core: with the new options.
        before: the former.

    Returns:
        How many idle connections are closed by it.
    """
    idle_closed = 0
    if core.options.connections != before.connections:
        if isinstance(core.root, Agent) and core.options.connections != 1:
            _pool_clients(core.root)
        for pool in _pools(core):
            idle_closed += _fit(pool)
    if core.options.max_concurrent_streams != before.max_concurrent_streams:
        for client in list(core.clients.values()):
            assert isinstance(client, ClientRecord)
            h2.on_own_limit(client)
            client.resume(sync=True)
    return idle_closed


def _pool_clients(agent: Agent) -> None:
    """Have a pool in the place of each bare client, with that for its first."""
    for (key, allow_h2), client in list(agent.dispatchers.items()):
        if isinstance(client, Client):
            pool = Pool(agent.books, key, agent, allow_h2=allow_h2)
            pool.adopt(client)
            agent.dispatchers[key, allow_h2] = pool


def _pools(core: UndiciCore) -> Iterator[ClientPool]:
    root = core.root
    members = root.members if isinstance(root, BalancedPool) else root.each()
    return (member for member in list(members) if isinstance(member, ClientPool))


def _fit(pool: ClientPool) -> int:
    """Have as many clients as may be; give how many idle connections that closes."""
    most = pool.options.connections or math.inf
    excess = len(pool.members) - most
    if excess <= 0:
        pool.offer_room()
        return 0
    # The least loaded first, of equals the youngest: the connections that serve go on serving.
    clients = [member for member in pool.members if isinstance(member, ClientRecord)]
    leaving = sorted(clients, key=lambda client: (client.size, -client.id))[: int(excess)]
    for client in leaving:
        pool.dismiss(client, RetireReason.LIMIT)
    return sum(not client.size and client.conn is not None for client in leaving)
