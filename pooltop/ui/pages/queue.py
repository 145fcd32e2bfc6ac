"""Page 3: a row for each request that is queued or running."""

from __future__ import annotations

from typing import ClassVar

from pooltop.present.inspector import Picture, RequestSubject, Subject
from pooltop.present.last_seen import LastSeen, last_seen
from pooltop.present.line import Line
from pooltop.present.request_columns import (
    QUEUE_COLUMNS,
    RUNNING_COLUMNS,
    across_hosts,
    of_dispatchers,
)
from pooltop.present.request_rows import RequestRow, build_queue_rows, build_running_rows
from pooltop.present.socket_rows import are_shared
from pooltop.present.units import count
from pooltop.ui.choice import Choice
from pooltop.ui.inspecting import inspect_subject
from pooltop.ui.layout import Plan
from pooltop.ui.pages.base import TablePage
from pooltop.ui.pages.sockets import scope_words
from pooltop.ui.view import View, find
from pooltop.ui.widgets.lines import Painter


class QueuePage(TablePage[RequestRow]):
    """Who waits, why, and when it would start; or what runs, and how far it has come."""

    name = "Queue"
    key = "page_queue"
    noun: ClassVar[str] = "REQUESTS"
    is_of_a_host = True
    all_columns = QUEUE_COLUMNS

    def __init__(self, painter: Painter) -> None:
        """Begin with the queue, its head first."""
        super().__init__(painter, Choice("place", descending=False))
        self._running = False
        self._queued = 0
        self._seen: tuple[Subject, LastSeen] | None = None

    def subject_of(self, row: RequestRow) -> Subject | None:
        """Give its request."""
        return RequestSubject(row.host, row.request.id)

    def list_for(self, view: View, subject: RequestSubject) -> None:
        """Show the list that a request is in."""
        _, origin = find(view.snapshot, subject.host)
        waits = origin is not None and any(one.id == subject.request for one in origin.requests)
        if self._running == waits:
            self.vary()

    def vary(self) -> None:
        """Show the requests that run, or those that wait."""
        self._running = not self._running
        if self._running:
            self.choice.sort_by("since", descending=True)
        else:
            self.choice.sort_by("place", descending=False)

    def nothing(self, view: View) -> str:
        """Say why there are no rows."""
        key = view.keys.first("events")
        return (
            f"nothing runs ({key}: queued)" if self._running else f"nothing waits ({key}: running)"
        )

    def scope(self, view: View) -> str:
        """Say whose requests they are, and of a long queue how much of it is told."""
        told = "" if self._running else f" of {count(self._queued)} queued"
        key = view.keys.first("events")
        what = (
            f"running ({key}: queued)" if self._running else f"from the head{told} ({key}: running)"
        )
        return f"  {what}{scope_words(view)}"

    def draw(self, view: View, plan: Plan, width: int) -> None:
        """Show the requests of the host in focus, or of all."""
        if view.snapshot is None:
            self.show_rows(view, plan, width, ())
            return
        columns = RUNNING_COLUMNS if self._running else QUEUE_COLUMNS
        host = None if view.all_hosts else view.host
        columns = across_hosts(columns) if view.all_hosts else columns
        shared = are_shared(view.snapshot, host)
        self.all_columns = of_dispatchers(columns) if shared else columns
        build = build_running_rows if self._running else build_queue_rows
        origins = (
            [origin for agent in view.snapshot.agents for origin in agent.origins]
            if host is None
            else [find(view.snapshot, host)[1]]
        )
        self._queued = sum(origin.queued for origin in origins if origin is not None)
        snapshot, key = view.snapshot, (host, self._running)
        rows = self._made.get(snapshot, key, lambda: build(snapshot, host))
        self.show_rows(view, plan, width, rows)

    def inspect(self, view: View, width: int, height: int) -> tuple[str, list[Line]]:
        """Give all that is known of the request."""
        seen = None if self._seen is None else self._seen[1]
        return inspect_subject(view, self.subject, width, height, seen=seen)

    def picture(self, view: View) -> Picture | None:
        """Give what is known of the request, or was while the snapshot told of it."""
        subject, seen = self.subject, self._seen
        last = seen[1].picture if seen is not None and seen[0] == subject else None
        return super().picture(view) or last

    def show_inspector(self, view: View, plan: Plan, width: int) -> None:
        """Keep what is known of the request, whether it is looked at closely yet or not.

        Most are settled before the key that looks at them is pressed.
        """
        subject = self.subject
        if view.snapshot is None or not isinstance(subject, RequestSubject):
            self._seen = None
        else:
            before = self._seen[1] if self._seen is not None and self._seen[0] == subject else None
            self._seen = (subject, last_seen(view.snapshot, *subject, before))
        super().show_inspector(view, plan, width)
