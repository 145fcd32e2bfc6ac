"""The lessons: they are listed, and one is played."""

from __future__ import annotations

from pooltop.cli.telling import fail, refuse, say, write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pooltop.cli.args import Request

_INTERVAL_S = 0.1
"""Between two pictures of a lesson: what is short is seen too."""


def listing(request: Request) -> int:
    """Say which there are."""
    del request
    from pooltop.lessons.words import listing

    return say("".join(f"{line}\n" for line in listing()))


def play(request: Request) -> int:
    """Play one."""
    import msgspec

    from pooltop import profiles
    from pooltop.errors import PooltopError, ProfileError
    from pooltop.headless.lesson import play_headless
    from pooltop.lessons.catalogue import LESSONS, find_lesson
    from pooltop.lessons.player import LessonPlayer
    from pooltop.sources.launch import LaunchedSource

    lesson = find_lesson(request.lesson or "")
    if lesson is None:
        return refuse(
            f"there is no lesson {request.lesson}: 1 to {len(LESSONS)}, or a name; "
            "pooltop demo lessons lists them\n"
        )
    try:
        loaded = profiles.load_text(lesson.profile, f"lesson {lesson.name}", settings=request.set)
    except ProfileError as error:
        write(2, f"{error}\n")
        return 2
    profile = msgspec.structs.replace(loaded.profile, held=True)
    source = LaunchedSource(profile, interval_s=_INTERVAL_S, own_process=False)
    try:
        source.spawn()
        return play_headless(source, LessonPlayer(lesson), lambda text: write(1, text))
    except PooltopError as error:
        return fail(error)
    finally:
        source.close_now()
