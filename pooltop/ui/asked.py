"""What the form asks of the app, as values."""

from __future__ import annotations

from dataclasses import dataclass

from pooltop.core.edits import Value
from pooltop.present.editing import Target


@dataclass(frozen=True, slots=True)
class ApplyEdits:
    """Enter was pressed in the limits strip, and everything typed is allowed."""

    target: Target
    """Whom the form is pinned to."""
    changes: tuple[tuple[str, Value | None], ...]
    """Each option with its new value."""
    by: str = "operator"
    """Who asks, of ``core.edits.ASKERS``: "advisor" where advice was taken up."""


@dataclass(frozen=True, slots=True)
class TakeHome:
    """The limits are wanted as code, and the form was left."""

    target: Target
    """Whom it was pinned to."""
