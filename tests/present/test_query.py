"""The filter: what it finds, what it names, and that nothing typed into it ever breaks it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pooltop.present.columns import COLUMNS as HOSTS
from pooltop.present.operand import like, number_of
from pooltop.present.query import LONGEST, SYNTAX, fields_of, parse
from pooltop.present.table import Column, number_column, text_column


@dataclass(frozen=True)
class Row:
    id: int
    host: str = ""
    state: str = ""
    queue: float | None = 0
    wait: float | None = None
    err: float | None = None
    at: float | None = None


COLUMNS: tuple[Column[Row], ...] = (
    number_column(
        "row", "ROW", 4, lambda r: r.id, "id", "The row.", written=lambda number: f"s{number}"
    ),
    text_column("host", "HOST", 6, lambda r: r.host, "The host."),
    text_column("state", "", 6, lambda r: r.state, "The state."),
    number_column("queue", "QUEUE", 5, lambda r: r.queue, "count", "The queue."),
    number_column("wait95", "WAIT 95", 5, lambda r: r.wait, "s", "The wait."),
    number_column("errors", "ERR", 5, lambda r: r.err, "share", "The errors."),
    number_column("time", "TIME", 8, lambda r: r.at, "time", "The time."),
    number_column("tls", "SESSION", 5, lambda r: r.id, "count", "One."),
    number_column("handshake", "TLS", 5, lambda r: r.id * 10, "count", "Other."),
)

ROWS = (
    Row(1, "api.pay:443", "saturated", 212, 1.3, 0.012),
    Row(2, "auth.int:443", "healthy", 0, None, None),
    Row(3, "legacy.erp:80", "over limit", 31_000, 0.05, 0.5),
    Row(17, "[::1]:80", "queue, with room", math.inf, 130.0, 0.0),
)


def found(text: str) -> list[int]:
    query = parse(text, COLUMNS)
    assert ("", text) == (query.problem, text)
    return [row.id for row in query.filtered(ROWS)]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("", [1, 2, 3, 17]),
        ("   ", [1, 2, 3, 17]),
        ("API", [1]),
        ("int", [2]),
        ("443", [1, 2]),
        ("s17", [17]),
        ("212", []),
        ("api.pay:443", [1]),
        ("[::1]:80", [17]),
        ("over", [3]),
        ("over limit", [3]),
        ('"over limit"', [3]),
        ('"limit over"', []),
        ('"over', [3]),
        ("443 healthy", [2]),
        ("api | erp", [1, 3]),
        ("api|erp", [1, 3]),
        ("443 healthy | :80 limit", [2, 3]),
        ("!443", [3, 17]),
        ("!!443", [1, 2]),
        ("!443 !limit", [17]),
        ('!"over limit"', [1, 2, 17]),
    ],
)
def test_words_are_looked_for_in_every_text(text: str, ids: list[int]) -> None:
    assert ids == found(text)


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("host:PAY", [1]),
        ('host:"pay:4"', [1]),
        ("host~api*", [1]),
        ("host~*:80", [3, 17]),
        ("host~pay", []),
        ("host~????.???:443", [2]),
        ("host~???.???:443", [1]),
        ("state=healthy", [2]),
        ("state=health", []),
        ("state!=healthy", [1, 3, 17]),
        ("!state=healthy", [1, 3, 17]),
        ("row=17", [17]),
        ("row=s17", [17]),
        ("row>s2", [3, 17]),
        ("queue>100", [1, 3, 17]),
        ("queue>31k", [17]),
        ("queue>=31k", [3, 17]),
        ("queue<=212", [1, 2]),
        ("queue<1", [2]),
        ("queue=212", [1]),
        ("queue=31k", [3]),
        ("queue=31.0k", [3]),
        ("queue=-", [17]),
        ("queue!=0", [1, 3, 17]),
        ("QUEUE>100", [1, 3, 17]),
        ("wait95>1", [1, 17]),
        ("wait95>50ms", [1, 17]),
        ("wait95>=50ms", [1, 3, 17]),
        ("wait95>2m", [17]),
        ("wait95>2m09", [17]),
        ("wait95>2m10", []),
        ("wait95<1h", [1, 3, 17]),
        ("wait95=-", [2]),
        ("wait95=1.3s", [1]),
        ("!wait95>1", [2, 3]),
        ("err>1%", [1, 3]),
        ("err>1.2%", [3]),
        ("err>1", [1, 3]),
        ("errors=50%", [3]),
        ("queue>100 wait95>1 | state:healthy", [1, 2, 17]),
        ("session=3", [3]),
        ("tls=3", [3]),
    ],
)
def test_a_field_is_asked_by_heading_or_id_with_units_as_shown(text: str, ids: list[int]) -> None:
    assert ids == found(text)


@pytest.mark.parametrize(
    ("text", "problem", "ids"),
    [
        ("443 queue>", "queue> : a number is missing", [1, 2]),
        ("443 queue!", "queue! : = and a value are missing", [1, 2]),
        ("443 queue=", "queue= : a value is missing", [1, 2]),
        ("443 host:", "host: : a text is missing", [1, 2]),
        ('443 host:"', "host: : a text is missing", [1, 2]),
        ("443 host~", "host~ : a text is missing", [1, 2]),
        ("443 !", "! : what must not hold is missing", [1, 2]),
        ('443 "', '" : a text is missing', [1, 2]),
        ("443 |", "| : what else may hold is missing", [1, 2]),
        ("443 | queue>", "queue> : a number is missing", [1, 2]),
        ("443 qeue>5", "no field qeue: did you mean queue?", [1, 2]),
        ("443 qeue:5", "no field qeue: did you mean queue?", [1, 2]),
        ("443 zzz>5", "no field zzz", [1, 2]),
        ("443 host>5", "host> : HOST is no number: use : or =", [1, 2]),
        ("443 queue>abc", "queue> : abc is no number; units are k M G", [1, 2]),
        ("443 err>x", "err> : x is no number; units are %", [1, 2]),
        ("443 wait95>5z", "wait95> : 5z is no number; units are us ms s m h", [1, 2]),
        ("443 time>12", "time> : 12 is no time of day: 12:03 or 12:03:41", [1, 2]),
        ("443 row>s", "row> : s is no number", [1, 2]),
    ],
)
def test_what_is_not_understood_is_left_out_and_named(text, problem, ids) -> None:
    query = parse(text, COLUMNS)
    assert (problem, ids) == (query.problem, [row.id for row in query.filtered(ROWS)])
    assert text.rindex(" ") + 1 == query.at


def test_a_misspelt_field_in_the_middle_takes_nothing_else_with_it() -> None:
    query = parse("qeue>5 erp", COLUMNS)
    assert ([3], 0) == ([row.id for row in query.filtered(ROWS)], query.at)


def test_times_of_day_are_compared_as_they_are_shown() -> None:
    rows = [Row(n, at=n * 3600.0) for n in (1, 5)]
    shown = [parse("", COLUMNS).columns, COLUMNS[6].text(rows[0])]
    query = parse(f"time>={shown[1]}", COLUMNS)
    assert query.matches(rows[0])
    assert not parse(f"time>{shown[1]}", COLUMNS).matches(rows[0])
    assert parse(f"time:{shown[1][:5]}", COLUMNS).matches(rows[0])
    assert not parse("time>=00:00", COLUMNS).matches(Row(9))


def test_a_place_in_a_queue_is_no_name_that_words_find() -> None:
    place = number_column("place", "PLACE", 5, lambda r: r.id, "id", "The place.")
    assert not parse("17", (place,)).matches(ROWS[3])
    assert parse("place=17", (place,)).matches(ROWS[3])


def test_a_path_is_no_field() -> None:
    target = text_column("target", "TARGET", 5, lambda r: r.host, "The path.")
    for path in ("/a?b=c", "/a=b", "http://x/y", "a:b", "/x>5"):
        query = parse(path, (target,))
        assert ("", True) == (query.problem, query.matches(Row(1, host=f"pre{path}post")))


def test_pictures_are_no_fields_and_every_column_of_hosts_is_one() -> None:
    fields = fields_of(HOSTS)
    assert {column.id for column in HOSTS if not column.picture} <= set(fields)
    assert "no field bar" in parse("bar>5", HOSTS).problem


def test_what_is_too_long_is_cut_and_said_to_be() -> None:
    query = parse("a" * 5000, COLUMNS)
    assert (f"only {LONGEST} characters are read", LONGEST) == (query.problem, query.at)


@pytest.mark.parametrize(
    ("text", "pattern", "is_like"),
    [
        ("", "", True),
        ("", "*", True),
        ("", "?", False),
        ("abc", "a*c", True),
        ("abc", "*b*", True),
        ("abc", "a?c*", True),
        ("abc", "ab", False),
        ("a*c", "a*c", True),
        ("abcbc", "a*bc", True),
        ("aab", "*a?", True),
        ("ab", "a*b*c", False),
    ],
)
def test_wildcards_match_the_whole_text(text: str, pattern: str, is_like: bool) -> None:
    assert is_like is like(text, pattern)


def test_no_pattern_takes_more_steps_than_text_times_pattern() -> None:
    class Counted(str):
        looks = 0
        __slots__ = ()

        def __getitem__(self, place):
            Counted.looks += 1
            return str.__getitem__(self, place)

    text, pattern = Counted("a" * 300), "*a" * 100 + "b"
    assert not like(text, pattern)
    assert Counted.looks <= len(text) * len(pattern)


@pytest.mark.parametrize(
    ("text", "unit", "number"),
    [
        ("1.2s", "s", 1.2),
        ("850us", "s", 850e-6),
        ("9m12", "s", 552.0),
        ("3h07", "s", 11_220.0),
        ("2m", "s", 120.0),
        ("2m", "count", 2e6),
        ("12.4k", "B", 12_400),
        ("2mb", "B", 2e6),
        ("5%", "share", 0.05),
        ("-3", "/s", -3.0),
        ("r8716", "id", 8716),
        ("", "s", None),
        (".", "s", None),
        ("1e5", "count", None),
        ("1" * 41, "count", None),
        ("nan", "s", None),
    ],
)
def test_numbers_are_read_as_they_are_shown(text, unit, number) -> None:
    value = number_of(text, unit)
    assert number is value if number is None else math.isclose(number, value)


def test_the_help_of_the_filter_is_true() -> None:
    assert all(form and meaning for form, meaning in SYNTAX)


words = st.sampled_from(
    [
        "api",
        "443",
        "!int",
        "queue>5",
        "!queue<=3k",
        "wait95>=50ms",
        "err<5%",
        'host:"pay 4"',
        "host~a*",
        "state!=healthy",
        "row=s17",
        '"two words"',
        "|",
        "api.pay:443",
        "time>12:03",
    ]
)
anything = st.text(max_size=60) | st.text(alphabet=' !"\\|:~=<>*?%.5kms-qeu/host', max_size=60)


@settings(deadline=None, database=None)
@given(anything)
def test_no_text_ever_breaks_the_filter(text: str) -> None:
    query = parse(text, COLUMNS)
    query.filtered(ROWS)
    assert (query.problem == "") is (query.at is None)
    assert query.at is None or 0 <= query.at < max(1, len(text))


@settings(deadline=None, database=None)
@given(st.lists(words, max_size=6).map(" ".join))
def test_every_beginning_of_a_query_is_accepted_and_at_most_its_end_left_out(text: str) -> None:
    for end in range(len(text) + 1):
        typed = text[:end]
        query = parse(typed, COLUMNS)
        query.filtered(ROWS)
        if query.at is not None:
            rest = typed[query.at :].rstrip()
            assert " " not in rest or '"' in rest or "|" in rest


@settings(deadline=None, database=None)
@given(st.lists(words.filter(lambda word: word != "|"), max_size=6))
def test_a_term_more_never_finds_a_row_more(terms: list[str]) -> None:
    some = {row.id for row in parse(" ".join(terms[:-1]), COLUMNS).filtered(ROWS)}
    all_of_them = {row.id for row in parse(" ".join(terms), COLUMNS).filtered(ROWS)}
    assert all_of_them <= some


@settings(deadline=None, database=None)
@given(anything, anything)
def test_an_alternative_more_never_loses_a_row(left: str, right: str) -> None:
    one = parse(left, COLUMNS)
    if one.problem or not one.alternatives or left.count('"') or left.endswith("\\"):
        return
    both = parse(f"{left} | {right}", COLUMNS)
    before = {row.id for row in one.filtered(ROWS)}
    assert before <= {row.id for row in both.filtered(ROWS)}
