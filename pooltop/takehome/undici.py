"""undici's dispatchers: of an agent of that kind its own options, of an http.Agent the nearest."""

from __future__ import annotations

import math
from collections.abc import Iterable

from pooltop.core.edits import node_name
from pooltop.core.undici.options import DispatcherOptions
from pooltop.takehome import javascript as js
from pooltop.takehome.code import Option, head, text_of
from pooltop.takehome.literals import javascript as literal
from pooltop.takehome.literals import milliseconds
from pooltop.takehome.pool import Pool
from pooltop.takehome.remarks import of_clocks, of_hosts

_CLASSES = {
    "undici-client": "Client",
    "undici-pool": "Pool",
    "undici-agent": "Agent",
    "undici-balanced-pool": "BalancedPool",
    "undici-round-robin-pool": "RoundRobinPool",
    "h2": "Agent",
}
_UNLIMITED = "null"
_LONGEST_IDLE_MS = 600_000
_OWN = (
    *("keep_alive_timeout", "keep_alive_max_timeout", "keep_alive_timeout_threshold"),
    *("headers_timeout", "body_timeout", "max_requests_per_client", "client_ttl", "allow_h2"),
    *("prefer_h2", "use_h2c", "max_concurrent_streams", "ping_interval", "initial_window_size"),
    *("connection_window_size", "max_origins", "max_weight_per_server", "error_penalty"),
    *("max_cached_sessions", "local_address"),
)
"""Options under undici's own names, in the order in which they are written."""
_ALWAYS = ("keep_alive_timeout",)
_OF_AGENT = ("max_origins",)
_OF_BALANCED = ("max_weight_per_server", "error_penalty")
_ZERO_IS_NONE = ("max_requests_per_client", "client_ttl")
_OWN_DIAL_S = 10
_ORIGIN = "process.env.ORIGIN"


def undici(pool: Pool) -> str:
    """Give the dispatcher, and how undici and Node's fetch use it."""
    own = pool.dispatcher
    kind = "Agent" if own is None else _CLASSES[own.kind]
    options = _nearest(pool) if own is None else _as_it_is(own)
    if own is None and pool.options.local_address is not None:
        options.append(Option("localAddress", literal(pool.options.local_address)))
    options += _connector(pool)
    where, said = _where(pool, kind)
    files = ["import { readFileSync } from 'node:fs';"] if js.reads_files(pool) else []
    return text_of(
        [
            *head("//", pool, f"undici 8 ({kind})", [*said, *_remarks(pool)]),
            *files,
            f"import {{ {kind} }} from 'undici';",
            "",
            f"export const dispatcher = new {kind}({where}{{",
            *js.listed(options, "  "),
            "});",
            "",
            "// request(url, { dispatcher }), or fetch(url, { dispatcher }), both of undici;",
            "// or for everything: setGlobalDispatcher(dispatcher).",
        ]
    )


def _where(pool: Pool, kind: str) -> tuple[str, list[str]]:
    """Give the first argument of the constructor, and what is to be said of it."""
    if kind == "Agent":
        return "", []
    if kind == "BalancedPool":
        return f"[{', '.join(map(literal, pool.origins))}], ", []
    if len(pool.origins) == 1:
        return f"{literal(pool.origins[0])}, ", []
    return f"{_ORIGIN}, ", [f"a {kind} has one origin: {_ORIGIN} names it."]


def _as_it_is(own: DispatcherOptions) -> list[Option]:
    options: list[Option] = []
    if own.kind != "undici-client":
        why = "sessions of each origin" if own.kind == "h2" else "of each origin; 0 is no limit"
        options.append(Option("connections", _limit(own.connections), why))
    if own.kind != "h2":
        options.append(Option("pipelining", literal(own.pipelining)))
    for name in _OWN:
        value = getattr(own, name)
        plain = getattr(DispatcherOptions(), name)
        is_there = (name not in _OF_AGENT or own.kind in ("undici-agent", "h2")) and (
            name not in _OF_BALANCED or own.kind == "undici-balanced-pool"
        )
        if is_there and (value != plain or name in _ALWAYS):
            is_none = name in _ZERO_IS_NONE and not value
            options.append(Option(node_name(name), _UNLIMITED if is_none else _limit(value)))
    if own.kind == "h2" and not own.prefer_h2:
        options.append(Option("preferH2", "true", "of an Agent of undici HTTP/1.1 is second best"))
    return options


