"""undici's own numbers of a pool, under undici's names, and what its clients are at."""

from __future__ import annotations

from pooltop.core.dispatcher_snapshot import ClientInfo
from pooltop.core.snapshot import (
    AgentSnapshot,
    OriginCounters,
    OriginSnapshot,
)
from pooltop.core.undici.records import Stats
from pooltop.present import units
from pooltop.present.sessions import Load, session_load

STATS: dict[str, str] = {
    "connected": "clients with a connection that can carry requests",
    "free": "of these, clients that would take a request; a bare Client has no such number",
    "pending": "requests that wait, in the pool or in one of its clients",
    "queued": "of these, requests that wait in the pool itself; a bare Client has no such number",
    "running": "requests that were sent and are not answered to the end",
    "size": "pending and running together",
}
"""The names of undici's stats, in the order of its documents, with what each counts."""


def value_of(stats: Stats | None, name: str) -> int | None:
    """Give one of the numbers; None where there is none."""
    value: int | None = None if stats is None else getattr(stats, name)
    return value


def streams_of(origin: OriginSnapshot) -> Load | None:
    """Give what all sessions of an origin carry together, and may; None without a session."""
    loads = [
        session_load(socket.session)
        for socket in (*origin.sockets, *origin.free_sockets)
        if socket.session is not None
    ]
    if not loads:
        return None
    caps = [load.cap for load in loads]
    cap = None if None in caps else sum(cap or 0 for cap in caps)
    words = {load.capped_by for load in loads}
    return Load(sum(load.running for load in loads), cap, words.pop() if len(words) == 1 else "")


def became_of(counters: OriginCounters) -> dict[str, int]:
    """Give what became of streams and sessions since the start, by name; what never did is out."""
    found = {
        "GOAWAY": counters.goaways,
        "refused": counters.refused,
        "reset": counters.resets,
        "put back": counters.requeued,
    }
    return {name: number for name, number in found.items() if number}


def passed_words(counters: OriginCounters) -> str:
    """Say how many requests of a BalancedPool waited under another upstream's name; "" for none."""
    number = counters.passed
    whither = "came from" if number > 0 else "went to"
    return f"{abs(number)} {whither} other upstreams" if number else ""


def undici_words(agent: AgentSnapshot, origin: OriginSnapshot) -> list[tuple[str, str]]:
    """Give what only a dispatcher of undici's has of an origin, by name; empty of an http.Agent."""
    if agent.dispatcher is None:
        return []
    numbers = [(name, value_of(origin.stats, name)) for name in STATS]
    stats = ", ".join(f"{name} {number}" for name, number in numbers if number is not None)
    words = [("dispatcher", f"{agent.kind}: {stats}" if stats else agent.kind)]
    load, became = streams_of(origin), became_of(origin.counters)
    told = [] if load is None else [f"{load.words} open at the end"]
    told += [f"{number} {name}" for name, number in became.items()]
    if told:
        words.append(("streams", ", ".join(told)))
    return words


def taking(origin: OriginSnapshot) -> list[ClientInfo]:
    """Give the clients that undici's numbers are of: those that have not left their pool."""
    return [client for client in origin.clients if not client.retiring]


def client_words(client: ClientInfo, at: float) -> str:
    """Say what a client is at: ``c3 on s7, 1 runs, 4 wait, takes no more, retired in 2.1s``."""
    where = "not connected" if client.socket is None else f"on s{client.socket}"
    words = [f"c{client.id} {where}"]
    if client.running:
        words.append(f"{units.count(client.running)} {_verb(client.running, 'run')}")
    if client.pending:
        words.append(f"{units.count(client.pending)} {_verb(client.pending, 'wait')}")
    if client.retiring:
        words.append("has left the pool, ends after what it has")
    elif client.full:
        words.append("takes no more until it drains")
    if client.ttl_at is not None and not client.retiring:
        left = client.ttl_at - at
        words.append(
            f"clientTtl in {units.duration(left)}" if left > 0 else "clientTtl over: retired next"
        )
    return ", ".join(words)


def _verb(number: int, verb: str) -> str:
    return f"{verb}s" if number == 1 else verb
