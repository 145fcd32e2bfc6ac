"""Runs a JSON scenario on pooltop's engine over real loopback sockets and gives its trace.

The scenario and trace formats are those of ``node_oracle.mjs`` beside this file, which does the
same with Node's real http.Agent, so that two traces can be compared step by step (README.md).
The server does nothing on its own; after each step the driver waits until everything is quiet:
every socket is idle, busy with all bytes delivered both ways, held in its look-up, or closed on
both sides, and nothing was observed in four turns a millisecond apart.
"""

from __future__ import annotations

import asyncio
import math
import re
import time
from typing import Any
from urllib.parse import quote, unquote

import msgspec
from support.scripted import Gates, Said, ScriptedOrigin, Served, field_of, response_of

from pooltop.core import events as ev
from pooltop.core.model import AgentOptions, Timeouts, TLSOptions
from pooltop.core.states import SocketState
from pooltop.engine.dialer import Dialer
from pooltop.engine.exchange import Exchange
from pooltop.engine.request import prepare
from pooltop.engine.shell import PoolShell
from pooltop.engine.tls_sessions import TLSFactory
from pooltop.errors import NetworkError

OPTIONS = {
    "keepAlive": "keep_alive",
    "keepAliveMsecs": "keep_alive_msecs",
    "maxSockets": "max_sockets",
    "maxTotalSockets": "max_total_sockets",
    "maxFreeSockets": "max_free_sockets",
    "scheduling": "scheduling",
    "timeout": "timeout",
}
QUIET_TURNS = 4
SETTLE_LIMIT_S = 4.0


def natural(text: object) -> list[object]:
    """Sort key: r2 before r10."""
    return [int(p) if p.isdigit() else p for p in re.split(r"(\d+)", str(text))]


def value_of(option: str, value: object) -> Any:
    if value is None:
        return math.inf
    if option == "maxFreeSockets" or isinstance(value, (bool, str)):
        return value
    return value


class Request(Exchange):
    """A request of the scenario: its response is always read to the end."""

    hears_steps = True

    __slots__ = (
        "again",
        "answered",
        "name",
        "rest",
        "seen_head",
        "served",
        "session",
        "told",
    )

    def begin(self, session: Session, name: str) -> None:
        self.session = session
        self.name = name
        self.served: Served | None = None
        self.answered = False
        self.rest: list[Said] = []
        self.seen_head = False
        self.told: tuple[int, int] | None = None
        self.again: dict[str, Any] | None = None
        """The request that is made at once when this one fails."""

    def on_attached(self) -> None:
        self.session.pulse += 1
        assert self.connection is not None
        self.told = (self.connection.id, self.nth)

    def on_head(self, head: Any) -> None:
        super().on_head(head)
        self.session.pulse += 1
        self.seen_head = True

    def on_data(self, data: bytes) -> None:
        super().on_data(data)
        self.session.pulse += 1

    def on_timeout_event(self) -> None:
        self.session.pulse += 1
        self.session.row["timeouts"].append(self.name)

    def on_complete(self) -> None:
        self._done({"status": self.status})

    def on_failed(self, error: Any) -> None:
        phase = "response" if self.seen_head else "request"
        self._done({"error": error.code, "phase": phase})
        if self.again is not None:
            # As a task that was waiting for this goes on.
            asyncio.get_running_loop().call_soon(self.session.ask_again, self.again)

    def _done(self, outcome: dict[str, Any]) -> None:
        self.session.pulse += 1
        socket_id, nth = self.told or (None, None)
        self.session.row["done"].append(
            {"id": self.name, **outcome, "socket": socket_id, "reused": self.reused, "nth": nth}
        )


