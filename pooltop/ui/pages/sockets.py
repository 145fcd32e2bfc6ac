"""Page 2: a row for each socket, of the host in focus or of all."""

from __future__ import annotations

from pooltop.present.inspector import RequestSubject, SocketSubject, Subject
from pooltop.present.line import Line
from pooltop.present.sharing_columns import SHARING_COLUMNS
from pooltop.present.socket_columns import COLUMNS
from pooltop.present.socket_rows import SocketRow, are_shared, build_socket_rows
from pooltop.present.table import Column
from pooltop.ui.choice import Choice
from pooltop.ui.inspecting import inspect_subject
from pooltop.ui.layout import Plan
from pooltop.ui.pages.base import TablePage
from pooltop.ui.view import View, name_of
from pooltop.ui.widgets.lines import Painter


def _without_host(columns: tuple[Column[SocketRow], ...]) -> tuple[Column[SocketRow], ...]:
    return tuple(column for column in columns if column.id != "host")


_OF_ONE_HOST = _without_host(COLUMNS)
"""The title says whose sockets they are."""
_SHARED_OF_ONE_HOST = _without_host(SHARING_COLUMNS)
"""Likewise where connections carry several requests."""


class SocketsPage(TablePage[SocketRow]):
    """What every connection does, what it has cost and what the kernel sees of it."""

    name = "Sockets"
    key = "page_sockets"
    noun = "SOCKETS"
    is_of_a_host = True
    all_columns = COLUMNS

    def __init__(self, painter: Painter) -> None:
        """Begin in the order in which they were opened."""
        super().__init__(painter, Choice("socket", descending=False))

    def subject_of(self, row: SocketRow) -> Subject | None:
        """Give its socket, or the one of the requests on it that the row is of."""
        if row.host is None:
            return None
        if row.is_stream and row.request is not None:
            return RequestSubject(row.host, row.request.id)
        return SocketSubject(row.host, row.socket.id)

    def nothing(self, view: View) -> str:
        """Say why there are no rows."""
        return f"no socket is open ({view.keys.first('scope')}: of all hosts)"

    def scope(self, view: View) -> str:
        """Say whose sockets they are."""
        return f"{self._streams(view)}{scope_words(view)}"

    def _streams(self, view: View) -> str:
        host = None if view.all_hosts else view.host
        shared = view.snapshot is not None and are_shared(view.snapshot, host)
        return ", streams included" if shared else ""

    def draw(self, view: View, plan: Plan, width: int) -> None:
        """Show the sockets of the host in focus, or of all."""
        snapshot, host = view.snapshot, None if view.all_hosts else view.host
        rows: list[SocketRow] = []
        if snapshot is not None:
            rows = self._made.get(snapshot, host, lambda: build_socket_rows(snapshot, host))
        if snapshot is not None and are_shared(snapshot, host):
            self.all_columns = SHARING_COLUMNS if view.all_hosts else _SHARED_OF_ONE_HOST
        else:
            self.all_columns = COLUMNS if view.all_hosts else _OF_ONE_HOST
        self.show_rows(view, plan, width, rows)

    def inspect(self, view: View, width: int, height: int) -> tuple[str, list[Line]]:
        """Give all that is known of the socket."""
        return inspect_subject(view, self.subject, width, height)


def scope_words(view: View) -> str:
    """Say whose rows a page shows: the host in focus, or all."""
    key = view.keys.first("scope")
    if view.all_hosts:
        return f"  of all hosts ({key})"
    name = name_of(view.snapshot, view.host)
    return f"  of {name} ({key}: all)" if name else ""