def _nearest(pool: Pool) -> list[Option]:
    agent = pool.options
    at_once = max(1, agent.max_sockets)
    idle = pool.idle_ms
    options = [Option("connections", _limit(at_once), "maxSockets: of each origin")]
    if not agent.keep_alive:
        why = "keepAlive is off: each connection is closed after its request"
        return [*options, Option("pipelining", "0", why), Option("allowH2", "false")]
    options.append(Option("pipelining", "1"))
    if idle is None:
        why = "Node keeps them for ever; undici has no such value"
        options.append(Option("keepAliveTimeout", literal(_LONGEST_IDLE_MS), why))
    else:
        options.append(Option("keepAliveTimeout", literal(idle), "timeout: of an idle connection"))
        why = "in Node a server's hint only shortens that; undici's own is 600000, and lengthens"
        options.append(Option("keepAliveMaxTimeout", literal(idle), why))
    options.append(
        Option(
            "keepAliveTimeoutThreshold",
            literal(agent.agent_keep_alive_timeout_buffer),
            "agentKeepAliveTimeoutBuffer: taken off a server's hint",
        )
    )
    silence = pool.clock("idle")
    if silence is not None:
        options.append(Option("headersTimeout", milliseconds(silence), "looked at twice a second"))
        options.append(Option("bodyTimeout", milliseconds(silence)))
    options.append(Option("allowH2", "false", "http.Agent speaks HTTP/1.1 alone, so it was tuned"))
    return options


def _connector(pool: Pool) -> list[Option]:
    """Give what connects: its clock, TCP's probe, TLS, and where from."""
    inside = js.tls_options(pool)
    if pool.dial_s not in (None, _OWN_DIAL_S):
        why = "TCP and TLS together; looked at twice a second"
        inside.append(Option("timeout", milliseconds(pool.dial_s), why))
    if pool.dispatcher is None and pool.options.keep_alive:
        why = "keepAliveMsecs: delay of the first TCP probe, not how long an idle one is kept"
        inside.append(Option("keepAliveInitialDelay", literal(pool.options.keep_alive_msecs), why))
    if pool.options.socket_path is not None:
        inside.append(Option("socketPath", literal(pool.options.socket_path)))
    if pool.options.family is not None:
        inside.append(Option("family", literal(pool.options.family)))
        inside.append(Option("autoSelectFamily", "false"))
    if not inside:
        return []
    body = "\n".join(js.listed(inside, "    "))
    return [Option("connect", f"{{\n{body}\n  }}")]


def _remarks(pool: Pool) -> Iterable[str]:
    agent = pool.options
    if agent.max_sockets <= 0:
        yield "maxSockets is 0, and lets nothing be opened: in undici 0 is no limit, here it is 1."
    if pool.dispatcher is None:
        if math.isfinite(agent.max_total_sockets):
            yield (
                f"maxTotalSockets is {literal(agent.max_total_sockets)}: undici counts no "
                "connections over all origins."
            )
        if agent.keep_alive and agent.max_free_sockets < agent.max_sockets:
            yield (
                f"maxFreeSockets is {literal(agent.max_free_sockets)}: undici keeps every idle "
                "connection until keepAliveTimeout."
            )
        if agent.scheduling == "fifo":
            yield "scheduling is fifo: undici takes the first of its clients that is not busy."
        if agent.per_request:
            yield "perRequest is on in pooltop: a new agent for every request is not taken home."
    elif math.isfinite(pool.dispatcher.ping_timeout):
        yield "a PING that is not answered ends the session in pooltop; undici does nothing then."
    if agent.retry_stale:
        yield "a request whose kept-alive socket was closed is sent again in pooltop: RetryAgent."
    if pool.is_proxied:
        yield "proxies: new EnvHttpProxyAgent(options) in the place of Agent reads the environment."
    if not pool.knows_tls:
        yield "a dashboard knows of no files of TLS: pooltop export PROFILE has them."
    clocks = {
        "queue": "undici has none; its clocks do not run while a request is queued",
        "total": "signal: AbortSignal.timeout(), which is seen in the queue only at its head",
    }
    if pool.dispatcher is not None:
        clocks["idle"] = "the nearest are headersTimeout and bodyTimeout"
    yield from of_clocks(pool, clocks)
    yield from of_hosts(pool, "give it a Pool of its own with these connections")


def _limit(value: bool | float | str | None) -> str:
    if value is None or (isinstance(value, float) and math.isinf(value)):
        return _UNLIMITED
    return literal(value)
