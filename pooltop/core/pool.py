"""The allocator: which socket a request gets, what becomes of a socket, who waits and why.

This is Node's http.Agent without its sockets. The shell reports what happened and performs the
commands that come back. Node's order of decisions is kept step by step, defects included; what
an operator would rather have is in drain.py and used when ``options.live`` is "drain".

Three moments of Node's are kept apart, because what happens between them shows:
- a request is *assigned* a socket, and *attached* to it one tick later (process.nextTick);
- a response *ends*, and its socket is *released* one tick later;
- a socket is *destroyed*, and its *close* is seen one turn of the loop later. Until then it is in
  its list and counts. A request that is on it is settled when the close is seen.
Ticks are queued here: the shell calls ``tick`` while there are ``ticks``, at the end of the
callback that it is in, and so before anything else the network brings.

Source: Node v24 lib/_http_agent.js (addRequest, 'free' listener, removeSocket, destroy),
lib/_http_client.js (onSocketNT, responseOnEnd, responseKeepAlive, emitFreeNT).
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable

import msgspec

from pooltop.core import drain, invariants, uncounted
from pooltop.core.commands import Command, Destroy, Finish, Open, Send, Settle
from pooltop.core.events import (
    AgentDestroyed,
    OptionsChanged,
    PoolEvent,
    RequestAborted,
    RequestAssigned,
    RequestEnded,
    RequestFailed,
    RequestQueued,
    RequestRetried,
    RequestWithdrawn,
    SocketClosed,
    SocketClosing,
    SocketConnected,
    SocketDropped,
    SocketFreed,
    SocketOpened,
    TimeoutRaised,
)
from pooltop.core.model import AgentOptions, OriginKey, RequestId, SocketId
from pooltop.core.records import Failure, OriginRecord, RequestRecord, SocketRecord
from pooltop.core.states import (
    AssignReason,
    CloseReason,
    OpenReason,
    QueueReason,
    RequestState,
    SocketState,
)
from pooltop.core.view import OriginView, PoolView, SocketView

# An enum's member is looked up through its metaclass (0.1 us in Python 3.11); these are not.
_FREE_CONNECTING = SocketState.FREE_CONNECTING
_DYING_FREE = SocketState.DYING_FREE
_CONNECTING = SocketState.CONNECTING
_ACTIVE = SocketState.ACTIVE
_FREE = SocketState.FREE
_DYING = SocketState.DYING
_QUEUED = RequestState.QUEUED
_TUNNELLING = RequestState.TUNNELLING
_ASSIGNED = RequestState.ASSIGNED
_RUNNING = RequestState.RUNNING
_ENDED = RequestState.ENDED
_DONE = RequestState.DONE
_REUSED = AssignReason.REUSED

HANG_UP = Failure("ECONNRESET", "socket hang up")


class Step(msgspec.Struct, frozen=True, gc=False):
    """What the inputs since the last ``take`` led to, each list in order."""

    commands: list[Command]
    events: list[PoolEvent]


class PoolCore:
    """The pools of one agent, all origins together."""

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
        self.tunnelling: dict[SocketId, SocketRecord] = {}
        """Sockets that Node does not count yet, by id (uncounted.py)."""
        self._opened = 0
        self._turns = 0
        self.ticks: deque[RequestRecord | SocketRecord] = deque()
        """While there are any, ``tick`` is to be called before the next input of the network."""
        self.commands: list[Command] = []
        """What the inputs led to and was not taken yet; nobody else changes it."""
        self.events: list[PoolEvent] = []
        """Likewise."""
        self.deadline = math.inf
        """When ``expire`` is to be called, or earlier; inf for never."""
        self.keep_socket_alive: Callable[[SocketId], bool | float | None] | None = None
        """Node's overridable ``agent.keepSocketAlive``, asked last before a socket is parked:
        False refuses, a number is the idle timeout in ms, anything else leaves it to the options.
        It may not give the core an input, nor raise."""

    # Questions

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

    # Inputs

    def submit(
        self, request: RequestId, key: OriginKey, *, now: float, keep_alive: bool = True
    ) -> bool:
        """Admit a request: an idle socket, a new one, or the queue, in this order.

        Args:
            request: an id that was not used before.
            key: its origin.
            now: monotonic seconds.
            keep_alive: Node's shouldKeepAlive: the agent wants its sockets used again.

        Returns:
            It has a socket; False if it waits.
        """
        origin = self.origins.get(key)
        if origin is None:
            origin = self.origins[key] = OriginRecord(key)
        if not origin.sockets and not origin.queue:
            self._turns = origin.turn = self._turns + 1
        record = RequestRecord(request, origin, now, keep_alive=keep_alive)
        self.requests[request] = record
        socket = self._take_free(origin, now)
        if socket is not None:
            self.assign(record, socket, _REUSED, now)
        else:
            self._open_or_enqueue(record, now)
        return record.state is not _QUEUED

    def tick(self, *, now: float) -> None:
        """Do what Node does in process.nextTick, until nothing is left of it."""
        ticks = self.ticks
        while ticks:
            due = ticks.popleft()
            if isinstance(due, RequestRecord):
                self._attach(due, now)
            else:
                self._release(due, now)

    def connected(self, socket: SocketId, *, now: float) -> None:
        """The socket can carry bytes, for https after its handshake. Late: nothing."""
        if socket in self.tunnelling:
            uncounted.enter(self, socket, now)
        record = self.sockets.get(socket)
        if record is not None and not record.is_dying:
            record.connected_at = now
            idle = record.state is _FREE_CONNECTING
            record.origin.move(record, _FREE if idle else _ACTIVE, now)
            self.events.append(SocketConnected(now, record.origin.key, socket))

    def request_sent(self, request: RequestId, *, now: float) -> None:
        """All of the request is with the kernel. Releases the socket if the response is over."""
        del now  # every input has it
        record = self.requests.get(request)
        if record is not None and not record.sent:
            record.sent = True
            if record.state is _ENDED:
                assert record.socket is not None
                self.ticks.append(record.socket)

    def response_ended(
        self,
        request: RequestId,
        *,
        now: float,
        reason: CloseReason | None,
        hint_s: int | None = None,
        sent: bool = True,
    ) -> None:
        """The response is complete.

        Args:
            request: whose response it is.
            now: monotonic seconds.
            reason: why the connection cannot be kept; None if it can.
            hint_s: the server's Keep-Alive timeout in seconds (hints.py); None for no hint.
            sent: all of the request is with the kernel; else ``request_sent`` follows.
        """
        record = self.requests.get(request)
        if record is None or record.state is not _RUNNING:
            return
        socket = record.socket
        assert socket is not None
        record.move(_ENDED)
        self.events.append(RequestEnded(now, record.origin.key, request, socket.id))
        if reason is not None:
            record.keep_alive = False
            self._settled(record)
            if not socket.is_dying:
                self._begin_closing(socket, reason, now)
                self.commands.append(Finish(socket.id, reason))
            return
        record.hint_s = hint_s
        if sent or record.sent:
            record.sent = True
            self.ticks.append(socket)

    def detach(self, request: RequestId, *, now: float) -> None:
        """Give the request's socket to its caller: the server switched protocols. Late: nothing.

        It leaves its list and the count at once, still open, and is replaced as one that closed.

        Source: Node v24 lib/_http_client.js socketOnData ('agentRemove'), lib/_http_agent.js
        onRemove.
        """
        record = self.requests.get(request)
        if record is None or record.state is not _RUNNING:
            return
        socket = record.socket
        assert socket is not None
        if socket.state is not _ACTIVE:
            return
        origin = record.origin
        record.move(_ENDED)
        self.events.append(RequestEnded(now, origin.key, request, socket.id))
        self._settled(record)
        del self.sockets[socket.id]
        socket.request = None
        origin.move(socket, SocketState.CLOSED, now)
        if not origin.sockets:
            self._turns = origin.turn = self._turns + 1
        self.events.append(
            SocketClosed(now, origin.key, socket.id, CloseReason.DETACHED, socket.carried)
        )
        if self.waiting:
            self._replace(origin, now)

    def abort(
        self,
        request: RequestId,
        *,
        now: float,
        code: str = HANG_UP.code,
        message: str = HANG_UP.message,
    ) -> None:
        """The caller gives the request up (req.destroy()).

        A queued one stays in the queue and fails at its turn; a running one takes its socket
        with it. One whose response is complete is left alone.
        """
        record = self.requests.get(request)
        if record is None or record.aborted:
            return
        if record.state is _QUEUED:
            record.aborted = Failure(code, message)
            self.events.append(RequestAborted(now, record.origin.key, request))
        elif record.state in (_TUNNELLING, _ASSIGNED):
            record.aborted = Failure(code, message)
        elif record.state is _RUNNING:
            assert record.socket is not None
            self._destroy(record.socket, CloseReason.ABORTED, now, error=Failure(code, message))

    def time_out(
        self, request: RequestId, *, now: float, code: str, message: str, outcome: str = ""
    ) -> None:
        """One of pooltop's own clocks ran out: the request fails and gives its place up at once."""
        record = self.requests.get(request)
        if record is None:
            return
        failure = Failure(code, message, outcome)
        if record.state is _QUEUED:
            self._withdraw(record, failure, now)
        elif record.state is _TUNNELLING:
            assert record.socket is not None
            uncounted.fail(self, record.socket, CloseReason.TIMED_OUT, failure, now)
        elif record.state in (_ASSIGNED, _RUNNING):
            assert record.socket is not None
            self._destroy(record.socket, CloseReason.TIMED_OUT, now, error=failure)

    def set_timeout(self, request: RequestId, *, timeout_ms: float) -> None:
        """The request, which has its socket, brings a timeout of its own; 0 for none.

        One that is equal to the agent's is ignored, and what the socket has stays: less after a
        hint, nothing after a hand-over.  Source: Node v24 lib/_http_agent.js setRequestSocket.
        """
        record = self.requests.get(request)
        if timeout_ms != self.options.timeout and record is not None and record.socket is not None:
            record.socket.timeout_ms = timeout_ms

    def raise_timeout(self, request: RequestId, *, now: float, silent_s: float) -> None:
        """Tell that the request's socket is silent: Node's 'timeout' event."""
        record = self.requests.get(request)
        if record is not None and record.socket is not None:
            key, socket = record.origin.key, record.socket.id
            self.events.append(TimeoutRaised(now, key, request, socket, silent_s))

    def lost(
        self,
        socket: SocketId,
        *,
        now: float,
        reason: CloseReason,
        code: str = HANG_UP.code,
        message: str = HANG_UP.message,
    ) -> None:
        """The socket is of no further use: the peer, the network or the parser said so."""
        record = self.sockets.get(socket)
        if record is not None:
            self._destroy(record, reason, now, error=Failure(code, message))
        elif socket in self.tunnelling:
            failure = Failure(code, message)
            uncounted.fail(self, self.tunnelling[socket], reason, failure, now)

    def judge(self, socket: SocketId, failure: Failure, *, again: bool) -> None:
        """Say what becomes of the request on a dying socket when its close is seen.

        Args:
            socket: dying; it may have been so before the request was given it.
            failure: what the request fails with.
            again: it does not fail, but is admitted once more, as a new request is.
        """
        record = self.sockets.get(socket)
        if record is not None and record.is_dying:
            record.error = failure
            record.again = again

    def peer_ended(self, socket: SocketId, *, now: float) -> None:
        """The peer began to close, no response being under way.

        An idle socket goes at once, and so does one that a request was assigned and is not yet
        attached to: sent now, it would never be answered. One whose response is over but that was
        not yet released goes at its release.
        """
        record = self.sockets.get(socket)
        if record is not None:
            request = record.request
            if request is None or request.state is _ASSIGNED:
                self._destroy(record, CloseReason.PEER_FIN, now)
            else:
                record.writable = False

    def closed(self, socket: SocketId, *, now: float) -> None:
        """The close of a destroyed socket is seen: it leaves its list, and may be replaced."""
        record = self.sockets.pop(socket, None)
        if record is None:
            return
        assert record.is_dying, f"socket {socket} closed while {record.state}"
        origin = record.origin
        in_use = record.state is _DYING
        origin.move(record, SocketState.CLOSED, now)
        if in_use and not origin.sockets:
            self._turns = origin.turn = self._turns + 1
        assert record.close_reason is not None
        self.events.append(
            SocketClosed(now, origin.key, socket, record.close_reason, record.carried)
        )
        request = record.request
        record.request = None
        if request is not None and request.state is not _DONE:
            if request.state is _ENDED:
                self._settled(request)
            elif not record.again or request.aborted:
                self.fail(request, request.aborted or record.error or HANG_UP, now)
        if self.waiting:
            self._replace(origin, now)
        if request is not None and request.state in (_ASSIGNED, _RUNNING):
            # Node's order: the agent sees the close first, then the caller, who asks again.
            self._readmit(request, record, now)

    def expire(self, *, now: float) -> None:
        """Close the idle sockets whose time is over."""
        self.deadline = math.inf
        for origin in self.origins.values():
            for socket in list(origin.free.values()):
                if socket.expires_at is None or socket.is_dying:
                    continue
                if socket.expires_at <= now:
                    self._destroy(socket, CloseReason.IDLE_TIMEOUT, now)
                else:
                    self.deadline = min(self.deadline, socket.expires_at)

    def destroy(self, *, now: float, error: Failure = HANG_UP) -> None:
        """Close every socket, idle ones first. The queue is left alone, as Node leaves it.

        Args:
            now: monotonic seconds.
            error: for the requests that are on them.
        """
        queued = sum(len(origin.queue) for origin in self.waiting.values())
        # In the order of Node's maps: the last destroyed is the first to be seen closed, and so to
        # be replaced. Among idle ones the order shows nowhere: their origins have no queue.
        by_turn = sorted(self.origins.values(), key=lambda origin: origin.turn)
        doomed = [s for origin in by_turn for s in origin.free.values()]
        doomed += [s for origin in by_turn for s in origin.sockets.values()]
        doomed = [s for s in doomed if not s.is_dying]
        self.events.append(AgentDestroyed(now, len(doomed), queued))
        for socket in doomed:
            self._destroy(socket, CloseReason.AGENT_DESTROYED, now, error=error)

    def set_options(
        self, options: AgentOptions, *, now: float, by: str = "operator"
    ) -> OptionsChanged:
        """Change options while traffic flows; gives the event that says what it did at once.

        In mode "node" the new values are only there to be read by the next decision, as in Node.
        In mode "drain" the pool converges on them at once.
        """
        before = self.options
        self.options = options
        queued = sum(len(origin.queue) for origin in self.waiting.values())
        opened = culled = 0
        if options.live == "drain":
            culled = drain.cull(self, now)
            opened = drain.fill(self, now)
        changed = OptionsChanged(now, before, options, by, options.live, opened, culled, queued)
        self.events.append(changed)
        return changed

    def forget_queue(self, *, now: float, code: str, message: str) -> None:
        """Fail every queued request: for an agent that is closed for good, which Node has not.

        What was to be admitted once more is not.
        """
        for socket in self.sockets.values():
            if socket.again:
                self.judge(socket.id, Failure(code, message), again=False)
        uncounted.forget(self, Failure(code, message), now)
        for origin in list(self.waiting.values()):
            for request in list(origin.queue.values()):
                self._withdraw(request, Failure(code, message), now)

    def forget_unused_origins(self) -> list[OriginKey]:
        """Drop the origins that have no socket, not even a dying one, and no request; name them."""
        used = {socket.origin.key for socket in self.sockets.values()} | self.waiting.keys()
        used |= {socket.origin.key for socket in self.tunnelling.values()}
        unused = [key for key in self.origins if key not in used]
        for key in unused:
            del self.origins[key]
            self.tunnelled.discard(key)
        return unused

    # Decisions

    def _take_free(self, origin: OriginRecord, now: float) -> SocketRecord | None:
        # Destroyed sockets are dropped from the head only: lifo can pick a destroyed tail.
        free = origin.free
        while free:
            head = next(iter(free.values()))
            if head.close_reason is None:
                return head if self.options.scheduling == "fifo" else next(reversed(free.values()))
            origin.move(head, SocketState.DROPPED, now)
            self.events.append(SocketDropped(now, origin.key, head.id))
        return None

    def assign(
        self, request: RequestRecord, socket: SocketRecord, reason: AssignReason, now: float
    ) -> None:
        """Give a socket to a request; it is attached one tick later."""
        origin = socket.origin
        request.move(_ASSIGNED)
        request.socket = socket
        socket.request = request
        socket.carried += 1
        if reason is _REUSED:
            socket.expires_at = None
            if socket.state is _FREE:
                origin.move(socket, _ACTIVE, now)
            else:
                origin.move(socket, _DYING if socket.is_dying else _CONNECTING, now)
        else:
            socket.since = now
        waited = 0.0
        overtook = 0
        if request.queued_at is not None:
            waited = now - request.queued_at
        elif origin.queue:
            overtook = len(origin.queue)
            origin.overtakes += 1
        self.events.append(
            RequestAssigned(
                now, origin.key, request.id, socket.id, reason, socket.carried, waited, overtook
            )
        )
        self.ticks.append(request)

    def _open_or_enqueue(self, request: RequestRecord, now: float) -> None:
        options = self.options
        if request.origin.count >= options.max_sockets:
            self._enqueue(request, QueueReason.MAX_SOCKETS, now)
        elif len(self.sockets) >= options.max_total_sockets:
            self._enqueue(request, QueueReason.MAX_TOTAL_SOCKETS, now)
        else:
            self._open(request, OpenReason.ADMITTED, AssignReason.NEW, now)

    def _readmit(self, request: RequestRecord, stale: SocketRecord, now: float) -> None:
        """Admit a request as a new one, under its own number: its socket was stale."""
        origin = request.origin
        message = stale.error.message if stale.error is not None else HANG_UP.message
        self.events.append(RequestRetried(now, origin.key, request.id, stale.id, message))
        request.move(_QUEUED)
        request.socket = request.queued_at = request.why = None
        request.sent = False
        socket = self._take_free(origin, now)
        if socket is not None:
            self.assign(request, socket, _REUSED, now)
        else:
            self._open_or_enqueue(request, now)

    def _enqueue(self, request: RequestRecord, why: QueueReason, now: float) -> None:
        origin = request.origin
        request.why = why
        request.queued_at = now
        request.overtakes_before = origin.overtakes
        origin.queue[request.id] = request
        self.waiting[origin.key] = origin
        self.events.append(RequestQueued(now, origin.key, request.id, why))

    def _open(
        self, request: RequestRecord, why: OpenReason, reason: AssignReason, now: float
    ) -> None:
        if self.tunnelled and uncounted.applies(self, request.origin):
            uncounted.open_for(self, request, now)
            return
        origin = request.origin
        socket = self.new_socket(origin, now)
        self.sockets[socket.id] = socket
        origin.enter(socket)
        self.commands.append(Open(socket.id, origin.key, request.id))
        self.events.append(SocketOpened(now, origin.key, socket.id, why))
        self.assign(request, socket, reason, now)

    def new_socket(self, origin: OriginRecord, now: float) -> SocketRecord:
        """Give the next socket, in no list yet."""
        self._opened += 1
        return SocketRecord(SocketId(self._opened), origin, now, self.options.timeout)

    def _attach(self, request: RequestRecord, now: float) -> None:
        if request.state is not _ASSIGNED:
            return
        socket = request.socket
        assert socket is not None
        if request.aborted:
            if not socket.is_dying:
                socket.carried -= 1
                self._release(socket, now)
                request.socket = None
            self.fail(request, request.aborted, now)
            return
        request.move(_RUNNING)
        self.commands.append(Send(socket.id, request.id))

    def _release(self, socket: SocketRecord, now: float) -> None:
        """Node's 'free' listener, in its order."""
        if socket.close_reason is not None:
            return
        request = socket.request
        assert request is not None
        if request.state is _ENDED:
            self._settled(request)
        if not socket.writable:
            self._destroy(socket, CloseReason.NOT_WRITABLE, now)
            return
        origin = socket.origin
        options = self.options
        if options.live == "drain" and (over := drain.surplus_reason(self, origin)):
            self._destroy(socket, over, now)
            return
        if origin.queue:
            if request.state is _DONE:
                # Node's responseKeepAlive clears the socket's timeout; only parking sets it again.
                socket.timeout_ms = 0.0
            self.assign(self.dequeue(origin), socket, AssignReason.HANDED_OVER, now)
            return
        if not options.keep_alive or not request.keep_alive:
            self._destroy(socket, CloseReason.KEEP_ALIVE_OFF, now)
        elif len(self.sockets) > options.max_total_sockets:
            self._destroy(socket, CloseReason.OVER_MAX_TOTAL_SOCKETS, now)
        elif origin.count > options.max_sockets:
            self._destroy(socket, CloseReason.OVER_MAX_SOCKETS, now)
        elif len(origin.free) >= options.max_free_sockets:
            self._destroy(socket, CloseReason.OVER_MAX_FREE_SOCKETS, now)
        else:
            self._park(socket, request.hint_s, now)

    def _park(self, socket: SocketRecord, hint_s: int | None, now: float) -> None:
        # Node's own keepSocketAlive: a hint within the buffer refuses; else it only lowers a
        # timeout that is set, so without one the socket idles for ever.
        timeout = self.options.timeout
        hint_ms = math.inf
        if hint_s is not None:
            hint_ms = hint_s * 1000 - self.options.agent_keep_alive_timeout_buffer
            if hint_ms <= 0:
                self._destroy(socket, CloseReason.HINT_TOO_SHORT, now)
                return
            timeout = min(timeout, hint_ms)
        if self.keep_socket_alive is not None:
            kept = self.keep_socket_alive(socket.id)
            if kept is False:
                self._destroy(socket, CloseReason.KEEP_SOCKET_ALIVE_REFUSED, now)
                return
            if kept is not None and kept is not True:
                timeout = kept
        socket.hint_ms = hint_ms
        socket.timeout_ms = socket.free_timeout_ms = timeout
        socket.request = None
        origin = socket.origin
        origin.move(socket, _FREE if socket.state is _ACTIVE else _FREE_CONNECTING, now)
        if timeout > 0:
            self._arm(socket, now)
        self.events.append(SocketFreed(now, origin.key, socket.id, timeout, socket.carried))
        if self.waiting:
            self._replace(origin, now)

    def _arm(self, socket: SocketRecord, since: float) -> None:
        if socket.free_timeout_ms > 0:
            socket.expires_at = at = since + socket.free_timeout_ms / 1000
            if at < self.deadline:  # noqa: PLR1730 - min() is a call, on the hot path
                self.deadline = at
        else:
            socket.expires_at = None

    def _replace(self, origin: OriginRecord, now: float) -> None:
        """Open at most one socket for the queue after one went away (Node's removeSocket).

        No limit is checked. Another origin is only served if it is the first that has a queue
        and has no socket in use: if it has one, the search stops there.
        """
        if self.options.live == "drain":
            drain.fill(self, now)
        elif origin.queue:
            self._open_for_head(origin, OpenReason.REPLACEMENT, AssignReason.REPLACEMENT, now)
        else:
            first = next(iter(self.waiting.values()))
            if not first.sockets:
                self._open_for_head(
                    first, OpenReason.REPLACEMENT_OTHER_ORIGIN, AssignReason.REPLACEMENT, now
                )

    def _open_for_head(
        self, origin: OriginRecord, why: OpenReason, reason: AssignReason, now: float
    ) -> None:
        if self.tunnelled and uncounted.applies(self, origin):
            uncounted.open_for_queue(self, origin, why, now)
            return
        self._open(self.dequeue(origin), why, reason, now)

    def dequeue(self, origin: OriginRecord) -> RequestRecord:
        """Take the oldest request of a queue that is not empty."""
        _, request = origin.queue.popitem(last=False)
        if not origin.queue:
            del self.waiting[origin.key]
        return request

    # Ends

    def _begin_closing(self, socket: SocketRecord, reason: CloseReason, now: float) -> None:
        idle = socket.state in (_FREE, _FREE_CONNECTING)
        socket.close_reason = reason
        socket.expires_at = None
        socket.origin.move(socket, _DYING_FREE if idle else _DYING, now)
        self.events.append(SocketClosing(now, socket.origin.key, socket.id, reason, socket.carried))

    def _destroy(
        self,
        socket: SocketRecord,
        reason: CloseReason,
        now: float,
        *,
        error: Failure | None = None,
    ) -> None:
        if socket.is_dying:
            if socket.again and error is not None:
                # Given up, or out of time, before it could be admitted once more.
                socket.error = error
                socket.again = False
            return
        socket.error = error
        self._begin_closing(socket, reason, now)
        self.commands.append(Destroy(socket.id, reason))

    def fail(self, request: RequestRecord, failure: Failure, now: float) -> None:
        """Settle a request with an error, once."""
        socket = None if request.socket is None else request.socket.id
        self._settled(request)
        if request.was_told:
            return
        self.events.append(RequestFailed(now, request.origin.key, request.id, socket, *failure))
        self.commands.append(Settle(request.id, failure.code, failure.message))

    def _withdraw(self, request: RequestRecord, failure: Failure, now: float) -> None:
        origin = request.origin
        del origin.queue[request.id]
        if not origin.queue:
            del self.waiting[origin.key]
        self.events.append(RequestWithdrawn(now, origin.key, request.id))
        self.fail(request, failure, now)

    def _settled(self, request: RequestRecord) -> None:
        request.move(_DONE)
        del self.requests[request.id]

    def check_invariants(self) -> None:
        """Assert everything that must hold between two inputs; for tests."""
        invariants.check(self)


def _socket_view(socket: SocketRecord) -> SocketView:
    request = socket.request
    return SocketView(
        socket.id, socket.state, None if request is None else request.id, socket.carried
    )
