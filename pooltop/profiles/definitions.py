"""What each key of the format means, in a sentence: for ``explain`` and for the JSON schema.

By the table's header in ``tables`` and the key's canonical name. What is allowed is not said here:
the key's kind knows it.
"""

from __future__ import annotations

from pooltop.profiles.shape import Field, Table

_CLOCKS = {
    "mode": "What a clock that runs out does: fail the request, or only tell, as Node does.",
    "queue": "How long a request may wait for a socket.",
    "connect": "How long until a connection can carry bytes: dns, tcp and tls together.",
    "dns": "How long the look-up alone may take.",
    "tcp": "How long connecting alone may take, all attempts together.",
    "tls": "How long the TLS handshake alone may take.",
    "idle": "How long a socket may be silent while a request has it.",
    "total": "How long a request may take from its intended start, the queue included.",
    "free": "How long an idle socket is kept: the shortest of this, the agent's timeout and the "
    "server's hint counts.",
}
_REQUEST = {
    "method": "The request's method.",
    "path": "Path and query, percent-encoded.",
    "headers": "Header fields; one that is sent several times has an array of values.",
    "body": "What is sent as the body: a text, a file, JSON or a form, each with its Content-Type "
    "unless the headers have one.",
    "auth": "Who the request is from: sent as Authorization, shown nowhere.",
    "connection": '"close" asks the server to close the connection after this request.',
    "idempotent": "Whether it may be had twice: with retry_stale it is sent again when its socket "
    "turned out to be closed. Without it the method decides.",
    "expect": "What its responses have to be: others are errors of the load.",
    "follow_redirects": "How many redirects are followed at most; with 0 a 3xx is an answer like "
    "any other.",
}
_MOST_SOCKETS = "Sockets to one host at most, in use or connecting."
_MOST_TOTAL = "Sockets of this agent at most over all hosts, idle ones included."
_MOST_FREE = "Idle sockets that are kept for each host."
_CONNECTIONS = "Connections to one host at most; of a balanced pool to one upstream."
_SESSIONS = "HTTP/2 sessions to one host at most: the next is opened when all are full."
_PIPELINING = "Requests that may run on one HTTP/1.1 connection at a time; 0 closes it after each."
_STREAMS = "Streams of an HTTP/2 session at a time at most; the server's own limit counts too."
_TIMEOUT = (
    "Socket inactivity, as Node's option: closes an idle socket; on a busy one it is an event only."
)

