"""The values that say what a pool is and what traffic it gets: frozen, shared by all layers.

Rules of this file: no behaviour beyond deriving one value from another; units are in the
name, or the type says them; ``math.inf`` always means "no limit".
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple, NewType

import msgspec

from pooltop.core.advising import AdvisorOptions
from pooltop.core.clocks import TimeoutMode
from pooltop.core.exporting import Exports
from pooltop.core.names import http_name, https_name
from pooltop.core.safety import Safety
from pooltop.core.sides import Sides
from pooltop.core.thresholds import Threshold
from pooltop.core.traffic import Workload
from pooltop.core.undici.options import DispatcherOptions

OriginKey = NewType("OriginKey", str)
"""What Node's ``agent.getName()`` gives: the name under which sockets are pooled."""
SocketId = NewType("SocketId", int)
"""Counts from 1 in the order in which one agent opens its sockets."""
RequestId = NewType("RequestId", int)
"""Counts from 1 in the order in which one agent was given its requests."""


class HostId(NamedTuple):
    """What tells one host of one agent from all others, however they are sorted."""

    agent: str
    origin: OriginKey


Scheduling = Literal["lifo", "fifo"]
Live = Literal["node", "drain"]
Codec = Literal["h11", "llhttp"]
H2Codec = Literal["h2", "nghttp2"]
"""Who speaks HTTP/2: the h2 library, or libnghttp2, which Node has."""
Protocol = Literal["http:", "https:"]

DEFAULT_PORTS = {"http": 80, "https": 443}


class TLSOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How an agent's https connections are secured.

    What Node has beyond it cannot be had of Python's ssl module: ``profiles.unavailable`` has why.
    """

    ca: tuple[str, ...] = ()
    """PEM files (paths) to trust; empty means the system's own."""
    cert: str | None = None
    """Client certificate: path of a PEM file."""
    key: str | None = None
    """Client certificate's private key: path of a PEM file."""
    passphrase: str | None = None
    """Of ``key``; never shown."""
    verify: bool | None = None
    """Node's rejectUnauthorized. False accepts any certificate, and is always marked on screen;
    None checks as True does. An agent's True cannot be undone by a request, and is a key's own."""
    servername: str | None = None
    """SNI and the name that is verified; None takes the Host header's, or the host. "" sends no
    SNI."""
    ciphers: str | None = None
    """OpenSSL's list for TLS 1.2; those of TLS 1.3 cannot be chosen. None for Node's default."""
    min_version: str | None = None
    """``TLSv1.2`` or ``TLSv1.3``; None for TLS 1.2, as Node."""
    max_version: str | None = None
    """Likewise; None for the newest."""
    ecdh_curve: str | None = None
    """The one curve offered: ``P-256``, ``X25519``; None or ``auto`` for OpenSSL's own list."""
    crl: tuple[str, ...] = ()
    """PEM files (paths) of revoked certificates; with any, every certificate is looked up."""
    secure_options: int | None = None
    """Bits of OpenSSL's SSL_OP_* to set besides its own; None for none."""
    keylog_file: str | None = None
    """A file to which the secrets of every handshake are appended, to decrypt captured traffic
    with (SSLKEYLOGFILE); None for none. Node's 'keylog' event. Not part of the key."""

    def __repr__(self) -> str:
        """Show what is not the default, and whether certificates are checked; no passphrase."""
        shown = [
            f"{name}={value!r}, "
            for name, default in zip(
                self.__struct_fields__, TLSOptions.__struct_defaults__, strict=True
            )
            if (value := getattr(self, name)) != default and name not in ("passphrase", "verify")
        ]
        return f"TLSOptions({''.join(shown)}verify={self.verifies})"

    @property
    def verifies(self) -> bool:
        """Certificates are checked."""
        return self.verify is not False


class ProxyEnv(msgspec.Struct, frozen=True, kw_only=True):
    """Which proxies an agent uses, in the words of the environment; None and "" for none."""

    http_proxy: str | None = None
    """URL of the proxy for http requests."""
    https_proxy: str | None = None
    """URL of the proxy for https requests, which are tunnelled (CONNECT)."""
    no_proxy: str | None = None
    """Comma-separated hosts that are reached directly: ``*``, ``host``, ``host:port``,
    ``.suffix``, ``*.suffix``, ``192.0.2.1-192.0.2.9``."""

    def __repr__(self) -> str:
        """Leave the URLs out: they may hold a password."""
        return f"ProxyEnv(no_proxy={self.no_proxy!r})"


