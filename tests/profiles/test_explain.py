"""What counts for a key, who was overruled, and the whole of a profile written out."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import msgspec
import pytest

from pooltop.errors import UsageError
from pooltop.profiles import Loaded, load, load_text
from pooltop.profiles.config import config_as_json, config_as_toml
from pooltop.profiles.effective import MASK
from pooltop.profiles.explain import explain
from pooltop.profiles.starter import starter_text

ROOT = Path(__file__).parents[2]
BASE = """\
[defaults.timeouts]
total = "9s"
queue = "7s"
[agents.payments]
maxSockets = 30
[agents.payments.tls]
keylog_file = "keys.log"
"""
PROFILE = """\
include = "conf/base.toml"
environment = "prod"
[agents.payments]
max_sockets = "${env:PAY_SOCKETS:-20}"
timeouts = { queue = "1s" }
[agents.payments.tls]
passphrase = "hunter2"
[agents.payments.bounds]
max_sockets = [1, inf]
[workloads.w]
agent = "payments"
base_url = "http://127.0.0.1:1"
[[workloads.w.requests]]
path = "/x?token=${env:TOKEN}"
headers = { authorization = "${env:TOKEN}", cookie = "a=${env:TOKEN}", x = ["hunter2"] }
[workloads.v]
model = "closed"
agent = "payments"
base_url = "http://127.0.0.1:1"
method = "HEAD"
"""


@pytest.fixture
def loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Loaded:
    """Give a profile with every layer there is."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TOKEN", "S3CRET")
    monkeypatch.setenv("POOLTOP__AGENTS__PAYMENTS__MAX_SOCKETS", "12")
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "base.toml").write_text(BASE)
    (tmp_path / "p.toml").write_text(PROFILE)
    return load("p.toml", settings=("agents.payments.maxSockets=8", "workloads.w.rate=600/m"))


MAX_SOCKETS = """\
agents.payments.max_sockets = 8    (--set agents.payments.maxSockets)
  Sockets to one host at most, in use or connecting.
  Node's maxSockets.
  Of Node's http.Agent.
  Allowed: a whole number from 1 to 1000000, or "unlimited".
  Overruled:
    12                        POOLTOP__AGENTS__PAYMENTS__MAX_SOCKETS
    "${env:PAY_SOCKETS:-20}"  p.toml:4:15
    30                        conf/base.toml:5:14
    "unlimited"               built-in
"""


@pytest.mark.parametrize(
    "key", ["agents.payments.max_sockets", "agents.payments.maxSockets", 'agents . "payments".\'maxSockets\'']
)  # fmt: skip
def test_every_layer_that_says_something_is_named_in_the_order_of_its_weight(
    loaded: Loaded, key: str
) -> None:
    assert MAX_SOCKETS == explain(key, loaded.effective)


def test_what_a_reference_became_is_told_with_the_reference() -> None:
    text = PROFILE.replace('include = "conf/base.toml"\n', "").replace("${env:TOKEN}", "x")

    head = explain("agents.payments.max_sockets", load_text(text, "p.toml").effective).split("\n")[0]  # fmt: skip

    expected = 'agents.payments.max_sockets = 20    (p.toml:3:15, from "${env:PAY_SOCKETS:-20}")'
    assert expected == head


@pytest.mark.parametrize(
    ("key", "lines"),
    [
        ("agents.payments.timeouts.queue", ['agents.payments.timeouts.queue = "1s"    (p.toml:5:22)', '    "7s"         conf/base.toml:3:9', '    "unlimited"  built-in']),
        ("agents.payments.timeouts.total", ['agents.payments.timeouts.total = "9s"    (conf/base.toml:2:9)', '    "unlimited"  built-in']),
        ("agents.payments.timeouts.idle", ['agents.payments.timeouts.idle = "unlimited"    (built-in)']),
        ("agents.payments.family", ["agents.payments.family is not set"]),
        ("auto_revert", ['auto_revert = "1m"    (built-in)']),
        ("agents.payments.tls.keylog_file", ['agents.payments.tls.keylog_file = "conf/keys.log"    (conf/base.toml:7:15, from "keys.log")']),
        ("agents.payments.tls.passphrase", [f'agents.payments.tls.passphrase = "{MASK}"    (p.toml:7:14)']),
        ("workloads.w.requests[0].path", ['workloads.w.requests[0].path = "/x?token=${env:TOKEN}"    (p.toml:14:8)', '    "/"  built-in']),
        ("workloads.w.requests[0].headers.authorization", ['workloads.w.requests[0].headers.authorization = "${env:TOKEN}"    (p.toml:15:11)']),
        ("workloads.w.requests[0].headers.cookie", [f'workloads.w.requests[0].headers.cookie = "{MASK}"    (p.toml:15:11)']),
        ("workloads.w.rate", ['workloads.w.rate = "600/m"    (--set workloads.w.rate)', '    "10/s"  built-in']),
        ("workloads.v.method", ['workloads.v.method = "HEAD"    (p.toml:20:10)', '    "GET"  built-in']),
        ("workloads.v.path", ['workloads.v.path = "/"    (built-in)']),
    ],
)  # fmt: skip
def test_what_counts_for_a_key(loaded: Loaded, key: str, lines: list[str]) -> None:
    found = explain(key, loaded.effective).splitlines()

    assert lines == [found[0], *(line for line in found if line.startswith("    "))]