class Session:
    """One scenario on one codec."""

    def __init__(self, scenario: dict[str, Any], codec: str) -> None:
        self.scenario = scenario
        self.codec = codec
        self.pulse = 0
        self.origins: dict[str, ScriptedOrigin] = {}
        self.requests: dict[str, Request] = {}
        self.row: dict[str, list[Any]] = {}
        self.trace: list[dict[str, Any]] = []
        self.ports: dict[str, int] = {}
        """Local port to socket number."""
        self.shell: PoolShell

    async def run(self) -> dict[str, Any]:
        await self._start()
        try:
            for step in self.scenario["steps"]:
                await self._exec(step)
            pending = sorted(
                (r.name for r in self.requests.values() if not r.is_settled), key=natural
            )
        finally:
            await self._stop()
        return {"name": self.scenario["name"], "steps": self.trace, "pending": pending}

    async def _start(self) -> None:
        options = {OPTIONS[k]: value_of(k, v) for k, v in self.scenario.get("agent", {}).items()}
        if options.get("max_free_sockets") == 0:
            options["max_free_sockets"] = 256  # Node's constructor reads 0 as unset
        self.shell = PoolShell(
            AgentOptions(**options),
            dialer=Dialer(Gates(self)),
            tls=TLSFactory(TLSOptions()),
            codec=self.codec,  # type: ignore[arg-type]
        )
        self._unsubscribe = self.shell.subscribe(self._event)
        for name, spec in self.scenario.get("origins", {"a": {}}).items():
            origin = self.origins[name] = ScriptedOrigin(self, name, spec)
            await origin.listen()
            if spec.get("refusing"):
                origin.unlisten()

    async def _stop(self) -> None:
        self._unsubscribe()
        self.shell.close_for_good()
        await self.shell.wait_closed()
        for origin in self.origins.values():
            origin.stop()
        await asyncio.sleep(0)

    def _event(self, event: ev.PoolEvent) -> None:
        self.pulse += 1
        if isinstance(event, ev.SocketOpened):
            self.row["opened"].append(event.socket)
        elif isinstance(event, ev.SocketConnected):
            self.row["connected"].append(event.socket)
            self.ports[self.shell.connections[event.socket].local.rpartition(":")[2]] = event.socket
        elif isinstance(event, ev.SocketClosed):
            self.row["closed"].append(event.socket)

    def arrived(self, served: Served, head: str) -> None:
        match = re.match(r"\S+ /(\S*)", head)
        assert match is not None
        request = self.requests[unquote(match[1])]
        request.served = served
        self.row["arrived"].append(
            {
                "id": request.name,
                "socket": self._number(served),
                "connection": field_of(head, "connection"),
            }
        )

    def _number(self, served: Served) -> int | None:
        return self.ports.get(str(served.port))

    def _served(self, number: int) -> Served | None:
        connection = self.shell.connections.get(number)  # type: ignore[call-overload]
        if connection is None or connection.dead or connection.connected_at is None:
            return None
        origin = self._origin_of(connection)
        served = origin.by_port.get(int(connection.local.rpartition(":")[2]))
        return None if served is None or served.gone else served

    def _origin_of(self, connection: Any) -> ScriptedOrigin:
        return next(o for o in self.origins.values() if o.host == connection.origin.host)

    def _skip(self, step: dict[str, Any], why: str) -> None:
        self.row["skipped"].append(f"{step['op']}: {why}")

    async def _act(self, step: dict[str, Any]) -> None:
        if step["op"] == "wait":
            await asyncio.sleep(step["ms"] / 1000)
        elif step["op"] == "listen":
            await self.origins[step["origin"]].listen()
        elif step["op"] == "batch":
            self.shell.touch()
            for each in step["steps"]:
                getattr(self, f"do_{each['op']}")(each)
        else:
            self.shell.touch()
            getattr(self, f"do_{step['op']}")(step)
        self.shell.after_this_turn()

    def do_request(self, step: dict[str, Any]) -> None:
        origin = self.origins[step["origin"]]
        options = self.shell.core.options
        prepared = prepare(
            "GET",
            "/" + quote(step["id"], safe=""),
            list((step.get("headers") or {}).items()),
            host_header=origin.host,
            keep_alive=options.keep_alive or not math.isinf(options.max_sockets),
        )
        timeouts = Timeouts()
        if "timeout" in step:
            timeouts = Timeouts(mode="node", idle=step["timeout"] / 1000)
        request = Request(prepared, origin.origin, timeouts, intended_at=time.monotonic())
        request.begin(self, step["id"])
        if "again" in step:
            request.again = {**step, "id": step["again"]}
            del request.again["again"]
        self.requests[step["id"]] = request
        self.shell.submit(request)

    def ask_again(self, step: dict[str, Any]) -> None:
        self.do_request(step)
        self.shell.after()

    def do_respond(self, step: dict[str, Any]) -> None:
        request = self.requests.get(step["id"])
        served = request.served if request else None
        if request is None or served is None or served.gone or request.answered:
            self._skip(step, "no request to answer")
            return
        request.answered = True
        said, request.rest = response_of(step, is_head=False)
        for each in said:
            served.say(each)

    def do_finish(self, step: dict[str, Any]) -> None:
        request = self.requests.get(step["id"])
        if request is None or not request.rest or request.served is None or request.served.gone:
            self._skip(step, "nothing left to send")
            return
        for each in request.rest:
            request.served.say(each)
        request.rest = []

    def do_abort(self, step: dict[str, Any]) -> None:
        request = self.requests.get(step["id"])
        if request is None or request.is_settled:
            self._skip(step, "request is over")
            return
        self.shell.abort(request)

    def do_set(self, step: dict[str, Any]) -> None:
        field = OPTIONS[step["option"]]
        changed = {field: value_of(step["option"], step["value"])}
        self.shell.set_options(
            msgspec.structs.replace(self.shell.core.options, **changed), by="scenario"
        )

    def do_destroy(self, step: dict[str, Any]) -> None:
        del step
        self.shell.destroy()

    def _server_side(self, step: dict[str, Any]) -> Served | None:
        served = self._served(step["socket"])
        if served is None:
            self._skip(step, "no such open socket")
        return served

    def do_serverClose(self, step: dict[str, Any]) -> None:
        if served := self._server_side(step):
            served.end()

    def do_serverReset(self, step: dict[str, Any]) -> None:
        if served := self._server_side(step):
            served.reset()

    def do_serverSend(self, step: dict[str, Any]) -> None:
        if served := self._server_side(step):
            served.write(step["data"])

    def do_connect(self, step: dict[str, Any]) -> None:
        for held in self._release(step):
            held.set_result(None)

    def do_failConnect(self, step: dict[str, Any]) -> None:
        code = step.get("code", "ENOTFOUND")
        for held in self._release(step):
            held.set_exception(NetworkError(f"getaddrinfo {code}", code=code))

    def _release(self, step: dict[str, Any]) -> list[asyncio.Future[None]]:
        count = step.get("count", 1)
        released = self.origins[step["origin"]].release(count)
        if len(released) < count:
            self._skip(step, "nothing held")
        return released

    def do_unlisten(self, step: dict[str, Any]) -> None:
        self.origins[step["origin"]].unlisten()

    def do_settle(self, step: dict[str, Any]) -> None:
        del step

    async def _exec(self, step: dict[str, Any]) -> None:
        names = ("opened", "connected", "closed", "arrived", "done", "timeouts", "skipped")
        self.row = {name: [] for name in names}
        await self._act(step)
        unsettled = await self._settle()
        core = self.shell.core
        by_id = {r.id: r.name for r in self.requests.values()}
        ids = {}
        for name, origin in self.origins.items():
            record = core.origins.get(origin.origin.key)
            ids[name] = {
                "sockets": list(record.sockets) if record else [],
                "freeSockets": list(record.free) if record else [],
                "requests": [by_id[r] for r in record.queue] if record else [],
            }
        connecting = (SocketState.CONNECTING, SocketState.FREE_CONNECTING)
        row: dict[str, Any] = {
            "i": len(self.trace),
            "op": step["op"],
            "counts": {n: {k: len(v) for k, v in lists.items()} for n, lists in ids.items()},
            "totalSocketCount": core.total_socket_count,
            "ids": ids,
            "connecting": [s.id for s in core.sockets.values() if s.state in connecting],
        }
        self.row["opened"].sort()
        self.row["connected"].sort()
        self.row["closed"].sort()
        self.row["arrived"].sort(key=lambda a: (a["socket"] or 0, natural(a["id"])))
        self.row["done"].sort(key=lambda d: natural(d["id"]))
        self.row["timeouts"].sort(key=natural)
        row |= {name: list(found) for name, found in self.row.items() if found}
        if unsettled:
            row["unsettled"] = unsettled
        self.trace.append(row)

    async def _settle(self) -> str | None:
        start = time.monotonic()
        last, quiet = -1, 0
        while quiet < QUIET_TURNS:
            await asyncio.sleep(0.001)
            why = self._unbalanced()
            quiet = quiet + 1 if why is None and last == self.pulse else 0
            last = self.pulse
            if time.monotonic() - start > SETTLE_LIMIT_S:
                return why or "noisy"
        return None

    def _unbalanced(self) -> str | None:
        ports = set()
        if self.shell.core.ticks:
            return "ticks"
        for connection in self.shell.connections.values():
            if connection.dead:
                return "closing"
            if connection.connected_at is None:
                origin = self._origin_of(connection)
                if any(not h.done() for h in origin.held):
                    continue
                return "connecting"
            port = int(connection.local.rpartition(":")[2])
            ports.add(port)
            served = self._origin_of(connection).by_port.get(port)
            if served is None or served.gone or served.ended:
                return "half open"
            if served.read != connection.bytes_out or served.wrote != connection.bytes_in:
                return "bytes in flight"
        for origin in self.origins.values():
            for port, served in origin.by_port.items():
                if not served.gone and port not in ports:
                    return "server side open"
        return None


async def run_scenario(scenario: dict[str, Any], codec: str) -> dict[str, Any]:
    """Give the trace of a scenario on ``codec``."""
    return await Session(scenario, codec).run()


def differences(ours: dict[str, Any], theirs: dict[str, Any], level: int) -> list[str]:
    """Say where two traces differ, one line each.

    Level 1 compares counts, totalSocketCount and outcomes without their socket; level 2 everything
    but the phase in which an error came.
    """
    found = []
    for mine, other in zip(ours["steps"], theirs["steps"], strict=True):
        for field in sorted({*mine, *other} if level == 2 else LEVEL_1):
            a, b = _view(mine.get(field), level), _view(other.get(field), level)
            if a != b:
                found.append(f"step {mine['i']} {mine['op']} {field}: ours {a} theirs {b}")
    if ours["pending"] != theirs["pending"]:
        found.append(f"pending: ours {ours['pending']} theirs {theirs['pending']}")
    return found


LEVEL_1 = ("counts", "totalSocketCount", "done", "unsettled")


def _view(value: Any, level: int) -> Any:
    hidden = {"phase"} if level == 2 else {"phase", "socket"}
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [{k: v for k, v in each.items() if k not in hidden} for each in value]
    return value
