"""What a server can do wrong in HTTP/2, and the only right answer to each.

Every row begins on a session whose SETTINGS were exchanged (unless it is of those), with four
requests open: GET on 1, GET on 3, HEAD on 5, and a POST on 7 whose body is not sent. A verdict is
"ok", "reset STREAM CODE" or "goaway CODE"; the section is of RFC 9113 unless it says another.
"""

from __future__ import annotations

from dataclasses import dataclass

from support.h2_frames import (
    block,
    data,
    goaway,
    head_of,
    headers,
    more,
    ping,
    promise,
    raw,
    rst,
    settings,
    update,
)

PROTOCOL = "PROTOCOL_ERROR"
SIZE = "FRAME_SIZE_ERROR"
CALM = "ENHANCE_YOUR_CALM"
FLOW = "FLOW_CONTROL_ERROR"
CLOSED = "STREAM_CLOSED"
COMPRESSION = "COMPRESSION_ERROR"


@dataclass(frozen=True)
class Row:
    """One row: what the server sends, and what must become of it."""

    name: str
    section: str
    octets: bytes
    expected: str
    fresh: bool = False
    """Before any SETTINGS of the server's."""


def bad(reason: str) -> str:
    """The connection is lost."""
    return f"goaway {reason}"


def one(reason: str = PROTOCOL, stream: int = 1) -> str:
    """One stream is lost."""
    return f"reset {stream} {reason}"


def length(value: str, *bodies: bytes, trailers: bool = False) -> bytes:
    """A response on 1 with this Content-Length and these pieces of body."""
    pieces = [
        data(1, body, end=at == len(bodies) - 1 and not trailers) for at, body in enumerate(bodies)
    ]
    head = headers(1, ("content-length", value), end=not bodies and not trailers)
    last = head_of(1, block(("x-sum", "1")), end=True) if trailers else b""
    return head + b"".join(pieces) + last


BIG = "x" * 4000
OK = headers(1) + data(1, b"hello")
DONE = headers(1, end=True)
INTERIM = headers(1, status="103")
INDEXED_60K = b"\x40\x01a\x7f\xa1\x1e" + b"v" * 4000 + b"\xbe" * 30

SETTINGS_ROWS = (
    Row("an ordinary beginning", "3.4", settings() + OK, "ok", fresh=True),
    Row("no SETTINGS first", "3.4", OK, bad(PROTOCOL), fresh=True),
    Row("an acknowledgement first", "3.4", settings(ack=True) + OK, bad(PROTOCOL), fresh=True),
    Row("PING first", "3.4", ping() + settings(), bad(PROTOCOL), fresh=True),
    Row("GOAWAY first", "3.4", goaway(0), bad(PROTOCOL), fresh=True),
    Row("SETTINGS on a stream first", "6.5", raw(4, 0, 1, b""), bad(PROTOCOL), fresh=True),
    Row("HTTP/1.1", "3.4", b"HTTP/1.1 400 Bad Request\r\n\r\n", bad(PROTOCOL), fresh=True),
    Row("three octets of HTTP/1.1", "3.4", b"HTT", bad(PROTOCOL), fresh=True),
    Row("an SSH banner", "3.4", b"SSH-2.0-OpenSSH_9.2p1\r\n", bad(PROTOCOL), fresh=True),
    Row("a TLS alert", "3.4", b"\x15\x03\x01\x00\x02\x02\x50", bad(PROTOCOL), fresh=True),
    Row("SETTINGS too long first", "4.2", raw(4, 0, 0, b"", size=16386), bad(SIZE), fresh=True),
    Row("SETTINGS on a stream", "6.5", raw(4, 0, 1, b""), bad(PROTOCOL)),
    Row("SETTINGS of five octets", "6.5", raw(4, 0, 0, b"\x00\x03\x00\x00\x00"), bad(SIZE)),
    Row("an acknowledgement with content", "6.5", raw(4, 1, 0, b"\x00" * 6), bad(SIZE)),
    Row("an acknowledgement of nothing", "6.5.3", settings(ack=True), bad(PROTOCOL)),
    Row("push switched on by a server", "6.5.2", settings({2: 1}), bad(PROTOCOL)),
    Row("push of 2", "6.5.2", settings({2: 2}), bad(PROTOCOL)),
    Row("push switched off", "6.5.2", settings({2: 0}) + OK, "ok"),
    Row("an initial window of 2^31", "6.5.2", settings({4: 2**31}), bad(FLOW)),
    Row("a largest frame of 16383", "6.5.2", settings({5: 16383}), bad(PROTOCOL)),
    Row("a largest frame of 2^24", "6.5.2", settings({5: 2**24}), bad(PROTOCOL)),
    Row("extended CONNECT of 2", "RFC 8441, 3", settings({8: 2}), bad(PROTOCOL)),
    Row("extended CONNECT taken back", "RFC 8441, 3", settings({8: 1}) + settings({8: 0}),
        bad(PROTOCOL)),
    Row("settings nobody knows", "6.5.2", settings(dict.fromkeys(range(0x20, 0xF0), 1)) + OK, "ok"),
    Row("2,700 settings in a frame", "6.5.2", raw(4, 0, 0, b"\x7f\x01\x00\x00\x00\x01" * 2700) + OK,
        "ok"),
    Row("a table of 4 GB", "6.5.2", settings({1: 2**32 - 1}) + OK, "ok"),
    Row("no streams allowed any more", "6.5.2", settings({3: 0}) + OK, "ok"),
    Row("SETTINGS in a flood", "10.5", settings() * 1001, bad(CALM)),
)  # fmt: skip

