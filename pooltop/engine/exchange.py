"""One request and its response on their way through a pool: the sink of the codec.

The shell calls the hooks; whoever submits overrides those it needs. Library calls stream their
bodies (response.py); workloads only count (workload.py). An exchange holds its own clock
readings, so that nothing has to be looked up when it ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pooltop.core.model import Origin, OriginKey, RequestId, Timeouts
from pooltop.core.snapshot import PhaseTimings
from pooltop.core.states import CloseReason
from pooltop.engine.codecs.base import PreparedRequest, ResponseEnd, ResponseHead
from pooltop.errors import RequestError

if TYPE_CHECKING:
    from pooltop.engine.connection import Connection
    from pooltop.engine.nesting import Lease
    from pooltop.engine.shell_base import ShellBase
    from pooltop.engine.tally import OriginTally


class Exchange:
    """A request that is queued, running or just over.

    All times are monotonic seconds.
    """

    # One of these is made for every request: what most of them change only once stands here, as
    # the class's own, and is not set one by one in __init__ (2 us a request).
    shell: ShellBase
    tally: OriginTally
    hears_steps = False
    """``on_attached`` and ``on_sent`` are called: most have no use for two calls a request."""
    id = RequestId(0)
    connection: Connection | None = None
    """From its assignment to its end."""
    cause: RequestError | None = None
    """What it failed with, where more is known than a code."""
    queued_at = 0.0
    """Of a dispatcher's: since when it waits, or waited."""
    assigned_at: float | None = None
    sent_at: float | None = None
    first_byte_at: float | None = None
    ended_at: float | None = None
    waited = 0.0
    """Seconds in the queue."""
    earlier_s = 0.0
    """Seconds that went by before what is noted here began: in a request that was sent again, or
    led elsewhere."""
    nth = 0
    """How many requests its socket has carried, this one included."""
    reused = False
    """Node's req.reusedSocket: taken from the idle ones (not handed over)."""
    retried = False
    """Sent again, after its first socket was stale; what is noted here is of the second time."""
    status = 0
    total_bucket = wait_bucket = 0
    """Of ``core.histogram``: where its total, and its wait, were counted when it was complete."""
    hears_timeout = False
    """Node's request listens for its socket's 'timeout': it, or its agent, has one set."""
    timeout_told = False
    """And was told of it: a request hears it once."""
    parent: Lease | None = None
    """In whose midst its caller asked for it: see ``nesting``."""
    unread_since: float | None = None
    """Since when what came of its response waits for a reader; None where nothing does."""

    def __init__(
        self,
        prepared: PreparedRequest,
        origin: Origin,
        timeouts: Timeouts,
        *,
        intended_at: float,
        label: str = "",
        key: OriginKey | None = None,
    ) -> None:
        """Begin, not yet submitted.

        Args:
            prepared: what is sent.
            origin: where to.
            timeouts: its clocks.
            intended_at: when it was meant to start; the total clock counts from there.
            label: "workload/class" for the screens.
            key: the origin's, where it is known already.
        """
        self.prepared = prepared
        self.origin = origin
        self.timeouts = timeouts
        self.intended_at = intended_at
        self.label = label
        self.key = key or origin.key

    @property
    def is_settled(self) -> bool:
        """Over, well or badly."""
        return self.ended_at is not None

    @property
    def is_sending(self) -> bool:
        """Its socket is still its own, and has not all of it yet."""
        connection = self.connection
        return connection is not None and connection.carries(self) and self.sent_at is None

    @property
    def can_be_sent_again(self) -> bool:
        """The server may have it twice, it was not sent twice already, and its body is here."""
        return self.prepared.idempotent and self.has_its_body and not self.retried

    @property
    def has_its_body(self) -> bool:
        """All of its body is still here, from the beginning."""
        return not self.prepared.streamed

    @property
    def is_whole(self) -> bool:
        """All of the response is here, though its reader may not have come to the end of it."""
        return self.ended_at is not None

    # The codec's side

    def on_informational(self, head: ResponseHead) -> None:
        """Let 1xx responses pass."""

    def on_head(self, head: ResponseHead) -> None:
        """Keep the status."""
        self.status = head.status

    def on_data(self, data: bytes) -> None:
        """Let the body go: sockets count their bytes."""

    def on_end(self, end: ResponseEnd) -> None:
        """Hand the verdict on: the body has no reader that could be slow."""
        self.shell.response_ended(self, end)

    def on_switched(self, early: bytes) -> None:
        """Let the connection go: only a call asks for another protocol, and takes it."""
        del early
        if self.connection is not None:
            self.shell.lost(self.connection, CloseReason.PROTOCOL_ERROR, None)

    # The shell's side

    def on_attached(self) -> None:
        """It has its socket for good and is being sent, if the socket did not die as it got it.

        Node's 'socket' event.
        """

    def on_sent(self) -> None:
        """All that was written of it is with the kernel."""

    def on_detached(self) -> None:
        """Its socket is gone: nothing more of it can be sent."""

    def on_requeued(self) -> None:
        """Its socket is gone, and it waits to be sent again, as if it never had been."""
        self.connection = self.assigned_at = self.sent_at = self.first_byte_at = None
        self.status = 0

    def on_timeout_event(self) -> None:
        """Node's 'timeout' on the request: its socket is silent. Once; nothing is closed by it."""

    def on_complete(self) -> None:
        """The response is whole and its socket was released: a next request may follow."""

    def on_failed(self, error: RequestError) -> None:
        """It is settled with an error."""

    def timings(self) -> PhaseTimings:
        """Give the seconds of each phase, None for those that did not happen.

        A reused socket had its dns, tcp, tunnel and tls before: they are None.
        """
        fresh = self.connection if self.nth == 1 else None
        return PhaseTimings(
            queue=None if self.assigned_at is None else self.waited,
            dns=None if fresh is None else fresh.dns_s,
            tcp=None if fresh is None else fresh.tcp_s,
            tunnel=None if fresh is None else fresh.tunnel_s,
            tls=None if fresh is None else fresh.tls_s,
            send=_between(self.ready_at, self.sent_at),
            wait=_between(self.sent_at, self.first_byte_at),
            receive=_between(self.first_byte_at, self.ended_at),
            total=_between(self.intended_at, self.ended_at),
        )

    @property
    def ready_at(self) -> float | None:
        """When it had a socket that could carry bytes; None where it has none."""
        connection = self.connection
        if connection is None or connection.connected_at is None or self.assigned_at is None:
            return None
        return max(connection.connected_at, self.assigned_at)


def _between(start: float | None, end: float | None) -> float | None:
    return None if start is None or end is None else max(0.0, end - start)
