"""What every front end sees: one consistent picture of an engine, at one instant.

In every AgentSnapshot and for every origin ``connecting + active + free + closing == total``.
A dispatcher of undici's is an AgentSnapshot too: ``options`` says its limits in an http.Agent's
words, and what only it has stands beside them. On its sockets several requests may run at a time,
as streams of an HTTP/2 session or one after the other in an HTTP/1.1 pipeline.

Counters and histograms are totals since the start: a rate or a quantile over a window is the
difference of two snapshots (``present`` does that; no widget computes a statistic).
All text from the network or a profile in here is *raw*; ``present.clean`` makes it showable.

What comes by the thousand is told without its fields' names (``array_like``), which is read twice
as fast; its new fields go to the end.

No value here can be part of a cycle, so none is known to Python's garbage collector (``gc=False``):
with 2,000 sockets it took 40 % of what a dashboard did, walking through each picture several times.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from pooltop.core.advising import AdvisorOptions
from pooltop.core.breaker import BreakerSnapshot
from pooltop.core.class_snapshot import ClassSnapshot
from pooltop.core.detail import HostDetail
from pooltop.core.dispatcher_snapshot import ClientInfo, SessionInfo
from pooltop.core.edits import EditRecord
from pooltop.core.histogram import Histogram
from pooltop.core.model import AgentOptions, OriginKey, RequestId, SocketId, Timeouts
from pooltop.core.rows import FeedSnapshot
from pooltop.core.sides import Sides
from pooltop.core.states import QueueReason, RequestState, SocketState
from pooltop.core.thresholds import ThresholdState
from pooltop.core.undici.options import DispatcherOptions
from pooltop.core.undici.records import Stats

HTTP_AGENT = "http.Agent"
"""``AgentSnapshot.kind`` of what is no dispatcher of undici's."""