FRAME_ROWS = (
    Row("a frame of 16385 octets", "4.2", raw(0, 0, 1, b"", size=16385), bad(SIZE)),
    Row("a frame of 16 MB", "4.2", raw(0, 0, 1, b"x", size=2**24 - 1), bad(SIZE)),
    Row("HTTP/1.1 between frames", "4.2", b"HTTP/1.1 400 Bad Request\r\n", bad(SIZE)),
    Row("a frame of an unknown type", "5.5", raw(0xFA, 0xFF, 1, b"??") + OK, "ok"),
    Row("an unknown type on an idle stream", "5.5", raw(0xFA, 0, 98, b"??") + OK, "ok"),
    Row("unknown types in a flood", "10.5", raw(0xFA, 0, 0, b"") * 1101, bad(CALM)),
    Row("ALTSVC and ORIGIN", "5.5", raw(0xA, 0, 0, b"\x00\x00") + raw(0xC, 0, 0, b"") + OK, "ok"),
    Row("flags that nobody knows", "4.1", raw(1, 0xC4, 1, block((":status", "200"))) + data(1),
        "ok"),
    Row("the reserved bit of a stream", "4.1", raw(1, 5, 2**31 + 1, block((":status", "200"))),
        "ok"),
    Row("PING of seven octets", "6.7", raw(6, 0, 0, b"1234567"), bad(SIZE)),
    Row("PING of nine octets", "6.7", raw(6, 0, 0, b"123456789"), bad(SIZE)),
    Row("PING on a stream", "6.7", raw(6, 0, 1, b"12345678"), bad(PROTOCOL)),
    Row("an answer to no PING", "6.7", ping(ack=True) + OK, "ok"),
    Row("PING", "6.7", ping() * 10 + OK, "ok"),
    Row("PING in a flood", "10.5", ping() * 1101, bad(CALM)),
    Row("answers to no PING in a flood", "10.5", ping(ack=True) * 1101, bad(CALM)),
    Row("PRIORITY", "6.3", raw(2, 0, 1, b"\x00\x00\x00\x03\x10") + OK, "ok"),
    Row("PRIORITY of an idle stream", "6.3", raw(2, 0, 98, b"\x00\x00\x00\x03\x10") + OK, "ok"),
    Row("PRIORITY on itself", "5.3.1", raw(2, 0, 1, b"\x00\x00\x00\x01\x10") + OK, "ok"),
    Row("PRIORITY of four octets", "6.3", raw(2, 0, 1, b"\x00\x00\x00\x03"), one(SIZE)),
    Row("PRIORITY of four octets, idle", "6.3", raw(2, 0, 99, b"\x00\x00\x00\x03"), bad(SIZE)),
    Row("PRIORITY on no stream", "6.3", raw(2, 0, 0, b"\x00\x00\x00\x03\x10"), bad(PROTOCOL)),
    Row("PRIORITY in a flood", "10.5", raw(2, 0, 1, b"\x00\x00\x00\x03\x10") * 1101, bad(CALM)),
    Row("PUSH_PROMISE", "6.6", promise(1, 2), bad(PROTOCOL)),
    Row("PUSH_PROMISE on no stream", "6.6", raw(5, 4, 0, b"\x00\x00\x00\x02\x88"), bad(PROTOCOL)),
)  # fmt: skip

