"""Data feeds: what a file may hold, where a row may stand, and that no value is ever shown."""

from __future__ import annotations

import pytest

from pooltop.core.rows import DataFeed, RowText
from pooltop.core.template import Template
from pooltop.profiles import ProfileErrors, load

CSV = "id,user,path\n7,me,/a\n8,you,/b\n"
WITH = 'path = "/cart/${row.id}"\n'


@pytest.fixture
def profile(tmp_path, good):
    """Give a function that writes a profile and a file of rows, and loads them."""

    def make(added, rows=CSV, name="rows.csv", mode="", data=None):
        (tmp_path / name).write_bytes(rows if isinstance(rows, bytes) else rows.encode())
        table = data or f'data = {{ file = "{name}"{mode} }}'
        file = tmp_path / "x.toml"
        file.write_text(f"{good}{added}{table}\n")
        return load(file)

    return make


@pytest.fixture
def told(profile, tmp_path):
    """Give a function that loads likewise and gives the problems, one a line, without the folder."""

    def make(*args, **more):
        try:
            found = profile(*args, **more).warnings
        except ProfileErrors as errors:
            found = errors.problems
        return [str(one).removeprefix(f"{tmp_path}/") for one in found]

    return make


@pytest.mark.parametrize(
    ("rows", "name"),
    [
        (CSV, "r.csv"),
        ("\ufeff" + CSV.replace("\n", "\r\n"), "r.CSV"),
        ('id,"user",path\n\n7,me,/a\n"8","you",/b', "r.csv"),
        ('[{"id": 7, "user": "me"}, {"user": "you", "id": "8", "more": null}]', "r.json"),
        ('{"id": 7, "user": "me"}\n\n{"user": "you", "id": 8}\n', "r.jsonl"),
        ('{"id": 7, "user": "me"}\r\n{"user": "you", "id": 8}', "r.ndjson"),
    ],
)
def test_rows_are_read_whatever_their_writing(profile, rows, name):
    workload = profile(WITH, rows, name).profile.workloads[0]
    assert DataFeed(mode="cycle", count=2, columns={"id": ("7", "8")}) == workload.data
    path = RowText(place="path", template=Template(("/cart/", ""), ("id",)))
    assert path == workload.requests[0].path


def test_numbers_and_booleans_are_taken_as_they_are_written(profile):
    rows = '[{"id": 1.50, "b": true}, {"id": 1e3, "b": false}]'
    data = profile('path = "/${row.id}/${row.b}"\n', rows, "r.json").profile.workloads[0].data
    assert {"id": ("1.50", "1e3"), "b": ("true", "false")} == data.columns


def test_rows_go_into_path_headers_bodies_and_auth(profile):
    added = """\
requests = [ { name = "a", path = "${row.path}", headers = { X = ["1", "<${row.id}>"] }, body = { json = { k = ["${row.user}", 1] } } }, { name = "b", body = { form = { u = "${row.user}", v = "$$" } }, auth = { bearer = "t${row.id}" } }, { path = "/${row.id}", body = "${row.user}", auth = { basic = { user = "${row.user}", password = "p" } } } ]
"""
    loaded = profile(added, mode=', mode = "random"')
    workload = loaded.profile.workloads[0]
    first, second, third = workload.requests
    assert ("random", {"path", "id", "user"}) == (workload.data.mode, workload.data.columns.keys())
    assert ("json", ('{"k": ["', '", 1]}')) == (first.body.place, first.body.template.parts)
    assert ["1", ("header", ("<", ">"))] == [
        first.headers[0][1],
        (first.headers[1][1].place, first.headers[1][1].template.parts),
    ]
    assert ("form", ("u=", "&v=%24")) == (second.body.place, second.body.template.parts)
    assert ("Bearer t", "") == dict(second.headers)["Authorization"].template.parts
    assert ("basic", ("", ":p")) == (
        dict(third.headers)["Authorization"].place,
        dict(third.headers)["Authorization"].template.parts,
    )
    assert "GET /${row.id}" == third.name
    assert all(each.has_rows for each in workload.requests)
    assert ["P054"] == [warning.code for warning in loaded.warnings]


