"""pooltop's own clocks of a dial: those of its phases, and the one over all of them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pooltop.core.model import Timeouts
from pooltop.errors import ConnectTimeout

if TYPE_CHECKING:
    from pooltop.engine.connection import Connection

Deadline = tuple[str, float]
"""A clock's name, and when it runs out."""
NEVER: Deadline = ("", math.inf)


def dialling(timeouts: Timeouts, connection: Connection) -> Iterator[Deadline]:
    """Give the clocks of a dial, the phase's own before the one over all phases."""
    phase = connection.phase
    # A tunnel has no clock of its own in seconds: the agent's timeout ends it (via_proxy.py).
    own: float | None = None if phase == "tunnel" else getattr(timeouts, phase)
    if own is not None:
        yield phase, connection.phase_at + own
    if timeouts.connect is not None:
        yield "connect", connection.opened_at + timeouts.connect


def connect_timeout(clock: str, timeouts: Timeouts, connection: Connection) -> ConnectTimeout:
    """Give the error of a dial whose clock ran out, its present phase and what came before."""
    return ConnectTimeout(
        connection.origin.label,
        clock=clock,
        after_s=getattr(timeouts, clock),
        phase=connection.phase,
        dns_s=connection.dns_s,
        tcp_s=connection.tcp_s,
    )
