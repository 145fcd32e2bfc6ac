"""Bad input, row by row: exit status 2, the exact line, no traceback, nothing sent, and no hang.

The rows are those of the project's list of bad profiles and command lines, in its order. What a
row asks of other parts is named beside it: TLS files in test_tls_files, the screen in tests/ui.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme

from pooltop import cli
from pooltop.cli import terminal
from pooltop.profiles import load

GOOD = """\
[agents.a]
max_sockets = 4
[workloads.w]
agent = "a"
base_url = "http://127.0.0.1:80"
"""
OK = "ok: 1 agent, 1 workload\n"
PATIENCE_S = 20
"""A check takes milliseconds; what hangs takes for ever."""


def _agent(said: str) -> str:
    return GOOD.replace("max_sockets = 4", said)


def _to(url: str) -> str:
    return GOOD.replace("http://127.0.0.1:80", url)


@pytest.fixture(autouse=True)
def _in_a_folder_and_not_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    def give_up(*_: object) -> None:
        raise TimeoutError("it hangs")

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("UNSET", raising=False)
    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(PATIENCE_S)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def told(capfd: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Give what runs the command: its exit status, and what it says on both streams."""

    def run(*words: str) -> tuple[int, str, str]:
        status = cli.main(words)
        return (status, *capfd.readouterr())

    return run


Told = Callable[..., tuple[int, str, str]]

