"""The TLS stream, against a server in memory and one over loopback."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import random
import socket
import ssl
import time
import tracemalloc

import pytest
import trustme

from pooltop.core.model import TLSOptions
from pooltop.engine.tls import TLSSession, TLSStream, make_context
from pooltop.engine.tls_nested import NestedTLS
from pooltop.errors import NetworkError, PeerError, UsageError

V12, V13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


class Server:
    """The other side of a TLSStream, in memory."""

    def __init__(self, context):
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_side=True)
        self.is_connected = False
        self.plain = b""
        self.error = None

    def receive(self, data):
        """Take what the client wrote; give what to answer."""
        self.incoming.write(data)
        try:
            if not self.is_connected:
                self.tls.do_handshake()
                self.is_connected = True
            while chunk := self.tls.read(65536):
                self.plain += chunk
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as exc:
            self.error = exc
        return self.outgoing.read()

    def send(self, data):
        for start in range(0, len(data), 16384):
            self.tls.write(data[start : start + 16384])
        return self.outgoing.read()

    def close(self):
        with contextlib.suppress(ssl.SSLError):
            self.tls.unwrap()
        return self.outgoing.read()


class Authority:
    """A certificate authority and the contexts that come of it."""

    def __init__(self, folder):
        self.ca = trustme.CA()
        self.folder = folder
        self.path = str(folder / "ca.pem")
        self.ca.cert_pem.write_to_path(self.path)

    def server(self, *names, version=V13, **more):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = context.maximum_version = version
        self.ca.issue_cert(*(names or ("a.example", "127.0.0.1")), **more).configure_cert(context)
        return context

    def server_with(self, *blobs):
        """Give a server's context with certificates, and a key, in exactly this order."""
        path = self.folder / "chain.pem"
        path.write_bytes(b"".join(blob.bytes() for blob in blobs))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    def client(self, **more):
        return make_context(TLSOptions(ca=(self.path,), **more))


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def client_context(authority):
    return authority.client()


def _noise(size):
    return random.Random(1).randbytes(size)


def _shake(stream, server):
    """Carry the handshake, and what follows it by itself, to and fro."""
    to_server = stream.start()
    while to_server:
        _, to_server = stream.receive(server.receive(to_server))


def _connected(client_context, server_context, session=None):
    stream, server = TLSStream(client_context, "a.example", session), Server(server_context)
    _shake(stream, server)
    return stream, server


def _failure(client_context, server_context, servername="a.example"):
    with pytest.raises(NetworkError) as caught:
        _shake(TLSStream(client_context, servername), Server(server_context))
    return caught.value


@pytest.mark.parametrize("version", [V12, V13])
def test_data_goes_both_ways(authority, client_context, version):
    stream, server = _connected(client_context, authority.server(version=version))
    assert stream.is_connected
    server.receive(stream.send(b"GET"))
    assert b"GET" == server.plain
    assert (b"200", b"") == stream.receive(server.send(b"200"))
    assert (b"", b"") == stream.receive(b"")


@pytest.mark.parametrize("size", [1, 7, 1460, 1 << 20])
@pytest.mark.parametrize("version", [V12, V13])
def test_pieces_of_any_size_give_the_same(authority, client_context, version, size):
    stream, server = (
        TLSStream(client_context, "a.example"),
        Server(authority.server(version=version)),
    )
    expected = _noise(50_000)
    to_server, got, is_sent = stream.start(), b"", False
    while to_server:
        answer, to_server = server.receive(to_server), b""
        if server.is_connected and not is_sent:  # data in the same read as the handshake's end
            answer += server.send(expected) + server.close()
            is_sent = True
        for start in range(0, len(answer), size):
            plain, to_write = stream.receive(memoryview(answer)[start : start + size])
            got += plain
            to_server += to_write
    assert expected == got
    assert stream.peer_closed


def test_a_large_body_is_sent_whole(authority, client_context):
    stream, server = _connected(client_context, authority.server())
    body = _noise(1_000_000)
    server.receive(stream.send(bytearray(body)))
    assert body == server.plain
    assert b"" == stream.send(b"")


