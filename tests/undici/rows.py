"""The rows of a trace: what is common to all who do a scenario with pooltop's core.

The formats are those of ``undici_oracle.mjs`` (README.md).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from pooltop.core.model import OriginKey, SocketId
from pooltop.core.records import Failure
from pooltop.core.undici.core import UndiciCore
from pooltop.core.undici.dispatcher import Dispatcher
from pooltop.core.undici.options import DispatcherOptions
from pooltop.core.undici.pool_base import PoolBase
from pooltop.core.undici.records import ConnProtocol

KINDS = {
    "Client": "undici-client",
    "Pool": "undici-pool",
    "RoundRobinPool": "undici-round-robin-pool",
    "BalancedPool": "undici-balanced-pool",
    "Agent": "undici-agent",
}
LISTS = ("opened", "connected", "closed", "arrived", "frames", "events", "done", "ended", "skipped")

Step = dict[str, Any]
Row = dict[str, Any]
Trace = dict[str, Any]


def natural(text: object) -> list[object]:
    """Sort key: r2 before r10."""
    return [int(p) if p.isdigit() else p for p in re.split(r"(\d+)", str(text))]


def options_of(scenario: dict[str, Any]) -> DispatcherOptions:
    """Give a scenario's options in our words."""
    given = scenario["dispatcher"]["options"]
    named = {re.sub(r"[A-Z]", lambda m: "_" + m[0].lower(), k): v for k, v in given.items()}
    return DispatcherOptions(kind=KINDS[scenario["dispatcher"]["kind"]], **named)  # type: ignore[arg-type]


class Rows:
    """One scenario's trace on one core; whoever inherits does the steps."""

    keys: Mapping[str, OriginKey]
    """Each origin's, by its name in the scenario."""
    names: Mapping[OriginKey, str]
    core: UndiciCore

    def __init__(self, scenario: dict[str, Any]) -> None:
        self.scenario = scenario
        self.kind: str = scenario["dispatcher"]["kind"]
        self.at_drain: list[Step] = []
        self.forgotten: dict[Dispatcher, int] = {}
        """What undici's ``queued`` keeps of a pool that was destroyed (README.md)."""
        self.row: Row = {}

    def watch(self, core: UndiciCore, keys: Mapping[str, OriginKey]) -> None:
        """Hear what its user hears of the core that decides."""
        self.core = core
        self.keys = keys
        self.names = {key: name for name, key in keys.items()}
        self._overhear()

    def act(self, step: Step) -> None:
        """Do a step: ``_do_`` and its name says why it cannot be done, or gives None."""
        why = getattr(self, f"_do_{step['op']}")(step)
        if why is not None:
            self.row["skipped"].append(f"{step['op']}: {why}")

    def begin_row(self) -> None:
        """Hear what comes of the next step."""
        self.row = {name: [] for name in LISTS} | {"returned": {}}

    def end_row(self, i: int, step: Step, sockets: Mapping[str, Iterable[SocketId]]) -> Row:
        """Give the row of a step that has come to rest."""
        row = self.row
        for name in ("opened", "closed"):
            row[name].sort()
        row["connected"].sort(key=lambda each: each["socket"])
        for name in ("arrived", "frames"):
            row[name].sort(key=lambda each: each["socket"])
        row["done"].sort(key=lambda each: natural(each["id"]))
        open_ = {name: sorted(numbers) for name, numbers in sockets.items()}
        found = {"i": i, "op": step["op"], **self._counts(), "sockets": open_}
        return found | {name: said for name, said in row.items() if said}

    def forget_the_queues(self) -> None:
        """Note what undici goes on counting of the queues that ``destroy`` is about to fail."""
        for _, each in self.dispatchers():
            if isinstance(each, PoolBase) and not each.is_destroyed:
                self.forgotten[each] = len(each.queue)

    def dispatchers(self) -> list[tuple[str, Dispatcher]]:
        """Give those that undici's stats are of, by the names that a trace has for them."""
        root = self.core.root
        if isinstance(root, PoolBase):
            upstreams = [(name, root.upstream(key)) for name, key in self.keys.items()]
            return [("*", root), *((n, each) for n, each in upstreams if each is not None)]
        return [
            (self.names[key] + ("" if allow_h2 or self.kind != "Agent" else "#http1-only"), each)
            for (key, allow_h2), each in root.dispatchers.items()
        ]

    def hear(self, event: str, member: Dispatcher, failure: Failure | None = None) -> None:
        """Be told what a user of undici's is told."""
        told = [] if failure is None else [failure.code, failure.message]
        self.row["events"].append([event, self.names.get(member.key), *told])
        if event == "drain":
            steps, self.at_drain = self.at_drain, []
            for step in steps:
                self.act(step)

    # Steps that are done alike

    def _do_atDrain(self, step: Step) -> None:
        self.at_drain += step["steps"]

    def _do_settle(self, step: Step) -> None:
        """Only look."""

    # Its own

    def _overhear(self) -> None:
        """Have the core's user be this, as an EventEmitter's is its listener."""

        def heard(event: str, tell: Callable[..., None]) -> Callable[..., None]:
            def on_event(member: Dispatcher, *more: Failure | ConnProtocol) -> None:
                tell(member, *more)
                told = [each for each in more if isinstance(each, Failure)]
                self.hear(event, member, *told)

            return on_event

        core: Any = self.core
        core.on_drain = heard("drain", core.on_drain)
        core.on_connect = heard("connect", core.on_connect)
        core.on_disconnect = heard("disconnect", core.on_disconnect)
        core.on_connection_error = heard("connectionError", core.on_connection_error)

    def _counts(self) -> Row:
        stats = {name: self._stats(each) for name, each in self.dispatchers()}
        clients = {
            name: len(each.members) if isinstance(each, PoolBase) else 1
            for name, each in self.dispatchers()
            if name != "*"
        }
        if self.kind not in ("Agent", "BalancedPool") and not stats:
            # It is made for the first request; undici's is there before.
            name = next(iter(self.keys))
            counts = ("connected", "pending", "running", "size")
            more = () if self.kind == "Client" else ("free", "queued")
            stats[name] = dict.fromkeys((*counts, *more), 0)
            clients[name] = 1 if self.kind == "Client" else 0
        return {"stats": stats, "clients": clients}

    def _stats(self, dispatcher: Dispatcher) -> dict[str, int]:
        counts = msgspec.to_builtins(dispatcher.stats())
        forgotten = self.forgotten.get(dispatcher, 0)
        if forgotten:
            counts["queued"] += forgotten
        within = sum(self.forgotten.get(each, 0) for each in getattr(dispatcher, "members", ()))
        for name in ("pending", "size"):
            counts[name] += forgotten + within
        return {name: count for name, count in counts.items() if count is not None}
