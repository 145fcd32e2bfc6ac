"""The lessons: they are listed, and one is played."""

from __future__ import annotations

from pooltop.cli import given
from pooltop.cli.telling import EXIT_FAILED, EXIT_USAGE, fail, refuse, say, write
from pooltop.cli.terminal import cannot_show, is_headless

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from pooltop.cli.args import Request
    from pooltop.lessons.lesson import Lesson
    from pooltop.lessons.player import LessonPlayer
    from pooltop.present.keys import Keymap
    from pooltop.profiles import Loaded
    from pooltop.sources.base import Source

_HEADLESS_S, _DASHBOARD_S = 0.1, 0.25
"""Between two pictures of a lesson: what is short is seen too."""


def listing(request: Request) -> int:
    """Say which there are."""
    del request
    from pooltop.lessons.words import listing

    return say("".join(f"{line}\n" for line in listing()))


def play(request: Request) -> int:
    """Play one."""
    from pooltop.lessons.catalogue import LESSONS, find_lesson

    lesson = find_lesson(request.lesson or "")
    if lesson is None:
        return refuse(
            f"there is no lesson {request.lesson}: 1 to {len(LESSONS)}, or a name; "
            "pooltop demo lessons lists them\n"
        )
    headless = is_headless(request)
    if not headless and cannot_show(request):
        return EXIT_USAGE
    loaded = _load(request, lesson)
    return EXIT_USAGE if loaded is None else _play(request, lesson, loaded, headless=headless)


def _load(request: Request, lesson: Lesson) -> Loaded | None:
    """Give the lesson's profile with what is set over it; None where that is wrong, told."""
    from pooltop import profiles
    from pooltop.errors import ProfileError

    try:
        return profiles.load_text(lesson.profile, f"lesson {lesson.name}", settings=request.set)
    except ProfileError as error:
        write(2, f"{error}\n")
        return None


def _play(request: Request, lesson: Lesson, loaded: Loaded, *, headless: bool) -> int:
    import msgspec

    from pooltop.errors import PooltopError, UsageError
    from pooltop.handouts import Handouts
    from pooltop.lessons.player import LessonPlayer
    from pooltop.sources.launch import LaunchedSource

    keys = None if headless else given.load_keys(request)
    handouts = None
    if request.handout is not None:
        try:
            handouts = Handouts(request.handout, lesson)
        except UsageError as error:
            return refuse(f"{error}\n")
    profile = msgspec.structs.replace(loaded.profile, held=True)
    interval_s = _HEADLESS_S if headless else _DASHBOARD_S
    source = LaunchedSource(profile, interval_s=interval_s, own_process=not headless)
    player = LessonPlayer(lesson)
    judged = (lambda _: "") if handouts is None else handouts.judged
    try:
        source.spawn()
        status = _shown(source, player, request, keys, judged)
    except PooltopError as error:
        return fail(error)
    finally:
        source.close_now()
    return status or (EXIT_FAILED if handouts is not None and handouts.failed else 0)


def _shown(
    source: Source,
    player: LessonPlayer,
    request: Request,
    keys: Keymap | None,
    judged: Callable[[LessonPlayer], str],
) -> int:
    """Play it to its end, printed (no keys) or in the dashboard; gives the exit status."""
    if keys is None:
        from pooltop.headless.lesson import play_headless

        return play_headless(source, player, lambda text: write(1, text), judged)
    from pooltop.ui import run_dashboard

    return run_dashboard(
        source,
        keys=keys,
        theme=request.theme,
        ascii_only=request.ascii or None,
        mouse=not request.no_mouse,
        lesson=player,
        judged=judged,
    )
