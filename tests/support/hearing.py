"""What an agent tells, kept in a list."""

from __future__ import annotations

from pooltop.core.events import PoolEvent
from pooltop.engine.agent import Agent


def told(agent: Agent, *kinds: type[PoolEvent]) -> list[PoolEvent]:
    """Give a list that fills with the agent's events of these kinds."""
    events: list[PoolEvent] = []

    def hear(event: PoolEvent) -> None:
        if isinstance(event, kinds):
            events.append(event)

    agent.subscribe(hear)
    return events
