"""Two agents of one instant set against each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pooltop.core.histogram import Histogram
from pooltop.core.snapshot import (
    AgentSnapshot,
    OriginSnapshot,
    Snapshot,
    SocketInfo,
    WorkloadSnapshot,
)
from pooltop.present.clean import clean
from pooltop.present.dispatcher_limits import fields_of
from pooltop.present.limits import BY_OPTION, value_of, written

Letter = Literal["A", "B"]


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two: an agent with all that its workloads send."""

    letter: Letter
    agent: AgentSnapshot
    workloads: tuple[WorkloadSnapshot, ...]

    @property
    def name(self) -> str:
        """The agent's, clean."""
        return clean(self.agent.name, 40)

    @property
    def policy(self) -> str:
        """Say what it is, by the options that matter for its connections."""
        return policy_words(self.agent)

    @property
    def origins(self) -> tuple[OriginSnapshot, ...]:
        """The agent's hosts."""
        return self.agent.origins

    @property
    def sockets(self) -> list[SocketInfo]:
        """Those that are open, of all hosts."""
        return [s for each in self.origins for s in (*each.sockets, *each.free_sockets)]

    @property
    def latency(self) -> Histogram:
        """Of all workloads, from the intended start to the last byte."""
        return Histogram.total(each.latency for each in self.workloads)


@dataclass(frozen=True, slots=True)
class Pair:
    """Both sides at one instant."""

    a: Side
    b: Side


def pair_of(snapshot: Snapshot | None) -> Pair | None:
    """Give the two sides of an instant; None where nothing is compared.

    Those that the profile names; where it names none, its agents if there are two.
    """
    if snapshot is None:
        return None
    agents = {agent.name: agent for agent in snapshot.agents}
    sides = snapshot.compare
    names = list(agents) if sides is None else [sides.a, sides.b]
    if len(names) != 2 or not all(name in agents for name in names):
        return None
    one, other = (agents[name] for name in names)
    return Pair(_side("A", one, snapshot), _side("B", other, snapshot))


def _side(letter: Letter, agent: AgentSnapshot, snapshot: Snapshot) -> Side:
    workloads = tuple(each for each in snapshot.workloads if each.agent == agent.name)
    return Side(letter, agent, workloads)


def policy_words(agent: AgentSnapshot) -> str:
    """Say what an agent is, by the options that matter for its connections."""
    if agent.dispatcher is not None:
        options = agent.dispatcher
        told = [
            f"{field.title} {written(field.option, value_of(options, field.option))}"
            for field in fields_of(options.kind)
            if field.kind == "count"
        ]
        return ", ".join((options.kind, *told))
    if agent.options.per_request:
        return "a new agent for every request"
    kept = ("max_sockets", "max_free_sockets")
    names = ("keep_alive", *(kept if agent.options.keep_alive else kept[:1]))
    return ", ".join(
        f"{BY_OPTION[name].title} {written(name, value_of(agent.options, name))}" for name in names
    )


def traffic_words(pair: Pair) -> str:
    """Give what each side is sent, as ``; each: open poisson 100/s``; empty where they differ."""
    told = {tuple(each.pattern for each in side.workloads) for side in (pair.a, pair.b)}
    if len(told) != 1:
        return ""
    patterns = clean(", ".join(told.pop()), 60)
    return f"; each: {patterns}" if patterns else ""


def busiest(side: Side) -> tuple[str, str] | None:
    """Give the workload and the request class that most requests of a side were of; None of none.

    Of these alone one request is drawn: the mean of several classes would be nobody's.
    """
    told = [
        (each.phases.total.count, workload.name, each.name)
        for workload in side.workloads
        for each in workload.classes
        if each.phases.total.count
    ]
    if not told:
        return None
    _, workload, name = max(told)
    return workload, name
