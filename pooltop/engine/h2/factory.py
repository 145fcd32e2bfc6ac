"""Making the session that a connection is to hold, by the name of what speaks HTTP/2 in it.

"h2" is the h2 library, which every install has. "nghttp2" is libnghttp2, Node's own engine, which
takes a quarter of the time; the extra ``h2fast`` installs it, and it is used where it is there.
One guard judges the peer over either, so that a connection's fate does not depend on the name.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, assert_never

from pooltop.engine.h2.guard import GuardedSession
from pooltop.errors import UsageError

if TYPE_CHECKING:
    from pooltop.core.model import H2Codec
    from pooltop.engine.h2.machine import Machine
    from pooltop.engine.h2.session import Session, SessionOptions, SessionSink


_MISSING = 'the HTTP/2 codec nghttp2 needs the extra "h2fast": pip install "pooltop[h2fast]"'


@cache
def default_codec() -> H2Codec:
    """Give the fastest that is installed."""
    try:
        import_module("ngh2")
    except ImportError:
        return "h2"
    return "nghttp2"


def make_session(
    sink: SessionSink,
    options: SessionOptions | None = None,
    *,
    codec: H2Codec | None = None,
) -> Session:
    """Give a new guarded session for one connection.

    Args:
        sink: who is told what concerns the connection.
        options: None is undici's.
        codec: None is the fastest that is installed.

    Raises:
        UsageError: ``codec`` is not installed.
    """
    return GuardedSession(_make_machine(codec or default_codec()), sink, options)


def _make_machine(codec: H2Codec) -> Machine:
    match codec:
        case "h2":
            from pooltop.engine.h2.lib_machine import LibMachine  # noqa: PLC0415 - one of two

            return LibMachine()
        case "nghttp2":
            try:
                from pooltop.engine.h2.ng_machine import NgMachine  # noqa: PLC0415 - optional
            except ImportError as exc:
                raise UsageError(_MISSING) from exc
            return NgMachine()
        case _:
            assert_never(codec)
