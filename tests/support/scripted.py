"""Servers of a scenario: they say only what a step has them say, and tell what they see.

A session has the origins, hears what arrives and keeps a pulse: a number that goes up with whatever
is observed, so that it can wait until nothing is.
"""

from __future__ import annotations

import asyncio
import os
import re
import socket
import ssl
import struct
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from support.scripted_h2 import Talk

from pooltop.core.model import Origin
from pooltop.engine.resolver import Address

HEAD_END = b"\r\n\r\n"
LAST_CHUNK_RE = re.compile(rb"(?:^|\r\n)0\r\n\r\n")
FIN, RST = object(), object()
Said = str | object
"""Octets, FIN or RST."""


class Session(Protocol):
    """Whose servers they are."""

    pulse: int

    @property
    def origins(self) -> Mapping[str, ScriptedOrigin]:
        """By their names in the scenario."""

    def arrived(self, served: Served, head: str) -> None:
        """Be told of a request over HTTP/1.1, when its head is here."""

    def arrived_on(self, served: Served, target: str, stream: int) -> None:
        """Be told of a request over HTTP/2."""

    def heard_frame(self, served: Served, frame: dict[str, Any]) -> None:
        """Be told of a RST_STREAM, a PING or a GOAWAY."""


class Requests:
    """Cuts the heads of requests out of what one connection says."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._buffer = b""
        self._left: int | None = 0
        """Octets of a body to come; None while there are chunks."""
        self._is_switched = False
        """What follows is no HTTP."""

    def feed(self, data: bytes) -> None:
        self._buffer += data
        while self._buffer and not self._is_switched and self._step():
            pass

    def _step(self) -> bool:
        if self._left is None:
            end = LAST_CHUNK_RE.search(self._buffer)
            if end is None:
                return False
            self._buffer = self._buffer[end.end() :]
            self._left = 0
            return True
        if self._left:
            taken = min(self._left, len(self._buffer))
            self._left -= taken
            self._buffer = self._buffer[taken:]
            return True
        octets, found, rest = self._buffer.partition(HEAD_END)
        if not found:
            return False
        self._buffer = rest
        head = octets.decode("latin-1")
        if re.match(r"\S+ /", head) is None:
            self._is_switched = True  # the preface of HTTP/2
            return False
        length = field_of(head, "content-length")
        self._left = None if field_of(head, "transfer-encoding") else int(length or 0)
        self._is_switched = field_of(head, "upgrade") is not None
        self._tell(head)
        return True


def field_of(head: str, name: str) -> str | None:
    """Give a field of a request's head, in lower case."""
    found = re.search(rf"^{name}: *(.*)$", head, re.IGNORECASE | re.MULTILINE)
    return found[1].strip().lower() if found else None


class Served(asyncio.Protocol):
    """One connection, as the server sees it."""

    def __init__(self, session: Session, origin: ScriptedOrigin) -> None:
        self.session = session
        self.origin = origin
        self.transport: asyncio.Transport
        self.port = 0
        self.requests = Requests(lambda head: session.arrived(self, head))
        self.talk: Talk | None = None
        """Of HTTP/2."""
        self.read = 0
        self.wrote = 0
        self.ended = False
        self.gone = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.port = transport.get_extra_info("peername")[1]
        self.origin.by_port[self.port] = self
        self.session.pulse += 1
        secured = transport.get_extra_info("ssl_object")
        spec = self.origin.spec
        if spec.get("h2c") or (secured and secured.selected_alpn_protocol() == "h2"):
            self.talk = Talk(self, spec.get("maxStreams"), is_mute=bool(spec.get("mute")))

    def data_received(self, data: bytes) -> None:
        self.session.pulse += 1
        self.read += len(data)
        if self.talk is None:
            self.requests.feed(data)
        else:
            self.talk.receive(data)

    def eof_received(self) -> bool:
        self.session.pulse += 1
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self.session.pulse += 1
        self.gone = True

    def say(self, said: Said) -> None:
        if isinstance(said, str):
            self.write(said)
        elif said is FIN:
            self.end()
        else:
            self.reset()

    def write(self, text: str) -> None:
        if self.ended:
            self.transport.close()  # Node's write after end destroys the socket
            return
        data = text.encode("latin-1")
        self.wrote += len(data)
        self.transport.write(data)

    def end(self) -> None:
        self.ended = True
        if self.transport.can_write_eof():
            self.transport.write_eof()
        else:
            self.transport.close()  # TLS: it waits for the other side, having said that it ends

    def reset(self) -> None:
        sock = self.transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()
        # Now, as in Node: the transport itself closes it in the next turn of the loop.
        with open(os.devnull, "rb") as nothing:
            os.dup2(nothing.fileno(), sock.fileno())
        self.gone = True


