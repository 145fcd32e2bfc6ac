"""Whatever the text: a profile, or ProfileErrors whose lines a terminal can show."""

from __future__ import annotations

from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st

from pooltop.profiles import ProfileErrors, load_text

BASE = """\
schema = 1
include = []
env = { required = [] }
environment = "prod"
[safety]
allow_hosts = ["127.0.0.1", "*.staging.internal"]
[advisor]
target = { queue_p95 = "20ms" }
mute = ["A33"]
[defaults.timeouts]
total = "10s"
[demo.kept]
latency = { median = "20ms", sigma = 0.3 }
[agents.kept]
keepAlive = true
max_sockets = 10
max_total_sockets = "unlimited"
timeouts = { queue = "5s", connect = "2s" }
[agents.kept.tls]
verify = true
[agents.pool]
kind = "undici-pool"
connections = 8
keepAliveTimeout = "4s"
bounds = { connections = [1, 20] }
[workloads.pool]
agent = "pool"
base_url = "demo:kept"
[workloads.open]
agent = "kept"
base_url = "demo:kept"
rate = "60/s"
[[workloads.open.requests]]
name = "page"
headers = { accept = "*/*", x = ["a", "b"] }
[workloads.closed]
model = "closed"
agent = "kept"
base_url = "https://127.0.0.1:8443"
think = { min = "1s", max = "2s" }
"""
LINES = BASE.splitlines()
KEYS = [
    "agents.kept.max_sockets",
    "agents.kept.keepAlive",
    "agents.kept.kind",
    "agents.kept.connections",
    "agents.kept.upstreams",
    "agents.kept.keepAliveTimeout",
    "agents.kept.bounds.sessions",
    "agents.kept.tls.ca",
    "agents.kept.tls",
    "agents.kept",
    "agents",
    "workloads.open.rate",
    "workloads.open.requests",
    "workloads.closed.think.min",
    "workloads.closed.headers",
    "demo.kept.latency",
    "safety.allow_hosts",
    "advisor.window",
    "advisor.target.utilisation",
    "advisor.mute",
    "env.required",
    "include",
    "schema",
]
VALUES = st.sampled_from(
    [
        "0",
        "-1",
        "1.5",
        "nan",
        "-inf",
        "1e400",
        "true",
        '""',
        '"unlimited"',
        '"0s"',
        '"1h30"',
        '"\\u001b[2J"',
        '"${env:X}"',
        '["nowhere.toml", "/dev/zero", "."]',
        '"${env:X:-12}"',
        '"${env:X:-\\u001b[2J}"',
        '"${file:x\\u0000}"',
        '"${row.id}"',
        '"$${run.id}"',
        '"${"',
        "[]",
        "{}",
        "[[1]]",
        "{a=1}",
        "[{}]",
        "1979-05-27",
        "07:32:00",
        "1979-05-27T07:32:00Z",
        '"http://[::1"',
        '"undici-pool"',
        '"undici-balanced-pool"',
        '"h2"',
        '["http://127.0.0.1:1"]',
        '"demo:"',
        "0xffffffffffffffff",
        "'''x'''",
    ]
)


def _load(text: str, *settings: str) -> None:
    try:
        load_text(text, "x.toml", settings=settings)
    except ProfileErrors as errors:
        refused = errors
    else:
        return
    assert any(problem.severity == "error" for problem in refused.problems)
    for line in str(refused).split("\n"):
        assert line.startswith(("x.toml:", "--set ", "POOLTOP__"))
        assert line.isprintable()


@settings(deadline=None)
@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    _load(text)


@settings(deadline=None)
@given(st.text(alphabet="$${}:-.envfilrowd\\"))
def test_any_text_of_references_is_read_or_refused(text: str) -> None:
    _load(BASE.replace('name = "page"', f"name = \"{text}\"\nbody = '{text}'"))


@settings(deadline=None)
@given(st.text(alphabet="[]{}=.,\"'\\#\n\r\t -_+:0129abe\u00e9\ufeff\ud800"))
def test_any_text_of_toml_marks_is_read_or_refused(text: str) -> None:
    _load(text)


@settings(max_examples=300, deadline=None)
@given(
    st.integers(0, len(BASE)),
    st.integers(0, 12),
    st.one_of(st.text(max_size=6), st.text(alphabet='[]{}=.,"\n', max_size=4)),
)
def test_a_good_profile_with_a_piece_replaced_is_read_or_refused(
    start: int, length: int, put: str
) -> None:
    _load(BASE[:start] + put + BASE[start + length :])


SETTING = st.one_of(
    st.text(),
    st.text(alphabet="ab.\"'=${}[]1 "),
    st.builds("{}={}".format, st.sampled_from(KEYS), st.one_of(VALUES, st.text())),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(SETTING, max_size=3))
def test_a_good_profile_with_any_settings_is_read_or_refused(said: list[str]) -> None:
    _load(BASE, *said)


VARIABLE = st.one_of(
    st.text(alphabet="AGENTS_KPMX0\u00e9\udc80", max_size=30),
    st.sampled_from([key.upper().replace(".", "__") for key in KEYS]),
)
HELD = st.one_of(VALUES, st.text()).filter(lambda text: "\0" not in text)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(VARIABLE, HELD, max_size=3))
def test_a_good_profile_in_any_environment_is_read_or_refused(held: dict[str, str]) -> None:
    variables = {f"POOLTOP__{name}": value for name, value in held.items()}
    with mock.patch.dict("os.environ", variables):
        _load(BASE)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_good_profile_with_other_values_is_read_or_refused(data: st.DataObject) -> None:
    lines = list(LINES)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(lines) - 1))
        key, equals, _ = lines[at].partition(" = ")
        lines[at] = key + equals + data.draw(VALUES) if equals else lines[at]
    _load("\n".join(lines))


@settings(max_examples=200, deadline=None)
@given(st.permutations(LINES), st.integers(1, len(LINES)))
def test_the_lines_of_a_good_profile_in_any_order_are_read_or_refused(
    lines: list[str], count: int
) -> None:
    _load("\n".join(lines[:count]))
