"""Collects what is wrong while a profile is read, and places it in the text at the end.

Nothing is placed before it is known that there is something to place: the positions cost
a second parse of the file.
"""

from __future__ import annotations

from typing import NamedTuple

from pooltop.profiles.filled import value_at
from pooltop.profiles.positions import Positions
from pooltop.profiles.problems import Problem, Severity
from pooltop.profiles.shown import Path, shown_key, shown_value

MOST_PROBLEMS = 200
CROWDED = 20


class TooManyProblems(Exception):
    """Reading on would only repeat itself."""


class _Draft(NamedTuple):
    path: Path
    on_key: bool
    reference: int | None
    severity: Severity
    code: str
    message: str
    see: Path | None
    tail: str
    value: str | None


class Report:
    """The problems of one profile so far, by path instead of by place."""

    def __init__(self, tree: dict[str, object]) -> None:
        """Remember the whole tree, so that the value at a path can be shown."""
        self._tree = tree
        self._drafts: list[_Draft] = []
        self._spelled: dict[Path, str] = {}
        self._from_outside: set[Path] = set()

    @property
    def has_errors(self) -> bool:
        """Whether anything but warnings was added."""
        return any(draft.severity == "error" for draft in self._drafts)

    @property
    def is_crowded(self) -> bool:
        """Whether there are so many problems that a costly suggestion helps nobody."""
        return len(self._drafts) >= CROWDED

    def add(
        self,
        path: Path,
        code: str,
        message: str,
        *,
        severity: Severity = "error",
        on_key: bool = False,
        reference: int | None = None,
        see: Path | None = None,
        tail: str = "",
        secret: bool = False,
    ) -> None:
        """Add a problem.

        Args:
            path: canonical; the spelling that the file uses is put in.
            code: of the table in ``problems``.
            message: what is wrong and what is allowed.
            severity: only errors make the profile unusable.
            on_key: the key is wrong rather than its value: place it there, show no value.
            reference: one of the value's ${...} is wrong, counting from 0: place it there, and
                show neither key nor value.
            see: where else to look: `` (line N)`` is put between message and tail.
            tail: what follows the line number.
            secret: never show the value.

        Raises:
            TooManyProblems: the limit is reached.
        """
        path = self._as_written(path)
        is_hidden = on_key or secret or reference is not None
        value = None if is_hidden else shown_value(value_at(self._tree, path))
        draft = _Draft(path, on_key, reference, severity, code, message, see, tail, value)
        self._drafts.append(draft)
        if len(self._drafts) >= MOST_PROBLEMS:
            raise TooManyProblems

    def warn(
        self, path: Path, code: str, message: str, *, on_key: bool = False, secret: bool = False
    ) -> None:
        """Add a warning: the profile is usable, but the reader should know."""
        self.add(path, code, message, severity="warn", on_key=on_key, secret=secret)

    def spelled(self, path: Path, spelling: str) -> None:
        """Note that the file spells the key at this canonical path in another way."""
        self._spelled[path] = spelling

    def note_outside(self, path: Path) -> None:
        """Note that what stands at this path has something of the environment or of a file."""
        self._from_outside.add(path)

    def is_from_outside(self, path: Path) -> bool:
        """Tell whether what stands at a canonical path is not, or not all, in the profile."""
        written = self._as_written(path)
        return any(noted[: len(written)] == written for noted in self._from_outside)

    def finish(self, file: str, text: str) -> tuple[Problem, ...]:
        """Give the problems in the order of the file."""
        if not self._drafts:
            return ()
        positions = Positions(text)
        problems = [_placed(draft, file, positions) for draft in self._drafts]
        problems.sort(key=lambda p: (p.line or 0, p.column or 0, p.code))
        if len(problems) >= MOST_PROBLEMS:
            problems.append(
                Problem(
                    file=file,
                    line=None,
                    column=None,
                    severity="error",
                    code="P007",
                    key="",
                    value=None,
                    message=f"{MOST_PROBLEMS} problems or more: reading stopped here.",
                )
            )
        return tuple(problems)

    def _as_written(self, path: Path) -> Path:
        written: list[str | int] = []
        for depth, step in enumerate(path, 1):
            written.append(self._spelled.get(path[:depth], step))
        return tuple(written)


def _placed(draft: _Draft, file: str, positions: Positions) -> Problem:
    if draft.reference is not None:
        place = positions.of_reference(draft.path, draft.reference)
    else:
        place = positions.of(draft.path, on_key=draft.on_key)
    message = draft.message
    if draft.see is not None:
        message += f" (line {positions.of(draft.see, on_key=True).line})"
    return Problem(
        file=file,
        line=place.line,
        column=place.column,
        severity=draft.severity,
        code=draft.code,
        key=shown_key(draft.path) if draft.reference is None else "",
        value=draft.value,
        message=message + draft.tail,
    )
