"""``pooltop explain KEY``: what counts, who says so and where, and everybody who was overruled."""

from __future__ import annotations

import re
from typing import NamedTuple

from pooltop.errors import UsageError
from pooltop.profiles.agent_kinds import words_of
from pooltop.profiles.definitions import definition
from pooltop.profiles.effective import Effective, Key
from pooltop.profiles.filled import value_at
from pooltop.profiles.shape import Field, Many, Named, Table
from pooltop.profiles.shown import Path, did_you_mean, printable, quoted, shown_inline, shown_key
from pooltop.profiles.syntax import SyntaxRefusedError, parse
from pooltop.profiles.tables import PROFILE

_STEP = re.compile(
    r"""\s*(?:([A-Za-z0-9_-]+)|("(?:\\.|[^"\\\n])*"|'[^'\n]*'))\s*((?:\[[0-9]{1,4}\]\s*)*)(\.|\Z)""",
    re.ASCII,
)
_WIDEST = 40


class _Found(NamedTuple):
    path: Path
    table: Table
    field: Field
    rest: Path
    """What is asked for inside of a value, as a header's name."""


def explain(key: str, effective: Effective) -> str:
    """Give all that there is to say about a key, in lines.

    Args:
        key: as TOML writes it, in the format's spelling or in Node's: ``agents.a.maxSockets``,
            ``workloads.w.requests[0].path``. Of a table every key is listed.
        effective: the profile.

    Raises:
        UsageError: there is no such key; says which was meant.
    """
    found = _find(_steps(key), key, effective)
    if isinstance(found.field.kind, Table | Named | Many):
        lines = _of_table(found, effective)
    else:
        lines = _of_value(found, effective.key(found.path, found.table, found.field))
    return "".join(f"{line}\n" for line in lines)


def _of_value(found: _Found, key: Key) -> list[str]:
    field = found.field
    values = [value_at(voice.value, found.rest) for voice in key.voices]
    rows = [
        (shown_inline(value), voice.place, _was(voice.written))
        for value, voice in zip(values, key.voices, strict=True)
        if value is not None
    ]
    shown = shown_key((*found.path, *found.rest))
    head = f"{shown} = {rows[0][0]}" if rows else f"{shown} is not set"
    if rows:
        head += f"    ({rows[0][1]}{rows[0][2]})"
    lines = [head, f"  {definition(found.table, field)}"]
    if field.node:
        lines.append(f"  {field.whose}'s {field.node}.")
    if field.kinds:
        lines.append(f"  Of {words_of(field.kinds)}.")
    assert not isinstance(field.kind, Table | Named | Many)
    lines.append(f"  Allowed: {field.kind.allowed}.")
    if len(rows) > 1:
        width = min(_WIDEST, max(len(value) for value, _, _ in rows[1:]))
        lines.append("  Overruled:")
        lines += [f"    {value:<{width}}  {place}{was}" for value, place, was in rows[1:]]
    return lines


def _was(written: object) -> str:
    return "" if written is None else f", from {shown_inline(written)}"


def _of_table(found: _Found, effective: Effective) -> list[str]:
    keys = [key for key in effective.every_key() if key.path[: len(found.path)] == found.path]
    rows = [
        (shown_key(key.path), shown_inline(key.voices[0].value), key.voices[0].place)
        for key in keys
    ]
    first = max((len(name) for name, _, _ in rows), default=0)
    second = min(_WIDEST, max((len(value) for _, value, _ in rows), default=0))
    return [
        shown_key(found.path),
        f"  {definition(found.table, found.field)}",
        *(f"  {name:<{first}}  {value:<{second}}  {place}" for name, value, place in rows),
    ]


def _steps(key: str) -> Path:
    """Give the path that a key writes.

    Raises:
        UsageError: it is none.
    """
    path: list[str | int] = []
    at = 0
    while at < len(key) or not path:
        match = _STEP.match(key, at)
        if match is None or (match[4] == "." and match.end() == len(key)):
            raise UsageError(f"{quoted(key)} is no key: write it as agents.payments.max_sockets")
        path.append(match[1] or _unquoted(match[2]))
        path += [int(index) for index in re.findall(r"[0-9]+", match[3])]
        at = match.end()
    return tuple(path)


def _unquoted(part: str) -> str:
    try:
        return str(parse(f"key = {part}")["key"])
    except SyntaxRefusedError:
        raise UsageError(f"{printable(part)} is no key: a quoted part is a TOML string") from None


def _find(steps: Path, key: str, effective: Effective) -> _Found:
    """Go down the format's tables to what is named.

    Raises:
        UsageError: there is no such key.
    """
    kind: object = PROFILE
    path: Path = ()
    found: _Found | None = None
    for depth, step in enumerate(steps):
        if isinstance(kind, Table):
            fields = kind.spellings()
            field = fields.get(str(step))
            if field is None:
                raise _no_such(step, path, list(fields))
            path = (*path, field.name)
            found = _Found(path, kind, field, ())
            kind = field.kind
            continue
        assert found is not None
        value = value_at(effective.filled, path)
        if not isinstance(kind, Named | Many):
            rest = steps[depth:]
            if value_at(value, rest) is None:
                raise _no_such(rest[0], path, list(value) if isinstance(value, dict) else [])
            return found._replace(rest=rest)
        names = list(value) if isinstance(value, dict) else range(len(_listed(value)))
        if step not in names:
            raise _no_such(step, path, [str(name) for name in names])
        path = (*path, step)
        found = found._replace(path=path)
        kind = kind.item
    if found is None:
        raise UsageError(f"{quoted(key)} is no key")
    return found


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _no_such(step: str | int, path: Path, names: list[str]) -> UsageError:
    where = shown_key(path) or "a profile"
    shown = f"[{step}]" if isinstance(step, int) else quoted(step)
    hint = did_you_mean(str(step), names)
    return UsageError(f"{where} has no {shown}.{hint or _there_are(names)}")


def _there_are(names: list[str]) -> str:
    return f" There are {', '.join(printable(name) for name in names[:40])}." if names else ""