class PhaseTimings(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Seconds spent in each phase; None where a phase did not happen (or not yet)."""

    queue: float | None = None
    dns: float | None = None
    tcp: float | None = None
    tunnel: float | None = None
    """TLS to a proxy, if it wants that, and its answer to CONNECT."""
    tls: float | None = None
    send: float | None = None
    wait: float | None = None
    """From the request being sent to the response's first byte."""
    receive: float | None = None
    total: float | None = None
    """From the intended start to the last byte."""


class TCPInfo(msgspec.Struct, array_like=True, frozen=True, kw_only=True, gc=False):
    """What the kernel knows of one connection; None where this kernel has no such number.

    Source: Linux include/uapi/linux/tcp.h, struct tcp_info.
    """

    at: float
    """When it was read: with very many sockets some seconds ago."""
    rtt: float | None = None
    """Smoothed round trip time in seconds; None until one was measured."""
    rtt_var: float | None = None
    """Mean deviation of the round trip time, in seconds."""
    min_rtt: float | None = None
    """Least round trip time of the last minutes, in seconds."""
    retransmits: int | None = None
    """How often the oldest unacknowledged segment was sent again without an answer so far."""
    retransmitted: int | None = None
    """Segments sent again since the connection began."""
    unacked: int | None = None
    """Segments sent and not yet acknowledged."""
    cwnd: int | None = None
    """Congestion window, in segments of ``mss``."""
    mss: int | None = None
    """Bytes of data in one segment at most."""
    delivery_rate: int | None = None
    """Bytes per second that arrived when it was last measured; None until then."""


class PeerCertificate(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a certificate says of itself; texts raw, to be cleaned before showing."""

    subject: str
    """Its common name, or the organisation where it has none; "" if neither."""
    issuer: str
    names: tuple[str, ...]
    """Subject alternative names: ``DNS:a.example``, ``IP Address:192.0.2.7``."""
    wall_not_before: float
    """Unix time from which it is valid."""
    wall_not_after: float
    """Unix time at which it expires."""


class SocketInfo(msgspec.Struct, array_like=True, frozen=True, kw_only=True, gc=False):
    """One socket, in use or idle."""

    id: SocketId
    state: SocketState
    opened_at: float
    """Monotonic seconds, as all ``..._at`` here."""
    since: float
    """When it came into its state."""
    connected_at: float | None = None
    requests: int = 0
    """Requests carried, the present one included."""
    busy_s: float = 0.0
    """Seconds in use since it was connected, up to this instant."""
    request: RequestId | None = None
    """Whose it is, until that is settled: a socket that closes may have none any more. Where it
    carries several, the oldest of them; ``OriginSnapshot.running`` has all."""
    local: str = ""
    remote: str = ""
    """Address and port that were really connected to: a proxy's, where there is one."""
    via: str = ""
    """URL of the proxy on its way, without user and password; "" for a direct connection."""
    tls: str = ""
    """Protocol and cipher, e.g. "TLSv1.3 TLS_AES_256_GCM_SHA384"; empty for plain http."""
    tls_resumed: bool | None = None
    verified: bool | None = None
    """False when the certificate was accepted without verification."""
    alpn: str | None = None
    """The protocol agreed upon in the handshake; None if none was."""
    certificate: int | None = None
    """Index in its OriginSnapshot's ``certificates``; None for plain http and outside of one."""
    attempts: int | None = None
    """Addresses that were tried until one answered, that one included; None until then."""
    dns: float | None = None
    """Seconds of the look-up; None where there was none: a Unix socket, a caller's own way."""
    tcp: float | None = None
    """Seconds of connecting, of a Unix socket too; all that a caller's own way took."""
    tunnel: float | None = None
    """Seconds until a proxy had made its tunnel; None where there is none."""
    handshake: float | None = None
    """Seconds of the TLS handshake."""
    bytes_in: int = 0
    bytes_out: int = 0
    free_timeout_ms: float = 0
    """While idle: it is closed after so long; 0 means never."""
    hint: str = ""
    """The last Keep-Alive header the server sent."""
    kernel: TCPInfo | None = None
    """As of the last look of a snapshot; None where the kernel was not asked, or cannot tell."""
    client: int | None = None
    """Number of the client of undici's whose connection it is; None of an http.Agent."""
    session: SessionInfo | None = None
    """None for HTTP/1.1, and while it is not known what is spoken."""
    unread_since: float | None = None
    """Since when nobody has read on in the response that is here; None where nothing waits to be
    read. Of the oldest request on a socket that carries several."""


class RequestInfo(msgspec.Struct, array_like=True, frozen=True, kw_only=True, gc=False):
    """One request that is queued or on a socket."""

    id: RequestId
    state: RequestState
    method: str
    target: str
    """Path; a query is only marked ``?...``, as it may hold a secret."""
    label: str = ""
    """Workload and request class, e.g. "browse/cart"; empty for library calls."""
    submitted_at: float
    """The intended start."""
    why: QueueReason | None = None
    """Why it had to queue; None if it did not."""
    socket: SocketId | None = None
    overtaken_by: int = 0
    """Younger requests of the same origin that were served first."""
    aborted: bool = False
    """Given up by its caller but still in the queue, as Node leaves it."""
    client: int | None = None
    """While it waits: the client of undici's in whose queue it is; None in a pool's own."""
    stream: int | None = None
    """Its stream's id in the HTTP/2 session of its socket; None for HTTP/1.1."""
    parent: RequestId | None = None
    """The request of this agent's whose response its caller had not finished with as it began: a
    nested call. None for any other, and where that is over."""


class OriginCounters(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Totals of one origin since the agent was made."""

    submitted: int = 0
    completed: int = 0
    """Responses received whole, whatever their status."""
    failed: dict[str, int] = {}
    """Outcome to count: the error's code, or what is known better: "stale reuse", or "queue clock",
    "connect clock" and the like where a clock of ``Timeouts`` ran out. ``causes`` groups them."""
    statuses: dict[int, int] = {}
    """Status code to count."""
    queued: int = 0
    """Requests that had to wait."""
    opened: int = 0
    """Sockets opened."""
    connected: int = 0
    handshakes: int = 0
    """TLS handshakes completed with the origin; for plain http with a proxy that wants TLS."""
    resumed: int = 0
    """Of these, those that took up a former session."""
    handshake_s: float = 0.0
    """Seconds that these took, all together: from being connected to the last word."""
    handshake_cpu_s: float = 0.0
    """CPU seconds that this process spent in these, all together; the server's are not known. By
    the thread's own clock around each step of OpenSSL's."""
    closed: dict[str, int] = {}
    """CloseReason to count."""
    reused: int = 0
    """Requests given a socket that had carried one before (Node's reusedSocket misses
    hand-overs; this does not)."""
    assigned: int = 0
    stale_reuse: int = 0
    """Requests whose socket had served before and was closed before it answered a byte: those that
    failed of it, and those that were sent again."""
    retried: int = 0
    """Of these, sent again (``retry_stale``): each is submitted once, assigned twice."""
    bytes_in: int = 0
    bytes_out: int = 0
    requeued: int = 0
    """Times that a request which ran was put back before those that wait, its connection or its
    session having ended before it was answered."""
    refused: int = 0
    """Streams that a server refused without having looked at them (REFUSED_STREAM)."""
    goaways: int = 0
    """Sessions whose server said GOAWAY."""
    resets: int = 0
    """Streams that either side reset."""
    pings: int = 0
    """PINGs that were answered."""
    peers: dict[str, int] = {}
    """Requests carried by address and port that was connected to, as far as there are several;
    empty for one peer."""
    passed: int = 0
    """Of a BalancedPool: requests that waited under another upstream's name and came here, less
    those that waited here and went to another."""

    @property
    def faults(self) -> int:
        """Failed requests; those given up by our stop or an operator are not the server's fault."""
        return sum(n for outcome, n in self.failed.items() if not _is_ours(outcome))


def _is_ours(outcome: str) -> bool:
    # Of errors.OperatorError, whatever the operator did.
    return outcome in ("ERR_AGENT_CLOSED", "ERR_HELD_BACK") or outcome.endswith(" by operator")


class OriginLatency(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Durations of one origin since the agent was made, in seconds."""

    queue: Histogram = Histogram()
    """Time in the queue of every request that was given a socket; 0 if it did not queue."""
    connect: Histogram = Histogram()
    """dns + tcp + tls, one per connection."""
    wait: Histogram = Histogram()
    """Request sent to first byte."""
    total: Histogram = Histogram()
    """Intended start to last byte, of completed requests."""
    life: Histogram = Histogram()
    """Connected to closed, one per connection that is closed."""
    odd_lease: Histogram = Histogram()
    """How long completed requests had a connected socket: of those for whom that was not just their
    ``wait``. For most it is: they are sent at once, and answered in one piece."""
    odd_wait: Histogram = Histogram()
    """And their ``wait``."""

    @property
    def lease(self) -> Histogram:
        """How long completed requests had a connected socket, until the last byte."""
        return self.wait.since(self.odd_wait).plus(self.odd_lease)


class TimeWait(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Closed connections to an origin's peers that the kernel still holds, by who closed first.

    Of all processes in the same network namespace: they share the ports.
    """

    at: float
    """When they were counted."""
    ours: int
    """This side closed first: for a minute, each keeps a local port from this peer."""
    fullest: int
    """The most of ``ours`` to one peer: of the local ports each peer can have all."""
    theirs: int | None = None
    """The peer closed first; None where no peer is on this machine, for it is held there."""


class Moved(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Sockets to addresses that their host's name leads to no more."""

    since: float
    """When the first look-up was that did not give the address of the oldest of them."""
    count: int
    """How many of them are open."""
    lifetime_s: float
    """How long an answer is used again at most: what is opened after that goes elsewhere."""


class OriginSnapshot(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One row of the host table."""

    key: OriginKey
    scheme: str
    host: str
    port: int
    apart: str = ""
    """What tells it from others of the same host and port, as "unix:/run/a.sock", "from 127.0.0.2",
    "as other.example" (SNI); empty where nothing does."""
    sockets: tuple[SocketInfo, ...] = ()
    """Node's list: in use, connecting, and dying while in use; in Node's order."""
    free_sockets: tuple[SocketInfo, ...] = ()
    """Node's list, oldest first."""
    requests: tuple[RequestInfo, ...] = ()
    """The head of the queue, oldest first: at most as many as the source asks for."""
    running: tuple[RequestInfo, ...] = ()
    """Requests on a socket, in the order of ``sockets``, and of one socket in the order in which
    they were sent. In state "ended" are those whose response
    is complete, counted as such, and whose socket is still theirs: as a rule because all of the
    request has not left yet."""
    queued: int = 0
    """Length of the whole queue, aborted ones included."""
    queued_failed: int = 0
    """Of ``queued``, those that are counted as failed already: the tunnel that was opened for them
    failed, and Node leaves them in its queue."""
    oldest_queued_at: float | None = None
    connecting: int = 0
    active: int = 0
    free: int = 0
    closing: int = 0
    total: int = 0
    tunnelling: int = 0
    """Sockets that Node does not count yet: their tunnel through a proxy is not up."""
    tunnelling_since: float | None = None
    """When the oldest of these was opened; None without any."""
    tunnel_requests: int = 0
    """Requests that wait for one of these to be theirs: neither queued nor running."""
    counters: OriginCounters = OriginCounters()
    latency: OriginLatency = OriginLatency()
    failures: dict[str, str] = {}
    """Of each outcome in ``counters.failed`` the last message, raw and cut off where it is long."""
    timeout_events: int = 0
    """Node's 'timeout' events: signals only, that close nothing but attempts at tunnels."""
    verified: bool = True
    """False where its certificates are accepted unchecked."""
    certificates: tuple[PeerCertificate, ...] = ()
    """The different ones that the servers of its sockets showed: as a rule a single one."""
    time_wait: TimeWait | None = None
    """As last counted; None where the kernel was not asked, or does not tell."""
    own_limits: dict[str, float] = {}
    """Those of the agent's limits that this host has another number for, by the option's name; inf
    is no limit. ``capacity.options_of`` puts them in."""
    timeouts: Timeouts | None = None
    """The clocks that it has for itself; None for the agent's."""
    initial_limits: dict[str, float] = {}
    """``own_limits`` as the profile, or the constructor, had them."""
    stats: Stats | None = None
    """undici's own numbers; None of an http.Agent, and of an origin that a dispatcher forgot."""
    clients: tuple[ClientInfo, ...] = ()
    """Of a dispatcher of undici's, in the order in which it made them."""
    probing: bool = False
    """undici: the first client learns which protocol is spoken, and the others wait for it."""
    protocol: str = ""
    """What the last connection chose, "h1" or "h2"; "" where it is not known, or not told."""
    weight: float | None = None
    """Of an upstream of a BalancedPool: what it weighs now; None for any other origin."""
    queued_given_up: int = 0
    """Of ``queued``, those that nobody waits for any more, and that Node leaves there until their
    turn: ``queued_failed`` are among them."""
    moved: Moved | None = None
    """As last looked up; None where no socket leads elsewhere than its name does, or the name is an
    address."""

    @property
    def authority(self) -> str:
        """Where it is, ``host:port``: what a profile calls it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def under_way(self) -> int:
        """Requests that are not over: queued, waiting for their tunnel, or on a socket.

        At every instant ``submitted + passed == completed + sum(failed.values()) + under_way``.
        """
        on_socket = sum(request.state is not RequestState.ENDED for request in self.running)
        return on_socket + self.tunnel_requests + self.queued - self.queued_failed


class AgentSnapshot(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One agent with its pools."""

    name: str
    options: AgentOptions
    initial_options: AgentOptions
    """As the profile, or the constructor, had them: what "changed" is measured against."""
    timeouts: Timeouts = Timeouts()
    codec: str = "h11"
    verify: bool = True
    bounds: dict[str, tuple[float, float]] = {}
    """Option to the least and the most that the profile lets it be edited to without a question."""
    origins: tuple[OriginSnapshot, ...] = ()
    """In the order in which they were first used. An agent with a thousand of them forgets those
    that have neither socket nor request: used again, they begin at nothing."""
    total_socket_count: int = 0
    agents_made: int | None = None
    """How many agents were made, one for each request (``AgentOptions.per_request``), for the
    origins that are remembered; None for one agent."""
    ceiling: float | None = None
    """Sockets per host that no edit leads beyond; None for no limit."""
    dispatcher: DispatcherOptions | None = None
    """The options of a dispatcher of undici's, of which ``options`` says the limits in other words;
    None of an http.Agent."""
    initial_dispatcher: DispatcherOptions | None = None
    """Likewise ``initial_options``."""

    @property
    def kind(self) -> str:
        """What it is, by the name that profiles have for it."""
        return HTTP_AGENT if self.dispatcher is None else self.dispatcher.kind


class WorkloadSnapshot(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One workload's delivery: what was offered and what became of it."""

    name: str
    agent: str
    target: str
    """Origin key label ``host:port``."""
    state: str
    """"running", "paused", "stopped" or "done"."""
    pattern: str
    """In words, e.g. "open poisson 50/s", "closed 8 users"."""
    model: Literal["open", "closed"] = "open"
    rate: float | None = None
    """Arrivals per second that are asked for now; None for a closed model."""
    users: int | None = None
    """Users that are asked for now, beside which some may end a last request; None for an open
    model."""
    initial_rate: float | None = None
    """As the profile had it."""
    initial_users: int | None = None
    """Likewise."""
    offered: int = 0
    """Arrivals that were due."""
    sent: int = 0
    """Handed to the agent."""
    dropped: int = 0
    """Not sent because max_in_flight was reached."""
    late: int = 0
    """Handed over more than 10 ms after their time."""
    in_flight: int = 0
    completed: int = 0
    failed: int = 0
    lateness: Histogram = Histogram()
    """Start-time error of open arrivals, in seconds."""
    latency: Histogram = Histogram()
    """Intended start to last byte of its completed requests, in seconds."""
    classes: tuple[ClassSnapshot, ...] = ()
    """What became of each of its request classes, in the profile's order; their sum is what is
    said of all."""
    unexpected: int = 0
    """Of the completed, those that were not as the profile expects."""
    paced: int = 0
    """Requests that its users started later than they could, because all workloads together were
    at ``Snapshot.max_rate``."""
    waiting: int = 0
    """Users that wait for their turn now, for the same reason."""
    held: int = 0
    """Arrivals that the breaker let not through; of users, requests that it delayed."""
    breaker: BreakerSnapshot | None = None
    """How it stands; None for a workload without one."""
    heading_for: float | None = None
    """The rate, or users, that an edit leads to: ``rate`` or ``users`` is on its way there; None
    where it has arrived."""
    data: FeedSnapshot | None = None
    """How far it has come with the rows of its data; None without any."""
    arrival: Literal["constant", "poisson"] | None = None
    """How an open model's arrivals are spaced; None for a closed one, and where it is not told."""
    think_s: tuple[float, float] = (0.0, 0.0)
    """The least and the most seconds that a closed model's user thinks, evenly spread between."""
    max_in_flight: int | None = None
    """Open model: an arrival beyond so many under way is not sent; None for a closed model."""

    @property
    def errors(self) -> int:
        """Requests that failed or whose response was not as expected."""
        return self.failed + self.unexpected


class ProcessFacts(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The engine process itself."""

    pid: int = 0
    rss_bytes: int | None = None
    cpu_s: float = 0.0
    """CPU seconds used since the start."""
    open_fds: int | None = None
    max_fds: int | None = None
    local_ports: int | None = None
    """Ports that the kernel may give to outgoing connections, to each peer so many."""
    loop_lag_s: float = 0.0
    """How late the snapshot timer ran: what the engine's loop itself adds."""
    fd_ceiling: int | None = None
    """Descriptors that may be open before a dial is refused; None for no ceiling."""


class Snapshot(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One instant of a whole engine."""

    seq: int
    """Counts from 1, one more with every snapshot of an engine."""
    at: float
    """Monotonic seconds of the engine's clock: compare only within one engine."""
    wall_at: float
    """Unix time of the same instant, for headers only."""
    profile: str = ""
    environment: str | None = None
    agents: tuple[AgentSnapshot, ...] = ()
    workloads: tuple[WorkloadSnapshot, ...] = ()
    process: ProcessFacts = ProcessFacts()
    edits: tuple[EditRecord, ...] = ()
    """The latest accepted edits, oldest first."""
    auto_revert_s: float | None = None
    """How long an edit is left in force unless it is kept; None for good."""
    details: tuple[HostDetail, ...] = ()
    """Of the hosts that are looked at (``detail.Watch``)."""
    thresholds: tuple[ThresholdState, ...] = ()
    """What the run must hold, in the profile's order; judged once a second, and at its end."""
    max_rate: float | None = None
    """Requests per second that all workloads together may start; None for no limit."""
    compare: Sides | None = None
    """Two of its agents that are set against each other; None for none."""
    advisor: AdvisorOptions = AdvisorOptions()
    """How what is told here is judged, by whoever watches."""


class JournalEntry(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One line of the event log, as the engine told it; text raw, to be cleaned before showing."""

    seq: int
    at: float
    wall_at: float
    kind: str
    """A word: OPEN CLOSE EDIT ERROR QUEUE SILENT RETRY LOAD INFO; of undici's also CLIENT, PROTO
    and GOAWAY."""
    agent: str = ""
    host: str = ""
    text: str = ""