def test_a_large_transfer_leaves_no_large_buffers(authority, client_context):
    # A MemoryBIO never shrinks, and its memory is invisible to tracemalloc: its growth is seen
    # in how much is ever inside at once.
    stream, server = _connected(client_context, authority.server())
    stream._incoming = incoming = _Watched(stream._incoming)
    stream._outgoing = outgoing = _Watched(stream._outgoing)
    stream.receive(server.send(bytes(1 << 20)))
    stream.send(bytes(1 << 20))
    assert 16_000 < incoming.most < 40_000
    assert 16_000 < outgoing.most < 40_000


class _Watched:
    def __init__(self, bio):
        self.bio, self.most = bio, 0

    def write(self, data):
        written = self.bio.write(data)
        self.most = max(self.most, self.bio.pending)
        return written

    def read(self):
        self.most = max(self.most, self.bio.pending)
        return self.bio.read()

    @property
    def pending(self):
        return self.bio.pending


def test_an_idle_stream_holds_next_to_no_python_memory(authority, client_context):
    server_context = authority.server()
    _connected(client_context, server_context)
    tracemalloc.start()
    try:
        kept = [_connected(client_context, server_context)[0] for _ in range(20)]
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held / len(kept) < 8192


@pytest.mark.parametrize(("version", "name"), [(V12, "TLSv1.2"), (V13, "TLSv1.3")])
def test_the_facts_tell_what_was_agreed(authority, client_context, version, name):
    until = dt.datetime(2090, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
    server_context = authority.server("a.example", "192.0.2.7", version=version, not_after=until)
    facts = _connected(client_context, server_context)[0].facts
    assert name == facts.protocol
    assert facts.cipher
    assert not facts.resumed
    assert facts.verified
    assert facts.alpn is None
    assert ("DNS:a.example", "IP Address:192.0.2.7") == facts.certificate.names
    assert "trustme" in facts.certificate.issuer
    assert until.timestamp() == facts.certificate.wall_not_after


def test_without_verification_the_facts_say_so_and_still_show_the_certificate(authority):
    context = make_context(TLSOptions(verify=False))
    facts = _connected(context, authority.server("other.example"))[0].facts
    assert not facts.verified
    assert ("DNS:other.example",) == facts.certificate.names


def test_without_verification_no_servername_is_needed(authority, client_context):
    stream = TLSStream(make_context(TLSOptions(verify=False)), None)
    _shake(stream, Server(authority.server()))
    assert stream.is_connected
    with pytest.raises(UsageError):
        TLSStream(client_context, None)


@pytest.mark.parametrize("servername", ["a.example", "A.Example.", "127.0.0.1"])
def test_names_and_addresses_are_verified_and_only_names_are_sent(
    authority, client_context, servername
):
    sent = []
    server_context = authority.server()
    server_context.sni_callback = lambda _tls, name, _context: sent.append(name)
    stream = TLSStream(client_context, servername)
    _shake(stream, Server(server_context))
    assert stream.facts.verified
    assert [None if servername[0] == "1" else servername.rstrip(".")] == sent


@pytest.mark.parametrize("servername", ["", ".", ".a", "a..b", "x" * 64 + ".example"])
def test_an_impossible_servername_is_a_network_error(client_context, servername):
    with pytest.raises(NetworkError, match="no server's name"):
        TLSStream(client_context, servername)


def test_no_alpn_is_offered(authority, client_context):
    server_context = authority.server()
    server_context.set_alpn_protocols(["h2", "http/1.1"])
    assert _connected(client_context, server_context)[0].facts.alpn is None


@pytest.mark.parametrize("version", [V12, V13])
def test_a_second_connection_resumes_the_first_ones_session(authority, client_context, version):
    server_context = authority.server(version=version)
    first, _ = _connected(client_context, server_context)
    assert isinstance(first.session, TLSSession)
    second, server = _connected(client_context, server_context, first.session)
    assert second.facts.resumed
    assert server.tls.session_reused
    assert second.facts.verified
    third, _ = _connected(client_context, server_context, second.session)
    assert third.facts.resumed


def test_before_the_servers_ticket_there_is_no_session(authority, client_context):
    server_context = authority.server()
    server_context.num_tickets = 0
    stream, _ = _connected(client_context, server_context)
    assert stream.session is None


def test_a_session_is_not_used_for_another_name(authority, client_context):
    server_context = authority.server("a.example", "b.example")
    first, _ = _connected(client_context, server_context)
    second = TLSStream(client_context, "b.example", first.session)
    _shake(second, Server(server_context))
    assert not second.facts.resumed


def test_a_session_of_another_context_is_not_used(authority, client_context):
    server_context = authority.server()
    first, _ = _connected(client_context, server_context)
    second, _ = _connected(authority.client(), server_context, first.session)
    assert not second.facts.resumed


def test_an_orderly_end_is_told_from_a_cut_one(authority, client_context):
    stream, server = _connected(client_context, authority.server())
    assert (b"last", b"") == stream.receive(server.send(b"last") + server.close())
    assert stream.peer_closed
    stream.receive_eof()

    stream, server = _connected(client_context, authority.server())
    stream.receive(server.send(b"not the last"))
    assert not stream.peer_closed
    with pytest.raises(PeerError) as caught:
        stream.receive_eof()
    assert "ERR_TLS_TRUNCATED" == caught.value.code


def test_a_record_cut_in_the_middle_is_truncation(authority, client_context):
    stream, server = _connected(client_context, authority.server())
    assert (b"", b"") == stream.receive(server.send(b"whole")[:-1])
    with pytest.raises(PeerError):
        stream.receive_eof()


def test_bytes_after_the_peers_close_are_ignored(authority, client_context):
    stream, server = _connected(client_context, authority.server())
    assert (b"", b"") == stream.receive(server.close() + b"\x17\x03\x03\x00\x01x")
    kept = stream._incoming.pending
    assert (b"", b"") == stream.receive(bytes(100_000))
    assert kept == stream._incoming.pending


def test_closing_tells_the_peer_once_and_still_reads(authority, client_context):
    stream, server = _connected(client_context, authority.server())
    late = server.send(b"late")
    server.receive(stream.close())
    assert b"" == stream.close()
    assert server.error is None
    assert b"" == server.tls.read(1)
    assert (b"late", b"") == stream.receive(late)
    with pytest.raises(UsageError):
        stream.send(b"x")


def test_closing_after_the_peers_close_is_answered(authority, client_context):
    stream, server = _connected(client_context, authority.server())
    stream.receive(server.close())
    assert b"" != stream.close()


def test_before_the_handshake_nothing_can_be_sent_or_told(client_context):
    stream = TLSStream(client_context, "a.example")
    stream.start()
    assert "<TLSStream a.example handshaking>" == repr(stream)
    assert stream.session is None
    assert b"" == stream.close()
    with pytest.raises(UsageError):
        stream.send(b"x")
    with pytest.raises(UsageError):
        _ = stream.facts


def _days(number):
    return dt.datetime.now(dt.UTC) + dt.timedelta(days=number)


@pytest.mark.parametrize("version", [V12, V13])
def test_an_expired_certificate_is_named(authority, client_context, version):
    server_context = authority.server(version=version, not_before=_days(-9), not_after=_days(-1))
    error = _failure(client_context, server_context)
    assert "CERT_HAS_EXPIRED" == error.code
    assert str(error).startswith("certificate of a.example CERT_HAS_EXPIRED: ")
    assert isinstance(error.__cause__, ssl.SSLCertVerificationError)


def test_a_certificate_of_the_future_is_named(authority, client_context):
    error = _failure(client_context, authority.server(not_before=_days(1), not_after=_days(9)))
    assert "CERT_NOT_YET_VALID" == error.code


@pytest.mark.parametrize("servername", ["wrong.example", "127.0.0.9"])
def test_a_certificate_for_other_names_is_named(authority, client_context, servername):
    error = _failure(client_context, authority.server(), servername)
    assert "ERR_TLS_CERT_ALTNAME_INVALID" == error.code
    assert f"certificate of {servername} " in str(error)


def test_an_unknown_issuer_is_named(client_context, tmp_path):
    error = _failure(client_context, Authority(tmp_path).server())
    assert "UNABLE_TO_VERIFY_LEAF_SIGNATURE" == error.code
    assert "add the issuer's certificate to tls.ca" in str(error)


def test_a_certificate_signed_by_itself_is_named(client_context, tmp_path):
    other = Authority(tmp_path)
    error = _failure(client_context, other.server_with(other.ca.private_key_pem, other.ca.cert_pem))
    assert "DEPTH_ZERO_SELF_SIGNED_CERT" == error.code


def test_an_unknown_root_in_the_chain_is_named(client_context, tmp_path):
    other = Authority(tmp_path)
    leaf = other.ca.issue_cert("a.example")
    chain = other.server_with(leaf.private_key_pem, leaf.cert_chain_pems[0], other.ca.cert_pem)
    assert "SELF_SIGNED_CERT_IN_CHAIN" == _failure(client_context, chain).code


def test_after_a_failure_the_alert_can_be_sent_and_the_stream_stays_failed(authority, tmp_path):
    stream, server = (
        TLSStream(authority.client(), "a.example"),
        Server(Authority(tmp_path).server()),
    )
    with pytest.raises(NetworkError) as first:
        _shake(stream, server)
    server.receive(stream.unsent())
    assert "UNKNOWN_CA" in server.error.reason
    assert b"" == stream.close()
    for again in (lambda: stream.receive(b""), stream.receive_eof, lambda: stream.send(b"x")):
        with pytest.raises(NetworkError) as caught:
            again()
        assert first.value is caught.value


def _client_certificate_wanted(authority, version):
    context = authority.server(version=version)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority.path)
    return context


