"""The demo servers in a process of their own, so that they do not disturb what is measured.

``python -m pooltop.demo.process`` is the child (child.py has its protocol); ``DemoProcess`` is the
parent's side of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self

import msgspec

from pooltop.children import environment, exit_words, last_words
from pooltop.demo.addresses import DemoAddress, DemoAddresses, resolve_demo
from pooltop.errors import EngineError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from pooltop.core.model import DemoServer

__all__ = ["DemoAddress", "DemoAddresses", "DemoProcess", "resolve_demo"]

READY_TIMEOUT_S = 10.0
"""How long the child may take until it listens."""
STOP_TIMEOUT_S = 0.6
"""How long it may take to end by itself before it is killed."""
_REAP_S = 0.1
"""When its stdout has ended, its end is a matter of a moment."""
_READ_BYTES = 65536


class DemoProcess:
    """One child process that serves a demo.

    ``spawn`` starts it without waiting and needs no event loop, so that its start overlaps with
    the caller's; ``ready`` waits for the addresses; ``start`` is both. The child ends with
    ``close``, and by itself when this process ends in whatever way.
    """

    def __init__(self) -> None:
        """Start nothing yet."""
        self._child: subprocess.Popen[bytes] | None = None
        self._errors: IO[bytes] | None = None
        self._addresses: DemoAddresses | None = None

    def __repr__(self) -> str:
        """Give the child's pid and what it serves."""
        names = [] if self._addresses is None else list(self._addresses.servers)
        return f"<DemoProcess pid={self.pid} serves={names}>"

    async def __aenter__(self) -> Self:
        """Give itself, to be started inside."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close."""
        await self.close()

    @property
    def pid(self) -> int | None:
        """The child's process id; None when there is none."""
        return None if self._child is None else self._child.pid

    def spawn(self, servers: Sequence[DemoServer]) -> None:
        """Start the child and return at once.

        Raises:
            UsageError: it was started before.
            EngineError: no process could be started.
        """
        if self._child is not None:
            message = "this demo process was started before"
            raise UsageError(message)
        line = msgspec.json.encode(list(servers)) + b"\n"
        errors = tempfile.TemporaryFile()  # noqa: SIM115 - a screen shows while it lives
        try:
            child = subprocess.Popen(
                [sys.executable, "-P", "-m", "pooltop.demo.process"],
                bufsize=0,
                env=environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                # A terminal's Ctrl-C is ours to act on; the child is told by its stdin.
                start_new_session=True,
            )
        except OSError as error:
            errors.close()
            message = f"the demo server could not be started: {error}"
            raise EngineError(message) from error
        self._child, self._errors = child, errors
        with contextlib.suppress(BrokenPipeError):  # it ended already: ready() says why
            _stdin(child).write(line)

    async def ready(self, *, timeout_s: float = READY_TIMEOUT_S) -> DemoAddresses:
        """Wait until every host listens, and give the addresses; later calls give them again.

        Raises:
            UsageError: it was not spawned.
            EngineError: the child ended, or said nothing in time; its last words are in the
                message. ``close`` is still the caller's to call.
        """
        if self._addresses is not None:
            return self._addresses
        child = self._require_child()
        try:
            async with asyncio.timeout(timeout_s):
                line = await _read_until(child, b"\n")
        except TimeoutError:
            message = (
                f"the demo server was not ready after {timeout_s:g} s{last_words(self._errors)}"
            )
            raise EngineError(message) from None
        try:
            self._addresses = msgspec.json.decode(line, type=DemoAddresses)
        except msgspec.MsgspecError as error:
            message = f"the demo server ended before it was ready{last_words(self._errors)}"
            raise EngineError(message) from error
        return self._addresses

    async def start(self, servers: Sequence[DemoServer]) -> DemoAddresses:
        """Start the child and wait until every host listens.

        Raises:
            UsageError: it was started before.
            EngineError: it could not be started, or did not become ready; nothing is left of it.
        """
        self.spawn(servers)
        try:
            return await self.ready()
        except BaseException:
            await self.close()
            raise

    async def ended(self) -> str:
        """Wait until the child ends by itself, and give how in words; cancelled by ``close``.

        Raises:
            UsageError: it was not spawned.
        """
        child = self._require_child()
        await _read_until(child, None)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(_REAP_S)
        return exit_words(child.poll(), self._errors)

    async def close(self) -> None:
        """End the child within a second, and only it; closing twice is harmless."""
        child, self._child = self._child, None
        errors, self._errors = self._errors, None
        if child is None:
            return
        try:
            _stdin(child).close()
            # The end of its stdout is the end of the child: it holds the pipe while it lives.
            async with asyncio.timeout(STOP_TIMEOUT_S):
                await _read_until(child, None)
        except TimeoutError:
            pass
        finally:
            self._reap(child)
            if child.stdout is not None:
                child.stdout.close()
            if errors is not None:
                errors.close()
            self._addresses = None

    def _reap(self, child: subprocess.Popen[bytes]) -> None:
        try:
            child.wait(_REAP_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        if child.returncode < 0:
            self._remove_files()

    def _remove_files(self) -> None:
        """Remove what a killed child could not: its certificate, then the empty directory."""
        if self._addresses is not None and self._addresses.ca is not None:
            path = Path(self._addresses.ca)
            path.unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                path.parent.rmdir()

    def _require_child(self) -> subprocess.Popen[bytes]:
        if self._child is None:
            message = "this demo process was not spawned"
            raise UsageError(message)
        return self._child


def _stdin(child: subprocess.Popen[bytes]) -> IO[bytes]:
    assert child.stdin is not None
    return child.stdin


async def _read_until(child: subprocess.Popen[bytes], mark: bytes | None) -> bytes:
    """Read the child's stdout up to ``mark``, or to its end (None)."""
    assert child.stdout is not None
    descriptor = child.stdout.fileno()
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    received = bytearray()

    def read() -> None:
        piece = os.read(descriptor, _READ_BYTES)
        received.extend(piece)
        if (not piece or (mark is not None and received.endswith(mark))) and not done.done():
            done.set_result(None)

    loop.add_reader(descriptor, read)
    try:
        await done
    finally:
        loop.remove_reader(descriptor)
    return bytes(received)


if __name__ == "__main__":
    from pooltop.demo.child import main

    sys.exit(main(sys.argv[1:]))
