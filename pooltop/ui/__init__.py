"""The Textual dashboard. Textual is imported here and nowhere else in pooltop."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import select
import signal
import sys
import threading
from collections.abc import Callable
from functools import partial

from pooltop.core.snapshot import Snapshot
from pooltop.lessons.player import LessonPlayer
from pooltop.present.history import History
from pooltop.present.keys import STANDARD, Keymap
from pooltop.profiles.saving import Saving
from pooltop.sources.base import Source
from pooltop.ui.app import PoolTopApp
from pooltop.ui.first_theme import first_theme
from pooltop.ui.lesson import LessonApp
from pooltop.ui.terminal import Terminal

_CLOSE_S = 2.5
"""An orderly end of the source may take so long."""
_GARBAGE = 20_000
"""New objects after which Python looks for cycles among the youngest: a frame makes thousands, and
with 700, its own choice, that was a tenth of a frame."""
_OLDER = 2
"""And so many times of that until the older ones are looked through too. Textual's strips refer to
themselves: with 10, its own choice, what was drawn long ago was kept for half an hour."""
_HARD_S = 6.0
"""After a signal the process is gone by then, whatever hangs (a terminal that is no more)."""


def run_dashboard(
    source: Source,
    *,
    read_only: bool = False,
    keys: Keymap = STANDARD,
    theme: str | None = None,
    ascii_only: bool | None = None,
    mouse: bool = True,
    saving: Saving | None = None,
    at_end: Callable[[Snapshot, History], None] | None = None,
    lesson: LessonPlayer | None = None,
    judged: Callable[[LessonPlayer], str] = lambda _: "",
) -> int:
    """Show ``source`` until the reader leaves or a signal comes, then close it.

    Args:
        source: What to watch; started and closed here.
        read_only: Refuse every edit, and every control but the stop.
        keys: Which keys do what.
        theme: The name of one that there is; None has the terminal's colours decide.
        ascii_only: Draw in ASCII alone; None asks the locale and the output's encoding.
        mouse: Whether to ask the terminal for clicks; without, it selects text by itself.
        saving: Writes what was tuned as a profile.
        at_end: Called with the last instant, if there was any, once all is closed.
        lesson: Played at the bottom of the screen, over its own profile; None for none.
        judged: Told of each of its steps that was judged; gives what to say of that.

    Returns:
        The exit status: 0; 99 when the load was over and a threshold of the profile had failed; 1
        when the engine could not be started or failed, or the dashboard did; 130 after ctrl+c
        twice or SIGINT; 143 after SIGTERM; 129 after SIGHUP, and when the terminal is gone.
    """
    make = PoolTopApp if lesson is None else partial(LessonApp, lesson=lesson, judged=judged)
    app = make(source, read_only=read_only, keys=keys, ascii_only=ascii_only, saving=saving)
    app.theme = theme or first_theme(os.environ, app.console.color_system)
    status = asyncio.run(_run(app, source, mouse=mouse))
    if at_end is not None and app.history.latest is not None:
        at_end(app.history.latest, app.history)
    return status


async def _run(app: PoolTopApp, source: Source, *, mouse: bool) -> int:
    loop = asyncio.get_running_loop()
    app.on_leave = partial(_arm, app)
    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)):
        # What nohup, or a shell without job control, has made us ignore stays ignored.
        if signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, app.leave, code)
    # What was imported stays for good: some 80,000 objects that need not be looked through again
    # and again, several times a frame.
    gc.freeze()
    gc.set_threshold(_GARBAGE, _OLDER, _OLDER)
    try:
        await app.run_async(mouse=mouse)
    finally:
        try:
            async with asyncio.timeout(0.5 if app.forced else _CLOSE_S):
                await source.close()
        except TimeoutError:
            pass
    _tell(app.farewell())
    return app.return_code or 0


def _tell(lines: list[str]) -> None:
    """Write to the terminal as it is now; one that takes nothing keeps nobody."""
    output = sys.__stdout__
    if output is None or not lines or not output.isatty():
        return  # a browser's driver has a protocol of its own there
    text = "".join(f"{line}\n" for line in lines)
    with contextlib.suppress(OSError, ValueError):
        _, can, _ = select.select([], [output], [], 0)
        if can:
            os.write(output.fileno(), text.encode(output.encoding, "backslashreplace"))


def _arm(app: PoolTopApp, code: int) -> None:
    """See to it that the process ends soon, whatever hangs."""
    last = threading.Timer(_HARD_S, _give_up, args=(app, code))
    last.daemon = True
    last.start()


def _give_up(app: PoolTopApp, code: int) -> None:
    driver = app._driver  # noqa: SLF001 - Textual tells it to nobody
    if isinstance(driver, Terminal):
        driver.abandon()
    os._exit(code)