def test_a_missing_client_certificate_is_blamed_although_the_handshake_succeeded(
    authority, client_context
):
    server_context = _client_certificate_wanted(authority, V13)
    stream, server = TLSStream(client_context, "a.example"), Server(server_context)
    _, to_server = stream.receive(server.receive(stream.start()))
    assert stream.is_connected
    with pytest.raises(NetworkError, match="requires a client certificate") as caught:
        stream.receive(server.receive(to_server))
    assert "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED" == caught.value.code


def test_a_missing_client_certificate_is_blamed_in_tls_1_2(authority, client_context):
    error = _failure(client_context, _client_certificate_wanted(authority, V12))
    assert "tls.cert and tls.key" in str(error)


@pytest.mark.parametrize("version", [V12, V13])
def test_a_client_certificate_is_given(authority, tmp_path, version):
    authority.ca.issue_cert("me.example").private_key_and_cert_chain_pem.write_to_path(
        tmp_path / "me.pem"
    )
    client_context = authority.client(cert=str(tmp_path / "me.pem"))
    server_context = _client_certificate_wanted(authority, version)
    stream, server = _connected(client_context, server_context)
    server.receive(stream.send(b"me"))
    assert b"me" == server.plain


def test_a_client_certificate_that_the_server_does_not_trust_is_blamed(authority, tmp_path):
    Authority(tmp_path).ca.issue_cert("me.example").private_key_and_cert_chain_pem.write_to_path(
        tmp_path / "me.pem"
    )
    client_context = authority.client(cert=str(tmp_path / "me.pem"))
    stream = TLSStream(client_context, "a.example")
    server = Server(_client_certificate_wanted(authority, V13))
    with pytest.raises(NetworkError, match="does not trust the client certificate's issuer"):
        _shake(stream, server)


