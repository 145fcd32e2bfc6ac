"""What a profile says stays a value, whatever it is; and no secret is in any snippet."""

from __future__ import annotations

import ast
import json
import re
import subprocess
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from takehome import clients

from pooltop.core.model import AgentOptions, AgentProfile, ProxyEnv, Timeouts, TLSOptions
from pooltop.core.undici.options import DISPATCHERS, built_in
from pooltop.core.undici.projection import projected
from pooltop.takehome import TARGETS, Pool, literals, of_profile, take_home

HOSTILE = (
    "'; process.exit(1); '",
    '"; os.system("id"); "',
    "\n*/ evil(); /*",
    "\r\nimport evil",
    "\\u000a evil(); //",
    "\\u0022 + evil() + \\u0022",
    "a\\",
    "a\\'b\\\"c",
    "\u2028evil()\u2029",
    "\x1b]0;owned\x07\x9b2J\x7f",
    "\u202eevil",
    "\U0001f4a9 \udcff",
    "${evil()} `evil()` {evil}",
    "%s %(evil)s {0}",
)
MARKS = {"go": "//", "java": "//"} | dict.fromkeys(("aiohttp", "httpx", "urllib3", "requests"), "#")
_STRING = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'")


def _said(text: str, mark: str) -> list[str]:
    """Give the code of a snippet, line by line: without its comments, every text as one."""
    lines = [line.strip() for line in text.split("\n")]
    return [_STRING.sub("TEXT", line) for line in lines if not line.startswith(mark)]


def _pool(word: str, kind: str) -> Pool:
    tls = TLSOptions(
        ca=(word, word),
        cert=word,
        key=word,
        passphrase="hunter2",
        servername=word,
        ciphers=word,
        ecdh_curve=word,
        crl=(word,),
        min_version=word,
    )
    options = AgentOptions(keep_alive=True, max_sockets=3, local_address=word, socket_path=word)
    dispatcher = None
    if kind != "http.Agent":
        dispatcher = built_in(kind)
        options = replace_of(projected(dispatcher), word)
    return Pool(
        name=word,
        options=options,
        dispatcher=dispatcher,
        timeouts=Timeouts(queue=1, total=2),
        tls=tls,
        hosts={word: {"max_sockets": 2}},
        origins=(word,),
    )


def replace_of(options: AgentOptions, word: str) -> AgentOptions:
    import msgspec

    return msgspec.structs.replace(options, local_address=word, socket_path=word)


@pytest.mark.parametrize("kind", ["http.Agent", *DISPATCHERS])
@pytest.mark.parametrize("target", TARGETS)
def test_hostile_text_is_nothing_but_text(target: str, kind: str) -> None:
    mark = MARKS.get(target, "//")
    plain = _said(take_home(_pool("plain", kind), target), mark)
    for word in HOSTILE:
        text = take_home(_pool(word, kind), target)
        assert text.isascii()
        assert {"\n", "\t"} >= {each for each in text if not each.isprintable()}
        assert plain == _said(text, mark), word
        if mark == "#":
            ast.parse(text)


@given(st.text())
def test_pythons_literal_is_the_value(text: str) -> None:
    assert text == ast.literal_eval(literals.python(text))


@pytest.mark.skipif(clients.NODE is None, reason="no Node")
def test_javascripts_literal_is_the_value() -> None:
    texts = [each for each in HOSTILE if "\udcff" not in each]
    code = f"console.log(JSON.stringify([{', '.join(map(literals.javascript, texts))}]))"
    out = subprocess.run(
        [str(clients.NODE), "-e", code], capture_output=True, text=True, check=True
    )
    assert texts == json.loads(out.stdout)


def test_gos_literal_has_every_byte() -> None:
    assert '"a\\"\\\\\\x0a\\xe2\\x80\\xa8\\xff"' == literals.go('a"\\\n\u2028\udcff')


def test_javas_literal_has_no_escape_that_is_code() -> None:
    assert '"a\\"\\\\u0022\\012\\u2028\\ud83d\\udca9"' == literals.java(
        'a"\\u0022\n\u2028\U0001f4a9'
    )


def test_a_remark_is_one_line_that_begins_nothing() -> None:
    assert "a<a>\\\\u000a<2028>" == literals.remark("a\n\\u000a\u2028")


@pytest.mark.parametrize(
    ("value", "javascript", "python"),
    [
        (20, "20", "20"),
        (20.0, "20", "20"),
        (0.5, "0.5", "0.5"),
        (float("inf"), "Infinity", "None"),
        (True, "true", "True"),
        ("a'b", "'a\\'b'", '"a\'b"'),
    ],
)
def test_values_are_written_as_each_language_has_them(
    value: float | str, javascript: str, python: str
) -> None:
    assert (javascript, python) == (literals.javascript(value), literals.python(value))


@pytest.mark.parametrize("target", TARGETS)
def test_no_secret_is_taken_home(target: str) -> None:
    agent = AgentProfile(
        name="a",
        options=AgentOptions(keep_alive=True),
        tls=TLSOptions(cert="c.pem", key="k.pem", passphrase="hunter2"),
        proxy_env=ProxyEnv(http_proxy="http://me:hunter3@proxy:3128", no_proxy="hunter4"),
    )
    text = take_home(of_profile(agent), target)
    assert "hunter" not in text
    pooled = of_profile(agent)
    assert "hunter3" not in repr(replace(pooled, tls=TLSOptions()))


@pytest.mark.parametrize("target", TARGETS)
def test_a_passphrase_is_named_by_its_variable_where_the_client_takes_one(target: str) -> None:
    agent = AgentProfile(name="a", tls=TLSOptions(cert="c.pem", key="k.pem", passphrase="hunter2"))
    text = take_home(of_profile(agent), target)
    assert ("TLS_KEY_PASSPHRASE" in text) is (target not in ("go", "java"))
