"""What the command line does with engines of the background, and says of them."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Literal

import msgspec

from pooltop.core.model import Profile
from pooltop.errors import EngineError, UsageError
from pooltop.present import units
from pooltop.present.clean import clean
from pooltop.sources import engines
from pooltop.sources.attached import AttachedSource
from pooltop.sources.engines import Found
from pooltop.sources.rendezvous import check_name, name_for, nobody_of_that_name

_NONE = "no engine is running in the background"
_HOW = "pooltop --profile FILE --detach starts one"
_TITLES = ("NAME", "PID", "LOAD", "VIEWERS", "AGE", "PROFILE")


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """An engine in ``pooltop list --json``: an array of these."""

    name: str
    pid: int | None = None
    """None, as all else, where it did not answer."""
    profile: str | None = None
    environment: str | None = None
    age_s: float | None = None
    viewers: int | None = None
    writer: int | None = None
    """Process id of who holds the write lock; None for nobody."""
    load: str | None = None
    """"running", "paused", "stopped" or "done"; empty for none."""
    problem: str | None = None
    """Why it did not answer."""


def detach(profile: Profile, name: str | None) -> str:
    """Run a profile in the background; gives what to say of it once its load runs.

    Raises:
        PooltopError: it does not run, for a reason in words.
    """
    launched = engines.launch(profile, name_for(profile.path) if name is None else name)
    shown = f"pooltop attach {launched.name}"
    ended = f"pooltop stop {launched.name}"
    return (
        f"engine {launched.name} runs in the background (pid {launched.pid}): "
        f"{clean(profile.path)}\n"
        f"  {shown}  shows it\n"
        f"  {ended:<{len(shown)}}  ends it\n"
    )


def attach(
    name: str | None,
    *,
    interval_s: float,
    read_only: bool,
    kind: Literal["dashboard", "headless"],
) -> AttachedSource:
    """Give the source for an engine, for the only one if no name is given.

    Raises:
        UsageError: there are several and no name is given, or it cannot be one.
        EngineError: there is none, or none of that name.
    """
    found = _only(name, "attach")
    description = found.description
    return AttachedSource(
        found.name,
        title=found.name if description is None else description.profile,
        interval_s=interval_s,
        kind=kind,
        read_only=read_only,
    )


def only(name: str | None) -> str:
    """Give the name of an engine that lives: this one, or the only one if none is named.

    Raises:
        UsageError: there are several and no name is given, or it cannot be one.
        EngineError: there is none, or none of that name.
    """
    return _only(name, "serve").name


@contextlib.contextmanager
def while_it_runs(profile: Profile, name: str | None) -> Iterator[str]:
    """Run a profile in the background, and stop it at the end of the block; gives its name.

    Raises:
        PooltopError: it does not run, for a reason in words.
    """
    launched = engines.launch(profile, name_for(profile.path) if name is None else name)
    try:
        yield launched.name
    finally:
        # Whoever stopped it before us did what we were about to do.
        with contextlib.suppress(EngineError):
            engines.stop(launched.name)


def _only(name: str | None, command: str) -> Found:
    if name is not None:
        check_name(name)
    found = engines.find()
    if name is None:
        if not found:
            raise EngineError(f"{_NONE}: {_HOW}")
        if len(found) > 1:
            said = f"{command} needs a name, there are several:\n{_table(found)}"
            raise UsageError(said.rstrip())
        return found[0]
    one = next((each for each in found if each.name == name), None)
    if one is None:
        raise EngineError(nobody_of_that_name(name, [each.name for each in found]))
    return one


def listing(*, as_json: bool) -> str:
    """Give all engines that live, one a line under a heading, or as one JSON array.

    Raises:
        EngineError: the directory where they are found cannot be used.
    """
    found = engines.find()
    if as_json:
        now = time.time()
        return f"{msgspec.json.encode([_listed(each, now) for each in found]).decode()}\n"
    return _table(found) if found else f"{_NONE}\n"


def stop(name: str) -> str:
    """End an engine; gives how, in words.

    Raises:
        UsageError: it cannot be a name.
        EngineError: there is none of that name.
    """
    return f"{engines.stop(name)}\n"


def _listed(found: Found, now: float) -> Listed:
    about = found.description
    if about is None:
        return Listed(name=found.name, problem=clean(found.problem))
    return Listed(
        name=found.name,
        pid=about.pid,
        profile=clean(about.profile),
        environment=about.environment or None,
        age_s=round(max(0.0, now - about.wall_started), 1),
        viewers=about.viewers,
        writer=about.writer,
        load=about.load,
    )


def _table(found: list[Found]) -> str:
    now = time.time()
    rows = [_TITLES, *(_row(_listed(each, now)) for each in found)]
    widths = [max(len(row[n]) for row in rows) for n in range(len(_TITLES) - 1)]
    return "".join(
        "  ".join([*(f"{cell:<{w}}" for cell, w in zip(row, widths, strict=False)), row[-1]]) + "\n"
        for row in rows
    )


def _row(listed: Listed) -> tuple[str, str, str, str, str, str]:
    if listed.age_s is None:
        nothing = units.NONE
        return (listed.name, nothing, nothing, nothing, nothing, listed.problem or "")
    return (
        listed.name,
        str(listed.pid),
        listed.load or units.NONE,
        str(listed.viewers),
        units.age(listed.age_s),
        listed.profile or "",
    )
