"""Mutual TLS: the server looks at our certificate, and says in an alert what it thinks of it.

Under TLS 1.3 our handshake is done before the server has looked: its alert comes while the request
is on its way, and the request must fail by what the alert says.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
import threading

import pytest
from support.pki import CLIENT, SERVER, days, issue, server_context

from pooltop.core.model import TLSOptions
from pooltop.errors import RequestError

V12, V13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
ROOT = issue("root", is_ca=True)
SITE = issue("site", ROOT, sans=["127.0.0.1"])
ME = issue("me", ROOT, purposes=[CLIENT])


class MutualServer:
    """Accepts one connection in a thread of its own, and demands a certificate."""

    def __init__(self, context, how):
        self.context = context
        self.how = how
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self.listener.getsockname()[1]}"
        self.peer = None
        self.refused = None
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    def _serve(self):
        sock, _ = self.listener.accept()
        sock.settimeout(5)
        tls = self.context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        try:
            tls.do_handshake()
            self.peer = tls.getpeercert()
            while b"\r\n\r\n" not in tls.recv(65536):
                pass
            tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        except ssl.SSLError as exc:
            self.refused = exc
            self._end(tls)
        with contextlib.suppress(OSError):
            tls.close()
        self.is_over.set()

    def _end(self, tls):
        """The alert is written. End as told: all was read, or not, or at once with RST."""
        if self.how == "rst":
            tls.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif self.how == "fin":
            with contextlib.suppress(OSError):
                socket.socket.shutdown(tls, socket.SHUT_WR)
                while socket.socket.recv(tls, 65536):
                    pass

    def close(self):
        self.listener.close()
        self.thread.join()


@pytest.fixture
def mutual(tmp_path):
    """Start a server: ``mutual(version, how)``; how is "fin", "close" (bytes unread) or "rst"."""
    with contextlib.ExitStack() as stack:

        def start(version, how="fin"):
            context = server_context(tmp_path, SITE, version=version, wants_client_of=ROOT)
            return stack.enter_context(contextlib.closing(MutualServer(context, how)))

        yield start


@pytest.fixture
def options(tmp_path):
    """Give the TLS options with this client certificate; None for none."""

    def make(mine, *, locked_with=None, passphrase=None):
        (tmp_path / "ca.pem").write_bytes(ROOT.pem)
        more = {}
        if mine is not None:
            (tmp_path / "me.pem").write_bytes(mine.pem)
            (tmp_path / "me-key.pem").write_bytes(mine.key_pem(locked_with))
            more = {"cert": str(tmp_path / "me.pem"), "key": str(tmp_path / "me-key.pem")}
        return TLSOptions(ca=(str(tmp_path / "ca.pem"),), passphrase=passphrase, **more)

    return make


async def _failed(agent, url, **more):
    with pytest.raises(RequestError) as caught:
        response = await agent.request("POST", url, **more)
        await response.read()
    return caught.value


@pytest.mark.parametrize("version", [V12, V13])
@pytest.mark.parametrize(
    ("locked_with", "passphrase"), [(None, None), (b"open sesame", "open sesame")]
)
async def test_a_good_certificate_is_let_in(
    mutual, agent_of, options, version, locked_with, passphrase
):
    server = mutual(version)
    agent = agent_of(tls=options(ME, locked_with=locked_with, passphrase=passphrase))
    assert b"ok" == await (await agent.request("GET", server.url)).read()
    assert ((("commonName", "me"),),) == server.peer["subject"]


REFUSED = {
    "none": (None, {V12: "ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE", V13: "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED"}, "tls.cert and tls.key"),
    "of a strange authority": (issue("me", issue("other", is_ca=True)), "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA", "does not trust the client certificate's issuer"),
    "signed by itself": (issue("me"), "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA", "does not trust the client certificate's issuer"),
    "expired": (issue("me", ROOT, not_before=days(-9), not_after=days(-1)), "ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_EXPIRED", "the client certificate has expired"),
    "meant for servers": (issue("me", ROOT, purposes=[SERVER]), "ERR_SSL_SSL/TLS_ALERT_UNSUPPORTED_CERTIFICATE", "does not accept this kind of client certificate"),
}  # fmt: skip


@pytest.mark.parametrize("how", ["fin", "close", "rst"])
@pytest.mark.parametrize("version", [V12, V13])
@pytest.mark.parametrize(("mine", "codes", "words"), REFUSED.values(), ids=REFUSED.keys())
async def test_the_certificate_is_blamed_and_not_the_connection(
    mutual, agent_of, options, eventually, mine, codes, words, version, how
):
    server = mutual(version, how)
    agent = agent_of(keep_alive=True, tls=options(mine))
    error = await _failed(agent, server.url, content=b"x" * 1000)
    assert (codes if isinstance(codes, str) else codes[version]) == error.code
    assert words in str(error)
    await eventually(lambda: agent.total_socket_count == 0)
    counters = agent.snapshot().origins[0].counters
    assert {error.code: 1} == counters.failed
    expected = "connect failed" if version is V12 else "bad response"
    assert {expected: 1} == counters.closed


async def test_the_alert_is_found_although_writing_fails_before_it_is_read(
    mutual, agent_of, options
):
    """RST is behind the alert, and the loop is busy: the next piece of the body finds out first."""
    server = mutual(V13, "rst")

    async def body():
        yield b"first"
        server.is_over.wait(5)  # on purpose in the loop: nothing is read meanwhile
        yield b"second"

    error = await _failed(agent_of(tls=options(None)), server.url, content=body())
    assert "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED" == error.code


async def test_an_alert_after_half_a_response_is_told_at_once(agent_of, options, tmp_path):
    """The peer says what it thinks and keeps the connection: nothing else would ever come."""
    told = threading.Event()

    def serve():
        sock, _ = listener.accept()
        with sock:
            incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            tls = server_side.wrap_bio(incoming, outgoing, server_side=True)
            plain = b""
            while b"\r\n\r\n" not in plain:
                incoming.write(sock.recv(65536))
                with contextlib.suppress(ssl.SSLWantReadError):
                    tls.do_handshake()
                    plain += tls.read(65536)
                sock.sendall(outgoing.read())
            tls.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
            incoming.write(b"\x17\x03\x03\x00\x20" + bytes(32))
            with pytest.raises(ssl.SSLError):
                tls.read(1)
            sock.sendall(outgoing.read())
            told.wait(30)

    server_side = server_context(tmp_path, SITE)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        agent = agent_of(tls=options(None))
        try:
            async with asyncio.timeout(5):
                error = await _failed(agent, f"https://127.0.0.1:{listener.getsockname()[1]}")
        finally:
            told.set()
            thread.join()
    assert "ERR_SSL_SSL/TLS_ALERT_BAD_RECORD_MAC" == error.code


async def test_a_key_that_cannot_be_read_fails_the_request_and_shows_no_secret(
    agent_of, options, eventually
):
    for passphrase, words in (
        (None, "no tls.passphrase is given"),
        ("guess", "cannot be decrypted"),
    ):
        agent = agent_of(tls=options(ME, locked_with=b"open sesame", passphrase=passphrase))
        error = await _failed(agent, "https://127.0.0.1:9")
        assert words in str(error)
        assert "guess" not in str(error)
        await eventually(lambda agent=agent: agent.total_socket_count == 0)
