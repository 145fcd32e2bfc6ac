"""Texts that are not TOML, or of a shape that only an attack has: one line, at the place."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

Lines = Callable[[str], list[str]]

TABLE = {
    "CR line ends": ("a = 1\rb = 2", "1:6 error P004 lines end with CR alone. Save the file with LF or CRLF line ends."),
    "YAML": ("agents:\n  a:\n    max_sockets: 4\n", "1:7 error P004 expected '=' after a key in a key/value pair: \"agents\". This looks like YAML; a profile is TOML: key = value."),
    "YAML document": ("---\nagents:\n", "1:4 error P004 expected '=' after a key in a key/value pair. This looks like YAML; a profile is TOML: key = value."),
    "JSON": ('{"agents": {"a": {}}}', "1:1 error P004 invalid statement. This looks like JSON; a profile is TOML: key = value."),
    "JSON array": ('[{"agents": 1}]', "1:2 error P004 invalid initial character for a key part. This looks like JSON; a profile is TOML: key = value."),
    "missing quote": ('[agents.a]\nscheduling = "lifo\n', '2:19 error P004 a string is not closed on its line: "scheduling". Add the missing quote.'),
    "no quotes": ("[agents.a]\nscheduling = lifo\n", '2:14 error P004 invalid value: "scheduling". Text needs quotes.'),
    "Python's True": ("[agents.a]\nkeep_alive = True\n", '2:14 error P004 invalid value: "keep_alive". Did you mean true?'),
    "bare duration": ("[agents.a]\ntimeout = 5s\n", '2:12 error P004 expected newline or end of document after a statement: "timeout". Durations and rates need quotes: "5s".'),
    "bare rate": ("[workloads.a]\nrate = 50/s\n", '2:10 error P004 expected newline or end of document after a statement: "rate". Durations and rates need quotes: "50/s".'),
    "open at the end": ('a = """x', '1:9 error P004 a string is not closed: "a".'),
    "escape sequence": ("\x1b[2J = 1", "1:1 error P004 invalid statement."),
    "half a surrogate": ("# \ud800", "1:3 error P003 half a surrogate pair is not text."),
    "key twice": ("[agents.a]\nmax_sockets = 4\n# x\nmax_sockets = 5\n", "4:1 error P005 agents.a.max_sockets: set twice. The first is on line 2."),
    "key twice in one line": ('x = { "é" = 1, "é" = 2 }', '1:16 error P005 x."é": set twice. The first is on line 1.'),
    "quoted key twice": ('a-b = 1\n"a-b" = 2', "2:1 error P005 a-b: set twice. The first is on line 1."),
    "table twice": ("[agents.a]\n[agents.b]\n[agents.a]\n", "3:1 error P005 agents.a: set twice. The first is on line 1."),
    "inline table and table": ("[a]\nt = { x = 1 }\n[a.t]\ny = 1\n", "3:1 error P005 a.t: set twice. The first is on line 2."),
    "dotted key and table": ("[a]\nt.x = 1\n[a.t]\ny = 1\n", "3:1 error P005 a.t: set twice. The first is on line 2."),
    "value and table": ("a = 1\n[a]\n", "2:1 error P005 a: set twice. The first is on line 1."),
    "table and array": ("[a]\n[[a]]\n", "2:1 error P005 a: set twice. The first is on line 1."),
    "array and table": ("[[a]]\n[a]\n", "2:1 error P005 a: set twice. The first is on line 1."),
    "value and array": ("a = [1]\n[[a]]\n", "2:1 error P005 a: set twice. The first is on line 1."),
    "key under a value": ("a = { x = 1 }\na.y = 1\n", "2:1 error P005 a: set twice. The first is on line 1."),
    "integer of 5000 digits": ("[agents.a]\nmax_sockets = " + "9" * 5000, "2:15 error P006 agents.a.max_sockets: number too large (5000 digits)."),
    "5000 nested arrays": ("a=" + "[" * 5000 + "]" * 5000, "1:15 error P007 nested more than 12 levels deep."),
    "2000 nested tables": ("a=" + "{a=" * 2000 + "1" + "}" * 2000, "1:39 error P007 nested more than 12 levels deep."),
    "dotted key of 20,000 parts": (".".join(["a"] * 20_000) + "=1", "1:24 error P007 a dotted key has more than 12 parts."),
    "half a million values": ("a = [" + "1," * 500_000 + "]", "1:50003 error P007 too many lines and values for a profile."),
    "a million lines": ("\n" * 1_000_000, "25001:1 error P007 too many lines and values for a profile."),
}  # fmt: skip


@pytest.mark.parametrize(("text", "line"), TABLE.values(), ids=TABLE.keys())
def test_a_text_that_is_no_profile_is_refused_at_its_place(
    lines: Lines, text: str, line: str
) -> None:
    assert [f"x.toml:{line}"] == lines(text)


@pytest.mark.parametrize(
    "line",
    [
        'headers = { authorization = "Bearer S3CRET',
        'authorization = "Bearer S3CRET',
        'authorization "S3CRET"',
        "authorization = S3CRET",
        "headers = { authorization = S3CRET }",
        'headers = { authorization = "S3CRET" "S3CRET" }',
        'headers = { authorization = "S3\\q S3CRET" }',
        'headers = "S3CRET"',
        'headers = { x-own = "S3CRET\\n" }',
        'headers = { x-own = ["S3CRET", "S3CRET "] }',
        'headers = { a = """S3CRET',
        "S3CRET",
        '"S3CRET"',
    ],
)
def test_what_may_be_a_secret_is_in_no_message(lines: Lines, good: str, line: str) -> None:
    told = lines(good + line)

    assert ["x.toml:6:"] == [each[:9] for each in told]
    assert "S3CRET" not in told[0]


@pytest.mark.parametrize(
    "text",
    ["# [[[[[[[[[[[[[[[[[[\n", '# """\n', "# a.a.a.a.a.a.a.a.a.a.a.a.a.a\n", "# ''' = \\\n"],
)
def test_what_stands_in_comments_and_strings_does_not_count(
    lines: Lines, good: str, text: str
) -> None:
    body = f"body = '''{text * 3}'''\n" if "'" not in text else ""

    assert [] == lines(text + good + body)


@pytest.mark.parametrize(
    "text",
    [
        '\\"""' * 250_000,
        'a = """' + '\\"""' * 200_000,
        "a = [" + ('"' + "x" * 30 + '",') * 20_000 + "]",
        "a" * 1_000_000 + " = 1",
        "".join(f"[agents.a{n}]\nx = 1\n" for n in range(5000)),
        "\n".join(f"k{n} = 1" for n in range(12_000)),
        "".join(f"[agents.{'a' * 40}{n}]\n" for n in range(250))
        + "".join(f'[workloads.w{n}]\nagent = "{"a" * 40}"\n' for n in range(250)),
    ],
    ids=["open strings", "escapes", "items", "long key", "tables", "keys", "look-alikes"],
)
def test_a_large_hostile_text_is_refused_without_delay(lines: Lines, text: str) -> None:
    began = time.process_time()

    assert lines(text)

    # What is guarded against took 12 to 48 s; the slowest here takes 0.6 s.
    assert time.process_time() - began < 4
