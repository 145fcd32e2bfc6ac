"""Making the session that a connection is to hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pooltop.engine.h2.guard import GuardedSession
from pooltop.engine.h2.lib_machine import LibMachine

if TYPE_CHECKING:
    from pooltop.engine.h2.session import Session, SessionOptions, SessionSink


def make_session(sink: SessionSink, options: SessionOptions | None = None) -> Session:
    """Give a new guarded session for one connection; ``options`` default to undici's."""
    return GuardedSession(LibMachine(), sink, options)
