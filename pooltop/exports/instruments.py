"""The instruments of pooltop: one table for Prometheus and for OpenTelemetry.

Names are OpenTelemetry's where it has one, ``http.client.request.time_in_queue`` is .NET's, and
the rest are those of ``db.client.connection.*`` and its like under ``pooltop.``. Prometheus has
them with underscores, the unit and ``_total`` (its own rules, and OpenTelemetry's for it).

Source: OpenTelemetry semantic conventions, HTTP client metrics and database client metrics; .NET
System.Net.Http metrics.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, NamedTuple

Kind = Literal["counter", "level", "gauge", "histogram"]
"""A level can be added up over hosts, as OpenTelemetry's UpDownCounter; a gauge cannot."""
_SUFFIXES = {"s": "_seconds", "By": "_bytes"}


class Attribute(StrEnum):
    """What tells points of an instrument apart, by its name in OpenTelemetry."""

    AGENT = "pooltop.agent"
    ADDRESS = "server.address"
    PORT = "server.port"
    SCHEME = "url.scheme"
    APART = "pooltop.apart"
    """What tells a host from others of the same address and port: a Unix socket, another SNI."""
    STATE = "http.connection.state"
    REASON = "pooltop.reason"
    ERROR = "error.type"
    CAUSE = "pooltop.cause"
    """What ``error.type`` says more roughly: OpenTelemetry's "timeout" is three causes."""
    STATUS = "http.response.status_code"
    DIRECTION = "network.io.direction"
    WORKLOAD = "pooltop.workload"
    CLASS = "pooltop.class"
    THRESHOLD = "pooltop.threshold"
    PROFILE = "pooltop.profile"
    ENVIRONMENT = "pooltop.environment"
    VERSION = "pooltop.version"

    @property
    def label(self) -> str:
        """Its name in Prometheus."""
        return _SHORT.get(self) or self.removeprefix("pooltop.").replace(".", "_")


_SHORT = {Attribute.STATE: "state", Attribute.DIRECTION: "direction"}


class Instrument(NamedTuple):
    """One thing that is measured."""

    name: str
    """OpenTelemetry's."""
    kind: Kind
    unit: str
    """As UCUM has it: "s", "By", "1", or a noun in braces."""
    meaning: str

    @property
    def family(self) -> str:
        """Its name in Prometheus, without the ``_total`` of a counter."""
        return self.name.replace(".", "_") + _SUFFIXES.get(self.unit, "")


def _counter(name: str, unit: str, meaning: str) -> Instrument:
    return Instrument(name, "counter", unit, meaning)


def _gauge(name: str, unit: str, meaning: str) -> Instrument:
    return Instrument(name, "gauge", unit, meaning)


def _level(name: str, unit: str, meaning: str) -> Instrument:
    return Instrument(name, "level", unit, meaning)


def _durations(name: str, meaning: str) -> Instrument:
    return Instrument(name, "histogram", "s", meaning)


