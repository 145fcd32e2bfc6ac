"""Values of the wrong type or size: each is refused with its place and what is allowed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pooltop.profiles import load_text

Lines = Callable[[str], list[str]]

_SOCKETS = 'a whole number from 1 to 1000000, or "unlimited"'
_DURATION = 'a duration like "500ms", "2s", "1.5m", "1h"'
_LIMIT = f'{_DURATION}, or "unlimited"'
_RATE = 'a rate like "50/s", "600/m", "10/h"'
_BOUND = 'a whole number from 0 to 1000000, or "unlimited"'
_KINDS = '"http.Agent", "https.Agent", "undici-client", "undici-pool", "undici-agent", "undici-balanced-pool", "undici-round-robin-pool" or "h2"'
_NAME = "a name of 1 to 64 printable characters"

AGENT_VALUES = [
    ("max_sockets = nan", f"P012 max_sockets = nan: must be finite: {_SOCKETS}."),
    ("max_sockets = -inf", f"P012 max_sockets = -inf: must be finite: {_SOCKETS}."),
    ("max_sockets = 1e400", f"P012 max_sockets = 1e400: must be finite: {_SOCKETS}."),
    ("max_sockets = true", f"P011 max_sockets = true: expected {_SOCKETS}, got a boolean."),
    ('max_sockets = "10"', f'P011 max_sockets = "10": expected {_SOCKETS}, got a string. Did you mean 10 without quotes?'),
    ('max_sockets = "unlimitd"', f'P011 max_sockets = "unlimitd": expected {_SOCKETS}, got a string. Did you mean "unlimited"?'),
    ("max_sockets = 10.5", f"P011 max_sockets = 10.5: expected {_SOCKETS}, got a number with a fraction."),
    ("max_sockets = -0.0", f"P011 max_sockets = -0.0: expected {_SOCKETS}, got a number with a fraction."),
    ("max_sockets = 0", 'P012 max_sockets = 0: Node reads 0 as "not set", that is unlimited. Write 1 or more, or "unlimited".'),
    ("maxSockets = 0", 'P012 maxSockets = 0: Node reads 0 as "not set", that is unlimited. Write 1 or more, or "unlimited".'),
    ("max_sockets = -1", f"P012 max_sockets = -1: expected {_SOCKETS}."),
    ("max_sockets = 18446744073709551616", f"P012 max_sockets = 18446744073709551616: expected {_SOCKETS}."),
    ("max_sockets = 0x" + "f" * 5000, f"P012 max_sockets = (a huge number): expected {_SOCKETS}."),
    ("max_sockets = 1979-05-27", f"P011 max_sockets = 1979-05-27: expected {_SOCKETS}, got a date."),
    ("max_sockets = [1]", f"P011 max_sockets: expected {_SOCKETS}, got an array."),
    ("max_sockets = {}", f"P011 max_sockets: expected {_SOCKETS}, got a table."),
    ("max_total_sockets = 0", 'P012 max_total_sockets = 0: Node throws ERR_OUT_OF_RANGE for 0. Write 1 or more, or "unlimited".'),
    ("max_free_sockets = 0", 'P012 max_free_sockets = 0: Node reads 0 as "not set", that is 256. Write 1 or more, or "unlimited"; to keep no idle socket write keep_alive = false.'),
    ("keep_alive = 1", "P011 keep_alive = 1: expected true or false, got a whole number."),
    ('keep_alive = "true"', 'P011 keep_alive = "true": expected true or false, got a string. Did you mean true without quotes?'),
    ('scheduling = "LIFO"', 'P013 scheduling = "LIFO": allowed are "lifo" or "fifo".'),
    ('scheduling = "fif0"', 'P013 scheduling = "fif0": allowed are "lifo" or "fifo". Did you mean "fifo"?'),
    ("scheduling = 1", 'P011 scheduling = 1: expected "lifo" or "fifo", got a whole number.'),
    ('codec = "h2"', 'P013 codec = "h2": allowed are "h11" or "llhttp". HTTP/2 is no codec of HTTP/1.1, but a kind of agent.'),
    ('kind = "http.agent"', f'P013 kind = "http.agent": allowed are {_KINDS}. Did you mean "http.Agent"?'),
    ('kind = "undici"', f'P013 kind = "undici": allowed are {_KINDS}. Did you mean "undici-pool"?'),
    ('timeout = "0s"', 'P012 timeout = "0s": Node reads 0 as no timeout. Leave it out, or write "unlimited".'),
    ("timeout = 5", 'P020 timeout = 5: a duration needs a unit. Did you mean "5ms"?'),
    ('keep_alive_msecs = "0ms"', 'P012 keep_alive_msecs = "0ms": Node reads 0 as "not set", that is "1s". Write more than 0.'),
    ("keepAliveMsecs = 1000", 'P020 keepAliveMsecs = 1000: a duration needs a unit. Did you mean "1000ms"?'),
    ('agent_keep_alive_timeout_buffer = "-1s"', 'P012 agent_keep_alive_timeout_buffer = "-1s": expected 0s, at most 596h.'),
    ("proxy_env = 5", 'P011 proxy_env: expected a table with http_proxy, https_proxy, no_proxy, or "environment", got a whole number.'),
    ('proxy_env = "on"', 'P013 proxy_env: allowed is a table with http_proxy, https_proxy, no_proxy, or "environment".'),
    ("bounds = 5", "P011 bounds = 5: expected a table with max_sockets, max_total_sockets, max_free_sockets, timeout, connections, sessions, pipelining, max_concurrent_streams, got a whole number."),
    ("bounds.max_sockets = 5", f"P011 bounds.max_sockets = 5: expected [least, most], each {_BOUND}, got a whole number."),
    ("bounds.max_sockets = [5]", f"P011 bounds.max_sockets: expected [least, most], each {_BOUND}, got 1 of them."),
    ("bounds.max_sockets = [1, 2, 3]", f"P011 bounds.max_sockets: expected [least, most], each {_BOUND}, got 3 of them."),
    ("bounds.maxSockets = [200, 1]", "P019 bounds.maxSockets: the least comes first. Did you mean [1, 200]?"),
    ('bounds.timeout = ["60s", "1s"]', 'P019 bounds.timeout: the least comes first. Did you mean ["1s", "60s"]?'),
    ("timeouts = 5", "P011 timeouts = 5: expected a table with mode, queue, connect, dns, tcp, tls, idle, total, free, got a whole number."),
]  # fmt: skip

WORKLOAD_VALUES = [
    ("rate = nan", f"P012 rate = nan: must be finite and above 0: {_RATE}."),
    ("rate = inf", f"P012 rate = inf: must be finite and above 0: {_RATE}."),
    ("rate = 1e400", f"P012 rate = 1e400: must be finite and above 0: {_RATE}."),
    ("rate = -0.0", f"P012 rate = -0.0: must be finite and above 0: {_RATE}."),
    ("rate = true", f"P011 rate = true: expected {_RATE}, got a boolean."),
    ("rate = 50", 'P021 rate = 50: a rate needs a unit. Did you mean "50/s"?'),
    ('rate = "50"', 'P021 rate = "50": a rate needs a unit. Did you mean "50/s"?'),
    ("rate = 9999999", f"P021 rate = 9999999: a rate needs a unit: {_RATE}."),
    ('rate = "0/s"', 'P012 rate = "0/s": must be above 0: only stages may begin at 0.'),
    ('rate = "-1/s"', 'P012 rate = "-1/s": must be a finite rate above 0, at most 1000000/s.'),
    ('rate = "1e3/s"', f'P021 rate = "1e3/s": expected {_RATE}.'),
    ('rate = "50/d"', f'P021 rate = "50/d": expected {_RATE}.'),
    ('rate = "9999999/s"', 'P012 rate = "9999999/s": must be a finite rate above 0, at most 1000000/s.'),
    ("duration = nan", f"P012 duration = nan: must be finite and above 0: {_LIMIT}."),
    ("duration = 5", 'P020 duration = 5: a duration needs a unit. Did you mean "5s"?'),
    ("duration = 500", 'P020 duration = 500: a duration needs a unit. Did you mean "500ms"?'),
    ("duration = 9e99", f"P020 duration = 9e+99: a duration needs a unit: {_LIMIT}."),
    ('duration = "1.5"', 'P020 duration = "1.5": a duration needs a unit. Did you mean "1.5s"?'),
    ("duration = true", f"P011 duration = true: expected {_LIMIT}, got a boolean."),
    ("duration = 1979-05-27", f"P011 duration = 1979-05-27: expected {_LIMIT}, got a date."),
    ("duration = 07:32:00", f"P011 duration = 07:32:00: expected {_LIMIT}, got a time of day."),
    ('duration = "5 minutes"', f'P020 duration = "5 minutes": expected {_LIMIT}.'),
    ('duration = "1h30"', f'P020 duration = "1h30": expected {_LIMIT}.'),
    ('duration = "1e3s"', f'P020 duration = "1e3s": expected {_LIMIT}.'),
    ('duration = "\uff19s"', f'P020 duration = "\uff19s": expected {_LIMIT}.'),
    ('duration = ""', f'P020 duration = "": expected {_LIMIT}.'),
    ('duration = "0s"', 'P012 duration = "0s": expected more than 0s, at most 596h.'),
    ('duration = "-1s"', 'P012 duration = "-1s": expected more than 0s, at most 596h.'),
    ('duration = "9999h"', 'P012 duration = "9999h": expected more than 0s, at most 596h.'),
    ("max_requests = 0", 'P012 max_requests = 0: expected a whole number from 1 to 1000000000000, or "unlimited".'),
    ("seed = -1", "P012 seed = -1: expected a whole number from 0 to 9223372036854775807."),
    ("max_in_flight = inf", "P012 max_in_flight = inf: must be finite: a whole number from 1 to 1000000."),
    ('method = "get"', 'P062 method = "get": methods are upper case. Did you mean "GET"?'),
    ('method = "G T"', 'P062 method = "G T": expected a method like "GET" or "POST".'),
    ('method = "CONNECT"', 'P062 method = "CONNECT": CONNECT makes a tunnel, which no pool keeps.'),
    ('path = "x"', 'P062 path = "x": a path begins with a slash. Did you mean "/x"?'),
    ('path = "/a b"', 'P062 path = "/a b": " " cannot stand in a path: percent-encode or drop it.'),
    ('path = "/\\r\\nX: y"', 'P062 path = "/\\r\\nX: y": "\\r" cannot stand in a path: percent-encode or drop it.'),
    ('path = "/#top"', 'P062 path = "/#top": "#" cannot stand in a path: percent-encode or drop it.'),
    ('path = "/%zz"', 'P062 path = "/%zz": "%zz" is not a percent-escape: write "%25" for a percent sign.'),
    ("body = 1", "P011 body = 1: expected a string, or a table with one of text, file, json, form, got a whole number."),
    ("body = {}", "P014 body: expected a string, or a table with one of text, file, json, form."),
    ('body = { json = 1, text = "" }', "P017 body: expected a string, or a table with one of text, file, json, form."),
    ('connection = "keep-alive"', 'P013 connection = "keep-alive": allowed are "close".'),
    ("requests = []", "P011 requests: expected an array of tables like [[workloads.NAME.requests]], got an empty one."),
    ("requests = {}", "P011 requests: expected an array of tables like [[workloads.NAME.requests]], got a table."),
]  # fmt: skip

REQUEST_VALUES = [
    ("weight = 0", "P012 weight = 0: expected a number above 0 to 1e+06."),
    ("weight = -0.0", "P012 weight = -0.0: expected a number above 0 to 1e+06."),
    ("weight = inf", "P012 weight = inf: must be finite: a number above 0 to 1e+06."),
    ("weight = true", "P011 weight = true: expected a number above 0 to 1e+06, got a boolean."),
    ('name = ""', f'P022 name = "": expected {_NAME}.'),
    ('name = "\\u001b[2J"', f'P022 name = "\\u001B[2J": expected {_NAME}.'),
    ('name = "\\u202Ex"', f'P022 name = "\\u202Ex": expected {_NAME}.'),
    ('name = " x"', f'P022 name = " x": expected {_NAME}, no blanks around it.'),
]  # fmt: skip

HEADERS = [
    ('{ a = "x\\ny" }', "error P061 H.a: a header cannot hold CR, LF, NUL or other control characters.", 7),
    ('{ a = "x\\u0000" }', "error P061 H.a: a header cannot hold CR, LF, NUL or other control characters.", 7),
    ('{ a = " x" }', "error P061 H.a: a header's value has no blanks around it.", 7),
    ('{ a = "\u20ac" }', "error P061 H.a: a header can hold Latin-1 characters only.", 7),
    ("{ a = 1 }", "error P011 H.a: expected a string or an array of strings, got a whole number.", 7),
    ('{ a = ["x", 2] }', "error P011 H.a[1]: expected a string or an array of strings, got a whole number.", 13),
    ('{ "" = "x" }', 'error P061 H."": a header field needs a name.', 3),
    ('{ "a b" = "x" }', 'error P061 H."a b": not a header field\'s name.', 3),
    ('{ host = "a", Host = "b" }', "error P061 H.Host: Host is sent once only.", 15),
    ('{ host = ["a", "b"] }', "error P061 H.host: Host is sent once only.", 3),
    ('{ Content-Length = "3" }', "error P061 H.Content-Length: pooltop counts the body itself: leave it out.", 3),
    ('{ transfer-encoding = "x" }', "error P061 H.transfer-encoding: pooltop frames the body itself: leave it out.", 3),
    ('{ Cookie = "s\\necret" }', "error P061 H.Cookie: a header cannot hold CR, LF, NUL or other control characters.", 12),
    ('{ Cookie = "secret" }', "warn  P054 H.Cookie: a secret in the profile: keep the file to yourself (chmod 600).", 12),
    ("1", "error P011 H: expected a table of header fields, each a string or an array of strings, got a whole number.", 1),
]  # fmt: skip

URLS = [
    ("127.0.0.1:80", 'no scheme. Did you mean "http://127.0.0.1:80"?'),
    ("localhost", 'no scheme. Did you mean "http://localhost"?'),
    ("", 'no scheme. Write "http://host:port", "https://host:port" or "demo:NAME".'),
    ("http:/x", 'no scheme. Write "http://host:port", "https://host:port" or "demo:NAME".'),
    ("ftp://x", 'the scheme "ftp" is not http or https.'),
    ("htp://x", 'the scheme "htp" is not http or https. Did you mean "http"?'),
    ("http://", "the host is missing."),
    ("http://a:99999", "the port 99999 is not in 1 to 65535."),
    ("http://a:0", "the port 0 is not in 1 to 65535."),
    ("http://a:port", 'the port "port" is not a number from 1 to 65535.'),
    ("http://a:123456", 'the port "123456" is not a number from 1 to 65535.'),
    ("http://[::1", '"[::1" has no closing bracket.'),
    ("http://[::1]x", '"x" after the bracket is not a port.'),
    ("http://[::1%eth0]", 'the zone in "[::1%eth0]" means another thing on each machine.'),
    ("http://[1::2::3]", '"[1::2::3]" is not an IPv6 address.'),
    ("http://::1:80", '"::1:80": an IPv6 address stands in brackets.'),
    ("http://a b", "character 9 is a blank or a control character."),
    ("http://localhost\\n", "character 17 is a blank or a control character."),
    ("http://localhost/x", '"/x" does not belong here: put it into the request\'s path.'),
    ("http://localhost/%zz", '"/%zz" does not belong here: put it into the request\'s path.'),
    ("http://localhost?q", '"?q" does not belong here: put it into the request\'s path.'),
    ("http://b\u00fccher.example", 'the host "b\u00fccher.example" is not ASCII. Write it as "xn--bcher-kva.example".'),
    ("http://localhost.", 'the host "localhost." ends in a dot: leave it out.'),
    ("http://0x7f.1", 'the host "0x7f.1" is not an IPv4 address: write four numbers.'),
    ("http://127.1", 'the host "127.1" is not an IPv4 address: write four numbers.'),
    ("http://127.0.0.01", 'the host "127.0.0.01" is not an IPv4 address: write four numbers.'),
    ("http://2130706433", 'the host "2130706433" is not an IPv4 address: write four numbers.'),
    ("http://-a.localhost", '"-a.localhost" is not a host name.'),
]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "line"), AGENT_VALUES, ids=[said[:40] for said, _ in AGENT_VALUES]
)
def test_an_agents_value_is_refused(lines: Lines, good: str, said: str, line: str) -> None:
    code, rest = line.split(" ", 1)
    text = good.replace("max_sockets = 4", said)

    assert [f"x.toml:2:{said.index('=') + 3} error {code} agents.a.{rest}"] == lines(text)


@pytest.mark.parametrize(
    ("said", "line"), WORKLOAD_VALUES, ids=[said[:40] for said, _ in WORKLOAD_VALUES]
)
def test_a_workloads_value_is_refused(lines: Lines, good: str, said: str, line: str) -> None:
    code, rest = line.split(" ", 1)

    expected = f"x.toml:6:{said.index('=') + 3} error {code} workloads.w.{rest}"
    assert [expected] == lines(good + said + "\n")


@pytest.mark.parametrize(("said", "line"), REQUEST_VALUES, ids=[said for said, _ in REQUEST_VALUES])
def test_a_request_classs_value_is_refused(lines: Lines, good: str, said: str, line: str) -> None:
    code, rest = line.split(" ", 1)

    expected = f"x.toml:7:{said.index('=') + 3} error {code} workloads.w.requests[0].{rest}"
    assert [expected] == lines(good + "[[workloads.w.requests]]\n" + said + "\n")


@pytest.mark.parametrize(("said", "line", "column"), HEADERS, ids=[row[0] for row in HEADERS])
def test_a_header_is_refused_by_its_name(
    lines: Lines, good: str, said: str, line: str, column: int
) -> None:
    prefix = "headers = "
    rest = line.replace(" H", " workloads.w.headers", 1)

    expected = f"x.toml:6:{len(prefix) + column} {rest}"
    assert [expected] == lines(good + prefix + said + "\n")


@pytest.mark.parametrize(("url", "message"), URLS, ids=[url for url, _ in URLS])
def test_a_url_is_refused_with_the_part_that_is_wrong(
    lines: Lines, good: str, url: str, message: str
) -> None:
    text = good.replace("http://127.0.0.1:80", url)

    expected = f'x.toml:5:12 error P060 workloads.w.base_url = "{url}": {message}'
    assert [expected] == lines(text)


@pytest.mark.parametrize("url", ["http://user:pw@localhost", "user:pw@localhost", "ftp://u:pw@x"])
def test_a_password_in_a_url_is_refused_and_never_repeated(
    lines: Lines, good: str, url: str
) -> None:
    (line,) = lines(good.replace("http://127.0.0.1:80", url))

    assert line.startswith("x.toml:5:12 error P060 workloads.w.base_url: ")
    assert "pw" not in line


_HOST = 'a host like "127.0.0.1" or "*.staging.internal"'


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("*", 'expected a host like "127.0.0.1" or "*.staging.internal"; * stands at the beginning only.'),
        ("a.*", 'expected a host like "127.0.0.1" or "*.staging.internal"; * stands at the beginning only.'),
        ("*.0.0.1", 'expected a host like "127.0.0.1" or "*.staging.internal"; addresses are named one by one.'),
        ("http://a", f"expected {_HOST}, without scheme, port and path."),
        ("a:80", f"expected {_HOST}, without scheme, port and path."),
        ("[::1]:80", f"expected {_HOST}, without scheme, port and path."),
        ("::1::", '"::1::" is not an IPv6 address.'),
    ],
)  # fmt: skip
def test_a_host_pattern_never_means_everything(
    lines: Lines, good: str, pattern: str, message: str
) -> None:
    text = f'[safety]\nallow_hosts = ["b", "{pattern}"]\n' + good

    expected = f'x.toml:2:21 error P060 safety.allow_hosts[1] = "{pattern}": {message}'
    assert [expected] == lines(text)


@pytest.mark.parametrize(
    ("host", "is_allowed"),
    [
        ("localhost", True),
        ("a.b.localhost", True),
        ("127.9.8.7", True),
        ("[::1]", True),
        ("a.staging.internal", True),
        ("10.0.0.7", True),
        ("staging.internal", False),
        ("xstaging.internal", False),
        ("10.0.0.8", False),
        ("169.254.169.254", False),
        ("0.0.0.0", False),
        ("notlocalhost", False),
    ],
)
def test_only_this_machine_and_allowed_hosts_may_be_sent_traffic(
    lines: Lines, good: str, host: str, is_allowed: bool
) -> None:
    text = good.replace("127.0.0.1", host)
    text += '[safety]\nallow_hosts = ["10.0.0.7", "*.staging.internal"]\n'

    refusal = (
        f'x.toml:5:12 error P063 workloads.w.base_url = "http://{host}:80": {host} is not this '
        f'machine. To send it traffic add it to [safety]: allow_hosts = ["{host}"], '
        f"or start with --allow {host}."
    )
    assert ([] if is_allowed else [refusal]) == lines(text)


def test_another_schema_is_refused(lines: Lines, good: str) -> None:
    expected = "x.toml:1:10 error P012 schema = 2: this version of pooltop reads schema = 1 only."
    assert [expected] == lines("schema = 2\n" + good)


@pytest.mark.parametrize("name", ["Up", "a_b", "-a", "a" * 64])
def test_a_demo_servers_name_must_make_a_host(lines: Lines, good: str, name: str) -> None:
    text = good.replace("http://127.0.0.1:80", f"demo:{name}") + f"[demo.{name}]\n"

    shown = name if len(name) <= 60 else f'"{name[:60]}..."'
    expected = (
        f"x.toml:6:1 error P022 demo.{shown}: it becomes a host name: 1 to 63 lower-case letters, "
        "digits and hyphens, no hyphen at either end."
    )
    assert [expected] == lines(text)


def test_hosts_allowed_by_the_caller_count_like_those_of_the_profile(good: str) -> None:
    text = good.replace("127.0.0.1", "192.0.2.7")
    text += '[safety]\nallow_hosts = ["*.staging.internal"]\n'

    profile = load_text(text, allow=("192.0.2.7",)).profile

    assert ("*.staging.internal", "192.0.2.7") == profile.allow_hosts
