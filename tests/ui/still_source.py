"""Dispatchers of undici's as they were at one instant: time passes, and nothing else does."""

from __future__ import annotations

from msgspec.structs import replace
from scripted_source import ScriptedSource
from support.undici_scenes import AT, SESSION, WALL, client, picture, pool, sockets, streams

from pooltop.core.snapshot import AgentSnapshot, Snapshot

FEW = replace(SESSION, streams=4, own=8)


def undici_agents() -> tuple[AgentSnapshot, ...]:
    """Give a Pool, a pipeline, a session, and an http.Agent beside them."""
    return (pool(), client(), streams(), sockets())


class StillSource(ScriptedSource):
    """Tells of these agents, over and over."""

    def __init__(self, *agents: AgentSnapshot) -> None:
        super().__init__([], title="undici.toml")
        self.told = agents or undici_agents()

    def snapshot(self) -> Snapshot:
        """Give the next instant, at which all that was told is told again."""
        self._seq += 1
        passed = self._seq * 0.5
        return replace(picture(*self.told), seq=self._seq, at=AT + passed, wall_at=WALL + passed)
