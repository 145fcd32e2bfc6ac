"""References in strings: what they become, and where one that stands for nothing is told."""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pooltop.core.template import Template
from pooltop.profiles import ProfileErrors, interpolate, load, load_text
from pooltop.profiles.filled import Filled
from pooltop.profiles.layers import Layer, Layers
from pooltop.profiles.report import Report

Lines = Callable[[str], list[str]]
SOCKETS = 'a whole number from 1 to 1000000, or "unlimited"'
LATE = datetime.datetime(2025, 3, 1, 13, 30, tzinfo=datetime.timezone(datetime.timedelta(hours=2)))


@pytest.fixture(autouse=True)
def _variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("UNSET", "PAY_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("EMPTY", "")
    monkeypatch.setenv("WORD", "abc")
    monkeypatch.setenv("NUMBER", "12")
    monkeypatch.setenv("ROW", "${row.id}${env:WORD}")


def filled(text: str) -> object:
    """Give what a string becomes, where nothing is wrong with it."""
    tree: dict[str, object] = {"a": [text]}
    report = Report(Layers(Layer("x.toml", tree)))
    sources = interpolate.Sources(os.environ, "run-7")
    (found,) = interpolate.fill(tree, sources, report)["a"]  # type: ignore[misc]
    assert not report.has_errors
    return found


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("${env:WORD}", "abc"),
        ("x${env:WORD}y${env:WORD}", "xabcyabc"),
        ("${env:UNSET:-20}", "20"),
        ("${env:UNSET:-}", ""),
        ("${env:UNSET:-a:-b}", "a:-b"),
        ("${env:EMPTY:-d}", "d"),
        ("${env:EMPTY}", ""),
        ("${env:WORD:-d}", "abc"),
        ("runs/${run.id}.jsonl", "runs/run-7.jsonl"),
        ("pa$$word", "pa$word"),
        ("$${env:WORD}", "${env:WORD}"),
        ("$$${env:WORD}", "$abc"),
        ("cash $5, $", "cash $5, $"),
        ("${env:ROW}", "${row.id}${env:WORD}"),
    ],
)
def test_a_reference_becomes_the_text_that_it_stands_for(written: str, text: str) -> None:
    assert text == filled(written)


def test_a_column_is_a_place_in_a_template_and_nothing_from_outside_can_be_one() -> None:
    found = filled("/a/${row.id}/${env:ROW}?x=${row.a b}")

    assert isinstance(found, Filled)
    expected = Template(("/a/", "/${row.id}${env:WORD}?x=", ""), ("id", "a b"))
    assert expected == found.template
    assert "/a/${row.id}/${row.id}${env:WORD}?x=${row.a b}" == found


def test_no_repr_has_the_text() -> None:
    found = filled("${env:WORD}${row.id}")

    assert "Filled(Template(columns=('id',)))" == repr(found)


def test_a_run_has_a_name_that_sorts_by_time_and_fits_a_file() -> None:
    first, second = interpolate.new_run_id(LATE), interpolate.new_run_id(LATE)

    assert ("20250301T113000Z-", 23) == (first[:17], len(first))
    assert first != second
    assert first.replace("-", "").isalnum()


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_file_is_read_beside_the_profile_less_one_line_end(
    tmp_path: Path, good: str, ending: str
) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "token").write_bytes(f"s3cret\n{ending}".encode())
    profile = tmp_path / "p.toml"
    profile.write_text(good + 'body = "<${file:./secrets/token}>"\n')

    expected = b"<s3cret\n>" if ending else b"<s3cret>"
    assert expected == load(profile).profile.workloads[0].requests[0].body


@pytest.mark.parametrize(
    ("said", "option", "expected"),
    [
        ('max_sockets = "${env:NUMBER}"', "max_sockets", 12.0),
        ('max_sockets = "${env:UNSET:-unlimited}"', "max_sockets", float("inf")),
        ('keep_alive = "${env:UNSET:-true}"', "keep_alive", True),
        ('timeout = "${env:NUMBER}s"', "timeout", 12_000.0),
        ('scheduling = "${env:UNSET:-fifo}"', "scheduling", "fifo"),
        ('bounds.max_sockets = ["${env:UNSET:-3}", "${env:NUMBER}"]', "bounds", {"max_sockets": (3, 12)}),
    ],
)  # fmt: skip
def test_a_whole_string_takes_the_type_that_its_field_wants(
    good: str, said: str, option: str, expected: object
) -> None:
    agent = load_text(good.replace("max_sockets = 4", said)).profile.agents[0]

    found = getattr(agent if option == "bounds" else agent.options, option)
    assert (expected, type(expected)) == (found, type(found))


