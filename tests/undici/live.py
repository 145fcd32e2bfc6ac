"""Does a scenario with pooltop's engine over real loopback sockets, and gives its trace.

The servers are scripted (tests/support/scripted.py). After each step it waits until everything is
quiet: each socket is connected with all octets delivered both ways, held in its look-up, or closed
on both sides, nothing is put off to a turn of the loop, and nothing was observed in a few turns a
millisecond apart.
"""

from __future__ import annotations

import asyncio
import re
import ssl
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import msgspec
from support.scripted import (
    FIN,
    RST,
    Gates,
    Said,
    ScriptedOrigin,
    Served,
    field_of,
    response_of,
)
from support.scripted_h2 import EVERY_STREAM, Talk
from undici.rows import Row, Rows, Step, Trace, natural, options_of
from undici.simulated import NO_RESPONSE

from pooltop.core import events as ev
from pooltop.core.model import Codec, OriginKey, SocketId, Timeouts, TLSOptions
from pooltop.core.records import Failure
from pooltop.core.states import CloseReason
from pooltop.core.undici.dispatcher import Dispatcher as Member
from pooltop.core.undici.failures import ABORTED
from pooltop.core.undici.records import Ask
from pooltop.engine.response import Call
from pooltop.engine.stream import ByteStream
from pooltop.engine.undici.dispatcher import Dispatcher
from pooltop.engine.undici.forms import form_of
from pooltop.engine.upload import Uploads
from pooltop.errors import NetworkError, PeerError, RequestError

PEM = Path(__file__).with_name("server.pem")
PIECE = b"more!"
QUIET_TURNS = 4
SETTLE_LIMIT_S = 4.0


class Broken(Exception):
    """A body that breaks."""


class Request(Call):
    """A request of the scenario: its response is read to the end."""

    name: str
    live: Live
    then: Step | None = None
    served: Served | None = None
    """On which its server last saw it."""
    is_head = False
    is_answered = False
    rest: list[Said]
    content: asyncio.Queue[bytes | Broken | None] | None = None
    """Of a streamed body: what is there and was not taken; None ends it."""
    stream = 0
    """Of HTTP/2: on which it arrived there."""
    body_is_over = True
    is_broken = False
    """Its body was, as it was sent."""
    last: tuple[SocketId | None, int | None] = (None, None)
    """The socket that it was last written to, and the how manyth it was there."""
    is_done = False

    def on_attached(self) -> None:
        super().on_attached()
        self.live.pulse += 1
        assert self.connection is not None
        self.last = (self.connection.id, self.nth)
        self.served, self.is_answered, self.rest = None, False, []

    def on_head(self, head: Any) -> None:
        super().on_head(head)
        self.live.pulse += 1

    def on_data(self, data: bytes) -> None:
        super().on_data(data)
        self.live.pulse += 1

    def on_complete(self) -> None:
        super().on_complete()
        self._done({"status": self.status})

    def on_switched(self, early: bytes) -> None:
        super().on_switched(early)
        if self.stream is not None:
            self.live.take(self.stream)
            self._done({"status": self.status})

    def on_failed(self, error: RequestError) -> None:
        super().on_failed(error)
        if self.is_broken and error.code == ABORTED.code:
            self._done({"error": "EBROKEN", "message": "broken"})
        else:
            self._done({"error": code_of(error.code), "message": words_of(str(error))})

    async def pieces(self) -> AsyncIterator[bytes]:
        assert self.content is not None
        while (piece := await self.content.get()) is not None:
            self.live.pulse += 1
            if isinstance(piece, Broken):
                self.is_broken = True
                raise piece
            yield piece

    def _done(self, outcome: Row) -> None:
        assert not self.is_done, self.name
        self.is_done = True
        if self.head.done():
            self.head.exception()  # seen: else the loop complains that nobody did
        self.live.done(self, outcome)


def code_of(code: str) -> str:
    """Give a code as undici has it: its parser's errors have none."""
    return NO_RESPONSE[0] if code.startswith("HPE_") else code


def words_of(message: str) -> str:
    """Leave out what is told more than undici tells."""
    return "other side closed" if message.startswith("other side closed:") else message


