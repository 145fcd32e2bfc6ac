"""The key that writes what was tuned as a profile: it shows what that is, and asks for a name."""

from __future__ import annotations

import os

from pooltop.errors import UsageError
from pooltop.present.cards import verdict_of
from pooltop.present.clean import clean
from pooltop.present.line import Line
from pooltop.profiles.saving import Draft
from pooltop.profiles.tuned import Change
from pooltop.profiles.tuned_file import is_tuned
from pooltop.ui.taking import TakingKeys
from pooltop.ui.widgets.prompt import Question

_AGREED = "replace"


class SavingKeys(TakingKeys):
    """Changes nothing in the engine, so that it works locked, too."""

    def action_save(self) -> None:
        """Show what was tuned and is in force now, and write it under the name that is given."""
        latest, saving = self.history.latest, self.saving
        if latest is None or saving is None:
            self.operator.say("there is no profile to save yet")
            return
        if self._is_far():
            return
        history = self.history
        try:
            draft = saving.draft(latest, lambda number: verdict_of(number, latest, history))
        except UsageError as error:
            self.operator.say(f"not saved: {error}", "bad")
            return
        if not draft.tuned.changes:
            self.operator.say(f"not saved: {draft.nothing}")
            return
        self._ask_for_name(draft)

    def _ask_for_name(self, draft: Draft) -> None:
        changes, left_out = draft.tuned.changes, draft.tuned.left_out
        many = "1 value was" if len(changes) == 1 else f"{len(changes)} values were"
        left = f", {len(left_out)} left out" if left_out else ""
        shown: list[Line] = [_line(change) for change in changes]
        shown += [((f" not {clean(each, 200)}", "warn"),) for each in left_out]
        self.board.prompt.ask(
            Question(
                "SAVE what was tuned as a new profile",
                ((f" {many} tuned{left}; the profile itself stays as it is", "text"),),
                lambda name: self._write(draft, name),
                text=draft.name,
                more=tuple(shown),
            )
        )
        self.redraw()

    def _write(self, draft: Draft, name: str, *, replace: bool = False) -> None:
        file = os.path.expanduser(name.strip())
        if not replace and is_tuned(file):
            self.board.prompt.ask(
                Question(
                    f"REPLACE {name}",
                    ((" it is there, and pooltop wrote it: its values would be gone", "warn"),),
                    lambda _: self._write(draft, name, replace=True),
                    expects=_AGREED,
                )
            )
            return
        try:
            self.operator.say(draft.write(file, replace=replace), "accent")
        except UsageError as error:
            self.operator.say(f"not saved: {error}", "bad")


def _line(change: Change) -> Line:
    """Give a change: the key, both values, and what came of it."""
    return (
        (f" {clean(change.key, 60)}  ", "text"),
        (clean(change.values, 80), "accent"),
        (f"  {clean(change.why, 200)}", "dim"),
    )
