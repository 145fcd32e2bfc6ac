"""A caller's own way to connect: Node's ``createConnection``, awaited.

It stands in for look-up and connect; what the pool decides is the same, and https has its TLS put
on top. A socket counts from the moment at which its connection is asked for, as one that Node's
``createConnection`` returns. (What Node does when the function calls back instead, that it does
not count a socket until then, and lets the queue stall on an error, cannot happen.)
"""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
import time
from collections.abc import Callable
from typing import Protocol

from pooltop.core.model import Origin
from pooltop.engine import cancellation
from pooltop.engine.dialer import TCP_FAMILIES, Connecting, Dialled, ends_of
from pooltop.engine.oserror import network_error
from pooltop.engine.resolver import look_up_error
from pooltop.engine.socket_options import protocol_of, set_tcp_options
from pooltop.errors import PooltopError, RequestError


class Connector(Protocol):
    """A function that opens a connection for an agent."""

    async def __call__(self, origin: Origin) -> socket.socket:
        """Give a connected stream socket: TCP, Unix, one end of a socketpair.

        The agent owns it from then on: this object is detached, and what is to be done to the
        socket is done before. Cancelled when the request is given up or its connect clock runs
        out; what was opened by then is to be closed here.

        Args:
            origin: what the request asks for; the socket may lead elsewhere.

        Raises:
            OSError: the request fails with its code, as ECONNREFUSED.
            Exception: whatever it is, the request fails with its text, and it is the cause.
        """
        ...


class CallerDialer:
    """Opens connections by a function of the caller's."""

    def __init__(
        self, connector: Connector, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Keep whom to ask.

        Args:
            connector: called once for every connection.
            clock: monotonic seconds.
        """
        self._connector = connector
        self._clock = clock

    def __repr__(self) -> str:
        """Show whom it asks."""
        return f"<CallerDialer {self._connector!r}>"

    async def dial(
        self,
        origin: Origin,
        *,
        keep_alive_probe_ms: float | None,
        no_delay: bool = True,
        connecting: Connecting | None = None,
    ) -> Dialled:
        """Connect to an origin: see ``Dials``. ``tcp_s`` is all the time the function took.

        Raises:
            RequestError: ERR_INVALID_RETURN_VALUE, what came is no connected stream socket; else
                what the function raised, with the code of an OSError or of Node's.
        """
        began_at = self._clock()
        if connecting is not None:
            connecting(None)
        try:
            given = await self._connector(origin)
        except RequestError:
            raise
        except asyncio.CancelledError as exc:
            if cancellation.is_ours():
                raise
            raise _failed(RuntimeError("create_connection was cancelled from within")) from exc
        except Exception as exc:
            raise _translated(exc, origin) from exc
        tcp_s = self._clock() - began_at
        sock = _taken(given, no_delay=no_delay)
        try:
            sock.setblocking(False)
            if sock.family in TCP_FAMILIES:
                set_tcp_options(sock, keep_alive_probe_ms=keep_alive_probe_ms, no_delay=no_delay)
        except OSError as exc:
            sock.close()
            raise network_error(exc.errno, syscall="connect", where=origin.authority) from exc
        local, remote = ends_of(sock, origin)
        return Dialled(sock, local, remote, None, tcp_s)


def _taken(given: object, *, no_delay: bool) -> socket.socket:
    """Make what the function gave our own; refuse what can carry no HTTP, and close it."""
    if not isinstance(given, socket.socket):
        raise _refused(f"it gave {type(given).__name__}")
    problem = _problem(given)
    if problem:
        given.close()
        raise _refused(f"it gave {problem}")
    protocol = protocol_of(no_delay=no_delay) if given.family in TCP_FAMILIES else given.proto
    return socket.socket(given.family, given.type, protocol, fileno=given.detach())


def _problem(given: socket.socket) -> str | None:
    if given.fileno() < 0:
        return "a socket that is closed"
    if isinstance(given, ssl.SSLSocket):
        return "a socket that speaks TLS: the agent does that itself for https"
    if given.type != socket.SOCK_STREAM:
        return "a socket that is no stream"
    try:
        given.getpeername()
    except OSError:
        return "a socket that is not connected"
    return None


def _refused(what: str) -> RequestError:
    message = f"create_connection is to give a connected stream socket: {what}"
    return RequestError(message, code="ERR_INVALID_RETURN_VALUE")


def _translated(cause: Exception, origin: Origin) -> RequestError:
    if isinstance(cause, socket.gaierror):
        return look_up_error(cause, origin.host, None)
    if isinstance(cause, TimeoutError) and cause.errno is None:
        special = {errno.ETIMEDOUT: "create_connection gave up by itself"}
        return network_error(
            errno.ETIMEDOUT, syscall="connect", where=origin.authority, special=special
        )
    # An SSLError's number is OpenSSL's.
    if isinstance(cause, OSError) and cause.errno and not isinstance(cause, ssl.SSLError):
        return network_error(cause.errno, syscall="connect", where=origin.authority)
    return _failed(cause)


def _failed(cause: Exception) -> RequestError:
    code = cause.code if isinstance(cause, PooltopError) else "ERR_CREATE_CONNECTION"
    return RequestError(str(cause) or type(cause).__name__, code=code)
