"""Bodies and credentials: what is sent, what is refused, and that no secret is shown."""

from __future__ import annotations

import base64
import json

import pytest

from pooltop import __version__
from pooltop.profiles import load, load_text
from pooltop.profiles.config import config_as_json, config_as_toml
from pooltop.profiles.explain import explain


@pytest.fixture
def request_of(good):
    """Give a function that adds keys to the smallest workload and gives its request class."""

    def make(added: str):
        return load_text(good + added).profile.workloads[0].requests[0]

    return make


@pytest.mark.parametrize(
    ("said", "body", "content_type"),
    [
        ('"a\\u00fc"', "a\u00fc", "text/plain; charset=utf-8"),
        ('{ text = "a" }', "a", "text/plain; charset=utf-8"),
        ('{ json = { cart = "7", amount = 1250, deep = [1.5, true, {}] } }', '{"cart": "7", "amount": 1250, "deep": [1.5, true, {}]}', "application/json"),
        ('{ json = "say \\"\\u00fc\\"\\n" }', '"say \\"\u00fc\\"\\n"', "application/json"),
        ("{ json = [1979-05-27, 1979-05-27T07:32:00Z, 07:32:00] }", '["1979-05-27", "1979-05-27T07:32:00+00:00", "07:32:00"]', "application/json"),
        ('{ form = { a = "b c", "d&" = ["\\u00fc", 1, true], e = 0.5 } }', "a=b+c&d%26=%C3%BC&d%26=1&d%26=true&e=0.5", "application/x-www-form-urlencoded"),
        ("{ form = {} }", "", "application/x-www-form-urlencoded"),
    ],
)  # fmt: skip
def test_a_body_is_sent_as_what_it_is(request_of, said, body, content_type):
    made = request_of(f"body = {said}\n")
    assert body.encode() == made.body
    assert (("Content-Type", content_type),) == made.headers
    if content_type == "application/json":
        json.loads(made.body)


def test_the_headers_go_before_the_content_type_of_the_body(request_of):
    text = 'body = { json = 1 }\nheaders = { content-type = "application/x-mine", x = "1" }\n'
    assert (("content-type", "application/x-mine"), ("x", "1")) == request_of(text).headers
    assert () == request_of('body = ""\n').headers


def test_a_file_is_read_beside_who_says_it(tmp_path, good):
    (tmp_path / "b.bin").write_bytes(b"\x00\xffbody")
    profile = tmp_path / "p.toml"
    profile.write_text(good + 'requests = [ { body = { file = "./b.bin" } } ]\n')
    made = load(profile).profile.workloads[0].requests[0]
    assert (b"\x00\xffbody", (("Content-Type", "application/octet-stream"),)) == (
        made.body,
        made.headers,
    )


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ('body = { file = "missing" }', '17 error P001 workloads.w.body.file = "missing": no such file.'),
        ('body = { file = "." }', '17 error P001 workloads.w.body.file = ".": is a directory. Name the file itself.'),
        ("body = { file = 5 }", "17 error P011 workloads.w.body.file = 5: expected the path of a file, got a whole number."),
        ("body = { jsn = 5 }", '10 error P010 workloads.w.body.jsn: unknown key. Did you mean "json"?'),
        ("body = { json = { a = [1, nan] } }", "27 error P012 workloads.w.body.json.a[1] = nan: JSON has no such number: it must be finite."),
        ("body = { form = { a = { b = 1 } } }", "23 error P011 workloads.w.body.form.a: expected a string, a number or a boolean, or an array of them, got a table."),
        ("body = { form = [1] }", "17 error P011 workloads.w.body.form: expected a table of names and values, got an array."),
        ('auth = { bearer = "x" }\nheaders = { authorization = "y" }', "1 error P017 workloads.w.auth: the header Authorization says it too: keep one."),
        ("auth = {}", '1 error P014 workloads.w.auth: names nobody: add bearer = "..." or basic = { user = "...", password = "..." }.'),
        ('auth = { basic = { user = "me" } }', '10 error P014 workloads.w.auth.basic: password is missing: add password = "...".'),
        ('auth = { basic = { user = "m:e", password = "${env:HOME}" } }', '27 error P022 workloads.w.auth.basic.user: ":" separates user and password: a user cannot have one (RFC 7617).'),
        ('auth = { basic = { user = "me", password = "a\\u0007" } }', "44 error P022 workloads.w.auth.basic.password: control characters cannot stand here (RFC 7617)."),
        ('auth = { bearer = "a b" }', "19 error P061 workloads.w.auth.bearer: a token is visible ASCII characters without blanks, at least one."),
        ('auth = { bearer = "" }', "19 error P061 workloads.w.auth.bearer: a token is visible ASCII characters without blanks, at least one."),
        ('auth = { bearer = "a", basic = { user = "u", password = "p" } }', "1 error P017 workloads.w.auth: bearer and basic are two ways: keep one."),
    ],
)  # fmt: skip
def test_what_cannot_be_sent_is_refused(lines, good, said, expected):
    told = lines(good + said + "\n")
    assert f"x.toml:6:{expected}" in told
    assert 1 == sum(" error " in line for line in told)


