"""``--print-config``: a profile with every value that counts, said or built in, secrets masked."""

from __future__ import annotations

import itertools
import json
import math
from typing import cast

import tomli_w

from pooltop.profiles.effective import Effective, Key
from pooltop.profiles.kinds import UNLIMITED
from pooltop.profiles.shown import Path, printable, shown_key
from pooltop.profiles.workload_tables import REQUEST_KEYS


def config_as_toml(effective: Effective) -> str:
    """Give it as one TOML file, which needs no other: what was included is in it."""
    tree: dict[str, object] = {}
    for key in effective.every_key():
        if key.path[0] != "include":
            _put(tree, key.path, _as_written(key))
    # tomli_w escapes what TOML must not have; what a terminal must not have is escaped here.
    return "\n".join(printable(line) for line in tomli_w.dumps(tree).split("\n"))


def config_as_json(effective: Effective) -> str:
    """Give it as lines of JSON, one a key, each with the place that its value comes from."""
    rows = (
        {
            "key": shown_key(key.path),
            "value": _without_inf(key.voices[0].value),
            "from": key.voices[0].place,
        }
        for key in effective.every_key()
    )
    return "".join(json.dumps(row) + "\n" for row in rows)


def _as_written(key: Key) -> object:
    """Give a value as a file says it: where references were filled in, a ``$`` would begin one."""
    value = key.voices[0].value
    is_written = key.field.secret or key.field.name in REQUEST_KEYS
    return value if is_written else _without_references(value)


def _without_references(value: object) -> object:
    if isinstance(value, list):
        return [_without_references(item) for item in value]
    return value.replace("$", "$$") if isinstance(value, str) else value


def _without_inf(value: object) -> object:
    if isinstance(value, list):
        return [_without_inf(item) for item in value]
    return UNLIMITED if value == math.inf else value


def _put(tree: object, path: Path, value: object) -> None:
    """Put a value at a path, making the tables and arrays on the way."""
    for step, following in itertools.pairwise(path):
        empty: object = [] if isinstance(following, int) else {}
        if isinstance(step, int):
            rows = cast("list[object]", tree)
            if step == len(rows):
                rows.append(empty)
            tree = rows[step]
        else:
            tree = cast("dict[str, object]", tree).setdefault(step, empty)
    cast("dict[str | int, object]", tree)[path[-1]] = value
