"""Hosts' names made unreadable, for a screen that others look at: as wide, and told apart.

What is masked is the text that is painted, last of all: whatever pane it is in, nothing keeps the
name. Rows, cursors, filters, copies and exports go on with the real ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pooltop.core.snapshot import OriginSnapshot, Snapshot
from pooltop.present.clean import ELLIPSIS, clean

_ADDRESS = re.compile(r"(?<![\w.])(?!127\.)\d{1,3}(?:\.\d{1,3}){3}(?![\w.])")
"""IPv4, whoever speaks of it, but for this machine's own."""
_WORD = re.compile(rf"{ELLIPSIS}?[\w.-]+{ELLIPSIS}?")
"""What a host's name can be in a text, clipped or not."""
_OWN = ("127.", "::1")
"""This machine's own addresses tell nothing."""
_LEAST = 2
"""Characters of a clipped name by which it is known."""


def names_in(snapshot: Snapshot) -> tuple[str, ...]:
    """Give what is to be masked of an instant, as the screen has it: the rows' hosts first."""
    origins = [origin for agent in snapshot.agents for origin in agent.origins]
    found = dict.fromkeys(clean(origin.host) for origin in origins)
    for origin in origins:
        for name in _beside(origin):
            found.setdefault(clean(name))
    return tuple(name for name in found if name and not name.startswith(_OWN))


def _beside(origin: OriginSnapshot) -> Iterator[str]:
    """Give what else names a host, or somebody on the way to it."""
    for certificate in origin.certificates:
        yield certificate.subject
        yield from (name.partition(":")[2] for name in certificate.names)
    for word in origin.apart.replace(",", " ").split():
        if "." in word or "/" in word:
            yield word.removeprefix("unix:")
    for socket in (*origin.sockets, *origin.free_sockets):
        yield socket.remote.rpartition(":")[0].strip("[]")
        yield socket.via.partition("//")[2].rpartition(":")[0]


class Mask:
    """Masks these names, wherever they stand in a text; clipped ones too."""

    def __init__(self, names: Iterable[str]) -> None:
        """Number them in their order."""
        self.names = tuple(dict.fromkeys(names))
        self._numbers: dict[str, int] = {}
        for number, name in enumerate(self.names, 1):
            self._numbers.setdefault(name, number)
            self._numbers.setdefault(name.lstrip("*."), number)
        # A path, or an IPv6 address: no word of a text.
        self._odd = [name for name in self.names if _WORD.fullmatch(name.lstrip("*.")) is None]

    def __call__(self, text: str) -> str:
        """Give the text, as wide, without the names."""
        for name in self._odd:
            if name in text:
                text = text.replace(name, self._alias(name))
        text = _WORD.sub(self._word, text)
        return _ADDRESS.sub(lambda found: "x" * len(found[0]), text)

    def _word(self, found: re.Match[str]) -> str:
        word = found[0]
        bare = word.strip(f".{ELLIPSIS}")
        if bare in self._numbers:
            return word.replace(bare, self._alias(bare))
        is_cut = len(bare) >= _LEAST and (
            (word.endswith(ELLIPSIS) and any(name.startswith(bare) for name in self._numbers))
            or (word.startswith(ELLIPSIS) and any(name.endswith(bare) for name in self._numbers))
        )
        # Which one was clipped need not be known.
        return word.replace(bare, "x" * len(bare)) if is_cut else word

    def _alias(self, name: str) -> str:
        return f"host-{self._numbers[name]}"[: len(name)].ljust(len(name), "x")
