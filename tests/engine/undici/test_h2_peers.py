"""HTTP/2 servers that do what is allowed and seldom done, and some that do what is not."""

from __future__ import annotations

import asyncio
import ssl

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived, StreamReset
from h2.exceptions import ProtocolError
from hyperframe.frame import GoAwayFrame

from pooltop.core.undici.options import DispatcherOptions
from pooltop.engine.undici.dispatcher import Dispatcher
from pooltop.errors import RequestError
from pooltop.present.undici_stats import streams_of


class Peer:
    """A server that tells every event of its sessions to whoever scripts it.

    What that gives it writes, behind what the session has to say.
    """

    def __init__(self, told):
        self.told = told
        self.sessions = []
        self.resets = []
        self.writers = []

    async def start(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        return self

    async def close(self):
        self._server.close()
        for writer in self.writers:
            writer.close()
        await self._server.wait_closed()

    async def _serve(self, reader, writer):
        session = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self.sessions.append(session)
        self.writers.append(writer)
        session.initiate_connection()
        writer.write(session.data_to_send())
        try:
            while data := await reader.read(65_536):
                for event in session.receive_data(data):
                    if isinstance(event, StreamReset):
                        self.resets.append((event.stream_id, event.error_code))
                    more = self.told(session, event) or b""
                    writer.write(session.data_to_send() + more)
                writer.write(session.data_to_send())
        except (ConnectionError, ProtocolError):
            pass
        writer.close()


@pytest.fixture
async def peer_of():
    """Start a server of HTTP/2 whose every event is given to a function; closed after the test."""
    peers = []

    async def start(told):
        peers.append(await Peer(told).start())
        return peers[-1]

    yield start
    for peer in peers:
        await peer.close()


@pytest.fixture(params=["h2", "nghttp2"])
async def dispatcher_of(request):
    """Make a dispatcher over either library, closed after the test."""
    if request.param == "nghttp2":
        pytest.importorskip("ngh2")
    made = []

    def make(kind="h2", **options):
        given = {"kind": kind, "connections": 1, "use_h2c": True, **options}
        made.append(Dispatcher(DispatcherOptions(**given), h2_codec=request.param))
        return made[-1]

    yield make
    for dispatcher in made:
        await dispatcher.aclose()


def _sockets(dispatcher):
    origins = dispatcher.snapshot().origins
    return [each for origin in origins for each in (*origin.sockets, *origin.free_sockets)]


def _goaway(last):
    return GoAwayFrame(0, last_stream_id=last).serialize()


def _answers(session, event, *, status="200"):
    if isinstance(event, RequestReceived):
        session.send_headers(event.stream_id, [(":status", status)], end_stream=True)


async def test_an_answer_before_all_of_the_body_is_sent_ends_its_stream(
    peer_of, dispatcher_of, eventually
):
    peer = await peer_of(lambda session, event: _answers(session, event, status="413"))
    dispatcher = dispatcher_of()
    for _ in range(3):
        response = await dispatcher.request("POST", peer.url, content=b"x" * 200_000)
        assert (413, b"") == (response.status, await response.read())
    await eventually(lambda: 3 == len(peer.resets))
    assert [(1, 0), (3, 0), (5, 0)] == peer.resets
    (socket,) = _sockets(dispatcher)
    assert 0 == socket.session.streams
    (origin,) = dispatcher.snapshot().origins
    assert (3, 3) == (origin.counters.completed, origin.counters.resets)


async def test_a_server_that_takes_no_stream_is_not_dialled_for_ever(peer_of, dispatcher_of):
    def told(session, event):
        return _goaway(0) if isinstance(event, RequestReceived) else b""

    peer = await peer_of(told)
    with pytest.raises(RequestError):
        await dispatcher_of().request("GET", peer.url)
    assert 2 == len(peer.sessions)


async def test_what_comes_behind_a_goaway_with_an_error_is_nothing_any_more(peer_of, dispatcher_of):
    def told(session, event):
        if isinstance(event, RequestReceived):
            writer = peer.writers[-1]
            writer.write(GoAwayFrame(0, last_stream_id=1, error_code=2).serialize())
            _answers(session, event)

    peer = await peer_of(told)
    dispatcher = dispatcher_of()
    async with asyncio.timeout(5):
        with pytest.raises(RequestError) as caught:
            await dispatcher.request("GET", peer.url)
    assert "ERR_HTTP2_SESSION_ERROR" == caught.value.code
    (origin,) = dispatcher.snapshot().origins
    assert (0, {"ERR_HTTP2_SESSION_ERROR": 1}) == (
        origin.counters.completed,
        origin.counters.failed,
    )


async def test_a_session_says_its_windows_and_who_speaks_it(peer_of, dispatcher_of):
    def told(session, event):
        if isinstance(event, RequestReceived):
            session.send_headers(event.stream_id, [(":status", "200")])
            session.send_data(event.stream_id, b"y" * 10_000, end_stream=True)

    peer = await peer_of(told)
    dispatcher = dispatcher_of()
    response = await dispatcher.request("POST", peer.url, content=b"x" * 5_000)
    assert 10_000 == len(await response.read())
    (socket,) = _sockets(dispatcher)
    session = socket.session
    assert (524_288 - 10_000, 65_535 - 5_000) == (session.window_in, session.window_out)
    assert session.codec in ("h2", "nghttp2")


async def test_a_connection_says_which_of_its_requests_is_the_oldest(
    peer_of, dispatcher_of, eventually
):
    peer = await peer_of(lambda *_: None)
    dispatcher = dispatcher_of()
    asked = [asyncio.create_task(dispatcher.request("GET", peer.url)) for _ in range(3)]
    await eventually(lambda: 3 == sum(s.session.streams for s in _sockets(dispatcher) if s.session))
    (origin,) = dispatcher.snapshot().origins
    (socket,) = origin.sockets
    assert origin.running[0].id == socket.request
    for each in asked:
        each.cancel()
    await asyncio.gather(*asked, return_exceptions=True)


async def test_a_client_whose_pool_an_agent_has_forgotten_is_not_shown_as_one_of_the_next(
    peer_of, dispatcher_of, eventually
):
    def told(session, event):
        return _goaway(event.stream_id) if isinstance(event, RequestReceived) else b""

    peer = await peer_of(told)
    dispatcher = dispatcher_of("undici-agent", connections=2)
    asked = []
    for sessions in (1, 2):
        asked.append(asyncio.create_task(dispatcher.request("GET", peer.url)))
        await eventually(
            lambda n=sessions: (
                n == sum(bool(s.session and s.session.goaway) for s in _sockets(dispatcher))
            )
        )
    (origin,) = dispatcher.snapshot().origins
    assert [(True, 1), (True, 1)] == [(each.retiring, each.running) for each in origin.clients]
    assert origin.stats is None
    for each in asked:
        each.cancel()
    await asyncio.gather(*asked, return_exceptions=True)


async def test_garbage_behind_a_response_in_one_tls_read_ends_the_session_and_nothing_else(
    authority, ca, eventually
):
    """What HTTP/2 has to say to the rest is written when TLS already knows that it is broken."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    context.set_alpn_protocols(["h2"])

    async def handle(reader, writer):
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(incoming, outgoing, server_side=True)
        session = H2Connection(H2Configuration(client_side=False))
        session.initiate_connection()
        while data := await reader.read(65_536):
            incoming.write(data)
            more = b""
            try:
                tls.do_handshake()
                for event in session.receive_data(tls.read(65_536)):
                    _answers(session, event)
                    if isinstance(event, RequestReceived):
                        more = b"\x17\x03\x03\x00\x20" + bytes(32)
                tls.write(session.data_to_send())
            except ssl.SSLWantReadError:
                pass
            writer.write(outgoing.read() + more)
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server, Dispatcher(DispatcherOptions(kind="h2", connections=1), tls=ca) as pool:
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"

        async def ask():
            async with await pool.request("GET", url) as response:
                return response.status

        async with asyncio.timeout(5):
            told = await asyncio.gather(*(ask() for _ in range(4)), return_exceptions=True)
        assert 200 == told[0]
        assert all(each == 200 or isinstance(each, RequestError) for each in told)
        await eventually(lambda: not _sockets(pool))
        pool.shell.core.check_invariants()


async def test_thresholds_count_each_stream_once_and_no_room_where_none_is_opened(
    peer_of, dispatcher_of, eventually
):
    def told(session, event):
        is_third = isinstance(event, RequestReceived) and event.stream_id == 5
        return _goaway(5) if is_third else b""

    peer = await peer_of(told)
    dispatcher = dispatcher_of()
    asked = [asyncio.create_task(dispatcher.request("GET", peer.url)) for _ in range(3)]
    await eventually(lambda: any(s.session and s.session.goaway for s in _sockets(dispatcher)))
    asked += [asyncio.create_task(dispatcher.request("GET", peer.url)) for _ in range(2)]
    await eventually(lambda: 5 == sum(s.session.streams for s in _sockets(dispatcher) if s.session))
    ((_, levels),) = dispatcher.shell.levels()
    assert (2, 5, 100) == (levels.total, levels.streams, levels.streams_cap)
    (origin,) = dispatcher.snapshot().origins
    assert (5, 100) == streams_of(origin)[:2], "as it is shown"
    for each in asked:
        each.cancel()
    await asyncio.gather(*asked, return_exceptions=True)
