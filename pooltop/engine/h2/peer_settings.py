"""The peer's SETTINGS: read, judged, and kept for whoever shows them.

Source: RFC 9113 section 6.5.2; RFC 8441 section 3.
"""

from __future__ import annotations

from struct import Struct
from typing import Final

import msgspec
from h2.errors import ErrorCodes
from h2.settings import SettingCodes

from pooltop.engine.h2.faults import SessionFault
from pooltop.engine.h2.frames import MAX_FRAME_SIZE

MAX_WINDOW: Final = 2**31 - 1
_MAX_MAX_FRAME_SIZE: Final = 2**24 - 1
_ENTRY: Final = Struct(">HL")


class PeerSettings(msgspec.Struct, frozen=True):
    """What the peer allows us; the defaults are what holds before it says so."""

    header_table_size: int = 4096
    """Octets of HPACK table we may use of its memory."""
    max_concurrent_streams: int | None = None
    """Streams we may have open at once; None is no limit, 0 is none."""
    initial_window_size: int = 65_535
    """Octets of request body a stream may send before the peer gives more."""
    max_frame_size: int = MAX_FRAME_SIZE
    max_header_list_size: int | None = None
    """Octets of request head it takes, by its own word; None is no limit."""
    enable_connect_protocol: bool = False


_FIELDS: Final = {
    SettingCodes.HEADER_TABLE_SIZE: "header_table_size",
    SettingCodes.MAX_CONCURRENT_STREAMS: "max_concurrent_streams",
    SettingCodes.INITIAL_WINDOW_SIZE: "initial_window_size",
    SettingCodes.MAX_FRAME_SIZE: "max_frame_size",
    SettingCodes.MAX_HEADER_LIST_SIZE: "max_header_list_size",
    SettingCodes.ENABLE_CONNECT_PROTOCOL: "enable_connect_protocol",
}


def read_settings(payload: bytes, before: PeerSettings) -> PeerSettings:
    """Give the settings after a SETTINGS frame; what is unknown in it is passed over.

    Raises:
        SessionFault: a value that is not allowed.
    """
    changes: dict[str, int | bool] = {}
    for code, value in _ENTRY.iter_unpack(payload):
        _check(code, value)
        name = _FIELDS.get(code)
        if name is not None:
            changes[name] = value
    connects = changes.get("enable_connect_protocol")
    if connects is not None:
        if before.enable_connect_protocol and not connects:
            raise _refused("ENABLE_CONNECT_PROTOCOL taken back", ErrorCodes.PROTOCOL_ERROR)
        changes["enable_connect_protocol"] = bool(connects)
    return msgspec.structs.replace(before, **changes)


def _check(code: int, value: int) -> None:
    if code == SettingCodes.ENABLE_PUSH and value:
        raise _refused(f"ENABLE_PUSH {value} from a server", ErrorCodes.PROTOCOL_ERROR)
    if code == SettingCodes.INITIAL_WINDOW_SIZE and value > MAX_WINDOW:
        raise _refused(f"INITIAL_WINDOW_SIZE {value}", ErrorCodes.FLOW_CONTROL_ERROR)
    if code == SettingCodes.MAX_FRAME_SIZE and not MAX_FRAME_SIZE <= value <= _MAX_MAX_FRAME_SIZE:
        raise _refused(f"MAX_FRAME_SIZE {value}", ErrorCodes.PROTOCOL_ERROR)
    if code == SettingCodes.ENABLE_CONNECT_PROTOCOL and value > 1:
        raise _refused(f"ENABLE_CONNECT_PROTOCOL {value}", ErrorCodes.PROTOCOL_ERROR)


def _refused(words: str, reason: ErrorCodes) -> SessionFault:
    return SessionFault(reason, f"SETTINGS with {words}", "6.5.2")
