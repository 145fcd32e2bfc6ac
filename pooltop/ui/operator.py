"""What the reader does to the engine: behind one lock, and always told what became of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pooltop.advise.diagnosis import Subject
from pooltop.advise.revert_watch import Trial
from pooltop.core.edits import Control
from pooltop.core.snapshot import AgentSnapshot, Snapshot, WorkloadSnapshot
from pooltop.errors import PooltopError
from pooltop.present.advice_rows import worse_words
from pooltop.present.clean import clean
from pooltop.present.header import load_of
from pooltop.present.keys import Keymap
from pooltop.present.line import Ink, Line, Span
from pooltop.sources.base import Source, Standing, ViewerInfo
from pooltop.ui.asked import ApplyEdits
from pooltop.ui.desk import Done, EditDesk

_PATIENCE_S = 5.0
_NEWS_S = 10.0
"""For so long what was said stands in place of the keys, where it has no line of its own."""
Own = Callable[[Coroutine[Any, Any, None], str], None]
"""Runs work as a task of the app's, under a name."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nothing may be changed."""

    tag: str
    """For the header, in a word."""
    words: str
    """For who tries; raw."""
    ink: Ink = "warn"
    is_final: bool = False
    """Whether nothing that this viewer does would help."""


class Operator:
    """Edits and controls. It changes no pane: it says what happened, and asks for a frame."""

    def __init__(
        self,
        source: Source,
        *,
        read_only: bool,
        own: Own,
        log: Callable[[str], None],
        changed: Callable[[], None],
        keys: Keymap,
        clock: Callable[[], float],
    ) -> None:
        """Act on ``source``.

        Args:
            source: Takes edits and controls.
            read_only: Refuse every edit, and every control but the stop, for good.
            own: Runs what waits for the engine.
            log: Takes a line for the event log.
            changed: Called when the status has changed.
            keys: Which keys do what, for what is said.
            clock: Monotonic seconds, for how long that is news.
        """
        self.desk = EditDesk(source.submit, keys)
        """Sends edits, and knows how to undo them."""
        self.locked = False
        """Whether the reader has locked what changes something."""
        self.ended = False
        """Whether there is no engine any more."""
        self.status: Line = ()
        """What happened last."""
        self._source = source
        self._keys = keys
        self.read_only = read_only
        """Started so, for good."""
        self._own = own
        self._log = log
        self._changed = changed
        self._clock = clock
        self._said_at = clock()
        self._judged: set[int] = set()
        """Edits of advice of which it was said how they fared."""
        self.offered: set[tuple[str, Subject, float]] = set()
        """Advice that the reader was asked about: once is enough."""

    def say(self, text: str, ink: Ink = "text") -> None:
        """Make this the status; raw text is cleaned."""
        self._say((_span(text, ink),) if text else ())

    def _say(self, status: Line) -> None:
        self.status = status
        self._said_at = self._clock()
        self._changed()

    @property
    def is_news(self) -> bool:
        """Whether the status is of just now."""
        return self._clock() - self._said_at < _NEWS_S

    def may_write(self) -> bool:
        """Tell whether something may be changed; says why not."""
        refusal = self.refusal
        if refusal is not None:
            self.say(refusal.words, refusal.ink)
        return refusal is None

    @property
    def refusal(self) -> Refusal | None:
        """Why nothing may be changed: what the header says, and every key; None when it may."""
        if self.ended:
            return Refusal("READ-ONLY", "refused: the engine has ended", "bad", is_final=True)
        if self._source.fixed:
            return Refusal("READ-ONLY", f"refused: this is {self._source.fixed}", is_final=True)
        if self.read_only:
            words = "LOCKED for good: started read-only"
            return Refusal("READ-ONLY", words, is_final=True)
        if self.locked:
            how = f"{self._keys.first('lock')} unlocks"
            return Refusal("LOCKED", f"LOCKED: nothing was changed; {how}")
        lock = self._source.lock
        if lock.standing is Standing.MINE:
            return None
        who = "nobody" if lock.holder is None else lock.holder
        takes = f"{self._keys.first('writer')} takes the write lock"
        return Refusal("READ-ONLY", f"read-only: {who} writes; {takes}")

    def meet(self, snapshot: Snapshot) -> None:
        """Look at the first snapshot: what is production starts locked."""
        refusal = self.refusal
        is_final = refusal is not None and refusal.is_final
        if snapshot.environment == "prod" and not is_final:
            self.locked = True
            self.say(
                f"LOCKED because environment is prod; {self._keys.first('lock')} unlocks", "warn"
            )

    def toggle_lock(self) -> None:
        """Lock or unlock."""
        refusal = self.refusal
        if refusal is not None and refusal.is_final:
            self.say(refusal.words, refusal.ink)
            return
        self.locked = not self.locked
        refusal = self.refusal
        if self.locked or refusal is None:
            self.say("LOCKED" if self.locked else "UNLOCKED", "warn")
        else:
            self.say(f"UNLOCKED, yet {refusal.words}", refusal.ink)

    @property
    def holder(self) -> ViewerInfo | None:
        """The other viewer that may write; None when this one may, or nobody does."""
        lock = self._source.lock
        return lock.holder if lock.standing is Standing.THEIRS else None

    def may_take_lock(self) -> bool:
        """Tell whether this viewer could ever write; says why not."""
        refusal = self.refusal
        if refusal is not None and refusal.is_final:
            self.say(refusal.words, refusal.ink)
            return False
        return True

    def take_lock(self, *, force: bool) -> None:
        """Take the right to write."""
        self._own(self._take_lock(force=force), "lock")

    async def _take_lock(self, *, force: bool) -> None:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await self._source.lock.take(force=force)
        except TimeoutError:
            self.say(f"write lock: no answer within {_PATIENCE_S:.0f}s", "bad")
        except (PooltopError, OSError) as error:
            self.say(f"write lock: {error}", "bad")
        else:
            self.say("this viewer may write", "accent")

    def act(self, control: Control, done: str) -> None:
        """Do one thing in a pool, and say that it was done."""
        if self.may_write():
            self._own(self._control(control, done), control.action)

    def keep(self, latest: Snapshot | None) -> None:
        """Let the edits that would be put back stay in force."""
        pending = [] if latest is None else [e for e in latest.edits if e.revert_at is not None]
        if not pending:
            self.say("no edit is about to be put back")
        elif self.may_write():
            numbers = ", ".join(str(edit.number) for edit in pending)
            self._own(self._control(Control(action="keep"), f"kept: edit {numbers}"), "keep")

    def edit(self, *asked: ApplyEdits, confirmed: bool = False) -> None:
        """Send what was typed, one after the other."""
        changing = [each for each in asked if each.changes]
        if not changing:
            self.say("nothing changed")
        elif self.may_write():
            self._own(self._edit(changing, confirmed=confirmed), "edit")

    async def _edit(self, asked: Sequence[ApplyEdits], *, confirmed: bool) -> None:
        done: list[Done] = []
        for each in asked:
            done += await self.desk.apply(
                each.target, each.changes, confirmed=confirmed, by=each.by
            )
        self._tell(done)

    def mind(self, trials: Sequence[Trial]) -> None:
        """Take back what advice had changed from here, where it made something worse."""
        for one in trials:
            number = one.edit.number
            if one.verdict not in ("worse", "held") or number in self._judged:
                continue
            self._judged.add(number)
            if not self.desk.holds(number):
                continue
            if one.verdict == "held":
                self.say(f"edit {number} held: nothing got worse in two windows", "good")
                continue
            worse = f"edit {number} made it worse: {worse_words(one)}"
            if self.refusal is not None:
                self.say(f"{worse}; {self._keys.first('undo')} undoes it, unlocked", "bad")
            else:
                self._own(self._take_back(number, worse), "take-back")

    async def _take_back(self, number: int, why: str) -> None:
        self._log(why)
        done = await self.desk.take_back(number)
        self._tell([replace(one, text=f"{why}; {one.text}") for one in done])

    def undo(self) -> None:
        """Take the last edit back."""
        if self.may_write():
            self._own(self._undo(), "undo")

    async def _undo(self) -> None:
        self._tell(await self.desk.undo(), nothing="nothing to undo")

    def restore(self, what: AgentSnapshot | WorkloadSnapshot) -> None:
        """Put an agent or a workload back to its profile."""
        if self.may_write():
            self._own(self._restore(what), "restore")

    async def _restore(self, what: AgentSnapshot | WorkloadSnapshot) -> None:
        if isinstance(what, WorkloadSnapshot):
            done = await self.desk.restore_workload(what)
        else:
            done = await self.desk.restore(what)
        self._tell(done, nothing="already as in the profile")

    def _tell(self, done: list[Done], *, nothing: str = "") -> None:
        if not done:
            self.say(nothing)
            return
        for one in done:
            if not one.accepted:
                # What is accepted is logged by the engine, for every viewer and the recording.
                self._log(one.text)
        # Where not all of it has room, what was refused is what must be read.
        refused_first = sorted(done, key=lambda one: one.accepted)
        said = [_span(one.text, "accent" if one.accepted else "bad") for one in refused_first]
        between: Span = (" |", "dim")
        self._say(tuple(span for one in said for span in (between, one))[1:])

    def pause(self, latest: Snapshot | None) -> None:
        """Hold the load back, or let it go on."""
        load = "" if latest is None else load_of(latest.workloads)
        if load in ("STOPPED", "DONE"):
            self.say(f"the load is {load.lower()}: it cannot be paused or resumed", "warn")
        elif self.may_write():
            paused = load == "PAUSED"
            action = Control(action="resume" if paused else "pause")
            self._own(
                self._control(action, f"load {'resumed' if paused else 'paused'}"), action.action
            )

    def stop(self) -> None:
        """Stop everything at once, for everybody: locked, read-only, whoever else may write.

        What is safer than anything else must not wait for a right; a recording refuses by itself.
        """
        if self.ended:
            self.may_write()
            return
        words = "load stopped: every workload ended, every socket closed"
        self._own(self._control(Control(action="stop"), words), "stop")

    async def _control(self, control: Control, words: str) -> None:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await self._source.control(control)
        except TimeoutError:
            self.say(f"{control.action}: no answer within {_PATIENCE_S:.0f}s", "bad")
        except (PooltopError, OSError) as error:
            self.say(f"{control.action} failed: {error}", "bad")
        else:
            self.say(words, "warn")


def _span(text: str, ink: Ink) -> Span:
    return (f" {clean(text, 400)}", ink)
