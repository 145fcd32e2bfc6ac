"""The dials of one agent that are under way: each a task that ends with a transport or an error.

Here a connection gets its TLS, its way through a proxy and its socket, and whatever goes wrong on
that way becomes the one ``RequestError`` that its request fails with.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from pooltop.core.model import AgentOptions
from pooltop.engine import cancellation
from pooltop.engine.connection import Connection
from pooltop.engine.dialer import Dialled, Dials
from pooltop.engine.oserror import network_error
from pooltop.engine.tally import Tally
from pooltop.errors import NetworkError, PooltopError, RequestError

if TYPE_CHECKING:
    from pooltop.engine.tls_sessions import TLSFactory
    from pooltop.engine.via_proxy import ProxyDialer

END_S = 2.0
"""A dial that was cancelled has so long to end when the agent is closed."""

_log = logging.getLogger(__name__)


class Dialling:
    """Owns the tasks; a connection can cancel its own."""

    def __init__(
        self,
        options: Callable[[], AgentOptions],
        tally: Tally,
        *,
        dialer: Dials,
        tls: TLSFactory,
        via: ProxyDialer | None,
        silence_ms: Callable[[Connection], float],
        failed: Callable[[Connection, RequestError], None],
    ) -> None:
        """Begin with none. Made inside the event loop that runs the dials.

        Args:
            options: gives those of the sockets, as they are when a dial begins.
            tally: told who was reached.
            dialer: opens direct connections.
            tls: secures those to https origins.
            via: opens those through proxies; None for no proxies.
            silence_ms: how long a proxy may say nothing to this connection, 0 for no limit.
            failed: told of a dial that failed, the connection not being closed.
        """
        self._options = options
        self._tally = tally
        self._dialer = dialer
        self._tls = tls
        self._via = via
        self._silence_ms = silence_ms
        self._failed = failed
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, connection: Connection) -> None:
        """Begin to dial in the next turn of the loop."""
        # Now: what its request says once it has the socket comes too late for a tunnel, as in Node.
        silence_ms = self._silence_ms(connection)
        dial = self._loop.create_task(
            self._dial(connection, silence_ms), name=f"pooltop-dial-{connection.id}"
        )
        connection.dial = dial
        self._tasks.add(dial)
        dial.add_done_callback(self._tasks.discard)

    async def wait_ended(self) -> None:
        """Wait for those that are under way: they were cancelled, or end by themselves.

        Not for ever: a caller's own resolver or connector may swallow its cancellation.
        """
        if self._tasks:
            _, left = await asyncio.wait(self._tasks, timeout=END_S)
            for dial in left:
                _log.warning("%s does not end although it was cancelled", dial.get_name())

    async def _dial(self, connection: Connection, silence_ms: float) -> None:
        try:
            dialled = await self._reach(connection, silence_ms)
            connection.tcp_s = dialled.tcp_s
            connection.attempts = dialled.attempts
            connection.local = dialled.local
            connection.remote = dialled.remote
            self._tally.origins[connection.origin.key].reached(dialled.remote, dialled.local)
            await self._loop.create_connection(lambda: connection, sock=dialled.sock)
        except RequestError as error:
            self._failed(connection, error)
        except OSError as error:
            wrapped = network_error(error.errno, syscall="connect", where=connection.remote)
            wrapped.__cause__ = error
            self._failed(connection, wrapped)
        except PooltopError as error:
            # A file of the TLS options: the user's fault, found as late as this.
            self._failed(connection, RequestError(str(error), code=error.code))
        except (GeneratorExit, KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # an injected resolver or connector: no request may hang
            is_cancelled = isinstance(error, asyncio.CancelledError)
            if is_cancelled and (connection.dead or cancellation.is_ours()):
                raise
            unforeseen = NetworkError(f"connect: {_told(error)}", code="UNKNOWN")
            unforeseen.__cause__ = error
            self._failed(connection, unforeseen)

    async def _reach(self, connection: Connection, silence_ms: float) -> Dialled:
        """Open the socket, directly or through a proxy, and choose the TLS to start on it."""
        options = self._options()
        probe_ms = options.keep_alive_msecs if options.keep_alive else None
        origin = connection.origin
        # First: what is wrong with it is known without a socket.
        is_https = origin.scheme == "https"
        tls = self._tls.stream(connection.secured, connection.alpn) if is_https else None
        proxy = None if self._via is None else self._via.between(origin)
        if self._via is None or proxy is None:
            connection.tls = tls
            return await self._dialer.dial(
                origin,
                keep_alive_probe_ms=probe_ms,
                no_delay=options.no_delay,
                connecting=connection.connecting,
            )
        connection.via = proxy.url
        reached = await self._via.reach(
            origin,
            proxy,
            tls,
            options,
            probe_ms=probe_ms,
            connecting=connection.connecting,
            tunnelling=connection.tunnelling,
            progressed=connection.progressed,
            silence_ms=silence_ms,
        )
        connection.tls = reached.tls
        connection.tunnel_s = reached.tunnel_s
        return reached.dialled


def _told(error: BaseException) -> str:
    """Give an unforeseen error in words; of a UnicodeError not the text, which may be a secret."""
    if isinstance(error, asyncio.CancelledError):
        return "it was cancelled from within"
    if isinstance(error, (UnicodeEncodeError, UnicodeDecodeError, UnicodeTranslateError)):
        return f"{type(error).__name__}: {error.reason}"
    return type(error).__name__ if isinstance(error, UnicodeError) else repr(error)