def test_who_it_is_from_is_sent_as_authorization(request_of, monkeypatch):
    monkeypatch.setenv("TOKEN", "c4nary")
    made = request_of('auth = { bearer = "${env:TOKEN}" }\n')
    assert (("Authorization", "Bearer c4nary"),) == made.headers
    made = request_of(
        'requests = [ { auth = { basic = { user = "m\\u00fc", password = "a:b" } } } ]\n'
    )
    ((name, value),) = made.headers
    assert ("Authorization", "Basic") == (name, value.split()[0])
    assert "m\u00fc:a:b" == base64.b64decode(value.split()[1]).decode()
    assert "c4nary" not in repr(made)


def test_a_literal_secret_is_warned_of_and_never_shown(good, monkeypatch):
    loaded = load_text(good + 'auth = { bearer = "c4nary" }\n', "x.toml")
    (warning,) = map(str, loaded.warnings)
    assert (
        "x.toml:6:19 warn  P054 workloads.w.auth.bearer: a secret in the profile: keep the file to "
        "yourself (chmod 600)."
    ) == warning
    assert "c4nary" not in repr(loaded.profile)
    monkeypatch.setenv("PASSWORD", "c4nary")
    said = 'auth = { basic = { user = "me", password = "${env:PASSWORD}" } }\n'
    assert () == load_text(good + said).warnings


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ('auth = "Bearer c4nary"', "8 error P011 workloads.w.auth: expected a table with bearer, basic, got a string."),
        ("auth = { basic = 'me:c4nary' }", "18 error P011 workloads.w.auth.basic: expected a table with user, password, got a string."),
        ("auth = { bearer = ['c4nary'] }", "19 error P011 workloads.w.auth.bearer: expected a string, got an array."),
        ("auth = { basic = { user = ['c4nary'], password = 5 } }", "27 error P011 workloads.w.auth.basic.user: expected a string, got an array."),
        ("auth = { basic = { user = 'me:c4nary', password = 'x' } }", "27 error P022 workloads.w.auth.basic.user: "),
        ("requests = [ { auth = 'c4nary' } ]", "23 error P011 workloads.w.requests[0].auth: expected a table with"),
    ],
)  # fmt: skip
def test_what_stands_in_the_place_of_auth_is_not_shown(lines, good, said, place):
    told = lines(f"{good}{said}\n")
    assert any(line.startswith(f"x.toml:6:{place}") for line in told)
    assert "c4nary" not in "".join(told)


def test_who_it_is_from_is_masked_wherever_a_profile_is_shown(good, monkeypatch):
    monkeypatch.setenv("KEY", "c4nary")
    said = 'auth = { basic = { user = "${env:KEY}", password = "" } }\n'
    effective = load_text(good + said, "x.toml").effective
    shown = [config_as_toml(effective), config_as_json(effective), explain("workloads", effective)]
    assert [] == [text for text in shown if "c4nary" in text]
    literal = load_text(good + said.replace("${env:KEY}", "c4nary"), "x.toml").effective
    assert "c4nary" not in config_as_toml(literal)


@pytest.mark.parametrize(
    ("url", "added", "expected"),
    [
        ("http://192.0.2.7", "", [f"pooltop/{__version__}"]),
        ("http://shop.test", 'headers = { user-agent = "mine" }\n', ["mine"]),
        ("http://shop.test", 'requests = [ { path = "/a" } ]\n', [f"pooltop/{__version__}"]),
        ("http://127.0.0.1:80", "", []),
        ("http://near.localhost", "", []),
        ("http://shop.test", '[agents.a]\nsocket_path = "/run/x.sock"\n', []),
    ],
)
def test_off_this_machine_requests_say_what_sends_them(good, url, added, expected):
    text = good.replace("[agents.a]\n", "", 1) if "[agents.a]" in added else good
    text = text.replace("max_sockets = 4\n", "") if text != good else text
    profile = load_text(text.replace("http://127.0.0.1:80", url) + added, will_ask=True).profile
    fields = profile.workloads[0].requests[0].headers
    assert expected == [value for name, value in fields if name.lower() == "user-agent"]
