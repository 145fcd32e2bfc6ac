"""The instruments of pooltop: one table for Prometheus and for OpenTelemetry.

Names are OpenTelemetry's where it has one, ``http.client.request.time_in_queue`` is .NET's, and
the rest are those of ``db.client.connection.*`` and its like under ``pooltop.``. Prometheus has
them with underscores, the unit and ``_total`` (its own rules, and OpenTelemetry's for it).

Source: OpenTelemetry semantic conventions, HTTP client metrics and database client metrics; .NET
System.Net.Http metrics.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from pooltop.exports.buckets import BOUNDS, LONG_BOUNDS

Kind = Literal["counter", "level", "gauge", "histogram"]
"""A level can be added up over hosts, as OpenTelemetry's UpDownCounter; a gauge cannot."""
_SUFFIXES = {"s": "_seconds", "By": "_bytes", "{request}/s": "_per_second"}
"""Source: OpenTelemetry, Prometheus and OpenMetrics compatibility: a noun in braces is left out."""


class Attribute(StrEnum):
    """What tells points of an instrument apart, by its name in OpenTelemetry."""

    AGENT = "pooltop.agent"
    ADDRESS = "server.address"
    PORT = "server.port"
    SCHEME = "url.scheme"
    APART = "pooltop.apart"
    """What tells a host from others of the same address and port: a Unix socket, another SNI."""
    STATE = "http.connection.state"
    STAT = "pooltop.stat"
    """One of undici's own names."""
    REASON = "pooltop.reason"
    ERROR = "error.type"
    CAUSE = "pooltop.cause"
    """What ``error.type`` says more roughly: OpenTelemetry's "timeout" is three causes."""
    STATUS = "http.response.status_code"
    DIRECTION = "network.io.direction"
    WORKLOAD = "pooltop.workload"
    CLASS = "pooltop.class"
    PHASE = "pooltop.phase"
    THRESHOLD = "pooltop.threshold"
    PROFILE = "pooltop.profile"
    ENVIRONMENT = "pooltop.environment"
    VERSION = "pooltop.version"

    @property
    def label(self) -> str:
        """Its name in Prometheus."""
        return _SHORT.get(self) or self.removeprefix("pooltop.").replace(".", "_")


_SHORT = {Attribute.STATE: "state", Attribute.DIRECTION: "direction"}


@dataclass(frozen=True, slots=True, eq=False)
class Instrument:
    """One thing that is measured; equal to itself alone."""

    name: str
    """OpenTelemetry's."""
    kind: Kind
    unit: str
    """As UCUM has it: "s", "By", or a noun in braces; "" where there is none: what has "1" is taken
    for a ratio on its way to Prometheus, and called so."""
    meaning: str
    bounds: tuple[float, ...] = BOUNDS
    """Of a histogram's buckets, in seconds."""

    @property
    def family(self) -> str:
        """Its name in Prometheus, without the ``_total`` of a counter."""
        return self.name.replace(".", "_") + _SUFFIXES.get(self.unit, "")


# Of an agent

TOTAL_MAX = Instrument(
    "pooltop.client.connection.total.max",
    "level",
    "{connection}",
    "Sockets that an agent can have over all hosts; +Inf without a limit.",
)
AGENTS = Instrument(
    "pooltop.client.agents",
    "counter",
    "{agent}",
    "Agents made, where there is one for every request.",
)

# Of a host

DURATION = Instrument(
    "http.client.request.duration",
    "histogram",
    "s",
    "Completed requests, from the intended start to the last byte.",
)
TIME_IN_QUEUE = Instrument(
    "http.client.request.time_in_queue",
    "histogram",
    "s",
    "Until a request was given a socket; 0 for one that did not queue.",
)
OPEN = Instrument(
    "http.client.open_connections",
    "level",
    "{connection}",
    "Connected sockets, in use or idle.",
)
LIFE = Instrument(
    "http.client.connection.duration",
    "histogram",
    "s",
    "Closed connections, from being connected to being closed.",
    LONG_BOUNDS,
)
ACTIVE = Instrument(
    "http.client.active_requests",
    "level",
    "{request}",
    "Requests that are not over, queued ones included.",
)
WAIT = Instrument(
    "pooltop.client.request.wait",
    "histogram",
    "s",
    "From the request being sent to the first byte.",
)
USE = Instrument(
    "pooltop.client.connection.use_time",
    "histogram",
    "s",
    "Completed requests, from having a connected socket to the last byte.",
)
CONNECT = Instrument(
    "pooltop.client.connection.create_time",
    "histogram",
    "s",
    "dns, tcp and tls of a connection.",
)
SOCKETS = Instrument(
    "pooltop.client.sockets", "level", "{connection}", "Sockets by state, all of them."
)
MAX = Instrument(
    "pooltop.client.connection.max",
    "level",
    "{connection}",
    "Sockets that a host can have, in use or connecting; +Inf without a limit.",
)
IDLE_MAX = Instrument(
    "pooltop.client.connection.idle.max",
    "level",
    "{connection}",
    "Idle sockets that are kept for a host; +Inf without a limit.",
)
PENDING = Instrument(
    "pooltop.client.connection.pending_requests", "level", "{request}", "Requests in the queue."
)
OLDEST = Instrument(
    "pooltop.client.connection.pending_oldest",
    "gauge",
    "s",
    "How long the oldest in the queue is there.",
)
TIMEOUTS = Instrument(
    "pooltop.client.connection.timeouts",
    "counter",
    "{timeout}",
    "Requests that failed because no socket came free in time.",
)
OPENED = Instrument(
    "pooltop.client.connection.opened", "counter", "{connection}", "Sockets opened."
)
CLOSED = Instrument(
    "pooltop.client.connection.closed", "counter", "{connection}", "Sockets closed, by the reason."
)
HANDSHAKES = Instrument(
    "pooltop.client.tls.handshakes", "counter", "{handshake}", "TLS handshakes completed."
)
RESUMED = Instrument(
    "pooltop.client.tls.resumed",
    "counter",
    "{handshake}",
    "Of these, those that took up a former session.",
)
SUBMITTED = Instrument(
    "pooltop.client.request.submitted", "counter", "{request}", "Requests begun."
)
QUEUED = Instrument(
    "pooltop.client.request.queued", "counter", "{request}", "Requests that had to wait."
)
ASSIGNED = Instrument(
    "pooltop.client.request.assigned", "counter", "{request}", "Requests given a socket."
)
REUSED = Instrument(
    "pooltop.client.request.reused",
    "counter",
    "{request}",
    "Of these, those given one that had carried a request before.",
)
STALE = Instrument(
    "pooltop.client.request.stale",
    "counter",
    "{request}",
    "Requests whose kept-alive socket was closed before it answered a byte.",
)
RETRIED = Instrument(
    "pooltop.client.request.retried", "counter", "{request}", "Of these, those sent again."
)
RESPONSES = Instrument(
    "pooltop.client.responses", "counter", "{response}", "Responses received whole, by status."
)
ERRORS = Instrument(
    "pooltop.client.request.errors", "counter", "{request}", "Failed requests, by cause."
)
BYTES = Instrument("pooltop.client.io", "counter", "By", "Bytes moved over sockets, TLS taken off.")

