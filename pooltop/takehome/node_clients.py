"""Node's own agents, and the clients that take them: axios, node-fetch, got; and agentkeepalive."""

from __future__ import annotations

from collections.abc import Iterable

from pooltop.takehome import javascript as js
from pooltop.takehome.code import Option, head, text_of
from pooltop.takehome.literals import javascript as literal
from pooltop.takehome.literals import milliseconds
from pooltop.takehome.pool import Pool
from pooltop.takehome.remarks import of_clocks, of_hosts, of_the_agent

_OWN_AGENT = "give it an agent of its own with these numbers"
_NO_QUEUE = "no clock of Node's runs while a request waits for a socket"
_NO_TOTAL = "AbortSignal.timeout() covers all of a request, but is not seen while it is queued"
_NO_DIAL = "Node has no clock for dialling; give the request up by an AbortSignal"
_NO_IDLE = "the request option timeout only tells: call req.destroy() in its 'timeout' event"
_STALE = (
    "a request whose kept-alive socket was closed is sent once more in pooltop. In Node do so "
    "where req.reusedSocket is true, the code is ECONNRESET and the method may be had twice."
)


def _of_node(pool: Pool, *, stale: str = _STALE) -> Iterable[str]:
    yield from of_the_agent(pool)
    if pool.is_h2:
        yield "https.Agent never speaks HTTP/2, and pooltop's agent does where the server lets it."
    if pool.dispatcher is not None:
        yield (
            "undici lets a server's Keep-Alive hint lengthen the time that an idle connection is "
            "kept, too; in Node it only shortens it."
        )
        if pool.dispatcher.pipelining > 1:
            yield f"pipelining is {literal(pool.dispatcher.pipelining)} in undici: Node has none."
    elif pool.idle_ms is None and pool.options.keep_alive:
        yield (
            "there is no timeout: idle sockets stay until the server closes them, its Keep-Alive "
            "hint is not looked at, and a request may meet one that is just being closed."
        )
    if pool.options.retry_stale and stale:
        yield stale
    yield from of_hosts(pool, _OWN_AGENT)


def node_http(pool: Pool) -> str:
    """Give ``http.Agent`` and ``https.Agent``."""
    said = [
        *_of_node(pool),
        *of_clocks(
            pool, {"queue": _NO_QUEUE, "connect": _NO_DIAL, "idle": _NO_IDLE, "total": _NO_TOTAL}
        ),
    ]
    return text_of(
        [
            *head("//", pool, "Node's http.Agent and https.Agent", said),
            *js.imports(pool),
            "",
            *js.agents(pool),
            "",
            "// https.get(url, { agent: httpsAgent }, (response) => response.resume());",
        ]
    )


def axios(pool: Pool) -> str:
    """Give an axios instance over both agents."""
    said = [
        *_of_node(pool),
        *of_clocks(pool, {"queue": _NO_QUEUE, "connect": _NO_DIAL, "idle": _NO_IDLE}),
    ]
    options = [Option("httpAgent", "httpAgent"), Option("httpsAgent", "httpsAgent")]
    total = pool.clock("total")
    if total is not None:
        why = "it begins with the socket: a request that waits for one has no clock"
        options.append(Option("timeout", milliseconds(total), why))
    options.append(
        Option("proxy", "false", "axios would read http_proxy by itself, and pool by the proxy")
    )
    return text_of(
        [
            *head("//", pool, "axios 1, over Node's agents", said),
            *js.imports(pool, "import axios from 'axios';"),
            "",
            *js.agents(pool),
            "export const client = axios.create({",
            *js.listed(options, "  "),
            "});",
        ]
    )


def node_fetch(pool: Pool) -> str:
    """Give a ``fetch`` of node-fetch over both agents."""
    said = [
        *_of_node(pool),
        *of_clocks(
            pool, {"queue": _NO_QUEUE, "connect": _NO_DIAL, "idle": _NO_IDLE, "total": _NO_TOTAL}
        ),
        "read every body to its end, or cancel it: an unread one keeps its socket.",
        "Node's own fetch takes no agent: for that use the snippet for undici.",
    ]
    total = pool.clock("total")
    signal = f", signal: AbortSignal.timeout({milliseconds(total)})" if total is not None else ""
    return text_of(
        [
            *head("//", pool, "node-fetch 3, over Node's agents", said),
            *js.imports(pool, "import fetch from 'node-fetch';"),
            "",
            *js.agents(pool),
            "const agent = (url) => (url.protocol === 'https:' ? httpsAgent : httpAgent);",
            f"export const client = (url, init) => fetch(url, {{ agent{signal}, ...init }});",
        ]
    )


def got(pool: Pool) -> str:
    """Give a got instance over both agents, with its clocks."""
    clocks = {
        "lookup": pool.clock("dns"),
        "connect": pool.clock("tcp") or pool.dial_s,
        "secureConnect": pool.clock("tls") or pool.dial_s,
        "socket": pool.silence_s,
        "request": pool.clock("total"),
    }
    options = [Option("agent", "{ http: httpAgent, https: httpsAgent }")]
    given = [f"{name}: {milliseconds(s)}" for name, s in clocks.items() if s is not None]
    if given:
        why = "request covers the queue, too; connect and secureConnect are TCP and TLS apart"
        options.append(Option("timeout", f"{{ {', '.join(given)} }}", why))
    if pool.options.retry_stale:
        why = "pooltop sends again once, what met a closed kept-alive socket and may be had twice"
        value = "{ limit: 1, errorCodes: ['ECONNRESET', 'EPIPE'], statusCodes: [] }"
        options.append(Option("retry", value, why))
    else:
        options.append(Option("retry", "{ limit: 0 }", "got would try twice more by itself"))
    said = [
        *_of_node(pool, stale=""),
        *of_clocks(pool, {"queue": "got has none for it; its request clock covers the queue"}),
    ]
    return text_of(
        [
            *head("//", pool, "got 14, over Node's agents", said),
            *js.imports(pool, "import got from 'got';"),
            "",
            *js.agents(pool),
            "export const client = got.extend({",
            *js.listed(options, "  "),
            "});",
        ]
    )


def agentkeepalive(pool: Pool) -> str:
    """Give agentkeepalive's two agents, whose timeouts differ from Node's."""
    silence = pool.silence_s
    own = [option for option in js.agent_options(pool) if option.name != "timeout"]
    if pool.options.keep_alive:
        idle = pool.idle_ms
        own.append(
            Option(
                "freeSocketTimeout",
                "0" if idle is None else literal(idle),
                "how long an idle socket is kept (timeout of Node's agent); 0 is for ever, and "
                "4000 where it is not said",
            )
        )
    own.append(
        Option(
            "timeout",
            "0" if silence is None else milliseconds(silence),
            "here it destroys a busy socket that is silent, where Node's only tells; 0 is never, "
            "and twice freeSocketTimeout where it is not said",
        )
    )
    said = [
        *_of_node(pool),
        *of_clocks(pool, {"queue": _NO_QUEUE, "connect": _NO_DIAL, "total": _NO_TOTAL}),
    ]
    files = ["import { readFileSync } from 'node:fs';"] if js.reads_files(pool) else []
    return text_of(
        [
            *head("//", pool, "agentkeepalive 4", said),
            *files,
            "import Agent from 'agentkeepalive';",
            "",
            *js.agents(pool, own, http="Agent", https="Agent.HttpsAgent"),
        ]
    )