GOAWAY_ROWS = (
    Row("GOAWAY, and the responses after it", "6.8", goaway(7) + OK, "ok"),
    Row("GOAWAY with an error", "6.8", goaway(7, 2) + OK, "ok"),
    Row("a warning, then the last", "6.8", goaway(2**31 - 1) + goaway(7) + OK, "ok"),
    Row("GOAWAY that leaves streams out", "6.8", goaway(1) + OK, "ok"),
    Row("DATA on a stream left out", "6.8", goaway(1) + headers(3) + data(3, b"x") + OK, "ok"),
    Row("GOAWAY that takes it back", "6.8", goaway(1) + goaway(3), bad(PROTOCOL)),
    Row("GOAWAY of an even stream", "6.8", goaway(2), bad(PROTOCOL)),
    Row("GOAWAY on a stream", "6.8", raw(7, 0, 1, b"\x00" * 8), bad(PROTOCOL)),
    Row("GOAWAY of seven octets", "6.8", raw(7, 0, 0, b"\x00" * 7), bad(SIZE)),
    Row("GOAWAY of an unknown code", "7", goaway(7, 0xDEADBEEF, b"\x1b[2J" * 999) + OK, "ok"),
    Row("GOAWAY in a flood", "10.5", goaway(7) * 1101, bad(CALM)),
)  # fmt: skip

