"""An HTTP/2 session in full, for the inspector of the socket that carries it."""

from __future__ import annotations

from pooltop.core.dispatcher_snapshot import SessionInfo, SessionSettings
from pooltop.present import units
from pooltop.present.blocks import Part, named, part
from pooltop.present.clean import clean
from pooltop.present.line import Ink
from pooltop.present.sessions import goaway_words, is_late, session_load


def session_parts(session: SessionInfo, at: float) -> list[Part]:
    """Give what there is to say of a session.

    Args:
        session: which.
        at: the instant, in monotonic seconds.
    """
    parts = [_streams(session)]
    if session.goaway is not None:
        parts.append(
            part(
                (goaway_words(session.goaway), "warn"),
                (f" {units.age(at - session.goaway.at)} ago", "dim"),
            )
        )
    parts += _pings(session, at)
    if session.window_out is not None:
        ink: Ink = "text" if session.window_out > 0 else "warn"
        parts.append(named("may send", f"{units.count(session.window_out)} bytes", ink))
    if session.window_in is not None:
        parts.append(named("may receive", f"{units.count(session.window_in)} bytes"))
    if session.peer is None:
        parts.append(part(("the peer's SETTINGS are not here: one stream at a time", "warn")))
    else:
        parts.append(named("the peer allows", _settings(session.peer, streams=True)))
    if session.ours is not None:
        parts.append(named("this side allows", _settings(session.ours, streams=False)))
    if session.codec:
        parts.append(named("spoken by", clean(session.codec, 16)))
    return parts


def _streams(session: SessionInfo) -> Part:
    load = session_load(session)
    own = "no limit" if session.own is None else units.count(session.own)
    ink: Ink = "warn" if load.is_full else "strong"
    by = {
        "ours": f", capped by ours, maxConcurrentStreams {own}",
        "peer's": f", capped by the peer; ours is {own}",
        "both": ", capped by both sides alike",
        "GOAWAY": ": no more are opened",
        "SETTINGS": ": the peer has not said how many",
        "": ", no side caps them",
    }
    return part((load.words, ink), " streams", by[load.capped_by])


def _pings(session: SessionInfo, at: float) -> list[Part]:
    parts: list[Part] = []
    if session.ping_rtt is not None:
        ago = "" if session.ping_at is None else f" {units.age(at - session.ping_at)} ago"
        parts.append(named("PING", f"{units.round_trip(session.ping_rtt)}{ago}"))
    if session.ping_since is not None:
        ink: Ink = "bad" if is_late(session, at) else "text"
        waits = units.duration(max(0.0, at - session.ping_since))
        parts.append(part((f"a PING has waited for {waits}", ink)))
    return parts


def _settings(settings: SessionSettings, *, streams: bool) -> str:
    words = [
        f"{units.count(settings.initial_window_size)} bytes a stream",
        f"frames of {units.count(settings.max_frame_size)}",
        f"a table of {units.count(settings.header_table_size)}",
    ]
    if settings.max_header_list_size is not None:
        words.append(f"heads of {units.count(settings.max_header_list_size)}")
    if streams:
        most = settings.max_concurrent_streams
        words.insert(0, f"{'any number of' if most is None else units.count(most)} streams")
    return ", ".join(words)
