"""The keys that only read."""

from __future__ import annotations

from collections.abc import Hashable

from pooltop.present.history import HostId
from pooltop.present.inspector import (
    RequestSubject,
    SocketSubject,
    leads_nowhere,
    leads_to,
    name_of,
    picture_of,
)
from pooltop.present.request_rows import RequestKey
from pooltop.present.socket_rows import SocketKey
from pooltop.ui.dashboard import Dashboard
from pooltop.ui.messages import CursorMoved, HeadingClicked, PageAsked
from pooltop.ui.timeline import Way
from pooltop.ui.view import name_of as view_name


class ReadingKeys(Dashboard):
    """Cursor, pages, order, filter, window, freeze and what is looked at closely."""

    # --- where the reader is ----------------------------------------------------------------

    def on_page_asked(self, message: PageAsked) -> None:
        """Show the page whose name was clicked."""
        self.action_page(message.name)

    def action_page(self, name: str) -> None:
        """Show another page."""
        if self.board.helping:
            self.board.toggle_help()
        self.whatif.close()
        self.board.turn_to(name)
        self.reader.inspecting = False
        self.redraw()

    def action_cursor(self, by: int) -> None:
        """Move the cursor, or the help page."""
        if self.board.helping:
            self.board.scroll_help(by)
        else:
            page = self.board.page
            page.choice.hold(page.table.keys, self.clock())
            page.table.move(by)
        self.redraw()

    def action_leaf(self, pages: int) -> None:
        """Go through the table, the log of the first page, or the help page."""
        board = self.board
        if board.helping:
            board.scroll_help(pages * board.help_page)
        elif board.page is board.pools:
            board.log.scroll_by(pages)
        else:
            self.action_cursor(pages * max(1, board.page.table.visible_rows - 1))
        self.redraw()

    def action_end(self) -> None:
        """Follow again when frozen, or go to a recording's end; else go to the last row."""
        if self.player is not None:
            self.player.end()
        elif self.timeline.frozen is not None:
            self.action_freeze()
        else:
            self.action_cursor(100_000)

    def action_open(self) -> None:
        """Look closely at what the cursor is on, or no more."""
        if not self.board.helping:
            self.reader.inspecting = not self.reader.inspecting
            self.redraw()

    def action_whatif(self) -> None:
        """Show how long requests of the host would wait under other limits, or no more."""
        if self.whatif.study is not None:
            self.whatif.close()
        else:
            view = self.view()
            host = self.board.host_of_keys(view) or view.host
            if host is None:
                self.operator.say("what if is of a host: there is none")
                return
            if self.board.helping:
                self.board.toggle_help()
            self.whatif.open(host, view_name(view.snapshot, host))
        self.redraw()

    def action_follow(self) -> None:
        """Go from a request to its socket, from a socket to its request, from a host to its queue.

        A queued request leads to the socket that it would get.
        """
        view = self.view()
        page = self.board.page
        picture = page.picture(view)
        there = None if picture is None else leads_to(picture)
        if there is None:
            self.operator.say(leads_nowhere(page.subject, picture))
        elif view.snapshot is None or picture_of(view.snapshot, there) is None:
            self.operator.say(f"{name_of(there)} is gone: the events say what became of it")
        elif isinstance(there, SocketSubject):
            self._go_to("Sockets", there.host, SocketKey(there.host.agent, there.socket))
        elif isinstance(there, RequestSubject):
            self.board.queue.list_for(view, there)
            self._go_to("Queue", there.host, RequestKey(there.host.agent, there.request))

    def _go_to(self, page: str, host: HostId, key: Hashable) -> None:
        self.board.pools.table.go_to(host)
        self.board.turn_to(page)
        self.board.page.choice.needle = ""
        self.redraw()
        self.board.page.table.go_to(key)
        self.redraw()

    def action_scope(self) -> None:
        """Show sockets and requests of this host, or of all."""
        self.reader.all_hosts = not self.reader.all_hosts
        self.redraw()

    def on_cursor_moved(self, message: CursorMoved) -> None:
        """Show what the cursor went to, if the key that moved it did not."""
        del message
        if self.board.page.table.cursor != self._drawn:
            self.redraw()

    def on_heading_clicked(self, message: HeadingClicked) -> None:
        """Sort by the column that was clicked."""
        self.board.page.sort_at(message.cell)
        self.redraw()

    # --- order, filter, time ----------------------------------------------------------------

    def action_sort(self, by: int) -> None:
        """Sort by another column."""
        self.board.page.sort_next(by)
        self.redraw()

    def action_reverse(self) -> None:
        """Turn the order round."""
        self.board.page.choice.reverse()
        self.redraw()

    def action_filter(self) -> None:
        """Begin to type a filter."""
        if not self.board.helping:
            self.board.page.choice.filtering = True
            self.redraw()

    def action_acknowledge(self) -> None:
        """Put the alert that is shown aside, until it ends and comes back."""
        alerts, place = self.board.alerts, self.board.alert_place
        if place is None or place >= len(alerts):
            self.operator.say("there is no alert")
            return
        self.reader.acknowledged.add(alerts[place].id)
        # What is over cannot be acknowledged any more: the set stays as small as the troubles.
        self.reader.acknowledged &= {alert.id for alert in alerts}
        self.reader.alert = None
        self.redraw()

    def action_alert(self, by: int) -> None:
        """Show the next alert or the one before, and go to its host; of none to the workloads."""
        alerts, place = self.board.alerts, self.board.alert_place
        if not alerts:
            self.operator.say("there is no alert")
            return
        at = (max(0, by)) - 1 if place is None else place + by
        alert = alerts[at % len(alerts)]
        self.reader.alert = alert.id
        if alert.id.host is None:
            self.board.turn_to("Workloads")
        else:
            self.board.turn_to("Pools")
            self.board.pools.choice.needle = ""
            self.board.pools.table.go_to(alert.id.host)
        self.redraw()

    def action_window(self, step: int) -> None:
        """Choose a longer or shorter window."""
        self.reader.window(step)
        self.redraw()

    def action_plots(self) -> None:
        """Maximise the first plot, the next, and after the last show all again."""
        self.reader.next_plot()
        self.redraw()

    def action_mask(self) -> None:
        """Mask the hosts' names, or show them again."""
        self.mask_hosts(masked=not self.masked)
        done = "masked on the screen, not in copies and files" if self.masked else "shown again"
        self.operator.say(f"the hosts' names are {done}")

    def action_events(self) -> None:
        """Narrow the log to another sort of events; a page of several sorts of rows to another."""
        if self.board.page.shows_log:
            self.logbook.next_sort()
        else:
            self.board.page.vary()
        self.redraw()

    def action_freeze(self) -> None:
        """Hold every pane at this instant, or follow again; play or pause a recording."""
        if self.player is not None:
            self.player.toggle()
            self.redraw()
            return
        self.timeline.toggle(self.history.latest)
        self.redraw()

    def action_rewind(self, by: int) -> None:
        """Go back or on by so many instants, frozen; a recording pauses there."""
        if self.player is not None:
            self.player.step(by)
            self.redraw()
            return
        if not self.timeline.step(by, self.history.latest):
            self.operator.say("there is nothing kept before" if by < 0 else "this is the newest")
        elif self.timeline.frozen is not None:
            self.operator.say(self.timeline.rewind.loss_at(self.timeline.frozen.at))
        self.redraw()

    def action_bookmark(self, by: int) -> None:
        """Go to the next edit, alert or change of the load, or to the one before."""
        if self.player is not None:
            found = self.player.next_bookmark() if by > 0 else self.player.previous_bookmark()
            way: Way = "none" if found is None else "there"
        else:
            way = self.timeline.go_to(self.logbook.landmarks(), by)
        if way == "gone":
            self.operator.say("the edit or alert before is older than what is kept")
        elif way == "none":
            self.operator.say(f"no edit or alert {'after' if by > 0 else 'before'} this instant")
        self.redraw()

    def action_speed(self, by: int) -> None:
        """Play a recording faster or more slowly."""
        if self.player is None:
            keys = self.keys.first("window", "window_less")
            self.operator.say(f"only a recording has a speed; {keys} choose the window")
        elif by > 0:
            self.player.faster()
        else:
            self.player.slower()
        self.redraw()

    # --- help and leaving -------------------------------------------------------------------

    def action_help(self) -> None:
        """Open or close the help page."""
        self.board.toggle_help()
        self.redraw()

    def action_escape(self) -> None:
        """Leave what is open: help, the inspector, then the frozen instant, then the filter."""
        if self.board.helping:
            self.board.toggle_help()
        elif self.whatif.study is not None:
            self.whatif.close()
        elif self.reader.inspecting:
            self.reader.inspecting = False
        elif self.timeline.frozen is not None:
            self.action_freeze()
        else:
            self.board.page.choice.needle = ""
        self.operator.say("")
