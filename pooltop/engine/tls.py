"""One TLS connection without a socket: bytes in, bytes out, over ``ssl.MemoryBIO``.

asyncio's own TLS keeps 256 KiB of buffer for each connection, cannot resume a session, reports a
truncated stream as an orderly end, and takes 30 s to close against a silent peer. This has none
of that, for about as many lines of code.

How it is driven: write what ``start`` gives; hand every received byte to ``receive``, write what
comes back and use the plaintext; when the peer ends, call ``receive_eof``. Nothing here waits.

Rules of this file:

* The BIOs grow to the largest amount ever inside and never shrink, so that no more than about
  one record (16 KiB) is put into either at a time.
* Plaintext that came before a fault is delivered; the fault is raised at the next call.
"""

from __future__ import annotations

import contextlib
import ssl
import time
from typing import TYPE_CHECKING

import msgspec

from pooltop.engine.tls_context import make_context
from pooltop.engine.tls_errors import cut_error, handshake_error
from pooltop.engine.tls_facts import TLSFacts, facts_of, fields_of, sent_chain
from pooltop.engine.tls_identity import is_for
from pooltop.engine.tls_verdicts import identity_error, verification_error
from pooltop.errors import NetworkError, PeerError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["TLSFacts", "TLSSession", "TLSStream", "make_context"]

_RECORD = 16384
"""Plaintext of one record at most: RFC 8446, 5.1."""
_SLICE = _RECORD + 256 + 5
"""A whole record on the wire at most: RFC 8446, 5.2."""
_SNIFFED = 16


class TLSSession(msgspec.Struct, frozen=True):
    """What a later connection to the same server resumes from; opaque."""

    servername: str | None
    """Only a stream for the same name takes it: resuming skips the certificate's check."""
    context: ssl.SSLContext
    """Only a stream of the same context can: what it trusts is another matter for any other."""
    ticket: ssl.SSLSession


