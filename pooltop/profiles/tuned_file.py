"""The file that tuned values are written to: its text, its name, its mode, and what it may replace.

A file that is there is replaced only where pooltop wrote it and the caller says so; a name appears
with the whole text under it, or not at all.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import re
import stat
import tempfile
from typing import cast

import tomli_w

from pooltop.errors import UsageError
from pooltop.profiles.filled import settled
from pooltop.profiles.shown import printable
from pooltop.profiles.tuned import Tuned

MARK = "# Tuned live with pooltop"
"""Every file that is written here begins with it."""
_ENDING = ".toml"
_NUMBERED = re.compile(r"-tuned(-[0-9]+)?$")
_MOST_NAMES = 1000


def tuned_text(
    change: Tuned,
    *,
    include: str | None,
    tree: dict[str, object],
    came_from: str,
    wall_at: float,
    notes: tuple[str, ...] = (),
) -> str:
    """Give the text of the new profile.

    Args:
        change: what is tuned.
        include: path of the profile that it is laid over; None to have all of that in it.
        tree: what that profile says, references as they are written; looked at only without
            ``include``.
        came_from: that profile's name, for the heading.
        wall_at: Unix time of the instant.
        notes: sentences for the heading.
    """
    over = "over the profile that it includes" if include else "in a copy of the profile"
    width = max((len(each.key) for each in change.changes), default=0)
    heading = [
        f"{MARK}: what was in force{_when(wall_at)}, {over}.",
        f"# It came from {printable(came_from)}.",
        "#",
        *(f"#   {each.key:<{width}}  {each.values}  ({each.why})" for each in change.changes),
        *(f"# Left out: {each}" for each in change.left_out),
        *(f"# {note}" for note in notes),
    ]
    if include is None:
        whole = {key: value for key, value in tree.items() if key != "include"}
    else:
        # A `$` would begin a reference.
        whole = {"include": [include.replace("$", "$$")]}
    laid = cast("dict[str, object]", settled(whole))
    for each in change.changes:
        laid = _with(laid, [str(step) for step in each.path], each.after)
    return "\n".join(heading) + "\n\n" + tomli_w.dumps(laid)


def default_name(profile: str) -> str:
    """Give the name beside a profile that is free: ``prod-tuned.toml``, ``prod-tuned-2.toml``."""
    stem = _NUMBERED.sub("", profile.removesuffix(_ENDING))
    names = (
        f"{stem}-tuned{_ENDING}",
        *(f"{stem}-tuned-{n}{_ENDING}" for n in range(2, _MOST_NAMES)),
    )
    return next((name for name in names if not os.path.lexists(name)), names[0])


def path_between(file: str, profile: str) -> str:
    """Give the path by which a new file includes a profile, from the new file's folder."""
    folder, there = os.path.dirname(os.path.abspath(file)), os.path.abspath(profile)
    if folder == os.path.dirname(there):
        return f"./{os.path.basename(there)}"
    if os.path.realpath(folder) != folder or os.path.realpath(there) != there:
        return there  # `..` leads elsewhere behind a symbolic link
    return os.path.relpath(there, folder)


def is_tuned(file: str) -> bool:
    """Tell whether a file was written here: a regular one, no link to one, that begins so."""
    try:
        with open(os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as opened:
            is_regular = stat.S_ISREG(os.fstat(opened.fileno()).st_mode)
            return is_regular and opened.read(len(MARK)) == MARK.encode()
    except OSError:
        return False


def mode_like(profile: str) -> int:
    """Give the mode of a profile's file, for what is written beside it."""
    try:
        return stat.S_IMODE(os.stat(profile).st_mode) & 0o777
    except OSError:
        return 0o600


def put(file: str, text: str, *, mode: int, replace: bool) -> None:
    """Write a file as a whole, under its name at once.

    Args:
        file: its path; a symbolic link there is a file that is there.
        text: what it is to hold.
        mode: whatever the umask is.
        replace: a file that ``is_tuned`` may be there.

    Raises:
        UsageError: it cannot be written, or a file is there that is not to be replaced.
    """
    name = printable(file)
    if replace and not is_tuned(file):
        raise UsageError(f"{name} was not written by pooltop: give another name")
    temporary = ""
    try:
        data = text.encode()
        handle, temporary = tempfile.mkstemp(
            prefix=".", suffix=".tmp", dir=os.path.dirname(file) or "."
        )
        with open(handle, "wb") as opened:
            opened.write(data)
            opened.flush()
            os.fchmod(handle, mode)
            os.fsync(handle)
        if replace:
            os.replace(temporary, file)
        else:
            os.link(temporary, file)
    except FileExistsError:
        raise UsageError(f"{name} is there already: give another name") from None
    except FileNotFoundError:
        raise UsageError(f"{name} cannot be written: its folder is not there") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UsageError(f"{name} cannot be written: {printable(reason.lower())}") from error
    finally:
        if temporary:
            with contextlib.suppress(OSError):
                os.unlink(temporary)


def _when(wall_at: float) -> str:
    try:
        return datetime.datetime.fromtimestamp(wall_at, datetime.UTC).strftime(" at %F %T UTC")
    except (OverflowError, OSError, ValueError):
        return ""


def _with(tree: dict[str, object], path: list[str], value: object) -> dict[str, object]:
    """Give a tree with a value at a path; the tree itself is left as it is."""
    key, *rest = path
    if not rest:
        return {**tree, key: value}
    inner = tree.get(key)
    return {**tree, key: _with(inner if isinstance(inner, dict) else {}, rest, value)}