def test_a_version_that_is_not_shared_is_told(authority):
    client_context = authority.client()
    client_context.minimum_version = V13
    error = _failure(client_context, authority.server(version=V12))
    assert "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION" == error.code
    assert "does not speak" in str(error)


def test_a_name_the_server_refuses_is_told(authority, client_context):
    server_context = authority.server()
    server_context.sni_callback = lambda *_: ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
    error = _failure(client_context, server_context)
    assert "check tls.servername" in str(error)


@pytest.mark.parametrize("size", [1, 100])
@pytest.mark.parametrize(
    ("greeting", "words"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "plain HTTP: use http://"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "the server speaks SSH"),
        (b"220 mail.example ESMTP\r\n", "SMTP"),
        (b"-ERR unknown command\r\n", "Redis"),
        (bytes([0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 100]), "plain HTTP/2"),
        (b"\xff\xfe\xfd\xfc\xfb\xfa", "something that is not TLS"),
    ],
)
def test_a_server_that_speaks_something_else_is_named(client_context, greeting, words, size):
    stream = TLSStream(client_context, "a.example")
    stream.start()
    pieces = [greeting[start : start + size] for start in range(0, len(greeting), size)]
    with pytest.raises(NetworkError) as caught:
        _ = [stream.receive(piece) for piece in pieces]
    assert "ERR_SSL_WRONG_VERSION_NUMBER" == caught.value.code
    if size > 1:
        assert words in str(caught.value)


