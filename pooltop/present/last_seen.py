"""A request that the snapshot has no more: how it was last seen, and what became of it.

Requests are settled within milliseconds, most of them between two snapshots; an inspector that is
turned on one would have nothing to say of it from the next frame on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from pooltop.core.detail import PastRequest
from pooltop.core.model import RequestId
from pooltop.core.snapshot import Snapshot
from pooltop.present import units
from pooltop.present.blocks import Block, Part, lay_out
from pooltop.present.clean import clean
from pooltop.present.history import HostId
from pooltop.present.inspect_request import request_blocks
from pooltop.present.line import Ink, Line, Span
from pooltop.present.pictures import RequestPicture, host_picture, request_picture, what


@dataclass(frozen=True, slots=True)
class LastSeen:
    """What is kept of a request that is looked at."""

    picture: RequestPicture | None
    """As the last snapshot had it that told of it; None if none did."""
    outcome: PastRequest | None = None
    """How it ended, by the socket that carried it; None if that was not told, or not yet."""


def last_seen(
    snapshot: Snapshot, host: HostId, request: RequestId, before: LastSeen | None
) -> LastSeen:
    """Give what is known of a request at the instant of a snapshot.

    Args:
        snapshot: the instant that is shown.
        host: whose request.
        request: which.
        before: what was known of it before; None for nothing.
    """
    picture = request_picture(snapshot, host, request)
    if picture is not None:
        return LastSeen(picture)
    known = LastSeen(None) if before is None else before
    if known.picture is not None and known.picture.host.at > snapshot.at:
        # The reader went back to before that: what came later is not known there.
        known = LastSeen(None)
    if known.outcome is not None and known.outcome.ended_at <= snapshot.at:
        return known
    return replace(known, outcome=_outcome(snapshot, host, request))


def _outcome(snapshot: Snapshot, host: HostId, request: RequestId) -> PastRequest | None:
    told = (detail for detail in snapshot.details if (detail.agent, detail.origin) == host)
    past = (one for detail in told for socket in detail.sockets for one in socket.past)
    return next((one for one in past if one.id == request), None)


def settled_title(request: RequestId, seen: LastSeen, snapshot: Snapshot) -> str:
    """Give ``REQUEST r8812  POST /charge  SETTLED``; clean."""
    words = [f"REQUEST r{request}"]
    if seen.picture is not None:
        words.append(what(seen.picture.request, 40))
    words.append("SETTLED" if _is_settled(seen, snapshot) else "NOT TOLD")
    return "  ".join(words)


def settled_lines(
    request: RequestId,
    seen: LastSeen,
    snapshot: Snapshot,
    width: int,
    height: int,
    *,
    ascii_only: bool = False,
) -> list[Line]:
    """Give what is said of a request that the snapshot does not have: its end, then its last look.

    Args:
        request: which.
        seen: what is known of it.
        snapshot: the instant that is shown.
        width: of the pane in cells.
        height: of it in lines.
        ascii_only: no characters beyond ASCII are drawn.
    """
    head: list[Span] = [(f"r{request} ", "strong"), *_end(seen, snapshot)]
    picture = seen.picture
    if picture is not None:
        age = units.duration(max(0.0, snapshot.at - picture.host.at))
        head.append((f" As it was {age} ago:", "dim"))
    lines = lay_out([Block("", [Part(tuple(head))])], width, height)
    if picture is None:
        return lines
    left = height - len(lines)
    blocks = request_blocks(picture, width, left, ascii_only=ascii_only)
    return [*lines, *lay_out(blocks, width, left)]


def _end(seen: LastSeen, snapshot: Snapshot) -> list[Span]:
    outcome = seen.outcome
    if outcome is not None:
        ink: Ink = "bad" if outcome.outcome or outcome.status >= 500 else "text"
        result = clean(outcome.outcome, 40) or (f"{outcome.status}" if outcome.status else "done")
        ended = units.age(snapshot.at - outcome.ended_at)
        took = f" after {units.duration(outcome.took)} on its socket, {ended} ago."
        return [("is settled: ", "dim"), (result, ink), (took, "dim")]
    if _is_settled(seen, snapshot):
        words = "is settled: it neither waits nor runs any more. How it ended is not told."
    elif seen.picture is not None:
        words = (
            "is not told any more: only the head of its queue is, and no request whose tunnel is "
            "being opened."
        )
    else:
        words = (
            "is not told, and was not seen before: it is settled, or far back in its queue, "
            "of which the head is told."
        )
    return [(words, "dim")]


def _is_settled(seen: LastSeen, snapshot: Snapshot) -> bool:
    """Tell whether it would be in the snapshot if it were not settled.

    Those that run are all told, those whose tunnel is being opened are not. A queue moves towards
    its head: what was told of it is told until it starts, unless fewer are told now.
    """
    if seen.outcome is not None:
        return True
    picture = seen.picture
    if picture is None:
        return False
    host = host_picture(snapshot, picture.host.id)
    if host is None or not picture.is_queued:
        return True
    origin, place = host.origin, picture.place
    if origin.tunnel_requests:
        return False
    told = len(origin.requests)
    return told >= origin.queued or (place is not None and place <= told)
