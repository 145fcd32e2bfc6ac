"""One line an interval for each host, aligned, with a heading now and then."""

from __future__ import annotations

from collections.abc import Sequence

from pooltop.core.snapshot import Snapshot
from pooltop.present import units
from pooltop.present.clean import cells, clip
from pooltop.present.history import History
from pooltop.present.hosts import HostRow, build_rows
from pooltop.present.labels import label_of
from pooltop.present.tunnels import pending

HEADING_EVERY = 24
"""Lines between two headings."""
_LONGEST_NAME = 48
_NAMES = ("AGENT", "HOST")
_NUMBERS = (
    ("USE/MAX", 9),
    ("FREE", 5),
    ("QUEUE", 6),
    ("OLDEST", 7),
    ("WAIT95", 7),
    ("REQ/S", 6),
    ("REUSE", 6),
    ("ERR", 5),
)
_NOW = len("12:03:41")


class LineFormat:
    """Keeps the columns' widths and the history that rates are taken from."""

    def __init__(self, interval_s: float) -> None:
        """Begin; rates and quantiles cover about one interval."""
        # A little less, so that a timer that ran late does not add the interval before.
        self._window_s = interval_s * 0.9
        self._history = History()
        self._widths = [len(name) for name in _NAMES]
        self._until_heading = 0

    def note(self, snapshot: Snapshot) -> None:
        """Take every snapshot in, printed or not."""
        self._history.add(snapshot)

    def lines(self, snapshot: Snapshot) -> list[str]:
        """Give the lines for a snapshot that was noted; all text in them is clean."""
        now = units.clock(snapshot.wall_at)
        rows = build_rows(snapshot, self._history, window_s=self._window_s)
        if not rows:
            return [f"{now}  no host was sent anything yet"]
        labels = [label_of(origin) for agent in snapshot.agents for origin in agent.origins]
        widths = self._widths
        names = [(row.agent, str(label)) for row, label in zip(rows, labels, strict=True)]
        out: list[str] = []
        if self._widen(names) or self._until_heading <= 0:
            self._until_heading = HEADING_EVERY
            out.append(self._line("TIME", _NAMES, [title for title, _ in _NUMBERS]))
        self._until_heading -= len(rows)
        for row, label in zip(rows, labels, strict=True):
            line = self._line(now, (row.agent, label.fitted(widths[1])), _numbers(row))
            more = [pending(row.tunnels)] if row.tunnels else []
            if row.streams is not None:
                more.append(f"{row.streams.words} streams")
            out.append("  ".join((line, *more)))
        return out

    def _widen(self, names: Sequence[tuple[str, str]]) -> bool:
        """Make room for new names; tells whether the columns moved."""
        before = list(self._widths)
        for pair in names:
            for index, name in enumerate(pair):
                width = min(_LONGEST_NAME, cells(name))
                self._widths[index] = max(self._widths[index], width)
        return before != self._widths

    def _line(self, now: str, names: Sequence[str], numbers: Sequence[str]) -> str:
        parts = [f"{now:<{_NOW}} "]
        for name, width in zip(names, self._widths, strict=True):
            shown = clip(name, width)
            parts.append(shown + " " * (width - cells(shown)))
        parts.extend(
            f"{number:>{width}}" for number, (_, width) in zip(numbers, _NUMBERS, strict=True)
        )
        return " ".join(parts)


def _numbers(row: HostRow) -> list[str]:
    rates = row.rates
    return [
        f"{units.count(row.in_use)}/{units.count(row.limit)}",
        units.count(row.free),
        units.count(row.queued),
        units.duration(row.oldest_s),
        units.duration(rates.wait_p95),
        units.rate(rates.req_s),
        units.share(rates.reuse),
        units.share(rates.errors),
    ]
