"""The environment and --set: over the files, each telling its own mistakes."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest

from pooltop.core.edits import Edit
from pooltop.core.model import AgentProfile, Origin, Profile
from pooltop.engine.engine import Engine
from pooltop.profiles import ProfileErrors, load_text

SOCKETS = 'a whole number from 1 to 1000000, or "unlimited"'
MANY = """\
[agents.a]
maxSockets = 4
[agents."pay b"]
[agents.x__y]
[agents."é.1"]
[workloads.w]
agent = "a"
base_url = "http://127.0.0.1:80"
headers = { x-own = "1" }
[workloads.v]
agent = "pay b"
base_url = "http://127.0.0.1:80"
[workloads.u]
agent = "x__y"
base_url = "http://127.0.0.1:80"
[workloads.t]
agent = "é.1"
base_url = "http://127.0.0.1:80"
"""
Told = Callable[..., list[str]]


@pytest.fixture
def told() -> Told:
    """Give what loads a text with settings and gives its problems, one a line."""

    def of(text: str, *settings: str) -> list[str]:
        try:
            loaded = load_text(text, "x.toml", settings=settings)
        except ProfileErrors as errors:
            return str(errors).split("\n")
        return [str(warning) for warning in loaded.warnings]

    return of


def agents(text: str, *settings: str) -> dict[str, AgentProfile]:
    """Give the agents by name."""
    profile = load_text(text, "x.toml", settings=settings).profile
    return {agent.name: agent for agent in profile.agents}


def test_set_goes_before_the_environment_and_that_before_the_file(
    good: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert 4 == agents(good)["a"].options.max_sockets
    monkeypatch.setenv("POOLTOP__AGENTS__A__MAX_SOCKETS", "12")
    assert 12 == agents(good)["a"].options.max_sockets
    assert 8 == agents(good, "agents.a.max_sockets=8")["a"].options.max_sockets
    assert 9 == agents(good, "agents.a.max_sockets=8", "agents.a.maxSockets = 9")["a"].options.max_sockets  # fmt: skip


@pytest.mark.parametrize(
    ("setting", "option", "expected"),
    [
        ("agents.a.max_sockets=unlimited", "max_sockets", float("inf")),
        ('agents.a.max_sockets="unlimited"', "max_sockets", float("inf")),
        ("agents.a.max_sockets=inf", "max_sockets", float("inf")),
        ("agents.a.max_sockets=0x10", "max_sockets", 16),
        ("agents.a.keep_alive=true", "keep_alive", True),
        ("agents . a . timeout=2s", "timeout", 2000),
        ("agents.\"a\".scheduling='fifo'", "scheduling", "fifo"),
        ("agents.a.local_address=127.0.0.1", "local_address", "127.0.0.1"),
        ("agents.a.local_address=::1", "local_address", "::1"),
        ("agents.a.bounds={maxSockets = [1, 9]}", "bounds", {"max_sockets": (1, 9)}),
        ("agents.a.bounds.maxSockets=[1, 9]", "bounds", {"max_sockets": (1, 9)}),
        ("agents.a.scheduling=${env:POOLTOP_TEST_UNSET:-fifo}", "scheduling", "fifo"),
    ],
)
def test_a_setting_is_toml_or_else_a_string(
    good: str, setting: str, option: str, expected: object
) -> None:
    text = good.replace("base_url", "duration = '1s'\nbase_url").replace("127.0.0.1", "[::1]")
    agent = agents(text if "::1" in setting else good, setting)["a"]

    assert expected == getattr(agent if option == "bounds" else agent.options, option)


@pytest.mark.parametrize(
    ("setting", "body"),
    [
        ("12", b"12"),
        ("true", b"true"),
        ('"x" # y', b"x"),
        ("[::1]", b"[::1]"),
        ('"x', b'"x'),
        ("", b""),
        (" a ", b" a "),
        ("12#4", b"12#4"),
        ("1979-05-27", b"1979-05-27"),
        ('"1"\nx = 2', b'"1"\nx = 2'),
        ("a=b", b"a=b"),
        ("$$x", b"$x"),
    ],
)
def test_a_field_of_text_takes_any_word(good: str, setting: str, body: bytes) -> None:
    profile = load_text(good, settings=(f"workloads.w.body={setting}",)).profile

    assert body == profile.workloads[0].requests[0].body


@pytest.mark.parametrize(
    ("variable", "value", "agent", "option", "expected"),
    [
        ("AGENTS__A__MAX_SOCKETS", "8", "a", "max_sockets", 8),
        ("AGENTS__A__MAXSOCKETS", "8", "a", "max_sockets", 8),
        ("agents__a__max_sockets", "8", "a", "max_sockets", 8),
        ("AGENTS__PAY_B__TIMEOUT", "2s", "pay b", "timeout", 2000),
        ("AGENTS__X__Y__TIMEOUT", "unlimited", "x__y", "timeout", 0),
        ("AGENTS____1__KEEP_ALIVE", "true", "é.1", "keep_alive", True),
    ],
)
def test_a_variable_finds_its_key_whatever_signs_a_name_has(
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    value: str,
    agent: str,
    option: str,
    expected: object,
) -> None:
    monkeypatch.setenv(f"POOLTOP__{variable}", value)

    assert expected == getattr(agents(MANY)[agent].options, option)


def test_a_variable_reaches_into_tables_that_the_file_does_not_have(
    good: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POOLTOP__AGENTS__A__TIMEOUTS__TOTAL", "9s")
    monkeypatch.setenv("POOLTOP__ENVIRONMENT", "prod")
    monkeypatch.setenv("POOLTOP__SAFETY__ALLOW_HOSTS", '["10.0.0.7"]')

    profile = load_text(good).profile

    assert (9.0, "prod", ("10.0.0.7",)) == (
        profile.agents[0].timeouts.total,
        profile.environment,
        profile.allow_hosts,
    )


def test_what_a_variable_holds_is_no_reference_and_no_table(
    good: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POOLTOP__WORKLOADS__W__BODY", "${env:HOME}$$${row.x}")

    body = load_text(good).profile.workloads[0].requests[0].body

    assert b"${env:HOME}$$${row.x}" == body


@pytest.mark.parametrize(
    ("variable", "value", "line"),
    [
        ("AGENTS__A__MAX_SOCKETS", "0", 'error P012 agents.a.max_sockets = 0: Node reads 0 as "not set", that is unlimited. Write 1 or more, or "unlimited".'),
        ("AGENTS__A__MAX_SOCKETS", "many", f'error P011 agents.a.max_sockets = "many": expected {SOCKETS}, got a string.'),
        ("AGENTS__A__MAX_SOCKETS", "[1]", f"error P011 agents.a.max_sockets: expected {SOCKETS}, got an array."),
        ("AGENTS__A__MAX_SOCKET", "1", 'error P010 agents.a has no "max_socket". Did you mean POOLTOP__AGENTS__A__MAX_SOCKETS?'),
        ("AGENTS__PAY__TIMEOUT", "1s", 'error P010 agents has no "pay". Did you mean POOLTOP__AGENTS__PAY_B__TIMEOUT?'),
        ("AGENT__A__TIMEOUT", "1s", 'error P010 a profile has no "agent". Did you mean POOLTOP__AGENTS__A__TIMEOUT?'),
        ("ZZZ", "1", 'error P010 a profile has no "zzz".'),
        ("", "1", 'error P010 a profile has no "".'),
        ("\x1b", "1", 'error P010 a profile has no "\\u001B".'),
        ("AGENTS__A__TIMEOUT__X", "1", "error P010 agents.a.timeout has nothing inside."),
        ("WORKLOADS__W__REQUESTS__0__PATH", "/", "error P010 workloads.w.requests is an array: it is set as a whole."),
        ("WORKLOADS__W__HEADERS__X_OWM", "1", 'error P010 workloads.w.headers has no "x_owm". Did you mean POOLTOP__WORKLOADS__W__HEADERS__X_OWN?'),
        ("INCLUDE", "x.toml", "error P045 files are included by files alone."),
        ("ADVISOR", "1", "error P011 advisor = 1: expected a table with mode, window, min_samples, target, beta, ceiling, mute, got a string."),
        ("AGENTS__A__TLS__PFX", "x", "error P023 agents.a.tls.pfx: Python's ssl reads no PKCS#12."),
        ("AGENTS__A", "x", 'error P011 agents.a = "x": expected a table [agents.NAME], got a string.'),
    ],
)  # fmt: skip
def test_a_variable_that_is_wrong_is_told_by_its_name(
    told: Told, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, line: str
) -> None:
    monkeypatch.setenv(f"POOLTOP__{variable}", value)
    shown = variable.replace("\x1b", "\\u001B")

    found = [each for each in told(MANY) if each.startswith("POOLTOP__")]

    assert [f"POOLTOP__{shown}: {line}"] == [each[: len(shown) + 11 + len(line)] for each in found]


def test_a_variable_that_can_mean_two_names_is_refused(
    told: Told, good: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POOLTOP__AGENTS__A_B__TIMEOUT", "1s")

    assert [
        "POOLTOP__AGENTS__A_B__TIMEOUT: error P045 it can mean a-b and a_b: use --set."
    ] == told(good + "[agents.a-b]\n[agents.a_b]\n")


def test_a_value_that_is_no_text_is_refused(
    told: Told, good: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POOLTOP__WORKLOADS__W__BODY", "\udcff")

    assert [
        "POOLTOP__WORKLOADS__W__BODY: error P003 the value is not UTF-8 text.",
        "--set workloads.w.body: error P003 the value is not UTF-8 text.",
    ] == told(good, "workloads.w.body=\udcff")


@pytest.mark.parametrize(
    ("setting", "line"),
    [
        ("agents.a.max_sockets=0", 'agents.a.max_sockets: error P012 agents.a.max_sockets = 0: Node reads 0 as "not set", that is unlimited. Write 1 or more, or "unlimited".'),
        ("agents.a.maxSockets=x", f'agents.a.maxSockets: error P011 agents.a.maxSockets = "x": expected {SOCKETS}, got a string.'),
        ("agents.a.max_socket=1", 'agents.a.max_socket: error P010 agents.a.max_socket: unknown key. Did you mean "max_sockets"?'),
        ("agnts.a.max_sockets=1", 'agnts.a.max_sockets: error P010 agnts: unknown key. Did you mean "agents"?'),
        ("agents.a.timeout=5", 'agents.a.timeout: error P020 agents.a.timeout = 5: a duration needs a unit. Did you mean "5ms"?'),
        ("max_sockets=1", "max_sockets: error P015 max_sockets: does not stand here; it belongs in [agents.NAME]."),
        ("agents.a", "agents.a: error P045 expected KEY=VALUE, as agents.payments.max_sockets=8."),
        ("=1", "error P045 expected KEY=VALUE, as agents.payments.max_sockets=8."),
        ("a b=1", "a: error P045 expected KEY=VALUE, as agents.payments.max_sockets=8."),
        ("a..b=1", "a: error P045 expected KEY=VALUE, as agents.payments.max_sockets=8."),
        ("\x1b[2J=1", "\\u001B[2J: error P045 expected KEY=VALUE, as agents.payments.max_sockets=8."),
        ('"\\q".x=1', '"\\q".x: error P004 '),
        (".".join("a" * 30) + "=1", ".".join("a" * 30) + ": error P007 a dotted key has more than 12 parts."),
        ('env.required=["HOME"]', "env.required: error P045 what a file needs of the environment it says itself."),
        ("include=x.toml", "include: error P045 files are included by files alone."),
        ("agents.a.scheduling=${env:POOLTOP_TEST_UNSET}", "agents.a.scheduling: error P040 ${env:POOLTOP_TEST_UNSET} is not set and has no default."),
        ("workloads.w.agent=b", 'workloads.w.agent: error P031 workloads.w.agent = "b": no such agent. There are "a".'),
        ("agents.a.tls.ca=no.pem", 'agents.a.tls.ca: error P050 agents.a.tls.ca = "no.pem": "no.pem": no such file.'),
    ],
)  # fmt: skip
def test_a_setting_that_is_wrong_is_told_by_its_key(
    told: Told, good: str, setting: str, line: str
) -> None:
    (found,) = told(good, setting)

    assert f"--set {line}".replace("--set error", "--set : error") == found[: len(line) + 6 + (line[:5] == "error") * 2]  # fmt: skip


def test_what_the_file_lacks_is_told_in_the_file(told: Told, good: str) -> None:
    text = good.replace('base_url = "http://127.0.0.1:80"\n', "")

    (line,) = told(text, "workloads.w.rate=5/s")

    assert line.startswith("x.toml:3:1 error P014 workloads.w: base_url is missing: add base_url")


def test_what_only_a_setting_makes_is_told_there(told: Told, good: str) -> None:
    assert [
        "--set agents.b.max_sockets: warn  P034 agents.b: no workload uses this agent."
    ] == told(good, "agents.b.max_sockets=5")


def test_a_secret_of_a_setting_is_not_shown_and_not_in_the_profile(
    told: Told, good: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POOLTOP__AGENTS__A__TLS__PASSPHRASE", "12345")
    assert [] == told(good)

    monkeypatch.setenv("POOLTOP__AGENTS__A__TLS__PASSPHRASE", '["S3CRET"]')
    lines = told(good, 'workloads.w.headers={cookie = "S3CRET\\n"}', "agents.a.proxy_env=S3CRET")
    assert ["P011", "P013", "P061"] == sorted(line.split(" error ")[1][:4] for line in lines)
    assert "S3CRET" not in "".join(lines)


LADDER = """\
[agents.a.hosts."127.0.0.1:80"]
max_sockets = 4
"""


async def test_from_the_built_in_value_to_a_live_edit_each_layer_goes_before_those_beneath(
    good: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    bare = good.replace("max_sockets = 4\n", "")
    Path("base.toml").write_text("[agents.a]\nmax_sockets = 2\n")
    included = f'include = "base.toml"\n{bare}'
    own = included.replace("[agents.a]\n", "[agents.a]\nmax_sockets = 3\n")

    assert [math.inf, 2, 3, 4] == [
        _of_host(load_text(text).profile) for text in (bare, included, own, own + LADDER)
    ]
    monkeypatch.setenv("POOLTOP__AGENTS__A__MAX_SOCKETS", "5")
    assert 5 == _of_host(load_text(own + LADDER).profile)
    profile = load_text(own + LADDER, settings=("agents.a.max_sockets=6",)).profile
    assert 6 == _of_host(profile)
    engine = Engine(profile)
    try:
        assert engine.edit(Edit(id=1, agent="a", option="max_sockets", value=7)).accepted
        origin = Origin(scheme="http", host="127.0.0.1", port=80)
        agent = engine.agents["a"]
        assert (7, {}) == (agent.options.max_sockets, agent.shell.own_limits(origin))
    finally:
        await engine.aclose()


def _of_host(profile: Profile) -> float:
    (agent,) = profile.agents
    own = agent.hosts["127.0.0.1:80"].max_sockets if agent.hosts else None
    return agent.options.max_sockets if own is None else own
