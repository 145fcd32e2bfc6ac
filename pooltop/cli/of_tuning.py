"""A host's limit is looked for under load."""

from __future__ import annotations

from pooltop.cli import given
from pooltop.cli.telling import EXIT_USAGE, fail, refuse, write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pooltop.cli.args import Request

_INTERVAL_S = 0.1
"""Between two pictures: a target that slows is seen at once."""
_MOST = 256


def tune(request: Request) -> int:
    """Look for it, and say what was found."""
    most = _number(request.most)
    if most is None:
        return refuse(f"--most {request.most}: a whole number of sockets, 1 to 10000\n")
    loaded = given.load(request)
    if loaded is None:
        return EXIT_USAGE
    import msgspec

    from pooltop.errors import PooltopError, ProfileError, UsageError
    from pooltop.headless.tune import Asked, run_tune, told_as
    from pooltop.sources.launch import LaunchedSource

    profile = given.consented(msgspec.structs.replace(loaded.profile, held=True))
    if profile is None:
        return EXIT_USAGE
    try:
        source = LaunchedSource(profile, interval_s=_INTERVAL_S, own_process=False)
    except ProfileError as error:
        return refuse(f"{error}\n")
    asked = Asked(host=request.host or "", agent=request.agent, most=most)
    try:
        source.spawn()
        told = told_as(lambda text: write(1, text), as_json=request.json)
        return run_tune(source, asked, told)
    except UsageError as error:
        return refuse(f"{error}\n")
    except PooltopError as error:
        return fail(error)
    finally:
        source.close_now()


def _number(text: str | None) -> int | None:
    if text is None:
        return _MOST
    is_whole = text.isascii() and text.isdecimal() and len(text) <= 5
    return int(text) if is_whole and 1 <= int(text) <= 10_000 else None
