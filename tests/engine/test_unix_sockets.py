"""Requests over Unix sockets: the same pool, another way to connect."""

from __future__ import annotations

import asyncio
import os
import socket
import tempfile
from pathlib import Path

import pytest

from pooltop.core.model import Timeouts
from pooltop.engine.unix_dial import connect_unix
from pooltop.errors import NetworkError, PeerError, RequestError

LONGEST = 107


@pytest.fixture
def folder():
    """Give a folder whose path is short: a socket's path has little room."""
    with tempfile.TemporaryDirectory(prefix="pt-") as path:
        yield Path(path)


@pytest.fixture
def path(folder):
    return str(folder / "s")


def failure(path):
    with pytest.raises(NetworkError) as caught:
        connect_unix(path)
    return caught.value


async def fetch(agent, url, **how):
    response = await agent.request("GET", url, **how)
    return await response.read()


async def test_serial_requests_share_one_connection(serve, agent_of, path):
    server = await serve(path=path)
    agent = agent_of(keep_alive=True, socket_path=path)
    bodies = [await fetch(agent, f"{server.url}/{n}") for n in range(10)]
    assert [f"/{n}".encode() for n in range(10)] == bodies
    assert 1 == len(server.wires)


async def test_the_host_header_is_the_urls_and_the_key_has_the_path(serve, agent_of, path):
    async def handle(wire):
        asked = await wire.request()
        wire.reply(asked.headers["host"])
        await wire.gone()

    await serve(handle, path=path)
    agent = agent_of(keep_alive=True)
    assert b"a.example:81" == await fetch(agent, "http://a.example:81/", socket_path=path)
    assert [f"a.example:81::{path}"] == list(agent.free_sockets)


async def test_paths_have_sockets_of_their_own(serve, agent_of, folder):
    servers = [await serve(path=str(folder / name)) for name in "ab"]
    agent = agent_of(keep_alive=True)
    for server in servers:
        await fetch(agent, "http://localhost/", socket_path=server.path)
    assert [1, 1] == [len(server.wires) for server in servers]
    assert 2 == agent.total_socket_count


async def test_a_socket_shows_where_it_leads_and_no_look_up(serve, agent_of, path):
    await serve(path=path)
    agent = agent_of(keep_alive=True, socket_path=path)
    await fetch(agent, "http://localhost/")
    ((info,),) = agent.free_sockets.values()
    assert ("", f"unix:{path}", None) == (info.local, info.remote, info.dns)
    assert info.tcp is not None
    (origin,) = agent.snapshot().origins
    assert (1, 1) == (origin.free, origin.total)


async def test_https_goes_over_a_unix_socket_and_is_verified(serve, agent_of, path, ca, context):
    server = await serve(path=path, context=context())
    agent = agent_of(keep_alive=True, socket_path=path, tls=ca)
    for n in range(2):
        assert f"/{n}".encode() == await fetch(agent, f"{server.url}/{n}")
    assert 1 == len(server.wires)
    ((info,),) = agent.free_sockets.values()
    assert info.verified


async def test_bytes_of_the_server_on_an_idle_socket_end_it(serve, agent_of, eventually, path):
    server = await serve(path=path)
    agent = agent_of(keep_alive=True, socket_path=path)
    await fetch(agent, f"{server.url}/1")
    server.wires[0].write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nPOISON")
    # At once: what the kernel holds is not yet read.
    with pytest.raises(RequestError):
        assert b"/2" == await fetch(agent, f"{server.url}/2")
    await eventually(lambda: not agent.total_socket_count)


async def test_a_server_that_closes_an_idle_socket_ends_it(serve, agent_of, eventually, path):
    server = await serve(path=path)
    agent = agent_of(keep_alive=True, socket_path=path)
    await fetch(agent, f"{server.url}/1")
    server.wires[0].close()
    await eventually(lambda: not agent.total_socket_count)
    assert b"/2" == await fetch(agent, f"{server.url}/2")


async def test_a_server_that_closes_instead_of_answering_hangs_up(serve, agent_of, path):
    async def handle(wire):
        await wire.request()

    server = await serve(handle, path=path)
    with pytest.raises(PeerError, match="socket hang up") as caught:
        await fetch(agent_of(socket_path=path), server.url)
    assert "ECONNRESET" == caught.value.code


async def test_a_queued_request_that_is_given_up_opens_no_socket(held, agent_of, path):
    server = await held().start(path=path)
    agent = agent_of(keep_alive=True, max_sockets=1, socket_path=path)
    urls = [f"{server.url}/{n}" for n in range(3)]
    first, second, third = [asyncio.create_task(fetch(agent, url)) for url in urls]
    await asyncio.sleep(0)
    second.cancel()
    await server.answer(2)
    assert [b"/0", b"/2"] == [await first, await third]
    assert second.cancelled()
    assert 1 == len(server.server.wires)


async def test_a_missing_socket_fails_the_request_in_nodes_words(agent_of, path):
    with pytest.raises(NetworkError) as caught:
        await fetch(agent_of(socket_path=path), "http://localhost/")
    assert "ENOENT" == caught.value.code
    words = "there is no such file: is the server running, and is this its path?"
    assert f"connect ENOENT {path}: {words}" == str(caught.value)


async def test_a_socket_that_nobody_listens_on_refuses(path):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
    error = failure(path)
    assert "ECONNREFUSED" == error.code
    assert f"connect ECONNREFUSED {path}: nobody listens" in str(error)


async def test_a_file_that_is_no_socket_refuses(folder):
    (folder / "file").write_text("")
    assert "ECONNREFUSED" == failure(str(folder / "file")).code
    assert "ENOTDIR" == failure(str(folder / "file" / "s")).code


async def test_a_socket_that_this_user_may_not_use_is_forbidden(folder, path):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        folder.chmod(0o755)
        Path(path).chmod(0)
        me = os.geteuid()
        if not me:
            os.seteuid(65534)  # root may do anything
        try:
            error = failure(path)
        finally:
            os.seteuid(me)
    assert "EACCES" == error.code
    assert "this user may not write to the socket" in str(error)


async def test_a_datagram_socket_is_of_another_kind(path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(path)
        error = failure(path)
    assert "EPROTOTYPE" == error.code
    assert "another kind" in str(error)


@pytest.mark.parametrize("path", ["/tmp/" + "x" * LONGEST, "/tmp/a\0b", "/tmp/\ud800"])
async def test_a_path_that_no_socket_can_have_says_so(path, open_fds):
    before = open_fds()
    error = failure(path)
    assert "EINVAL" == error.code
    assert str(error).endswith("at most 107 bytes long (103 on macOS), without a NUL")
    assert before == open_fds()


async def test_a_server_that_accepts_too_slowly_is_told_and_not_waited_for(path, open_fds):
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as first:
        server.bind(path)
        server.listen(0)
        first.connect(path)
        before = open_fds()
        error = failure(path)
        assert before == open_fds()
    assert "EAGAIN" == error.code
    assert "accepts too slowly" in str(error)


async def test_the_clocks_run_over_a_unix_socket(agent_of, path):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        agent = agent_of(socket_path=path, timeouts=Timeouts(idle=0.01))
        with pytest.raises(RequestError, match="no byte for 0.01 s"):
            await fetch(agent, "http://localhost/")