def test_of_a_table_every_key_is_listed_with_its_place(loaded: Loaded) -> None:
    lines = explain("agents.payments.timeouts", loaded.effective).splitlines()

    assert [
        "agents.payments.timeouts",
        "  Clocks of pooltop's own, for each request.",
        '  agents.payments.timeouts.mode     "fail"       built-in',
        '  agents.payments.timeouts.queue    "1s"         p.toml:5:22',
        '  agents.payments.timeouts.connect  "unlimited"  built-in',
    ] == lines[:5]
    assert "The classes of requests" in explain("workloads.w.requests", loaded.effective)
    assert "workloads.w.requests[0].weight" in explain("workloads.w.requests[0]", loaded.effective)
    assert "workloads.w.users" not in explain("workloads", loaded.effective)
    assert "workloads.v.users" in explain("workloads", loaded.effective)


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("agents.payment.x", 'agents has no "payment". Did you mean "payments"?'),
        ("agents.payments.max_socket", 'agents.payments has no "max_socket". Did you mean "max_sockets"?'),
        ("zzz", 'a profile has no "zzz". There are schema, include, env, '),
        ("agents.payments.max_sockets.x", 'agents.payments.max_sockets has no "x".'),
        ("workloads.w.requests[1]", "workloads.w.requests has no [1]. There are 0."),
        ("workloads.w.requests.x", 'workloads.w.requests has no "x". There are 0.'),
        ("workloads.w.requests[0].headers.X", 'workloads.w.requests[0].headers has no "X". There are authorization, cookie, x.'),
        ("", '"" is no key: write it as agents.payments.max_sockets'),
        (".", '"." is no key: write it as agents.payments.max_sockets'),
        ("agents.", '"agents." is no key: write it as agents.payments.max_sockets'),
        ("agents payments", '"agents payments" is no key: write it as agents.payments.max_sockets'),
        ('"\\q"', '"\\q" is no key: a quoted part is a TOML string'),
        ("\x1b[2J", '"\\u001B[2J" is no key: write it as agents.payments.max_sockets'),
    ],
)  # fmt: skip
def test_a_key_that_is_none_is_refused_with_what_was_meant(
    loaded: Loaded, key: str, message: str
) -> None:
    with pytest.raises(UsageError) as caught:
        explain(key, loaded.effective)

    assert message == str(caught.value)[: len(message)]


def test_no_secret_is_in_anything_that_shows_a_profile(loaded: Loaded) -> None:
    shown = [
        config_as_toml(loaded.effective),
        config_as_json(loaded.effective),
        explain("agents", loaded.effective),
        explain("workloads", loaded.effective),
        repr(loaded),
        loaded.profile.workloads[0].requests[0].name,
        str(loaded.effective.layers.said(("agents",))[0][0]),
    ]

    assert [] == [text for text in shown if "S3CRET" in text or "hunter2" in text]


def test_a_printed_profile_is_the_profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = starter_text() + BASE.replace("payments", "b") + "[agents.b.bounds]\nmax_sockets = [1, inf]\n"  # fmt: skip
    first = load_text(text, "p.toml")

    again = load_text(config_as_toml(first.effective), "p.toml")

    # That a value is what it would be anyway is no news, so that warnings may differ.
    assert first.profile == again.profile
    assert config_as_toml(first.effective) == config_as_toml(again.effective)


