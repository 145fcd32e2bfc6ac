"""Profiles of several files: who wins, and where a problem of each is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pooltop.profiles import ProfileErrors, load
from pooltop.profiles.documents import DEEPEST, MOST

Write = Callable[[str, str], None]
Told = Callable[..., list[str]]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Go to an empty directory, and give what writes files there."""
    monkeypatch.chdir(tmp_path)

    def to(name: str, text: str) -> None:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    return to


@pytest.fixture
def told(write: Write) -> Told:
    """Give what writes a profile, loads it, and gives its problems, one a line."""

    def of(text: str, name: str = "p.toml") -> list[str]:
        write(name, text)
        try:
            return [str(warning) for warning in load(name).warnings]
        except ProfileErrors as errors:
            return str(errors).split("\n")

    return of


def test_the_including_file_wins_tables_merge_and_arrays_replace(write: Write, good: str) -> None:
    write(
        "base.toml",
        "[agents.a]\nmaxSockets = 99\nkeep_alive = true\ntimeouts.total = '9s'\ntimeouts.queue = '1s'\n"
        "[agents.b]\n[workloads.w]\nrate = '7/s'\nrequests = [ { name = 'x' }, { name = 'y' } ]\n",
    )
    write("later.toml", "[agents.a]\nkeep_alive = false\nmax_free_sockets = 3\n")
    write(
        "p.toml",
        'include = ["./base.toml", "later.toml"]\n'
        + good
        + "requests = [ { name = 'z' } ]\n[agents.a.timeouts]\nqueue = '2s'\n",
    )

    profile = load("p.toml").profile

    first = profile.agents[0]
    assert (4, 3, False) == (
        first.options.max_sockets,
        first.options.max_free_sockets,
        first.options.keep_alive,
    )
    assert (9.0, 2.0) == (first.timeouts.total, first.timeouts.queue)
    assert ["a", "b"] == [agent.name for agent in profile.agents]
    (workload,) = profile.workloads
    assert (7.0, ["z"]) == (workload.rate, [each.name for each in workload.requests])


def test_a_problem_names_the_file_that_has_it_and_the_named_file_comes_first(
    told: Told, write: Write, good: str
) -> None:
    write("a/x.toml", "\n[agents.a]\n  keepAlive = 1\nmax_free_sockets = 0\n[agents.c]\nnope = 1\n")
    write("a/y.toml", "[agents.a]\nscheduling = 'lof'\nmax_sockets = 1.5\n")

    lines = told('include = ["a/x.toml", "a/y.toml"]\n' + good + "rate = 5\n")

    assert [
        "p.toml:7:8 error P021 workloads.w.rate = 5: a rate needs a unit.",
        'a/y.toml:2:14 error P013 agents.a.scheduling = "lof": allowed are',
        "a/x.toml:3:15 error P011 agents.a.keepAlive = 1: expected true or false",
        "a/x.toml:4:20 error P012 agents.a.max_free_sockets = 0: Node reads 0",
        "a/x.toml:6:1 error P010 agents.c.nope: unknown key.",
    ] == [
        line[: len(begin)]
        for line, begin in zip(
            lines,
            [
                "p.toml:7:8 error P021 workloads.w.rate = 5: a rate needs a unit.",
                'a/y.toml:2:14 error P013 agents.a.scheduling = "lof": allowed are',
                "a/x.toml:3:15 error P011 agents.a.keepAlive = 1: expected true or false",
                "a/x.toml:4:20 error P012 agents.a.max_free_sockets = 0: Node reads 0",
                "a/x.toml:6:1 error P010 agents.c.nope: unknown key.",
            ],
            strict=True,
        )
    ]


def test_where_two_files_contradict_each_other_the_other_place_is_named(
    told: Told, write: Write, good: str
) -> None:
    write("b.toml", "\n[agents.a]\nkind = 'https.Agent'\nbounds.max_sockets = [1, 3]\n")

    assert [
        "p.toml:3:15 warn  P019 agents.a.max_sockets = 4: outside of its own bounds (b.toml:4).",
        'p.toml:6:12 error P019 workloads.w.base_url = "http://127.0.0.1:80": this is http, and '
        'its agent is of kind = "https.Agent" (b.toml:3): Node throws ERR_INVALID_PROTOCOL. Leave '
        "kind out, or write http.Agent.",
    ] == told("include = 'b.toml'\n" + good)


def test_what_is_overridden_need_not_be_right(told: Told, write: Write, good: str) -> None:
    write("b.toml", '[agents.a]\nmax_sockets = "${env:POOLTOP_TEST_UNSET}"\n')

    assert [] == told("include = 'b.toml'\n" + good)


def test_paths_start_beside_the_file_that_says_them(told: Told, write: Write, good: str) -> None:
    write("conf/tls.toml", "[agents.a.tls]\nca = 'ca.pem'\npassphrase = '${file:pass}'\n")
    write("conf/pass", "s3cret\n")
    Path("conf/pass").chmod(0o600)
    text = "include = 'conf/tls.toml'\n" + good

    assert ['conf/tls.toml:2:6 error P050 agents.a.tls.ca = "ca.pem": "conf/ca.pem": no such file.'] == told(text)  # fmt: skip


