"""What the pool knows: the lists of every origin, what is to be done, and what was not yet told.

It decides nothing. The rules (``rules/``) are functions over it, and PoolCore (pool.py) is it with
their inputs as its methods.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Mapping

import msgspec

from pooltop.core.commands import Command
from pooltop.core.events import PoolEvent
from pooltop.core.model import AgentOptions, OriginKey, RequestId, SocketId
from pooltop.core.records import OriginRecord, RequestRecord, SocketRecord
from pooltop.core.view import OriginView, PoolView, SocketView


class Step(msgspec.Struct, frozen=True, gc=False):
    """What the inputs since the last ``take`` led to, each list in order."""

    commands: list[Command]
    events: list[PoolEvent]


class Ledger:
    """The books of one agent, all origins together."""

    def __init__(self, options: AgentOptions) -> None:
        """Begin with no sockets."""
        self.options = options
        self.origins: dict[OriginKey, OriginRecord] = {}
        """In the order in which they were first used."""
        self.sockets: dict[SocketId, SocketRecord] = {}
        """Every socket in a list, by id: totalSocketCount is its length."""
        self.requests: dict[RequestId, RequestRecord] = {}
        """Every request that is not done, by id."""
        self.waiting: dict[OriginKey, OriginRecord] = {}
        """Origins with a queue, in the order in which the queue began: Node's ``requests`` map."""
        self.tunnelled: set[OriginKey] = set()
        """Origins whose sockets need a tunnel through a proxy: the shell says which."""
        self.own_limits: dict[OriginKey, Mapping[str, float]] = {}
        """Limits that an origin has for itself (``OriginRecord.own``): the shell says which, before
        the origin's first request. Not Node's, whose agent has one number for all."""
        self.idle_limit_ms = math.inf
        """``Timeouts.free`` in ms; inf for none."""
        self.own_idle_limits: dict[OriginKey, float] = {}
        """Likewise, of origins that have clocks of their own."""
        self.tunnelling: dict[SocketId, SocketRecord] = {}
        """Sockets that Node does not count yet, by id (rules/uncounted.py)."""
        self.turns = 0
        """The last ``turn`` that an origin was given (OriginRecord.turn)."""
        self.ticks: deque[RequestRecord | SocketRecord] = deque()
        """While there are any, ``tick`` is to be called before the next input of the network."""
        self.commands: list[Command] = []
        """What the inputs led to and was not taken yet; only the rules add to it."""
        self.events: list[PoolEvent] = []
        """Likewise."""
        self.deadline = math.inf
        """When ``expire`` is to be called, or earlier; inf for never."""
        self.keep_socket_alive: Callable[[SocketId], bool | float | None] | None = None
        """Node's overridable ``agent.keepSocketAlive``, asked last before a socket is parked:
        False refuses, a number is the idle timeout in ms, anything else leaves it to the options.
        It may not give the core an input, nor raise."""
        self._opened = 0

    @property
    def total_socket_count(self) -> int:
        """Sockets of all origins, in use, idle and dying (Node's totalSocketCount)."""
        return len(self.sockets)

    def view(self) -> PoolView:
        """Give the state of every origin that has anything, as a value."""
        origins = {}
        for key, origin in self.origins.items():
            if origin.sockets or origin.free or origin.queue:
                origins[key] = OriginView(
                    tuple(_socket_view(s) for s in origin.sockets.values()),
                    tuple(_socket_view(s) for s in origin.free.values()),
                    tuple(origin.queue),
                    frozenset(r.id for r in origin.queue.values() if r.aborted),
                )
        return PoolView(origins, len(self.sockets))

    def take(self) -> Step:
        """Give what the inputs led to, once: after an input, or after several.

        Inputs do not return it, because two that belong together (a response's end and its tick)
        are then one step of the shell's work, and a step is dear on the hot path.
        """
        step = Step(self.commands, self.events)
        self.commands = []
        self.events = []
        return step

    def new_socket(self, origin: OriginRecord, now: float) -> SocketRecord:
        """Give the next socket, in no list yet."""
        self._opened += 1
        return SocketRecord(SocketId(self._opened), origin, now, self.options)


def _socket_view(socket: SocketRecord) -> SocketView:
    request = socket.request
    return SocketView(
        socket.id, socket.state, None if request is None else request.id, socket.carried
    )
