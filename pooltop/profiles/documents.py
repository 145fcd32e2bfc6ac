"""A profile's texts: the file that was named, and those that it includes, as layers.

What is included comes first, so that the including file wins. ``${...}`` in ``include`` is filled
in before, and ``[env] required`` is looked at in every text by itself: what one file needs, no
other can waive.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from pooltop.profiles import interpolate
from pooltop.profiles.files import LARGEST, FileRefusedError, decode, read_regular
from pooltop.profiles.filled import is_complete
from pooltop.profiles.kinds import Fault, Refused
from pooltop.profiles.layers import Layer
from pooltop.profiles.report import Report
from pooltop.profiles.shown import Path, printable, quoted
from pooltop.profiles.spelling import spelt
from pooltop.profiles.syntax import SyntaxRefusedError, parse
from pooltop.profiles.tables import ENV, INCLUDE

DEEPEST = 8
"""Files within files, the named one included."""
MOST = 32
"""Files of one profile; together they may be as large as one alone."""


def read_documents(
    text: str, path: str, sources: interpolate.Sources, report: Report
) -> list[Layer] | None:
    """Give the layers of a text and of all that it includes, lowest first.

    None where one of the texts cannot be had: what the others lack may stand there.

    Args:
        text: of the file that was named.
        path: of that file, as it was named.
        sources: what references stand for.
        report: takes what is wrong with the texts themselves.
    """
    reader = _Reader(sources, report)
    layers = reader.read(text, path, ())
    return layers if reader.is_whole else None


class _Reader:
    def __init__(self, sources: interpolate.Sources, report: Report) -> None:
        self._sources = sources
        self._report = report
        self._count = self._size = 0
        self.is_whole = True

    def read(self, text: str, path: str, within: tuple[str, ...]) -> list[Layer]:
        """Read one text and what it includes; ``within`` are the files that lead to it."""
        self._count += 1
        self._size += len(text)
        text = text.removeprefix("\ufeff")
        name = printable(path)
        try:
            parsed = parse(text)
        except SyntaxRefusedError as error:
            self._report.refuse_text(Layer(name, {}, text), error)
            self.is_whole = False
            return []
        found = spelt(parsed)
        included = found.tree.get("include")
        layer = Layer(
            name=name,
            tree=found.tree,
            text=text,
            folder=os.path.dirname(path),
            spelled=found.spelled,
        )
        for at, key in found.twice:
            message = f"{key} says the same: keep one of them."
            self._report.add(at, "P017", message, on_key=True, layer=layer)
        self._require(layer)
        below: list[Layer] = []
        if included is not None:
            for place, file in self._included(included, layer):
                below += self._include(file, place, layer, (*within, path))
        return [*below, layer]

    def _require(self, layer: Layer) -> None:
        """Tell which variables a text asks for and does not get."""
        table = layer.tree.get("env")
        names = table.get(ENV.fields[0].name) if isinstance(table, dict) else None
        for index, name in enumerate(names if isinstance(names, list) else ()):
            if isinstance(name, str) and name not in self._sources.environ:
                path: Path = ("env", "required", index)
                message = f"{printable(name)} is not set, and this profile needs it."
                self._report.add(path, "P040", message, layer=layer)

    def _included(self, value: object, layer: Layer) -> Iterator[tuple[Path, str]]:
        """Give what a text includes, each with its place."""
        tree: dict[str, object] = {"include": value}
        filled = interpolate.fill(tree, self._sources, self._report, layer=layer)["include"]
        if not is_complete(filled):
            self.is_whole = False
            return
        try:
            files = INCLUDE.read(filled)
        except Refused as verdict:
            self.is_whole = False
            for fault in verdict.faults:
                at = ("include", *fault.at)
                self._report.add(at, fault.code, fault.message, layer=layer)
            return
        is_alone = isinstance(value, str)
        for index, file in enumerate(files):
            yield ("include",) if is_alone else ("include", index), str(file)

    def _include(
        self, file: str, place: Path, layer: Layer, within: tuple[str, ...]
    ) -> list[Layer]:
        path = os.path.normpath(os.path.join(layer.folder, file))
        reals = [os.path.realpath(each) for each in within]
        real = os.path.realpath(path)
        refusal = self._why_not(path, real, reals, within)
        if refusal is None:
            try:
                text = decode(read_regular(path, LARGEST))
            except FileRefusedError as error:
                refusal = Fault(error.code, f"{quoted(path)}: {error.message}")
            else:
                if self._size + len(text) <= LARGEST:
                    return self.read(text, path, within)
                limit = f"larger than {LARGEST // 1024} KiB, which is the limit."
                refusal = Fault("P002", f"all files together are {limit}")
        self.is_whole = False
        self._report.add(place, refusal.code, refusal.message, layer=layer)
        return []

    def _why_not(
        self, path: str, real: str, reals: list[str], within: tuple[str, ...]
    ) -> Fault | None:
        """Say why a file is not to be included, whatever is in it."""
        if real in reals:
            ring = " includes ".join(printable(each) for each in within[reals.index(real) :])
            return Fault("P044", f"a cycle: {ring} includes {printable(path)}.")
        if len(within) >= DEEPEST:
            return Fault("P007", f"files include files {DEEPEST} deep at most.")
        if self._count >= MOST:
            return Fault("P007", f"a profile is made of {MOST} files at most.")
        return None
