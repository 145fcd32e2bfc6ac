"""The options of a dispatcher that can be changed while traffic flows, and when.

undici has a setter for ``pipelining`` alone and takes all else when a dispatcher is made. So in
mode "node" nothing else is changed; in mode "drain" the pool does at once what an operator expects.
"""

from __future__ import annotations

import math

import msgspec

from pooltop.core.edits import EditError, Value, node_name
from pooltop.core.undici.options import DispatcherOptions

ALWAYS = frozenset(("pipelining", "live"))
"""What an edit may change in either mode."""
AT_CONSTRUCTION = "at construction only; live = drain applies it now"
"""Why mode "node" takes no other, behind what says which option that is."""
_OF_POOLS = ("connections", "pipelining", "max_concurrent_streams", "live")
_OF_KIND = {
    "undici-client": ("pipelining", "max_concurrent_streams", "live"),
    "h2": ("connections", "max_concurrent_streams", "live"),
}
_MOST = 2**31 - 1
_LEAST = {"connections": 1, "pipelining": 0, "max_concurrent_streams": 1}
_ENDLESS = frozenset(("connections", "pipelining"))
"""Options that can be without a limit."""


def editable(kind: str) -> tuple[str, ...]:
    """Give the options of a kind of dispatcher that an edit can change, in a fixed order."""
    return _OF_KIND.get(kind, _OF_POOLS)


def is_taken(options: DispatcherOptions, option: str) -> bool:
    """Tell whether an edit of an option is taken in the mode that is in force."""
    return option in ALWAYS or options.live == "drain"


def apply_edit(options: DispatcherOptions, option: str, value: Value | None) -> DispatcherOptions:
    """Give the options after an edit.

    Args:
        options: before it.
        option: one of ``editable(options.kind)``.
        value: what is wanted; None for no limit.

    Raises:
        EditError: the option cannot be edited, not in this mode, or the value is not allowed.
    """
    if option not in editable(options.kind):
        allowed = ", ".join(editable(options.kind))
        raise EditError(f"{option} cannot be edited live; of {options.kind} editable are {allowed}")
    if not is_taken(options, option):
        raise EditError(f"undici takes {node_name(option)} {AT_CONSTRUCTION}")
    return msgspec.structs.replace(options, **{option: _checked(option, value)})


def _checked(option: str, value: Value | None) -> Value:
    if option == "live":
        if value not in ("node", "drain"):
            raise EditError("live is node or drain")
        return value
    least, endless = _LEAST[option], option in _ENDLESS
    if endless and (value is None or value == math.inf):
        return math.inf
    if isinstance(value, bool | str) or value is None or not _is_whole(value, least):
        unlimited = ", or unlimited" if endless else ""
        raise EditError(f"{option} must be a whole number, {least} or more{unlimited}")
    return float(value)


def _is_whole(value: float, least: int) -> bool:
    return least <= value <= _MOST and value == int(value)
