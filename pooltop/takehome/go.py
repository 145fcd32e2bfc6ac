"""Go's net/http: a Transport, of which 0 means three different things."""

from __future__ import annotations

import math
from collections.abc import Iterable

from pooltop.takehome.code import Option, comment, head, text_of
from pooltop.takehome.literals import go as literal
from pooltop.takehome.literals import number
from pooltop.takehome.pool import Pool
from pooltop.takehome.remarks import of_clocks, of_hosts, of_the_agent

_VERSIONS = {"TLSv1.2": "tls.VersionTLS12", "TLSv1.3": "tls.VersionTLS13"}


def go(pool: Pool) -> str:
    """Give a function that makes the client."""
    tls = _tls(pool)
    modules = ["net", "net/http", "time"]
    if tls:
        modules.append("crypto/tls")
    if pool.tls.ca:
        modules += ["crypto/x509", "os"]
    if math.isinf(pool.most_idle) and pool.options.keep_alive:
        modules.append("math")
    if pool.options.socket_path is not None or pool.options.family is not None:
        modules.append("context")
    uses_time = any("time." in line for line in (*_dialer(pool), *_assigned(pool), *_client(pool)))
    modules = sorted(each for each in modules if each != "time" or uses_time)
    return text_of(
        [
            *head("//", pool, "Go's net/http", _remarks(pool)),
            "",
            "package pool",
            "",
            "import (",
            *(f'\t"{module}"' for module in modules),
            ")",
            "",
            "// NewClient makes the client: one for the whole life of a service. Read every body",
            "// to its end and close it, or its connection is not used again.",
            "func NewClient() (*http.Client, error) {",
            *_dialer(pool),
            "\ttransport := &http.Transport{}",
            *_assigned(pool),
            *tls,
            *_client(pool),
            "\treturn client, nil",
            "}",
        ]
    )


def _duration(ms: float) -> str:
    if ms % 1000 == 0:
        return f"{number(ms / 1000)} * time.Second"
    return f"{number(max(1, round(ms)))} * time.Millisecond"


def _statements(options: Iterable[Option], of: str, indent: str = "\t") -> list[str]:
    lines: list[str] = []
    for option in options:
        if option.why:
            lines += comment("//", option.why, indent)
        lines.append(f"{indent}{of}.{option.name} = {option.value}")
    return lines


def _dialer(pool: Pool) -> list[str]:
    options: list[Option] = []
    if pool.dial_s is not None:
        options.append(Option("Timeout", _duration(pool.dial_s * 1000), "of TCP alone"))
    if pool.options.keep_alive:
        delay = max(1000, pool.options.keep_alive_msecs)
        why = "delay of the first TCP probe: not how long an idle connection is kept"
        options.append(Option("KeepAlive", _duration(delay), why))
    if pool.options.local_address is not None:
        address = f"&net.TCPAddr{{IP: net.ParseIP({literal(pool.options.local_address)})}}"
        options.append(Option("LocalAddr", address))
    return ["\tdialer := &net.Dialer{}", *_statements(options, "dialer")]


def _assigned(pool: Pool) -> list[str]:
    agent = pool.options
    most = max(1, pool.options.max_sockets if pool.is_h2 else pool.at_once)
    options = [_dial(pool)]
    limit = "0" if math.isinf(most) else number(most)
    options.append(
        Option("MaxConnsPerHost", limit, "maxSockets, idle ones included; here 0 is no limit")
    )
    if agent.keep_alive:
        kept = pool.most_idle
        value = "math.MaxInt" if math.isinf(kept) else "-1" if kept <= 0 else number(kept)
        why = "maxFreeSockets; here 0 is 2, and below 0 none is kept"
        options.append(Option("MaxIdleConnsPerHost", value, why))
        idle = pool.idle_ms
        value = "0" if idle is None else _duration(idle)
        why = "timeout: how long an idle connection is kept; 0 is for ever"
        options.append(Option("IdleConnTimeout", value, why))
    else:
        options.append(Option("DisableKeepAlives", "true", "keepAlive is off"))
    if pool.dial_s is not None:
        options.append(Option("TLSHandshakeTimeout", _duration(pool.dial_s * 1000)))
    if pool.silence_s is not None:
        why = "until the head of the response; nothing looks at silence within its body"
        options.append(Option("ResponseHeaderTimeout", _duration(pool.silence_s * 1000), why))
    if pool.is_h2:
        options.append(Option("ForceAttemptHTTP2", "true"))
    if pool.is_proxied:
        options.append(Option("Proxy", "http.ProxyFromEnvironment"))
    return _statements(options, "transport")


