"""The engine's process as its parent holds it: spawned early, ended by its own id."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
import sys
import tempfile
from typing import IO

from pooltop.children import environment, exit_words
from pooltop.errors import EngineError, UsageError

STOP_TIMEOUT_S = 1.3
"""How long it may take to close its sockets and end before it is killed."""
_POLL_S = 0.01


class EngineProcess:
    """One child; ``spawn`` needs no event loop, so its start overlaps with the parent's own."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self._child: subprocess.Popen[bytes] | None = None
        self._errors: IO[bytes] | None = None
        self._end: socket.socket | None = None

    def __repr__(self) -> str:
        """Give the child's pid."""
        return f"<EngineProcess pid={self.pid}>"

    @property
    def pid(self) -> int | None:
        """The child's process id; None when there is none."""
        return None if self._child is None else self._child.pid

    def spawn(self) -> None:
        """Start the child and return at once.

        Raises:
            UsageError: it was started before.
            EngineError: no process could be started.
        """
        if self._child is not None:
            message = "this engine process was started before"
            raise UsageError(message)
        ours, theirs = socket.socketpair()
        errors = tempfile.TemporaryFile()  # noqa: SIM115 - read when the child has ended
        try:
            self._child = subprocess.Popen(
                [sys.executable, "-P", "-m", "pooltop.sources.host"],
                env=environment(),
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=errors,
                # A terminal's Ctrl-C is the viewer's to act on.
                start_new_session=True,
            )
        except OSError as error:
            ours.close()
            errors.close()
            message = f"the engine could not be started: {error}"
            raise EngineError(message) from error
        finally:
            theirs.close()
        self._end, self._errors = ours, errors

    def take_socket(self) -> socket.socket:
        """Give our end of the pair, once; the caller owns it from here on.

        Raises:
            UsageError: it was not spawned, or the end was taken before.
        """
        end, self._end = self._end, None
        if end is None:
            message = "this engine process has no socket to give"
            raise UsageError(message)
        return end

    async def exit_words(self, *, within_s: float = 0.5) -> str:
        """Give how it ended and its last words on stderr; ``is still running`` if it did not."""
        status = await self._wait(within_s)
        return exit_words(status, self._errors)

    async def close(self) -> None:
        """End it within STOP_TIMEOUT_S, and only it; closing twice is harmless.

        Its socket must be closed by now if it was taken: that is what tells it to end.
        """
        if self._end is not None:
            self._end.close()
            self._end = None
        try:
            await self._wait(STOP_TIMEOUT_S)
        finally:
            child, self._child = self._child, None
            if child is not None and child.poll() is None:
                child.kill()
                child.wait()
            errors, self._errors = self._errors, None
            if errors is not None:
                errors.close()

    async def _wait(self, within_s: float) -> int | None:
        """Give the exit status; None when it is still running after ``within_s`` seconds."""
        child = self._child
        if child is None:
            return None
        # Looked at rather than waited for: no thread, no signal handler, no child watcher.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while child.poll() is None:  # noqa: ASYNC110 - a process has no event
                    await asyncio.sleep(_POLL_S)
        return child.poll()
