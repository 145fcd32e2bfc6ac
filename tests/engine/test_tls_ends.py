"""How a TLS connection ends: whole, cut, or held open by a peer that does not answer.

What Node 24 makes of the same bytes is in the table. The one difference: a body that only the
connection's end delimits is whole for Node also when it was cut, as Node does not look for
close_notify there (RFC 9112, 9.8 says to).
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading

import pytest
from support.pki import issue, server_context

from pooltop.core.model import TLSOptions
from pooltop.engine import connection
from pooltop.errors import PeerError

V12, V13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
ROOT = issue("root", is_ca=True)
SITE = issue("site", ROOT, sans=["127.0.0.1"])
UNTIL_END = b"HTTP/1.1 200 OK\r\n\r\nhello"


@pytest.fixture
def tls(tmp_path):
    (tmp_path / "ca.pem").write_bytes(ROOT.pem)
    return TLSOptions(ca=(str(tmp_path / "ca.pem"),))


@pytest.fixture
def site(tmp_path):
    """Start a server for one connection: ``site(after_head, version)`` runs with the TLS socket."""
    with contextlib.ExitStack() as stack:

        def start(after_head, version=V13):
            context = server_context(tmp_path, SITE, version=version)
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))

            def serve():
                sock, _ = listener.accept()
                sock.settimeout(5)
                with context.wrap_socket(sock, server_side=True) as secured:
                    secured.recv(65536)
                    with contextlib.suppress(OSError):
                        after_head(secured)

            thread = threading.Thread(target=serve)
            thread.start()
            stack.callback(thread.join)
            return f"https://127.0.0.1:{listener.getsockname()[1]}"

        yield start


def _close_notify(secured):
    secured.settimeout(0)
    with contextlib.suppress(ssl.SSLError):
        secured.unwrap()


def _end(secured):
    """End our side of TCP, and read on until the client has ended its own."""
    secured.settimeout(5)
    socket.socket.shutdown(secured, socket.SHUT_WR)
    while socket.socket.recv(secured, 65536):
        pass


# what was sent: what comes of it with close_notify, and without; Node's is the first
SENT = {
    "until the end": (UNTIL_END, b"hello", "ERR_TLS_TRUNCATED"),
    "a known length": (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", b"hello", b"hello"),
    "part of a known length": (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", "aborted: received 5 of 9 body bytes", "aborted: received 5 of 9 body bytes"),
    "chunks without the last": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "aborted: received 5 body bytes, and no last chunk", "aborted: received 5 body bytes, and no last chunk"),
    "half a head": (b"HTTP/1.1 200 OK\r\nCont", "socket hang up", "socket hang up"),
    "nothing": (b"", "socket hang up", "socket hang up"),
}  # fmt: skip


@pytest.mark.parametrize("version", [V12, V13])
@pytest.mark.parametrize("notify", [True, False], ids=["close_notify", "cut"])
@pytest.mark.parametrize(("sent", "whole", "cut"), SENT.values(), ids=SENT.keys())
async def test_only_what_nothing_else_delimits_can_be_truncated(
    site, agent_of, tls, eventually, sent, whole, cut, notify, version
):
    def answer(secured):
        secured.sendall(sent)
        if notify:
            _close_notify(secured)
        _end(secured)

    url = site(answer, version)
    agent = agent_of(keep_alive=True, tls=tls)
    expected = whole if notify else cut
    if isinstance(expected, bytes):
        assert expected == await (await agent.request("GET", url)).read()
    else:
        with pytest.raises(PeerError) as caught:
            await (await agent.request("GET", url)).read()
        is_cut = expected == "ERR_TLS_TRUNCATED"
        assert (expected if is_cut else "ECONNRESET") == caught.value.code
        assert ("it may be cut" if is_cut else expected) in str(caught.value)
    await eventually(lambda: agent.total_socket_count == 0)


async def test_an_idle_connection_that_is_cut_is_just_closed(site, agent_of, tls, eventually):
    idle = threading.Event()

    def answer(secured):
        secured.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        idle.wait(5)
        _end(secured)

    agent = agent_of(keep_alive=True, tls=tls)
    assert b"ok" == await (await agent.request("GET", site(answer))).read()
    idle.set()
    await eventually(lambda: agent.total_socket_count == 0)
    counters = agent.snapshot().origins[0].counters
    assert ({"closed by peer": 1}, {}) == (counters.closed, counters.failed)


async def test_a_peer_that_never_answers_close_notify_is_not_waited_for(
    site, agent_of, tls, eventually
):
    is_closed, heard = threading.Event(), []

    def answer(secured):
        secured.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")
        heard.append(secured.recv(1))  # our close_notify, by which we are not cut either
        is_closed.wait(5)

    agent = agent_of(keep_alive=True, tls=tls)
    assert b"ok" == await (await agent.request("GET", site(answer))).read()
    await eventually(lambda: agent.total_socket_count == 0 and heard)
    is_closed.set()
    assert [b""] == heard


async def test_a_peer_that_stops_reading_holds_a_closing_socket_for_a_bounded_time(
    site, agent_of, tls, eventually, monkeypatch
):
    monkeypatch.setattr(connection, "FINISH_S", 0.01)
    is_closed = threading.Event()

    def answer(secured):
        secured.sendall(b"HTTP/1.1 413 No\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno")
        is_closed.wait(30)

    agent = agent_of(tls=tls)
    # More than the kernel takes: the rest, and close_notify behind it, wait for the peer.
    try:
        response = await agent.request("POST", site(answer), content=bytes(30_000_000))
        assert b"no" == await response.read()
        await eventually(lambda: agent.total_socket_count == 0)
    finally:
        is_closed.set()


def test_the_bound_is_two_seconds():
    assert 2.0 == connection.FINISH_S