STREAM_ROWS = (
    Row("HEADERS on no stream", "6.2", raw(1, 5, 0, b"\x88"), bad(PROTOCOL)),
    Row("HEADERS on a stream never opened", "5.1", headers(99, end=True), bad(PROTOCOL)),
    Row("HEADERS on the stream we would open next", "5.1", headers(9, end=True), bad(PROTOCOL)),
    Row("HEADERS on an even stream", "5.1.1", headers(2, end=True), bad(PROTOCOL)),
    Row("a request on an even stream", "5.1.1",
        head_of(2, block((":method", "GET"), (":scheme", "https"), (":path", "/")), end=True),
        bad(PROTOCOL)),
    Row("DATA on no stream", "6.1", raw(0, 0, 0, b"x"), bad(PROTOCOL)),
    Row("DATA on a stream never opened", "5.1", data(99, b"x"), bad(PROTOCOL)),
    Row("DATA on the stream we would open next", "5.1", data(9, b"x"), bad(PROTOCOL)),
    Row("DATA on an even stream", "5.1", data(2, b"x"), bad(PROTOCOL)),
    Row("RST_STREAM of an idle stream", "6.4", rst(99, 8), bad(PROTOCOL)),
    Row("RST_STREAM of an even stream", "6.4", rst(2, 8), bad(PROTOCOL)),
    Row("RST_STREAM on no stream", "6.4", raw(3, 0, 0, b"\x00" * 4), bad(PROTOCOL)),
    Row("RST_STREAM of three octets", "6.4", raw(3, 0, 1, b"\x00" * 3), bad(SIZE)),
    Row("RST_STREAM", "6.4", rst(1, 8), "ok"),
    Row("RST_STREAM of an unknown code", "7", rst(1, 0xDEADBEEF), "ok"),
    Row("RST_STREAM twice", "5.1", rst(1, 8) * 2, "ok"),
    Row("RST_STREAM after the end", "5.1", DONE + rst(1, 0), "ok"),
    Row("RST_STREAM in a flood", "10.5", rst(1, 8) * 1101, bad(CALM)),
    Row("HEADERS after RST_STREAM", "5.1", rst(1, 8) + headers(1), bad(CLOSED)),
    Row("DATA after RST_STREAM", "5.1", headers(1) + rst(1, 8) + data(1, b"x"), bad(CLOSED)),
    Row("DATA after the end", "5.1", DONE + data(1, b"x"), bad(CLOSED)),
    Row("HEADERS after the end", "5.1", DONE + headers(1), bad(CLOSED)),
    Row("DATA after the end, the body not sent", "5.1", headers(7, end=True) + data(7, b"x"),
        one(CLOSED, 7)),
    Row("HEADERS after the end, the body not sent", "5.1", headers(7, end=True) + headers(7),
        one(CLOSED, 7)),
    Row("a response before the body is sent", "8.1", headers(7, end=True), "ok"),
    Row("RST_STREAM NO_ERROR before the body is sent", "8.1", headers(7, end=True) + rst(7, 0),
        "ok"),
    Row("WINDOW_UPDATE of an idle stream", "6.9", update(99, 5), bad(PROTOCOL)),
    Row("WINDOW_UPDATE of an even stream", "6.9", update(2, 5), bad(PROTOCOL)),
    Row("WINDOW_UPDATE after the end", "5.1", DONE + update(1, 5), "ok"),
    Row("WINDOW_UPDATE of three octets", "6.9", raw(8, 0, 1, b"\x00" * 3), bad(SIZE)),
    Row("WINDOW_UPDATE of five octets", "6.9", raw(8, 0, 0, b"\x00" * 5), bad(SIZE)),
    Row("WINDOW_UPDATE of 0 on a stream", "6.9", raw(8, 0, 1, b"\x00" * 4), one()),
    Row("WINDOW_UPDATE of 0 on the connection", "6.9", raw(8, 0, 0, b"\x00" * 4), bad(PROTOCOL)),
    Row("a stream's window over 2^31-1", "6.9.1", update(7, 2**31 - 1), one(FLOW, 7)),
    Row("the connection's window over 2^31-1", "6.9.1", update(0, 2**31 - 1), bad(FLOW)),
    Row("windows over 2^31-1 by SETTINGS", "6.9.2", update(7, 2**31 - 1 - 65535)
        + settings({4: 65536}), bad(FLOW)),
    Row("WINDOW_UPDATE in a flood, for nothing", "10.5", update(1, 1) * 1101, bad(CALM)),
    Row("WINDOW_UPDATE in a flood, of the connection", "10.5", update(0, 1) * 1101, bad(CALM)),
    Row("DATA beyond a stream's window", "6.9.1", headers(1)
        + data(1, b"x" * 16384, end=False) * 16 + data(1, b"x"), one(FLOW)),
    Row("DATA beyond the connection's window, given back as it comes", "6.9.1", headers(1) + headers(3) + headers(7)
        + b"".join(data(n, b"x" * 16384, end=False) * 16 for n in (1, 3)) + data(7, b"x"),
        "ok"),
)  # fmt: skip

