"""The keys that change something: each behind the lock, each pinned to what it was meant for."""

from __future__ import annotations

from pooltop.ui.board import options_of
from pooltop.ui.reading import ReadingKeys
from pooltop.ui.view import find

_FORCE_S = 2.0
"""Two interrupts within this leave at once."""


class WritingKeys(ReadingKeys):
    """Edits, the load, the lock, and the way out."""

    _interrupted_at = -_FORCE_S

    def action_lock(self) -> None:
        """Lock or unlock the keys that change something."""
        self.operator.toggle_lock()
        self.board.limits.leave()
        self.board.prompt.drop()
        self.redraw()

    def action_edit(self) -> None:
        """Open the edit form on what the cursor is on."""
        self._open_form(0)

    def action_step(self, by: int) -> None:
        """Open the form with its first field stepped."""
        self._open_form(by)

    def _open_form(self, step: int) -> None:
        if self.board.helping or not self.operator.may_write():
            return
        view = self.view()
        target = self.board.target(view)
        of, _ = options_of(view, target, live=True)
        if target is None or of is None:
            self.operator.say("there is no host to edit yet", "warn")
        else:
            self.board.limits.open(target, of, step=step)
            self.redraw()

    def action_undo(self) -> None:
        """Take the last edit back."""
        self.operator.undo()

    def action_restore(self) -> None:
        """Put the focused agent back to its profile."""
        agent, _ = find(self.history.latest, self.board.pools.host)
        if agent is not None:
            self.operator.restore(agent)

    def action_pause(self) -> None:
        """Hold the load back, or let it go on."""
        self.operator.pause(self.history.latest)

    def action_stop(self) -> None:
        """Stop everything at once."""
        self.operator.stop()

    async def action_quit(self) -> None:
        """Leave in order."""
        self.exit(return_code=self._return_code or 0)

    def action_interrupt(self) -> None:
        """Leave at once when pressed twice."""
        now = self.clock()
        if now - self._interrupted_at < _FORCE_S:
            self.forced = True
            self.leave(130)
            return
        self._interrupted_at = now
        self.operator.say("ctrl+c again leaves at once; q ends the engine in order", "warn")
