"""aiohttp and httpx: what each means by a limit differs from Node, and from each other."""

from __future__ import annotations

import math
from collections.abc import Iterable

from pooltop.takehome import python_tls
from pooltop.takehome.code import Option, arguments, head, text_of
from pooltop.takehome.literals import number
from pooltop.takehome.literals import python as literal
from pooltop.takehome.pool import Pool
from pooltop.takehome.remarks import of_clocks, of_hosts, of_the_agent

_LONGEST_IDLE_S = 86_400


def _seconds(ms: float) -> str:
    return number(ms / 1000)


def _hint(pool: Pool) -> Iterable[str]:
    if pool.options.keep_alive:
        yield "a server's Keep-Alive hint is not looked at: keep idle connections for less than it."
    if pool.options.keep_alive and pool.options.scheduling == "fifo":
        yield "scheduling is fifo in pooltop: which idle connection is taken cannot be chosen here."


def aiohttp(pool: Pool) -> str:
    """Give a session of aiohttp."""
    options, agent = [], pool.options
    total = agent.max_total_sockets
    why = "all hosts together, in use alone: aiohttp's own 100 unless it is said; 0 is no limit"
    options.append(Option("limit", _aiohttp_limit(total), why))
    why = "maxSockets; here 0 is no limit, and what is not said is 0"
    options.append(Option("limit_per_host", _aiohttp_limit(max(1, pool.at_once)), why))
    if not agent.keep_alive:
        options.append(Option("force_close", "True", "keepAlive is off"))
    elif pool.idle_ms is None:
        why = "there is no timeout in pooltop; aiohttp knows no for ever: a day"
        options.append(Option("keepalive_timeout", str(_LONGEST_IDLE_S), why))
    else:
        why = "timeout: how long an idle connection is kept; 15 s where it is not said"
        options.append(Option("keepalive_timeout", _seconds(pool.idle_ms), why))
    if python_tls.wants_context(pool):
        options.append(Option("ssl", "_tls()"))
    if agent.family is not None:
        options.append(Option("family", f"socket.AF_INET{'6' if agent.family == 6 else ''}"))
    if agent.local_address is not None:
        options.append(Option("local_addr", f"({literal(agent.local_address)}, 0)"))
    connector = "TCPConnector"
    if agent.socket_path is not None:
        connector = "UnixConnector"
        dropped = {"limit_per_host", "ssl", "family", "local_addr"}
        options = [option for option in options if option.name not in dropped]
        options[0] = Option("limit", _aiohttp_limit(max(1, pool.at_once)), "maxSockets: one server")
        options.insert(0, Option("path", literal(agent.socket_path)))
    modules = ["import socket"] if agent.family is not None else []
    return text_of(
        [
            *head("#", pool, "aiohttp 3", _aiohttp_remarks(pool)),
            *sorted((*modules, *python_tls.imports(pool))),
            *([""] if modules or python_tls.imports(pool) else []),
            "import aiohttp",
            *python_tls.context(pool),
            *("", "", "def make_session() -> aiohttp.ClientSession:"),
            '    """Make one for the whole life of a service, in a coroutine; close it."""',
            f"    connector = aiohttp.{connector}(",
            *arguments(options, "        "),
            "    )",
            "    timeout = aiohttp.ClientTimeout(",
            *arguments(_aiohttp_clocks(pool), "        "),
            "    )",
            "    return aiohttp.ClientSession(connector=connector, timeout=timeout"
            + (", trust_env=True)" if pool.is_proxied else ")"),
        ]
    )


def _aiohttp_limit(limit: float) -> str:
    return "0" if math.isinf(limit) else number(limit)


def _aiohttp_clocks(pool: Pool) -> Iterable[Option]:
    total, queue, dial = pool.clock("total"), pool.clock("queue"), pool.dial_s
    yield Option("total", literal(total), "aiohttp's own 300 s unless it is said; the queue counts")
    if queue is not None:
        both = queue + (dial or 0)
        why = "until there is a connection: the wait for one, and the dial"
        yield Option("connect", literal(round(both, 3)), why)
    yield Option("sock_connect", literal(dial), "of each dial; 30 s where it is not said")
    yield Option("sock_read", literal(pool.silence_s))


