"""A pool in mid-scenario, without a network: enough to choose a next step that does something.

The generator asks it what there is to answer, abort or close. It runs the core with servers that
are only imagined, so it is fast and says the same for the same steps on every machine. It need
not be right in every corner: a step that turns out not to apply is skipped by both sides alike.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any

import msgspec
from scenarios.driver import OPTIONS, value_of

from pooltop.core.commands import Destroy, Finish, Open, Send, Settle
from pooltop.core.hints import keep_alive_timeout
from pooltop.core.model import AgentOptions, OriginKey, RequestId, SocketId
from pooltop.core.pool import PoolCore
from pooltop.core.states import CloseReason, RequestState, SocketState

ENDS_WITH_THE_CONNECTION = (204, 304)


@dataclass
class Asked:
    """A request of the scenario."""

    name: str
    id: RequestId
    origin: str
    socket: SocketId | None = None
    """That it was sent on."""
    arrived: bool = False
    answered: bool = False
    rest: dict[str, Any] | None = None
    """The ``part`` response that waits for its ``finish``."""
    is_over: bool = False


class World:
    """The pool and its servers between two steps of a scenario."""

    def __init__(self, scenario: dict[str, Any]) -> None:
        options = {OPTIONS[k]: value_of(k, v) for k, v in scenario["agent"].items()}
        if options.get("max_free_sockets") == 0:
            options["max_free_sockets"] = 256
        self.core = PoolCore(AgentOptions(**options))
        self.now = 0.0
        self.origins: dict[str, dict[str, Any]] = scenario["origins"]
        self.closed_listeners = {n for n, spec in self.origins.items() if spec.get("refusing")}
        self.held: dict[str, deque[SocketId]] = {name: deque() for name in self.origins}
        """Connection attempts that wait for ``connect``, the oldest first."""
        self.asked: dict[str, Asked] = {}
        self._dialling: deque[SocketId] = deque()
        self._closing: list[SocketId] = []
        self._connected: set[SocketId] = set()

    # What there is

    @property
    def live(self) -> list[Asked]:
        return [each for each in self.asked.values() if not each.is_over]

    @property
    def waiting(self) -> list[Asked]:
        """Requests that a server has and has not answered."""
        return [each for each in self.live if each.arrived and not each.answered]

    @property
    def half(self) -> list[Asked]:
        return [each for each in self.live if each.rest is not None]

    def of_state(self, *states: RequestState) -> list[Asked]:
        requests = self.core.requests
        return [e for e in self.live if e.id in requests and requests[e.id].state in states]

    def sockets_of(self, *states: SocketState) -> list[SocketId]:
        return [each.id for each in self.core.sockets.values() if each.state in states]

    # What a step does

    def apply(self, step: dict[str, Any]) -> None:
        for each in step["steps"] if step["op"] == "batch" else [step]:
            match each["op"]:
                case "request":
                    self._request(each)
                case "respond":
                    self._respond(each)
                case "finish":
                    self._finish(each)
                case "abort":
                    self.core.abort(self.asked[each["id"]].id, now=self.now)
                case "set":
                    self._set(each)
                case "destroy":
                    self.core.destroy(now=self.now)
                case "serverClose" | "serverReset" | "serverSend":
                    self.core.lost(each["socket"], now=self.now, reason=CloseReason.PEER_FIN)
                case "connect":
                    self._connect(each)
                case "failConnect":
                    self._fail_connect(each)
                case "unlisten":
                    self.closed_listeners.add(each["origin"])
                case "listen":
                    self.closed_listeners.discard(each["origin"])
                case "wait":
                    self.now += each["ms"] / 1000
                    self.core.expire(now=self.now)
        self._settle()

    def _request(self, step: dict[str, Any]) -> None:
        id_ = RequestId(len(self.asked) + 1)
        self.asked[step["id"]] = Asked(step["id"], id_, step["origin"])
        self.core.submit(id_, OriginKey(f"{step['origin']}.test:80:"), now=self.now)

    def _respond(self, step: dict[str, Any]) -> None:
        asked = self.asked[step["id"]]
        if not asked.arrived or asked.answered:
            return
        asked.answered = True
        if step.get("part"):
            asked.rest = step
        else:
            self._end(asked, step)

    def _finish(self, step: dict[str, Any]) -> None:
        asked = self.asked[step["id"]]
        if asked.rest is not None:
            self._end(asked, asked.rest)
            asked.rest = None

    def _end(self, asked: Asked, response: dict[str, Any]) -> None:
        assert asked.socket is not None
        if "raw" in response:
            if not response["raw"].endswith("ok"):
                self.core.lost(asked.socket, now=self.now, reason=CloseReason.PROTOCOL_ERROR)
            return
        headers = response.get("headers", {})
        said = headers.get("Connection", "").lower()
        reason = None
        if said == "close":
            reason = CloseReason.CONNECTION_CLOSE
        elif response.get("version") == "1.0" and said != "keep-alive":
            reason = CloseReason.HTTP_1_0
        elif response.get("framing") in ("eof", "none") and response.get("status") not in (
            ENDS_WITH_THE_CONNECTION
        ):
            if not response.get("end"):
                return
            reason = CloseReason.EOF_FRAMED
        self.core.response_ended(
            asked.id,
            now=self.now,
            reason=reason,
            hint_s=keep_alive_timeout(headers.get("Keep-Alive", "").encode()),
        )
        asked.is_over = True
        if response.get("end"):
            self._perform()
            self.core.peer_ended(asked.socket, now=self.now)

    def _set(self, step: dict[str, Any]) -> None:
        changed = {OPTIONS[step["option"]]: value_of(step["option"], step["value"])}
        self.core.set_options(msgspec.structs.replace(self.core.options, **changed), now=self.now)

    def _connect(self, step: dict[str, Any]) -> None:
        for _ in range(min(step.get("count", 1), len(self.held[step["origin"]]))):
            self._dialling.append(self.held[step["origin"]].popleft())

    def _fail_connect(self, step: dict[str, Any]) -> None:
        if self.held[step["origin"]]:
            socket = self.held[step["origin"]].popleft()
            self.core.lost(socket, now=self.now, reason=CloseReason.CONNECT_FAILED)

    # What then happens by itself

    def _perform(self) -> None:
        core = self.core
        while core.ticks or core.commands:
            core.tick(now=self.now)
            for command in core.take().commands:
                match command:
                    case Open(socket=socket, key=key):
                        name = key.partition(".")[0]
                        gate = self.origins[name].get("gate")
                        (self.held[name] if gate else self._dialling).append(socket)
                    case Send(socket=socket, request=request):
                        self._named(request).socket = socket
                    case Destroy(socket=socket) | Finish(socket=socket):
                        self._closing.append(socket)
                        for held in self.held.values():
                            if socket in held:
                                held.remove(socket)
                    case Settle(request=request):
                        self._named(request).is_over = True

    def _settle(self) -> None:
        core = self.core
        while True:
            self._perform()
            while self._closing:  # Node sees the last destroyed first
                core.closed(self._closing.pop(), now=self.now)
            for asked in self.live:
                if asked.socket in self._connected and not asked.arrived:
                    asked.arrived = True
                    core.request_sent(asked.id, now=self.now)
            if self._dialling:
                self._dialled(self._dialling.popleft())
            elif not core.ticks and not core.commands:
                return

    def _dialled(self, socket: SocketId) -> None:
        record = self.core.sockets.get(socket)
        if record is None:
            return
        if record.origin.key.partition(".")[0] in self.closed_listeners:
            self.core.lost(socket, now=self.now, reason=CloseReason.CONNECT_FAILED)
        else:
            self.core.connected(socket, now=self.now)
            self._connected.add(socket)

    def _named(self, request: RequestId) -> Asked:
        return next(each for each in self.asked.values() if each.id == request)
