"""What is done to the agent as a whole: new options, destroy, the end of it, and its memory.

Source: Node v24 lib/_http_agent.js destroy; its limits are plain properties, and it has no end.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from pooltop.core.events import AgentDestroyed, OptionsChanged
from pooltop.core.ledger import Ledger
from pooltop.core.model import AgentOptions, OriginKey
from pooltop.core.records import Failure
from pooltop.core.rules import drain, uncounted
from pooltop.core.rules.closing import HANG_UP, withdraw
from pooltop.core.rules.closing import destroy as destroy_socket
from pooltop.core.rules.ends import judge
from pooltop.core.states import CloseReason


def set_options(
    pool: Ledger, options: AgentOptions, *, now: float, by: str = "operator"
) -> OptionsChanged:
    """Change options while traffic flows; gives the event that says what it did at once.

    In mode "node" the new values are only there to be read by the next decision, as in Node.
    In mode "drain" the pool converges on them at once. With ``per_request`` they are those of the
    agents that are made from now on: nobody has hold of the others.
    """
    before = pool.options
    pool.options = options
    for origin in pool.origins.values():
        origin.bind(options)
    queued = _queued(pool)
    opened = culled = 0
    if options.live == "drain" and not options.per_request:
        culled = drain.cull(pool, now)
        opened = drain.fill(pool, now)
    changed = OptionsChanged(now, before, options, by, options.live, opened, culled, queued)
    pool.events.append(changed)
    return changed


class Applied(NamedTuple):
    """What a change of limits did at once."""

    opened: int
    culled: int
    queued: int
    """Requests that were waiting for these origins."""


def set_own_limits(
    pool: Ledger, limits: Mapping[OriginKey, Mapping[str, float]], *, now: float
) -> Applied:
    """Change what origins have for themselves while traffic flows; gives what it did at once.

    It is pooltop's own, and goes by ``live`` as a change of the agent's options does.

    Args:
        pool: the agent's.
        limits: by origin all that it has for itself from now on.
        now: monotonic seconds.
    """
    pool.own_limits.update(limits)
    queued = opened = culled = 0
    for key, own in limits.items():
        origin = pool.origins.get(key)
        if origin is not None:
            origin.own = own
            origin.bind(pool.options)
            queued += len(origin.queue)
    if pool.options.live == "drain" and not pool.options.per_request:
        culled = drain.cull(pool, now)
        opened = drain.fill(pool, now)
    return Applied(opened, culled, queued)


def limit_idle(pool: Ledger, limit_ms: float) -> None:
    """Keep an idle socket so long at most, of those that are parked from now on; inf for no limit.

    It is pooltop's own. An origin that has one for itself keeps that.
    """
    pool.idle_limit_ms = limit_ms
    for key, origin in pool.origins.items():
        origin.idle_limit_ms = pool.own_idle_limits.get(key, limit_ms)


def destroy(pool: Ledger, *, now: float, error: Failure = HANG_UP) -> None:
    """Close every socket, idle ones first. The queue is left alone, as Node leaves it.

    Args:
        pool: the agent's.
        now: monotonic seconds.
        error: for the requests that are on them.
    """
    # In the order of Node's maps: the last destroyed is the first to be seen closed, and so to
    # be replaced. Among idle ones the order shows nowhere: their origins have no queue.
    by_turn = sorted(pool.origins.values(), key=lambda origin: origin.turn)
    doomed = [s for origin in by_turn for s in origin.free.values()]
    doomed += [s for origin in by_turn for s in origin.sockets.values()]
    doomed = [s for s in doomed if not s.is_dying]
    pool.events.append(AgentDestroyed(now, len(doomed), _queued(pool)))
    for socket in doomed:
        destroy_socket(pool, socket, CloseReason.AGENT_DESTROYED, now, error=error)


def forget_queue(pool: Ledger, *, now: float, code: str, message: str) -> None:
    """Fail every queued request: for an agent that is closed for good, which Node has not.

    What was to be admitted once more is not.
    """
    failure = Failure(code, message)
    for socket in pool.sockets.values():
        if socket.again:
            judge(pool, socket.id, failure, again=False)
    uncounted.forget(pool, failure, now)
    for origin in list(pool.waiting.values()):
        for request in list(origin.queue.values()):
            withdraw(pool, request, failure, now)


def forget_unused_origins(pool: Ledger) -> list[OriginKey]:
    """Drop the origins that have no socket, not even a dying one, and no request; name them."""
    used = {socket.origin.key for socket in pool.sockets.values()} | pool.waiting.keys()
    used |= {socket.origin.key for socket in pool.tunnelling.values()}
    unused = [key for key in pool.origins if key not in used]
    for key in unused:
        del pool.origins[key]
        pool.tunnelled.discard(key)
        pool.own_limits.pop(key, None)
        pool.own_idle_limits.pop(key, None)
    return unused


def _queued(pool: Ledger) -> int:
    return sum(len(origin.queue) for origin in pool.waiting.values())