@pytest.mark.parametrize(
    ("rows", "name", "message"),
    [
        ("", "r.csv", 'P046 workloads.w.data.file = "r.csv": it is empty: the first line names the columns.'),
        ("id\n", "r.csv", 'P046 workloads.w.data.file = "r.csv": it has no rows.'),
        ("id,b\n1,2\n\n3\n", "r.csv", 'P046 workloads.w.data.file = "r.csv": line 4: 1 value, and the heading has 2.'),
        ('id,b\n"1\n2",x,y\n', "r.csv", 'P046 workloads.w.data.file = "r.csv": line 2: 3 values, and the heading has 2.'),
        ("id,id\n1,2\n", "r.csv", 'P046 workloads.w.data.file = "r.csv": line 1: two columns are named "id".'),
        ("id, \n1,2\n", "r.csv", 'P046 workloads.w.data.file = "r.csv": line 1: column 2 has no name.'),
        ('id\n"a"b\n', "r.csv", "P046 workloads.w.data.file = \"r.csv\": line 2: not CSV: ',' expected after '\"'."),
        (b"id\n\xff\n", "r.csv", 'P003 workloads.w.data.file = "r.csv": not UTF-8 at byte 3 (0xff, line 2). Save it as UTF-8.'),
        ("x", "r.txt", 'P022 workloads.w.data.file = "r.txt": the end of its name says what it is: .csv, .json or .jsonl.'),
        ("{}", "r.json", 'P046 workloads.w.data.file = "r.json": an array of objects is needed, one for each row.'),
        ("[1]", "r.json", 'P046 workloads.w.data.file = "r.json": row 1: an object with the columns\' values is needed.'),
        ("[]", "r.json", 'P046 workloads.w.data.file = "r.json": it has no rows.'),
        ("[{]", "r.json", 'P046 workloads.w.data.file = "r.json": line 1, column 3: not JSON: expecting property name enclosed in double quotes.'),
        ('[{"id": 1}, {"x": 1}]', "r.json", 'P046 workloads.w.data.file = "r.json": row 2 has no "id".'),
        ('{"id": 1}\n{"id": [1]}', "r.jsonl", 'P046 workloads.w.data.file = "r.jsonl": line 2: "id" is no single value: a text, a number, true or false is needed.'),
        ('{"id": 1}\n{"id": 1, "id": 2}', "r.jsonl", 'P046 workloads.w.data.file = "r.jsonl": line 2: "id" stands twice in one object.'),
        ('{"id": 1}\n{"id": NaN}', "r.jsonl", 'P046 workloads.w.data.file = "r.jsonl": line 2: NaN is no JSON.'),
        ('[{"id": "c4nary\\ud800"}]', "r.json", 'P046 workloads.w.data.file = "r.json": row 1: "id" has half a surrogate pair, which is not text.'),
        ("[" * 100_000, "r.json", 'P046 workloads.w.data.file = "r.json": nested too deeply.'),
    ],
)  # fmt: skip
def test_a_file_that_is_no_rows_is_refused(told, rows, name, message):
    assert [f"x.toml:7:17 error {message}"] == told(WITH, rows, name)


def test_a_file_of_too_many_bytes_or_rows_is_refused(told, monkeypatch):
    from pooltop.profiles import feeds

    monkeypatch.setattr(feeds, "LARGEST", 2048)
    assert "larger than 2 KiB" in told(WITH, "id\n" + "1\n" * 1100)[0]
    monkeypatch.setattr(feeds, "MOST_ROWS", 5)
    assert "more than 5 rows." in told(WITH, "id\n" + "1\n" * 6)[0]
    assert [] == told(WITH, "id\n" + "1\n" * 5)


def test_a_column_that_is_not_there_is_told_at_its_place(told):
    added = 'path = "/${run.id}/${row.idd}"\nheaders = { X = "${row.zzz}" }\n'
    first, second = told(added)
    assert 'x.toml:6:20 error P043 the data has no such column. Did you mean "id"?' == first
    assert (
        'x.toml:7:18 error P043 the data has no such column. There are "id", "user" and "path".'
        == second
    )


