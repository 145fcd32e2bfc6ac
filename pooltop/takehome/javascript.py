"""Parts that every snippet for Node has: the two agents, their TLS, and imports."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from pooltop.takehome.code import Option, comment
from pooltop.takehome.literals import javascript as literal
from pooltop.takehome.pool import Pool

_PROBE = "delay of the first TCP keep-alive probe: not how long an idle socket is kept"
_HINT = (
    "closes an idle socket after so long, or after the server's Keep-Alive: timeout=N less the "
    "buffer, if that is shorter; on a busy one it is an event only, that fails nothing"
)


def agent_options(pool: Pool) -> list[Option]:
    """Give what both agents take."""
    options = pool.options
    found = [Option("keepAlive", literal(options.keep_alive))]
    if options.keep_alive:
        found.append(Option("keepAliveMsecs", literal(options.keep_alive_msecs), _PROBE))
    at_once = pool.at_once
    if at_once > 0:
        found.append(Option("maxSockets", literal(at_once), "for each host; more requests wait"))
    if 1 <= options.max_total_sockets < math.inf:
        why = "over all hosts, idle ones included: none is closed to make room for another host"
        found.append(Option("maxTotalSockets", literal(options.max_total_sockets), why))
    if options.keep_alive:
        if options.max_free_sockets > 0:
            found.append(Option("maxFreeSockets", literal(options.max_free_sockets)))
        found.append(Option("scheduling", literal(options.scheduling)))
        if pool.idle_ms is not None:
            found.append(Option("timeout", literal(pool.idle_ms), _HINT))
            why = "taken off the server's hint; Node 24.7 and newer, 1000 in all others"
            buffer = _buffer(pool)
            if buffer != 1000:
                found.append(Option("agentKeepAliveTimeoutBuffer", literal(buffer), why))
    if pool.is_proxied:
        found.append(Option("proxyEnv", "process.env", "Node 24.5 and newer"))
    return [*found, *_address(pool)]


def _buffer(pool: Pool) -> float:
    if pool.dispatcher is not None:
        return pool.dispatcher.keep_alive_timeout_threshold
    return pool.options.agent_keep_alive_timeout_buffer


def _address(pool: Pool) -> Iterable[Option]:
    options = pool.options
    if options.local_address is not None:
        yield Option("localAddress", literal(options.local_address))
    if options.family is not None:
        yield Option("family", literal(options.family))
    if options.socket_path is not None:
        yield Option("socketPath", literal(options.socket_path))
    if not options.no_delay:
        yield Option("noDelay", "false")


def assigned(pool: Pool) -> list[Option]:
    """Give limits of 0, which the constructor takes for none: they have to be assigned."""
    options, found = pool.options, []
    if options.max_sockets <= 0:
        found.append(Option("maxSockets", "0", "{ maxSockets: 0 } would be Infinity"))
    if options.max_total_sockets < 1:
        found.append(Option("maxTotalSockets", "0", "{ maxTotalSockets: 0 } would throw"))
    if options.keep_alive and options.max_free_sockets <= 0:
        found.append(Option("maxFreeSockets", "0", "{ maxFreeSockets: 0 } would be 256"))
    return found


def tls_options(pool: Pool) -> list[Option]:
    """Give what secures https, as Node's tls.connect takes it; a secret is in the environment."""
    tls, found = pool.tls, []
    if tls.ca:
        found.append(Option("ca", _files(tls.ca)))
    if tls.cert is not None:
        found.append(Option("cert", _file(tls.cert)))
    if tls.key is not None:
        found.append(Option("key", _file(tls.key)))
    if tls.passphrase is not None:
        found.append(Option("passphrase", "process.env.TLS_KEY_PASSPHRASE"))
    if not tls.verifies:
        why = "certificates are not checked, as in pooltop: give a ca instead"
        found.append(Option("rejectUnauthorized", "false", why))
    texts = {
        "servername": tls.servername,
        "ciphers": tls.ciphers,
        "minVersion": tls.min_version,
        "maxVersion": tls.max_version,
        "ecdhCurve": tls.ecdh_curve,
    }
    found += [Option(name, literal(text)) for name, text in texts.items() if text is not None]
    if tls.crl:
        found.append(Option("crl", _files(tls.crl)))
    if tls.secure_options is not None:
        found.append(Option("secureOptions", literal(tls.secure_options)))
    return found


def _file(name: str) -> str:
    return f"readFileSync({literal(name)})"


def _files(names: Sequence[str]) -> str:
    return f"[{', '.join(map(_file, names))}]"


def reads_files(pool: Pool) -> bool:
    """Tell whether TLS wants files read."""
    tls = pool.tls
    return bool(tls.ca or tls.crl or tls.cert is not None or tls.key is not None)


def listed(options: Iterable[Option], indent: str) -> list[str]:
    """Give options as the members of an object, each below its reason."""
    lines: list[str] = []
    for option in options:
        if option.why:
            lines += comment("//", option.why, indent)
        is_same = option.name == option.value
        lines.append(f"{indent}{option.name if is_same else f'{option.name}: {option.value}'},")
    return lines


def imports(pool: Pool, *own: str) -> list[str]:
    """Give the import lines of a snippet with both agents."""
    files = ["import { readFileSync } from 'node:fs';"] if reads_files(pool) else []
    return [*files, "import http from 'node:http';", "import https from 'node:https';", *own]


def agents(
    pool: Pool,
    limits: Iterable[Option] | None = None,
    *,
    http: str = "http.Agent",
    https: str = "https.Agent",
) -> list[str]:
    """Give ``httpAgent`` and ``httpsAgent``.

    Args:
        pool: whose limits.
        limits: what both take; None for Node's own options.
        http: the class of the one.
        https: the class of the other.
    """
    options = agent_options(pool) if limits is None else limits
    secured = tls_options(pool)
    if pool.options.max_cached_sessions != 100:
        secured.append(Option("maxCachedSessions", literal(pool.options.max_cached_sessions)))
    lines = [
        *("const limits = {", *listed(options, "  "), "};"),
        f"export const httpAgent = new {http}(limits);",
    ]
    if secured:
        lines.append(f"export const httpsAgent = new {https}({{")
        lines += ["  ...limits,", *listed(secured, "  "), "});"]
    else:
        lines.append(f"export const httpsAgent = new {https}(limits);")
    after = assigned(pool)
    if after:
        lines.append("for (const agent of [httpAgent, httpsAgent]) {")
        for option in after:
            lines += comment("//", option.why, "  ")
            lines.append(f"  agent.{option.name} = {option.value};")
        lines.append("}")
    return lines
