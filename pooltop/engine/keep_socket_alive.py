"""The caller's word on every socket that is about to become idle: Node's ``keepSocketAlive``."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable

from pooltop.core.model import SocketId
from pooltop.engine.options import MOST_TIMEOUT_MS

KeepSocketAlive = Callable[[SocketId], bool | float | None]
"""False closes the socket, a number is its idle timeout in ms, 0 for none; else options decide."""

_log = logging.getLogger(__name__)


def guarded(hook: KeepSocketAlive) -> KeepSocketAlive:
    """Make a caller's function one that the pool can ask: it does not raise, nor talk nonsense.

    Args:
        hook: what it raises is logged, and closes; no number of 0 or more and no bool: as None.
    """

    def ask(socket: SocketId) -> bool | float | None:
        try:
            answer = hook(socket)
        except Exception:  # noqa: BLE001 - whatever it raises
            _log.exception("keep_socket_alive raised: the socket is closed")
            return False
        # Callers are not all checked by a type checker: what means nothing changes nothing.
        if isinstance(answer, (int, float)) and 0 <= answer < math.inf:
            return min(answer, MOST_TIMEOUT_MS)
        return None

    return ask