# By row: texts, and what is told of each as p.toml. A text of which nothing but warnings is told
# is fit to run.
ROWS: dict[str, list[tuple[str, list[str]]]] = {
    "empty file": [
        ("", ["1:1 error P030 nothing to send: add [agents.NAME], for example with keep_alive = true, and add [workloads.NAME] with agent and base_url."]),
    ],
    "UTF-8 BOM": [
        ("\ufeff" + GOOD, []),
    ],
    "CR-only line ends, YAML, JSON, missing quote": [
        ('[agents.a]\rmax_sockets = 4\r[workloads.w]\ragent = "a"\rbase_url = "http://127.0.0.1:80"\r', ["1:11 error P004 lines end with CR alone. Save the file with LF or CRLF line ends."]),
        ("agents:\n  a:\n    max_sockets: 4\n", ['1:7 error P004 expected \'=\' after a key in a key/value pair: "agents". This looks like YAML; a profile is TOML: key = value.']),
        ('{"agents": {}}', ["1:1 error P004 invalid statement. This looks like JSON; a profile is TOML: key = value."]),
        (GOOD + 'path = "/x\n', ['6:11 error P004 a string is not closed on its line: "path". Add the missing quote.']),
    ],
    "duplicate key or table": [
        (GOOD + 'path = "/"\npath = "/x"\n', ["7:1 error P005 workloads.w.path: set twice. The first is on line 6."]),
        (GOOD + "[agents.a]\n", ["6:1 error P005 agents.a: set twice. The first is on line 1."]),
    ],
    "5000-digit integer": [
        (_agent("max_sockets = " + "9" * 5000), ["2:15 error P006 agents.a.max_sockets: number too large (5000 digits)."]),
    ],
    "5000 nested arrays, 2000 inline tables": [
        (GOOD + "seed = " + "[" * 5000 + "]" * 5000, ["6:20 error P007 nested more than 12 levels deep."]),
        (GOOD + "think = " + "{a=" * 2000 + "1" + "}" * 2000, ["6:45 error P007 nested more than 12 levels deep."]),
    ],
    "20,000-part dotted key": [
        (".".join("a" * 20_000) + " = 1\n" + GOOD, ["1:24 error P007 a dotted key has more than 12 parts."]),
    ],
    "nan, inf, 1e400, -0.0 for a rate or timeout": [
        (GOOD + "rate = nan\n", ['6:8 error P012 workloads.w.rate = nan: must be finite and above 0: a rate like "50/s", "600/m", "10/h".']),
        (GOOD + "rate = inf\n", ['6:8 error P012 workloads.w.rate = inf: must be finite and above 0: a rate like "50/s", "600/m", "10/h".']),
        (GOOD + "rate = 1e400\n", ['6:8 error P012 workloads.w.rate = 1e400: must be finite and above 0: a rate like "50/s", "600/m", "10/h".']),
        (GOOD + "rate = -0.0\n", ['6:8 error P012 workloads.w.rate = -0.0: must be finite and above 0: a rate like "50/s", "600/m", "10/h".']),
        (GOOD + "duration = nan\n", ['6:12 error P012 workloads.w.duration = nan: must be finite and above 0: a duration like "500ms", "2s", "1.5m", "1h", or "unlimited".']),
        (GOOD + "duration = inf\n", ['6:12 error P012 workloads.w.duration = inf: must be finite and above 0: a duration like "500ms", "2s", "1.5m", "1h", or "unlimited".']),
        (GOOD + "duration = 1e400\n", ['6:12 error P012 workloads.w.duration = 1e400: must be finite and above 0: a duration like "500ms", "2s", "1.5m", "1h", or "unlimited".']),
        (GOOD + "duration = -0.0\n", ['6:12 error P012 workloads.w.duration = -0.0: must be finite and above 0: a duration like "500ms", "2s", "1.5m", "1h", or "unlimited".']),
    ],
    "true for a number": [
        (_agent("max_sockets = true"), ['2:15 error P011 agents.a.max_sockets = true: expected a whole number from 1 to 1000000, or "unlimited", got a boolean.']),
    ],
    '"10", 10.5, 0, -1, 2^64': [
        (_agent('max_sockets = "10"'), ['2:15 error P011 agents.a.max_sockets = "10": expected a whole number from 1 to 1000000, or "unlimited", got a string. Did you mean 10 without quotes?']),
        (_agent("max_sockets = 10.5"), ['2:15 error P011 agents.a.max_sockets = 10.5: expected a whole number from 1 to 1000000, or "unlimited", got a number with a fraction.']),
        (_agent("max_sockets = 0"), ['2:15 error P012 agents.a.max_sockets = 0: Node reads 0 as "not set", that is unlimited. Write 1 or more, or "unlimited".']),
        (_agent("max_sockets = -1"), ['2:15 error P012 agents.a.max_sockets = -1: expected a whole number from 1 to 1000000, or "unlimited".']),
        (_agent("max_sockets = 18446744073709551616"), ['2:15 error P012 agents.a.max_sockets = 18446744073709551616: expected a whole number from 1 to 1000000, or "unlimited".']),
    ],
    "a date where a duration goes": [
        (GOOD + "duration = 1979-05-27\n", ['6:12 error P011 workloads.w.duration = 1979-05-27: expected a duration like "500ms", "2s", "1.5m", "1h", or "unlimited", got a date.']),
    ],
    '5, "5 minutes", "1h30", "1e3s"': [
        (GOOD + "duration = 5\n", ['6:12 error P020 workloads.w.duration = 5: a duration needs a unit. Did you mean "5s"?']),
        (GOOD + 'duration = "5 minutes"\n', ['6:12 error P020 workloads.w.duration = "5 minutes": expected a duration like "500ms", "2s", "1.5m", "1h", or "unlimited".']),
        (GOOD + 'duration = "1h30"\n', ['6:12 error P020 workloads.w.duration = "1h30": expected a duration like "500ms", "2s", "1.5m", "1h", or "unlimited".']),
        (GOOD + 'duration = "1e3s"\n', ['6:12 error P020 workloads.w.duration = "1e3s": expected a duration like "500ms", "2s", "1.5m", "1h", or "unlimited".']),
    ],
    "unknown key": [
        (_agent("max_socket = 1"), ['2:1 error P010 agents.a.max_socket: unknown key. Did you mean "max_sockets"?']),
    ],
    "known key in the wrong table": [
        (GOOD + "max_sockets = 1\n", ["6:1 error P015 workloads.w.max_sockets: does not stand here; it belongs in [agents.NAME]."]),
        (_agent("verify = false"), ["2:1 error P015 agents.a.verify: does not stand here; it belongs in [agents.a.tls]."]),
    ],
    "limits that contradict each other": [
        (_agent("max_sockets = 4\nmax_free_sockets = 5"), ["3:20 warn  P019 agents.a.max_free_sockets = 5: max_sockets = 4 is lower and wins."]),
        (_agent("max_sockets = 4\nmax_total_sockets = 3"), ["2:15 warn  P019 agents.a.max_sockets = 4: max_total_sockets = 3 is lower and wins."]),
        ('[agents.a]\ntimeouts.total = "10s"\n[workloads.w]\nagent = "a"\nbase_url = "http://127.0.0.1:80"\nrate = "100/s"\nmax_in_flight = 500\n', ["7:17 warn  P019 workloads.w.max_in_flight = 500: 100/s for a total timeout of 10 s can be 1000 at once; arrivals beyond the limit are dropped."]),
        (_agent("bounds.max_sockets = [9, 1]"), ["2:22 error P019 agents.a.bounds.max_sockets: the least comes first. Did you mean [1, 9]?"]),
        (GOOD + 'model = "closed"\nusers = 5\nmax_requests = 2\n', ["7:9 error P019 workloads.w.users = 5: more than max_requests = 2: some users would never send."]),
        (GOOD + 'model = "closed"\nthink = { min = "2s", max = "1s" }\n', ['7:17 error P019 workloads.w.think.min = "2s": longer than max = "1s".']),
        (GOOD + 'headers = { connection = "close" }\nconnection = "close"\n', ['7:14 error P017 workloads.w.connection = "close": the header connection says it too: keep one.']),
    ],
    "URL": [
        (_to("127.0.0.1:80"), ['5:12 error P060 workloads.w.base_url = "127.0.0.1:80": no scheme. Did you mean "http://127.0.0.1:80"?']),
        (_to("ftp://x"), ['5:12 error P060 workloads.w.base_url = "ftp://x": the scheme "ftp" is not http or https.']),
        (_to("htp://x"), ['5:12 error P060 workloads.w.base_url = "htp://x": the scheme "htp" is not http or https. Did you mean "http"?']),
        (_to("http://a:99999"), ['5:12 error P060 workloads.w.base_url = "http://a:99999": the port 99999 is not in 1 to 65535.']),
        (_to("http://a:0"), ['5:12 error P060 workloads.w.base_url = "http://a:0": the port 0 is not in 1 to 65535.']),
        (_to("http://a:port"), ['5:12 error P060 workloads.w.base_url = "http://a:port": the port "port" is not a number from 1 to 65535.']),
        (_to("http://[::1"), ['5:12 error P060 workloads.w.base_url = "http://[::1": "[::1" has no closing bracket.']),
        (_to("http://a b"), ['5:12 error P060 workloads.w.base_url = "http://a b": character 9 is a blank or a control character.']),
        (_to("http://localhost/%zz"), ['5:12 error P060 workloads.w.base_url = "http://localhost/%zz": "/%zz" does not belong here: put it into the request\'s path.']),
        (_to("http://localhost\\n"), ['5:12 error P060 workloads.w.base_url = "http://localhost\\n": character 17 is a blank or a control character.']),
        (_to("http://me:hunter2@localhost"), ["5:12 error P060 workloads.w.base_url: a user name or password does not belong in a URL: use headers."]),
    ],
    "IDN, trailing dot, other IPv4": [
        (_to("http://bücher.example"), ['5:12 error P060 workloads.w.base_url = "http://bücher.example": the host "bücher.example" is not ASCII. Write it as "xn--bcher-kva.example".']),
        (_to("http://localhost."), ['5:12 error P060 workloads.w.base_url = "http://localhost.": the host "localhost." ends in a dot: leave it out.']),
        (_to("http://0x7f.1"), ['5:12 error P060 workloads.w.base_url = "http://0x7f.1": the host "0x7f.1" is not an IPv4 address: write four numbers.']),
        (_to("http://127.1"), ['5:12 error P060 workloads.w.base_url = "http://127.1": the host "127.1" is not an IPv4 address: write four numbers.']),
        (_to("http://2130706433"), ['5:12 error P060 workloads.w.base_url = "http://2130706433": the host "2130706433" is not an IPv4 address: write four numbers.']),
        (_to("http://[::1%eth0]"), ['5:12 error P060 workloads.w.base_url = "http://[::1%eth0]": the zone in "[::1%eth0]" means another thing on each machine.']),
    ],
    "header by hand": [
        (GOOD + 'headers = { a = "x\\ny" }\n', ["6:17 error P061 workloads.w.headers.a: a header cannot hold CR, LF, NUL or other control characters."]),
        (GOOD + 'headers = { a = "x\\ry" }\n', ["6:17 error P061 workloads.w.headers.a: a header cannot hold CR, LF, NUL or other control characters."]),
        (GOOD + 'headers = { a = "x\\u0000" }\n', ["6:17 error P061 workloads.w.headers.a: a header cannot hold CR, LF, NUL or other control characters."]),
        (GOOD + 'headers = { "" = "x" }\n', ['6:13 error P061 workloads.w.headers."": a header field needs a name.']),
        (GOOD + 'headers = { host = ["a", "b"] }\n', ["6:13 error P061 workloads.w.headers.host: Host is sent once only."]),
        (GOOD + 'headers = { Content-Length = "3" }\n', ["6:13 error P061 workloads.w.headers.Content-Length: pooltop counts the body itself: leave it out."]),
        (GOOD + 'headers = { Transfer-Encoding = "chunked" }\n', ["6:13 error P061 workloads.w.headers.Transfer-Encoding: pooltop frames the body itself: leave it out."]),
    ],
    "header value that is not latin-1": [
        (GOOD + 'headers = { a = "€" }\n', ["6:17 error P061 workloads.w.headers.a: a header can hold Latin-1 characters only."]),
    ],
    "TOML escape in a name or label": [
        (GOOD + '[agents."\\u001b[2J"]\n', ['6:1 error P022 agents."\\u001B[2J": expected a name of 1 to 64 printable characters.']),
        (GOOD + 'requests = [ { name = "\\u001b[2J" } ]\n', ['6:23 error P022 workloads.w.requests[0].name = "\\u001B[2J": expected a name of 1 to 64 printable characters.']),
    ],
    "env reference to an unset variable": [
        (_agent('max_sockets = "${env:UNSET}"'), ["2:16 error P040 ${env:UNSET} is not set and has no default."]),
        (GOOD + 'headers = { authorization = "Bearer ${env:UNSET}" }\n', ["6:37 error P040 ${env:UNSET} is not set and has no default."]),
    ],
    "two targets of one name, 10,000 targets": [
        (GOOD + "[agents.a]\n", ["6:1 error P005 agents.a: set twice. The first is on line 1."]),
        (GOOD + 'requests = [ { name = "x" }, { name = "x" } ]\n', ['6:39 error P033 workloads.w.requests[1].name = "x": a second request class named "x": give each its own name (line 6).']),
        (GOOD + "".join(f"[agents.b{n}]\n" for n in range(300)), ["1:2 error P007 agents: more than 256 entries."]),
        (GOOD + "".join(f"[agents.b{n}]\n" for n in range(10_000)), ["6252:14 error P007 too many lines and values for a profile."]),
    ],
    "include cycle": [
        ('include = ["p.toml"]\n' + GOOD, ['1:12 error P044 include[0] = "p.toml": a cycle: p.toml includes p.toml.']),
    ],
    "concurrency above the number of requests": [
        (GOOD + 'model = "closed"\nusers = 9\nmax_requests = 3\n', ["7:9 error P019 workloads.w.users = 9: more than max_requests = 3: some users would never send."]),
    ],
    "a host that is not loopback, without consent": [
        (_to("http://192.0.2.7"), ['5:12 error P063 workloads.w.base_url = "http://192.0.2.7": 192.0.2.7 is not this machine. To send it traffic add it to [safety]: allow_hosts = ["192.0.2.7"], or start with --allow 192.0.2.7.']),
        (_to("http://169.254.169.254"), ['5:12 error P063 workloads.w.base_url = "http://169.254.169.254": 169.254.169.254 is not this machine. To send it traffic add it to [safety]: allow_hosts = ["169.254.169.254"], or start with --allow 169.254.169.254.']),
        (_to("https://api.example"), ['5:12 error P063 workloads.w.base_url = "https://api.example": api.example is not this machine. To send it traffic add it to [safety]: allow_hosts = ["api.example"], or start with --allow api.example.']),
    ],
}  # fmt: skip
CASES = [(row, text, lines) for row, cases in ROWS.items() for text, lines in cases]
IDS = [f"{row}-{index}" for index, (row, _, _) in enumerate(CASES)]