def _aiohttp_remarks(pool: Pool) -> Iterable[str]:
    yield from of_the_agent(
        pool,
        has_total="limit counts connections in use alone, where Node counts idle ones too",
        has_free="aiohttp keeps every idle connection until keepalive_timeout",
    )
    yield from _hint(pool)
    if pool.is_h2:
        yield "aiohttp speaks HTTP/1.1 alone."
    if pool.options.retry_stale:
        yield "aiohttp sends an idempotent request again by itself where its connection was closed."
    yield from python_tls.remarks(pool, servername="server_hostname= of each request")
    yield from of_hosts(pool, "give it a session of its own with these numbers")


def httpx(pool: Pool) -> str:
    """Give a client of httpx, sync or async."""
    agent = pool.options
    most = min(max(1, pool.at_once), agent.max_total_sockets)
    if pool.is_h2 and pool.dispatcher is not None:
        most = pool.options.max_sockets
    kept = pool.most_idle if agent.keep_alive else 0
    limits = [
        Option("max_connections", literal(most), "maxSockets, of one host: see above"),
        Option(
            "max_keepalive_connections",
            literal(min(kept, most)),
            "httpcore 1.0 compares it with all connections, busy ones included: with more than so "
            "many open each is closed after its response"
            if kept < most
            else "maxFreeSockets",
        ),
        Option(
            "keepalive_expiry",
            "None" if pool.idle_ms is None else _seconds(pool.idle_ms),
            "timeout: looked at when the client is used, by no timer, so that an idle one can stay "
            "open for longer; None is for ever, and 5 s where it is not said",
        ),
    ]
    clocks = [
        Option("connect", literal(pool.dial_s), "TCP, then TLS: each may take so long"),
        Option("read", literal(pool.silence_s)),
        Option("write", literal(pool.silence_s)),
        Option("pool", literal(pool.clock("queue")), "the wait for a connection: PoolTimeout"),
    ]
    transport = [
        *([Option("verify", "_tls()")] if python_tls.wants_context(pool) else []),
        *([Option("http2", "True", 'needs pip install "httpx[http2]"')] if pool.is_h2 else []),
        Option("limits", "LIMITS"),
    ]
    if agent.local_address is not None:
        transport.append(Option("local_address", literal(agent.local_address)))
    if agent.socket_path is not None:
        transport.append(Option("uds", literal(agent.socket_path)))
    probes = python_tls.probes(pool)
    if probes:
        items = "\n".join(f"            {line}" for line in probes)
        transport.append(Option("socket_options", f"[\n{items}\n        ]"))
    modules = sorted([*(["import socket"] if probes else []), *python_tls.imports(pool)])
    return text_of(
        [
            *head("#", pool, "httpx 0.28", _httpx_remarks(pool)),
            *modules,
            *([""] if modules else []),
            "import httpx",
            *("", "LIMITS = httpx.Limits("),
            *arguments(limits, "    "),
            *(")", "TIMEOUT = httpx.Timeout("),
            *arguments(clocks, "    "),
            ")",
            *python_tls.context(pool),
            *("", "", "def make_client() -> httpx.Client:"),
            '    """Make one for each host; AsyncClient and AsyncHTTPTransport take the same."""',
            "    transport = httpx.HTTPTransport(",
            *arguments(transport, "        "),
            "    )",
            "    return httpx.Client(transport=transport, timeout=TIMEOUT"
            + (")" if pool.is_proxied else ", trust_env=False)"),
        ]
    )


def _httpx_remarks(pool: Pool) -> Iterable[str]:
    yield (
        "httpx counts the connections of all hosts together: a limit for each host is a client for "
        "each host."
    )
    yield from of_the_agent(pool, has_total="with a client for each host nothing counts over all")
    yield from _hint(pool)
    if not pool.options.keep_alive:
        yield "keepAlive is off: with max_keepalive_connections 0 each connection is closed."
    if pool.options.retry_stale:
        yield "a request whose kept-alive socket was closed is sent once more in pooltop: not here."
    if pool.is_proxied:
        yield "proxies: give Client proxy=os.environ[...] in the place of the transport."
    yield from python_tls.remarks(
        pool, servername='extensions={"sni_hostname": ...} of each request'
    )
    yield from of_clocks(pool, {"total": "httpx has none; asyncio.timeout() around an AsyncClient"})
    yield from of_hosts(pool, "give its client these numbers")
