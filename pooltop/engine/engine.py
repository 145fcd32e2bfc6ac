"""Everything one profile asks for, running: agents, workloads, the journal and the snapshots."""

from __future__ import annotations

import asyncio
import math
import os
import time
from collections.abc import Callable, Iterator
from functools import partial

import msgspec

from pooltop.core.detail import HostDetail, Watch
from pooltop.core.edits import Control, Edit, EditOutcome
from pooltop.core.holds import Holds
from pooltop.core.model import AgentProfile, OriginKey, Profile
from pooltop.core.pace import Pace
from pooltop.core.snapshot import AgentSnapshot, ProcessFacts, Snapshot
from pooltop.core.traffic import Workload
from pooltop.engine.address_watch import AddressWatch
from pooltop.engine.agent import Agent
from pooltop.engine.carrier import Carrier
from pooltop.engine.carriers import carrier_of
from pooltop.engine.closed_workload import ClosedRunner
from pooltop.engine.consented import ConsentedResolver
from pooltop.engine.descriptors import DescriptorCeiling
from pooltop.engine.details import Paces, queue_heads
from pooltop.engine.edit_book import EditBook, Who
from pooltop.engine.edit_targets import AgentTarget, Target, WorkloadTarget
from pooltop.engine.exchange import Exchange
from pooltop.engine.guard import LoadGuard
from pooltop.engine.host_target import HostTarget
from pooltop.engine.interventions import abort_request, clear_queue, destroy_socket
from pooltop.engine.journal import Journal, PoolReporter
from pooltop.engine.open_workload import OpenRunner
from pooltop.engine.process_facts import max_fds, process_facts
from pooltop.engine.redirects import Redirects
from pooltop.engine.resolver import Resolver, SystemResolver
from pooltop.engine.snapshots import told_of_each
from pooltop.engine.tally import OriginTally
from pooltop.engine.threshold_watch import ThresholdWatch
from pooltop.engine.time_wait import TimeWaitWatch
from pooltop.engine.undici.dispatcher import Dispatcher
from pooltop.engine.undici.edit_target import DispatcherTarget
from pooltop.engine.workload import Around, WorkloadRunner
from pooltop.errors import UsageError


