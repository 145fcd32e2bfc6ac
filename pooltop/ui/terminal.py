"""The terminal as the dashboard holds it: taken in order, and given back whatever happens.

Textual's driver for Unix, with what was found wanting on a real pseudo-terminal:

- It makes the application wait for a terminal that does not read (see ``output``).
- It leaves mouse reports in pixels (mode 1016) on: the next program is told of clicks that are
  outside the screen. A terminal that answers late is left with reports of its size (2048) too.
- SIGCONT that follows no stop starts a second reader of the keyboard.
- A terminal that is gone ends in a traceback with exit status 0, or in a loop that never sleeps.

Source: Textual 8.2.8, ``drivers/linux_driver.py``.
"""

from __future__ import annotations

import contextlib
import os
import select
import sys
import termios
from typing import TYPE_CHECKING, Any

from textual.drivers.linux_driver import LinuxDriver

from pooltop.ui.output import Output

if TYPE_CHECKING:
    from textual.app import App

_FINISH_S = 1.0
"""The last bytes get so long."""
_LEAVE = "\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l\x1b[?2004l\x1b[?2048l\x1b[<u"
_LEAVE += "\x1b[?7h\x1b[?1049l\x1b[?25h\x1b[?1004l"
"""Undoes all that is ever done to a terminal."""


class Terminal(LinuxDriver):
    """Keyboard and screen of this process."""

    def __init__(
        self,
        app: App[Any],
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        """Take nothing yet.

        Args:
            app: Gets keys, and is told when the terminal is gone: its ``terminal_gone``. Its
                ``suspended_words`` are for who has the shell meanwhile.
            debug: Textual's.
            mouse: Whether to ask for reports of the mouse.
            size: Cells and lines; None asks the terminal.
        """
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._output: Output | None = None
        self._suspended = False
        self._hangup: select.epoll | None = None

    @property
    def is_behind(self) -> bool:
        """Whether another frame would only wait: the terminal does not read."""
        return self._output is not None and self._output.is_behind

    def write(self, data: str) -> None:
        """Send this to the terminal; returns at once."""
        if self._output is not None:
            self._output.put(data)

    def start_application_mode(self) -> None:
        """Take the screen and the keyboard."""
        self._suspended = False
        plain: bool = self._app.ascii_only  # type: ignore[attr-defined]  # the dashboard's
        encoding = "ascii" if plain else getattr(self._file, "encoding", None) or "utf-8"
        descriptor = sys.__stderr__.fileno() if sys.__stderr__ is not None else 2
        self._output = Output(descriptor, encoding, on_gone=self._gone_from_thread)
        self._output.start()
        self._watch_for_hangup(descriptor)
        super().start_application_mode()  # type: ignore[no-untyped-call]  # Textual has no types

    def stop_application_mode(self) -> None:
        """Give screen and keyboard back as they were."""
        self._forget_hangup()
        # First, because the thread that reads turns modes on as the terminal says it has them.
        self.disable_input()
        if self._mouse_pixels:
            self.write("\x1b[?1016l")
            self._mouse_pixels = False
        super().stop_application_mode()
        self._in_band_window_resize = False

    def close(self) -> None:
        """Wait until the terminal has read the last of it, unless it does not read."""
        super().close()
        self._writer_thread = None
        output, self._output = self._output, None
        if output is not None:
            output.finish(within_s=_FINISH_S)

    def suspend_application_mode(self) -> None:
        """Give the terminal to the shell for a while, and say that what is measured goes on."""
        self.stop_application_mode()
        words: str = self._app.suspended_words  # type: ignore[attr-defined]  # the dashboard's
        self.write(f"{words}\r\n")
        self.close()
        self._suspended = True

    def abandon(self) -> None:
        """Give the terminal back without waiting for anything; for the very last moment."""
        if self.attrs_before is None or self._output is None:
            return
        with contextlib.suppress(OSError, termios.error):
            termios.tcsetattr(self.fileno, termios.TCSANOW, self.attrs_before)
        with contextlib.suppress(OSError, ValueError):
            _, can, _ = select.select([], [2], [], 0)
            if can:
                os.write(2, _LEAVE.encode())

    # --- a terminal that is gone -------------------------------------------------------------

    def _watch_for_hangup(self, descriptor: int) -> None:
        """Have the event loop tell when a side of the terminal hangs up, without reading it."""
        if not hasattr(select, "epoll"):
            return  # elsewhere SIGHUP says so, or the next read
        self._hangup = select.epoll()
        for each in {self.fileno, descriptor}:
            with contextlib.suppress(OSError):
                self._hangup.register(each, 0)  # hang-ups and errors are always told
        self._loop.add_reader(self._hangup.fileno(), self._gone)

    def _forget_hangup(self) -> None:
        hangup, self._hangup = self._hangup, None
        if hangup is not None:
            self._loop.remove_reader(hangup.fileno())
            hangup.close()

    def _gone(self) -> None:
        self._forget_hangup()
        self._app.terminal_gone()  # type: ignore[attr-defined]  # the dashboard has it

    def _gone_from_thread(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: we are ending anyway
            self._loop.call_soon_threadsafe(self._gone)

    def _run_input_thread(self) -> None:
        try:
            self.run_input_thread()
        except OSError:
            self._gone_from_thread()
        except Exception as error:  # noqa: BLE001 - without keys there is no way out
            self._loop.call_soon_threadsafe(self._app._handle_exception, error)  # noqa: SLF001 - as Textual does

    # --- stopped and continued ---------------------------------------------------------------

    def _sigcont_application(self, *_: object) -> None:
        if self._suspended and self._auto_restart:
            self.resume_application_mode()
