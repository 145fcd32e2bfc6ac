"""Whether a library that only some profiles need is there."""

from __future__ import annotations

import importlib.util


def is_installed(module: str) -> bool:
    """Tell whether a module could be imported; nothing of it is run but the packages above it."""
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # of a package above it
        return False
