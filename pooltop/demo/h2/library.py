"""The h2 library's server side, set up for one connection.

It decompresses and judges requests, compresses responses, keeps both sides' windows and the
states of streams. Four of its habits would cost honest clients their connection, and so it is not
told everything (session.py):

- Any GOAWAY closes it, accepted streams included (python-hyper/h2#1181).
- A stream beyond MAX_CONCURRENT_STREAMS ends the connection, where RFC 9113 (5.1.2) has
  REFUSED_STREAM, too: it knows of no limit.
- What came before a fault in the same octets is lost: it is given single frames.
- It keeps all settings that the peer sends, and compresses with as large a table as it is allowed.
"""

from __future__ import annotations

from typing import Final

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.settings import SettingCodes, Settings
from hyperframe.frame import HeadersFrame, SettingsFrame

from pooltop.engine.h2 import frames
from pooltop.engine.h2.blocks import MAX_BLOCK_OCTETS, Block
from pooltop.engine.h2.frames import Frame
from pooltop.engine.h2.guard import MAGIC

MAX_FIELD_OCTETS: Final = 64 * 1024
"""Of a request's fields, decompressed; a larger head ends the connection."""
_MAX_TABLE: Final = 4096
_HEARD_SETTINGS: Final = frozenset(
    {
        SettingCodes.HEADER_TABLE_SIZE,
        SettingCodes.ENABLE_PUSH,
        SettingCodes.INITIAL_WINDOW_SIZE,
        SettingCodes.MAX_FRAME_SIZE,
    }
)


class Library(H2Connection):
    """One connection's server side, which says nothing of its own accord yet."""

    MAX_CLOSED_STREAMS = 256  # of 65,536: 5 MB a connection

    def __init__(self) -> None:
        """Be where the client's preface has come and our SETTINGS have been sent."""
        super().__init__(
            H2Configuration(
                client_side=False,
                header_encoding=None,
                validate_outbound_headers=False,
                normalize_outbound_headers=False,
            )
        )
        self.local_settings = Settings(
            client=False, initial_values={SettingCodes.MAX_HEADER_LIST_SIZE: MAX_FIELD_OCTETS}
        )
        # Whole header blocks come in one frame; how long those of the peer may be is judged before.
        self.max_inbound_frame_size = MAX_BLOCK_OCTETS + frames.MAX_FRAME_SIZE
        self.receive_data(MAGIC)


def octets_of_block(block: Block) -> bytes:
    """Give one HEADERS frame with a header block that came in several, without its padding."""
    flags = ["END_HEADERS", "END_STREAM"] if block.ends else ["END_HEADERS"]
    return HeadersFrame(block.stream, data=block.octets, flags=flags).serialize()


def octets_of_settings(payload: bytes) -> bytes:
    """Give a SETTINGS frame with what matters of the peer's; of two values the later counts."""
    heard: dict[int, int] = {}
    for at in range(0, len(payload), 6):
        code = int.from_bytes(payload[at : at + 2], "big")
        value = int.from_bytes(payload[at + 2 : at + 6], "big")
        if code == SettingCodes.HEADER_TABLE_SIZE:
            value = min(value, _MAX_TABLE)
        if code in _HEARD_SETTINGS:
            heard[code] = value
    return SettingsFrame(0, settings=heard).serialize()


def octets_of(frame: Frame) -> bytes:
    """Give a frame as it came."""
    head = len(frame.payload).to_bytes(3, "big") + bytes((frame.kind, frame.flags))
    return head + frame.stream.to_bytes(4, "big") + frame.payload