@pytest.mark.parametrize(("answered", "words"), [(0, "before it answered"), (9, "in the middle")])
def test_a_cut_handshake_is_a_reset(authority, client_context, answered, words):
    stream, server = TLSStream(client_context, "a.example"), Server(authority.server())
    stream.receive(server.receive(stream.start())[:answered])
    with pytest.raises(NetworkError, match=words) as caught:
        stream.receive_eof()
    assert "ECONNRESET" == caught.value.code


@pytest.mark.parametrize("version", [V12, V13])
def test_plaintext_before_a_damaged_record_is_delivered_first(authority, client_context, version):
    stream, server = _connected(client_context, authority.server(version=version))
    good, bad = server.send(b"good"), bytearray(server.send(b"bad"))
    bad[-1] ^= 1
    plain, alert = stream.receive(good + bad)
    assert b"good" == plain
    with pytest.raises(NetworkError, match="changed on the way"):
        stream.receive(b"")
    server.receive(alert)
    assert "BAD_RECORD_MAC" in server.error.reason


async def test_it_works_with_a_real_server_and_resumes(authority, client_context):
    async def answer(reader, writer):
        with contextlib.suppress(ConnectionError):
            writer.write(await reader.readexactly(4))
            await writer.drain()
            await reader.read()
        writer.close()
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            await writer.wait_closed()

    loop = asyncio.get_running_loop()
    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=authority.server())
    session, resumed = None, []
    async with server:
        for _ in range(2):
            with socket.socket() as sock:
                sock.settimeout(0)
                await loop.sock_connect(sock, server.sockets[0].getsockname())
                stream = TLSStream(client_context, "127.0.0.1", session)
                await loop.sock_sendall(sock, stream.start())
                got, is_asked = b"", False
                while got != b"ping":
                    plain, to_write = stream.receive(await loop.sock_recv(sock, 65536))
                    got += plain
                    if stream.is_connected and not is_asked:
                        to_write += stream.send(b"ping")
                        is_asked = True
                    await loop.sock_sendall(sock, to_write)
                session = stream.session
                resumed.append(stream.facts.resumed)
                began_at = time.monotonic()
                await loop.sock_sendall(sock, stream.close())
                assert time.monotonic() - began_at < 1
                while data := await loop.sock_recv(sock, 65536):
                    stream.receive(data)
                stream.receive_eof()
    assert [False, True] == resumed


def _nested(authority, client_context):
    """Give TLS inside TLS that is connected, and the proxy's and the origin's side of it."""
    outer, proxy = _connected(client_context, authority.server())
    stream = NestedTLS(outer, TLSStream(client_context, "a.example"))
    origin = Server(authority.server())
    to_proxy = stream.start()
    while to_proxy:
        proxy.plain = b""
        proxy.receive(to_proxy)
        _, to_proxy = stream.receive(proxy.send(origin.receive(proxy.plain)))
    assert stream.is_connected
    return stream, proxy, origin


def test_a_proxys_end_of_tls_comes_after_the_bytes_before_it_and_may_be_a_cut(
    authority, client_context
):
    stream, proxy, origin = _nested(authority, client_context)
    together = proxy.send(origin.send(b"the rest")) + proxy.close()
    assert (b"the rest", b"") == stream.receive(together)
    assert stream.peer_closed
    stream.receive_eof(delimits=False)
    with pytest.raises(PeerError) as caught:
        stream.receive_eof()
    assert "ERR_TLS_TRUNCATED" == caught.value.code


def test_the_origins_own_end_of_tls_within_a_proxys_is_whole(authority, client_context):
    stream, proxy, origin = _nested(authority, client_context)
    stream.receive(proxy.send(origin.send(b"all") + origin.close()) + proxy.close())
    assert stream.peer_closed
    stream.receive_eof()


def test_what_came_before_a_fault_of_the_proxys_tls_is_given_first(authority, client_context):
    stream, proxy, origin = _nested(authority, client_context)
    no_record = b"\x17\x03\x03\x00\x20" + bytes(32)
    plain, _ = stream.receive(proxy.send(origin.send(b"good")) + no_record)
    assert b"good" == plain
    assert stream.fault is not None
    with pytest.raises(NetworkError):
        stream.receive(b"")