def _dial(pool: Pool) -> Option:
    path, family = pool.options.socket_path, pool.options.family
    if path is None and family is None:
        return Option("DialContext", "dialer.DialContext")
    network = '"unix"' if path is not None else f'"tcp{family}"'
    address = literal(path) if path is not None else "address"
    return Option(
        "DialContext",
        "func(ctx context.Context, _, address string) (net.Conn, error) {\n"
        f"\t\treturn dialer.DialContext(ctx, {network}, {address})\n"
        "\t}",
    )


def _tls(pool: Pool) -> list[str]:
    tls = pool.tls
    options: list[Option] = []
    if tls.servername:
        options.append(Option("ServerName", literal(tls.servername)))
    for name, version in (("MinVersion", tls.min_version), ("MaxVersion", tls.max_version)):
        if version in _VERSIONS:
            options.append(Option(name, _VERSIONS[version]))
    if not tls.verifies:
        why = "certificates are not checked, as in pooltop: give a ca instead"
        options.append(Option("InsecureSkipVerify", "true", why))
    lines = _statements(options, "secure")
    if tls.ca:
        lines += [
            "\tsecure.RootCAs = x509.NewCertPool()",
            f"\tfor _, name := range []string{{{', '.join(map(literal, tls.ca))}}} {{",
            "\t\tpem, err := os.ReadFile(name)",
            "\t\tif err != nil {",
            "\t\t\treturn nil, err",
            "\t\t}",
            "\t\tsecure.RootCAs.AppendCertsFromPEM(pem)",
            "\t}",
        ]
    if tls.cert is not None:
        key = tls.key if tls.key is not None else tls.cert
        lines += [
            f"\town, err := tls.LoadX509KeyPair({literal(tls.cert)}, {literal(key)})",
            "\tif err != nil {",
            "\t\treturn nil, err",
            "\t}",
            "\tsecure.Certificates = []tls.Certificate{own}",
        ]
    if not lines:
        return []
    return ["\tsecure := &tls.Config{}", *lines, "\ttransport.TLSClientConfig = secure"]


def _client(pool: Pool) -> list[str]:
    total = pool.clock("total")
    lines = ["\tclient := &http.Client{Transport: transport}"]
    if total is not None:
        why = "all of a request, the wait for a connection included"
        lines += _statements([Option("Timeout", _duration(total * 1000), why)], "client")
    return lines


def _remarks(pool: Pool) -> Iterable[str]:
    yield from of_the_agent(pool, has_total="MaxIdleConns counts idle ones alone, so it is not set")
    tls = pool.tls
    if tls.passphrase is not None:
        yield "the private key has a passphrase: crypto/tls reads no such key, decrypt it before."
    if tls.ciphers or tls.ecdh_curve or tls.crl or tls.secure_options:
        yield "ciphers, curves, crl and secureOptions of TLS are named otherwise in crypto/tls."
    if pool.options.keep_alive and pool.options.scheduling == "fifo":
        yield "scheduling is fifo in pooltop: Go takes the connection that was freed last."
    if pool.options.keep_alive:
        yield "a server's Keep-Alive hint is not looked at: keep idle ones for less than it."
    yield from of_clocks(
        pool, {"queue": "there is none; a context's deadline covers the wait and all else"}
    )
    if not pool.options.retry_stale and pool.options.keep_alive:
        yield (
            "Go sends what may be had twice again by itself where a kept connection was closed; "
            "Node does not."
        )
    yield from of_hosts(pool, "give it a client of its own with these numbers")
