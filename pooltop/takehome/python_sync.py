"""urllib3, and requests over it."""

from __future__ import annotations

import math
from collections.abc import Iterable

from pooltop.takehome import python_tls
from pooltop.takehome.code import Option, arguments, head, text_of
from pooltop.takehome.literals import number
from pooltop.takehome.literals import python as literal
from pooltop.takehome.pool import Pool
from pooltop.takehome.remarks import of_clocks, of_hosts, of_the_agent

_UNLIMITED_KEPT = 256
"""Connections that are kept where neither limit says how many: Node's own number."""
_HOSTS = 100


def _size(pool: Pool) -> tuple[str, bool]:
    """Give how many connections a pool has, and whether it waits for one beyond that."""
    if math.isfinite(pool.at_once):
        return number(max(1, pool.at_once)), True
    kept = pool.options.max_free_sockets
    return number(kept if 0 < kept < math.inf else _UNLIMITED_KEPT), False


def _why_size(pool: Pool) -> str:
    if math.isfinite(pool.at_once):
        return "maxSockets: of each host; only with block it is a limit, and not just what is kept"
    return "maxFreeSockets: what is kept of each host; there is no limit without block"


def _remarks(pool: Pool, how: str) -> Iterable[str]:
    yield from of_the_agent(
        pool,
        has_total="there is no limit over all hosts",
        has_free="with block every connection of a host is kept",
    )
    if pool.options.keep_alive:
        yield (
            "idle connections are closed by nobody here: one that the server has closed is seen "
            "before it is used again, unless that comes at the same moment."
        )
        if pool.idle_ms is not None:
            yield f"timeout is {number(pool.idle_ms)} ms in pooltop: there is none for idle ones."
    if pool.is_h2:
        yield "it speaks HTTP/1.1 alone."
    queue = "give urlopen pool_timeout=" if how == "urllib3" else "there is none"
    yield from of_clocks(pool, {"queue": queue, "total": "there is none"})
    yield from python_tls.remarks(
        pool,
        servername="server_hostname= and assert_hostname= of the pool",
        unix="there is none without another library",
    )
    if pool.options.local_address is not None and how == "requests":
        yield f"it connects from {literal(pool.options.local_address)}: add source_address below."
    yield from of_hosts(pool, "give it a pool of its own with these numbers")


def _retries(pool: Pool) -> str:
    if pool.options.retry_stale:
        return "urllib3.Retry(1, connect=0, redirect=0, status=0, other=0)"
    return "False"


def _sockets(pool: Pool) -> list[Option]:
    items = python_tls.probes(pool)
    if not items:
        return []
    inside = "\n".join(f"    {line}" for line in items)
    return [Option("SOCKETS", f"[\n    *HTTPConnection.default_socket_options,\n{inside}\n]")]


def urllib3(pool: Pool) -> str:
    """Give a pool manager of urllib3."""
    size, waits = _size(pool)
    sockets = _sockets(pool)
    options = [
        Option("num_pools", str(_HOSTS), "hosts; beyond so many the pool used longest ago goes"),
        Option("maxsize", size, _why_size(pool)),
        Option("block", literal(waits)),
        Option(
            "timeout",
            f"urllib3.Timeout(connect={literal(pool.dial_s)}, read={literal(pool.silence_s)})",
            "connect: TCP, then TLS; read: between two parts",
        ),
        Option(
            "retries",
            _retries(pool),
            "once more where nothing came of a request that may be had twice"
            if pool.options.retry_stale
            else "urllib3 would try three times more, and follow redirects",
        ),
    ]
    if not pool.options.keep_alive:
        options.append(Option("headers", '{"Connection": "close"}', "keepAlive is off"))
    if sockets:
        options.append(Option("socket_options", "SOCKETS", "of Linux"))
    if pool.options.local_address is not None:
        options.append(Option("source_address", f"({literal(pool.options.local_address)}, 0)"))
    if python_tls.wants_context(pool):
        options.append(Option("ssl_context", "_tls()"))
    manager = "urllib3.PoolManager("
    said = [*_remarks(pool, "urllib3")]
    if pool.is_proxied:
        said.append("proxies: urllib3.ProxyManager(os.environ[...]) takes the same.")
    modules = sorted([*(["import socket"] if sockets else []), *python_tls.imports(pool)])
    return text_of(
        [
            *head("#", pool, "urllib3 2", said),
            *modules,
            *([""] if modules else []),
            "import urllib3",
            *(["from urllib3.connection import HTTPConnection"] if sockets else []),
            *(["", f"{sockets[0].name} = {sockets[0].value}"] if sockets else []),
            *python_tls.context(pool),
            *("", "", "def make_pools() -> urllib3.PoolManager:"),
            '    """Make one for the whole life of a service."""',
            f"    return {manager}",
            *arguments(options, "        "),
            "    )",
        ]
    )