_DEFINITIONS: dict[str, dict[str, str]] = {
    "the top level": {
        "schema": "The version of the format.",
        "include": "Files to take in beneath this one, beside it: tables merge, the rest is "
        "replaced.",
        "env": "What the environment must have.",
        "environment": 'Where this is, for the screens; "prod" starts locked.',
        "auto_revert": "After how long a live edit is put back that nobody keeps.",
        "safety": "What may be sent traffic, and how much.",
        "defaults": "What every agent has that does not say otherwise.",
        "demo": "Hosts of pooltop's own on loopback, by name: a workload reaches them as "
        '"demo:NAME".',
        "agents": "The pools, by name.",
        "workloads": "The traffic, by name.",
        "record": "Files that a run is recorded in, beside the profile; none is overwritten.",
        "thresholds": "What a run must hold: it decides the exit status.",
        "compare": "Two agents that are set against each other on page 6: their workloads, one by "
        "one, send at the same moments where they have the same seed.",
        "export": "Where the run's numbers go besides its viewers.",
        "advisor": "How what is wrong with a pool is looked for, and what is then advised.",
    },
    "[compare]": {
        "a": "The agent on the left, with all that its workloads send.",
        "b": "The agent that it is set against.",
    },
    "[advisor]": {
        "mode": "Whether advice is shown, asks by itself to be applied, or is not given at all.",
        "window": "How long what happened is judged together.",
        "min_samples": "Requests in a window below which what is found of them is not certain.",
        "target": "What a pool should be like.",
        "beta": "How far above its load a pool is sized, in square roots of the load.",
        "ceiling": "What no advice leads beyond.",
        "mute": "Diagnoses that are not told; A8, certificates that nobody checks, always is.",
    },
    "[advisor.target]": {
        "queue_p95": "What 95 % of the requests wait for a socket at most.",
        "utilisation": "The share of its sockets that a pool uses on average at most.",
    },
    "[advisor.ceiling]": {"max_sockets": "Sockets to one host at most."},
    "[export]": {
        "prometheus": "An endpoint that Prometheus scrapes.",
        "otlp": "A collector that is sent the numbers by OTLP over HTTP.",
    },
    "[export.otlp]": {
        "endpoint": "The collector's URL for metrics.",
        "interval": "How long from one sending to the next.",
        "headers": "Header fields of each, as a rule with a secret.",
    },
    "[export.prometheus]": {
        "listen": "Where: an address of this machine, and a port; 0 takes a free one.",
    },
    "[record]": {
        "jsonl": "NDJSON, as --json prints it; pooltop replay plays it, and compare reads it.",
        "file": "A recording, as --record writes it.",
    },
    "[[thresholds]]": {
        "expect": "A metric, what is made of it, a comparison and a limit.",
        "where": "Of what; without it of everything, put together.",
        "after": "How much of the load's beginning does not count.",
        "abort": "Whether the load is stopped at once when it fails.",
    },
    "[thresholds.where]": {
        "workload": "Of this workload alone.",
        "request": "Of the request classes of this name alone.",
        "agent": "Of this agent alone.",
        "host": "Of this host alone: its name, or name:port.",
    },
    "[env]": {"required": "Environment variables without which nothing is sent."},
    "[safety]": {
        "allow_hosts": "Hosts beyond this machine that may be sent traffic.",
        "max_rate": "Requests that all workloads together may start; off this machine 500/s where "
        "it is not said. Users wait for their turn.",
        "max_sockets": "Sockets of an agent to one host at most; off this machine 200 where it is "
        "not said.",
        "max_open_fds": "Share of this process's descriptors that may be open; a dial beyond it "
        "fails. 0.8 where it is not said.",
        "breaker": "Whether a workload is cut to a half, and again, while its server is in "
        'trouble; "auto" where its traffic leaves this machine.',
    },
    "[defaults]": {"timeouts": "Clocks of every agent that does not set its own."},
    "[agents.NAME]": {
        "kind": "What it is: Node's class, which takes one scheme alone (without it both are "
        "taken), one of undici's dispatchers, or HTTP/2 alone.",
        "keep_alive": "Whether a socket is kept after its response, for the next request.",
        "keep_alive_msecs": "Delay of the first TCP keep-alive probe; not how long an idle socket "
        "is kept.",
        "agent_keep_alive_timeout_buffer": "Taken off the server's Keep-Alive: timeout=N, so that "
        "the client closes first.",
        "max_sockets": _MOST_SOCKETS,
        "max_total_sockets": _MOST_TOTAL,
        "max_free_sockets": _MOST_FREE,
        "scheduling": "Which idle socket is taken: the one freed last, or the one freed first.",
        "timeout": _TIMEOUT,
        "max_cached_sessions": "TLS sessions kept for resuming.",
        "local_address": "The address to connect from.",
        "family": "The IP version to use; without it either.",
        "socket_path": "A unix socket to connect to instead of host and port.",
        "no_delay": "Whether small writes are sent at once (TCP_NODELAY).",
        "live": "What an edit does at once: what Node does, or what an operator expects.",
        "connections": _CONNECTIONS,
        "sessions": _SESSIONS,
        "pipelining": _PIPELINING,
        "max_concurrent_streams": _STREAMS,
        "keep_alive_timeout": "How long an idle connection is kept of which the server said "
        "nothing.",
        "keep_alive_max_timeout": "The longest that a server's Keep-Alive: timeout=N can make of "
        "it.",
        "keep_alive_timeout_threshold": "Taken off the server's Keep-Alive: timeout=N, so that "
        "the client closes first.",
        "headers_timeout": "From a request's being sent to the head of its response; undici looks "
        "twice a second.",
        "body_timeout": "Between two parts of a response's body; undici looks twice a second.",
        "connect_timeout": "How long TCP and TLS may take together; undici looks twice a second.",
        "max_requests_per_client": "Requests after which an HTTP/1.1 connection is closed.",
        "client_ttl": "A client whose connection is older is replaced when it would be picked.",
        "allow_h2": "Whether HTTP/2 is offered to https hosts.",
        "prefer_h2": "Whether HTTP/2 is offered before HTTP/1.1.",
        "use_h2c": "Whether http hosts are spoken to in HTTP/2, by prior knowledge.",
        "ping_interval": "From one PING of an HTTP/2 session to the next.",
        "ping_timeout": "How long a PING's answer may take before the session is given up: for "
        'ever with undici\'s own rules, 15 s of kind "h2".',
        "initial_window_size": "Octets of body that a server may send ahead on one HTTP/2 stream.",
        "connection_window_size": "Octets of body that a server may send ahead on all streams of "
        "a session together.",
        "max_origins": "Hosts that an agent may have pools for at a time.",
        "max_weight_per_server": "What an upstream weighs at best, when they are taken in turn.",
        "error_penalty": "What an upstream loses of its weight by a broken connection, and wins "
        "back by a new one.",
        "upstreams": "The hosts that a balanced pool spreads requests over; a workload's base_url "
        "names the first.",
        "retry_stale": "Whether a request is sent once more when its kept-alive socket turned out "
        "to be closed, where it may be had twice.",
        "per_request": "Whether a new agent is made for every request: the classic mistake, to be "
        "shown.",
        "codec": 'The HTTP/1.1 parser; "llhttp" is of Node\'s family, and faster.',
        "h2_codec": 'Who speaks HTTP/2: "nghttp2" is Node\'s own engine, and fast, with the extra '
        "h2fast; unset it is taken where it is installed.",
        "timeouts": "Clocks of pooltop's own, for each request.",
        "tls": "How https connections are secured.",
        "bounds": "What an edit may set without a question asked, by option.",
        "hosts": "What is otherwise for a single host, by host and port.",
        "proxy_env": "The proxies that requests go through, as Node's proxyEnv.",
    },
    '[agents.NAME.hosts."host:port"]': {
        "max_sockets": "Sockets to this host at most, in use or connecting.",
        "max_free_sockets": "Idle sockets that are kept for this host.",
        "timeouts": "Clocks of requests to this host; the others are the agent's.",
        "tls": "How connections to this host are secured; the rest is as the agent's.",
    },
    "[agents.NAME.timeouts]": _CLOCKS,
    "[agents.NAME.tls]": {
        "ca": "PEM files of the authorities to trust, instead of the system's.",
        "cert": "PEM file of the client certificate.",
        "key": "PEM file of the client certificate's private key.",
        "passphrase": "Opens the private key.",
        "verify": "Whether certificates are checked.",
        "passphrase_env": "The environment variable that has the passphrase.",
        "servername": "The name for SNI, which the certificate is checked against.",
        "ciphers": "OpenSSL's list of ciphers for TLS 1.2.",
        "min_version": "The oldest TLS that is spoken.",
        "max_version": "The newest TLS that is spoken.",
        "ecdh_curve": "The one curve that is offered.",
        "crl": "PEM files of revoked certificates.",
        "secure_options": "Bits of OpenSSL's SSL_OP_* to set.",
        "keylog_file": "A file for the secrets of every handshake, to decrypt captured traffic "
        "with.",
    },
    "[agents.NAME.bounds]": {
        "max_sockets": _MOST_SOCKETS,
        "max_total_sockets": _MOST_TOTAL,
        "max_free_sockets": _MOST_FREE,
        "timeout": _TIMEOUT,
        "connections": _CONNECTIONS,
        "sessions": _SESSIONS,
        "pipelining": _PIPELINING,
        "max_concurrent_streams": _STREAMS,
    },
    "[[workloads.NAME.requests]]": {
        "name": "What this class of requests is called on screens.",
        "weight": "Its share of the requests, relative to the other classes.",
        "timeouts": "Clocks that are otherwise for this class: they go before the workload's.",
        **_REQUEST,
    },
    "[workloads.NAME.data]": {
        "file": "CSV with a heading, or objects as JSON or JSON lines, by the end of its name.",
        "mode": "Whether rows begin anew, are drawn at random, or end the load when they are over.",
    },
    "[workloads.NAME.auth]": {
        "bearer": "A bearer token (RFC 6750).",
        "basic": "A user and a password.",
    },
    "[workloads.NAME.auth.basic]": {
        "user": "The user's name.",
        "password": "The user's password.",
    },
    "[workloads.NAME.timeouts]": {
        clock: meaning for clock, meaning in _CLOCKS.items() if clock != "free"
    },
    "[workloads.NAME.expect]": {
        "status": "The statuses that are expected, by number or class.",
        "max_bytes": "Bytes of a response's body at most.",
    },
    "[[workloads.NAME.stages]]": {
        "to": "The rate, or the number of users, that it goes to.",
        "over": "How long it takes to go there; 0s jumps.",
        "hold": "How long it stays where it is; alone in its stage.",
    },
    "[workloads.NAME.think]": {
        "min": "The shortest pause of a user; alone, every pause.",
        "max": "The longest pause of a user.",
    },
    "[workloads.NAME]": {
        "model": "Whether arrivals come whatever happens, or users wait for their responses.",
        "agent": "The agent that carries it.",
        "base_url": "Where it goes: scheme, host and port, or a demo host.",
        "arrival": "Whether arrivals come evenly, or at random moments.",
        "rate": "Arrivals, on average.",
        "max_in_flight": "Beyond so many unfinished requests an arrival is dropped, and counted.",
        "users": "How many users send, wait and think.",
        "think": "A user's pause between a response and the next request.",
        "stages": "Where rate or users go, one after the other; with the last the load ends.",
        "duration": "How long it goes on.",
        "max_requests": "After how many requests it ends.",
        "seed": "The same seed makes the same moments and the same choices in every run.",
        "timeouts": "Clocks that are otherwise for its requests: they go before those of its host "
        "and its agent.",
        "requests": "The classes of requests it is made of.",
        "data": "Rows for the requests: ${row.COLUMN} in path, headers, body and auth.",
        **_REQUEST,
    },
    "[demo.NAME.latency]": {
        "median": "Half of the answers take longer than this.",
        "sigma": "Spread of its logarithm: 0 makes all answers take the median.",
    },
    "[demo.NAME]": {
        "scheme": "Whether it speaks TLS.",
        "latency": "How long it takes to answer.",
        "body_bytes": "Bytes of each answer's body.",
        "keep_alive": "Whether it keeps connections open; those of HTTP/2 are.",
        "keep_alive_timeout": "Closes an idle connection after this, and says so before.",
        "keep_alive_max": "Closes a connection of HTTP/1.1 after so many requests, and says so "
        "before.",
        "idle_close": "Closes an idle connection after this, without a word.",
        "drop_after": "Answers so many requests of a connection of HTTP/1.1; the next one finds it "
        "closed, as by a server whose time for it was just over.",
        "concurrency": "Requests it works on at once; more wait inside.",
        "protocols": "What it speaks, the one it prefers first: h2 over TLS by ALPN, over http by "
        "prior knowledge.",
        "max_concurrent_streams": "Streams that a connection of HTTP/2 may have open at once; it "
        "refuses more.",
        "goaway_after": "After so many requests of a connection of HTTP/2 it says GOAWAY, answers "
        "them and closes.",
        "refuse": "The share of streams of HTTP/2 that it refuses (REFUSED_STREAM), from 0 to 1.",
        "round_trip": "How long a round trip to it takes: loopback has none. TCP's own comes with "
        "what is sent first.",
        "seed": "The same seed draws the same latencies; without it the name is the seed.",
    },
}


def definition(table: Table, field: Field) -> str:
    """Give what a key means.

    Raises:
        KeyError: nobody wrote it down, which a test would tell.
    """
    return _DEFINITIONS[table.where][field.name]
