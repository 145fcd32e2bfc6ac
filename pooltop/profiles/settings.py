"""Settings from outside of any file: ``POOLTOP__AGENTS__PAYMENTS__MAX_SOCKETS`` and ``--set``.

Each becomes a layer of its own over the files, so that a problem names it. What it says is a TOML
value where it is one, and else a string: ``8`` is a number, ``unlimited`` and ``2s`` need no
quotes. A variable's value means itself; in one of ``--set``, as in a file, ``${...}`` is filled in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from pooltop.profiles.filled import Filled, value_at
from pooltop.profiles.kinds import Fault, Refused, refused
from pooltop.profiles.layers import ENVIRONMENT, OPTIONS, Layer
from pooltop.profiles.report import Report
from pooltop.profiles.shape import Many, Named, Table
from pooltop.profiles.shown import Path, nearest, printable, quoted, shown_key
from pooltop.profiles.spelling import spelt
from pooltop.profiles.syntax import SyntaxRefusedError, parse
from pooltop.profiles.tables import PROFILE

PREFIX = "POOLTOP__"
_BETWEEN = "__"
_PART = r"""(?:[A-Za-z0-9_-]+|"(?:\\.|[^"\\\n])*"|'[^'\n]*')"""
_KEY = re.compile(rf"\s*{_PART}(?:\s*\.\s*{_PART})*\s*", re.ASCII)
_BRACKETED = ('"', "'", "[", "{")


def add_environment(environ: Mapping[str, str], report: Report) -> None:
    """Put every variable that is a setting over the report's layers; refuse those that are none."""
    for name in sorted(name for name in environ if name.startswith(PREFIX)):
        try:
            path = _path_of(name.removeprefix(PREFIX).split(_BETWEEN), report.layers.tree)
            layer = _layer(printable(name), path, environ[name], level=ENVIRONMENT)
        except Refused as verdict:
            _refuse(printable(name), verdict.faults, report)
        else:
            report.layers.add(layer)


def add_options(settings: Iterable[str], report: Report) -> None:
    """Put every ``--set KEY=VALUE`` over the report's layers, in their order; refuse the rest."""
    for setting in settings:
        match = _KEY.match(setting)
        key = match[0] if match else setting.partition("=")[0]
        name = f"--set {printable(key.strip())}"
        try:
            if match is None or setting[match.end() : match.end() + 1] != "=":
                hint = "expected KEY=VALUE, as agents.payments.max_sockets=8."
                raise refused("P045", hint)
            said = setting[match.end() + 1 :]
            said = said.strip() if key.endswith((" ", "\t")) else said  # KEY = VALUE, as in TOML
            layer = _layer(name, _path_in(key), said, level=OPTIONS)
        except Refused as verdict:
            _refuse(name, verdict.faults, report)
        else:
            report.layers.add(layer)


def _refuse(name: str, faults: tuple[Fault, ...], report: Report) -> None:
    for fault in faults:
        report.add((), fault.code, fault.message, on_key=True, layer=Layer(name, {}))


def _layer(name: str, path: Path, said: str, *, level: int) -> Layer:
    """Make the layer that says one thing.

    Raises:
        Refused: it cannot be said from here.
    """
    if path[0] == "include":
        raise refused("P045", "files are included by files alone.")
    if path[0] == "env":
        raise refused("P045", "what a file needs of the environment it says itself.")
    tree: dict[str, object] = {}
    inner = tree
    for step in path[:-1]:
        inner[str(step)] = inner = {}
    inner[str(path[-1])] = _value_of(said)
    found = spelt(tree)
    return Layer(
        name,
        found.tree,
        spelled=found.spelled,
        is_literal=level == ENVIRONMENT,
        level=level,
    )


def _value_of(said: str) -> object:
    """Give a value as TOML where it is that; else the string."""
    try:
        said.encode()
    except UnicodeEncodeError:
        raise refused("P003", "the value is not UTF-8 text.") from None
    if said.lstrip().startswith(_BRACKETED):
        try:
            found = parse(f"value = {said}")
        except SyntaxRefusedError:
            return said
        return found["value"] if len(found) == 1 else said
    return Filled.setting(said)


def _path_in(key: str) -> Path:
    """Give the path that a key of TOML is.

    Raises:
        Refused: it is too long for one.
    """
    path: list[str] = []
    try:
        inner: object = parse(f"{key} = 0")
    except SyntaxRefusedError as error:
        raise refused(error.code, error.message) from error
    while isinstance(inner, dict):
        (step,) = inner
        path.append(step)
        inner = inner[step]
    return tuple(path)


def _path_of(parts: list[str], tree: dict[str, object]) -> Path:
    """Give the key that a variable's name means.

    Every sign but letters and digits is one underscore, and capitals are as good as others.

    Raises:
        Refused: there is none.
    """
    kind: object = PROFILE
    path: Path = ()
    rest = parts
    while rest:
        names = _names_under(kind, path, tree)
        found, count = _match(rest, names)
        if found is None:
            raise refused(
                "P010", _unknown(kind, path, parts[: len(parts) - len(rest)], rest, names)
            )
        path = (*path, found)
        rest = rest[count:]
        kind = _kind_under(kind, found)
    return path


def _names_under(kind: object, path: Path, tree: dict[str, object]) -> list[str]:
    """Give what a variable's next part can be."""
    if isinstance(kind, Table):
        return [*kind.spellings(), *kind.unavailable]
    there = value_at(tree, path)
    return list(there) if isinstance(there, dict) else []


def _kind_under(kind: object, name: str) -> object:
    if isinstance(kind, Table):
        field = kind.spellings().get(name)
        return None if field is None else field.kind
    return kind.item if isinstance(kind, Named) else None


def _match(rest: list[str], names: list[str]) -> tuple[str | None, int]:
    """Give the name that the next parts mean, and how many parts it takes.

    Raises:
        Refused: they mean several.
    """
    for count in range(1, len(rest) + 1):
        wanted = _plain(_BETWEEN.join(rest[:count]))
        found = [name for name in names if _plain(name) == wanted]
        if len(found) > 1:
            both = " and ".join(shown_key((name,)) for name in found)
            raise refused("P045", f"it can mean {both}: use --set.")
        if found:
            return found[0], count
    return None, 0


def _unknown(kind: object, path: Path, done: list[str], rest: list[str], names: list[str]) -> str:
    where = shown_key(path) if path else "a profile"
    if isinstance(kind, Many):
        return f"{where} is an array: it is set as a whole."
    if not names:
        return f"{where} has nothing inside."
    plain = [_plain(name) for name in names]
    near = nearest(_plain(rest[0]), plain)
    hint = ""
    if near is not None:
        meant = _BETWEEN.join((*done, near.upper(), *rest[1:]))
        hint = f" Did you mean {PREFIX}{printable(meant)}?"
    return f"{where} has no {quoted(rest[0].lower())}.{hint}"


def _plain(name: str) -> str:
    """Give a name without what a variable's cannot have."""
    return re.sub(r"[^a-z0-9]", "_", name.lower())
