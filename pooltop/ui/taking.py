"""The key that copies an agent's limits, as they are now, as code for a client that is chosen."""

from __future__ import annotations

from pooltop.core.snapshot import AgentSnapshot
from pooltop.present.clean import clean
from pooltop.present.editing import Target, WorkloadId
from pooltop.present.line import Line
from pooltop.profiles.shown import did_you_mean
from pooltop.takehome import TARGETS, of_snapshot, take_home
from pooltop.ui.sharing import SharingKeys
from pooltop.ui.view import find
from pooltop.ui.widgets.prompt import Question

_FIRST = "node-http"
_PER_LINE = 6


class TakingKeys(SharingKeys):
    """Changes nothing in the engine, and writes no file."""

    _chosen = _FIRST

    def action_take_home(self) -> None:
        """Ask for which client the limits of the agent in focus are wanted."""
        self.take_home(self.board.target(self.view()))

    def take_home(self, target: Target | None) -> None:
        """Ask for a client, then copy the limits of an agent as they are at this instant.

        Args:
            target: one of its hosts, or a workload that it carries; None for nothing.
        """
        agent = self._agent_of(target)
        snapshot = self.view().snapshot
        if agent is None or snapshot is None:
            self.operator.say("there is no agent in focus whose limits could be copied")
            return
        profile = None if self.saving is None else self.saving.agent(snapshot, agent.name)
        pool = of_snapshot(agent, profile)

        def copy(typed: str) -> None:
            name = typed.strip().lower()
            if name not in TARGETS:
                hint = did_you_mean(name, TARGETS)
                self.operator.say(f"nothing copied: there is no {clean(name, 40)}.{hint}", "bad")
                return
            self._chosen = name
            self.copy_to_clipboard(take_home(pool, name))
            what = f"the limits of {clean(agent.name, 40)} for {name}"
            self.operator.say(f"copied {what} to the terminal's clipboard (OSC 52)", "accent")

        self.board.prompt.ask(
            Question(
                f"COPY the limits of agent {agent.name} as code",
                (
                    (
                        " for which client? They are as they are now, what was tuned included",
                        "text",
                    ),
                ),
                copy,
                text=self._chosen,
                choices=tuple(TARGETS),
                more=_names(),
            )
        )
        self.redraw()

    def _agent_of(self, target: Target | None) -> AgentSnapshot | None:
        snapshot = self.view().snapshot
        if snapshot is None or target is None:
            return None
        if not isinstance(target, WorkloadId):
            return find(snapshot, target)[0]
        carried = {workload.name: workload.agent for workload in snapshot.workloads}
        name = carried.get(target.name)
        return next((agent for agent in snapshot.agents if agent.name == name), None)


def _names() -> tuple[Line, ...]:
    names = tuple(TARGETS)
    rows = (names[at : at + _PER_LINE] for at in range(0, len(names), _PER_LINE))
    return tuple(((" " + "  ".join(row), "dim"),) for row in rows)
