"""Both codecs give the same events for the same octets, however they are cut, right or wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import h11
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn

TOKENS = st.text("abcXYZ019-_!~", min_size=1, max_size=8).map(str.encode)
TEXTS = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0xFF).filter(
        lambda c: not 0x7F <= ord(c) <= 0x9F
    ),
    max_size=12,
).map(lambda text: text.encode("latin-1"))
SPACES = st.sampled_from([b"", b" ", b"  ", b"\t"])
FRAMING_NAMES = {
    b"connection",
    b"content-length",
    b"keep-alive",
    b"proxy-connection",
    b"transfer-encoding",
    b"upgrade",
}
SETTINGS = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
HOSTILE = st.sampled_from(
    [
        b"\r", b"\n", b"\r\n", b"\r\n\r\n", b"\0", b" ", b"\t", b":", b";", b",", b"\x1b", b"\x7f",
        b"\x80", b"0", b"5", b"f", b"-", b"+", b'"', b"\\", b"0\r\n\r\n", b"Content-Length: 3\r\n",
        b"Transfer-Encoding: chunked\r\n", b"Connection: close\r\n", b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.0 ", b"HTTP/1.1 100 C\r\n\r\n", b"HTTP/1.1 101 S\r\n\r\n", b"Upgrade: x\r\n",
        b"Connection: upgrade\r\n", b"Proxy-Connection: close\r\n", b"\r\n x",
    ]
)  # fmt: skip


@st.composite
def fields(draw: DrawFn) -> bytes:
    """Some header fields that frame nothing."""
    return b"".join(
        name + b":" + draw(SPACES) + draw(TEXTS) + draw(SPACES) + b"\r\n"
        for name in draw(st.lists(TOKENS, max_size=4))
        if name.lower() not in FRAMING_NAMES
    )


@st.composite
def responses(draw: DrawFn) -> bytes:
    """A legal response that something other than the end of the connection ends."""
    version = draw(st.sampled_from([b"1.0", b"1.1"]))
    status = draw(st.sampled_from([200, 201, 204, 304, 404, 500, 999]))
    octets = b"".join(
        b"HTTP/1.1 %d %b\r\n%b\r\n" % (interim, draw(TEXTS), draw(fields()))
        for interim in draw(st.lists(st.sampled_from([100, 102, 103, 199]), max_size=2))
    )
    octets += b"HTTP/%b %d %b\r\n" % (version, status, draw(TEXTS)) + draw(fields())
    octets += draw(
        st.sampled_from(
            [
                b"",
                b"Connection: close\r\n",
                b"connection:Keep-Alive\r\n",
                b"Keep-Alive: timeout=5\r\n",
            ]
        )
    )
    if status in {204, 304}:
        return octets + b"\r\n"
    body = draw(st.binary(max_size=40))
    if version == b"1.0" or draw(st.booleans()):
        return octets + b"Content-Length: %d\r\n\r\n" % len(body) + body
    octets += b"Transfer-Encoding: chunked\r\n" + draw(fields()) + b"\r\n"
    while body:
        size = draw(st.integers(1, len(body)))
        extension = draw(st.sampled_from([b"", b";a", b";a=b", b';a="b c";d']))
        octets += b"%x%b\r\n%b\r\n" % (size, extension, body[:size])
        body = body[size:]
    return octets + b"0\r\n" + draw(fields()) + b"\r\n"


@st.composite
def cut(draw: DrawFn, octets: bytes) -> list[bytes]:
    """The octets in pieces."""
    places = sorted(draw(st.sets(st.integers(0, len(octets)), max_size=6)))
    ends = [*places, len(octets)]
    return [octets[a:b] for a, b in zip([0, *places], ends, strict=True)]


@st.composite
def broken_responses(draw: DrawFn) -> bytes:
    """A response with something put in, taken out or put twice."""
    octets = draw(responses())
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(octets)))
        width = draw(st.integers(0, 12))
        put = draw(st.one_of(HOSTILE, st.binary(max_size=3), st.just(octets[at : at + width])))
        taken = draw(st.sampled_from([0, 0, 1, width]))
        octets = octets[:at] + put + octets[at + taken :]
    return octets


def verdict(talk: Any, pieces: list[bytes], method: str) -> tuple[Any, ...]:
    """What became of the octets, followed by the end of input.

    A verdict to keep that was given before the surplus came counts as one not to keep.
    """
    transcript = talk.begin(method)
    talk.feed(pieces)
    kept = talk.codec.is_idle
    talk.feed([], eof=True)
    if transcript.end is None:
        return ("refused", talk.error.code)
    return ("delivered", *transcript.events[:-1], kept)


@SETTINGS
@given(data=st.data(), octets=responses(), method=st.sampled_from(["GET", "HEAD"]))
def test_both_codecs_give_the_same_events_for_a_legal_response(
    new_talk: Any, data: Any, octets: bytes, method: str
) -> None:
    if method == "HEAD":
        interims = octets.split(b"\r\n\r\n")
        last = next(i for i, head in enumerate(interims) if int(head[9:12]) >= 200)
        octets = b"\r\n\r\n".join([*interims[: last + 1], b""])
    pieces = data.draw(cut(octets))
    transcripts = []
    for name in ("h11", "llhttp"):
        talk = new_talk(name)
        transcript = talk.begin(method)
        talk.feed(pieces)
        assert talk.error is None
        assert transcript.end is not None
        assert transcript.end.keep is talk.codec.is_idle
        transcripts.append(transcript.events)

    assert transcripts[0] == transcripts[1]


@SETTINGS
@given(data=st.data(), octets=broken_responses(), method=st.sampled_from(["GET", "HEAD"]))
def test_both_codecs_and_all_cuts_give_one_verdict_for_a_broken_response(
    new_talk: Any, data: Any, octets: bytes, method: str
) -> None:
    cuts = [[octets], [octets[at : at + 1] for at in range(len(octets))], data.draw(cut(octets))]

    verdicts = {
        verdict(new_talk(name), pieces, method) for name in ("h11", "llhttp") for pieces in cuts
    }

    assert len(verdicts) == 1, verdicts
    assert ("refused", "HPE_INTERNAL") not in verdicts


@SETTINGS
@given(octets=responses())
def test_a_head_says_what_h11_alone_reads_in_it(new_talk: Any, octets: bytes) -> None:
    talk = new_talk("llhttp")
    transcript = talk.begin()
    talk.feed([octets])
    reader = h11.Connection(h11.CLIENT)
    reader.send(h11.Request(method="GET", target="/", headers=[("host", "a")]))
    reader.receive_data(octets)

    for head in transcript.heads:
        event = reader.next_event()
        assert event.status_code == head.status
        assert event.reason == head.reason
        assert list(event.headers) == [
            (name, value.lower() if name == b"transfer-encoding" else value)
            for name, value in head.headers
        ]
