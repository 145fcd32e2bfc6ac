"""What the header and the line of a recording say, gathered from those who know it."""

from __future__ import annotations

from pooltop.core.company import Company
from pooltop.core.snapshot import Snapshot
from pooltop.present import units
from pooltop.present.header import HeaderFacts, State, load_of
from pooltop.present.marks import edited
from pooltop.present.transport import TransportFacts
from pooltop.present.viewers import lock_line
from pooltop.sources.base import Source
from pooltop.sources.player import Player
from pooltop.sources.recording import RecordingTee
from pooltop.ui.hearing import Hearing
from pooltop.ui.logbook import Logbook
from pooltop.ui.pace import rate_words


def header_facts(
    source: Source,
    hearing: Hearing,
    logbook: Logbook,
    *,
    latest: Snapshot | None,
    frozen: Snapshot | None,
    every: int,
    window_s: float,
    refused: str,
    company: Company | None,
) -> HeaderFacts:
    """Give what the header says.

    Args:
        source: what is watched.
        hearing: whether it is heard.
        logbook: what it told.
        latest: the newest picture; None before the first.
        frozen: the one that is held on the screen; None where the newest is shown.
        every: one of how many updates is drawn.
        window_s: what rates and quantiles cover.
        refused: why edits are refused, in a word; "" where they are not.
        company: who else watches the engine; None where nobody can.
    """
    shown = frozen or latest
    state: State = hearing.state
    beside: State | None = None
    detail = ""
    if frozen is not None and latest is not None:
        beside = state if hearing.is_lost else None
        state = "FROZEN"
        newer = logbook.newer(frozen.at)
        detail = f"{units.age(latest.at - frozen.at)} behind, {newer} new events"
    elif state == "LIVE" and hearing.interval_s:
        detail = rate_words(hearing.interval_s, every)
    elif state in ("SILENT", "WAITING"):
        detail = f"for {units.age(hearing.silence_s)}"
    return HeaderFacts(
        title=source.title,
        state=state,
        beside=beside,
        detail=detail,
        window_s=window_s,
        refused=refused,
        edits=edited(shown) if shown else 0,
        load=load_of(shown.workloads) if shown else "",
        standing=lock_line(company),
        recorded=_recorded_words(source),
        reverts_in_s=_next_revert(shown),
        fails=sum(each.state == "failed" for each in shown.thresholds) if shown else 0,
        wall_at=shown.wall_at if shown else None,
    )


def transport_facts(player: Player) -> TransportFacts:
    """Give what the line of a recording says."""
    mark = player.bookmark
    return TransportFacts(
        wall_at=player.wall_at,
        position_s=player.position_s,
        length_s=player.length_s,
        playing=player.playing,
        speed=player.speed,
        at_end=player.at_end,
        bookmarks=len(player.bookmarks),
        bookmark="" if mark is None else mark.text,
        note=player.note,
    )


def _recorded_words(source: Source) -> str:
    """Say how much was recorded, or that it failed; empty when nothing is to be."""
    if not isinstance(source, RecordingTee):
        return ""
    size = units.count(source.recorded_bytes)
    return f"REC STOPPED at {size}" if source.failure else f"REC {size}"


def _next_revert(snapshot: Snapshot | None) -> float | None:
    if snapshot is None:
        return None
    due = [edit.revert_at for edit in snapshot.edits if edit.revert_at is not None]
    return max(0.0, min(due) - snapshot.at) if due else None
