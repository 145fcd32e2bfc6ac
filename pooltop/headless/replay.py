"""A recording without a screen: what a live run would have printed, as fast as it is read."""

from __future__ import annotations

import math
import os
import sys

from pooltop.advise.advisor import Advisor
from pooltop.headless.formats import Whole, format_of
from pooltop.headless.news import News
from pooltop.headless.printer import why_unwritten
from pooltop.headless.summary import summary_lines
from pooltop.present.clean import clean
from pooltop.sources.base import Update
from pooltop.sources.recorded import Recorded

_INTERVAL_S = 1.0
"""Of a recording that does not tell its own."""


def replay_headless(recording: Recorded, *, form: str, out: int = 1) -> int:
    """Print the whole of ``recording``; what is wrong with it goes to stderr.

    Args:
        recording: stays the caller's to close.
        form: "line", "json", "ndjson" or "csv"; of all but lines the summary goes to stderr.
        out: the descriptor that is printed to.

    Returns:
        The exit status: 0, also when nobody reads any more; 1 when it cannot be written; 2 when
        nothing of the recording can be read.
    """
    try:
        return _Replay(recording, form=form, out=out).run()
    except _UnwrittenError as error:
        if not str(error):
            return 0
        sys.stderr.write(f"pooltop: {error}\n")
        return 1


class _UnwrittenError(Exception):
    """Nothing more can be written; the message is as ``why_unwritten`` says it."""


class _Replay:
    def __init__(self, recording: Recorded, *, form: str, out: int) -> None:
        self._recording = recording
        self._out = out
        self._interval_s = recording.meta.interval_s or _INTERVAL_S
        self._format = format_of(form, self._interval_s)
        self._printed_at = recording.at[0]
        self._damaged = 0
        self._advisor = Advisor()
        self._news = News(self._advisor)

    def run(self) -> int:
        """Print everything; gives the exit status."""
        recording = self._recording
        told_until = -math.inf
        first = last = None
        for index, at in enumerate(recording.at):
            snapshot = recording.snapshot(index)
            if snapshot is None:
                self._damaged += 1
                continue
            first, last = first or snapshot, snapshot
            self._advisor.add(snapshot)
            self._format.note(snapshot)
            # What a live run prints in turn: not what came in between.
            if self._format.tells_all or at - self._printed_at >= self._interval_s / 2:
                journal = recording.journal(told_until, at)
                told_until = self._printed_at = at
                self._put(
                    self._format.lines(
                        Update(snapshot=snapshot, entries=journal.entries, dropped=journal.dropped)
                    )
                )
            if self._format.is_for_people:
                self._put(self._news.lines(snapshot))
        if first is None or last is None:
            self._tell_damage()
            return 2
        whole = Whole(first, last, advice=self._advisor.history())
        self._put(self._format.end(whole))
        if not self._format.is_for_people:
            summary = summary_lines(last, elapsed_s=whole.elapsed_s, advice=whole.advice)
            sys.stderr.write("".join(f"{line}\n" for line in summary))
        self._tell_damage()
        return 0

    def _tell_damage(self) -> None:
        path, notes = clean(self._recording.path), []
        if self._recording.note:
            notes.append(self._recording.note)
        if self._damaged:
            notes.append(f"{self._damaged} damaged snapshots are left out")
        sys.stderr.write("".join(f"pooltop: {path}: {note}\n" for note in notes))
        sys.stderr.flush()

    def _put(self, lines: list[str]) -> None:
        text = "".join(f"{line}{self._format.end_of_line}" for line in lines)
        data = text.encode(sys.stdout.encoding or "utf-8", "backslashreplace")
        try:
            while data:
                data = data[os.write(self._out, data) :]
        except OSError as error:
            raise _UnwrittenError(why_unwritten(error)) from error
