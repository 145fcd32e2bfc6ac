"""What panes tell the app. None carries a widget; every one carries the key it is about."""

from __future__ import annotations

from textual.message import Message

from pooltop.core.edits import Value
from pooltop.present.history import HostId


class SnapshotArrived(Message):
    """Something new is to be drawn; several of them are drawn once."""

    def can_replace(self, message: Message) -> bool:
        """Let a later one stand for all that wait."""
        return isinstance(message, SnapshotArrived)


class CursorMoved(Message):
    """The reader went to another host."""

    def __init__(self, host: HostId) -> None:
        """Name the host."""
        super().__init__()
        self.host = host


class EditRequested(Message):
    """Enter was pressed in the limits strip, and everything typed is allowed."""

    def __init__(self, host: HostId, changes: tuple[tuple[str, Value | None], ...]) -> None:
        """Name the host that the form is pinned to, and each option with its new value."""
        super().__init__()
        self.host = host
        self.changes = changes


class EditEnded(Message):
    """The limits strip was left."""


class FilterChanged(Message):
    """The filter's text is now this."""

    def __init__(self, text: str) -> None:
        """Keep the text as typed."""
        super().__init__()
        self.text = text


class StopRequested(Message):
    """The key that stops everything was pressed while a pane had the keyboard."""
