"""The picture of What if: the wait in the queue against the limit, and the numbers below it.

On the log axis ``_`` is p50, ``-`` p95 and ``^`` p99, as in the plots of the past; ``:`` is the
band of p95. The present limit stands in ``( )``, the proposed one in ``[ ]``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from pooltop.advise.whatif import Band, Prediction
from pooltop.present import units
from pooltop.present.axis import merged
from pooltop.present.keys import Keymap
from pooltop.present.line import Ink, Line, Span, fit, pad
from pooltop.present.log_plot import decade_above
from pooltop.present.whatif import Study

_LABEL = 8
_LEAST_COLUMN, _MOST_COLUMN = 7, 12
_FLOOR_S = 0.001
_LEAST_PLOT = 3
_SERIES: tuple[tuple[str, Ink], ...] = (("_", "plot.use"), ("-", "plot.queue"), ("^", "plot.hot"))
_BAND = ":"
_SEVERAL = "="


def whatif_lines(study: Study, width: int, height: int, keys: Keymap) -> list[Line]:
    """Give the whole pane in at most ``height`` lines of ``width`` cells.

    Where there is little room the plot goes first, then what is assumed; the numbers stay.
    """
    if height <= 0 or width <= 0:
        return []
    if study.traffic is None or study.proposed is None:
        words = study.problem or "looking at the last seconds"
        return [fit(((f" nothing can be said yet: {words}", "warn"),), width)]
    head = [fit(line, width) for line in (_asked(study), _measured(study))]
    foot = [fit(line, width) for line in _foot(study, keys)]
    shown = _columns(study, max(1, (width - _LABEL) // _LEAST_COLUMN))
    if not shown:
        return [*head, fit(((" working it out ...", "dim"),), width)][:height]
    each = max(_LEAST_COLUMN, min(_MOST_COLUMN, (width - _LABEL) // len(shown)))
    table = [fit(line, width) for line in _table(study, shown, each)]
    room = height - len(head) - len(table) - len(foot)
    if room < _LEAST_PLOT:
        return [head[0], *table, *foot, head[1]][:height]
    plot = [fit(line, width) for line in _plot(study, shown, each, min(room, 20))]
    return [*head, *plot, *table, *foot]


def _asked(study: Study) -> Line:
    assert study.proposed is not None
    now = study.of(study.present)
    then = study.of(float(study.proposed))
    spans: list[Span] = [
        (" maxSockets ", "dim"),
        (f"{units.count(study.present)} ", "strong"),
        ("> ", "dim"),
        (f"[{study.proposed}]", "accent"),
    ]
    if now is not None and then is not None and now is not then:
        spans += [
            ("   wait p95 ", "dim"),
            (f"{units.duration(now.p95.value)} > {units.duration(then.p95.value)}", "strong"),
        ]
    if then is not None:
        spans.append((f"   (likely {_band(then.p95)})", "dim"))
    if then is not None and then.failed:
        spans.append((f"   {units.share(then.failed)} fail waiting", "bad"))
    if study.is_working:
        spans.append(("   working ...", "dim"))
    return tuple(spans)


def _measured(study: Study) -> Line:
    traffic = study.traffic
    assert traffic is not None
    words = (
        f" measured {units.age(traffic.span_s)}, {units.count(traffic.samples)} answers: "
        f"arriving {units.rate(traffic.rate)}/s x {units.duration(traffic.lease.mean_s)} = "
        f"{traffic.load:.1f} sockets in use"
    )
    return ((words, "text"),)


def _foot(study: Study, keys: Keymap) -> list[Line]:
    traffic = study.traffic
    assert traffic is not None
    live = "a raise drains" if traffic.options.live == "drain" else "Node's rules"
    return [
        ((f" assumes the same load and a target as fast with more; {live}", "dim"),),
        (
            (f" {keys.first('less', 'more')} {keys.first('less10', 'more10')}", "key"),
            (" limit   ", "dim"),
            (keys.first("open"), "key"),
            (" apply   ", "dim"),
            (keys.first("escape"), "key"),
            (" leave", "dim"),
        ),
    ]


def _columns(study: Study, most: int) -> list[Prediction]:
    """Give the limits that have room: the marked ones, and others evenly between."""
    curve = study.curve
    if len(curve) <= most:
        return [*curve]
    marked = [i for i, each in enumerate(curve) if each.limit in (study.present, study.proposed)]
    places = set(marked[:most])
    step = (len(curve) - 1) / max(1, most - 1)
    for place in sorted(range(most), key=lambda i: (i not in (0, most - 1), i)):
        if len(places) < most:
            places.add(round(place * step))
    return [curve[i] for i in sorted(places)]


def _table(study: Study, shown: Sequence[Prediction], each: int) -> list[Line]:
    rows: tuple[tuple[str, Callable[[Prediction], str]], ...] = (
        ("used", lambda one: units.share(one.utilisation.value)),
        ("p50", lambda one: units.duration(one.p50.value)),
        ("p95", lambda one: units.duration(one.p95.value)),
        ("p99", lambda one: units.duration(one.p99.value)),
    )
    lines = [_row("limit", [_named(study, one) for one in shown], shown, study, each)]
    lines += [_row(name, [cell(one) for one in shown], shown, study, each) for name, cell in rows]
    return lines


def _row(
    name: str, cells: Sequence[str], shown: Sequence[Prediction], study: Study, each: int
) -> Line:
    spans: list[Span] = [(pad(f" {name}", _LABEL), "plot.axis")]
    for text, one in zip(cells, shown, strict=True):
        # Its last cell stays empty, so that brackets may use it.
        padded = pad(text, each, "right") if text[-1:] in "])" else pad(text, each - 1, "right")
        spans.append((padded if len(padded) == each else f"{padded} ", _ink(study, one)))
    return merged(spans)


def _named(study: Study, one: Prediction) -> str:
    text = units.count(one.limit)
    if one.limit == study.proposed:
        return f"[{text}]"
    return f"({text})" if one.limit == study.present else text


def _ink(study: Study, one: Prediction) -> Ink:
    if one.limit == study.proposed:
        return "accent"
    return "strong" if one.limit == study.present else "text"


def _plot(study: Study, shown: Sequence[Prediction], each: int, height: int) -> list[Line]:
    top = decade_above(max(one.p99.high for one in shown))
    decades = max(1, round(math.log10(top / _FLOOR_S)))

    def row_of(seconds: float) -> int:
        if seconds <= _FLOOR_S:
            return 0
        return min(height - 1, int(math.log10(seconds / _FLOOR_S) / decades * height))

    labels = {
        min(height - 1, decade * height // decades): units.duration(_FLOOR_S * 10**decade)
        for decade in range(decades + 1)
    }
    lines = []
    for row in range(height - 1, -1, -1):
        spans: list[Span] = [(f"{pad(labels.get(row, ''), _LABEL - 2, 'right')} |", "plot.axis")]
        for one in shown:
            glyph, ink = _glyph(one, row, row_of)
            marked = one.limit in (study.present, study.proposed)
            side = "|" if marked and glyph == " " else glyph
            spans.append((" " * (each - 2), "text"))
            spans.append((side, _ink(study, one) if side == "|" else ink))
            spans.append((" ", "text"))
        lines.append(merged(spans))
    return lines


def _glyph(one: Prediction, row: int, row_of: Callable[[float], int]) -> Span:
    here = [
        mark
        for mark, band in zip(_SERIES, (one.p50, one.p95, one.p99), strict=True)
        if row_of(band.value) == row
    ]
    if len(here) > 1:
        return (_SEVERAL, here[-1][1])
    if here:
        return here[0]
    if row_of(one.p95.low) <= row <= row_of(one.p95.high):
        return (_BAND, "plot.queue")
    return (" ", "text")


def _band(band: Band) -> str:
    return f"{units.duration(band.low)} to {units.duration(band.high)}"