def _verified(pool: Pool) -> list[str]:
    """Give what requests wants to be told beside the context: it adds its own authorities else."""
    if not pool.tls.verifies:
        return ["    session.verify = False"]
    return [f"    session.verify = {literal(pool.tls.ca[0])}"] if pool.tls.ca else []


def requests(pool: Pool) -> str:
    """Give a session of requests."""
    size, waits = _size(pool)
    sockets = _sockets(pool)
    manager = [Option("socket_options", "SOCKETS", "of Linux")] if sockets else []
    if python_tls.wants_context(pool):
        manager.append(Option("ssl_context", "_tls()"))
    options = [
        Option(
            "pool_connections", str(_HOSTS), "hosts; beyond so many the pool used longest ago goes"
        ),
        Option("pool_maxsize", size, _why_size(pool)),
        Option("pool_block", literal(waits)),
        Option("max_retries", "0" if _retries(pool) == "False" else _retries(pool)),
    ]
    own = ["self, *args, **kwargs"]
    adapter = [
        *("", "", "class _Adapter(HTTPAdapter):"),
        *("    def send(self, request, **kwargs):",),
        "        # A session has no timeout of its own: connect, and between two parts.",
        '        if kwargs.get("timeout") is None:',
        f'            kwargs["timeout"] = ({literal(pool.dial_s)}, {literal(pool.silence_s)})',
        "        return super().send(request, **kwargs)",
    ]
    if manager:
        adapter += [
            *("", f"    def init_poolmanager({own[0]}):"),
            "        return super().init_poolmanager(",
            "            *args,",
            *arguments(manager, "            "),
            "            **kwargs,",
            "        )",
        ]
    modules = sorted([*(["import socket"] if sockets else []), *python_tls.imports(pool)])
    return text_of(
        [
            *head("#", pool, "requests 2", _remarks(pool, "requests")),
            *modules,
            *([""] if modules else []),
            "import requests",
            *(["import urllib3"] if pool.options.retry_stale else []),
            "from requests.adapters import HTTPAdapter",
            *(["from urllib3.connection import HTTPConnection"] if sockets else []),
            *(["", f"{sockets[0].name} = {sockets[0].value}"] if sockets else []),
            *python_tls.context(pool),
            *adapter,
            *("", "", "def make_session() -> requests.Session:"),
            '    """Make one for the whole life of a service; read every body, or close it."""',
            "    session = requests.Session()",
            "    adapter = _Adapter(",
            *arguments(options, "        "),
            "    )",
            '    session.mount("http://", adapter)',
            '    session.mount("https://", adapter)',
            *_verified(pool),
            *(
                []
                if pool.is_proxied
                else [
                    "    # Neither proxies nor .netrc of the environment.",
                    "    session.trust_env = False",
                ]
            ),
            *(
                []
                if pool.options.keep_alive
                else ['    session.headers["Connection"] = "close"  # keepAlive is off']
            ),
            "    return session",
        ]
    )