class ScriptedOrigin:
    """One listener; its name look-ups can be held."""

    def __init__(
        self,
        session: Session,
        name: str,
        spec: dict[str, Any],
        context: ssl.SSLContext | None = None,
    ) -> None:
        self.session = session
        self.name = name
        self.host = f"{name}.test"
        self.spec = spec
        self.gate = bool(spec.get("gate"))
        self.held: list[asyncio.Future[None]] = []
        self.by_port: dict[int, Served] = {}
        self.port = 0
        self.server: asyncio.Server | None = None
        self.context = context
        """For https; None for http."""

    @property
    def origin(self) -> Origin:
        """Where it is, once it listens."""
        scheme = "http" if self.context is None else "https"
        return Origin(scheme=scheme, host=self.host, port=self.port)

    @property
    def url(self) -> str:
        return f"{self.origin.scheme}://{self.origin.authority}"

    async def listen(self) -> None:
        self.server = await asyncio.get_running_loop().create_server(
            lambda: Served(self.session, self), "127.0.0.1", self.port, ssl=self.context
        )
        self.port = self.server.sockets[0].getsockname()[1]

    def unlisten(self) -> None:
        assert self.server is not None
        self.server.close()
        self.server = None

    def stop(self) -> None:
        """End it, and what is still connected to it."""
        if self.server is not None:
            self.server.close()
        for served in self.by_port.values():
            if not served.gone:
                served.transport.abort()

    def release(self, count: int) -> list[asyncio.Future[None]]:
        """Give the oldest look-ups that are held, held no longer; fewer if there are no more."""
        alive = [held for held in self.held if not held.done()]
        self.held = alive[count:]
        return alive[:count]


class Gates:
    """The resolver: every origin is at 127.0.0.1; a gated one's look-ups wait."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def resolve(self, host: str, port: int, family: object) -> tuple[Address, ...]:
        del family
        origin = next(o for o in self._session.origins.values() if o.host == host)
        if origin.gate:
            held = asyncio.get_running_loop().create_future()
            origin.held.append(held)
            await held
        return (Address(family=socket.AF_INET, host="127.0.0.1", port=port),)


def response_of(step: dict[str, Any], *, is_head: bool) -> tuple[list[Said], list[Said]]:
    """Give what a server says for a ``respond``: now, and with ``finish``."""
    end: list[Said] = [FIN] if step.get("end") else []
    if "raw" in step:
        return [step["raw"], *end], []
    framing = step.get("framing", "length")
    is_bare = framing == "none" or is_head
    body = "" if framing == "none" else step.get("body", "ok-body!")
    headers = dict(step.get("headers") or {})
    if framing == "length":
        headers["content-length"] = str(len(body))
    if framing == "chunked":
        headers["transfer-encoding"] = "chunked"
    head = f"HTTP/{step.get('version', '1.1')} {step.get('status', 200)} X\r\n"
    head += "".join(f"{k}: {v}\r\n" for k, v in headers.items()) + "\r\n"

    def piece(text: str) -> str:
        return f"{len(text):x}\r\n{text}\r\n" if framing == "chunked" else text

    tail = "0\r\n\r\n" if framing == "chunked" else ""
    half = len(body) >> 1
    if is_bare:
        return [head, *end], []
    if step.get("part"):
        return [head + piece(body[:half])], [piece(body[half:]) + tail, *end]
    return [head + piece(body) + tail, *end], []
