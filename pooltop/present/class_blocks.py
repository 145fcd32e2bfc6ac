"""What became of each request class of a workload: counts, causes, and where the time went."""

from __future__ import annotations

from collections.abc import Mapping

from pooltop.core.class_snapshot import ClassSnapshot
from pooltop.present import units
from pooltop.present.blocks import Block, Part, named, part
from pooltop.present.class_track import ClassTook
from pooltop.present.clean import clean
from pooltop.present.faults import cause_words, counts
from pooltop.present.life import Phase, Stretch, life_bar

_RANK = 6
"""After all that is said of the whole workload."""
_BY_WORD = {phase.word: phase for phase in Phase}


def class_blocks(
    classes: tuple[ClassSnapshot, ...], took: Mapping[str, ClassTook], width: int
) -> list[Block]:
    """Give a block for each class: its counts, and below them where its time went.

    Not one for all of them: where there is little room what is told of one could stand behind the
    name of another.

    Args:
        classes: totals since the start.
        took: how long those took that were completed within the window, by the class's name.
        width: cells that a bar has.
    """
    blocks = []
    for each in classes:
        time = _time(took[each.name], width) if each.name in took else []
        blocks.append(Block("REQUESTS", [*_counts(each), *time], _RANK))
    return blocks


def _counts(each: ClassSnapshot) -> list[Part]:
    parts = [
        part((clean(each.name, 40), "strong"), mode="row"),
        named("sent", units.count(each.sent)),
        named("completed", units.count(each.completed)),
    ]
    if each.failed:
        words = f"{units.count(sum(each.failed.values()))} ({cause_words(each.failed)})"
        parts.append(named("failed", words, "bad"))
    if each.unexpected:
        words = f"{units.count(sum(each.unexpected.values()))} ({counts(each.unexpected)})"
        parts.append(named("unexpected", words, "bad"))
    return parts


def _time(took: ClassTook, width: int) -> list[Part]:
    quantiles = (("p50", took.p50), ("p95", took.p95), ("p99", took.p99), ("mean", took.mean))
    (first, seconds), *others = quantiles
    parts = [part((f"{first} ", "dim"), (units.duration(seconds), "text"), mode="row")]
    parts += [named(name, units.duration(value)) for name, value in others]
    stretches: list[Stretch] = []
    at = 0.0
    for word, spent in took.spent:
        phase = _BY_WORD[word]
        name = "begun late" if phase is Phase.START else word
        share = units.share(spent / took.mean)
        parts.append(part((phase.letter, phase.ink), (f" {name} ", "dim"), (share, "text")))
        stretches.append(Stretch(phase, at, at + spent))
        at += spent
    bar = life_bar(stretches, at, took.mean, width)
    return [*parts, Part(bar, "drawn")] if bar else parts
