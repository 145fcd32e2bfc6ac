"""Statements under their names, in a pane of any size: what matters least goes first.

A pane is a list of Blocks in the order in which they are read. Each is a name and some parts; a
part is one statement, which is shown whole or not at all, so that nothing half said misleads.
Where not everything fits, the first part of every block goes before the second part of any, and
among blocks the one of lower rank before the others. Lines are broken between words; a word that
is wider than the pane continues on the next line.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from pooltop.present.clean import ELLIPSIS, cells, clip
from pooltop.present.line import Ink, Line, Span, text_of, width_of

Mode = Literal["flow", "row", "drawn"]
SEPARATOR = "  "
"""Between two parts on one line."""
_GUTTER = 13
"""Cells of the names' column: the longest name and a gap."""
_WIDE = 56
"""Width from which on names have a column of their own."""
_INDENT = 2


@dataclass(frozen=True, slots=True)
class Part:
    """One statement; its text is clean."""

    line: Line
    mode: Mode = "flow"
    """"flow" stands behind the part before it as long as there is room, "row" begins a line;
    "drawn" has a line of its own and fits as it is: a bar is not broken, and not copied."""


def part(*spans: Span | str, mode: Mode = "flow") -> Part:
    """Give a statement of spans; a bare string has the ink ``text``."""
    return Part(tuple((s, "text") if isinstance(s, str) else s for s in spans), mode)


def named(name: str, value: str, ink: Ink = "text") -> Part:
    """Give e.g. ``age 9m12``: a dim word and its value."""
    return Part(((f"{name} ", "dim"), (value, ink)))


@dataclass(frozen=True, slots=True)
class Block:
    """Statements about one matter."""

    name: str
    """In capitals; empty where they speak for themselves."""
    parts: Sequence[Part] = field(default_factory=tuple)
    """The most important first; a block without any is not shown."""
    rank: int = 0
    """The lower, the longer it stays."""


def room_in(width: int) -> int:
    """Give the cells that a drawn part has in a pane of so many."""
    return max(0, width - (_GUTTER if width >= _WIDE else _INDENT))


def lay_out(blocks: Iterable[Block], width: int, height: int) -> list[Line]:
    """Give at most ``height`` lines of at most ``width`` cells."""
    wanted = [block for block in blocks if block.parts]
    if width < 1 or height < 1:
        return []
    whole = [_lines(block, block.parts, width) for block in wanted]
    if sum(map(len, whole)) > height:
        whole = _chosen(wanted, width, height)
    return [line for lines in whole for line in lines]


def _chosen(blocks: Sequence[Block], width: int, height: int) -> list[list[Line]]:
    order = sorted(range(len(blocks)), key=lambda place: blocks[place].rank)
    parts: list[list[Part]] = [[] for _ in blocks]
    lines: list[list[Line]] = [[] for _ in blocks]
    left = height

    def add(place: int, one: Part) -> None:
        nonlocal left
        longer = _lines(blocks[place], [*parts[place], one], width)
        more = len(longer) - len(lines[place])
        if more <= left:
            parts[place].append(one)
            lines[place] = longer
            left -= more

    for place in order:
        add(place, blocks[place].parts[0])
    for place in order:
        # Without its first statement the others would be read as something else.
        for one in blocks[place].parts[1:] if parts[place] else ():
            add(place, one)
    return lines


def _lines(block: Block, parts: Iterable[Part], width: int) -> list[Line]:
    """Give a block's lines with these of its parts."""
    gutter = _GUTTER if width >= _WIDE and block.name else 0
    hang = 0 if gutter or not block.name or width <= _INDENT else _INDENT
    area = width - gutter
    title: Line = ((f"{block.name} ", "title"),) if block.name and not gutter else ()
    out: list[Line] = []
    goes_on = False
    for one in parts:
        body = tuple(span for span in one.line if span[0])
        if one.mode == "drawn":
            if title and not out:
                out.append(((block.name, "title"),))
            out.append((*_blank(hang), *body))
        else:
            # In a narrow pane the first statement begins behind the name.
            body = body if out else (*title, *body)
            longer = (*out[-1], (SEPARATOR, "text"), *body) if out else body
            if goes_on and one.mode == "flow" and width_of(longer) <= area:
                out[-1] = longer
            else:
                lines = wrapped(body, area - hang)
                out.extend((*_blank(hang if out or at else 0), *x) for at, x in enumerate(lines))
        goes_on = one.mode != "drawn"
    if gutter:
        names = [block.name.ljust(gutter)] + [" " * gutter] * len(out)
        out = [((name, "title"), *line) for name, line in zip(names, out, strict=False)]
    return [clipped(line, width) for line in out]


def _blank(size: int) -> Line:
    return ((" " * size, "text"),) if size else ()


def clipped(line: Line, width: int) -> Line:
    """Give a line that fits, whatever it is: only panes narrower than a name need it."""
    left = width
    out: list[Span] = []
    for text, ink in line:
        kept = clip(text, left)
        out.append((kept, ink))
        left -= cells(kept)
        if kept != text:
            break
    return tuple(out)


def wrapped(line: Line, width: int) -> list[Line]:
    """Give the line broken between words into lines of at most ``width`` cells.

    Args:
        line: Clean; several spaces between words become one.
        width: In cells, at least 1.
    """
    lines: list[list[Span]] = [[]]
    used = 0
    for word in _words(line):
        size = width_of(word)
        if lines[-1] and used + 1 + size <= width:
            lines[-1] += [(" ", word[0][1]), *word]
            used += 1 + size
            continue
        for piece in _broken(word, width):
            if lines[-1]:
                lines.append([])
            lines[-1].extend(piece)
            used = width_of(piece)
    return [_merged(spans) for spans in lines]


def _words(line: Line) -> list[Line]:
    words: list[list[Span]] = [[]]
    for text, ink in line:
        for place, piece in enumerate(text.split(" ")):
            if place and words[-1]:
                words.append([])
            if piece:
                words[-1].append((piece, ink))
    return [tuple(word) for word in words if word]


def _broken(word: Line, width: int) -> list[Line]:
    """Give a word in pieces that fit, as a rule a single one."""
    if width_of(word) <= width:
        return [word]
    pieces: list[list[Span]] = [[]]
    left = width
    for text, ink in word:
        for char in text:
            size = cells(char)
            if size > left:
                pieces.append([])
                left = width
            # A wide character in a pane of one cell.
            shown = char if size <= width else ELLIPSIS
            pieces[-1].append((shown, ink))
            left -= cells(shown)
    return [_merged(piece) for piece in pieces if piece]


def _merged(spans: Iterable[Span]) -> Line:
    out: list[Span] = []
    for text, ink in spans:
        if out and out[-1][1] == ink:
            out[-1] = (out[-1][0] + text, ink)
        else:
            out.append((text, ink))
    return tuple(out)


def as_text(title: str, blocks: Iterable[Block]) -> str:
    """Give everything as plain text to be copied, a line for each block and each of its rows."""
    lines = [title]
    for block in blocks:
        rows: list[str] = []
        for one in block.parts:
            if one.mode == "flow" and rows:
                rows[-1] += SEPARATOR + text_of(one.line)
            elif one.mode != "drawn":
                rows.append(text_of(one.line))
        name = block.name
        for row in rows:
            lines.append(f"{name:<{_GUTTER}}{row}".rstrip())
            name = ""
    return "\n".join(lines) + "\n"