BLOCK_ROWS = (
    Row("a head in three pieces", "4.3", head_of(1, b"", whole=False) + more(1, b"\x88", last=False)
        + more(1, b"") + data(1), "ok"),
    Row("CONTINUATION of nothing", "6.10", more(1, b"\x88"), bad(PROTOCOL)),
    Row("CONTINUATION after a whole block", "6.10", headers(1) + more(1, b""), bad(PROTOCOL)),
    Row("CONTINUATION of another stream", "6.10", head_of(1, b"\x88", whole=False)
        + more(3, b"\x88"), bad(PROTOCOL)),
    Row("DATA inside a block", "6.2", head_of(1, b"\x88", whole=False) + data(1, b"x"),
        bad(PROTOCOL)),
    Row("PING inside a block", "6.2", head_of(1, b"\x88", whole=False) + ping(), bad(PROTOCOL)),
    Row("an unknown frame inside a block", "5.5", head_of(1, b"\x88", whole=False)
        + raw(0xFA, 0, 0, b""), bad(PROTOCOL)),
    Row("HEADERS inside a block", "6.2", head_of(1, b"\x88", whole=False) + headers(3),
        bad(PROTOCOL)),
    Row("CONTINUATION on no stream", "6.10", head_of(1, b"\x88", whole=False) + more(0, b""),
        bad(PROTOCOL)),
    Row("nine CONTINUATIONs", "10.5.1", head_of(1, b"\x88", whole=False)
        + more(1, b"", last=False) * 9, bad(CALM)),
    Row("a block of 80 KiB", "10.5.1", head_of(1, b"\x88" * 16384, whole=False)
        + more(1, b"\x88" * 16384, last=False) * 4, bad(CALM)),
    Row("an index that is not there", "RFC 7541, 2.3.3", head_of(1, b"\xff\x80\x01"),
        bad(COMPRESSION)),
    Row("index 0", "RFC 7541, 6.1", head_of(1, b"\x80"), bad(COMPRESSION)),
    Row("a literal cut short", "RFC 7541, 5.2", head_of(1, b"\x40\x05ab"), bad(COMPRESSION)),
    Row("a number without end", "RFC 7541, 5.1", head_of(1, b"\xff" * 40), bad(COMPRESSION)),
    Row("16 KiB of a number without end", "RFC 7541, 5.1", head_of(1, b"\xff" * 16384),
        bad(COMPRESSION)),
    Row("Huffman code with a wrong end", "RFC 7541, 5.2", head_of(1, b"\x48\x81\x00"),
        bad(COMPRESSION)),
    Row("a table of 8 KiB", "RFC 7541, 6.3", head_of(1, b"\x3f\xe1\x3f\x88"), bad(COMPRESSION)),
    Row("a table size change after a field", "RFC 7541, 4.2", head_of(1, b"\x88\x20"),
        bad(COMPRESSION)),
    Row("two table size changes", "RFC 7541, 4.2", head_of(1, b"\x20\x3f\xe1\x1f\x88") + data(1),
        "ok"),
    Row("16 KiB of table size changes", "RFC 7541, 4.2", head_of(1, b"\x20" * 16384),
        bad(COMPRESSION)),
    Row("long table size changes", "RFC 7541, 4.2", head_of(1, b"\x3f\x80\x00" * 3 + b"\x88"),
        bad(COMPRESSION)),
    Row("a table size change cut short", "RFC 7541, 5.1", head_of(1, b"\x3f\x80"),
        bad(COMPRESSION)),
    Row("120 KB of fields from 4 KB", "10.5.1", head_of(1, b"\x88" + INDEXED_60K), one(CALM)),
    Row("4 MB of fields from 5 KB", "10.5.1", head_of(1, b"\x88" + INDEXED_60K + b"\xbe" * 1000),
        bad(CALM)),
)  # fmt: skip

PADDING_ROWS = (
    Row("DATA with padding", "6.1", headers(1) + data(1, b"hello", pad=200), "ok"),
    Row("DATA of padding alone", "6.1", headers(1) + data(1, b"", pad=255), "ok"),
    Row("DATA padded as long as it is", "6.1", headers(1) + raw(0, 8, 1, b"\x01"), bad(PROTOCOL)),
    Row("DATA padded longer than it is", "6.1", headers(1) + raw(0, 8, 1, b"\x09abc"),
        bad(PROTOCOL)),
    Row("DATA padded, and empty", "4.2", headers(1) + raw(0, 8, 1, b""), bad(SIZE)),
    Row("HEADERS padded longer than it is", "6.2", raw(1, 0xC, 1, b"\x09\x88"), bad(PROTOCOL)),
    Row("HEADERS padded, and empty", "4.2", raw(1, 0xC, 1, b""), bad(SIZE)),
    Row("HEADERS without its priority", "4.2", raw(1, 0x24, 1, b"\x88"), bad(SIZE)),
    Row("HEADERS with padding and priority", "6.2",
        raw(1, 0x2D, 1, b"\x02\x00\x00\x00\x00\x10\x88\x00\x00"), "ok"),
    Row("empty DATA in a flood", "10.5", headers(1) + data(1, end=False) * 1101, bad(CALM)),
)  # fmt: skip

