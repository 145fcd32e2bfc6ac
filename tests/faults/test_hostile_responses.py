"""Hostile and broken responses: one table, every codec, every cut, and never a poisoned reuse.

Each row says what must become of the octets. The verdict is the same for each codec and however
TCP cuts the octets. After each row a second request is tried on the same codec: either it is
refused (the connection is of no further use) or it gets its own response and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pytest

from pooltop.engine.codecs.factory import make_codec
from pooltop.engine.request import prepare
from pooltop.errors import PeerError

if TYPE_CHECKING:
    from pooltop.engine.codecs.base import Codec, ResponseEnd, ResponseHead

CUTS = (1, 1460, 65536)
CODECS: tuple[Literal["h11", "llhttp"], ...] = ("h11", "llhttp")


@dataclass(frozen=True)
class Delivered:
    """A response reached the sink, whole."""

    status: int
    body: bytes
    kept: bool


@dataclass(frozen=True)
class Refused:
    """The exchange ended with a PeerError of this code."""

    code: str


@dataclass(frozen=True)
class Case:
    """One row: what the peer sends, and the only right verdict."""

    name: str
    octets: bytes
    expected: Delivered | Refused
    eof: bool = False
    method: str = "GET"


OK = b"HTTP/1.1 200 OK\r\n"
LENGTH = OK + b"Content-Length: 5\r\n\r\n"
EMPTY = OK + b"Content-Length: 0\r\n\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
LAST = b"0\r\n\r\n"
POISON = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nPOISON"
KEPT = Delivered(200, b"hello", kept=True)
SPENT = Delivered(200, b"hello", kept=False)
NOT_HTTP = Refused("HPE_INVALID_CONSTANT")
BAD_VERSION = Refused("HPE_INVALID_VERSION")
BAD_STATUS = Refused("HPE_INVALID_STATUS")
BAD_FIELD = Refused("HPE_INVALID_HEADER_TOKEN")
BAD_LENGTH = Refused("HPE_INVALID_CONTENT_LENGTH")
BAD_CODING = Refused("HPE_INVALID_TRANSFER_ENCODING")
BAD_CHUNK = Refused("HPE_INVALID_CHUNK_SIZE")
NO_CR = Refused("HPE_CR_EXPECTED")
STRICT = Refused("HPE_STRICT")
TOO_LONG = Refused("HPE_HEADER_OVERFLOW")
RESET = Refused("ECONNRESET")


def with_field(field: bytes) -> bytes:
    """A good response of "hello" with one more field, CRLF added."""
    return OK + field + b"\r\nContent-Length: 5\r\n\r\nhello"


def with_length(value: bytes) -> bytes:
    """A response whose Content-Length is this, with "hello" behind it."""
    return OK + b"Content-Length:" + value + b"\r\n\r\nhello"


def with_coding(value: bytes) -> bytes:
    """A chunked "hello" under this Transfer-Encoding."""
    return OK + b"Transfer-Encoding:" + value + b"\r\n\r\n5\r\nhello\r\n" + LAST


CASES = (
    # Not HTTP/1 at all.
    Case("an SSH banner", b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", NOT_HTTP),
    Case("a TLS alert", b"\x15\x03\x01\x00\x02\x02\x50", NOT_HTTP),
    Case("an HTTP/2 SETTINGS frame", b"\x00\x00\x00\x04\x00\x00\x00\x00\x00", NOT_HTTP),
    Case("an SMTP greeting", b"220 mail.example ESMTP\r\n", NOT_HTTP),
    Case("a Redis error", b"-ERR unknown command 'GET'\r\n", NOT_HTTP),
    Case("bare HTML, as in HTTP/0.9", b"<html>hello</html>", NOT_HTTP, eof=True),
    Case("a NUL", b"\x00", NOT_HTTP),
    Case("an empty line first", b"\r\n" + LENGTH + b"hello", NOT_HTTP),
    Case("HTTP in lower case", b"http/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", NOT_HTTP),
    Case("HTTP/2 as text", b"HTTP/2 200 OK\r\nContent-Length: 0\r\n\r\n", NOT_HTTP),
    Case("an RTSP response", b"RTSP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", NOT_HTTP),
    # Status lines.
    Case("version 1.2", b"HTTP/1.2 200 OK\r\nContent-Length: 0\r\n\r\n", BAD_VERSION),
    Case("version 1.10", b"HTTP/1.10 200 OK\r\nContent-Length: 0\r\n\r\n", BAD_VERSION),
    Case("no space after the version", b"HTTP/1.1x200 OK\r\n\r\n", BAD_VERSION),
    Case("two spaces after the version", b"HTTP/1.1  200 OK\r\n\r\n", BAD_STATUS),
    Case("four digits of status", b"HTTP/1.1 2000 OK\r\n\r\n", BAD_STATUS),
    Case("two digits of status", b"HTTP/1.1 20 OK\r\n\r\n", BAD_STATUS),
    Case("a status in letters", b"HTTP/1.1 abc OK\r\n\r\n", BAD_STATUS),
    Case("status 099", b"HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n", BAD_STATUS),
    Case("status -20", b"HTTP/1.1 -20 OK\r\nContent-Length: 0\r\n\r\n", BAD_STATUS),
    Case("escape codes in the reason", b"HTTP/1.1 200 \x1b[2J\r\n\r\n", STRICT),
    Case("a NUL in the reason", b"HTTP/1.1 200 O\x00K\r\n\r\n", STRICT),
    Case("a bare CR in the reason", b"HTTP/1.1 200 O\rK\r\n\r\n", Refused("HPE_LF_EXPECTED")),
    Case("a status line ended by LF", b"HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n", NO_CR),
    Case("LF everywhere", b"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", NO_CR),
    # Fields.
    Case("a folded field", with_field(b"X: a\r\n b"), BAD_FIELD),
    Case("a folded Content-Length", OK + b"Content-Length:\r\n 5\r\n\r\nhello", BAD_FIELD),
    Case("white space before the first field", OK + b" X: y\r\n\r\n", BAD_FIELD),
    Case("a space before the colon", OK + b"Content-Length : 5\r\n\r\nhello", BAD_FIELD),
    Case("a field without a colon", with_field(b"hello"), BAD_FIELD),
    Case("a field without a name", with_field(b": x"), BAD_FIELD),
    Case("a space in a name", with_field(b"X Y: x"), BAD_FIELD),
    Case("a NUL in a name", with_field(b"X\x00: x"), BAD_FIELD),
    Case("a non-ASCII name", with_field(b"X\xe9: x"), BAD_FIELD),
    Case("a NUL in a value", with_field(b"X: a\x00b"), BAD_FIELD),
    Case("escape codes in a value", with_field(b"X: \x1b]0;x\x07"), BAD_FIELD),
    Case("a DEL in a value", with_field(b"X: \x7f"), BAD_FIELD),
    Case("a vertical tab in a value", with_field(b"X: a\x0bb"), BAD_FIELD),
    Case("a field ended by LF", with_field(b"X: y\nZ: z"), NO_CR),
    Case("a bare CR in a value", with_field(b"X: a\rb"), Refused("HPE_LF_EXPECTED")),
    Case("a bare CR before Content-Length", with_field(b"X: a\rContent-Length: 0"),
         Refused("HPE_LF_EXPECTED")),
    Case("an empty line ended by LF", OK + b"Content-Length: 0\r\n\n" + POISON, BAD_FIELD),
    Case("obs-text in a value is let through", with_field(b"X: caf\xe9"), KEPT),
    Case("an empty value is let through", with_field(b"X:"), KEPT),
    # Lengths.
    Case("two lengths that differ", OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
         Refused("HPE_UNEXPECTED_CONTENT_LENGTH")),
    Case("two lengths that agree", OK + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
         Refused("HPE_UNEXPECTED_CONTENT_LENGTH")),
    Case("a list of lengths", with_length(b" 5, 5"), BAD_LENGTH),
    Case("a negative length", with_length(b" -5"), BAD_LENGTH),
    Case("a length with a plus", with_length(b" +5"), BAD_LENGTH),
    Case("a length in hexadecimal", with_length(b" 0x5"), BAD_LENGTH),
    Case("a length with a point", with_length(b" 5.0"), BAD_LENGTH),
    Case("a length with an underscore", with_length(b" 0_5"), BAD_LENGTH),
    Case("a length with a space inside", with_length(b" 5 5"), BAD_LENGTH),
    Case("an empty length", with_length(b""), BAD_LENGTH),
    Case("a length of 2**64 + 5", with_length(b" 18446744073709551621"), BAD_LENGTH),
    Case("a length of 5,000 digits", with_length(b" " + b"1" * 5000), BAD_LENGTH),
    Case("a length in other digits", with_length(b" \xd9\xa5"), BAD_LENGTH),
    Case("a length with leading zeros", with_length(b" 0005"), KEPT),
    Case("a length between tabs", with_length(b"\t5\t"), KEPT),
    # Codings.
    Case("a length, then a coding", OK + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
         + LAST + POISON, BAD_CODING),
    Case("a coding, then a length", OK + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"
         + LAST + POISON, BAD_LENGTH),
    Case("chunked twice in one field", with_coding(b" chunked, chunked"), BAD_CODING),
    Case("chunked in two fields",
         OK + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n" + LAST,
         BAD_CODING),
    Case("gzip, chunked", with_coding(b" gzip, chunked"), BAD_CODING),
    Case("chunked, identity", with_coding(b" chunked, identity"), BAD_CODING),
    Case("identity", with_coding(b" identity"), BAD_CODING),
    Case("xchunked", with_coding(b" xchunked"), BAD_CODING),
    Case("chunked in quotes", with_coding(b' "chunked"'), BAD_CODING),
    Case("an empty coding", with_coding(b""), BAD_CODING),
    Case("a tab after chunked", with_coding(b" chunked\t"), BAD_CODING),
    Case("chunked in mixed case", with_coding(b" ChUnKeD"), KEPT),
    Case("a coding in HTTP/1.0", b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n"
         b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n" + LAST, SPENT),
    # Chunks.
    Case("a chunk size in letters", CHUNKED + b"zz\r\nhello\r\n" + LAST, BAD_CHUNK),
    Case("a chunk size that cannot become one", CHUNKED + b"x", BAD_CHUNK),
    Case("a chunk size with 0x", CHUNKED + b"0x5\r\nhello\r\n" + LAST, BAD_CHUNK),
    Case("a chunk size with a sign", CHUNKED + b"+5\r\nhello\r\n" + LAST, BAD_CHUNK),
    Case("a chunk size with an underscore", CHUNKED + b"0_5\r\nhello\r\n" + LAST, BAD_CHUNK),
    Case("an empty chunk size", CHUNKED + b"\r\nhello\r\n" + LAST, BAD_CHUNK),
    Case("a space after the size", CHUNKED + b"5 \r\nhello\r\n" + LAST, BAD_CHUNK),
    Case("a chunk size of 2**64", CHUNKED + b"10000000000000000\r\n" + POISON, BAD_CHUNK),
    Case("a chunk size of 2**64 - 1", CHUNKED + b"ffffffffffffffff\r\n" + POISON, BAD_CHUNK),
    Case("a chunk size line ended by LF", CHUNKED + b"5\nhello\r\n" + LAST, NO_CR),
    Case("a chunk longer than its size", CHUNKED + b"3\r\nhello\r\n" + LAST, STRICT),
    Case("chunk data ended by LF", CHUNKED + b"5\r\nhello\n" + LAST, NO_CR),
    Case("an extension that is only a semicolon", CHUNKED + b"5;\r\nhello\r\n" + LAST, STRICT),
    Case("a bare CR in an extension", CHUNKED + b"5;a\rb\r\nhello\r\n" + LAST, STRICT),
    Case("an LF in a quoted extension", CHUNKED + b'5;a="\n"\r\nhello\r\n' + LAST, NO_CR),
    Case("an endless chunk extension", CHUNKED + b"5;a=" + b"x" * 20_000,
         Refused("HPE_CHUNK_EXTENSIONS_OVERFLOW")),
    Case("extensions that are too long together",
         CHUNKED + (b"1;a=" + b"x" * 1000 + b"\r\n.\r\n") * 20,
         Refused("HPE_CHUNK_EXTENSIONS_OVERFLOW")),
    Case("extensions are let through", CHUNKED + b'5;a=b;c="d e\\"";f\r\nhello\r\n' + LAST, KEPT),
    # Trailers.
    Case("a trailer that is no field", CHUNKED + b"0\r\nhello\r\n\r\n", BAD_FIELD),
    Case("a folded trailer", CHUNKED + b"0\r\nX: y\r\n z\r\n\r\n", BAD_FIELD),
    Case("a length in the trailers", CHUNKED + b"0\r\nContent-Length: 5\r\n\r\n", BAD_LENGTH),
    Case("a coding in the trailers", CHUNKED + b"0\r\nTransfer-Encoding: chunked\r\n\r\n",
         BAD_CODING),
    Case("trailers ended by LF", CHUNKED + b"0\r\nX: y\r\n\n", BAD_FIELD),
    Case("endless trailers", CHUNKED + b"0\r\n" + b"X: yyyyyyyyyyyyyyyyy\r\n" * 4000, TOO_LONG),
    Case("an endless trailer line", CHUNKED + b"0\r\nX: " + b"y" * 70_000, TOO_LONG),
    Case("close among the trailers changes nothing",
         CHUNKED + b"5\r\nhello\r\n0\r\nConnection: close\r\n\r\n", KEPT),
    # Too much of a head.
    Case("an endless status line", b"HTTP/1.1 200 " + b"x" * 70_000, TOO_LONG),
    Case("an endless header name", OK + b"x" * 70_000, TOO_LONG),
    Case("an endless header value", OK + b"X: " + b"y" * 70_000, TOO_LONG),
    Case("endless fields", OK + b"X: yyyyyyyyyyyyyyyyy\r\n" * 4000, TOO_LONG),
    Case("a whole head of 70 KB", OK + b"X: " + b"y" * 70_000 + b"\r\n\r\n", TOO_LONG),
    Case("a fault beyond the cap is not looked for",
         OK + b"X: " + b"y" * 66_000 + b"\r\nbroken\r\n\r\n", TOO_LONG),
    Case("a fault before the cap comes first",
         OK + b"broken\r\nX: " + b"y" * 66_000 + b"\r\n\r\n", BAD_FIELD),
    Case("a head of 60 KB is let through", with_field(b"X: " + b"y" * 60_000), KEPT),
    # Interim responses.
    Case("33 interim responses", b"HTTP/1.1 102 P\r\n\r\n" * 33 + LENGTH + b"hello",
         Refused("ERR_TOO_MANY_INTERIM")),
    Case("32 interim responses", b"HTTP/1.1 102 P\r\n\r\n" * 32 + LENGTH + b"hello", KEPT),
    Case("interim heads of 80 KB together",
         (b"HTTP/1.1 103 E\r\nLink: " + b"x" * 8000 + b"\r\n\r\n") * 10, TOO_LONG),
    Case("an endless head behind an interim one of 40 KB",
         b"HTTP/1.1 103 E\r\nLink: " + b"x" * 40_000 + b"\r\n\r\n" + OK + b"X: " + b"y" * 40_000,
         TOO_LONG),
    Case("a 101 nobody asked for",
         b"HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n\x81\x00",
         Refused("ERR_UNEXPECTED_UPGRADE")),
    Case("a bare 101", b"HTTP/1.1 101 S\r\n\r\n", Refused("ERR_UNEXPECTED_UPGRADE")),
    Case("an interim with a length and a body",
         b"HTTP/1.1 100 C\r\nContent-Length: 5\r\n\r\nhello" + LENGTH + b"hello", NOT_HTTP),
    Case("an interim with a length and no body",
         b"HTTP/1.1 104 C\r\nContent-Length: 5\r\n\r\n" + LENGTH + b"hello", SPENT),
    Case("an interim that says chunked",
         b"HTTP/1.1 103 E\r\nTransfer-Encoding: chunked\r\n\r\n" + LENGTH + b"hello", SPENT),
    Case("an interim that says close",
         b"HTTP/1.1 100 C\r\nConnection: close\r\n\r\n" + LENGTH + b"hello", KEPT),
    Case("an interim of HTTP/1.0", b"HTTP/1.0 100 C\r\n\r\n" + LENGTH + b"hello", KEPT),
    Case("an interim and then the end", b"HTTP/1.1 100 C\r\n\r\n", RESET, eof=True),
    # Bodies where there can be none.
    Case("a 204 with a body", b"HTTP/1.1 204 N\r\nContent-Length: 5\r\n\r\nhello",
         Delivered(204, b"", kept=False)),
    Case("a 204 with a length and no body", b"HTTP/1.1 204 N\r\nContent-Length: 5\r\n\r\n",
         Delivered(204, b"", kept=False)),
    Case("a 204 that says chunked", b"HTTP/1.1 204 N\r\nTransfer-Encoding: chunked\r\n\r\n",
         Delivered(204, b"", kept=False)),
    Case("a 204 with a response for a body",
         b"HTTP/1.1 204 N\r\nContent-Length: 44\r\n\r\n" + POISON,
         Delivered(204, b"", kept=False)),
    Case("a 304 with a body", b"HTTP/1.1 304 N\r\nContent-Length: 5\r\n\r\nhello",
         Delivered(304, b"", kept=False)),
    Case("HEAD answered with a body", LENGTH + b"hello", Delivered(200, b"", kept=False),
         method="HEAD"),
    Case("HEAD answered with a chunked body", CHUNKED + b"5\r\nhello\r\n" + LAST,
         Delivered(200, b"", kept=False), method="HEAD"),
    Case("HEAD answered with poison", OK + b"Content-Length: 44\r\n\r\n" + POISON,
         Delivered(200, b"", kept=False), method="HEAD"),
    # Surplus.
    Case("one octet too many", LENGTH + b"hello!", SPENT),
    Case("a CRLF too many", LENGTH + b"hello\r\n", SPENT),
    Case("a whole response too many", LENGTH + b"hello" + POISON, SPENT),
    Case("a response behind an empty one", EMPTY + POISON, Delivered(200, b"", kept=False)),
    Case("a response behind a chunked one", CHUNKED + b"5\r\nhello\r\n" + LAST + POISON, SPENT),
    Case("a response behind trailers", CHUNKED + b"5\r\nhello\r\n0\r\nX: y\r\n\r\n" + POISON,
         SPENT),
    Case("a response behind a close",
         OK + b"Connection: close\r\nContent-Length: 5\r\n\r\nhello" + POISON, SPENT),
    Case("a late interim", LENGTH + b"helloHTTP/1.1 100 C\r\n\r\n", SPENT),
    Case("a second last chunk", CHUNKED + b"5\r\nhello\r\n" + LAST + LAST, SPENT),
    # Ends that come too early.
    Case("nothing at all", b"", RESET, eof=True),
    Case("half a status line", b"HTTP/1.1 20", RESET, eof=True),
    Case("half a head", OK + b"Content-Length: 5\r\n", RESET, eof=True),
    Case("no body", LENGTH, RESET, eof=True),
    Case("half a body", LENGTH + b"hel", RESET, eof=True),
    Case("half a chunk size", CHUNKED + b"1", RESET, eof=True),
    Case("half a chunk", CHUNKED + b"5\r\nhel", RESET, eof=True),
    Case("no last chunk", CHUNKED + b"5\r\nhello\r\n", RESET, eof=True),
    Case("a last chunk without its empty line", CHUNKED + b"5\r\nhello\r\n0\r\n", RESET, eof=True),
    Case("half a trailer", CHUNKED + b"5\r\nhello\r\n0\r\nX: y", RESET, eof=True),
    Case("a body that only the end ends", OK + b"\r\nhello", SPENT, eof=True),
    Case("a close and a body that the end ends", OK + b"Connection: close\r\n\r\nhello", SPENT,
         eof=True),
)  # fmt: skip


class Exchange:
    """A sink that keeps what it was told."""

    def __init__(self) -> None:
        self.head: ResponseHead | None = None
        self.body = b""
        self.end: ResponseEnd | None = None

    def on_informational(self, head: ResponseHead) -> None:
        assert self.head is None
        assert head.status < 200

    def on_head(self, head: ResponseHead) -> None:
        assert self.head is None
        self.head = head

    def on_data(self, data: bytes) -> None:
        assert self.head is not None
        assert self.end is None
        assert data
        self.body += data

    def on_end(self, end: ResponseEnd) -> None:
        assert self.end is None
        assert (end.reason is None) is end.keep
        self.end = end


def exchange(codec: Codec, case: Case, cut: int) -> tuple[Exchange, Delivered | Refused | None]:
    """Run one row; None if the codec still waits."""
    seen = Exchange()
    codec.start(prepare(case.method, "/", host_header="a", keep_alive=True), seen)
    refusal = None
    try:
        for at in range(0, len(case.octets), cut):
            codec.receive(memoryview(case.octets[at : at + cut]))
        kept = codec.is_idle
        if case.eof:
            codec.receive_eof()
    except PeerError as exc:
        refusal = Refused(exc.code)
        kept = False
    if seen.end is None:
        return seen, refusal
    assert seen.head is not None
    return seen, Delivered(seen.head.status, seen.body, kept)


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("codec_name", CODECS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_hostile_response_gets_the_right_verdict_and_poisons_nothing(
    case: Case, codec_name: Literal["h11", "llhttp"], cut: int
) -> None:
    codec = make_codec(codec_name)

    seen, verdict = exchange(codec, case, cut)

    assert case.expected == verdict
    assert b"POISON" not in seen.body
    if not codec.is_idle:
        with pytest.raises(AssertionError, match="an exchange begun"):
            codec.start(prepare("GET", "/2", host_header="a", keep_alive=True), Exchange())
        with pytest.raises(PeerError):
            codec.receive(memoryview(POISON))
        return
    second = Case("second", OK + b"Content-Length: 6\r\n\r\nsecond", KEPT)
    _, verdict = exchange(codec, second, cut)
    assert Delivered(200, b"second", kept=True) == verdict


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("codec_name", CODECS)
@pytest.mark.parametrize(
    "unasked",
    [POISON, b"HTTP/1.1 408 Request Timeout\r\n\r\n", b"\r\n", b"\x00", b"x" * 100_000],
    ids=["a response", "a 408", "an empty line", "a NUL", "100 KB of junk"],
)
def test_octets_that_come_while_idle_end_the_connection(
    unasked: bytes, codec_name: Literal["h11", "llhttp"], cut: int
) -> None:
    codec = make_codec(codec_name)
    exchange(codec, Case("first", LENGTH + b"hello", KEPT), cut)
    assert codec.is_idle

    with pytest.raises(PeerError, match="while idle") as caught:
        codec.receive(memoryview(unasked[:cut]))

    assert caught.value.code == "ERR_UNSOLICITED_BYTES"
    assert not codec.is_idle
    with pytest.raises(AssertionError, match="an exchange begun"):
        codec.start(prepare("GET", "/", host_header="a", keep_alive=True), Exchange())


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (b"SSH-2.0-OpenSSH_9.2p1\r\n", "speaks SSH"),
        (b"\x15\x03\x01\x00\x02\x02\x50", "speaks TLS"),
        (b"\x16\x03\x03\x00\x31", "speaks TLS"),
        (b"\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03", "speaks HTTP/2"),
        (b"HTTP/2 200\r\n", "speaks HTTP/2"),
        (b"220 mail.example ESMTP Postfix\r\n", "speaks SMTP"),
        (b"220 (vsFTPd 3.0.3)\r\n", "speaks FTP"),
        (b"-ERR wrong number of arguments\r\n", "speaks Redis"),
        (b"* OK IMAP4rev1 ready\r\n", "speaks IMAP"),
        (b"J\x00\x00\x00\x0a8.0.33", "speaks MySQL"),
        (b"\x1b[2J", r"it sent '\\x1b\[2J'"),
    ],
)
def test_a_peer_that_does_not_speak_http_is_named(octets: bytes, words: str) -> None:
    codec = make_codec("llhttp")
    codec.start(prepare("GET", "/", host_header="a", keep_alive=True), Exchange())

    with pytest.raises(PeerError, match=words) as caught:
        codec.receive(memoryview(octets))

    assert caught.value.code == "HPE_INVALID_CONSTANT"


def test_the_table_has_no_two_rows_of_one_name() -> None:
    assert len(CASES) == len({case.name for case in CASES})