@pytest.mark.parametrize(("row", "text", "lines"), CASES, ids=IDS)
def test_a_text_is_told_what_is_wrong_with_it(
    told: Told, row: str, text: str, lines: list[str]
) -> None:
    Path("p.toml").write_bytes(text.encode())
    is_fit = all(" warn " in line for line in lines)

    expected = "".join(f"p.toml:{line}\n" for line in lines)
    assert ((0, OK) if is_fit else (2, "")) + (expected,) == told("check", "p.toml")


@pytest.mark.parametrize("command", [["check"], ["--headless", "--profile"], ["--print-config", "--profile"], ["explain", "agents", "--profile"], ["--detach", "--profile"]])  # fmt: skip
def test_row_file_missing_or_directory_or_fifo(told: Told, command: list[str]) -> None:
    os.mkfifo("pipe.toml")
    Path("folder.toml").mkdir()

    for name, why in (
        ("none.toml", "no such file."),
        ("folder.toml", "is a directory. Name the file itself."),
        ("pipe.toml", "not a regular file."),
        ("/dev/zero", "not a regular file."),
    ):
        assert (2, "", f"{name}: error P001 {why}\n") == told(*command, name)


def test_row_file_unreadable(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("p.toml").touch()
    real = os.open

    def refuse(path: str, *rest: int, **options: int) -> int:
        if path == "p.toml":  # root, as whom tests may run, reads all
            raise PermissionError(13, "Permission denied")
        return real(path, *rest, **options)

    monkeypatch.setattr(os, "open", refuse)

    assert (2, "", "p.toml: error P001 permission denied.\n") == told("check", "p.toml")


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"\xff\xfea\x00", "P003 not UTF-8: this looks like UTF-16. Save it as UTF-8."),
        (b"# x\n \xfcx", "P003 not UTF-8 at byte 5 (0xfc, line 2). Save it as UTF-8."),
        (b"#" * 1024 * 1025, "P002 larger than 1024 KiB, which is the limit."),
    ],
    ids=["UTF-16", "Latin-1", "above 1 MiB"],
)
def test_row_utf_16_and_invalid_utf_8(told: Told, data: bytes, line: str) -> None:
    Path("p.toml").write_bytes(data)

    assert (2, "", f"p.toml: error {line}\n") == told("check", "p.toml")


