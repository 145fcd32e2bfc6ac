"""Lines of a snippet: comments of a width, options with the reason above them."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import wrap
from typing import NamedTuple

from pooltop.takehome.literals import remark
from pooltop.takehome.pool import Pool

_WIDTH = 92


class Option(NamedTuple):
    """One option as code."""

    name: str
    value: str
    """A literal, or an expression of ours."""
    why: str = ""
    """What is not the same as in pooltop, or surprises; empty where it means what it says."""


def comment(mark: str, text: str, indent: str = "", hanging: str = "") -> list[str]:
    """Give a text as comments on as many lines as it needs.

    Args:
        mark: what begins a comment that ends with its line.
        text: raw.
        indent: before the mark.
        hanging: behind it, from the second line on.
    """
    lead = f"{indent}{mark} "
    return wrap(
        remark(text),
        _WIDTH,
        break_on_hyphens=False,
        break_long_words=False,
        initial_indent=lead,
        subsequent_indent=lead + hanging,
    )


def head(mark: str, pool: Pool, title: str, remarks: Iterable[str] = ()) -> list[str]:
    """Give the first lines: what this is, and what of the agent it cannot say."""
    what = f'The limits of agent "{pool.name[:60]}" ({pool.kind}) of pooltop'
    lines = comment(mark, f"{what}, for {title}.")
    for text in remarks:
        lines += comment(mark, f"- {text}", hanging="  ")
    return lines


def arguments(options: Iterable[Option], indent: str) -> list[str]:
    """Give options as named arguments of Python, each below its reason."""
    lines: list[str] = []
    for option in options:
        if option.why:
            lines += comment("#", option.why, indent)
        lines.append(f"{indent}{option.name}={option.value},")
    return lines


def text_of(lines: Iterable[str]) -> str:
    """Give the file."""
    return "".join(f"{line}\n" for line in lines)
