"""Bytes to the terminal, from a thread of their own that nobody ever waits for.

A terminal may stop reading: ctrl+s, an ssh connection that hangs, a laptop that sleeps. Textual's
own writer makes the application wait then (a queue of 30 writes), with its event loop, and SIGTERM
is never acted on while the load goes on. Here what is written waits instead; who draws asks
``is_behind`` first, so that it stays little.
"""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Callable
from queue import SimpleQueue

_LIKE = str.maketrans(
    {
        **dict.fromkeys("\u2500\u2501\u2550", "-"),
        **dict.fromkeys("\u2502\u2503\u2551", "|"),
        **dict.fromkeys("\u256d\u256e\u256f\u2570\u250c\u2510\u2514\u2518\u252c\u2534\u253c", "+"),
        "\u2026": "~",
    }
)
"""Borders and the ellipsis, for a terminal that has none."""
_BEHIND = 256 * 1024
"""Characters that wait: some ten frames of a big screen."""


class Output(threading.Thread):
    """Writes what it is given, in order, until it is told to finish or the terminal is gone."""

    def __init__(self, descriptor: int, encoding: str, *, on_gone: Callable[[], None]) -> None:
        """Prepare; ``start`` begins.

        Args:
            descriptor: Of the terminal.
            encoding: The terminal's; where it cannot say borders and ellipses, it gets what
                looks like them, and "?" for all else that it cannot say.
            on_gone: Called once, from the thread, when the terminal takes nothing any more.
        """
        super().__init__(name="pooltop-output", daemon=True)
        self._descriptor = descriptor
        self._encoding = encoding
        self._on_gone = on_gone
        self._waiting: SimpleQueue[str | None] = SimpleQueue()
        self._put = 0
        self._written = 0

    @property
    def is_behind(self) -> bool:
        """Whether the terminal does not take what it has been given already."""
        return self._put - self._written > _BEHIND

    def put(self, text: str) -> None:
        """Write this in its turn; returns at once."""
        self._put += len(text)
        self._waiting.put(text)

    def finish(self, *, within_s: float) -> None:
        """Write what waits, for so many seconds at most; a terminal that hangs keeps nobody."""
        self._waiting.put(None)
        self.join(within_s)

    def run(self) -> None:
        """Write until the end."""
        gone = False
        while (text := self._waiting.get()) is not None:
            if not gone and not self._write(self._encoded(text)):
                gone = True
                self._on_gone()
            self._written += len(text)

    def _encoded(self, text: str) -> bytes:
        try:
            return text.encode(self._encoding)
        except UnicodeEncodeError:
            return text.translate(_LIKE).encode(self._encoding, "replace")

    def _write(self, data: bytes) -> bool:
        """Write all of it; False when the terminal is gone."""
        while data:
            try:
                data = data[os.write(self._descriptor, data) :]
            except BlockingIOError:
                # Whoever shares the terminal made it so; without this it would be a busy loop.
                select.select([], [self._descriptor], [])
            except OSError:
                return False
        return True
