"""A host's pool in virtual time: the same core that carries the traffic, with its clock turned.

PoolCore decides as it does live; arrivals, answers and connects are drawn from what was measured.
The run begins at the instant that was looked at, with as many requests on sockets and in the queue,
makes the edit, and goes on. What it cannot know it takes as it was: that the target answers as fast
with more at a time, that the load stays, that what other hosts take of maxTotalSockets stays.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import NamedTuple

import msgspec

from pooltop.advise.traffic import Stream, Traffic
from pooltop.core.commands import Destroy, Finish, Open, Send, Settle
from pooltop.core.events import RequestAssigned
from pooltop.core.model import AgentOptions, OriginKey, RequestId, SocketId
from pooltop.core.pool import PoolCore
from pooltop.core.schedule import Randomness
from pooltop.core.states import CloseReason

_KEY = OriginKey("simulated")
_CLOSE_S = 1e-4
"""A destroyed socket's close is seen so much later."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one run came to."""

    waits: list[float]
    """Seconds in the queue of every request that got a socket, in the order in which they did."""
    utilisation: float
    """Mean of the sockets in use over the limit; 0 without a limit."""
    span_s: float
    """Seconds of virtual time."""
    failed: int
    """Requests that waited longer than they may."""
    queued: int
    """Requests in the queue at its end."""
    is_cut: bool
    """It ended before its time, as so many requests had got a socket."""


class _Due(NamedTuple):
    """What happens next; told apart by ``turn`` where the time is the same."""

    at: float
    turn: int
    happens: Callable[[int], None]
    what: int


