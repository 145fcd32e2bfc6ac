"""Apache HttpClient 5 for Java: classic, with a pooling connection manager."""

from __future__ import annotations

import math
from collections.abc import Iterable

from pooltop.takehome.code import Option, comment, head, text_of
from pooltop.takehome.literals import java as literal
from pooltop.takehome.literals import milliseconds, number
from pooltop.takehome.pool import Pool
from pooltop.takehome.remarks import of_clocks, of_hosts, of_the_agent

_C5 = "org.apache.hc.client5.http"
_CORE5 = "org.apache.hc.core5"
_UNLIMITED = "Integer.MAX_VALUE"
_HINT = """\
    /** Gives how long a connection is kept: the agent's timeout, or a server's hint if shorter. */
    private static TimeValue keepAlive(HttpResponse response, HttpContext context) {
        long idle = %s;
        Iterator<HeaderElement> hints = MessageSupport.iterate(response, "Keep-Alive");
        while (hints.hasNext()) {
            HeaderElement hint = hints.next();
            if ("timeout".equalsIgnoreCase(hint.getName())) {
                try {
                    long promised = Long.parseLong(hint.getValue()) * 1000;
                    // The buffer is taken off, so that the client closes first.
                    idle = Math.min(idle, Math.max(1, promised - %s));
                } catch (NumberFormatException ignored) {
                    // No number: no hint.
                }
            }
        }
        return TimeValue.ofMilliseconds(idle);
    }
"""


def java(pool: Pool) -> str:
    """Give a class that makes the client."""
    keeps = pool.options.keep_alive
    hint = _HINT % (_idle(pool), number(pool.options.agent_keep_alive_timeout_buffer))
    return text_of(
        [
            *head("//", pool, "Apache HttpClient 5 (5.1 and newer)", _remarks(pool)),
            *(f"import {name};" for name in _imports(pool)),
            "",
            "/** Makes the client: one for the whole life of a service. */",
            "public final class Pool {",
            "    private Pool() {}",
            "",
            "    public static CloseableHttpClient create() {",
            *_manager(pool),
            *_requests(pool),
            "        return HttpClients.custom()",
            "                .setConnectionManager(connections)",
            "                .setDefaultRequestConfig(requests)",
            *_client(pool),
            "                .build();",
            "    }",
            *(["", *hint.splitlines()] if keeps else []),
            "}",
        ]
    )


def _idle(pool: Pool) -> str:
    return "Long.MAX_VALUE" if pool.idle_ms is None else f"{number(pool.idle_ms)}L"


def _imports(pool: Pool) -> list[str]:
    names = [
        f"{_C5}.config.RequestConfig",
        f"{_C5}.impl.classic.CloseableHttpClient",
        f"{_C5}.impl.classic.HttpClients",
        f"{_C5}.impl.io.PoolingHttpClientConnectionManager",
        f"{_C5}.impl.io.PoolingHttpClientConnectionManagerBuilder",
        f"{_CORE5}.http.io.SocketConfig",
        f"{_CORE5}.pool.PoolConcurrencyPolicy",
        f"{_CORE5}.pool.PoolReusePolicy",
        f"{_CORE5}.util.Timeout",
    ]
    if pool.options.keep_alive:
        names += [
            "java.util.Iterator",
            f"{_CORE5}.http.HeaderElement",
            f"{_CORE5}.http.HttpResponse",
            f"{_CORE5}.http.message.MessageSupport",
            f"{_CORE5}.http.protocol.HttpContext",
            f"{_CORE5}.util.TimeValue",
        ]
    return sorted(names)


def _chain(options: Iterable[Option]) -> list[str]:
    lines: list[str] = []
    for option in options:
        if option.why:
            lines += comment("//", option.why, " " * 16)
        lines.append(f"                .{option.name}({option.value})")
    return lines