def test_rows_without_data_and_data_without_rows_are_told(told):
    (line,) = told(WITH, data="# none")
    assert (
        'x.toml:6:15 error P043 there are no rows: add data = { file = "rows.csv" } to the workload.'
        == line
    )
    (line,) = told("")
    assert (
        "x.toml:6:1 warn  P047 workloads.w.data: no request has a ${row.COLUMN}: the rows are not used."
        == line
    )


@pytest.mark.parametrize(
    ("added", "rows", "message"),
    [
        ('path = "${row.id}"', "id\n/a\nc4nary\n", 'P046 workloads.w.path = "${row.id}": line 3: a path begins with a slash.'),
        ('path = "/${row.id}"', f"id\na\n{'c4nary ' * 1200}\n", 'P046 workloads.w.path = "/${row.id}": line 3: longer than 8192 characters.'),
        ('headers = { X = "${row.id}" }', 'id\na\n"c4nary\nb"\n', 'P046 workloads.w: line 3: "id" has what cannot stand in a header, X.'),
        ('headers = { X = "${row.id}" }', "id\nc4nary\u20ac\n", 'P046 workloads.w: line 2: "id" has what cannot stand in a header, X.'),
        ('auth = { bearer = "${row.id}" }', "id\na\nc4nary b\n", "P046 workloads.w: line 3: a token is visible ASCII characters without blanks, at least one."),
        ('auth = { bearer = "${row.id}" }', "id,c4nary\n,x\n", "P046 workloads.w: line 2: a token is visible ASCII characters without blanks, at least one."),
        ('auth = { basic = { user = "u${row.id}", password = "${env:HOME}" } }', "id\na\nc4:nary\n", 'P046 workloads.w.auth.basic.user: line 3: "id" has a ":", which separates user and password (RFC 7617).'),
        ('auth = { basic = { user = "${row.id}", password = "${row.pw}" } }', 'id,pw\na,b:c\n7,"c4nary\n"\n', 'P046 workloads.w.auth.basic.password: line 3: "pw" has control characters (RFC 7617).'),
        ('auth = { bearer = "${row.id}" }', 'id\n"c4nary\rb"\n', 'P046 workloads.w: line 2: "id" has what cannot stand in a header, Authorization.'),
    ],
)  # fmt: skip
def test_what_a_row_may_not_put_into_a_request_is_refused_without_being_shown(
    told, added, rows, message
):
    (line,) = told(added + "\n", rows)
    assert line.endswith(message)
    assert "c4nary" not in line


@pytest.mark.parametrize(
    ("added", "message"),
    [
        ('headers = { Host = "${row.id}" }', "P043 workloads.w.headers.Host: it decides which sockets are used: the same for all requests."),
        ('max_requests = "${row.id}"', 'P043 workloads.w.max_requests = "${row.id}": ${row.id} may stand in the path, headers, body and auth of a request only.'),
        ('[export.otlp]\nendpoint = "http://127.0.0.1:4318"\nheaders = { x = "${row.id}" }', "P043 export.otlp.headers.x: ${row.id} may stand in the path, headers, body and auth of a request only."),
        ('path = "x${row.id}"', 'P062 workloads.w.path = "x${row.id}": a path begins with a slash.'),
    ],
)  # fmt: skip
def test_a_row_stands_in_few_places(told, added, message):
    assert any(line.endswith(message) for line in told(added + "\n"))


def test_bodies_and_rows_that_no_message_could_carry_are_refused(told, tmp_path, monkeypatch):
    (tmp_path / "body.bin").write_bytes(b"x" * 600_000)
    body = 'requests = [ { name = "a", body = { file = "body.bin" } }, { path = "/${row.id}" } ]\n'
    rows = '[{"id": "' + "y" * 500_000 + '"}]'
    monkeypatch.setattr("pooltop.profiles.data.LONGEST_PATH", 10**6)
    assert [] == told(body, rows, "r.json")
    monkeypatch.setattr("pooltop.profiles.weight.HEAVIEST", 1024 * 1024)
    (line,) = told(body, rows, "r.json")
    assert (
        "x.toml:3:1 error P002 workloads.w: the bodies and rows of all workloads are 2 MiB "
        "together, and the limit is 1 MiB."
    ) == line
