"""The ``[compare]`` of a profile: two agents that are there, and not one twice."""

from __future__ import annotations

from typing import cast

from pooltop.profiles.checks import check_name, names_of
from pooltop.profiles.reader import Values
from pooltop.profiles.report import Report


def check_sides(tree: dict[str, object], values: Values, report: Report) -> None:
    """Check that a comparison's sides are two agents.

    Args:
        tree: as it was written.
        values: what was read of it.
        report: takes the problems.
    """
    sides = cast("Values", values.get("compare", {}))
    agents = names_of(tree, "agents")
    for key, name in sides.items():
        check_name(cast("str", name), agents, "agents", ("compare", key), report)
    if "a" in sides and sides["a"] == sides.get("b"):
        message = "an agent against itself: name another one."
        report.add(("compare", "b"), "P019", message)