@pytest.mark.parametrize("name", ["true", "12", "1.5", "inf"])
def test_a_text_stays_a_text_whatever_it_spells(
    good: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NAME", name)
    text = 'environment = "${env:NAME}"\n' + good + 'body = "${env:NAME}"\n'
    profile = load_text(text).profile

    assert (name, name.encode()) == (
        profile.environment,
        profile.workloads[0].requests[0].body,
    )
    assert str is type(profile.environment)


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ('max_sockets = "${env:WORD}"', f'2:15 error P011 agents.a.max_sockets = "${{env:WORD}}": expected {SOCKETS}, got a string. It reads "abc".'),
        ('max_sockets = "${env:UNSET:-0}"', '2:15 error P012 agents.a.max_sockets = "${env:UNSET:-0}": Node reads 0 as "not set", that is unlimited. Write 1 or more, or "unlimited". It reads "0".'),
        ('max_sockets = "1${env:NUMBER}"', f'2:15 error P011 agents.a.max_sockets = "1${{env:NUMBER}}": expected {SOCKETS}, got a string. Did you mean 112 without quotes? It reads "112".'),
        ('max_sockets = "${env:UNSET:-1e400}"', f'2:15 error P012 agents.a.max_sockets = "${{env:UNSET:-1e400}}": must be finite: {SOCKETS}. It reads "1e400".'),
        ('max_sockets = "${env:UNSET:-[1]}"', f'2:15 error P011 agents.a.max_sockets = "${{env:UNSET:-[1]}}": expected {SOCKETS}, got a string. It reads "[1]".'),
        ('scheduling = "${env:WORD}"', '2:14 error P013 agents.a.scheduling = "${env:WORD}": allowed are "lifo" or "fifo". It reads "abc".'),
        ('timeout = "${env:NUMBER}"', '2:11 error P020 agents.a.timeout = "${env:NUMBER}": a duration needs a unit. Did you mean "12ms"? It reads "12".'),
        ('proxy_env = "${env:WORD}"', '2:13 error P013 agents.a.proxy_env: allowed is a table with http_proxy, https_proxy, no_proxy, or "environment".'),
        ('tls = "${env:WORD}"', '2:7 error P011 agents.a.tls = "${env:WORD}": expected a table with ca, cert'),
        ('max_sockets = "${row.n}"', '2:15 error P043 agents.a.max_sockets = "${row.n}": ${row.n} may stand in the path, headers, body and auth of a request only.'),
        ('scheduling = "${row.n}"', '2:14 error P043 agents.a.scheduling = "${row.n}": ${row.n} may stand in the path, headers, body and auth of a request only.'),
    ],
)  # fmt: skip
def test_a_value_that_does_not_fit_is_told_with_what_it_became(
    lines: Lines, good: str, said: str, line: str
) -> None:
    (told,) = lines(good.replace("max_sockets = 4", said))

    assert f"x.toml:{line}" == told[: len(line) + 7]


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ('"${env:UNSET}"', "9 error P040 ${env:UNSET} is not set and has no default."),
        ('"a b ${env:UNSET}"', "13 error P040 ${env:UNSET} is not set and has no default."),
        ('"\\u00e4$$${env:UNSET}"', "17 error P040 ${env:UNSET} is not set and has no default."),
        ('"\\u0024{env:UNSET}"', "8 error P040 ${env:UNSET} is not set and has no default."),
        ("'''${env:UNSET}'''", "11 error P040 ${env:UNSET} is not set and has no default."),
        ('"$${}${env:UNSET}"', "13 error P040 ${env:UNSET} is not set and has no default."),
        ('"${file:nowhere}"', "9 error P041 ${file:nowhere}: no such file."),
        ('"${file:}"', "9 error P041 ${file:}: no such file."),
        ('"${file:\\u001b.}"', "9 error P041 ${file:\\u001B.}: no such file."),
        ('"${file:/}"', "9 error P041 ${file:/}: is a directory. Name the file itself."),
        ('"${env:}"', "9 error P042 this is no variable's name: write ${env:NAME}."),
        ('"${env:A-B}"', "9 error P042 this is no variable's name: write ${env:NAME}."),
        ('"${row.}"', "9 error P042 this is no column's name: write ${row.COLUMN}."),
        ('"${enw:X}"', "9 error P042 no such reference. Did you mean ${env:NAME}? For the text ${ write $${."),
        ('"${run.ID}"', "9 error P042 no such reference. Did you mean ${run.id}? For the text ${ write $${."),
        ('"${}"', "9 error P042 no such reference. There are ${env:NAME}, ${file:PATH}, ${run.id}, ${row.COLUMN}, ${env:NAME:-default}. For the text ${ write $${."),
        ('"x${env:A"', "10 error P042 ${ begins a reference, and no } ends it. For the text ${ write $${."),
        ('"${env:A:-${env:B}}"', "9 error P042 ${ begins a reference, and no } ends it. For the text ${ write $${."),
    ],
)  # fmt: skip
def test_a_reference_that_stands_for_nothing_is_told_at_its_own_place(
    lines: Lines, good: str, value: str, line: str
) -> None:
    told = lines(good + f"body = {value}\n")

    assert f"x.toml:6:{line}" == told[0]
    assert all(" P04" in each for each in told)


