"""From the command line to a source, a front end and an exit status.

Rules of this package: nothing heavy is imported at the top of a module, Textual only where the
dashboard runs, and by then the child processes are on their way; whatever happens, they are ended.
"""

from __future__ import annotations

import sys

from pooltop.cli import (
    of_background,
    of_lessons,
    of_profiles,
    of_recordings,
    of_terms,
    of_tuning,
    running,
)
from pooltop.cli.args import ArgumentError, parse
from pooltop.cli.given import KeysRefusedError
from pooltop.cli.telling import EXIT_INTERRUPTED, EXIT_USAGE, refuse, say, write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from pooltop.cli.args import Request


def _explain(request: Request) -> int:
    """Say what counts for a key of a profile, or what a term is."""
    if request.profile is not None:
        return of_profiles.explain(request)
    return of_terms.explain(request)


_COMMANDS = {
    "run": running.run,
    "demo": running.run,
    "init": of_profiles.init,
    "check": of_profiles.check,
    "explain": _explain,
    "export": of_profiles.export,
    "schema": of_profiles.schema,
    "keys": of_profiles.keys,
    "replay": of_recordings.replay,
    "report": of_recordings.report,
    "compare": of_recordings.compare,
    "attach": of_background.attach,
    "list": of_background.listing,
    "stop": of_background.stop,
    "serve": of_background.serve,
    "tune": of_tuning.tune,
    "lessons": of_lessons.listing,
    "lesson": of_lessons.play,
}


def main(words: Sequence[str] | None = None) -> int:
    """Do what the command line asks; gives the exit status."""
    words = sys.argv[1:] if words is None else words
    if not words:
        from pooltop.cli.usage import FIRST_STEPS

        return refuse(FIRST_STEPS, prefix="")
    try:
        request = parse(words)
        if request.help:
            from pooltop.cli.usage import HELP

            return say(HELP)
        if request.version:
            from pooltop import __version__

            return say(f"pooltop {__version__}\n")
        return _COMMANDS[request.command](request)
    except ArgumentError as error:
        return refuse(f"{error}\nTry pooltop --help.\n")
    except KeysRefusedError as error:
        write(2, f"{error}\n")
        return EXIT_USAGE
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


__all__ = ["main"]
