"""What only a dispatcher of undici's has: its numbers, clients and sessions, of one host."""

from __future__ import annotations

from pooltop.present import units
from pooltop.present.blocks import Part, named, part
from pooltop.present.clean import clean
from pooltop.present.pictures import HostPicture
from pooltop.present.session_strip import sessions_of
from pooltop.present.undici_stats import (
    STATS,
    became_of,
    client_words,
    passed_words,
    streams_of,
    value_of,
)

DEFINITIONS = {
    "STATS": "undici's own numbers, under its names: "
    + "; ".join(f"{name}, {meaning}" for name, meaning in STATS.items())
    + ".",
    "STREAMS": "of all HTTP/2 sessions together: open streams / how many there may be; and since "
    "the start the sessions that a server ended by GOAWAY, the streams that it refused unseen or "
    "that either side reset, the requests that were put back before those that wait, and the "
    "PINGs that were answered.",
    "CLIENTS": "undici's clients, each a place for one connection with a queue of its own: what "
    "runs and waits in it, whether it takes more, and when clientTtl retires it.",
}
"""For the help page."""

_MOST_CLIENTS = 12


def stats_parts(picture: HostPicture) -> list[Part]:
    """Give what the dispatcher is, which protocol is spoken, and undici's numbers."""
    origin, stats = picture.origin, picture.origin.stats
    parts = [part((picture.agent.kind, "strong"))] if picture.agent.dispatcher is not None else []
    if origin.probing:
        parts.append(part(("one connection learns the protocol first", "warn")))
    elif origin.protocol:
        parts.append(named("speaks", clean(origin.protocol, 8)))
    if origin.weight is not None:
        parts.append(named("weight", f"{origin.weight:g}"))
    if words := passed_words(origin.counters):
        parts.append(part(words))
    for name in STATS if stats is not None else ():
        number = value_of(stats, name)
        if number is not None:
            parts.append(named(name, units.count(number)))
    return parts


def streams_parts(picture: HostPicture) -> list[Part]:
    """Give the streams on all sessions, and what became of others since the start."""
    counters, load = picture.origin.counters, streams_of(picture.origin)
    parts: list[Part] = []
    if load is not None:
        sessions = len(sessions_of(picture.origin))
        on = f" on {units.count(sessions)} session{'' if sessions == 1 else 's'}"
        by = f", cap: {load.capped_by}" if load.capped_by else ""
        parts.append(part((load.words, "warn" if load.is_full else "strong"), f"{on}{by}"))
    for name, number in became_of(counters).items():
        parts.append(named(name, units.count(number), "warn"))
    if counters.pings:
        parts.append(named("PINGs", units.count(counters.pings)))
    return parts


def clients_parts(picture: HostPicture) -> list[Part]:
    """Give a line for each client, as many as are worth reading."""
    clients = picture.origin.clients
    parts = [part(client_words(one, picture.at), mode="row") for one in clients[:_MOST_CLIENTS]]
    if len(clients) > _MOST_CLIENTS:
        parts.append(part((f"and {units.count(len(clients) - _MOST_CLIENTS)} more", "dim")))
    return parts