class Live(Rows):
    """One scenario on one codec."""

    def __init__(self, scenario: dict[str, Any], codec: Codec) -> None:
        super().__init__(scenario)
        self.codec: Codec = codec
        self.pulse = 0
        self.origins: dict[str, ScriptedOrigin] = {}
        self.requests: dict[str, Request] = {}
        self.streams: dict[SocketId, ByteStream] = {}
        """What upgrades have taken and is not closed."""
        self.origin_of: dict[SocketId, str] = {}
        self.ports: dict[int, SocketId] = {}
        """Our end's port of each connection that was made."""
        self.tasks: set[asyncio.Task[None]] = set()
        self.microtasks: list[Step] | None = None
        """What is done once the step that is being done is through; None within none."""
        self.dispatcher: Dispatcher
        self.uploads: Uploads

    async def run(self) -> Trace:
        """Do all steps."""
        rows = []
        try:
            await self._start()
            for i, step in enumerate(self.scenario["steps"]):
                rows.append(await self._exec(i, step))
                if "unsettled" in rows[-1]:
                    break  # the rest is worth nothing
            pending = sorted((r.name for r in self.requests.values() if not r.is_done), key=natural)
        finally:
            await self._stop()
        return {"name": self.scenario["name"], "steps": rows, "pending": pending}

    async def _start(self) -> None:
        upstreams = []
        for name, spec in self.scenario["origins"].items():
            context = _context(spec) if spec.get("tls") else None
            origin = self.origins[name] = ScriptedOrigin(self, name, spec, context)
            await origin.listen()
            if spec.get("refusing"):
                origin.unlisten()
            if self.kind == "BalancedPool" and spec.get("upstream", True):
                upstreams.append(origin.url)
        self.dispatcher = Dispatcher(
            options_of(self.scenario),
            codec=self.codec,
            tls=TLSOptions(ca=(str(PEM),)),
            resolver=Gates(self),
            upstreams=upstreams,
        )
        self.shell = self.dispatcher.shell
        self.uploads = Uploads(self.shell)
        self.shell.subscribe(self._event)
        way = self.dispatcher.way
        keys = {name: way.route(each.url).origin.key for name, each in self.origins.items()}
        self.watch(self.shell.core, keys)
        self._note_answers()

    async def _stop(self) -> None:
        self.begin_row()  # nobody reads it
        await self.dispatcher.aclose()
        await self.uploads.wait_closed()
        await asyncio.gather(*self.tasks)
        for origin in self.origins.values():
            origin.stop()
        await asyncio.sleep(0)

    def _note_answers(self) -> None:
        """Keep what dispatch answers: the engine has no use for it."""
        core: Any = self.core
        dispatch = core.dispatch

        def noted(request: int, key: OriginKey, ask: Ask, *, now: float) -> bool:
            has_room: bool = dispatch(request, key, ask, now=now)
            self.row["returned"][self.shell.exchanges[request].name] = has_room  # type: ignore[index, attr-defined]
            return has_room

        core.dispatch = noted

    async def _exec(self, i: int, step: Step) -> Row:
        self.begin_row()
        self.shell.touch()
        if step["op"] == "wait":
            await asyncio.sleep(step["ms"] / 1000)
        elif step["op"] == "listen":
            await self.origins[step["origin"]].listen()
        else:
            self.microtasks = []
            self.act(step)
            soon, self.microtasks = self.microtasks, None
            for then in soon:
                self.act(then)
        self.shell.after_this_turn()
        unsettled = await self._settle()
        self.core.check_invariants()
        sockets: dict[str, list[SocketId]] = {name: [] for name in self.keys}
        for number in (*self.core.conns, *self.streams):
            sockets[self.origin_of[number]].append(number)
        row = self.end_row(i, step, sockets)
        return row | {"unsettled": unsettled} if unsettled else row

    # What comes of a step

    def hear(self, event: str, member: Member, failure: Failure | None = None) -> None:
        self.pulse += 1
        if failure is not None:
            failure = Failure(code_of(failure.code), words_of(failure.message))
        super().hear(event, member, failure)

    def _event(self, event: ev.PoolEvent) -> None:
        self.pulse += 1
        match event:
            case ev.SocketOpened(socket=socket, key=key):
                self.origin_of[socket] = self.names[key]
                self.row["opened"].append(socket)
            case ev.ProtocolKnown(socket=socket, protocol=protocol):
                self.row["connected"].append({"socket": socket, "protocol": protocol})
                local = self.shell.connections[socket].local
                self.ports[int(local.rpartition(":")[2])] = socket
            case ev.SocketClosed(socket=socket, reason=reason) if reason != CloseReason.DETACHED:
                self.row["closed"].append(socket)

    def arrived(self, served: Served, head: str) -> None:
        match = re.match(r"\S+ /(\S*)", head)
        assert match is not None
        request = self.requests[unquote(match[1])]
        socket = self.ports[served.port]
        said = field_of(head, "connection")
        self.row["arrived"].append({"id": request.name, "connection": said, "socket": socket})
        if request.last[0] == socket:
            request.served = served

    def arrived_on(self, served: Served, target: str, stream: int) -> None:
        request = self.requests[unquote(target[1:])]
        socket = self.ports[served.port]
        fact = {"stream": stream, "connection": None, "socket": socket}
        self.row["arrived"].append({"id": request.name, **fact})
        if request.last[0] == socket:
            request.served, request.stream = served, stream

    def heard_frame(self, served: Served, frame: dict[str, Any]) -> None:
        self.pulse += 1
        self.row["frames"].append({**frame, "socket": self.ports.get(served.port)})

    def done(self, request: Request, outcome: Row) -> None:
        self.pulse += 1
        socket, nth = request.last
        self.row["done"].append({"id": request.name, **outcome, "socket": socket, "nth": nth})
        if request.then is None:
            return
        # As undici's caller goes on with the microtasks, which is as soon as the present callback, or
        # step, is through. asyncio wakes one a turn later.
        if self.microtasks is None:
            self.act(request.then)
        else:
            self.microtasks.append(request.then)

    def take(self, stream: ByteStream) -> None:
        """Do with what an upgrade left as Node's socket does: read on, and end with the peer."""
        self.streams[stream.socket_id] = stream
        task = asyncio.create_task(self._drain(stream))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _drain(self, stream: ByteStream) -> None:
        try:
            async for _ in stream:
                self.pulse += 1
        except RequestError:
            pass  # cut off
        await stream.aclose()
        self.pulse += 1
        del self.streams[stream.socket_id]
        self.row["closed"].append(stream.socket_id)

    # Steps

    def _do_batch(self, step: Step) -> None:
        for each in step["steps"]:
            self.act(each)

    def _do_dispatch(self, step: Step) -> None:
        origin = self.origins[step.get("origin", next(iter(self.origins)))]
        headers = []
        if "servername" in step:
            headers.append(("Host", step["servername"]))
        if "reset" in step:
            headers.append(("Connection", "close" if step["reset"] else "keep-alive"))
        method, body = step.get("method", "GET"), step.get("body")
        target = "/" + quote(step["id"], safe="")
        route = self.dispatcher.way.route(origin.url + target, headers)
        form = form_of(
            method,
            target,
            headers,
            route,
            body=b"x" * body if isinstance(body, int) else b"",
            streamed=body == "stream",
            upgrade=step.get("upgrade"),
            idempotent=step.get("idempotent"),
            blocking=step.get("blocking"),
            headers_timeout=step.get("headersTimeout"),
            body_timeout=step.get("bodyTimeout"),
        )
        if "allowH2" in step:
            assert form.ask is not None
            ask = form.ask._replace(allow_h2=step["allowH2"])
            form = msgspec.structs.replace(form, ask=ask)
        request = Request(form, route.origin, Timeouts(), intended_at=time.monotonic())
        request.name, request.live, request.then = step["id"], self, step.get("then")
        request.is_head = method == "HEAD"
        request.rest = []
        self.requests[request.name] = request
        self.shell.submit(request)
        if body == "stream":
            request.content = asyncio.Queue()
            request.body_is_over = False
            self.uploads.begin(request, request.pieces())

    def _do_more(self, step: Step) -> str | None:
        return self._body(step, PIECE)

    def _do_end(self, step: Step) -> str | None:
        return self._body(step, None)

    def _do_breakBody(self, step: Step) -> str | None:
        request = self.requests[step["id"]]
        if not (request.is_done or request.body_is_over or request.attached.is_set()):
            # Nobody has begun to ask for it, and so nobody hears: its caller gives it up.
            request.body_is_over = True
            self.shell.abort(request, PeerError("broken", code="EBROKEN"))
            return None
        return self._body(step, Broken("broken"))

    def _body(self, step: Step, piece: bytes | Broken | None) -> str | None:
        request = self.requests[step["id"]]
        if request.is_done or request.body_is_over or request.content is None:
            return "its body is over"
        request.body_is_over = piece is not PIECE
        request.content.put_nowait(piece)
        return None

    def _do_respond(self, step: Step) -> str | None:
        request = self.requests[step["id"]]
        if request.served is None or request.served.gone:
            return "no request to answer"
        if request.is_answered:
            return "answered already"
        request.is_answered = True
        if request.served.talk is not None:
            request.served.talk.respond(request.stream, step, is_head=request.is_head)
            return None
        said, request.rest = response_of(step, is_head=request.is_head)
        self._say(request.served, said)
        return None

    def _do_finish(self, step: Step) -> str | None:
        request = self.requests[step["id"]]
        talk = None if request.served is None else request.served.talk
        if talk is not None:
            return None if talk.finish(request.stream) else "nothing left to send"
        if request.served is None or request.served.gone or not request.rest:
            return "nothing left to send"
        said, request.rest = request.rest, []
        self._say(request.served, said)
        return None

    def _say(self, served: Served, said: list[Said]) -> None:
        for each in said:
            served.say(each)

    def _do_interim(self, step: Step) -> str | None:
        request = self.requests[step["id"]]
        if request.served is None or request.served.gone:
            return "no request to answer"
        if request.served.talk is not None:
            request.served.talk.interim(request.stream, step)
            return None
        lines = "".join(f"{k}: {v}\r\n" for k, v in step.get("headers", {}).items())
        request.served.say(f"HTTP/1.1 {step.get('status', 103)} X\r\n{lines}\r\n")
        return None

    def _do_abort(self, step: Step) -> str | None:
        request = self.requests[step["id"]]
        if request.is_done:
            return "request is over"
        self.shell.abort(request)
        return None

    def _do_pipelining(self, step: Step) -> None:
        options = self.dispatcher.dispatcher_options
        self.dispatcher.set_options(msgspec.structs.replace(options, pipelining=step["value"]))

    def _do_close(self, step: Step) -> None:
        self._ends(step, self.dispatcher.close())

    def _do_destroy(self, step: Step) -> None:
        self.forget_the_queues()
        error = PeerError(step["error"], code=step["error"]) if "error" in step else None
        self._ends(step, self.dispatcher.destroy(error))

    def _ends(self, step: Step, over: asyncio.Future[None]) -> None:
        def told(over: asyncio.Future[None]) -> None:
            self.pulse += 1
            error = over.exception()
            code = f": {error.code}" if isinstance(error, RequestError) else ""
            self.row["ended"].append(step["op"] + code)

        over.add_done_callback(told)

    def _do_addUpstream(self, step: Step) -> None:
        self.dispatcher.add_upstream(self.origins[step["origin"]].url)

    def _do_removeUpstream(self, step: Step) -> None:
        self.dispatcher.remove_upstream(self.origins[step["origin"]].url)

    def _served(self, step: Step) -> Served | None:
        """Give the server's end of a step's socket, if the connection is open."""
        number = SocketId(step["socket"])
        connection = self.shell.connections.get(number)
        stream = self.streams.get(number)
        is_open = stream is not None or (connection is not None and not connection.dead)
        port = next((port for port, each in self.ports.items() if each == number), None)
        if not is_open or port is None:
            return None
        served = self.origins[self.origin_of[number]].by_port.get(port)
        return None if served is None or served.gone else served

    def _server_says(self, step: Step, said: Said) -> str | None:
        served = self._served(step)
        if served is None:
            return "no such open socket"
        served.say(said)
        return None

    def _talk(self, step: Step) -> Talk | None:
        served = self._served(step)
        return None if served is None else served.talk

    def _do_rst(self, step: Step) -> str | None:
        request = self.requests[step["id"]]
        if request.served is None or request.served.gone or request.served.talk is None:
            return "no request to answer"
        request.is_answered = True
        request.served.talk.rst(request.stream, step["code"])
        return None

    def _do_goaway(self, step: Step) -> str | None:
        talk, last = self._talk(step), step.get("last", "all")
        if talk is None:
            return "no such open socket"
        streams = {"all": EVERY_STREAM, "none": 0}
        stream = streams[last] if last in streams else self.requests[last].stream
        talk.goaway(step.get("code", 0), stream)
        return None

    def _do_settings(self, step: Step) -> str | None:
        talk = self._talk(step)
        if talk is None:
            return "no such open socket"
        talk.settings(step["maxConcurrentStreams"])
        return None

    def _do_mute(self, step: Step) -> str | None:
        talk = self._talk(step)
        if talk is None:
            return "no such open socket"
        talk.mute()
        return None

    def _do_unmute(self, step: Step) -> str | None:
        talk = self._talk(step)
        if talk is None:
            return "no such open socket"
        talk.unmute()
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
        code = step.get("code", "ENOTFOUND")
        return self._let_go(step, NetworkError(f"getaddrinfo {code}", code=code))

    def _let_go(self, step: Step, error: NetworkError | None) -> str | None:
        count = step.get("count", 1)
        released = self.origins[step["origin"]].release(count)
        for held in released:
            held.set_result(None) if error is None else held.set_exception(error)
        return "nothing held" if len(released) < count else None

    def _do_unlisten(self, step: Step) -> None:
        self.origins[step["origin"]].unlisten()

    # Rest

    async def _settle(self) -> str | None:
        start = time.monotonic()
        last, quiet = "", 0
        while quiet < QUIET_TURNS:
            await asyncio.sleep(0.001)
            why = self._unbalanced()
            now = self._observed()
            quiet = quiet + 1 if why is None and last == now else 0
            last = now
            if time.monotonic() - start > SETTLE_LIMIT_S:
                return why or "noisy"
        return None

    def _observed(self) -> str:
        """Change with everything that was seen and with every octet."""
        octets = sum(c.bytes_in + c.bytes_out for c in self.shell.connections.values())
        served = [s for o in self.origins.values() for s in o.by_port.values()]
        octets += sum(s.read + s.wrote for s in served)
        return f"{self.pulse} {octets}"

    def _unbalanced(self) -> str | None:
        if self.core.ticks or self.core.immediates:
            return "put off"
        ports = set()
        for number, connection in self.shell.connections.items():
            origin = self.origins[self.origin_of[number]]
            if connection.dead:
                return "closing"
            if connection.connected_at is None:
                if any(not held.done() for held in origin.held):
                    continue
                return "connecting"
            port = int(connection.local.rpartition(":")[2])
            ports.add(port)
            served = origin.by_port.get(port)
            if served is None or served.gone or served.ended:
                return "half open"
            given, taken = connection.bytes_out, connection.bytes_in
            if origin.context is None and (served.read, served.wrote) != (given, taken):
                return "octets under way"
        for number, stream in self.streams.items():
            port = int(stream.local.rpartition(":")[2])
            ports.add(port)
            served = self.origins[self.origin_of[number]].by_port.get(port)
            if served is None or served.gone or served.ended:
                return "half open"
        for origin in self.origins.values():
            for port, served in origin.by_port.items():
                if not served.gone and port not in ports:
                    return "server side open"
        return None


async def run_scenario(scenario: dict[str, Any], codec: Codec) -> Trace:
    """Give the trace of a scenario on ``codec``."""
    return await Live(scenario, codec).run()


def _context(spec: dict[str, Any]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(PEM)
    context.set_alpn_protocols(["h2", "http/1.1"] if spec.get("h2") else ["http/1.1"])
    return context
