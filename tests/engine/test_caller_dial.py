"""A caller's own way to connect: what it may give, and what comes of what it raises."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import ssl

import pytest
from support.leaks import eventually

from pooltop.core.events import RequestFailed
from pooltop.core.model import Origin, Timeouts
from pooltop.engine.caller_dial import CallerDialer
from pooltop.engine.resolver import SystemResolver
from pooltop.errors import AbortError, NetworkError, RequestError, RequestTimeout, UsageError

ORIGIN = Origin(scheme="http", host="a.example", port=80)


def to(server):
    """Connect to a server, whatever the origin."""

    async def connect(_origin):
        sock = socket.socket()
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", server.port))
        return sock

    return connect


def giving(something):
    async def connect(_origin):
        return something

    return connect


def raising(error):
    async def connect(_origin):
        raise error

    return connect


async def dial(connect, *, no_delay=True):
    return await CallerDialer(connect).dial(ORIGIN, keep_alive_probe_ms=5000, no_delay=no_delay)


async def failure(agent):
    with pytest.raises(RequestError) as caught:
        await agent.request("GET", "http://a.example/")
    await eventually(lambda: not agent.total_socket_count)
    return caught.value


async def fetch(agent, url="http://a.example/"):
    response = await agent.request("GET", url)
    return await response.read()


async def test_the_function_replaces_look_up_and_connect(serve, agent_of):
    server = await serve()
    asked = []

    async def connect(origin):
        asked.append(origin)
        return await to(server)(origin)

    agent = agent_of(keep_alive=True, create_connection=connect)
    for n in range(3):
        assert f"/{n}".encode() == await fetch(agent, f"http://a.example/{n}")
    assert [ORIGIN] == asked
    ((info,),) = agent.free_sockets.values()
    assert (f"127.0.0.1:{server.port}", None) == (info.remote, info.dns)
    assert info.tcp is not None


async def test_https_has_its_tls_on_top(serve, agent_of, ca, context):
    server = await serve(context=context())
    agent = agent_of(keep_alive=True, create_connection=to(server), tls=ca)
    assert b"/" == await fetch(agent, "https://localhost/")
    ((info,),) = agent.free_sockets.values()
    assert info.verified


async def test_one_end_of_a_socketpair_carries_a_request(agent_of):
    ours, theirs = socket.socketpair()
    agent = agent_of(create_connection=giving(ours))
    request = asyncio.create_task(fetch(agent))
    reader, writer = await asyncio.open_connection(sock=theirs)
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    assert b"ok" == await request
    assert b"" == await reader.read()
    writer.close()
    await writer.wait_closed()


async def test_a_blocking_socket_becomes_a_non_blocking_one_of_our_own(serve):
    server = await serve()
    given = socket.create_connection(("127.0.0.1", server.port))
    number = given.fileno()
    dialled = await dial(giving(given))
    with dialled.sock as sock:
        assert (number, 0.0, -1) == (sock.fileno(), sock.gettimeout(), given.fileno())


@pytest.mark.parametrize("no_delay", [True, False])
async def test_the_agents_options_are_set_on_the_socket(serve, agent_of, no_delay):
    server = await serve()
    agent = agent_of(
        keep_alive=True, keep_alive_msecs=5000, no_delay=no_delay, create_connection=to(server)
    )
    await fetch(agent)
    (connection,) = agent.shell.connections.values()
    assert no_delay is bool(connection.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
    assert 5 == connection.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE)


async def test_what_the_system_said_is_the_requests_error(agent_of):
    cause = ConnectionRefusedError(errno.ECONNREFUSED, "no")
    error = await failure(agent_of(create_connection=raising(cause)))
    assert isinstance(error, NetworkError)
    assert "ECONNREFUSED" == error.code
    assert str(error).startswith("connect ECONNREFUSED a.example:80: ")
    assert cause is error.__cause__


async def test_a_look_up_of_the_functions_that_fails_has_nodes_code(agent_of):
    error = await failure(agent_of(create_connection=raising(socket.gaierror(-2, "unknown"))))
    assert "ENOTFOUND" == error.code
    assert "getaddrinfo ENOTFOUND a.example: no such name" == str(error)


async def test_a_limit_of_the_functions_own_is_a_timeout(agent_of):
    async def connect(_origin):
        async with asyncio.timeout(0):
            await asyncio.Event().wait()

    error = await failure(agent_of(create_connection=connect))
    assert "ETIMEDOUT" == error.code
    assert "create_connection gave up by itself" in str(error)


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (ValueError("Oops"), "Oops"),
        (KeyError(), "KeyError"),
        (ssl.SSLError(1, "[SSL] no"), "[SSL] no"),
        (OSError("no number"), "no number"),
        (UsageError("wrong"), "wrong"),
    ],
)
async def test_any_other_failure_is_the_requests_text_and_cause(agent_of, cause, words):
    error = await failure(agent_of(create_connection=raising(cause)))
    assert words == str(error)
    assert cause is error.__cause__
    assert "ECONNREFUSED" != error.code


async def test_an_error_of_our_own_kind_is_left_as_it_is(agent_of):
    cause = NetworkError("blocked by the list", code="ERR_IP_BLOCKED")
    assert cause is await failure(agent_of(create_connection=raising(cause)))


async def test_a_function_that_is_cancelled_from_within_fails_the_request(agent_of):
    error = await failure(agent_of(create_connection=raising(asyncio.CancelledError())))
    assert "ERR_CREATE_CONNECTION" == error.code


def _listening():
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    sock.listen()
    return sock


def _closed():
    sock = socket.socket()
    sock.close()
    return sock


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: None, "NoneType"),
        (lambda: 5, "int"),
        (_closed, "a socket that is closed"),
        (socket.socket, "a socket that is not connected"),
        (_listening, "a socket that is not connected"),
        (lambda: socket.socket(type=socket.SOCK_DGRAM), "a socket that is no stream"),
        (
            lambda: ssl.create_default_context().wrap_socket(
                socket.socket(), server_hostname="a.example", do_handshake_on_connect=False
            ),
            "a socket that speaks TLS",
        ),
    ],
)
async def test_what_can_carry_no_http_is_refused_and_closed(agent_of, open_fds, make, words):
    before = open_fds()
    error = await failure(agent_of(create_connection=giving(make())))
    assert "ERR_INVALID_RETURN_VALUE" == error.code
    expected = f"create_connection is to give a connected stream socket: it gave {words}"
    assert str(error).startswith(expected)
    assert before == open_fds()


async def test_a_function_that_is_not_async_fails_the_request(agent_of):
    error = await failure(agent_of(create_connection=lambda _origin: None))
    assert isinstance(error.__cause__, TypeError)


async def test_every_queued_request_gets_a_connection_or_an_error_of_its_own(agent_of):
    tried = []

    async def connect(_origin):
        tried.append(1)
        await asyncio.sleep(0)
        raise ValueError(f"Oops {len(tried)}")

    agent = agent_of(max_sockets=1, create_connection=connect)
    outcomes = await asyncio.gather(*(fetch(agent) for _ in range(3)), return_exceptions=True)
    assert ["Oops 1", "Oops 2", "Oops 3"] == [str(error) for error in outcomes]


async def test_a_connection_under_way_counts_against_the_limit(agent_of, serve, eventually):
    server = await serve()
    may_connect = asyncio.Event()

    async def connect(origin):
        await may_connect.wait()
        return await to(server)(origin)

    agent = agent_of(max_sockets=1, create_connection=connect)
    requests = [asyncio.create_task(fetch(agent)) for _ in range(3)]
    await eventually(lambda: agent.requests)
    assert (1, 2) == (agent.total_socket_count, len(agent.requests["a.example:80:"]))
    may_connect.set()
    await asyncio.gather(*requests)
    assert len(server.wires) <= 3


async def test_a_function_that_hangs_is_cancelled_by_the_connect_clock(agent_of):
    ended = asyncio.Event()

    async def connect(_origin):
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    agent = agent_of(create_connection=connect, timeouts=Timeouts(connect=0.01))
    with pytest.raises(RequestTimeout):
        await agent.request("GET", "http://a.example/")
    await ended.wait()


async def test_a_socket_that_comes_after_the_request_was_given_up_is_closed(
    agent_of, serve, eventually
):
    server = await serve()
    began = asyncio.Event()

    async def connect(origin):
        began.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        return await to(server)(origin)

    agent = agent_of(create_connection=connect)
    request = asyncio.create_task(fetch(agent))
    await began.wait()
    request.cancel()
    await asyncio.wait([request])
    await eventually(lambda: server.wires and not server.open)
    assert not agent.total_socket_count


async def test_a_function_that_fails_after_the_request_was_given_up_is_heard_by_nobody(agent_of):
    began = asyncio.Event()

    async def connect(_origin):
        began.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise ValueError("Oops") from None

    agent = agent_of(create_connection=connect)
    failed = []
    agent.subscribe(lambda event: failed.append(event) if type(event) is RequestFailed else None)
    request = asyncio.create_task(fetch(agent))
    await began.wait()
    request.cancel()
    await asyncio.wait([request])
    assert request.cancelled()
    await agent.aclose()
    assert ["ECONNRESET"] == [event.code for event in failed]


async def test_closing_the_agent_cancels_the_function(agent_of):
    began = asyncio.Event()

    async def connect(_origin):
        began.set()
        await asyncio.Event().wait()

    agent = agent_of(create_connection=connect)
    request = asyncio.create_task(fetch(agent))
    await began.wait()
    await agent.aclose()
    with pytest.raises(AbortError):
        await request


async def test_a_resolver_beside_it_is_refused(agent_of):
    with pytest.raises(UsageError, match="leave it out"):
        agent_of(create_connection=giving(None), resolver=SystemResolver())
