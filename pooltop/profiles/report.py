"""Collects what is wrong while a profile is read, and places it in the text at the end.

Nothing is placed before it is known that there is something to place: the positions cost
a second parse of the file.
"""

from __future__ import annotations

from typing import NamedTuple

from pooltop.profiles.filled import settled, value_at
from pooltop.profiles.layers import Layer, Layers
from pooltop.profiles.positions import Place
from pooltop.profiles.problems import Problem, Severity
from pooltop.profiles.shown import Path, shown_key, shown_value
from pooltop.profiles.syntax import SyntaxRefusedError

MOST_PROBLEMS = 200
CROWDED = 20


class TooManyProblems(Exception):
    """Reading on would only repeat itself."""


class _Draft(NamedTuple):
    layer: Layer
    path: Path
    place: Place | None
    on_key: bool
    reference: int | None
    severity: Severity
    code: str
    message: str
    see: Path | None
    tail: str
    key: str
    value: str | None
    inside: int | None = None


class Report:
    """The problems of one profile so far, by path instead of by place."""

    def __init__(self, layers: Layers | None = None) -> None:
        """Take what the problems will be about; None where it is still being read."""
        self.layers = layers or Layers()
        """Who said what stands at a path: there a problem is placed, with the value shown."""
        self._drafts: list[_Draft] = []
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
        layer: Layer | None = None,
        inside: int | None = None,
    ) -> None:
        """Add a problem.

        Args:
            path: canonical; the spelling that its layer uses is put in.
            code: of the table in ``problems``.
            message: what is wrong and what is allowed.
            severity: only errors make the profile unusable.
            on_key: the key is wrong rather than its value: place it there, show no value.
            reference: one of the value's ${...} is wrong, counting from 0: place it there, and
                show neither key nor value.
            see: where else to look: `` (line N)`` is put between message and tail.
            tail: what follows the line number.
            secret: never show the value.
            layer: whose fault it is; None for the one whose word counts there.
            inside: place it so many characters into the value's text.

        Raises:
            TooManyProblems: the limit is reached.
        """
        layer = layer or self.layers.owner(path)
        key = "" if reference is not None else shown_key(layer.as_written(path))
        is_hidden = on_key or secret or reference is not None
        value = None if is_hidden else shown_value(settled(value_at(layer.tree, path)))
        self._append(
            _Draft(
                layer,
                path,
                None,
                on_key,
                reference,
                severity,
                code,
                message,
                see,
                tail,
                key,
                value,
                inside,
            )
        )

    def refuse_text(self, layer: Layer, error: SyntaxRefusedError) -> None:
        """Add that a text is not TOML.

        Raises:
            TooManyProblems: the limit is reached.
        """
        place = Place(*error.where)
        draft = _Draft(
            layer, (), place, False, None, "error", error.code, error.message, None, "", error.key,
            None,
        )  # fmt: skip
        self._append(draft)

    def _append(self, draft: _Draft) -> None:
        self._drafts.append(draft)
        if len(self._drafts) >= MOST_PROBLEMS:
            raise TooManyProblems

    def warn(
        self, path: Path, code: str, message: str, *, on_key: bool = False, secret: bool = False
    ) -> None:
        """Add a warning: the profile is usable, but the reader should know."""
        self.add(path, code, message, severity="warn", on_key=on_key, secret=secret)

    def warn_of_secret(self, path: Path) -> None:
        """Warn of a secret that the profile itself has, and not the environment or a file."""
        if not self.is_from_outside(path):
            message = "a secret in the profile: keep the file to yourself (chmod 600)."
            self.warn(path, "P054", message, secret=True)

    def note_outside(self, path: Path) -> None:
        """Note that what stands at this path has something of the environment or of a file."""
        self._from_outside.add(path)

    def is_from_outside(self, path: Path) -> bool:
        """Tell whether what stands at a canonical path is not, or not all, in the profile."""
        is_noted = any(noted[: len(path)] == path for noted in self._from_outside)
        return is_noted or self.layers.owner(path).text is None

    def folder_of(self, path: Path) -> str:
        """Give where a relative file name at a canonical path starts: beside who says it."""
        return self.layers.owner(path).folder

    def finish(self) -> tuple[Problem, ...]:
        """Give the problems, file by file and in the order of each."""
        placing = _Placing(self.layers)
        drafts = sorted(self._drafts, key=placing.order_of)
        problems = [placing.placed(draft) for draft in drafts]
        if len(problems) >= MOST_PROBLEMS:
            message = f"{MOST_PROBLEMS} problems or more: reading stopped here."
            problems.append(_at_no_line(drafts[0].layer.name, "P007", message))
        return tuple(problems)


class _Placing:
    """Finds the places of drafts."""

    def __init__(self, layers: Layers) -> None:
        self._layers = layers
        self._ranks: dict[Layer, int] = {}

    def order_of(self, draft: _Draft) -> tuple[int, int, int, str]:
        rank = self._ranks.setdefault(draft.layer, self._layers.rank(draft.layer, len(self._ranks)))
        place = self._place(draft) or Place(0, 0)
        return rank, *place, draft.code

    def placed(self, draft: _Draft) -> Problem:
        place = self._place(draft)
        message = draft.message
        if draft.see is not None:
            message += f" ({self._where(draft.see, draft.layer)})"
        return Problem(
            file=draft.layer.name,
            line=place and place.line,
            column=place and place.column,
            severity=draft.severity,
            code=draft.code,
            key=draft.key,
            value=draft.value,
            message=message + draft.tail,
        )

    def _place(self, draft: _Draft) -> Place | None:
        if draft.place is not None or draft.layer.text is None:
            return draft.place
        positions = draft.layer.positions
        path = draft.layer.as_written(draft.path)
        if draft.reference is not None:
            return positions.of_reference(path, draft.reference)
        if draft.inside is not None:
            return positions.of_character(path, draft.inside)
        return positions.of(path, on_key=draft.on_key)

    def _where(self, path: Path, seen_from: Layer) -> str:
        layer = self._layers.owner(path)
        if layer.text is None:
            return layer.name
        line = layer.positions.of(layer.as_written(path), on_key=True).line
        return f"line {line}" if layer is seen_from else f"{layer.name}:{line}"


def _at_no_line(file: str, code: str, message: str) -> Problem:
    return Problem(
        file=file,
        line=None,
        column=None,
        severity="error",
        code=code,
        key="",
        value=None,
        message=message,
    )
