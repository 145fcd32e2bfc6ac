"""What ``--save-tuned`` does once a run is over: writes what was tuned, or says why it did not."""

from __future__ import annotations

import os

from pooltop.core.snapshot import Snapshot
from pooltop.errors import UsageError
from pooltop.present.cards import verdict_of
from pooltop.present.history import History
from pooltop.profiles.saving import Saving
from pooltop.profiles.shown import printable


class SaveTuned:
    """Called with the last instant; what it did is told afterwards."""

    def __init__(self, saving: Saving, file: str) -> None:
        """Prepare.

        Args:
            saving: knows what the run came from.
            file: to be written; must not be there.

        Raises:
            UsageError: it is there already, or its folder is not.
        """
        self._saving = saving
        self._file = os.path.expanduser(file)
        self.told = f"{printable(file)} is not written: nothing was seen of the run"
        """What became of it, in a sentence."""
        self.failed = False
        """Whether there was something to write, and it could not be."""
        if os.path.lexists(self._file):
            raise UsageError(f"--save-tuned {printable(file)} is there already: give another name")
        if not os.path.isdir(os.path.dirname(self._file) or "."):
            raise UsageError(f"--save-tuned {printable(file)}: its folder is not there")

    def __call__(self, snapshot: Snapshot, history: History) -> None:
        """Write what was tuned and is in force at the last instant; nothing if that is nothing."""
        try:
            draft = self._saving.draft(
                snapshot, lambda number: verdict_of(number, snapshot, history)
            )
            if not draft.tuned.changes:
                self.told = f"{printable(self._file)} is not written: {draft.nothing}"
                return
            differences = (f"\n  {each.key}  {each.values}" for each in draft.tuned.changes)
            self.told = draft.write(self._file) + "".join(differences)
        except UsageError as error:
            self.told, self.failed = str(error), True
