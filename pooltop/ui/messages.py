"""What panes tell the app. None carries a widget."""

from __future__ import annotations

from textual.message import Message


class SnapshotArrived(Message):
    """Something new is to be drawn; several of them are drawn once."""

    def can_replace(self, message: Message) -> bool:
        """Let a later one stand for all that wait."""
        return isinstance(message, SnapshotArrived)


class CursorMoved(Message):
    """The reader went to another row."""

    def can_replace(self, message: Message) -> bool:
        """Let a later one stand for all that wait."""
        return isinstance(message, CursorMoved)


class PageAsked(Message):
    """The name of a page was clicked."""

    def __init__(self, name: str) -> None:
        """Say which."""
        super().__init__()
        self.name = name


class HeadingClicked(Message):
    """A table's heading was clicked."""

    def __init__(self, cell: int) -> None:
        """Say at which cell of the line."""
        super().__init__()
        self.cell = cell