def _manager(pool: Pool) -> list[str]:
    agent = pool.options
    most, total = max(1, pool.at_once), max(1, agent.max_total_sockets)
    no_delay, probes = (str(each).lower() for each in (agent.no_delay, agent.keep_alive))
    socket = f"SocketConfig.custom().setTcpNoDelay({no_delay}).setSoKeepAlive({probes})"
    options = [
        Option("setMaxConnPerRoute", _limit(most), "maxSockets; 5 where it is not said"),
        Option("setMaxConnTotal", _limit(total), "maxTotalSockets; 25 where it is not said"),
        Option("setPoolConcurrencyPolicy", "PoolConcurrencyPolicy.STRICT"),
        Option("setConnPoolPolicy", f"PoolReusePolicy.{agent.scheduling.upper()}"),
        Option("setDefaultSocketConfig", f"{socket}.build()"),
    ]
    return [
        "        PoolingHttpClientConnectionManager connections =",
        "                PoolingHttpClientConnectionManagerBuilder.create()",
        *_chain(options),
        "                .build();",
    ]


def _limit(limit: float) -> str:
    return _UNLIMITED if math.isinf(limit) else number(limit)


def _requests(pool: Pool) -> list[str]:
    queue, dial, silence = pool.clock("queue"), pool.dial_s, pool.silence_s
    options = [
        Option(
            "setConnectionRequestTimeout",
            "Timeout.ofDays(1)" if queue is None else _timeout(queue),
            "the wait for a connection; 3 minutes where it is not said. 0 should be for ever, but "
            "5.1 then fails at once where two threads meet in the pool",
        ),
        Option("setConnectTimeout", _timeout(dial), "5.2 and newer: of a ConnectionConfig, too"),
        Option("setResponseTimeout", _timeout(silence), "between two parts of a response"),
        Option("setRedirectsEnabled", "false"),
    ]
    return [
        "        RequestConfig requests = RequestConfig.custom()",
        *_chain(options),
        "                .build();",
    ]


def _timeout(seconds: float | None) -> str:
    if seconds is None:
        return "Timeout.DISABLED"
    return f"Timeout.ofMilliseconds({milliseconds(seconds)})"


def _client(pool: Pool) -> list[str]:
    options: list[Option] = []
    if pool.options.keep_alive:
        options.append(Option("setKeepAliveStrategy", "Pool::keepAlive"))
        why = "by a thread of its own: else they are closed when they would be used"
        options.append(Option("evictExpiredConnections", "", why))
    else:
        value = "(request, response, context) -> false"
        options.append(Option("setConnectionReuseStrategy", value, "keepAlive is off"))
    if not pool.options.retry_stale:
        why = "it would send again what may be had twice; Node does not"
        options.append(Option("disableAutomaticRetries", "", why))
    if pool.is_proxied:
        options.append(Option("useSystemProperties", "", "proxies: http.proxyHost and others"))
    return _chain(options)


def _remarks(pool: Pool) -> Iterable[str]:
    yield from of_the_agent(pool, has_free="every idle connection is kept until its time is over")
    tls = pool.tls
    if tls.ca or tls.cert is not None:
        names = ", ".join(literal(name) for name in (*tls.ca, *filter(None, (tls.cert, tls.key))))
        yield (
            f"TLS has the PEM files {names[:200]}: Java reads key stores. Make them with keytool "
            "and openssl pkcs12, and give the manager setSSLSocketFactory."
        )
    if not tls.verifies:
        yield "certificates are not checked in pooltop: that is not taken home. Give a trust store."
    if pool.options.keep_alive:
        yield "when TCP probes an idle connection (keepAliveMsecs) is the system's choice."
    if pool.is_h2:
        yield "the classic client speaks HTTP/1.1 alone; the async one has HTTP/2."
    if pool.options.local_address is not None:
        yield f"it connects from {literal(pool.options.local_address)}: set a RoutePlanner."
    yield from of_clocks(pool, {"total": "there is none; cancel the request from another thread"})
    yield from of_hosts(pool, "connections.setMaxPerRoute(route, limit) has it for a host alone")
