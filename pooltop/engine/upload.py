"""Sending a request's body that is streamed: a task for each, as fast as the socket takes it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable
from typing import TYPE_CHECKING

from pooltop.engine import cancellation
from pooltop.errors import UsageError

if TYPE_CHECKING:
    from pooltop.engine.connection import Connection
    from pooltop.engine.response import Call
    from pooltop.engine.shell_base import ShellBase

Content = bytes | bytearray | memoryview | AsyncIterable[bytes]
"""A request's body: all of it, or what gives it piece by piece."""


class Uploads:
    """The bodies that one agent is sending. Owns the tasks; a call cancels its own."""

    def __init__(self, shell: ShellBase) -> None:
        """Begin with none; ``shell`` is told which requests their callers' content has failed."""
        self._shell = shell
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, call: Call, content: AsyncIterable[bytes]) -> None:
        """Send the content once the call has its socket. If it raises, the call fails with it.

        Of a call that has failed already, nothing is asked for.
        """
        if call.is_settled:
            return
        feeder = asyncio.create_task(self._send_or_fail(call, content), name="pooltop-send-body")
        call.feeder = feeder
        self._tasks.add(feeder)
        feeder.add_done_callback(self._tasks.discard)

    async def wait_closed(self) -> None:
        """Wait until none is being sent any more."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _send_or_fail(self, call: Call, content: AsyncIterable[bytes]) -> None:
        try:
            await _send(call, content)
        except asyncio.CancelledError as error:
            if cancellation.is_ours():
                raise
            self._fail(call, error, "it was cancelled from within")
        except Exception as error:  # noqa: BLE001 - the caller's iterable: it fails their request
            self._fail(call, error, str(error))

    def _fail(self, call: Call, error: BaseException, words: str) -> None:
        cause = UsageError(f"the request's content failed: {words}")
        cause.__cause__ = error
        call.feeder = None
        if not call.head.done():
            call.head.set_exception(cause)
        self._shell.abort(call)


async def _send(call: Call, content: AsyncIterable[bytes]) -> None:
    await call.attached.wait()
    connection = call.connection
    assert connection is not None
    await _writable(call, connection)
    pieces = aiter(content)
    try:
        async for piece in pieces:
            connection.write_body(call, piece)
            await _writable(call, connection)
    finally:
        if isinstance(pieces, AsyncGenerator):
            await pieces.aclose()
    connection.end_body(call)
    await _writable(call, connection)
    call.shell.body_sent(call)


async def _writable(call: Call, connection: Connection) -> None:
    while not connection.takes_body(call):
        call.writable.clear()
        await call.writable.wait()