def test_every_reference_is_told_and_lines_of_a_long_string_count(lines: Lines, good: str) -> None:
    text = good + 'headers = { a = ["x", "${env:UNSET}"], b = "${env:UNSET}" }\n'
    text += 'body = """\n\N{SNOWMAN} $$ ${env:WORD}\n\N{SNOWMAN} ${env:UNSET}"""\n'

    assert [
        "x.toml:6:24 error P040 ${env:UNSET} is not set and has no default.",
        "x.toml:6:45 error P040 ${env:UNSET} is not set and has no default.",
        "x.toml:9:3 error P040 ${env:UNSET} is not set and has no default.",
    ] == lines(text)


@pytest.mark.parametrize("table", ["agents", "workloads", "demo", "agents.b", "agents.b.tls"])
def test_where_a_table_belongs_a_reference_to_nothing_is_the_only_problem(
    lines: Lines, good: str, table: str
) -> None:
    head = f'{table} = "${{env:UNSET}}"\n'
    text = head if table in ("agents", "workloads") else head + good

    assert [] == [each for each in lines(text) if " P011 " in each]
    assert any(" P040 " in each for each in lines(text))


@pytest.mark.parametrize(
    "said",
    [
        'body = "${S3CRET}"',
        'body = "${S3CRET"',
        'body = "${env:S3CRET-}"',
        'body = "${env:N:-S3CRET${}"',
        'headers = { authorization = "${env:CANARY}\\n" }',
        'headers = { "${env:CANARY}" = 1 }',
        'path = "/${env:CANARY} x"',
        'base_url = "http://me:${env:CANARY}@localhost"',
    ],
)
def test_what_may_be_a_secret_is_in_no_message(
    lines: Lines, good: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANARY", "S3CRET")
    text = good.replace('base_url = "http://127.0.0.1:80"\n', "") if "base_url" in said else good

    told = lines(text + said)

    assert told
    assert "S3CRET" not in "".join(told)


def test_a_secret_from_outside_is_no_secret_in_the_profile(
    lines: Lines, good: str, tmp_path: Path
) -> None:
    (tmp_path / "t").write_text("s")
    (tmp_path / "t").chmod(0o600)
    tls = '[agents.a.tls]\npassphrase = "{}"\n'
    headers = 'headers = {{ authorization = "Bearer {}", cookie = ["{}", "x"] }}\n'

    reference = "${env:WORD}"
    assert [] == lines(good + headers.format(reference, reference) + tls.format(reference))
    assert [] == lines(good + tls.format(f"${{file:{tmp_path}/t}}"))
    literal = "${env:UNSET:-secret}"
    codes = [
        line.split()[2] for line in lines(good + headers.format(literal, "") + tls.format(literal))
    ]
    assert ["P054"] * 3 == codes


def test_a_secret_in_a_file_that_others_can_read_is_warned_of(
    lines: Lines, good: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t").write_text("s3cret")
    (tmp_path / "t").chmod(0o640)
    text = good + 'headers = { a = ["x", "${file:./t}"] }\nbody = "${file:t}"\n'

    why = 'other users of this machine can read "t": chmod 600.'
    assert [f"x.toml:6:23 warn  P055 workloads.w.headers.a[1]: {why}"] == lines(text)
    (tmp_path / "t").chmod(0o600)
    assert [] == lines(text)


def test_a_file_that_is_large_or_not_text_is_refused(
    lines: Lines, good: str, tmp_path: Path
) -> None:
    (tmp_path / "large").write_bytes(b"x" * (64 * 1024 + 1))
    (tmp_path / "bytes").write_bytes(b"\xff")

    for name, why in (
        ("large", "larger than 64 KiB, which is the limit."),
        ("bytes", "not UTF-8 at byte 0 (0xff, line 1). Save it as UTF-8."),
    ):
        (told,) = lines(good + f'body = "${{file:{tmp_path}/{name}}}"\n')
        assert told.endswith(why)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_refused_without_waiting_for_it(good: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(ProfileErrors, match=r"P041 .*: not a regular file\."):
        load_text(good + 'body = "${file:pipe}"\n', str(tmp_path / "p.toml"))


@pytest.mark.parametrize(
    ("added", "line"),
    [
        ('path = "${env:SECRET}"', '6:8 error P062 workloads.w.path = "${env:SECRET}": a path begins with a slash.'),
        ('[workloads.v]\nagent = "a"\nbase_url = "http://127.0.0.1/${env:SECRET}"', '8:12 error P060 workloads.v.base_url = "http://127.0.0.1/${env:SECRET}": what follows the host does not belong here: put it into the request\'s path.'),
    ],
)  # fmt: skip
def test_of_a_path_and_a_url_a_message_does_not_repeat_what_came_from_outside(
    lines: Lines, good: str, monkeypatch: pytest.MonkeyPatch, added: str, line: str
) -> None:
    monkeypatch.setenv("SECRET", "c4nary")

    assert [f"x.toml:{line}"] == lines(f"{good}{added}\n")


def test_of_what_a_file_has_no_message_repeats_anything(
    tmp_path: Path, good: str, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("pass").write_text("c4nary\n")
    Path("pass").chmod(0o600)

    (line,) = lines(good.replace("max_sockets = 4", 'max_sockets = "${file:pass}"'))

    place = 'x.toml:2:15 error P011 agents.a.max_sockets = "${file:pass}": '
    assert f"{place}expected {SOCKETS}, got a string." == line
