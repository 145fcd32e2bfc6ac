"""Which frame may come when, by its head alone.

Source: RFC 9113 sections 3.4, 5.1, 6.6 and 6.10.
"""

from __future__ import annotations

from typing import Final

from h2.errors import ErrorCodes

from pooltop.engine.codecs.strangers import name_stranger
from pooltop.engine.h2 import frames
from pooltop.engine.h2.faults import SessionFault
from pooltop.engine.h2.frames import Head, name_of

_SHOWN_OCTETS: Final = 64
_OF_OPEN_STREAMS: Final = frozenset(
    {frames.DATA, frames.HEADERS, frames.RST_STREAM, frames.WINDOW_UPDATE}
)


def check_opening(data: memoryview) -> None:
    """Refuse a peer whose first octet cannot be that of a SETTINGS frame we would take.

    Raises:
        SessionFault: PROTOCOL_ERROR, with what the peer seems to speak.
    """
    if data[0] == 0:
        return
    octets = bytes(data[:_SHOWN_OCTETS])
    words = "speaks HTTP/1.1" if octets.startswith(b"HTTP/1.") else name_stranger(octets)
    raise SessionFault(ErrorCodes.PROTOCOL_ERROR, f"no HTTP/2: the peer {words}", "3.4")


def check_first(head: Head) -> None:
    """Refuse a first frame that is no SETTINGS, or only acknowledges some.

    Raises:
        SessionFault: PROTOCOL_ERROR.
    """
    if head.kind != frames.SETTINGS or head.flags & frames.ACK or head.stream:
        raise SessionFault(
            ErrorCodes.PROTOCOL_ERROR,
            f"the peer's first frame is no SETTINGS but {name_of(head.kind)}",
            "3.4",
        )


def check_order(head: Head, *, block: int, unopened: int) -> None:
    """Refuse a frame that may not come now.

    Args:
        head: the frame's.
        block: the stream whose header block is under way; 0 if none is.
        unopened: the lowest stream that we have not opened.

    Raises:
        SessionFault: PROTOCOL_ERROR.
    """
    kind = head.kind
    stream = head.stream
    is_more = kind == frames.CONTINUATION
    if block and not (is_more and stream == block):
        raise SessionFault(
            ErrorCodes.PROTOCOL_ERROR, f"{name_of(kind)} inside a header block", "6.10"
        )
    if is_more and not block:
        raise SessionFault(ErrorCodes.PROTOCOL_ERROR, "CONTINUATION of no header block", "6.10")
    if kind == frames.PUSH_PROMISE:
        raise SessionFault(ErrorCodes.PROTOCOL_ERROR, "PUSH_PROMISE although push is off", "6.6")
    if kind in _OF_OPEN_STREAMS and stream and (stream >= unopened or not stream & 1):
        raise SessionFault(
            ErrorCodes.PROTOCOL_ERROR,
            f"{name_of(kind)} on stream {stream}, which nobody opened",
            "5.1",
        )
