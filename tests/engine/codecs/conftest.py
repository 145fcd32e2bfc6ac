"""What the codec tests share: a sink that keeps what it is told, and a way to feed octets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pytest
from support.transcript import Transcript

from pooltop.engine.codecs.factory import make_codec, make_pipelined
from pooltop.engine.request import prepare
from pooltop.errors import PeerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pooltop.engine.codecs.base import Codec, PreparedRequest


@dataclass
class Talk:
    """One codec and the exchanges made through it."""

    codec: Codec
    error: PeerError | None = None

    def begin(self, method: str = "GET", *, keep_alive: bool = True, **more: str) -> Transcript:
        """Start an exchange; ``more`` is for ``prepare``."""
        transcript = Transcript()
        request = prepare(method, "/", host_header="a", keep_alive=keep_alive, **more)
        self.codec.start(request, transcript)
        return transcript

    def feed(self, pieces: Iterable[bytes], *, eof: bool = False) -> None:
        """Receive pieces, and the end; keep the error if there is one."""
        try:
            for piece in pieces:
                self.codec.receive(memoryview(piece))
            if eof:
                self.codec.receive_eof()
        except PeerError as exc:
            self.error = exc

    def get(self, octets: bytes, method: str = "GET", *, eof: bool = False) -> Transcript:
        """Make one whole exchange, the response in one piece."""
        transcript = self.begin(method)
        self.feed([octets], eof=eof)
        if self.error is not None:
            raise self.error
        return transcript


@pytest.fixture(params=["h11", "llhttp"])
def codec_name(request: pytest.FixtureRequest) -> Literal["h11", "llhttp"]:
    """Each codec in turn."""
    return request.param


@pytest.fixture(params=[make_codec, make_pipelined])
def talk(codec_name: Literal["h11", "llhttp"], request: pytest.FixtureRequest) -> Talk:
    """A new connection's codec, for one request at a time and for several."""
    return Talk(request.param(codec_name))


@pytest.fixture
def new_talk() -> Callable[[Literal["h11", "llhttp"]], Talk]:
    """Makes talks by codec name, for tests that compare two."""
    return lambda name: Talk(make_codec(name))


@pytest.fixture
def streamed() -> Callable[..., PreparedRequest]:
    """Makes requests whose body is streamed."""
    return lambda *headers: prepare(
        "POST", "/", headers, host_header="a", keep_alive=True, streamed=True
    )


@pytest.fixture
def transcript() -> Transcript:
    """A sink for one exchange."""
    return Transcript()