class TLSStream:
    """The client's side of one TLS connection."""

    __slots__ = (
        "_closing",
        "_facts",
        "_incoming",
        "_object",
        "_outgoing",
        "_seen",
        "_servername",
        "_unsent_name",
        "fault",
        "handshake_cpu_s",
        "is_connected",
        "peer_closed",
    )

    is_connected: bool
    """The handshake is done: ``send`` may be called."""
    peer_closed: bool
    """The peer sent close_notify: its stream is complete, and no more comes."""
    fault: NetworkError | None
    """What broke the stream; raised by every later call. What came before it is good."""
    handshake_cpu_s: float
    """CPU seconds of this thread that the handshake took so far."""

    def __init__(
        self,
        context: ssl.SSLContext,
        servername: str | None,
        session: TLSSession | None = None,
        *,
        sni: bool = True,
    ) -> None:
        """Prepare; nothing is sent yet.

        Args:
            context: from ``make_context``, with the same ``sni``.
            servername: name or IP literal for SNI and verification (an IP literal is verified and
                not sent: RFC 6066, 3); None only with ``verify=False``.
            session: of an earlier stream; not used if that had another context or name.
            sni: False sends no name, and verifies it all the same.

        Raises:
            NetworkError: ERR_INVALID_ARG_VALUE, ``servername`` can be no server's name.
            UsageError: there is no name to verify, or the context is for the other kind.
        """
        verifies = context.verify_mode is ssl.CERT_REQUIRED
        if servername is None and verifies:
            raise UsageError("without a servername there is nothing to verify the certificate by")
        if verifies and sni is not context.check_hostname:
            raise UsageError(
                "a context is for streams that send the name, or for those that do not"
            )
        self._servername = servername.rstrip(".") if servername is not None else None
        self._unsent_name = None if sni or not verifies else self._servername
        """What we have to verify ourselves."""
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        try:
            self._object = context.wrap_bio(
                self._incoming, self._outgoing, server_hostname=self._servername if sni else None
            )
        except ValueError as exc:
            raise NetworkError(
                f"{servername} can be no server's name: check tls.servername",
                code="ERR_INVALID_ARG_VALUE",
            ) from exc
        if session and session.context is context and session.servername == self._servername:
            self._object.session = session.ticket
        self.is_connected = False
        self.peer_closed = False
        self._closing = False
        self.fault = None
        self.handshake_cpu_s = 0.0
        self._facts: TLSFacts | None = None
        self._seen = b""

    def __repr__(self) -> str:
        """Show how far it is."""
        state = "connected" if self.is_connected else "handshaking"
        if self.fault is not None:
            state = self.fault.code
        return f"<TLSStream {self._servername} {state}>"

    def start(self) -> bytes:
        """Begin the handshake; give the ClientHello to write.

        Raises:
            NetworkError: this OpenSSL can offer nothing under its own configuration.
        """
        self._advance()
        if self.fault is not None:
            raise self.fault
        return self._outgoing.read()

    def receive(self, data: bytes | memoryview) -> tuple[bytes, bytes]:
        """Take bytes from the peer, in any pieces.

        Returns:
            The plaintext they complete, and what is now to be written; either may be empty. After
            it, look at ``is_connected`` and ``peer_closed``.

        Raises:
            NetworkError: no trust, no agreement, an alert, bytes that are no TLS. ``unsent`` then
                has the alert that tells the peer. The stream is of no further use.
        """
        if self.fault is not None:
            raise self.fault
        chunks: list[bytes] = []
        if len(data) <= _SLICE:
            self._take(data, chunks)
        else:
            view = memoryview(data)
            for piece in _pieces(view, _SLICE):
                self._take(piece, chunks)
                if self.fault is not None:
                    break
        if self.fault is not None and not chunks:
            raise self.fault
        to_write = self._outgoing.read() if self._outgoing.pending else b""
        if len(chunks) == 1:
            return chunks[0], to_write
        return b"".join(chunks), to_write

    def receive_eof(self, *, delimits: bool = True) -> None:
        """Take the TCP connection's end: decide whether the stream was at its own.

        Args:
            delimits: the end is all that delimits what was received. Where it has a length of its
                own, whoever reads it sees for himself whether it is cut.

        Raises:
            PeerError: ERR_TLS_TRUNCATED, it ended without close_notify (RFC 9112, 9.8). Node takes
                what is cut for whole; many servers drop idle connections so.
            NetworkError: the handshake was not done, or a fault was still to be told.
        """
        if self.fault is not None:
            raise self.fault
        if self.peer_closed or (self.is_connected and not delimits):
            return
        if not self.is_connected:
            raise cut_error(seen=self._seen)
        raise PeerError(
            "the server ended the connection without TLS's close_notify, and nothing else says "
            "where the body ends: it may be cut",
            code="ERR_TLS_TRUNCATED",
        )

    def send(self, data: bytes | bytearray | memoryview) -> bytes:
        """Give the bytes to write for this plaintext.

        Raises:
            UsageError: the handshake is not done, or ``close`` was called.
            NetworkError: a fault of ``receive`` was still to be told.
        """
        if self.fault is not None:
            raise self.fault
        if not self.is_connected or self._closing:
            raise UsageError("a TLS stream carries data only between handshake and close")
        if not data:
            return b""
        try:
            if len(data) <= _RECORD:
                self._object.write(data)
                return self._outgoing.read()
            records = []
            for piece in _pieces(memoryview(data), _RECORD):
                self._object.write(piece)
                records.append(self._outgoing.read())
            return b"".join(records)
        except ssl.SSLError as exc:
            raise self._fail(exc) from exc

    def close(self) -> bytes:
        """Give the close_notify to write, once; waits for nothing.

        Empty if the handshake was not done; after a fault, what ``unsent`` gives.
        """
        if self._closing or not self.is_connected or self.fault is not None:
            return self.unsent()
        self._closing = True
        # It is sent; that the peer's own is not here yet is what OpenSSL complains about.
        with contextlib.suppress(ssl.SSLError):
            self._object.unwrap()
        return self._outgoing.read()

    def unsent(self) -> bytes:
        """Give what is still to be written after an error: the alert that says why."""
        return self._outgoing.read()

    @property
    def session(self) -> TLSSession | None:
        """What to resume from; None until the server has given a ticket.

        In TLS 1.3 that is after the handshake, as a rule together with the first response.
        """
        if not self.is_connected or self.fault is not None:
            return None
        ticket = self._object.session
        if ticket is None:
            return None
        if not ticket.has_ticket and not (ticket.id and self._object.version() == "TLSv1.2"):
            return None
        return TLSSession(self._servername, self._object.context, ticket)

    @property
    def tickets_follow(self) -> bool:
        """What to resume from comes only after the handshake: TLS 1.3 (RFC 8446, 4.6.1)."""
        return self._object.version() == "TLSv1.3"

    @property
    def is_resumed(self) -> bool:
        """The handshake took up the session that was given."""
        return bool(self._object.session_reused)

    @property
    def facts(self) -> TLSFacts:
        """What was agreed; nothing changes it later, as renegotiation is off.

        Raises:
            UsageError: the handshake is not done.
        """
        if not self.is_connected:
            raise UsageError("there are no TLS facts before the handshake is done")
        if self._facts is None:
            self._facts = facts_of(self._object)
        return self._facts

    def _take(self, data: bytes | memoryview, chunks: list[bytes]) -> None:
        if self.peer_closed:
            return  # what follows close_notify is not to be read: RFC 8446, 6.1
        incoming, tls = self._incoming, self._object
        incoming.write(data)
        if not self.is_connected:
            if len(self._seen) < _SNIFFED:
                self._seen += bytes(data[:_SNIFFED])
            self._advance()
            if not self.is_connected:
                return
        # Without read-ahead OpenSSL takes exactly one record from the BIO, so that an empty BIO
        # means that no complete record is left: asking on would cost an exception a read.
        while incoming.pending and not self.peer_closed:
            try:
                chunk = tls.read(_RECORD)
            except ssl.SSLWantReadError:
                return
            except ssl.SSLZeroReturnError:
                chunk = b""
            except ssl.SSLError as exc:
                self._fail(exc)
                return
            if chunk:
                chunks.append(chunk)
            else:
                self.peer_closed = True

    def _advance(self) -> None:
        began = time.thread_time()
        try:
            self._object.do_handshake()
        except ssl.SSLWantReadError:
            return
        except ssl.SSLError as exc:
            self._fail(exc)
            return
        finally:
            self.handshake_cpu_s += time.thread_time() - began
        if self._unsent_name is not None and not self._object.session_reused:
            self._verify(self._unsent_name)
        self.is_connected = self.fault is None

    def _verify(self, name: str) -> None:
        """Check the name that OpenSSL was not told. A session was checked when it was new."""
        try:
            is_ours = is_for(name, fields_of(self._object.getpeercert))
        except (ValueError, ssl.SSLError):  # names in no valid UTF-8
            is_ours = False
        if not is_ours:
            self._outgoing.read()  # our Finished: the server is not to think that all is well
            self.fault = identity_error(name, next(iter(sent_chain(self._object)), None))

    def _fail(self, error: ssl.SSLError) -> NetworkError:
        if isinstance(error, ssl.SSLCertVerificationError):
            chain = sent_chain(self._object)
            fault = verification_error(error, self._servername, chain, wall_now=time.time())
        else:
            has_certificate = bool(sent_chain(self._object))
            fault = handshake_error(error, seen=self._seen, is_past_ciphers=has_certificate)
        fault.__cause__ = error
        self.fault = fault
        return fault


def _pieces(view: memoryview, size: int) -> Iterator[memoryview]:
    for start in range(0, len(view), size):
        yield view[start : start + size]
