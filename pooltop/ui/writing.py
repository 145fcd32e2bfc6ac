"""The keys that change something: each behind the lock, each pinned to what it was meant for."""

from __future__ import annotations

from pooltop.core.edits import Control, EditError
from pooltop.core.snapshot import AgentSnapshot, WorkloadSnapshot
from pooltop.present import units
from pooltop.present.carried import aborting, destroying
from pooltop.present.clean import clean
from pooltop.present.danger import doubts, load_doubts
from pooltop.present.editing import WorkloadId
from pooltop.present.history import HostId
from pooltop.present.inspect_workload import workload_of
from pooltop.present.inspector import RequestSubject, SocketSubject
from pooltop.present.marks import edited
from pooltop.present.whatif import OPTION
from pooltop.ui.asked import ApplyEdits
from pooltop.ui.both_sides import stepped
from pooltop.ui.editable import options_of
from pooltop.ui.saving import SavingKeys
from pooltop.ui.view import find, name_of
from pooltop.ui.widgets.prompt import Question

_FORCE_S = 2.0
"""Two interrupts within this leave at once."""
_LONGEST_WORD = 24
"""Characters of a name that is asked for."""


class WritingKeys(SavingKeys):
    """Edits, the load, the lock, and the way out."""

    _interrupted_at = -_FORCE_S

    # --- edits ------------------------------------------------------------------------------

    def action_edit(self) -> None:
        """Open the edit form on what the cursor is on."""
        self._open_form(0)

    def action_step(self, by: int) -> None:
        """Open the form with its first field stepped.

        Of What if the proposed limit is moved, of a comparison both sides are stepped at once.
        """
        if self.whatif.study is not None:
            self.whatif.move(by)
            self.redraw()
        elif self.board.page is self.board.compare:
            self._step_both(by)
        else:
            self._open_form(by)

    def _step_both(self, by: int) -> None:
        if not self.operator.may_write():
            return
        try:
            asked = stepped(self.view(), by)
        except EditError as error:
            self.operator.say(f"neither side was changed: {error}")
            return
        doubt = next(filter(None, map(self._doubt, asked)), "")
        if not doubt:
            self.operator.edit(*asked)
            return
        self.board.prompt.ask(
            Question(
                "EDIT both sides (pinned)",
                ((f" {doubt}", "warn"),),
                lambda _: self.operator.edit(*asked, confirmed=True),
                expects="",
            )
        )
        self.redraw()

    def action_open(self) -> None:
        """Look closely at what the cursor is on; of What if apply the proposed limit."""
        study = self.whatif.study
        if study is None or self.board.helping:
            super().action_open()
        elif study.proposed is None:
            self.operator.say("nothing can be said yet, so there is nothing to apply")
        elif study.proposed == study.present:
            keys = self.keys.first("less", "more")
            self.operator.say(f"{study.proposed} is the limit in force; {keys} propose another")
        elif self.operator.may_write():
            latest = self.history.latest
            self.foretold.keep(self.whatif.promise(0.0 if latest is None else latest.at))
            self.apply_edits(ApplyEdits(study.host, ((OPTION, study.proposed),)))
        self.redraw()

    def _open_form(self, step: int) -> None:
        if not self.operator.may_write():
            return
        view = self.view()
        target = self.board.target(view)
        of, _ = options_of(view, target, live=True)
        if target is None or of is None:
            self._go_to_pools("edit", "edits a host's agent or a workload")
        else:
            self.board.limits.open(target, of, step=step)
            self.redraw()

    def apply_edits(self, asked: ApplyEdits) -> None:
        """Send what was typed; ask first where it is no everyday change."""
        doubt = self._doubt(asked)
        if not doubt or not self.operator.may_write():
            self.operator.edit(asked)
            return
        target = asked.target
        name = clean(target.name if isinstance(target, WorkloadId) else target.agent, 40)
        self.board.prompt.ask(
            Question(
                f"EDIT {name} (pinned)",
                ((f" {doubt}", "warn"),),
                lambda _: self.operator.edit(asked, confirmed=True),
                expects="",
            )
        )

    def _doubt(self, asked: ApplyEdits) -> str:
        """Say what speaks against it, and what it would meet; empty when nothing does."""
        latest, target = self.history.latest, asked.target
        if isinstance(target, HostId):
            agent, origin = find(latest, target)
            doubt = "" if agent is None else doubts(agent, asked.changes, origin)
            if agent is None or not doubt:
                return ""
            waiting = sum(origin.queued for origin in agent.origins)
            used = sum(len(origin.sockets) for origin in agent.origins)
            return f"{doubt}. {units.count(used)} in use, {units.count(waiting)} queued."
        workload = None if latest is None else workload_of(latest, target.name)
        doubt = "" if workload is None else load_doubts(workload, asked.changes)
        if workload is None or not doubt:
            return ""
        return f"{doubt}. {units.count(workload.in_flight)} requests are under way."

    def action_keep(self) -> None:
        """Let the edits that would be put back stay in force."""
        self.operator.keep(self.history.latest)

    def action_undo(self) -> None:
        """Take the last edit back."""
        self.operator.undo()

    def action_restore(self) -> None:
        """Put what the cursor is on back to its profile: an agent, or a workload."""
        target, latest = self.board.target(self.view()), self.history.latest
        what: AgentSnapshot | WorkloadSnapshot | None
        if isinstance(target, WorkloadId):
            what = None if latest is None else workload_of(latest, target.name)
        else:
            what, _ = find(latest, target)
        if what is None:
            self._go_to_pools("restore", "restores the agent of a host")
        else:
            self.operator.restore(what)

    # --- one thing in a pool ----------------------------------------------------------------

    def action_destroy(self) -> None:
        """Destroy the socket that the cursor is on, after its id was typed."""
        subject = self.board.page.subject
        if not isinstance(subject, SocketSubject):
            self.operator.say(f"put the cursor on a socket: page {self.keys.first('page_sockets')}")
            return
        agent, origin = find(self.history.latest, subject.host)
        if origin is None or agent is None or not self.operator.may_write():
            return
        found = next(
            (s for s in (*origin.sockets, *origin.free_sockets) if s.id == subject.socket), None
        )
        if found is None:
            self.operator.say(f"s{subject.socket} is closed already")
            return
        self._ask(
            f"DESTROY s{subject.socket} of {self._live_name(subject.host)} (pinned)",
            f"{destroying(origin, found)}; the pool may open another in its place",
            f"s{subject.socket}",
            Control(action="destroy_socket", agent=agent.name, socket=subject.socket),
            f"s{subject.socket} destroyed",
        )

    def action_abort(self) -> None:
        """Abort the request that the cursor is on, after its id was typed."""
        subject = self.board.page.subject
        if not isinstance(subject, RequestSubject):
            self.operator.say(f"put the cursor on a request: page {self.keys.first('page_queue')}")
            return
        agent, origin = find(self.history.latest, subject.host)
        if origin is None or agent is None or not self.operator.may_write():
            return
        self._ask(
            f"ABORT r{subject.request} of {self._live_name(subject.host)} (pinned)",
            aborting(origin, subject.request),
            f"r{subject.request}",
            Control(action="abort_request", agent=agent.name, request=subject.request),
            f"r{subject.request} aborted",
        )

    def action_clear(self) -> None:
        """Abort everything that waits for a host, after its agent's name was typed."""
        host = self.board.host_of_keys(self.view())
        agent, origin = find(self.history.latest, host)
        if host is None or agent is None or origin is None:
            self._go_to_pools("clear", "clears the queue of a host")
            return
        if not self.operator.may_write():
            return
        name = self._live_name(host)
        self._ask(
            f"CLEAR the queue of {name} (pinned)",
            f"{units.count(origin.queued)} queued requests fail; those on sockets go on",
            # A host's name can be a path of two hundred cells.
            agent.name if _is_typed_easily(agent.name) else str(origin.queued),
            Control(action="clear_queue", agent=agent.name, origin=origin.key),
            f"the queue of {name} was cleared",
        )

    def _live_name(self, host: HostId) -> str:
        return name_of(self.history.latest, host)

    def _go_to_pools(self, key: str, does: str) -> None:
        """Say that what a key acts on has to be pointed at first."""
        page = self.keys.first(self.board.pools.key)
        self.operator.say(f"{self.keys.first(key)} {does}: put the cursor on one, page {page}")

    def _ask(self, title: str, says: str, expects: str, control: Control, done: str) -> None:
        self.board.prompt.ask(
            Question(
                title,
                ((f" {says}", "warn"),),
                lambda _: self.operator.act(control, done),
                expects=expects,
            )
        )
        self.redraw()

    # --- the load and the lock --------------------------------------------------------------

    def action_pause(self) -> None:
        """Hold the load back, or let it go on."""
        self.operator.pause(self.history.latest)

    def action_stop(self) -> None:
        """Stop everything at once."""
        if self.is_web and self.operator.read_only:
            # Whoever reaches the page looks on; the other viewers are this user's own.
            self.operator.say("a visitor of this page cannot stop the load", "warn")
            return
        self.operator.stop()

    def action_lock(self) -> None:
        """Lock or unlock the keys that change something."""
        self.operator.toggle_lock()
        self.board.limits.leave()
        self.board.prompt.drop()
        self.redraw()

    def action_writer(self) -> None:
        """Take the right to write, from another viewer too; or let it go."""
        if not self.operator.may_take_lock():
            return
        holder = self.operator.holder
        if holder is None:
            self.operator.take_lock(force=False)
            return
        self.board.prompt.ask(
            Question(
                "WRITE LOCK",
                ((f" {holder} has it and will be read-only", "warn"),),
                lambda _: self.operator.take_lock(force=True),
                expects="",
            )
        )
        self.redraw()

    # --- leaving ----------------------------------------------------------------------------

    async def action_quit(self) -> None:
        """Leave in order; ask first where edits would be lost with the engine."""
        latest = self.history.latest
        edits = 0 if latest is None else edited(latest)
        if not edits or self.company is not None or self.operator.ended or self._source.fixed:
            self._leave_in_order()
            return
        many = "1 edit is" if edits == 1 else f"{edits} edits are"
        self.board.prompt.ask(
            Question(
                "LEAVE",
                (
                    (f" {many} not in the profile and will be gone with the engine", "warn"),
                    (f" ({self.keys.first('save')} saves)", "dim"),
                ),
                lambda _: self._leave_in_order(),
                expects="",
                again="quit",
            )
        )
        self.redraw()

    def _leave_in_order(self) -> None:
        # An engine that failed, or never ran, is not forgotten; nor what its load did not hold.
        self.exit(return_code=int(self.operator.ended) or self.verdict)

    def action_interrupt(self) -> None:
        """Leave at once when pressed twice."""
        now = self.clock()
        if now - self._interrupted_at < _FORCE_S:
            self.forced = True
            self.leave(130)
            return
        self._interrupted_at = now
        self.operator.say(
            f"ctrl+c again leaves at once; {self.keys.first('quit')} ends the engine in order",
            "warn",
        )


def _is_typed_easily(name: str) -> bool:
    plain = name.isascii() and name.isprintable() and name == name.strip()
    return plain and 0 < len(name) <= _LONGEST_WORD