DURATION = _durations(
    "http.client.request.duration",
    "Completed requests, from the intended start to the last byte.",
)
TIME_IN_QUEUE = _durations(
    "http.client.request.time_in_queue",
    "Until a request was given a socket; 0 for one that did not queue.",
)
OPEN = _level("http.client.open_connections", "{connection}", "Connected sockets, in use or idle.")
ACTIVE = _level(
    "http.client.active_requests", "{request}", "Requests that are not over, queued ones included."
)
WAIT = _durations("pooltop.client.request.wait", "From the request being sent to the first byte.")
CONNECT = _durations("pooltop.client.connection.create_time", "dns, tcp and tls of a connection.")
SOCKETS = _level("pooltop.client.sockets", "{connection}", "Sockets by state, all of them.")
MAX = _level(
    "pooltop.client.connection.max",
    "{connection}",
    "Sockets that a host can have, in use or connecting; +Inf without a limit.",
)
IDLE_MAX = _level(
    "pooltop.client.connection.idle.max",
    "{connection}",
    "Idle sockets that are kept for a host; +Inf without a limit.",
)
TOTAL_MAX = _level(
    "pooltop.client.connection.total.max",
    "{connection}",
    "Sockets that an agent can have over all hosts; +Inf without a limit.",
)
PENDING = _level(
    "pooltop.client.connection.pending_requests", "{request}", "Requests in the queue."
)
OLDEST = _gauge(
    "pooltop.client.connection.pending_oldest", "s", "How long the oldest in the queue is there."
)
TIMEOUTS = _counter(
    "pooltop.client.connection.timeouts",
    "{timeout}",
    "Requests that failed because no socket came free in time.",
)
OPENED = _counter("pooltop.client.connection.opened", "{connection}", "Sockets opened.")
CLOSED = _counter(
    "pooltop.client.connection.closed", "{connection}", "Sockets closed, by the reason."
)
HANDSHAKES = _counter("pooltop.client.tls.handshakes", "{handshake}", "TLS handshakes completed.")
RESUMED = _counter(
    "pooltop.client.tls.resumed", "{handshake}", "Of these, those that took up a former session."
)
SUBMITTED = _counter("pooltop.client.request.submitted", "{request}", "Requests begun.")
QUEUED = _counter("pooltop.client.request.queued", "{request}", "Requests that had to wait.")
ASSIGNED = _counter("pooltop.client.request.assigned", "{request}", "Requests given a socket.")
REUSED = _counter(
    "pooltop.client.request.reused",
    "{request}",
    "Of these, those given one that had carried a request before.",
)
STALE = _counter(
    "pooltop.client.request.stale",
    "{request}",
    "Requests whose kept-alive socket was closed before it answered a byte.",
)
RETRIED = _counter("pooltop.client.request.retried", "{request}", "Of these, those sent again.")
RESPONSES = _counter(
    "pooltop.client.responses", "{response}", "Responses received whole, by status."
)
ERRORS = _counter("pooltop.client.request.errors", "{request}", "Failed requests, by cause.")
BYTES = _counter("pooltop.client.io", "By", "Bytes moved over sockets, TLS taken off.")
OFFERED = _counter("pooltop.workload.offered", "{request}", "Arrivals that were due.")
SENT = _counter("pooltop.workload.sent", "{request}", "Requests handed to the agent.")
DROPPED = _counter(
    "pooltop.workload.dropped", "{request}", "Arrivals not sent: max_in_flight was reached."
)
LATE = _counter(
    "pooltop.workload.late", "{request}", "Arrivals handed over more than 10 ms after their time."
)
IN_FLIGHT = _level("pooltop.workload.in_flight", "{request}", "Requests that are not over.")
RATE = _level("pooltop.workload.rate", "{request}/s", "Arrivals a second that are asked for.")
USERS = _level("pooltop.workload.users", "{user}", "Users that are asked for.")
START_ERROR = _durations("pooltop.workload.start_error", "How late open arrivals were started.")
CLASS_DURATION = _durations(
    "pooltop.workload.request.duration",
    "Completed requests of a class, from the intended start to the last byte.",
)
CLASS_ERRORS = _counter(
    "pooltop.workload.request.errors",
    "{request}",
    "Requests of a class that failed, or were not answered as expected.",
)
FAILS = _gauge(
    "pooltop.threshold.failed",
    "1",
    "1 while a threshold fails, 0 while it holds; none while it cannot be judged.",
)
VALUE = _gauge("pooltop.threshold.value", "1", "What a threshold compares with its limit.")
LIMIT = _gauge("pooltop.threshold.limit", "1", "The limit of a threshold, in the value's unit.")
LAG = _gauge("pooltop.engine.loop_lag", "s", "How late the engine's own timer ran.")
MEMORY = _gauge("pooltop.engine.memory", "By", "Resident memory of the engine's process.")
INFO = _gauge("pooltop.engine.info", "1", "Always 1: which pooltop runs what.")