# Of a host of one of undici's dispatchers

STATS = Instrument(
    "pooltop.dispatcher.stats",
    "level",
    "",
    "undici's own numbers, under its names: connected, free, pending, queued, running, size.",
)
CLIENTS = Instrument(
    "pooltop.dispatcher.clients", "level", "{client}", "undici's clients that take requests."
)
SESSIONS = Instrument(
    "pooltop.pool.sessions", "level", "{session}", "Connections that carry an HTTP/2 session."
)
STREAMS = Instrument(
    "pooltop.pool.streams",
    "level",
    "{stream}",
    "Streams of all HTTP/2 sessions together: open, and free for more; +Inf without a limit.",
)
GOAWAYS = Instrument(
    "pooltop.pool.goaways", "counter", "{session}", "Sessions whose server said GOAWAY."
)
REFUSED = Instrument(
    "pooltop.pool.streams.refused", "counter", "{stream}", "Streams that a server refused unseen."
)
RESETS = Instrument(
    "pooltop.pool.streams.reset", "counter", "{stream}", "Streams that either side reset."
)
REQUEUED = Instrument(
    "pooltop.pool.requeued",
    "counter",
    "{request}",
    "Requests put back before those that wait, as what they ran on had ended unanswered.",
)

# Of a workload, and of its request classes

OFFERED = Instrument("pooltop.workload.offered", "counter", "{request}", "Arrivals that were due.")
SENT = Instrument("pooltop.workload.sent", "counter", "{request}", "Requests handed to the agent.")
DROPPED = Instrument(
    "pooltop.workload.dropped",
    "counter",
    "{request}",
    "Arrivals not sent: max_in_flight was reached.",
)
HELD = Instrument(
    "pooltop.workload.held",
    "counter",
    "{request}",
    "Arrivals that the breaker let not through; of users, requests that it delayed.",
)
PACED = Instrument(
    "pooltop.workload.paced",
    "counter",
    "{request}",
    "Requests of users that waited: all workloads together were at max_rate.",
)
LATE = Instrument(
    "pooltop.workload.late",
    "counter",
    "{request}",
    "Arrivals handed over more than 10 ms after their time.",
)
IN_FLIGHT = Instrument(
    "pooltop.workload.in_flight", "level", "{request}", "Requests that are not over."
)
RATE = Instrument(
    "pooltop.workload.rate", "level", "{request}/s", "Arrivals a second that are asked for."
)
USERS = Instrument("pooltop.workload.users", "level", "{user}", "Users that are asked for.")
WAITING = Instrument(
    "pooltop.workload.waiting", "level", "{user}", "Users that wait for their turn."
)
START_ERROR = Instrument(
    "pooltop.workload.start_error", "histogram", "s", "How late open arrivals were started."
)
CLASS_DURATION = Instrument(
    "pooltop.workload.request.duration",
    "histogram",
    "s",
    "Completed requests of a class, from the intended start to the last byte.",
)
CLASS_PHASE = Instrument(
    "pooltop.workload.request.phase",
    "histogram",
    "s",
    "What of that each phase took: earlier, queue, dns, tcp, tunnel, tls, send, wait, receive.",
)
CLASS_ERRORS = Instrument(
    "pooltop.workload.request.errors",
    "counter",
    "{request}",
    "Requests of a class that failed, or were not answered as expected.",
)
REDIRECTS = Instrument(
    "pooltop.workload.request.redirects",
    "counter",
    "{redirect}",
    "Redirects of a class that were followed.",
)

# Of a threshold

FAILS = Instrument(
    "pooltop.threshold.failed",
    "gauge",
    "",
    "1 while a threshold fails, 0 while it holds; none while it cannot be judged.",
)
VALUE = Instrument(
    "pooltop.threshold.value", "gauge", "", "What a threshold compares with its limit."
)
LIMIT = Instrument(
    "pooltop.threshold.limit", "gauge", "", "The limit of a threshold, in the value's unit."
)

# Of the engine

LAG = Instrument("pooltop.engine.loop_lag", "gauge", "s", "How late the engine's own timer ran.")
MEMORY = Instrument(
    "pooltop.engine.memory", "gauge", "By", "Resident memory of the engine's process."
)
INFO = Instrument("pooltop.engine.info", "gauge", "", "Always 1: which pooltop runs what.")