RESPONSE_ROWS = (
    Row("DATA before the head", "8.1", data(1, b"x"), one()),
    Row("trailers", "8.1", headers(1) + data(1, b"x", end=False)
        + head_of(1, block(("x-sum", "1")), end=True), "ok"),
    Row("trailers that do not end it", "8.1", headers(1) + headers(1, ("x", "y"), status=""),
        one()),
    Row("a second head", "8.1", headers(1) + headers(1, end=True), one()),
    Row("trailers with :status", "8.3", headers(1) + headers(1, end=True), one()),
    Row("trailers with Connection", "8.2.2", headers(1)
        + head_of(1, block(("connection", "close")), end=True), one()),
    Row("an interim response", "8.1", INTERIM + OK, "ok"),
    Row("100 Continue", "8.1", headers(7, status="100"), "ok"),
    Row("an interim response that ends it", "8.1", headers(1, status="103", end=True), one()),
    Row("an interim response after the head", "8.1", headers(1) + INTERIM, one()),
    Row("33 interim responses", "10.5", INTERIM * 33, one(CALM)),
    Row("68 KB of interim responses", "10.5", headers(1, ("x", BIG), status="103") * 17,
        one(CALM)),
    Row("status 101", "8.6", headers(1, status="101"), one()),
    Row("status 0", "8.3.2", headers(1, status="0", end=True), one()),
    Row("status abc", "8.3.2", headers(1, status="abc", end=True), one()),
    Row("status 099", "8.3.2", headers(1, status="099", end=True), one()),
    Row("status 2000", "8.3.2", headers(1, status="2000", end=True), one()),
    Row("status +20", "8.3.2", headers(1, status="+20", end=True), one()),
    Row("an empty status", "8.3.2", head_of(1, block((":status", "")), end=True), one()),
    Row("no status", "8.3.2", headers(1, ("server", "x"), status="", end=True), one()),
    Row("an empty block", "8.3.2", head_of(1, b"", end=True), one()),
    Row("two statuses", "8.3", headers(1, (":status", "200"), end=True), one()),
    Row("a status behind a field", "8.3", headers(1, ("a", "b"), (":status", "200"), status=""),
        one()),
    Row("a request's pseudo field", "8.3", headers(1, (":path", "/"), end=True), one()),
    Row("an unknown pseudo field", "8.3", headers(1, (":x", "y"), end=True), one()),
    Row("a name in capitals", "8.2.1", headers(1, ("Server", "x"), end=True), one()),
    Row("an empty name", "8.2.1", headers(1, ("", "x"), end=True), one()),
    Row("a name with a space", "8.2.1", headers(1, ("a b", "x"), end=True), one()),
    Row("a name with a colon", "8.2.1", headers(1, ("a:b", "x"), end=True), one()),
    Row("a name with a line end", "8.2.1", headers(1, ("a\r\nb", "x"), end=True), one()),
    Row("a name that is not ASCII", "8.2.1", headers(1, ("\xe9", "x"), end=True), one()),
    Row("a value with a line end", "8.2.1", headers(1, ("a", "x\r\nset-cookie: y"), end=True),
        one()),
    Row("a value with a NUL", "8.2.1", headers(1, ("a", "x\x00y"), end=True), one()),
    Row("a value with an escape code", "8.2.1", headers(1, ("a", "\x1b[2J"), end=True), one()),
    Row("a value that begins with a space", "8.2.1", headers(1, ("a", " x"), end=True), one()),
    Row("a value that ends with a tab", "8.2.1", headers(1, ("a", "x\t"), end=True), one()),
    Row("an empty value", "8.2.1", headers(1, ("a", ""), end=True), "ok"),
    Row("Connection", "8.2.2", headers(1, ("connection", "keep-alive"), end=True), one()),
    Row("Keep-Alive", "8.2.2", headers(1, ("keep-alive", "timeout=5"), end=True), one()),
    Row("Transfer-Encoding", "8.2.2", headers(1, ("transfer-encoding", "chunked")), one()),
    Row("Upgrade", "8.2.2", headers(1, ("upgrade", "h2c"), end=True), one()),
    Row("Proxy-Connection", "8.2.2", headers(1, ("proxy-connection", "close"), end=True), one()),
    Row("TE: gzip", "8.2.2", headers(1, ("te", "gzip"), end=True), one()),
    Row("TE: trailers", "8.2.2", headers(1, ("te", "trailers"), end=True), "ok"),
    Row("a length that is true", "8.1.1", length("5", b"he", b"llo"), "ok"),
    Row("a length that is too long, ended by DATA", "8.1.1", length("6", b"abc"), one()),
    Row("a length that is too long, ended by HEADERS", "8.1.1", length("6"), one()),
    Row("a length that is too long, ended by trailers", "8.1.1",
        length("6", b"abc", trailers=True), one()),
    Row("a length that is too short", "8.1.1", length("2", b"abc"), one()),
    Row("a length that is too short, before the end", "8.1.1",
        headers(1, ("content-length", "2")) + data(1, b"abc", end=False), one()),
    Row("a length of 0 with DATA", "8.1.1", length("0", b"abc"), one()),
    Row("a length of -1", "8.1.1", length("-1", b"abc"), one()),
    Row("a length in hexadecimal", "8.1.1", length("0x3", b"abc"), one()),
    Row("a length of two numbers", "8.1.1", length("3, 3", b"abc"), one()),
    Row("two lengths", "8.1.1", headers(1, ("content-length", "1"), ("content-length", "1"))
        + data(1, b"x"), one()),
    Row("a length of 2^63", "8.1.1", length("9223372036854775808", b"abc"), one()),
    Row("a length of 2^63 in the answer to HEAD", "8.1.1",
        headers(5, ("content-length", "9223372036854775808"), end=True), one(stream=5)),
    Row("a length of a thousand digits", "8.1.1", length("9" * 1000, b"abc"), one()),
    Row("204 with DATA", "8.1.1", headers(1, status="204") + data(1, b"x"), one()),
    Row("304 with DATA", "8.1.1", headers(1, status="304") + data(1, b"x"), one()),
    Row("304 with a length", "8.1.1", headers(1, ("content-length", "9"), status="304", end=True),
        "ok"),
    Row("204 with a length", "8.1.1", headers(1, ("content-length", "9"), status="204", end=True),
        one()),
    Row("204 with a length of 0", "8.1.1", headers(1, ("content-length", "0"), status="204",
        end=True), "ok"),
    Row("an interim response with a length", "8.1.1", headers(1, ("content-length", "0"),
        status="103"), one()),
    Row("trailers with a length", "8.1.1", headers(1) + data(1, b"x", end=False)
        + head_of(1, block(("content-length", "1")), end=True), one()),
    Row("trailers with a length of 0", "8.1.1", headers(1)
        + head_of(1, block(("content-length", "0")), end=True), one()),
    Row("204 ended by empty DATA", "8.1.1", headers(1, status="204") + data(1), "ok"),
    Row("DATA in the answer to HEAD", "8.1.1", headers(5) + data(5, b"x"), one(stream=5)),
    Row("a length in the answer to HEAD", "8.1.1", headers(5, ("content-length", "9"), end=True),
        "ok"),
    Row("an answer to HEAD ended by empty DATA", "8.1.1", headers(5, ("content-length", "9"))
        + data(5), "ok"),
    Row("66 KB of small fields", "10.5.1", head_of(1, b"\x88" + b"\x00\x01a\x00" * 2000),
        one(CALM)),
)  # fmt: skip

ROWS = (
    *SETTINGS_ROWS,
    *FRAME_ROWS,
    *GOAWAY_ROWS,
    *STREAM_ROWS,
    *BLOCK_ROWS,
    *PADDING_ROWS,
    *RESPONSE_ROWS,
)
