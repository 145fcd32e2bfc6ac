"""Replays a scenario against the pure core of pooltop's undici kinds, and gives its trace.

The servers are imagined (simulated.py) and time is virtual, so this is what the rules alone make of
it. The formats are those of ``undici_oracle.mjs`` (README.md).
"""

from __future__ import annotations

from collections import deque
from typing import Any

import msgspec
from support.scripted import FIN, RST, Said, response_of
from undici import sessions
from undici.rows import Row, Rows, Step, Trace, natural, options_of
from undici.session_steps import SessionSteps
from undici.sessions import Frame
from undici.simulated import World
from undici.wires import Asked, Wire

from pooltop.core import events as ev
from pooltop.core.model import OriginKey, RequestId, SocketId
from pooltop.core.records import Failure
from pooltop.core.states import CloseReason
from pooltop.core.undici.core import UndiciCore
from pooltop.core.undici.records import Ask

IDEMPOTENT = ("GET", "HEAD", "QUERY")
WITH_PAYLOAD = ("PUT", "POST", "PATCH", "QUERY", "PROPFIND", "PROPPATCH")
GOOD_NAMES = ("", "a.test", "b.test", "c.test", "other.test")
"""What the servers' certificate is good for."""


def ask_of(step: Step) -> Ask:
    """Say what of a dispatch decides anything, as undici's Request does."""
    method, body = step.get("method", "GET"), step.get("body")
    return Ask(
        idempotent=step.get("idempotent", method in IDEMPOTENT),
        blocking=step.get("blocking", method != "HEAD"),
        reset=step.get("reset"),
        switches="upgrade" in step,
        upgrade=step.get("upgrade", ""),
        is_head=method == "HEAD",
        body="streamed" if body == "stream" else "held" if body else "none",
        expects_payload=method in WITH_PAYLOAD,
        servername=step.get("servername", ""),
        headers_ms=step.get("headersTimeout"),
        body_ms=step.get("bodyTimeout"),
        allow_h2=step.get("allowH2"),
    )


