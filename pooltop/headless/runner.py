"""Runs a source to its end without a screen: when to print, when to end, with what status."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable

from msgspec.structs import replace

from pooltop.advise.advisor import Advisor
from pooltop.core.edits import Control
from pooltop.core.snapshot import Snapshot
from pooltop.core.thresholds import EXIT_FAILED, has_failed
from pooltop.errors import PooltopError, ProfileError
from pooltop.headless.formats import Whole, format_of
from pooltop.headless.news import News
from pooltop.headless.printer import Printer
from pooltop.headless.summary import summary_lines
from pooltop.present.clean import clean
from pooltop.present.history import History
from pooltop.sources.base import Source, Update

GRACE_S = 1.0
"""After the duration, requests that are under way may take so long to end."""
_PATIENCE_S = 1.0
"""For the last picture, and for the reader to take the last lines."""
_MOST_PENDING = 4
"""Prints that may wait for the reader; beyond them an interval is missed."""
_EXIT_FAILURE, _EXIT_USAGE = 1, 2
_SIGNALS = ((signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129))


def run_headless(
    source: Source,
    *,
    form: str,
    interval: float,
    duration: float | None = None,
    out: int = 1,
    at_end: Callable[[Snapshot, History], None] | None = None,
) -> int:
    """Run ``source`` until its load is over, and close it.

    Args:
        source: what to watch, with updates every ``interval``; started and closed here.
        form: "line", "json", "ndjson" or "csv"; of all but lines the summary goes to stderr.
        interval: seconds between two prints.
        duration: end after so many seconds and GRACE_S; None runs until every workload is done.
        out: the descriptor that is printed to.
        at_end: called with the last instant, if there was any, once all is closed.

    Returns:
        The exit status: 0 when the load is over or nobody reads any more; 99 when it is, and a
        threshold failed or could not be judged; 1 when the engine failed, or the output could not
        be written; 2 when the profile cannot be run; 130, 143 or 129 after SIGINT, SIGTERM or
        SIGHUP.
    """

    async def run() -> int:
        one = _Run(source, form=form, interval=interval, out=out)
        one.history = None if at_end is None else History()
        status = await one.run(duration)
        history = one.history
        if at_end is not None and history is not None and history.latest is not None:
            at_end(history.latest, history)
        return status

    return asyncio.run(run())


class _Run:
    """One run, from start to summary; made inside the event loop."""

    def __init__(self, source: Source, *, form: str, interval: float, out: int) -> None:
        self._source = source
        self._interval_s = interval
        self._loop = asyncio.get_running_loop()
        self._over: asyncio.Future[int] = self._loop.create_future()
        self._printer = Printer(out, self._is_unwritten)
        self._format = format_of(form, interval)
        self._first: Snapshot | None = None
        self._last: Snapshot | None = None
        self._printed_at = 0.0
        self._missed = 0
        self._lost = 0
        self._skipped: Update | None = None
        self.history: History | None = None
        """The kept past, where somebody asks for it at the end."""
        self._failure = ""
        self._advisor = Advisor()
        self._news = News(self._advisor)

    async def run(self, duration: float | None) -> int:
        """Give the exit status."""
        for number, status in _SIGNALS:
            self._loop.add_signal_handler(number, self._finish, status)
        end: asyncio.TimerHandle | None = None
        try:
            if await self._start():
                if duration is not None:
                    end = self._loop.call_later(duration + GRACE_S, self._finish, 0)
                await self._over
                await self._take_last_picture()
        finally:
            if end is not None:
                end.cancel()
            await self._source.close()
        self._tell_summary()
        return self._over.result() or self._verdict()

    @property
    def _is_over(self) -> bool:
        """Whether the load is: not another's, which goes on, nor one that a signal ended."""
        return not self._source.fixed and self._over.result() == 0

    def _verdict(self) -> int:
        """Give the exit status of a run that was not broken off: the thresholds decide it."""
        if self._printer.failure:
            return _EXIT_FAILURE
        states = () if self._last is None else self._last.thresholds
        return EXIT_FAILED if has_failed(states, is_over=self._is_over) else 0

    async def _start(self) -> bool:
        """Start the source, unless a signal comes first."""
        starting = self._loop.create_task(
            self._source.start(self._take, self._ended), name="pooltop-start"
        )
        either: set[asyncio.Future[None] | asyncio.Future[int]] = {starting, self._over}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not starting.done():
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)
            return False
        try:
            starting.result()
        except ProfileError as error:
            self._fail(str(error), _EXIT_USAGE)
            return False
        except (PooltopError, OSError) as error:
            self._ended(str(error))
            return False
        return True

    def _take(self, update: Update) -> None:
        snapshot = update.snapshot
        self._last = snapshot
        if self.history is not None:
            self.history.add(snapshot)
        self._advisor.add(snapshot)
        self._format.note(snapshot)
        if self._first is None:
            self._first = snapshot
            self._printed_at = snapshot.at
        if self._format.tells_all:
            self._print_all(update)
        elif snapshot.at - self._printed_at >= self._interval_s / 2:
            self._print_in_turn(update)
        if self._format.is_for_people:
            self._put(self._news.lines(snapshot))
        is_done = snapshot.workloads and all(
            each.state == "done" and not each.in_flight for each in snapshot.workloads
        )
        if is_done or any(each.aborted for each in snapshot.thresholds):
            self._finish(0)

    def _print_all(self, update: Update) -> None:
        """Print it; of what a slow reader misses it is told with the next how much that was."""
        if self._printer.pending >= _MOST_PENDING:
            self._missed += 1
            self._lost += len(update.entries) + update.dropped
            self._skipped = update
            return
        self._put(self._format.lines(replace(update, dropped=update.dropped + self._lost)))
        self._lost = 0
        self._skipped = None

    def _print_in_turn(self, update: Update) -> None:
        if self._printer.pending >= _MOST_PENDING:
            self._missed += 1
            return
        self._printed_at = update.snapshot.at
        self._put(self._format.lines(update))

    def _put(self, lines: list[str]) -> None:
        if not lines:
            return
        end = self._format.end_of_line
        text = "".join(f"{line}{end}" for line in lines)
        encoding = sys.stdout.encoding or "utf-8"
        self._printer.put(text.encode(encoding, "backslashreplace"))

    async def _take_last_picture(self) -> None:
        """Hold the load, which brings an update with the final numbers; not another's load."""
        if self._source.fixed:
            return
        with contextlib.suppress(PooltopError, TimeoutError):
            async with asyncio.timeout(_PATIENCE_S):
                await self._source.control(Control(action="pause"))

    def _tell_summary(self) -> None:
        summary: list[str] = []
        if self._skipped is not None:
            # Whoever reads slowly still gets the end.
            lost = self._lost - len(self._skipped.entries)
            self._put(self._format.lines(replace(self._skipped, dropped=lost)))
        if self._first is not None and self._last is not None:
            advice = self._advisor.history()
            whole = Whole(self._first, self._last, self._missed, self._is_over, advice)
            self._put(self._format.end(whole))
            summary = summary_lines(
                self._last, elapsed_s=whole.elapsed_s, missed=self._missed, advice=advice
            )
        self._printer.finish(within_s=_PATIENCE_S)
        with contextlib.suppress(OSError):
            reads = self._printer.failure or not self._printer.is_broken
            if reads and not self._format.is_for_people:
                sys.stderr.write("".join(f"{line}\n" for line in summary))
            for failure in filter(None, (self._failure, self._printer.failure)):
                sys.stderr.write(f"pooltop: {clean(failure)}\n")
            sys.stderr.flush()

    def _ended(self, reason: str) -> None:
        self._fail(reason, _EXIT_FAILURE)

    def _fail(self, reason: str, status: int) -> None:
        self._failure = reason
        self._finish(status)

    def _is_unwritten(self) -> None:
        status = _EXIT_FAILURE if self._printer.failure else 0
        with contextlib.suppress(RuntimeError):  # the loop is closed: we are ending anyway
            self._loop.call_soon_threadsafe(self._finish, status)

    def _finish(self, status: int) -> None:
        if not self._over.done():
            self._over.set_result(status)
