"""Two scripted pools under the same load, told as a comparison is: what the Compare page shows."""

from __future__ import annotations

from msgspec.structs import replace
from scripted_source import ScriptedSource, SimAgent, SimHost

from pooltop.core.class_snapshot import ClassSnapshot, PhaseDurations
from pooltop.core.histogram import Recorder
from pooltop.core.model import AgentOptions
from pooltop.core.sides import Sides
from pooltop.core.snapshot import AgentSnapshot, Snapshot, WorkloadSnapshot

RATE = 100.0
_SHAKES_S, _CPU_S = 0.004, 0.001
"""Of each handshake."""


class VersusSource(ScriptedSource):
    """keepAlive on against off, over TLS."""

    def __init__(self) -> None:
        super().__init__(
            [_side("kept", 9001, keep_alive=True), _side("close", 9002, keep_alive=False)],
            title="versus.toml",
            seed=3,
        )
        self.sides: Sides | None = Sides(a="kept", b="close")
        self._took = {agent.name: (Recorder(), Recorder()) for agent in self.agents}

    def snapshot(self) -> Snapshot:
        """Give the instant, with handshakes and workloads of both sides."""
        told = super().snapshot()
        agents = tuple(_shaken(agent) for agent in told.agents)
        workloads = tuple(self._workload(agent) for agent in self.agents)
        return replace(told, agents=agents, workloads=workloads, compare=self.sides)

    def _workload(self, agent: SimAgent) -> WorkloadSnapshot:
        (host,) = agent.hosts
        total, tls = self._took[agent.name]
        shakes = agent.name == "close"
        while total.count < host.completed:
            total.record(0.03 + 0.001 * (total.count % 9) + _SHAKES_S * shakes)
            if shakes:
                tls.record(_SHAKES_S)
        wait = Recorder()
        wait.record_in(0, total.sum_s - tls.sum_s)
        phases = PhaseDurations(wait=wait.freeze(), tls=tls.freeze(), total=total.freeze())
        page = ClassSnapshot(
            name="page", sent=host.submitted, completed=host.completed, phases=phases
        )
        return WorkloadSnapshot(
            name=agent.name,
            agent=agent.name,
            target=f"{host.host}:{host.port}",
            state="running",
            pattern="open poisson 100/s",
            rate=RATE,
            initial_rate=RATE,
            offered=host.submitted,
            sent=host.submitted,
            completed=host.completed,
            latency=total.freeze(),
            classes=(page,),
        )


def _side(name: str, port: int, *, keep_alive: bool) -> SimAgent:
    options = AgentOptions(keep_alive=keep_alive, max_sockets=10)
    host = SimHost(f"{name}.localhost", port, "https", rate=RATE, service_s=0.03, dial_s=0.006)
    return SimAgent(name, options, [host])


def _shaken(agent: AgentSnapshot) -> AgentSnapshot:
    """Tell of a handshake for each connection, all but the first resumed."""
    origins = []
    for origin in agent.origins:
        opened = origin.counters.opened
        counters = replace(
            origin.counters,
            connected=opened,
            handshakes=opened,
            resumed=max(0, opened - 1),
            handshake_s=opened * _SHAKES_S,
            handshake_cpu_s=opened * _CPU_S,
            bytes_in=opened * 900 + origin.counters.completed * 400,
        )
        origins.append(replace(origin, counters=counters))
    return replace(agent, origins=tuple(origins))
