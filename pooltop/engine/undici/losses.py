"""In which words of undici's a lost connection is told: they decide who fails with it.

UND_ERR_SOCKET is of the request at the front alone; any other code is of all who wait as well, if
nothing runs.

Source: undici 8.12.4 lib/dispatcher/client-h1.js onHttpSocketError, onHttpSocketEnd, Parser.finish.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pooltop.core.records import Failure
from pooltop.core.states import CloseReason
from pooltop.core.undici import failures
from pooltop.engine.codecs.pipelined import Cut
from pooltop.errors import RequestError

if TYPE_CHECKING:
    from pooltop.engine.undici.client_connection import ClientConnection

_ENDS = frozenset({CloseReason.PEER_FIN, CloseReason.PEER_RESET})
_OTHER_SIDE = "other side closed"
_NO_LAST_CHUNK = Failure(
    "HPE_INVALID_EOF_STATE", "Response does not match the HTTP/1.1 protocol (Invalid EOF state)"
)
_CUTS = {Cut.SHORT: failures.LENGTH_MISMATCH, Cut.NO_LAST_CHUNK: _NO_LAST_CHUNK}


def is_whole(connection: ClientConnection, reason: CloseReason, error: RequestError) -> bool:
    """Say whether undici takes what came for a whole response, though the connection was reset.

    So it does with a body that only the connection's end ends.
    """
    is_reset = reason is CloseReason.PEER_RESET and error.code == "ECONNRESET"
    return is_reset and connection.codec.ends_at_eof


def failure_of(connection: ClientConnection, reason: CloseReason, error: RequestError) -> Failure:
    """Give what undici tells of a lost connection, with more of ours behind a colon.

    Args:
        connection: as it was when it was lost.
        reason: for the books.
        error: as an http.Agent's request would be told of it.
    """
    if is_whole(connection, reason, error):
        return failures.SOCKET_CLOSED
    cut = _CUTS.get(connection.cut) if reason in _ENDS else None
    if cut is not None:
        return cut
    if reason is CloseReason.PEER_FIN:
        more = str(error).removeprefix(_OTHER_SIDE)
        return Failure(failures.SOCKET, f"{_OTHER_SIDE}: {more}" if more else _OTHER_SIDE)
    if reason is CloseReason.DIRTY_IDLE:
        return failures.BAD_RESPONSE
    if error.code == "ERR_UNEXPECTED_UPGRADE":
        return failures.BAD_UPGRADE
    return Failure(error.code, str(error), error.outcome)
