"""What the clocks of ``[agents.NAME.timeouts]`` mean, in the words of the help page."""

from __future__ import annotations

from typing import NamedTuple


class Clock(NamedTuple):
    """One key of the table."""

    name: str
    meaning: str


MODES = (
    Clock(
        "fail",
        "the default: a clock that runs out fails the request, destroys its socket and so frees "
        "its slot. Counted as a failure under the clock's name.",
    ),
    Clock(
        "node",
        "what Node does: idle is its request option timeout, and raises an event (SILENT in the "
        "log); the request goes on and keeps its socket. The other clocks do not exist.",
    ),
)
CLOCKS = (
    Clock("queue", "from entering the queue to being given a socket"),
    Clock("connect", "from the dial's start until the connection carries bytes: dns, tcp, tls"),
    Clock("dns tcp tls", "one phase of the dial alone, each with a limit of its own"),
    Clock(
        "idle",
        "between two bytes on the socket while the request has it, until its response is read "
        "and all of it was sent; our own slow reader stops it",
    ),
    Clock("total", "from the intended start, the queue included, to the response's last byte"),
    Clock(
        "free",
        "while a socket is idle: it is closed, no request fails. The agent's timeout and the "
        "server's hint count beside it, the shortest wins",
    ),
)
