"""Where each key and value of a TOML text stands: line and column, found by path.

tomllib gives values without places, so tree-sitter reads the text a second time, and only
when there is something to place. The text is one that tomllib accepts, except for keys set
twice, which are listed here.
"""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, NamedTuple

from pooltop.profiles.shown import Path

if TYPE_CHECKING:
    from tree_sitter import Node

_TABLES = ("table", "table_array_element")
_REFERENCE = re.compile(rb"\$\{")
_KEYS = ("bare_key", "quoted_key", "dotted_key")


class Place(NamedTuple):
    """A place in the text; both count from 1, columns count characters."""

    line: int
    column: int


class Twice(NamedTuple):
    """A key or table that is set two times."""

    path: Path
    first: Place
    second: Place


class Number(NamedTuple):
    """An integer as it is written."""

    path: Path
    place: Place
    length: int
    """Characters."""


class Positions:
    """The places of one text."""

    def __init__(self, text: str) -> None:
        """Read the text."""
        import tree_sitter  # noqa: PLC0415 - 20 ms that a profile without problems need not pay
        import tree_sitter_toml  # noqa: PLC0415

        language = tree_sitter.Language(tree_sitter_toml.language())
        # tomllib reads CRLF as LF; the lines are the same.
        self._source = text.replace("\r\n", "\n").encode("utf-8", "surrogatepass")
        self._lines = self._source.split(b"\n")
        self._keys: dict[Path, Place] = {}
        self._values: dict[Path, Place] = {}
        self._headers: set[Path] = set()
        self._dotted: set[Path] = set()
        self._strings: dict[Path, Node] = {}
        self._lengths: dict[Path, int] = {}
        self._twice: list[Twice] = []
        self._integers: list[Number] = []
        root = tree_sitter.Parser(language).parse(self._source).root_node
        for node in root.children:
            if node.type in _TABLES:
                self._read_table(node)
            elif node.type == "pair":
                self._read_pair(node, ())

    def of(self, path: Path, *, on_key: bool = False) -> Place:
        """Give the place of a key's value, or of the key itself.

        What the text does not have is placed at the nearest table around it, and else at
        the beginning.
        """
        if not on_key and path in self._values:
            return self._in_characters(self._values[path])
        for depth in range(len(path), 0, -1):
            place = self._keys.get(path[:depth]) or self._values.get(path[:depth])
            if place is not None:
                return self._in_characters(place)
        return Place(1, 1)

    def of_reference(self, path: Path, nth: int) -> Place:
        """Give the place of one ``${`` inside a string, counting from 0.

        The string's own, where an escape wrote one of them in another way.
        """
        node = self._strings.get(path)
        if node is None:
            return self.of(path)
        found = list(_REFERENCE.finditer(self._source, node.start_byte, node.end_byte))
        if nth >= len(found):
            return self.of(path)
        start = found[nth].start()
        line = self._source.count(b"\n", 0, start) + 1
        column = start - (self._source.rfind(b"\n", 0, start) + 1) + 1
        return self._in_characters(Place(line, column))

    def of_character(self, path: Path, nth: int) -> Place:
        """Give the place of one character of a string's text, counting from 0.

        The string's own, where it is of several lines or has an escape.
        """
        place, node = self.of(path), self._strings.get(path)
        if node is None:
            return place
        text = self._source[node.start_byte : node.end_byte]
        is_plain = not text.startswith((b'"""', b"'''")) and (b"\\" not in text or text[:1] == b"'")
        return Place(place.line, place.column + 1 + nth) if is_plain else place

    def first_twice(self) -> Twice | None:
        """Give the first key or table that is set two times."""
        if not self._twice:
            return None
        path, first, second = self._twice[0]
        return Twice(path, self._in_characters(first), self._in_characters(second))

    def longest_integer(self) -> Number | None:
        """Give the integer that is written with the most digits."""
        if not self._integers:
            return None
        found = max(self._integers, key=lambda number: number.length)
        return found._replace(place=self._in_characters(found.place))

    def _read_table(self, node: Node) -> None:
        header = next((child for child in node.children if child.type in _KEYS), None)
        if header is None:
            return
        keys = _key_nodes(header)
        path = (*self._walk(keys[:-1], ()), self._text_of(keys[-1]))
        place = self._place(node)
        if node.type == "table_array_element":
            index = self._lengths.get(path, 0)
            if index == 0 and path in self._keys:
                self._twice.append(Twice(path, self._keys[path], place))
            self._lengths[path] = index + 1
            self._keys.setdefault(path, place)
            path += (index,)
            self._keys[path] = place
        else:
            closed = (self._headers, self._dotted, self._values, self._lengths)
            if any(path in paths for paths in closed):
                self._twice.append(Twice(path, self._keys[path], place))
            self._headers.add(path)
            self._keys[path] = self._keys[path] if path in self._values else place
        for child in node.children:
            if child.type == "pair":
                self._read_pair(child, path)

    def _read_pair(self, node: Node, base: Path) -> None:
        # A comment at the end of the line is a child of the pair too.
        parts = [child for child in node.children if child.is_named and child.type != "comment"]
        if len(parts) != 2 or parts[0].type not in _KEYS:
            return
        key, value = parts
        keys = _key_nodes(key)
        parent = self._walk(keys[:-1], base)
        self._dotted.update(parent[:depth] for depth in range(len(base) + 1, len(parent) + 1))
        path = (*parent, self._text_of(keys[-1]))
        place = self._place(keys[-1])
        if path in self._keys:
            self._twice.append(Twice(path, self._keys[path], place))
        self._keys.setdefault(path, place)
        self._read_value(value, path)

    def _read_value(self, node: Node, path: Path) -> None:
        self._values.setdefault(path, self._place(node))
        if node.type == "inline_table":
            for child in node.children:
                if child.type == "pair":
                    self._read_pair(child, path)
        elif node.type == "array":
            items = (c for c in node.children if c.is_named and c.type != "comment")
            for index, child in enumerate(items):
                self._read_value(child, (*path, index))
        elif node.type == "string":
            self._strings.setdefault(path, node)
        elif node.type == "integer":
            length = node.end_byte - node.start_byte
            self._integers.append(Number(path, self._place(node), length))

    def _walk(self, keys: list[Node], path: Path) -> Path:
        """Go down the parents of a key; an array of tables means its last element."""
        for node in keys:
            path += (self._text_of(node),)
            self._keys.setdefault(path, self._place(node))
            if path in self._values:
                self._twice.append(Twice(path, self._keys[path], self._place(node)))
            if path in self._lengths:
                path += (self._lengths[path] - 1,)
        return path

    def _text_of(self, node: Node) -> str:
        text = self._source[node.start_byte : node.end_byte].decode("utf-8", "replace")
        if node.type != "quoted_key":
            return text
        try:
            value = tomllib.loads(f"key = {text}")["key"]
        except tomllib.TOMLDecodeError:
            return text
        return str(value)

    def _place(self, node: Node) -> Place:
        """Give the place in octets, which costs nothing; ``_in_characters`` is for the few."""
        row, column = node.start_point
        return Place(row + 1, column + 1)

    def _in_characters(self, place: Place) -> Place:
        before = self._lines[place.line - 1][: place.column - 1]
        return Place(place.line, len(before.decode("utf-8", "replace")) + 1)


def _key_nodes(node: Node) -> list[Node]:
    """Give the parts of a dotted key, which the grammar nests to the left, in order."""
    parts: list[Node] = []
    while node.type == "dotted_key":
        named = [child for child in node.children if child.is_named]
        if len(named) < 2:
            break
        parts.append(named[-1])
        node = named[0]
    return [node, *reversed(parts)]
