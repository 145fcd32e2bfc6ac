"""The commands about what runs have left: replay, report, compare."""

from __future__ import annotations

import os

from pooltop.cli import given
from pooltop.cli.running import dashboard
from pooltop.cli.telling import EXIT_USAGE, refuse, say
from pooltop.cli.terminal import cannot_show, is_headless

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pooltop.cli.args import Request


def replay(request: Request) -> int:
    """Play a recording in the dashboard, or print it."""
    headless = is_headless(request)
    if not headless and cannot_show(request):
        return EXIT_USAGE
    keys = None if headless else given.load_keys(request)
    from pooltop.sources.recorded import open_recording
    from pooltop.sources.recording_format import RecordingError

    try:
        recording = open_recording(request.recording or "")
    except RecordingError as error:
        return refuse(f"{error}\n")
    with recording:
        if keys is None:
            from pooltop.headless import replay_headless

            return replay_headless(recording, form=request.form)
        from pooltop.sources.playback import PlayerSource
        from pooltop.sources.player import Player

        player, saving = PlayerSource(Player(recording)), given.saving_of(request, None)
        return dashboard(player, request, keys, read_only=True, saving=saving)


def report(request: Request) -> int:
    """Make a page of a recording."""
    from pooltop.reporting import report_recording
    from pooltop.sources.recording_format import RecordingError

    recording = request.recording or ""
    path = request.output or f"{os.path.splitext(recording)[0]}.html"
    try:
        return say(f"{report_recording(recording, path)}\n")
    except RecordingError as error:
        return refuse(f"{error}\n")


def compare(request: Request) -> int:
    """Say what changed between two recordings."""
    from pooltop.headless.compare import Compared
    from pooltop.sources.recording_format import RecordingError

    assert request.compared is not None
    try:
        compared = Compared(*request.compared)
        if request.html is not None:
            from pooltop.reporting import write_new

            return say(f"{write_new(request.html, compared.page())}\n")
    except RecordingError as error:
        return refuse(f"{error}\n")
    if request.form == "json":
        return say(f"{compared.document()}\n")
    return say("".join(f"{line}\n" for line in compared.lines()))
