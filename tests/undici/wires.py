"""The requests and the connections of a replayed scenario, as both of their ends know them."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from support.scripted import FIN, RST, Said
from undici.responses import Responses
from undici.sessions import Talk

if TYPE_CHECKING:
    from pooltop.core.model import RequestId, SocketId


@dataclass
class Asked:
    """A request of the scenario."""

    name: str
    id: RequestId
    is_head: bool
    is_upgrade: bool
    servername: str
    pieces: int | None = None
    """Of a streamed body: how many are there; None for one that is not streamed."""
    body_is_over: bool = False
    is_done: bool = False
    wire: Wire | None = None
    """That it was last written to."""
    nth: int = 0
    close: bool = False
    """It was last written with Connection: close."""
    server: Wire | None = None
    """On which the server last saw it."""
    answered: bool = False
    rest: list[Said] = field(default_factory=list)
    """What remains of a ``part`` response."""
    status: int = 0

    # Of HTTP/2 alone.
    stream: int = 0
    """That it was last sent on."""
    left: int | None = None
    """Octets to come of its response; None before the head, and without a length."""
    heard_at: float = 0.0


@dataclass
class Wire:
    """One connection, both ends."""

    id: SocketId
    origin: str
    is_up: bool = False
    is_destroyed: bool = False
    """By the client."""
    is_gone: bool = False
    is_ended: bool = False
    """By the server."""
    is_taken: bool = False
    """An upgrade's caller has it."""
    carried: int = 0
    front: deque[Asked] = field(default_factory=deque)
    """Written and not answered to the end, the next to be answered at the head."""
    seen: set[str] = field(default_factory=set)
    """Requests that its server saw."""
    is_reset: bool = False
    """By the server."""
    asks_upgrade: bool = False
    """Its server saw an upgrade, and takes what is behind it for another protocol."""
    inbound: deque[Said] = field(default_factory=deque)
    responses: Responses = field(default_factory=Responses)
    heard_at: float = 0.0
    talk: Talk | None = None
    """Of HTTP/2."""

    @property
    def serves(self) -> bool:
        """The server can say something on it."""
        return self.is_up and not self.is_destroyed and not self.is_gone and not self.is_ended

    def say(self, said: Said) -> None:
        """Have the server say something; what it says in one turn is read at once."""
        last = self.inbound[-1] if self.inbound else None
        if isinstance(said, str) and isinstance(last, str):
            self.inbound[-1] = last + said
        else:
            self.inbound.append(said)
        self.is_ended = self.is_ended or said is FIN or said is RST
        self.is_reset = self.is_reset or said is RST
