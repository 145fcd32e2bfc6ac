"""A request as a command line: the same request, no secret, nothing that a shell would run."""

from __future__ import annotations

import itertools
import shlex
import subprocess

import msgspec
import pytest
from support.scenes import ACTIVE, HOST, KEY, RUNNING, RUNNING_DETAIL, scene

from pooltop.core.detail import HIDDEN
from pooltop.core.model import Origin, OriginKey, RequestId
from pooltop.present.curl import curl_command
from pooltop.present.history import HostId
from pooltop.present.pictures import request_picture

replace = msgspec.structs.replace
PLAIN = replace(RUNNING, method="GET", target="/items")
BODILESS = replace(RUNNING_DETAIL, body_bytes=0, headers=())


def command(request=PLAIN, detail=BODILESS, *, socket=ACTIVE, key=KEY, **origin) -> str:
    snapshot = scene(sockets=(socket,), running=(request,), told=(detail,), key=key, **origin)
    picture = request_picture(
        msgspec.structs.replace(snapshot, details=_with_key(snapshot, key)),
        HostId(HOST.agent, OriginKey(key)),
        RequestId(8380),
    )
    assert picture is not None
    return curl_command(picture)


def _with_key(snapshot, key):
    return tuple(replace(detail, origin=OriginKey(key)) for detail in snapshot.details)


BEGIN = "curl --http1.1 --globoff --path-as-is "


def test_a_plain_get_is_what_anybody_would_type() -> None:
    assert f"{BEGIN}--noproxy '*' --url https://api.pay:443/items" == command()


def test_fields_are_sent_as_they_were_and_curl_adds_none_of_its_own() -> None:
    told = replace(
        RUNNING_DETAIL,
        headers=(
            ("Host", "api.pay"),
            ("X-Empty", ""),
            ("Authorization", HIDDEN),
            ("Content-Length", "412"),
            ("X-Quote", "it's $HOME"),
        ),
    )
    assert (
        f"{BEGIN}-X POST --noproxy '*' -H 'Host: api.pay' -H 'X-Empty;' "
        "-H 'Authorization: '\"$AUTHORIZATION\" -H 'X-Quote: it'\"'\"'s $HOME' -H User-Agent: "
        '-H Accept: -H Content-Type: --data-binary @"$BODY" --url https://api.pay:443/charge'
    ) == command(RUNNING, told)


@pytest.mark.parametrize(
    ("request_", "detail", "part"),
    [
        (replace(PLAIN, method="HEAD"), BODILESS, "--head"),
        (replace(PLAIN, method="DELETE"), BODILESS, "-X DELETE"),
        (PLAIN, replace(BODILESS, body_bytes=None), "-X GET"),
        (PLAIN, replace(BODILESS, body_bytes=None), '--data-binary @"$BODY"'),
        (replace(PLAIN, target="/a?..."), BODILESS, '--url https://api.pay:443/a"?$QUERY"'),
        (replace(PLAIN, target="*"), BODILESS, "--url 'https://api.pay:443/*'"),
    ],
)
def test_what_is_not_told_stands_as_a_word_to_be_set(request_, detail, part: str) -> None:
    assert part in command(request_, detail)


def test_a_field_whose_query_is_not_told_is_one_to_be_set() -> None:
    told = replace(RUNNING_DETAIL, headers=(("Referer", "https://a/b?..."),))
    assert "-H 'Referer: '\"$REFERER\"" in command(RUNNING, told)


def test_the_way_to_the_server_is_the_same() -> None:
    origin = Origin(
        scheme="https",
        host="10.0.0.1",
        port=8443,
        local_address="127.0.0.2",
        family=4,
        socket_path="/run/a b.sock",
        servername="shop.example",
    )
    line = command(
        key=origin.key,
        host="10.0.0.1",
        port=8443,
        verified=False,
        socket=replace(ACTIVE, via="http://proxy:3128"),
    )
    assert (
        f"{BEGIN}--interface 127.0.0.2 -4 --unix-socket '/run/a b.sock' "
        "--connect-to ::10.0.0.1:8443 --insecure --proxy http://proxy:3128 "
        "--url https://shop.example:8443/items"
    ) == line


def test_a_socket_that_is_not_connected_says_nothing_of_a_proxy() -> None:
    assert "proxy" not in command(socket=replace(ACTIVE, connected_at=None))


HOSTILE = [
    "'; touch pwned; '",
    '"; touch pwned; "',
    "$(touch pwned)",
    "`touch pwned`",
    "a\ntouch pwned\n",
    "\x1b]52;c;x\x07",
    "@/etc/passwd",
    "-o pwned",
    "!!",
    "\\",
    "\u202etouch",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_shell_runs_what_a_peer_or_a_profile_wrote(text: str, tmp_path) -> None:
    told = replace(
        RUNNING_DETAIL, headers=(("Host", text), (text, "value"), (text, HIDDEN), ("X-A", HIDDEN))
    )
    line = command(
        replace(RUNNING, method=text, target=text),
        told,
        host=text,
        scheme="http",
        socket=replace(ACTIVE, via=text),
    )
    assert line.isprintable()
    # What curl is, is said by a function here: nothing is sent anywhere.
    script = f"curl() {{ printf '%s\\n' \"$@\"; }}\nX_A=secret BODY=file\n{line}\n"
    done = subprocess.run(
        ["sh", "-c", script], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    assert "" == done.stderr
    assert [] == list(tmp_path.iterdir())
    words = done.stdout.splitlines()
    assert "X-A: secret" in words
    assert "@file" in words
    headers = [word for before, word in itertools.pairwise(words) if before == "-H"]
    assert [] == [header for header in headers if header.startswith("@")]
    assert len(shlex.split(line)) == len(words) + 1


def test_a_stream_is_asked_for_over_http2() -> None:
    stream = replace(PLAIN, stream=5)

    assert "curl --http2 --globoff" == command(stream)[:22]
    assert "curl --http2-prior-knowledge " == command(stream, scheme="http")[:29]
    assert "curl --http1.1 " == command(protocol="h2")[:15], "this one is on a socket without one"
    queued = scene(running=(), requests=(replace(PLAIN, socket=None),), protocol="h2", told=())
    waits = request_picture(queued, HOST, PLAIN.id)
    assert waits is not None
    assert "curl --http2 " == curl_command(waits)[:13]
