"""Good profiles become exactly the values they describe; bad files become one line."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from pooltop import __version__, errors
from pooltop.core.model import (
    AgentOptions,
    AgentProfile,
    DemoServer,
    Latency,
    Profile,
    Timeouts,
    TLSOptions,
)
from pooltop.core.safety import Safety
from pooltop.core.traffic import RequestClass, Think, Workload
from pooltop.profiles import ProfileErrors, load, load_profile, load_profile_text

ROOT = Path(__file__).parents[2]

FULL = """\
#:schema ./pooltop.schema.json
schema = 1
environment = "prod"
auto_revert = "90s"
[safety]
allow_hosts = ["10.0.0.7", "*.staging.internal"]
[defaults.timeouts]
connect = "1s"
total = "10s"
[demo.kept]
scheme = "https"
latency = { median = "20ms", sigma = 0.3 }
keep_alive_timeout = "5s"
keep_alive_max = 100
drop_after = 90
idle_close = "3s"
concurrency = 8
keep_alive = false
body_bytes = 0
[agents.kept]
kind = "https.Agent"
keep_alive = true
max_sockets = 10
max_total_sockets = "unlimited"
max_free_sockets = 256
timeout = "30s"
keep_alive_msecs = "1.5s"
agent_keep_alive_timeout_buffer = "0s"
scheduling = "fifo"
live = "drain"
codec = "llhttp"
timeouts = { queue = "500ms", connect = "unlimited", idle = "1m" }
[agents.kept.tls]
verify = true
servername = "x.staging.internal"
[agents.kept.bounds]
maxSockets = [1, 200]
max_free_sockets = [0, "unlimited"]
timeout = ["500ms", "unlimited"]
[agents.pasted]
keepAlive = true
maxSockets = inf
maxFreeSockets = 3
keepAliveMsecs = "250ms"
[workloads.open]
model = "open"
agent = "kept"
base_url = "demo:kept"
arrival = "poisson"
rate = "600/m"
duration = "1h"
max_requests = 1000
max_in_flight = 400
seed = 7
[[workloads.open.requests]]
name = "page"
weight = 7
path = "/cart?id=1"
headers = { accept = "*/*", x-two = ["a", "b"] }
[[workloads.open.requests]]
method = "POST"
path = "/pay"
body = "\\u00fc"
connection = "close"
[workloads.closed]
model = "closed"
agent = "pasted"
base_url = "HTTPS://X.staging.internal/"
users = 25
think = { min = "200ms", max = "1s" }
method = "HEAD"
[workloads.six]
agent = "pasted"
base_url = "http://[::1]:8080"
duration = "unlimited"
"""

FULL_PROFILE = Profile(
    safety=Safety(max_rate=500.0, guarded=("closed",)),
    path="conf/full.toml",
    environment="prod",
    auto_revert=90.0,
    allow_hosts=("10.0.0.7", "*.staging.internal"),
    demo=(
        DemoServer(
            name="kept",
            scheme="https",
            latency=Latency(median_s=0.02, sigma=0.3),
            keep_alive_timeout=5.0,
            keep_alive_max=100,
            drop_after=90,
            idle_close=3.0,
            concurrency=8,
            keep_alive=False,
            body_bytes=0,
        ),
    ),
    agents=(
        AgentProfile(
            name="kept",
            options=AgentOptions(
                keep_alive=True,
                protocol="https:",
                max_sockets=10,
                max_total_sockets=math.inf,
                max_free_sockets=256,
                timeout=30_000.0,
                keep_alive_msecs=1500.0,
                agent_keep_alive_timeout_buffer=0.0,
                scheduling="fifo",
                live="drain",
            ),
            codec="llhttp",
            timeouts=Timeouts(queue=0.5, connect=None, idle=60.0, total=10.0),
            tls=TLSOptions(verify=True, servername="x.staging.internal"),
            bounds={
                "max_sockets": (1, 200),
                "max_free_sockets": (0, math.inf),
                "timeout": (500.0, math.inf),
            },
        ),
        AgentProfile(
            name="pasted",
            options=AgentOptions(
                keep_alive=True, max_sockets=200, max_free_sockets=3, keep_alive_msecs=250.0
            ),
            timeouts=Timeouts(connect=1.0, total=10.0),
            ceiling=200.0,
        ),
    ),
    workloads=(
        Workload(
            name="open",
            agent="kept",
            base_url="demo:kept",
            arrival="poisson",
            rate=10.0,
            duration=3600.0,
            max_requests=1000,
            max_in_flight=400,
            seed=7,
            requests=(
                RequestClass(
                    name="page",
                    weight=7.0,
                    path="/cart?id=1",
                    headers=(("accept", "*/*"), ("x-two", "a"), ("x-two", "b")),
                ),
                RequestClass(
                    name="POST /pay",
                    method="POST",
                    path="/pay",
                    headers=(("Content-Type", "text/plain; charset=utf-8"),),
                    body=b"\xc3\xbc",
                    connection="close",
                ),
            ),
        ),
        Workload(
            name="closed",
            model="closed",
            agent="pasted",
            base_url="https://x.staging.internal:443",
            users=25,
            think=Think(min_s=0.2, max_s=1.0),
            requests=(
                RequestClass(
                    name="default",
                    method="HEAD",
                    headers=(("User-Agent", f"pooltop/{__version__}"),),
                ),
            ),
        ),
        Workload(name="six", agent="pasted", base_url="http://[::1]:8080"),
    ),
)


def test_a_full_profile_becomes_exactly_the_values_it_describes() -> None:
    assert FULL_PROFILE == load_profile_text(FULL, "conf/full.toml")


@pytest.mark.parametrize(
    ("head", "reverts"),
    [
        ("", None),
        ('environment = "staging"', None),
        ('environment = "prod"', 60.0),
        ('environment = "prod"\nauto_revert = "off"', None),
        ('auto_revert = "2m"', 120.0),
    ],
)
def test_in_prod_an_edit_is_put_back_after_a_minute_unless_the_profile_decides(
    good: str, head: str, reverts: float | None
) -> None:
    assert reverts == load_profile_text(f"{head}\n{good}").auto_revert


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ('"0s"', 'P012 auto_revert = "0s": 0 would put every edit back at once. For never write "off".'),
        ('"unlimited"', 'P020 auto_revert = "unlimited": expected a duration like "500ms", "2s", "1.5m", "1h", or "off".'),
        ("60", 'P020 auto_revert = 60: a duration needs a unit. Did you mean "60s"?'),
        ("false", 'P011 auto_revert = false: expected a duration like "500ms", "2s", "1.5m", "1h", or "off", got a boolean.'),
    ],
)  # fmt: skip
def test_a_wrong_auto_revert_is_refused(
    good: str, lines: Callable[[str], list[str]], value: str, line: str
) -> None:
    assert [f"x.toml:1:15 error {line}"] == lines(f"auto_revert = {value}\n{good}")


@pytest.mark.parametrize(
    "file", sorted((ROOT / "profiles").glob("*.toml")), ids=lambda file: file.name
)
def test_a_profile_that_comes_with_pooltop_has_nothing_to_remark_upon(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_TOKEN", "of-nobody")  # prod.toml asks for it
    assert () == load(file).warnings


def test_the_smallest_profile_gets_the_models_defaults(good: str) -> None:
    profile = load_profile_text(good, "g.toml")

    agent = AgentProfile(name="a", options=AgentOptions(max_sockets=4))
    workload = Workload(name="w", agent="a", base_url="http://127.0.0.1:80")
    assert Profile(path="g.toml", agents=(agent,), workloads=(workload,)) == profile


@pytest.mark.parametrize("change", ["\ufeff{}", "{}\n# Ende \N{SNOWMAN}"])
def test_a_byte_order_mark_and_any_utf8_are_welcome(good: str, change: str) -> None:
    assert load_profile_text(good) == load_profile_text(change.format(good))


def test_crlf_line_ends_are_welcome(tmp_path: Path, good: str) -> None:
    file = tmp_path / "crlf.toml"
    file.write_bytes(good.replace("\n", "\r\n").encode())

    assert load_profile_text(good, str(file)) == load_profile(file)


def test_think_with_a_minimum_alone_is_a_fixed_pause(good: str) -> None:
    text = good + 'model = "closed"\nthink = { min = "1s" }\n'

    assert Think(min_s=1.0, max_s=1.0) == load_profile_text(text).workloads[0].think


def test_warnings_come_beside_a_usable_profile(tmp_path: Path, good: str) -> None:
    file = tmp_path / "w.toml"
    file.write_text(good + "[agents.a.tls]\nverify = false\n[agents.b]\n", encoding="utf-8")

    loaded = load(str(file))

    assert ("a", "b") == tuple(agent.name for agent in loaded.profile.agents)
    assert [
        f"{file}:7:10 warn  P051 agents.a.tls.verify = false: certificates are not checked.",
        f"{file}:8:1 warn  P034 agents.b: no workload uses this agent.",
    ] == [str(warning) for warning in loaded.warnings]


def _line_for(file: Path) -> str:
    with pytest.raises(ProfileErrors) as caught:
        load(file)
    assert isinstance(caught.value, errors.ProfileError)
    assert "ERR_PROFILE" == caught.value.code
    return str(caught.value).removeprefix(f"{file}: ")


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (
            b"\xff\xfea\x00",
            "error P003 not UTF-8: this looks like UTF-16. Save it as UTF-8.",
        ),
        (
            b"# x\n \xfcx",
            "error P003 not UTF-8 at byte 5 (0xfc, line 2). Save it as UTF-8.",
        ),
        (
            b"#" * (1024 * 1024 + 1),
            "error P002 larger than 1024 KiB, which is the limit.",
        ),
    ],
    ids=["utf-16", "latin-1", "large"],
)
def test_bytes_that_are_no_profile_are_refused_in_one_line(
    tmp_path: Path, content: bytes, line: str
) -> None:
    file = tmp_path / "x.toml"
    file.write_bytes(content)

    assert line == _line_for(file)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert "error P001 no such file." == _line_for(tmp_path / "x.toml")


def test_a_directory_is_no_profile(tmp_path: Path) -> None:
    assert "error P001 is a directory. Name the file itself." == _line_for(tmp_path)


def test_a_file_below_a_file_is_missing(tmp_path: Path) -> None:
    (tmp_path / "f").touch()

    expected = "error P001 no such file: a part of its path is not a directory."
    assert expected == _line_for(tmp_path / "f" / "x.toml")


def test_a_path_that_no_file_can_have_is_missing() -> None:
    with pytest.raises(ProfileErrors) as caught:
        load("a\0b\x1b.toml")

    expected = "a\\u0000b\\u001B.toml: error P001 no such file: a file name cannot hold a NUL"
    assert f"{expected} character." == str(caught.value)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_named_pipe_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    file = tmp_path / "pipe.toml"
    os.mkfifo(file)
    lines: list[str] = []
    reader = threading.Thread(target=lambda: lines.append(_line_for(file)), daemon=True)

    reader.start()
    reader.join(5)

    assert ["error P001 not a regular file."] == lines


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads all")
def test_a_file_that_must_not_be_read_is_named(tmp_path: Path) -> None:
    file = tmp_path / "x.toml"
    file.touch(mode=0)

    assert "error P001 permission denied." == _line_for(file)


def test_permission_denied_is_said_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "x.toml"
    file.touch()

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(ProfileErrors) as caught:
        load(file)

    assert f"{file}: error P001 permission denied." == str(caught.value)