class Replay(SessionSteps, Rows):
    """One scenario."""

    def __init__(self, scenario: dict[str, Any]) -> None:
        super().__init__(scenario)
        origins: dict[str, dict[str, Any]] = scenario["origins"]
        keys = {
            name: OriginKey(f"{'https' if spec.get('tls') else 'http'}://{name}.test")
            for name, spec in origins.items()
        }
        upstreams = [keys[n] for n, spec in origins.items() if spec.get("upstream", True)]
        core = UndiciCore(options_of(scenario), upstreams)
        core.secure |= {key for key in upstreams if key.startswith("https:")}
        self.watch(core, keys)
        self.world = World(core, self.names.__getitem__, lambda name: name in GOOD_NAMES)
        self.world.gates = {n: deque() for n, spec in origins.items() if spec.get("gate")}
        self.world.specs = origins
        self.world.secure = {n for n, spec in origins.items() if spec.get("tls")}
        self.world.deaf = {n for n, spec in origins.items() if spec.get("refusing")}
        self.world.on_done = self._done
        self.world.on_event = self._event
        self.world.on_arrived = self._arrived
        self.world.on_taken_closed = lambda wire: self.row["closed"].append(wire.id)
        self.asked: dict[str, Asked] = {}
        self.then: dict[str, Step] = {}
        self.closes = 0
        """Calls of close() that are not over."""

    def run(self) -> Trace:
        """Do all steps."""
        rows = [self.exec(i, step) for i, step in enumerate(self.scenario["steps"])]
        pending = sorted((a.name for a in self.asked.values() if not a.is_done), key=natural)
        return {"name": self.scenario["name"], "steps": rows, "pending": pending}

    def exec(self, i: int, step: Step) -> Row:
        """Do the next step, and give its row."""
        self.begin_row()
        self.act(step)
        self.world.rest()
        self.core.check_invariants()
        self.row["frames"], self.world.sessions.frames = self.world.sessions.frames, []
        if self.closes and self.core.is_over:
            # undici's promise of close() follows that of the destroy() at its end; an Agent's, that
            # of its pools too, which a destroy() after it does not know any more.
            self.row["ended"] += ["close"] * self.closes
            self.closes = 0
        sockets: dict[str, list[SocketId]] = {name: [] for name in self.keys}
        for wire in self.world.wires.values():
            if not wire.is_gone:
                sockets[wire.origin].append(wire.id)
        return self.end_row(i, step, sockets)

    # What comes of a step

    def _event(self, event: ev.PoolEvent) -> None:
        match event:
            case ev.SocketOpened(socket=socket):
                self.row["opened"].append(socket)
            case ev.ProtocolKnown(socket=socket, protocol=protocol):
                self.row["connected"].append({"socket": socket, "protocol": protocol})
            case ev.SocketClosed(socket=socket, reason=reason) if reason != CloseReason.DETACHED:
                self.row["closed"].append(socket)

    def _arrived(self, asked: Asked, wire: Wire) -> None:
        if wire.talk is not None:
            fact = {"stream": asked.stream, "connection": None, "socket": wire.id}
            self.row["arrived"].append({"id": asked.name, **fact})
            return
        said = "upgrade" if asked.is_upgrade else "close" if asked.close else "keep-alive"
        self.row["arrived"].append({"id": asked.name, "connection": said, "socket": wire.id})

    def _done(self, asked: Asked, outcome: dict[str, object]) -> None:
        socket = None if asked.wire is None else asked.wire.id
        nth = None if asked.wire is None else asked.nth
        self.row["done"].append({"id": asked.name, **outcome, "socket": socket, "nth": nth})
        then = self.then.get(asked.name)
        if then is not None:
            self.world.microtasks.append(lambda: self.act(then))

    # Steps

    def _do_batch(self, step: Step) -> None:
        for each in step["steps"]:
            self.act(each)
            self.world.perform()

    def _do_dispatch(self, step: Step) -> None:
        id_ = RequestId(len(self.asked) + 1)
        ask = ask_of(step)
        asked = Asked(
            step["id"],
            id_,
            is_head=ask.is_head,
            is_upgrade=ask.switches,
            servername=ask.servername,
            pieces=0 if ask.body == "streamed" else None,
        )
        self.asked[asked.name] = self.world.asked[id_] = asked
        if "then" in step:
            self.then[asked.name] = step["then"]
        key = self.keys[step.get("origin", next(iter(self.keys)))]
        has_room = self.core.dispatch(id_, key, ask, now=self.world.now)
        self.row["returned"][asked.name] = has_room

    def _do_more(self, step: Step) -> str | None:
        return self._body(step, pieces=1)

    def _do_end(self, step: Step) -> str | None:
        return self._body(step, pieces=0)

    def _body(self, step: Step, *, pieces: int) -> str | None:
        asked = self.asked[step["id"]]
        if asked.is_done or asked.body_is_over or asked.pieces is None:
            return "its body is over"
        asked.pieces += pieces
        asked.body_is_over = not pieces
        self.world.write(asked)
        return None

    def _do_breakBody(self, step: Step) -> str | None:
        asked = self.asked[step["id"]]
        if asked.is_done or asked.body_is_over:
            return "its body is over"
        asked.body_is_over = True
        now = self.world.now
        self.core.abort(asked.id, now=now, code="EBROKEN", message="broken")
        return None

    def _do_respond(self, step: Step) -> str | None:
        asked = self.asked[step["id"]]
        if asked.server is None or asked.server.is_gone:
            return "no request to answer"
        if asked.answered:
            return "answered already"
        asked.answered = True
        if asked.server.talk is not None:
            frames, asked.rest = sessions.response_of(step, asked)
            self.world.sessions.say(asked.server, *frames)
            return None
        said, asked.rest = response_of(step, is_head=asked.is_head)
        for each in said:
            self.world.say(asked.server, each)
        return None

    def _do_finish(self, step: Step) -> str | None:
        asked = self.asked[step["id"]]
        if asked.server is None or asked.server.is_gone or not asked.rest:
            return "nothing left to send"
        for each in asked.rest:
            if isinstance(each, Frame):
                self.world.sessions.say(asked.server, each)
            else:
                self.world.say(asked.server, each)
        asked.rest = []
        return None

    def _do_interim(self, step: Step) -> str | None:
        asked = self.asked[step["id"]]
        if asked.server is None or asked.server.is_gone:
            return "no request to answer"
        if asked.server.talk is not None:
            head = Frame("head", asked.stream, step.get("status", 103))
            self.world.sessions.say(asked.server, head)
            return None
        lines = "".join(f"{k}: {v}\r\n" for k, v in step.get("headers", {}).items())
        self.world.say(asked.server, f"HTTP/1.1 {step.get('status', 103)} X\r\n{lines}\r\n")
        return None

    def _do_abort(self, step: Step) -> str | None:
        asked = self.asked[step["id"]]
        if asked.is_done:
            return "request is over"
        self.core.abort(asked.id, now=self.world.now)
        return None

    def _do_pipelining(self, step: Step) -> None:
        options = msgspec.structs.replace(self.core.options, pipelining=step["value"])
        self.core.set_options(options, now=self.world.now)

    def _do_close(self, step: Step) -> None:
        root = self.core.root
        if root.is_destroyed:
            self._ended("close: UND_ERR_DESTROYED")
            return
        self.core.close(now=self.world.now)
        self.closes += 1

    def _do_destroy(self, step: Step) -> None:
        self.forget_the_queues()
        if "error" in step:
            error = Failure(step["error"], step["error"])
            self.core.destroy(now=self.world.now, error=error)
        else:
            self.core.destroy(now=self.world.now)
        self.core.root.when_over(lambda: self._ended("destroy"))

    def _ended(self, what: str) -> None:
        self.row["ended"].append(what)

    def _do_addUpstream(self, step: Step) -> None:
        self.core.add_upstream(self.keys[step["origin"]], now=self.world.now)

    def _do_removeUpstream(self, step: Step) -> None:
        self.core.remove_upstream(self.keys[step["origin"]], now=self.world.now)

    def _server_says(self, step: Step, said: Said) -> str | None:
        wire = self.world.wires.get(SocketId(step["socket"]))
        if wire is None or not wire.serves:
            return "no such open socket"
        self.world.say(wire, said)
        return None

    def _do_serverClose(self, step: Step) -> str | None:
        return self._server_says(step, FIN)

    def _do_serverReset(self, step: Step) -> str | None:
        return self._server_says(step, RST)

    def _do_serverSend(self, step: Step) -> str | None:
        return self._server_says(step, step["data"])

    def _do_connect(self, step: Step) -> str | None:
        return self._let_go(step, None)

    def _do_failConnect(self, step: Step) -> str | None:
        return self._let_go(step, step.get("code", "ENOTFOUND"))

    def _let_go(self, step: Step, error: str | None) -> str | None:
        held = self.world.gates[step["origin"]]
        left = step.get("count", 1)
        while left and held:
            wire = held.popleft()
            if not wire.is_destroyed:
                left -= 1
                self.world.dial(wire, error)
        return "nothing held" if left else None

    def _do_unlisten(self, step: Step) -> None:
        self.world.deaf.add(step["origin"])

    def _do_listen(self, step: Step) -> None:
        self.world.deaf.discard(step["origin"])

    def _do_wait(self, step: Step) -> None:
        self.world.wait(step["ms"] / 1000)