@pytest.mark.parametrize(
    "file", sorted((ROOT / "profiles").glob("*.toml")), ids=lambda file: file.name
)
def test_every_profile_that_comes_with_pooltop_can_be_printed(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_TOKEN", "of-nobody")  # prod.toml asks for it
    first = load(file)

    again = load_text(config_as_toml(first.effective), first.profile.path).profile

    assert first.profile == again


def test_what_looks_like_a_reference_is_printed_as_what_it_is(good: str) -> None:
    text = f'environment = "a$${{env:HOME}}$$$$"\n{good}path = "/$${{x}}"\nbody = "$$"\n'
    first = load_text(text, "p.toml")

    again = load_text(config_as_toml(first.effective), "p.toml").profile

    assert "a${env:HOME}$$" == first.profile.environment
    assert first.profile == again


def test_a_printed_profile_says_where_each_value_comes_from(loaded: Loaded) -> None:
    rows = {
        row["key"]: (row["value"], row["from"])
        for row in map(json.loads, config_as_json(loaded.effective).splitlines())
    }

    assert (8, "--set agents.payments.maxSockets") == rows["agents.payments.max_sockets"]
    assert ([1, "unlimited"], "p.toml:9:15") == rows["agents.payments.bounds.max_sockets"]
    assert ("conf/base.toml", "p.toml:1:11") == rows["include"]
    assert ("/x?token=${env:TOKEN}", "p.toml:14:8") == rows["workloads.w.requests[0].path"]


def test_what_is_printed_cannot_act_on_a_terminal(good: str) -> None:
    name = "\u202e\u009b[2J"
    text = f'environment = "x"\n{good}headers = {{ x = "a" }}\nbody = "{name}"\n'

    printed = config_as_toml(load_text(text).effective)

    assert printed.replace("\n", "").isprintable()
    assert name == tomllib.loads(printed)["workloads"]["w"]["body"]


def test_a_profile_is_still_what_msgspec_can_carry(loaded: Loaded) -> None:
    assert loaded.profile == msgspec.msgpack.decode(
        msgspec.msgpack.encode(loaded.profile), type=type(loaded.profile)
    )


HOSTS = """\
[defaults.timeouts]
total = "9s"
[agents.a]
max_sockets = 20
max_free_sockets = 7
[agents.a.hosts."127.0.0.1:81"]
max_sockets = 6
timeouts = { queue = "2s" }
[workloads.w]
agent = "a"
base_url = "http://127.0.0.1:81"
"""


@pytest.mark.parametrize(
    ("settings", "variables", "expected"),
    [
        ((), {}, ["6 x.toml:7:15", "20 x.toml:4:15", '"unlimited" built-in']),
        (("agents.a.max_sockets=8",), {}, ["8 --set agents.a.max_sockets", "6 x.toml:7:15", "20 x.toml:4:15", '"unlimited" built-in']),
        ((), {"AGENTS__A__MAX_SOCKETS": "9"}, ["9 POOLTOP__AGENTS__A__MAX_SOCKETS", "6 x.toml:7:15", "20 x.toml:4:15", '"unlimited" built-in']),
        ((), {"AGENTS__A__MAX_SOCKETS": "9", "AGENTS__A__HOSTS__127_0_0_1_81__MAX_SOCKETS": "3"}, ["3 POOLTOP__AGENTS__A__HOSTS__127_0_0_1_81__MAX_SOCKETS", "9 POOLTOP__AGENTS__A__MAX_SOCKETS", "6 x.toml:7:15", "20 x.toml:4:15", '"unlimited" built-in']),
        (("agents.a.max_sockets=8",), {"AGENTS__A__HOSTS__127_0_0_1_81__MAX_SOCKETS": "3"}, ["8 --set agents.a.max_sockets", "3 POOLTOP__AGENTS__A__HOSTS__127_0_0_1_81__MAX_SOCKETS", "6 x.toml:7:15", "20 x.toml:4:15", '"unlimited" built-in']),
        (('agents.a.hosts."127.0.0.1:81".max_sockets=5', "agents.a.max_sockets=8"), {}, ['5 --set agents.a.hosts."127.0.0.1:81".max_sockets', "8 --set agents.a.max_sockets", "6 x.toml:7:15", "20 x.toml:4:15", '"unlimited" built-in']),
    ],
)  # fmt: skip
def test_a_setting_of_an_agent_goes_before_what_a_file_says_of_a_host(
    settings: tuple[str, ...],
    variables: dict[str, str],
    expected: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(f"POOLTOP__{name}", value)

    loaded = load_text(HOSTS, "x.toml", settings=settings)

    found = explain('agents.a.hosts."127.0.0.1:81".max_sockets', loaded.effective).splitlines()
    head = found[0].partition(" = ")[2]
    rows = [head.replace("    (", " ").rstrip(")"), *(row for row in found if row[:4] == "    ")]
    assert expected == [" ".join(row.split()) for row in rows]
    agent = loaded.profile.agents[0]
    own = agent.hosts["127.0.0.1:81"].max_sockets
    in_force = agent.options.max_sockets if own is None else own
    assert float(expected[0].split()[0]) == in_force


def test_a_host_has_the_clocks_of_its_agent_and_of_the_defaults() -> None:
    effective = load_text(HOSTS, "x.toml", settings=("agents.a.timeouts.queue=4s",)).effective

    key = 'agents.a.hosts."127.0.0.1:81"'
    queue = explain(f"{key}.timeouts.queue", effective).splitlines()
    assert f'{key}.timeouts.queue = "4s"    (--set agents.a.timeouts.queue)' == queue[0]
    assert '    "2s"         x.toml:8:22' in queue
    total = explain(f"{key}.timeouts.total", effective).splitlines()[0]
    assert f'{key}.timeouts.total = "9s"    (x.toml:2:9)' == total
    free = explain(f"{key}.max_free_sockets", effective).splitlines()[0]
    assert f"{key}.max_free_sockets = 7    (x.toml:5:20)" == free


def test_a_printed_profile_has_of_a_host_what_is_said_of_it() -> None:
    first = load_text(HOSTS, "x.toml")

    again = load_text(config_as_toml(first.effective), "x.toml")

    assert first.profile == again.profile
