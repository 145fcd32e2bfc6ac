"""Every kind of dispatcher against servers that answer, close, reset, lie and keep silent.

Whatever comes of a request, it is its own: a body names the request that it answers. At any instant
every request is counted once and every socket is in one list.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections import Counter

import pytest
from faults.test_hostile_responses import CASES, OK, Case

from pooltop.core.undici.options import DispatcherOptions
from pooltop.errors import RequestError

KINDS = ("undici-client", "undici-pool", "undici-round-robin-pool", "undici-agent")
BALANCED = "undici-balanced-pool"
REQUESTS = 150
FAILURES = {
    *("UND_ERR_SOCKET", "UND_ERR_ABORTED", "ECONNRESET", "EPIPE", "HPE_INVALID_CONSTANT"),
    "UND_ERR_RES_CONTENT_LENGTH_MISMATCH",
}


def adds_up(dispatcher):
    """Check one picture: each request once, each socket once."""
    for origin in dispatcher.snapshot().origins:
        counters = origin.counters
        over = counters.completed + sum(counters.failed.values())
        assert counters.submitted + counters.passed == over + origin.under_way
        parts = origin.connecting + origin.active + origin.free + origin.closing
        assert origin.total == parts == len(origin.sockets) + len(origin.free_sockets)


class Chaos:
    """A server that does one thing or another with each request, in their order."""

    def __init__(self, seed):
        self._random = random.Random(seed)
        self.told = Counter()

    async def handle(self, wire):
        while (asked := await wire.request()) is not None:
            how = self._random.choices(
                ("answer", "chunks", "close", "end", "reset", "half", "junk", "more"),
                (60, 10, 4, 3, 3, 3, 2, 3),
            )[0]
            self.told[how] += 1
            body = asked.target.encode()
            match how:
                case "answer":
                    wire.reply(body)
                case "chunks":
                    wire.write(OK + b"Transfer-Encoding: chunked\r\n\r\n")
                    wire.write(b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body))
                case "close":
                    wire.reply(body, "Connection: close")
                    return
                case "end":
                    return
                case "reset":
                    wire.reset()
                    return
                case "half":
                    wire.reply(body[:2], "Connection: close", length=len(body))
                    return
                case "junk":
                    wire.write(b"nonsense\r\n\r\n")
                    return
                case "more":  # one response more than requests, and then the end
                    wire.reply(body)
                    await asyncio.sleep(0)
                    return


@pytest.mark.parametrize("codec", ["h11", "llhttp"])
@pytest.mark.parametrize("pipelining", [0, 1, 3])
@pytest.mark.parametrize("kind", [*KINDS, BALANCED])
async def test_each_request_has_its_own_answer_or_none(
    serve, dispatcher_of, kind, pipelining, codec
):
    chance = random.Random(f"{kind} {pipelining}")
    servers = [await serve(Chaos(f"{kind} {n}").handle) for n in range(2)]
    # What waits in a BalancedPool's own queue is of no upstream yet: with no limit nothing does.
    most = math.inf if kind == BALANCED else 3
    options = DispatcherOptions(kind=kind, pipelining=pipelining, connections=most)
    upstreams = [server.url for server in servers] if kind == BALANCED else ()
    dispatcher = dispatcher_of(options=options, codec=codec, upstreams=upstreams)
    ends = Counter()

    async def ask(n):
        url = f"{servers[n % 2].url}/{n}"
        try:
            response = await dispatcher.request("GET", url, blocking=chance.random() < 0.3)
            if chance.random() < 0.1:
                await response.aclose()
                ends["given up"] += 1
                return
            assert await response.read() == f"/{n}".encode()
            ends["answered"] += 1
        except RequestError as error:
            ends[error.code] += 1

    async def look():
        while True:
            adds_up(dispatcher)
            dispatcher.shell.core.check_invariants()
            await asyncio.sleep(0)

    looking = asyncio.create_task(look())
    requests = [asyncio.create_task(ask(n)) for n in range(REQUESTS)]
    for request in chance.sample(requests, 10):
        asyncio.get_running_loop().call_later(chance.random() / 50, request.cancel)
    answers = asyncio.gather(*requests, return_exceptions=True)
    async with asyncio.timeout(20):
        await asyncio.wait({looking, answers}, return_when=asyncio.FIRST_COMPLETED)
    looking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await looking
    results = await answers
    wrong = [each for each in results if each is not None]
    cancelled = sum(isinstance(each, asyncio.CancelledError) for each in wrong)
    assert len(wrong) == cancelled, wrong
    assert ends.keys() <= FAILURES | {"given up", "answered"}
    assert ends.total() + cancelled == REQUESTS
    assert ends["answered"] > REQUESTS // 3


async def test_nobody_is_sent_on_a_connection_whose_server_said_more_than_it_was_asked(
    serve, dispatcher_of
):
    """undici sends the POST at once, and takes what is there for its answer."""
    wires = []

    async def handle(wire):
        wires.append(wire)
        while (asked := await wire.request()) is not None:
            wire.reply(asked.target)
            if len(wires) == 1:
                wire.reply("POISON")

    server = await serve(handle)
    options = DispatcherOptions(kind="undici-client", pipelining=2)
    dispatcher = dispatcher_of(options=options)
    asks = [dispatcher.request(method, f"{server.url}/{method}") for method in ("GET", "POST")]
    first, second = await asyncio.gather(*asks)
    assert (await first.read(), await second.read()) == (b"/GET", b"/POST")
    assert (first.socket_id, second.socket_id, len(wires)) == (1, 2, 2)
    (origin,) = dispatcher.snapshot().origins
    assert origin.counters.failed == {}


class Once:
    """A server that answers three requests in a pipeline so, and all others well."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._is_first = True

    async def handle(self, wire):
        if self._is_first:
            self._is_first = False
            for _ in range(3):
                await wire.request()
            wire.write(self._case.octets)
            if not self._case.eof:
                wire.reply("/2")
                wire.reply("/3")
            return
        while (asked := await wire.request()) is not None:
            wire.reply(asked.target)


@pytest.mark.parametrize("codec", ["h11", "llhttp"])
async def test_nobody_gets_anything_of_a_hostile_response_to_another(serve, dispatcher_of, codec):
    options = DispatcherOptions(kind="undici-client", pipelining=3)

    async def ask(url, method="GET"):
        keep = [("Connection", "keep-alive")]  # for HEAD, which would be the last of its socket
        try:
            asked = dispatcher.request(method, url, headers=keep, blocking=False)
            return await (await asked).read()
        except RequestError as error:
            return error.code

    wrong = []
    for case in CASES:
        if b"POISON" in case.octets:
            continue  # a response by itself behind the first: by all that is known the second's own
        server = await serve(Once(case).handle)
        dispatcher = dispatcher_of(options=options, codec=codec)
        methods = (case.method, "GET", "GET")
        asks = [ask(f"{server.url}/{n + 1}", method) for n, method in enumerate(methods)]
        _, *others = await asyncio.wait_for(asyncio.gather(*asks), 10)
        own = (b"/2", b"/3")
        if any(got not in (mine, str(got)) for got, mine in zip(others, own, strict=True)):
            wrong.append((case.name, others))
        await dispatcher.aclose()
    assert wrong == []