class Timeouts(msgspec.Struct, frozen=True, kw_only=True):
    """The clocks of a request, in seconds; None means no limit.

    In mode "fail" they are pooltop's own: when one runs out the request fails, and its slot is
    freed. In mode "node" there is what Node has: ``idle`` alone, and that only tells.
    """

    mode: TimeoutMode = "fail"
    """What a clock that runs out does.

    "fail": the request fails with a RequestTimeout that names the clock, and its socket is
    destroyed. "node": ``idle`` is Node's request option ``timeout``. It runs from the request's
    being given a socket (the dial included, the queue not) and tells of each silence once, by
    the event TimeoutRaised; nothing fails, nothing is closed, nothing is freed. It takes the place
    of the agent's ``timeout``, and 0 switches that off for the request; more than Node's longest
    timer, 24.8 days, is that. The other clocks do not exist: they are not looked at. Node's quirks
    are kept: one that is equal to the agent's ``timeout`` is ignored, so that on a socket which a
    Keep-Alive hint has given less, the hint's counts, and on a socket that was handed over from
    another request none does. And of a tunnel through a proxy it is a limit: after so long without
    a word of the proxy's the attempt ends, and its request with it, be it in the queue yet; there
    0 leaves the agent's in force.

    Source: Node v24 lib/_http_agent.js createSocket, setRequestSocket, lib/https.js
    establishTunnel, lib/_http_client.js responseKeepAlive.
    """
    queue: float | None = None
    """From entering the queue to being given a socket."""
    connect: float | None = None
    """From the dial's start until the connection can carry bytes: dns + tcp + tls."""
    dns: float | None = None
    """The look-up alone, within ``connect``."""
    tcp: float | None = None
    """From the look-up's end to the TCP connection, all attempts together, within ``connect``."""
    tls: float | None = None
    """The TLS handshake alone, within ``connect``."""
    idle: float | None = None
    """Between two signs of life on the socket while the request has it: until its response is
    read, and all of the request has left. A body's slow reader on our side stops it."""
    total: float | None = None
    """From the intended start, the queue included, to the last byte of the response, and until
    all of the request has left."""
    free: float | None = None
    """How long an idle socket is kept, above 0. The only clock that no request fails of. None: the
    agent's ``timeout`` alone decides, and with it the server's hint, as in Node. With it the
    shortest of the three counts, the hint also where the agent has no timeout and Node would not
    look at it."""


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where requests go and what tells their sockets apart."""

    scheme: Literal["http", "https"]
    host: str
    port: int
    local_address: str | None = None
    """Address to bind to before connecting; part of the key."""
    family: Literal[4, 6] | None = None
    """IP version to use; part of the key when given."""
    socket_path: str | None = None
    """A unix socket to connect to instead of host and port; part of the key when given."""
    servername: str | None = None
    """https only, from the Host header: part of the key when it differs from the host. What
    ``tls`` says goes before it. "" sends no SNI: the host is an address."""
    tls: TLSOptions | None = None
    """https only: how this origin's connections are secured, all of it part of the key; None for
    the defaults."""

    @property
    def key(self) -> OriginKey:
        """Node's key for these options: see ``names``."""
        options: dict[str, object] = {
            "host": self.host,
            "port": self.port,
            "localAddress": self.local_address,
            "family": self.family,
            "socketPath": self.socket_path,
        }
        if self.scheme == "http":
            return OriginKey(http_name(options))
        options["servername"] = self.server_name
        tls = self.tls
        if tls is not None:
            options["ca"] = tls.ca
            options["cert"] = tls.cert
            options["ciphers"] = tls.ciphers
            options["key"] = tls.key
            options["rejectUnauthorized"] = tls.verify
            options["minVersion"] = tls.min_version
            options["maxVersion"] = tls.max_version
            options["crl"] = tls.crl
            options["ecdhCurve"] = tls.ecdh_curve
            options["secureOptions"] = tls.secure_options
        return OriginKey(https_name(options))

    @property
    def server_name(self) -> str | None:
        """What SNI says and the certificate is checked against; None or "" for the host alone."""
        if self.tls is not None and self.tls.servername is not None:
            return self.tls.servername
        return self.servername

    @property
    def apart(self) -> str:
        """What tells it from others of the same host and port, in words; "" where nothing does."""
        words = []
        if self.socket_path:
            words.append(f"unix:{self.socket_path}")
        if self.local_address:
            words.append(f"from {self.local_address}")
        if self.family is not None:
            words.append(f"IPv{self.family}")
        if self.scheme == "https" and self.server_name and self.server_name != self.host:
            words.append(f"as {self.server_name}")
        return ", ".join(words)

    @property
    def label(self) -> str:
        """``host:port``, and what tells it apart."""
        apart = self.apart
        return f"{self.authority} ({apart})" if apart else self.authority

    @property
    def authority(self) -> str:
        """``host:port``, an IPv6 host in brackets."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def host_header(self) -> str:
        """The Host field: the port is left out where it is the scheme's own (RFC 9112, 3.2)."""
        if self.port == DEFAULT_PORTS[self.scheme]:
            return self.authority.rpartition(":")[0]
        return self.authority


class AgentOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What ``new http.Agent(options)`` takes, in snake_case, with Node's units and defaults.

    Source: Node v24 lib/_http_agent.js, Agent().
    """

    keep_alive: bool = False
    """Keep idle sockets for later requests; off closes them when no request is queued."""
    keep_alive_msecs: float = 1000
    """Delay of the first TCP keep-alive *probe* in ms. Not how long an idle socket is kept."""
    agent_keep_alive_timeout_buffer: float = 1000
    """Taken off a server's ``Keep-Alive: timeout=N``, in ms, so that we close first."""
    max_sockets: float = math.inf
    """Sockets per origin key; inf means no limit."""
    max_total_sockets: float = math.inf
    """Sockets over all origins, in use and idle together; inf means no limit."""
    max_free_sockets: float = 256
    """Idle sockets kept per origin key."""
    scheduling: Scheduling = "lifo"
    """Which idle socket is taken: the one freed last, or the one freed first."""
    timeout: float = 0
    """Socket inactivity in ms; 0 means none. Closes an idle socket; on a busy one it is only an
    event, as in Node."""
    live: Live = "node"
    """What an edit does at once: "node" what Node does (often nothing), "drain" what an operator
    expects."""
    retry_stale: bool = False
    """Send a request once more when its kept-alive socket turned out to be closed, if it may be
    had twice (idempotent by RFC 9110, 9.2.2, or so marked) and its body can be sent again. Of an
    origin's requests no more than ten and a tenth are. Not Node's: there such a request fails, and
    so it does here unless asked for."""
    per_request: bool = False
    """A new agent for every request: the classic mistake, as a mode (rules/release.py). Nothing is
    ever used twice, and every limit binds within one agent only. It cannot be edited."""
    max_cached_sessions: float = 100
    """TLS sessions kept for resuming, one per origin key, the oldest inserted evicted first; 0
    keeps none."""
    protocol: Protocol | None = None
    """The only scheme that requests may have, as one Agent class of Node has; None takes both."""
    default_port: int | None = None
    """Port of URLs that have none; None for the scheme's own."""
    host: str | None = None
    """Where to connect whatever the URL says, which keeps its say in the Host header; None for the
    URL's host. Node: agent options override the request's."""
    port: int | None = None
    """Likewise."""
    local_address: str | None = None
    """Address to bind to before connecting; None leaves it to the system."""
    family: Literal[4, 6] | None = None
    """IP version to use; None for either, raced (RFC 8305)."""
    socket_path: str | None = None
    """A unix socket to connect to instead of host and port."""
    no_delay: bool = True
    """TCP_NODELAY: small writes are sent at once."""


HOST_LIMITS = ("max_sockets", "max_free_sockets")
"""The options that a host can have a number of its own for: Node's count per origin."""


class HostOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent does otherwise for one host: pooltop's own, for Node's agent has one number.

    None leaves a thing to the agent. The host is where the connection leads, ``host:port``.
    """

    max_sockets: float | None = None
    """Sockets of this host, 1 or more; inf means no limit."""
    max_free_sockets: float | None = None
    """Idle sockets kept of this host, 1 or more; inf means no limit."""
    timeouts: Timeouts | None = None
    """Clocks of its requests, all of them: nothing of the agent's is added."""
    tls: TLSOptions | None = None
    """How its https connections are secured, all of it, likewise."""

    @property
    def limits(self) -> dict[str, float]:
        """Give those of HOST_LIMITS that it sets."""
        given = {name: getattr(self, name) for name in HOST_LIMITS}
        return {name: limit for name, limit in given.items() if limit is not None}


GLOBAL_AGENT = AgentOptions(keep_alive=True, timeout=5000)
"""The options of Node's http.globalAgent and https.globalAgent, since Node 19.

Source: Node v24 lib/_http_agent.js globalAgent; lib/https.js globalAgent.
"""


class Latency(msgspec.Struct, frozen=True, kw_only=True):
    """How long the demo server takes to answer: a log-normal shape around a median."""

    median_s: float = 0.02
    sigma: float = 0.0
    """Spread of the logarithm: 0 makes every answer take exactly the median."""


