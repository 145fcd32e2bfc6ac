"""A browser's page as the dashboard holds it: gone when the page is, whatever it still had to draw.

Textual's driver for a page (``textual-serve`` speaks to it over standard input and output), with
what was found wanting with a real browser:

- When the pipe ends, because the server was killed, the application stays for good, unseen.
- A page that is laid out tells its size again and again; each was drawn in full, one after the
  other, while everything else had to wait.
- SIGTERM had to wait in the same line.

Source: Textual 8.2.8, ``drivers/web_driver.py``.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal

from textual import events
from textual.drivers.web_driver import WebDriver
from textual.geometry import Size


class Browser(WebDriver):
    """Keyboard and screen of a page."""

    _loop: asyncio.AbstractEventLoop
    _asked: tuple[int, int] | None = None
    """The size that the page told last, and that was not taken yet."""

    def start_application_mode(self) -> None:
        """Take the page."""
        self._loop = asyncio.get_running_loop()
        super().start_application_mode()
        for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            # Theirs waits behind all that is to be drawn.
            self._loop.add_signal_handler(number, self._leave, code)

    def write(self, data: str) -> None:
        """Send this to the page; one that is gone is no fault of what is drawn."""
        try:
            super().write(data)
        except OSError:
            self._gone()

    def write_meta(self, data: dict[str, object]) -> None:
        """Likewise, about the page."""
        with contextlib.suppress(OSError):
            super().write_meta(data)

    def run_input_thread(self) -> None:
        """Read what the page says until its end, which is the end of the application too."""
        super().run_input_thread()
        if not self.exit_event.is_set():
            with contextlib.suppress(RuntimeError):  # the loop is closed: it has ended
                self._loop.call_soon_threadsafe(self._gone)

    def on_meta(self, packet_type: str, payload: dict[str, object]) -> None:
        """Take what is said about the page; of several sizes the last."""
        if packet_type != "resize":
            super().on_meta(packet_type, payload)
            return
        width, height = payload.get("width"), payload.get("height")
        if not isinstance(width, int) or not isinstance(height, int):
            return
        is_new, self._asked = self._asked is None, (width, height)
        if is_new:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._resize)

    def _resize(self) -> None:
        asked, self._asked = self._asked, None
        if asked is not None and asked != self._size:
            self._size = asked
            self._app.post_message(events.Resize(Size(*asked), Size(*asked)))

    def _gone(self) -> None:
        self._app.terminal_gone()  # type: ignore[attr-defined]  # the dashboard has it

    def _leave(self, code: int) -> None:
        self._app.leave(code)  # type: ignore[attr-defined]  # likewise