class Engine:
    """The agents and workloads of a profile. Make it inside the event loop that runs it."""

    def __init__(self, profile: Profile, *, resolver: Resolver | None = None) -> None:
        """Make every agent and prepare every workload; nothing is sent yet.

        Raises:
            PooltopError: a request cannot be sent as given, or a TLS file is unfit.
        """
        self.profile = profile
        self.journal = Journal()
        self.done = asyncio.Event()
        """Set when every workload has ended by itself, or the load was stopped."""
        self._own_resolver: SystemResolver | None = None
        if resolver is None:
            resolver = self._own_resolver = SystemResolver()
        shared = ConsentedResolver(resolver, profile.allow_hosts)
        self.agents = {each.name: carrier_of(each, resolver=shared) for each in profile.agents}
        self._fd_ceiling = self._limit_descriptors()
        for name, agent in self.agents.items():
            PoolReporter(self.journal, name, _labeller(agent)).watch(agent.shell)
        most = profile.safety.max_rate
        self._pace = Pace(most) if most < math.inf else None
        self._holds = Holds()
        self.workloads = [self._runner(each) for each in profile.workloads]
        for each in profile.workloads:
            if each.base_url.startswith("https:"):
                self.agents[each.agent].check_tls()
        for runner in self.workloads:
            carrier = self.agents[runner.workload.agent]
            runner.redirects = Redirects(carrier, profile.allow_hosts)
        guarded = profile.safety.guarded
        self._guard = LoadGuard(
            [each for each in self.workloads if each.workload.name in guarded],
            self.journal,
            self._holds,
        )
        targets: dict[Who, Target] = {}
        for pools in profile.agents:
            targets |= self._targets(pools)
        for runner in self.workloads:
            targets[Who(workload=runner.workload.name)] = WorkloadTarget(
                runner, most_rate=partial(self._room_for, runner)
            )
        self._edits = EditBook(targets, self.journal)
        self._thresholds = ThresholdWatch(
            profile.thresholds, self.agents, self.workloads, self.journal, self._abort
        )
        self._time_wait = TimeWaitWatch()
        self.addresses = AddressWatch(shared)
        """Looks up again where the names of open sockets lead."""
        self._watched: tuple[Watch, ...] = ()
        self._paces = {name: Paces() for name in self.agents}
        self._seq = 0
        self._lag = 0.0

    def start(self) -> None:
        """Start every workload; of a profile that holds them, have each wait to be resumed."""
        self._thresholds.start()
        self._guard.start()
        for runner in self.workloads:
            if self.profile.held:
                runner.hold()
                self.journal.write("LOAD", f"{runner.workload.name} is held: {runner.pattern}")
                continue
            runner.start()
            self.journal.write("LOAD", f"{runner.workload.name} started: {runner.pattern}")
        if not self.workloads:
            self.journal.write("LOAD", "the profile has no workload: nothing is sent")

    def snapshot(self) -> Snapshot:
        """Give the picture of this instant."""
        self._seq += 1
        at = time.monotonic()
        self._time_wait.look(self._tallies(), at)
        self.addresses.look((each.shell for each in self.agents.values()), at)
        for name, paces in self._paces.items():
            paces.look(self.agents[name].shell.tally, at)
        levels = (own for agent in self.agents.values() for _, own in agent.shell.levels())
        head = told_of_each(sum(own.queued > 0 for own in levels))
        return Snapshot(
            seq=self._seq,
            at=at,
            wall_at=time.time(),
            profile=self.profile.path,
            environment=self.profile.environment,
            agents=tuple(self._agent(each, at, head) for each in self.profile.agents),
            workloads=tuple(runner.snapshot() for runner in self.workloads),
            process=self._facts(),
            edits=self._edits.records,
            auto_revert_s=self.profile.auto_revert,
            details=tuple(self._detail(watch, at) for watch in self._watched),
            thresholds=self._thresholds.states,
            max_rate=None if self._pace is None else self._pace.rate,
            compare=self.profile.compare,
            advisor=self.profile.advisor,
        )

    def watch(self, watched: tuple[Watch, ...]) -> None:
        """Tell the details of these hosts, one for each viewer, in every snapshot from now on.

        They come in this order, one for each, also where two are of the same host or one is of
        none that there is.
        """
        self._watched = watched

    async def count_again(self) -> None:
        """Bring up to date what is else counted every few seconds: connections in TIME_WAIT."""
        await self._time_wait.again(self._tallies())

    def note_lag(self, seconds: float) -> None:
        """Keep how late the snapshot timer ran."""
        self._lag = seconds

    def edit(self, edit: Edit) -> EditOutcome:
        """Apply a live edit; gives what really happened, or why it was refused."""
        return self._edits.submit(edit)

    def control(self, control: Control) -> None:
        """Pause, resume or stop the load, keep an edit, or do something to one thing in a pool.

        Raises:
            UsageError: what is meant is not there, or not any more; nothing was changed.
        """
        if control.action == "stop":
            self.stop()
            return
        if control.action == "keep":
            self._edits.keep(control.edit)
            return
        if control.action not in ("pause", "resume"):
            self._intervene(control)
            return
        named = [r for r in self.workloads if control.workload in (None, r.workload.name)]
        if control.workload is not None and not named:
            known = ", ".join(runner.workload.name for runner in self.workloads) or "none"
            raise UsageError(f"no workload {control.workload!r}: there are {known}")
        if named and all(runner.state in ("stopped", "done") for runner in named):
            # It may have ended while it was asked for, as when whoever drains it pauses it first.
            return
        for runner in named:
            if control.action == "pause":
                runner.pause()
            else:
                runner.resume()
        self._thresholds.judge()
        which = control.workload or "all workloads"
        self.journal.write("LOAD", f"{which}: {control.action}d")

    def _intervene(self, control: Control) -> None:
        agent = self.agents.get(control.agent)
        if agent is None:
            raise UsageError(f"no agent {control.agent!r}: there are {', '.join(self.agents)}")
        if control.action == "destroy_socket" and control.socket is not None:
            destroy_socket(agent, control.socket, self.journal)
        elif control.action == "abort_request" and control.request is not None:
            abort_request(agent, control.request, self.journal)
        elif control.action == "clear_queue" and control.origin is not None:
            clear_queue(agent, control.origin, self.journal)
        else:
            raise UsageError(f"{control.action}: it is not said which")

    def stop(self) -> None:
        """Stop everything at once: no new request, and every socket is destroyed."""
        self._thresholds.finish()  # before its own sockets' ends are counted
        self._guard.close()
        for runner in self.workloads:
            runner.stop()
        for agent in self.agents.values():
            agent.close_now()
        self.journal.write("LOAD", "stopped: no request is started, every socket is closed")
        self.done.set()

    async def aclose(self) -> None:
        """Stop, and wait until every socket is closed."""
        self._edits.close()
        self._thresholds.close()
        self._guard.close()
        for runner in self.workloads:
            runner.stop()
        for agent in self.agents.values():
            await agent.aclose()
        await self._time_wait.aclose()
        await self.addresses.aclose()
        if self._own_resolver is not None:
            await self._own_resolver.aclose()

    def _targets(self, profile: AgentProfile) -> dict[Who, Target]:
        """Give what can be edited of an agent: its options, and its hosts' own limits."""
        name, agent = profile.name, self.agents[profile.name]
        carried = [runner for runner in self.workloads if runner.workload.agent == name]

        def changed() -> None:
            for runner in carried:
                runner.options_changed()

        bounds, ceiling = profile.bounds, profile.ceiling
        if isinstance(agent, Dispatcher):
            target = DispatcherTarget(agent, bounds, changed, ceiling=ceiling)
            return {Who(agent=name): target}
        assert isinstance(agent, Agent)
        hosts = (host for host, own in profile.hosts.items() if own.limits)
        return {
            Who(agent=name): AgentTarget(name, agent, bounds, changed, ceiling=ceiling),
            **{
                Who(agent=name, host=host): HostTarget(
                    name, agent, host, bounds, changed, ceiling=ceiling
                )
                for host in hosts
            },
        }

    def _runner(self, workload: Workload) -> WorkloadRunner:
        around = Around(
            on_done=self._workload_done,
            on_unexpected=self._teller(workload.agent),
            on_paced=self._tell_paced,
            on_dropped=self._tell_dropped,
            on_stage=self._tell_stage,
            pace=self._pace,
            holds=self._holds,
        )
        kind = OpenRunner if workload.model == "open" else ClosedRunner
        return kind(workload, self.agents[workload.agent], around)

    def _limit_descriptors(self) -> int | None:
        limit = max_fds()
        if limit is None:
            return None
        ceiling = DescriptorCeiling(self.profile.safety.max_open_fds, limit)
        for agent in self.agents.values():
            agent.limit_descriptors(ceiling)
        return ceiling.most

    def _room_for(self, runner: WorkloadRunner) -> float:
        """Give the rate that is left to a workload below the ceiling of all of them together.

        What the others ask for at their most counts, and what they are about to be put back to.
        """
        return self.profile.safety.max_rate - sum(
            max(each.most_rate, self._owed_rate(each))
            for each in self.workloads
            if each is not runner and each.is_at_work and each.workload.model == "open"
        )

    def _owed_rate(self, runner: WorkloadRunner) -> float:
        """Give the most that a workload asks for once what nobody kept is put back; 0 for none."""
        owed = self._edits.owed("", runner.workload.name, "rate")
        if owed is None:
            return 0.0
        back = msgspec.structs.replace(runner.workload, rate=float(owed.value))
        return runner.most_rate_after(back, returns=owed.to_stages)

    def _detail(self, watch: Watch, at: float) -> HostDetail:
        agent = self.agents.get(watch.agent)
        if agent is None:
            return HostDetail(agent=watch.agent, origin=watch.origin)
        pace = self._paces[watch.agent].of(watch.origin, agent.shell.tally, at)
        return agent.shell.detail(watch, pace)

    def _agent(self, profile: AgentProfile, at: float, head: int) -> AgentSnapshot:
        heads = queue_heads(self._watched, profile.name)
        agent = self.agents[profile.name]
        snapshot = agent.snapshot(at=at, queue_heads=heads, queue_head=head)
        # A library's agent has no bounds: they are the profile's.
        if not profile.bounds and profile.ceiling == math.inf:
            return snapshot
        ceiling = None if profile.ceiling == math.inf else profile.ceiling
        return msgspec.structs.replace(snapshot, bounds=profile.bounds, ceiling=ceiling)

    def _workload_done(self, runner: WorkloadRunner) -> None:
        self.journal.write(
            "LOAD",
            f"{runner.workload.name} done: {runner.end_words}{runner.completed} completed, "
            f"{runner.failed} failed, {runner.dropped} dropped, {runner.late} late",
        )
        if all(each.state == "done" and not each.in_flight for each in self.workloads):
            self._thresholds.finish()
            self._guard.close()
            self.done.set()

    def _tell_paced(self, runner: WorkloadRunner) -> None:
        self.journal.write(
            "LOAD",
            f"{runner.workload.name}: users wait for their turn: all workloads together may send "
            f"{self.profile.safety.max_rate:g}/s (max_rate in [safety])",
            agent=runner.workload.agent,
        )

    def _tell_dropped(self, runner: WorkloadRunner) -> None:
        self.journal.write(
            "ALERT",
            f"{runner.workload.name}: load not delivered: arrivals are dropped, for "
            f"{runner.workload.max_in_flight} requests are under way (max_in_flight)",
            agent=runner.workload.agent,
        )

    def _tell_stage(self, runner: WorkloadRunner, words: str) -> None:
        name, agent = runner.workload.name, runner.workload.agent
        self.journal.write("LOAD", f"{name}: {words}", agent=agent)

    def _abort(self, why: str) -> None:
        self.journal.write("LOAD", f"aborted by a threshold: {why}")
        self.stop()

    def _teller(self, agent: str) -> Callable[[Exchange, str], None]:
        def tell(exchange: Exchange, reason: str) -> None:
            words = f"r{exchange.id} {exchange.label} unexpected answer: {reason}"
            self.journal.write("ERROR", words, agent=agent, host=exchange.origin.label)

        return tell

    def _tallies(self) -> Iterator[OriginTally]:
        return (o for a in self.agents.values() for o in a.shell.tally.origins.values())

    def _facts(self) -> ProcessFacts:
        return process_facts(
            os.getpid(),
            loop_lag_s=self._lag,
            local_ports=self._time_wait.local_ports,
            fd_ceiling=self._fd_ceiling,
        )


def _labeller(agent: Carrier) -> Callable[[OriginKey], str]:
    def label(key: OriginKey) -> str:
        return agent.shell.targets[key].label

    return label
