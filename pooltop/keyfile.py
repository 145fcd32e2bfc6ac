"""The reader's own keys: a TOML file, checked as a profile is, and the table as such a file.

``[keys]`` holds keys by the ids of ``present.keys``: one, or an array, or an empty array where
only the palette shall do it. What is not named keeps its keys.
"""

from __future__ import annotations

import contextlib
import os

from pooltop.present.key_names import key_named, shown_key, types_nothing, why_no_key
from pooltop.present.keys import BY_ID, GROUPS, KEYS, STANDARD, Keymap
from pooltop.profiles.layers import Layer, Layers
from pooltop.profiles.loading import read_text, read_tree
from pooltop.profiles.problems import ProfileErrors
from pooltop.profiles.report import Report, TooManyProblems
from pooltop.profiles.shown import Path, did_you_mean, printable, quoted, type_name

_TABLE = "keys"
_MOST = 8
"""Keys of one id."""


def usual_path() -> str | None:
    """Give where the file is when none is named; None where there is no such place.

    Source: XDG Base Directory Specification 0.8: a relative ``XDG_CONFIG_HOME`` is ignored.
    """
    base = os.environ.get("XDG_CONFIG_HOME", "")
    if not os.path.isabs(base):
        base = os.path.join(os.path.expanduser("~"), ".config")
    return os.path.join(base, "pooltop", "keys.toml") if os.path.isabs(base) else None


def load_keys(path: str | None = None) -> Keymap:
    """Give the keys of a file; without one those of the usual file, if there is one.

    Args:
        path: of the file; None for the usual one.

    Raises:
        ProfileErrors: it cannot be used; has every problem with its place.
    """
    if path is None:
        path = usual_path()
        if path is None or not os.path.lexists(path):
            return STANDARD
    return read_keys(read_text(path), path)


def read_keys(text: str, path: str = "keys.toml") -> Keymap:
    """Give the keys of a file's text.

    Args:
        text: TOML.
        path: what to call it in messages.

    Raises:
        ProfileErrors: it cannot be used; has every problem with its place.
    """
    tree = read_tree(text, path)
    report = Report(Layers(Layer(printable(path), tree, text)))
    changed: dict[str, tuple[str, ...]] = {}
    with contextlib.suppress(TooManyProblems):
        changed = _read(tree, report)
    if report.has_errors:
        raise ProfileErrors(report.finish())
    return Keymap(changed)


def keys_as_toml(keys: Keymap) -> str:
    """Give the table as a file: what each key does beside it, and fit to be read again."""
    lines = [
        "# The keys of pooltop, in the form of a file of keys: $XDG_CONFIG_HOME/pooltop/keys.toml,",
        "# or --keys FILE. Keep the lines that you change; [] leaves a command to the palette.",
        f"[{_TABLE}]",
    ]
    for group, about in GROUPS.items():
        lines += ["", f"# {group}: {about}"]
        for key in KEYS:
            if key.group != group:
                continue
            shown = [quoted(shown_key(name)) for name in keys.names(key.id)]
            value = shown[0] if len(shown) == 1 else f"[{', '.join(shown)}]"
            setting = f"{key.id} = {value}"
            if key.is_fixed:
                setting = f"# {setting} (stays)"
            lines.append(f"{setting:<28}  # {key.help}")
    return "\n".join(lines) + "\n"


def _read(tree: dict[str, object], report: Report) -> dict[str, tuple[str, ...]]:
    for name in tree:
        if name != _TABLE:
            hint = did_you_mean(name, (_TABLE,)) or f" Allowed is [{_TABLE}]."
            report.add((name,), "P010", f"unknown key.{hint}", on_key=True)
    table = tree.get(_TABLE, {})
    if not isinstance(table, dict):
        got = type_name(table)
        report.add((_TABLE,), "P011", f"expected a table of keys by what they do, got {got}.")
        return {}
    changed: dict[str, tuple[str, ...]] = {}
    for id_, value in table.items():
        path: Path = (_TABLE, id_)
        key = BY_ID.get(id_)
        if key is None:
            hint = did_you_mean(id_, BY_ID) or " pooltop keys lists what there is."
            report.add(path, "P010", f"unknown key.{hint}", on_key=True)
        elif key.is_fixed:
            stays = shown_key(key.keys[0])
            report.add(path, "P070", f"{stays} stays: {key.help}.", on_key=True)
        else:
            names = _names(id_, value, path, report)
            if names is not None:
                changed[id_] = names
    _refuse_twice(changed, report)
    return changed


def _names(id_: str, value: object, path: Path, report: Report) -> tuple[str, ...] | None:
    """Read the keys of one id; None when something is wrong with them."""
    written = [value] if isinstance(value, str) else value
    if not isinstance(written, list):
        report.add(path, "P011", f"expected a key or an array of keys, got {type_name(value)}.")
        return None
    if len(written) > _MOST:
        report.add(path, "P007", f"more than {_MOST} keys.", on_key=True)
        return None
    if not written and BY_ID[id_].needed:
        report.add(path, "P071", f"must keep a key: {BY_ID[id_].help}.", on_key=True)
        return None
    names: list[str] = []
    good = True
    for index, each in enumerate(written):
        at = path if isinstance(value, str) else (*path, index)
        name = key_named(each) if isinstance(each, str) else None
        if not isinstance(each, str):
            report.add(at, "P011", f"expected a key, got {type_name(each)}.")
        elif name is None:
            report.add(at, "P072", why_no_key(each))
        elif id_ == "stop_anywhere" and not types_nothing(name):
            report.add(at, "P072", 'must be one that types nothing, like "ctrl+k" or "f4".')
        elif name in names:
            report.add(at, "P073", "stands twice.")
        else:
            names.append(name)
            continue
        good = False
    return tuple(names) if good else None


def _refuse_twice(changed: dict[str, tuple[str, ...]], report: Report) -> None:
    """Refuse a key that would do two things."""
    owners: dict[str, str] = {}
    for key in KEYS:
        if key.id not in changed:
            owners |= dict.fromkeys(key.keys, key.id)
    for id_, names in changed.items():
        for name in names:
            other = owners.setdefault(name, id_)
            if other == id_:
                continue
            shown, path = shown_key(name), (_TABLE, id_)
            if other in changed:
                hint = f"{shown} is given to {other} as well"
                report.add(path, "P073", hint, see=(_TABLE, other), tail=".")
            elif BY_ID[other].is_fixed:
                report.add(path, "P073", f"{shown} is the key of {other}, which stays.")
            else:
                message = f"{shown} is the key of {other}: give that another one too."
                report.add(path, "P073", message)