def test_included_files_include_beside_themselves_and_names_may_come_from_outside(
    write: Write, good: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAGE", "staging")
    write("conf/staging.toml", "include = ['deep/x.toml']\nenvironment = 'staging'\n")
    write("conf/deep/x.toml", "environment = 'x'\nauto_revert = '5s'\n")
    write("p.toml", 'include = "conf/${env:STAGE}.toml"\n' + good)

    profile = load("p.toml").profile

    assert ("staging", 5.0) == (profile.environment, profile.auto_revert)


def test_one_file_may_be_included_along_two_ways(told: Told, write: Write, good: str) -> None:
    write("x.toml", "environment = 'x'\n")
    write("a.toml", "include = 'x.toml'\n")
    write("b.toml", "include = 'x.toml'\n")

    assert [] == told("include = ['a.toml', 'b.toml']\n" + good)


@pytest.mark.parametrize(
    ("include", "lines"),
    [
        ('"p.toml"', ['p.toml:1:11 error P044 include = "p.toml": a cycle: p.toml includes p.toml.']),
        ('["one.toml"]', ['two.toml:2:12 error P044 include[0] = "p.toml": a cycle: p.toml includes one.toml includes two.toml includes p.toml.']),
        ('["no.toml", "."]', ['p.toml:1:12 error P001 include[0] = "no.toml": "no.toml": no such file.', 'p.toml:1:23 error P001 include[1] = ".": ".": is a directory. Name the file itself.']),
        ('"bad.toml"', ['bad.toml:2:5 error P004 invalid value: "x". Text needs quotes.']),
        ('["latin.toml"]', ['p.toml:1:12 error P003 include[0] = "latin.toml": "latin.toml": not UTF-8 at byte 2 (0xfc, line 1). Save it as UTF-8.']),
        ("5", ["p.toml:1:11 error P011 include = 5: expected an array, each the path of a file, got a whole number."]),
        ("[1, '']", ["p.toml:1:12 error P011 include[0] = 1: expected the path of a file, got a whole number.", 'p.toml:1:15 error P022 include[1] = "": expected the path of a file, got "".']),
        ('["a\\u0000b"]', ['p.toml:1:12 error P022 include[0] = "a\\u0000b": expected the path of a file, got "a\\u0000b".']),
        ('["x${env:POOLTOP_TEST_UNSET}"]', ["p.toml:1:14 error P040 ${env:POOLTOP_TEST_UNSET} is not set and has no default."]),
    ],
)  # fmt: skip
def test_what_cannot_be_included_is_told_and_nothing_is_guessed_of_the_rest(
    told: Told, write: Write, tmp_path: Path, include: str, lines: list[str]
) -> None:
    write("one.toml", "include = ['two.toml']\n")
    write("two.toml", "\ninclude = ['p.toml']\n")
    write("bad.toml", "\nx = y\n")
    (tmp_path / "latin.toml").write_bytes(b"# \xfc\n")

    found = told(f"include = {include}\n")

    assert lines == found


def test_files_within_files_end_somewhere(told: Told, write: Write) -> None:
    for depth in range(DEEPEST + 1):
        write(f"{depth}.toml", f"include = '{depth + 1}.toml'\n")

    (line,) = told("include = '1.toml'\n", "0.toml")

    assert '7.toml:1:11 error P007 include = "8.toml": files include files 8 deep at most.' == line


def test_a_profile_is_made_of_so_many_files_at_most(told: Told, write: Write) -> None:
    write("x.toml", "")

    found = told(f"include = {['x.toml'] * (MOST + 3)}\n")

    assert 4 == len(found)
    assert found[0].endswith('P007 include[31] = "x.toml": a profile is made of 32 files at most.')


def test_many_files_are_no_larger_than_one_may_be(told: Told, write: Write) -> None:
    write("x.toml", "#" * 400_000)

    (line,) = told("include = ['x.toml', 'x.toml', 'x.toml']\n")

    assert line.endswith(
        'P002 include[2] = "x.toml": all files together are larger than 1024 KiB, which is the limit.'
    )


def test_every_variable_that_a_file_requires_is_told(
    told: Told, write: Write, good: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IS_SET", "")
    write("b.toml", "[env]\nrequired = ['POOLTOP_TEST_A']\n")

    assert [
        'p.toml:8:23 error P040 env.required[1] = "POOLTOP_TEST_B": POOLTOP_TEST_B is not set, and this profile needs it.',
        'b.toml:2:13 error P040 env.required[0] = "POOLTOP_TEST_A": POOLTOP_TEST_A is not set, and this profile needs it.',
    ] == told("include = 'b.toml'\n" + good + '[env]\nrequired = ["IS_SET", "POOLTOP_TEST_B"]\n')


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("env = 5", "1:7 error P011 env = 5: expected a table with required, got a whole number."),
        ("env.required = 5", "1:16 error P011 env.required = 5: expected an array, each the name of an environment variable, got a whole number."),
        ("env.required = ['A=B']", '1:17 error P022 env.required[0] = "A=B": expected the name of an environment variable: letters, digits and _.'),
        ("env.requird = []", '1:5 error P010 env.requird: unknown key. Did you mean "required"?'),
    ],
)  # fmt: skip
def test_a_wrong_env_table_is_told(told: Told, good: str, said: str, line: str) -> None:
    assert f"p.toml:{line}" in told(f"{said}\n{good}")