def test_row_max_sockets_above_the_open_files(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pooltop.profiles.loading._open_files", lambda: 1024)
    Path("p.toml").write_text(_agent("max_sockets = 5000"))

    warning = (
        "this process may have 1024 files open (ulimit -n), and a socket beyond 0.8 of them, 819, "
        "is refused (max_open_fds)."
    )
    line = f"p.toml:2:15 warn  P053 agents.a.max_sockets = 5000: {warning}\n"
    assert (0, OK, line) == told("check", "p.toml")


@pytest.mark.parametrize(
    ("said", "place", "why"),
    [
        ('ca = "no.pem"', '7:6 error P050 agents.a.tls.ca = "no.pem"', '"no.pem": no such file.'),
        ('ca = "der.pem"', '7:6 error P050 agents.a.tls.ca = "der.pem"', '"der.pem": this is DER; convert it: openssl x509 -inform der.'),
        ('cert = "key.pem"\nkey = "cert.pem"', '7:8 error P050 agents.a.tls.cert = "key.pem"', '"key.pem": cert and key cannot be used together ('),
        ('cert = "cert.pem"\nkey = "other.pem"', '8:7 error P050 agents.a.tls.key = "other.pem"', '"other.pem": this is not the key of the certificate in cert.'),
        ('cert = "cert.pem"', "7:1 error P052 agents.a.tls.cert", "key is missing: a client certificate is cert and key together."),
    ],
    ids=["missing", "DER", "wrong order", "mismatched", "one alone"],
)  # fmt: skip
def test_row_certificates_and_keys(told: Told, said: str, place: str, why: str) -> None:
    """Encrypted and expired ones are in test_tls_files."""
    authority = trustme.CA()
    issued = authority.issue_cert("client@example.org")
    issued.cert_chain_pems[0].write_to_path("cert.pem")
    issued.private_key_pem.write_to_path("key.pem")
    authority.issue_cert("x@example.org").private_key_pem.write_to_path("other.pem")
    Path("der.pem").write_bytes(b"\x30\x82\x01\x00")
    for file in Path().glob("*.pem"):
        file.chmod(0o600)
    Path("p.toml").write_text(f"{GOOD}[agents.a.tls]\n{said}\n")

    status, out, err = told("check", "p.toml")

    expected = f"p.toml:{place}: {why}"
    assert (2, "", expected) == (status, out, err[: len(expected)])


def test_row_a_key_that_others_can_read_and_a_secret_in_the_profile(told: Told) -> None:
    issued = trustme.CA().issue_cert("client@example.org")
    issued.cert_chain_pems[0].write_to_path("cert.pem")
    issued.private_key_pem.write_to_path("key.pem")
    Path("key.pem").chmod(0o644)
    text = GOOD + 'headers = { authorization = "Bearer hunter2" }\n'
    text += '[agents.a.tls]\ncert = "cert.pem"\nkey = "key.pem"\n'
    Path("p.toml").write_text(text)

    assert (
        0,
        OK,
        "p.toml:6:29 warn  P054 workloads.w.headers.authorization: a secret in the profile: keep "
        "the file to yourself (chmod 600).\n"
        'p.toml:9:7 warn  P055 agents.a.tls.key = "key.pem": other users of this machine can read '
        "this key: chmod 600.\n",
    ) == told("check", "p.toml")
    status, out, err = told("check", "p.toml", "--strict")
    last = "pooltop: --strict: nothing is sent, for a warning counts as an error"
    assert (2, "", last) == (status, out, err.splitlines()[-1])


def test_row_a_profile_that_is_saved_broken_changes_nothing_that_runs(told: Told) -> None:
    """A profile is read once, as a value: there is no reload that could take a broken one over."""
    Path("p.toml").write_text(GOOD)
    running = load("p.toml").profile
    before = repr(running)

    Path("p.toml").write_text(_agent("max_sockets = 0"))

    assert before == repr(running)
    assert 2 == told("check", "p.toml")[0]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--set", "workloads.w.rate=-1/s"], '--set workloads.w.rate: error P012 workloads.w.rate = "-1/s": must be a finite rate above 0, at most 1000000/s.'),
        (["--set", "workloads.w.rate=inf"], '--set workloads.w.rate: error P012 workloads.w.rate = inf: must be finite and above 0: a rate like "50/s", "600/m", "10/h".'),
        (["--set", "workloads.w.rate=abc"], '--set workloads.w.rate: error P021 workloads.w.rate = "abc": expected a rate like "50/s", "600/m", "10/h".'),
        (["--set", "agents.a.max_sockets=0"], '--set agents.a.max_sockets: error P012 agents.a.max_sockets = 0: Node reads 0 as "not set", that is unlimited. Write 1 or more, or "unlimited".'),
        (["--allow", "*"], 'pooltop: --allow *: expected a host like "127.0.0.1" or "*.staging.internal"; * stands at the beginning only.'),
        (["--allow", "http://a"], 'pooltop: --allow http://a: expected a host like "127.0.0.1" or "*.staging.internal", without scheme, port and path.'),
        (["--duration", "-1s"], "pooltop: --duration -1s: expected more than 0s, at most 596h."),
        (["--duration", "0s"], "pooltop: --duration 0s: expected more than 0s, at most 596h."),
        (["--interval", "0s"], "pooltop: --interval 0s: expected more than 0s, at most 596h."),
        (["--interval", "2h"], "pooltop: --interval 2h: expected 100ms to 1h"),
    ],
)  # fmt: skip
def test_row_numbers_of_the_command_line(told: Told, words: list[str], line: str) -> None:
    Path("p.toml").write_text(GOOD)

    status, out, err = told("--headless", "--profile", "p.toml", *words)

    assert (2, "", line) == (status, out, err.splitlines()[0])


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--profil", "p.toml"], "unknown option --profil; did you mean --profile?"),
        (["--profile"], "--profile needs a file"),
        (["--profile", "p.toml", "--profile", "p.toml"], "--profile is given twice"),
        (["--profile", "p.toml", "http://127.0.0.1:80"], "unexpected argument http://127.0.0.1:80"),
        (["p.toml"], "unexpected argument p.toml; did you mean --profile p.toml?"),
        (["check", "p.toml", "--profile", "p.toml"], "check needs one profile: pooltop check FILE"),
    ],
)
def test_row_unknown_flags_missing_values_and_what_clashes(
    told: Told, words: list[str], line: str
) -> None:
    Path("p.toml").write_text(GOOD)

    assert (2, "", f"pooltop: {line}\nTry pooltop --help.\n") == told(*words)


def test_row_no_terminal_to_read_keys_from(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without one to draw on it is headless by itself, as with TERM=dumb: see tests/cli."""
    Path("p.toml").write_text(GOOD)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(terminal, "is_terminal", lambda descriptor: descriptor == 1)

    line = "the dashboard reads keys, and standard input is no terminal: add --headless"
    assert (2, "", f"pooltop: {line}\n") == told("--profile", "p.toml")


def test_what_is_refused_starts_no_engine(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pooltop.sources.launch", None)
    for text in ("", _agent("max_sockets = 0"), _to("http://192.0.2.7")):
        Path("p.toml").write_text(text)
        assert 2 == told("--headless", "--profile", "p.toml")[0]
