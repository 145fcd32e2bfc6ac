"""What a profile is made of: texts and settings, one over the other, and who said what.

A layer over another puts its values in the place of the other's: a table is merged key by key,
anything else, an array too, is replaced as a whole. Keys are canonical here, whatever spelling a
layer uses, so that ``maxSockets`` in one file and ``max_sockets`` in another are one key.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass, field

from pooltop.profiles.filled import value_at
from pooltop.profiles.positions import Positions
from pooltop.profiles.shown import Path

FILES, ENVIRONMENT, OPTIONS = range(3)


@dataclass(frozen=True, eq=False, repr=False)
class Layer:
    """One text, or one setting from outside of any text."""

    name: str
    """What a message calls it; printable."""
    tree: dict[str, object]
    """With canonical keys, and values as they are written."""
    text: str | None = None
    """In which to look for places; None where the name says it all."""
    folder: str = ""
    """Where its relative paths start; "" for the current directory."""
    spelled: dict[Path, str] = field(default_factory=dict)
    """The last step of a canonical path as the layer has it, where that differs."""
    is_literal: bool = False
    """Its strings mean themselves: nothing in them is a reference."""
    level: int = FILES
    """Of which sort it is: a setting goes before what a lower sort says, of single hosts too."""

    def __repr__(self) -> str:
        """Give the name alone: the values may be secrets."""
        return f"Layer({self.name!r})"

    def place_of(self, path: Path) -> str:
        """Give where it says something: ``file:line:column``, or the setting's name."""
        if self.text is None:
            return self.name
        place = self.positions.of(self.as_written(path))
        return f"{self.name}:{place.line}:{place.column}"

    @functools.cached_property
    def positions(self) -> Positions:
        """Where everything stands in the text: found when the first place is asked for."""
        return Positions(self.text or "")

    def as_written(self, path: Path) -> Path:
        """Give a canonical path in this layer's own spelling."""
        depths = range(1, len(path) + 1)
        return tuple(self.spelled.get(path[:depth], path[depth - 1]) for depth in depths)


class Layers:
    """Layers in their order, the one that counts most last; and what they say together."""

    def __init__(self, *layers: Layer) -> None:
        """Put the layers one over the other, lowest first."""
        self.tree: dict[str, object] = {}
        """All together; with canonical keys, and values as they are written."""
        self._all: list[Layer] = []
        self._said: dict[Path, list[tuple[Layer, object]]] = {}
        for layer in layers:
            self.add(layer)

    def add(self, layer: Layer) -> None:
        """Put a layer over those that are there.

        ``[agents.NAME.hosts."h:p"]`` says more than its agent, but a setting of the agent goes
        before it: what files, or lower settings, say of single hosts is taken away.
        """
        self._all.append(layer)
        for path, value in _walk(layer.tree, ()):
            if layer.level > FILES and not isinstance(value, dict):
                self._overrule_hosts(path, layer.level)
        _merge(self.tree, layer.tree)
        for path, value in _walk(layer.tree, ()):
            self._said.setdefault(path, []).append((layer, value))

    def _overrule_hosts(self, path: Path, level: int) -> None:
        if len(path) < 3 or path[0] != "agents" or path[2] == "hosts":
            return
        hosts = value_at(self.tree, (*path[:2], "hosts"))
        for host in hosts if isinstance(hosts, dict) else ():
            of_host = (*path[:2], "hosts", host, *path[2:])
            table = value_at(self.tree, of_host[:-1])
            if isinstance(table, dict) and path[-1] in table and self.owner(of_host).level < level:
                del table[path[-1]]

    def names(self, level: int) -> list[str]:
        """Name the layers of one sort, the one that counts most last."""
        return [layer.name for layer in self._all if layer.level == level]

    def said(self, path: Path) -> list[tuple[Layer, object]]:
        """Give who said something at this very path, and what; lowest first."""
        return list(self._said.get(path, ()))

    def owner(self, path: Path) -> Layer:
        """Give the layer whose word counts at a path.

        A table has no owner, for all may add to it: of those that do it is the highest that has a
        text to point into. What nobody said belongs to whoever said what is around it.
        """
        for depth in range(len(path), -1, -1):
            layers = [layer for layer, _ in self._said.get(path[:depth], ())]
            if layers:
                texts = [layer for layer in layers if layer.text is not None]
                is_table = isinstance(self._said[path[:depth]][-1][1], dict)
                return (texts if texts and is_table else layers)[-1]
        return self._all[-1]

    def rank(self, layer: Layer, unknown: int) -> int:
        """Give where the problems of a layer come among those of all: the named file's first.

        Args:
            layer: one of them, or one that is not, or not yet, among them.
            unknown: what to give for such a one.
        """
        texts = [each for each in self._all if each.text is not None]
        others = [each for each in self._all if each.text is None]
        order = [*reversed(texts), *others]
        return order.index(layer) if layer in order else unknown


def _merge(under: dict[str, object], over: dict[str, object]) -> None:
    for key, value in over.items():
        below = under.get(key)
        if isinstance(value, dict):
            if not isinstance(below, dict):
                below = under[key] = {}
            _merge(below, value)
        else:
            under[key] = value


def _walk(tree: dict[str, object], path: Path) -> Iterator[tuple[Path, object]]:
    """Give every key with its value; the whole is the empty path."""
    yield path, tree
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _walk(value, (*path, key))
        else:
            yield (*path, key), value