class DemoServer(msgspec.Struct, frozen=True, kw_only=True):
    """One host of the embedded loopback server, from a profile's ``[demo.NAME]`` table."""

    name: str
    """The host becomes ``NAME.localhost`` on a free port."""
    scheme: Literal["http", "https"] = "http"
    latency: Latency = Latency()
    body_bytes: int = 256
    keep_alive: bool = True
    """False answers every request with ``Connection: close``."""
    keep_alive_timeout: float | None = None
    """Seconds: announced as ``Keep-Alive: timeout=N`` and then kept; None announces nothing."""
    keep_alive_max: int | None = None
    """Requests per connection: announced as ``max=N``, then closed; None for no limit."""
    idle_close: float | None = None
    """Seconds: closes a connection that is idle for this long, unannounced; None never."""
    concurrency: int | None = None
    """Requests worked on at once; more wait inside the server. None for no cap."""
    protocols: tuple[Literal["http/1.1", "h2"], ...] = ("http/1.1",)
    """What it speaks, by preference: h2 over TLS by ALPN, over http by prior knowledge."""
    max_concurrent_streams: int = 100
    """Streams that an HTTP/2 connection may have open; more are refused. 0 lets none be."""
    goaway_after: int | None = None
    """Requests of an HTTP/2 connection: with so many it says GOAWAY, finishes them and closes.
    None for no limit."""
    refuse: float = 0.0
    """The share of HTTP/2 streams that are answered with REFUSED_STREAM, from 0 to 1."""
    round_trip: float = 0.0
    """Seconds that a round trip to it takes: loopback has none. TCP's own comes with what is sent
    first."""
    seed: int | None = None
    """The same seed draws the same latencies, one after the other; None takes the name for it."""
    drop_after: int | None = None
    """Requests of an HTTP/1.1 connection that are answered; the next one meets its end, without a
    word: a server that closes at the very moment at which its connection is used again. None
    answers all."""


class AgentProfile(msgspec.Struct, frozen=True, kw_only=True):
    """One agent of a profile."""

    name: str
    options: AgentOptions = AgentOptions()
    """Of a dispatcher its limits in an agent's words: see ``undici.projection``."""
    timeouts: Timeouts = Timeouts()
    tls: TLSOptions = TLSOptions()
    codec: Codec = "h11"
    proxy_env: ProxyEnv | Literal["environment"] | None = None
    """Node's proxyEnv; "environment" reads the engine's own; None connects directly."""
    bounds: dict[str, tuple[float, float]] = {}
    """Editable option to the least and the most it may be set to live without a question asked;
    an option that is not in it has no bounds. Of a dispatcher by its own options' names."""
    hosts: dict[str, HostOptions] = {}
    """``host:port`` to what is done otherwise for it."""
    ceiling: float = math.inf
    """Sockets per host that no edit leads beyond (``[safety] max_sockets``); inf for no limit."""
    dispatcher: DispatcherOptions | None = None
    """It is one of undici's dispatchers, or of the kind "h2"; None for an http.Agent."""
    upstreams: tuple[str, ...] = ()
    """Where a BalancedPool goes, as a workload's ``base_url``, which is one of them; empty for any
    other agent."""
    h2_codec: H2Codec | None = None
    """Who speaks HTTP/2 for a dispatcher; None for the fastest that is installed."""


class RecordTo(msgspec.Struct, frozen=True, kw_only=True):
    """Files that a run is recorded in, by whoever watches it; None for none."""

    jsonl: str | None = None
    """NDJSON, as ``--json`` prints it."""
    file: str | None = None
    """A recording, as ``--record`` writes it, which goes before this."""


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """Everything one TOML profile says."""

    path: str
    """Where it came from, as the user wrote it; for labels."""
    agents: tuple[AgentProfile, ...] = ()
    workloads: tuple[Workload, ...] = ()
    demo: tuple[DemoServer, ...] = ()
    environment: str | None = None
    """"prod" makes the dashboard start locked."""
    auto_revert: float | None = None
    """Seconds after which a live edit is put back unless it is kept; None leaves it for good."""
    allow_hosts: tuple[str, ...] = ()
    """Hosts off loopback that may be sent traffic; ``*`` at the start matches a suffix."""
    thresholds: tuple[Threshold, ...] = ()
    """What a run must hold; what fails at its end, or stops it, decides the exit status."""
    record: RecordTo = RecordTo()
    """What is written of it."""
    exports: Exports = Exports()
    """Where its numbers go besides its viewers."""
    safety: Safety = Safety()
    """Ceilings and breakers of the load."""
    compare: Sides | None = None
    """Two of its agents that are set against each other; None for none."""
    advisor: AdvisorOptions = AdvisorOptions()
    """How the run is judged."""
    held: bool = False
    """Every workload begins paused, until it is resumed. Set by who plays lessons; no key of a
    profile's."""