class Simulation:
    """One run; asked for once."""

    def __init__(self, traffic: Traffic, source: Randomness) -> None:
        """Begin with the pool as full as it is.

        Args:
            traffic: what it is sent, and how full it is.
            source: of all chance.
        """
        self._traffic = traffic
        self._source = source
        self._now = 0.0
        self._turn = 0
        self._due: list[_Due] = []
        self._waits: list[float] = []
        self._failed = 0
        self._requests = 0
        self._busy_s = 0.0
        self._opening: set[SocketId] = set()
        self._held: dict[SocketId, RequestId] = {}
        self._sender: dict[RequestId, int] = {}
        """Whose request it is: a stream's place, or one of the users beyond."""
        self._thinks: list[tuple[float, float]] = []
        self._in_flight = [0] * len(traffic.streams)
        # What was measured is itself a sample: each run takes another of the means it may be of.
        self._slower = 1 + traffic.lease.error * _normal(source)
        self._rests = False
        self._limit = math.inf
        self._is_cut = True
        self._pool = PoolCore(msgspec.structs.replace(traffic.options, live="node"))
        self._fill()

    def edit(self, options: AgentOptions) -> None:
        """Put other options in force, and let the load begin."""
        self._pool.set_options(options, now=self._now)
        self._limit = min(options.max_sockets, options.max_total_sockets)
        self._perform()
        self._begin_load()

    def go_on(self, horizon_s: float, most: int) -> bool:
        """Go on until a time, or until so many requests have got a socket; tells which it was.

        Args:
            horizon_s: seconds after the edit.
            most: requests, of all that have got one since the edit.

        Returns:
            Whether the time has come, or nothing more can happen.
        """
        pool, due = self._pool, self._due
        # The origin as the first request makes it, at the latest.
        origin = pool.origins.get(_KEY)
        while len(self._waits) < most:
            if not due or due[0].at > horizon_s:
                self._is_cut = False
                return True
            item = heappop(due)
            if origin is None:
                origin = pool.origins.get(_KEY)
            else:
                self._busy_s += len(origin.sockets) * (item.at - self._now)
            self._now = item.at
            item.happens(item.what)
            if pool.deadline <= item.at:
                pool.expire(now=item.at)
            self._perform()
        return False

    def outcome(self) -> Run:
        """Give what it came to since the edit."""
        span_s, limit = self._now, self._limit
        used = self._busy_s / span_s / limit if span_s and limit else 0.0
        origin = self._pool.origins.get(_KEY)
        queued = 0 if origin is None else len(origin.queue)
        return Run(self._waits, used, span_s, self._failed, queued, self._is_cut)

    def _fill(self) -> None:
        """Bring the pool to where it is: sockets in use, idle ones, and the queue."""
        pool, begin = self._pool, self._traffic.begin
        unlimited = msgspec.structs.replace(
            pool.options, max_sockets=math.inf, max_total_sockets=math.inf
        )
        blocked = msgspec.structs.replace(pool.options, max_sockets=0)
        pool.set_options(unlimited, now=0.0)
        self._rests = True
        senders = self._senders(begin.in_use + begin.queued)
        # An idle socket beside a queue would be taken by it here; live it lasts no longer.
        idle = [self._submit(-1, 0.0) for _ in range(0 if begin.queued else begin.free)]
        for place in range(begin.in_use):
            self._submit(senders[place], 0.0)
        opened, self._due = sorted(self._due), []
        for item in opened:
            item.happens(item.what)  # they are connected
        self._perform()
        for request in idle:
            pool.response_ended(request, now=0.0, reason=None)
        self._perform()
        answers = self._answered
        self._due = [each for each in self._due if each[2:] not in {(answers, n) for n in idle}]
        self._rests = False
        pool.set_options(blocked, now=0.0)
        for place in range(begin.queued):
            age = begin.oldest_s * (1 - place / begin.queued)
            self._submit(senders[begin.in_use + place], -age)
        pool.set_options(msgspec.structs.replace(self._traffic.options, live="node"), now=0.0)
        self._perform()
        self._waits.clear()
        heapify(self._due)

    def _senders(self, number: int) -> list[int]:
        """Say whose the requests are that are under way."""
        senders: list[int] = []
        users = len(self._traffic.streams)
        for group in self._traffic.users:
            self._thinks += [group.think_s] * group.number
            senders += range(users, users + min(group.under_way, group.number))
            users += group.number
        for place, stream in enumerate(self._traffic.streams):
            senders += [place] * stream.under_way
        for place in range(len(senders) - 1, 0, -1):
            other = int(self._source.random() * (place + 1))
            senders[place], senders[other] = senders[other], senders[place]
        return (senders + [-1] * number)[:number]

    def _begin_load(self) -> None:
        streams = self._traffic.streams
        for place, stream in enumerate(streams):
            self._after(self._gap(stream) * self._source.random(), self._arrive, place)
        busy = set(self._sender.values())
        for place, (least, most) in enumerate(self._thinks, len(streams)):
            if place not in busy:
                thinks = least + (most - least) * self._source.random()
                self._after(thinks * self._source.random(), self._ask, place)

    def _after(self, delay_s: float, happens: Callable[[int], None], what: int) -> None:
        self._turn += 1
        heappush(self._due, _Due(self._now + delay_s, self._turn, happens, what))

    def _gap(self, stream: Stream) -> float:
        if stream.is_constant:
            return 1 / stream.rate
        return -math.log(1 - self._source.random()) / stream.rate

    def _arrive(self, place: int) -> None:
        stream = self._traffic.streams[place]
        self._after(self._gap(stream), self._arrive, place)
        if self._in_flight[place] < stream.most:
            self._submit(place, self._now)

    def _ask(self, user: int) -> None:
        self._submit(user, self._now)

    def _submit(self, sender: int, at: float) -> RequestId:
        self._requests += 1
        request = RequestId(self._requests)
        if sender >= 0:
            self._sender[request] = sender
            if sender < len(self._in_flight):
                self._in_flight[sender] += 1
        waits = not self._pool.submit(request, _KEY, now=at)
        limit_s = self._traffic.queue_limit_s
        if waits and limit_s < math.inf:
            self._after(max(0.0, at + limit_s - self._now), self._give_up, request)
        self._perform()
        return request

    def _give_up(self, number: int) -> None:
        request = RequestId(number)
        record = self._pool.requests.get(request)
        if record is not None and record.socket is None:
            self._failed += 1
            self._pool.cancel(request, now=self._now, code="QUEUE", message="waited too long")

    def _connected(self, number: int) -> None:
        socket = SocketId(number)
        self._opening.discard(socket)
        self._pool.connected(socket, now=self._now)
        request = self._held.pop(socket, None)
        if request is not None:
            self._serve(request)

    def _serve(self, request: RequestId) -> None:
        lease = self._traffic.lease
        takes = lease.rest(self._source) if self._rests else lease.draw(self._source)
        self._after(takes * self._slower, self._answered, request)

    def _answered(self, number: int) -> None:
        closes = self._traffic.closes
        ends = closes > 0 and self._source.random() < closes
        reason = CloseReason.CONNECTION_CLOSE if ends else None
        request = RequestId(number)
        self._pool.response_ended(request, now=self._now, reason=reason)
        self._over(request)

    def _over(self, request: RequestId) -> None:
        sender = self._sender.pop(request, -1)
        if 0 <= sender < len(self._in_flight):
            self._in_flight[sender] -= 1
        elif sender >= 0:
            least, most = self._thinks[sender - len(self._in_flight)]
            self._after(least + (most - least) * self._source.random(), self._ask, sender)

    def _closed(self, number: int) -> None:
        self._pool.closed(SocketId(number), now=self._now)

    def _perform(self) -> None:
        """Do what the core says, until it says nothing more."""
        pool, now = self._pool, self._now
        while pool.ticks or pool.commands or pool.events:
            if pool.ticks:
                pool.tick(now=now)
            step = pool.take()
            for event in step.events:
                if type(event) is RequestAssigned:
                    self._waits.append(event.waited)
            for command in step.commands:
                match command:
                    case Send(socket=socket, request=request):
                        if socket in self._opening:
                            self._held[socket] = request
                        else:
                            self._serve(request)
                    case Open(socket=socket):
                        self._opening.add(socket)
                        delay = 0.0 if self._rests else self._traffic.connect.draw(self._source)
                        self._after(delay, self._connected, socket)
                    case Destroy(socket=socket) | Finish(socket=socket):
                        self._held.pop(socket, None)
                        self._after(_CLOSE_S, self._closed, socket)
                    case Settle(request=request):
                        self._over(request)
                    case _:
                        raise AssertionError(command)  # of undici's dispatchers


def _normal(source: Randomness) -> float:
    """Give a number that is normal to good enough: at most 3 away from 0."""
    return 2 * sum(source.random() for _ in range(3)) - 3
