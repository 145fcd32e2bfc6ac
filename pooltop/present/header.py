"""The two lines that are always there: what is watched and how, and who is in trouble."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pooltop.core.snapshot import Snapshot, WorkloadSnapshot
from pooltop.core.thresholds import EXIT_FAILED
from pooltop.present import units
from pooltop.present.clean import clean
from pooltop.present.keys import STANDARD, Keymap
from pooltop.present.line import Ink, Line, Span, spread, width_of

State = Literal["WAITING", "LIVE", "SILENT", "FROZEN", "REPLAY", "ENDED"]
_STATE_INK: dict[State, Ink] = {
    "WAITING": "warn",
    "LIVE": "tag.live",
    "SILENT": "tag.locked",
    "FROZEN": "tag.frozen",
    "REPLAY": "tag.frozen",
    "ENDED": "tag.locked",
}


_NAME = " pooltop "


@dataclass(frozen=True, slots=True)
class HeaderFacts:
    """What the header says."""

    title: str
    state: State
    window_s: float
    beside: State | None = None
    """What is the matter with the engine while a frozen screen says FROZEN; None for nothing."""
    detail: str = ""
    """Behind the state: the rate of updates, how far behind a frozen screen is."""
    req_s: float | None = None
    dropped_s: float = 0.0
    """Arrivals per second that were due and not sent: too many requests were under way."""
    refused: str = ""
    """"LOCKED" or "READ-ONLY" where what changes something is refused; empty where it is not."""
    mode: str = ""
    """The live mode of the focused agent, with a hint when others differ."""
    standing: Line = ()
    """How this viewer stands to the write lock; empty for an engine that only it can reach."""
    recorded: str = ""
    """How much was recorded, e.g. "REC 4.1M"; empty when nothing is."""
    reverts_in_s: float | None = None
    """When the next edit is put back unless it is kept; None for never."""
    edits: int = 0
    """Options and workloads that are not as in the profile."""
    load: str = ""
    """"PAUSED", "STOPPED", "DONE"; empty while it runs."""
    fails: int = 0
    """Thresholds that fail: as it is, the run ends with exit status 99."""
    wall_at: float | None = None
    advice: int = 0
    """Cards of advice that hold."""


def header_line(facts: HeaderFacts, width: int, keys: Keymap = STANDARD) -> Line:
    """Give the header in ``width`` cells; what matters least goes first when it is narrow."""
    state: list[Span] = [(f" {facts.state} ", _STATE_INK[facts.state])]
    if facts.beside is not None:
        state += [(" ", "text"), (f" {facts.beside} ", _STATE_INK[facts.beside])]
    if facts.detail:
        state.append((f" {facts.detail}", "text"))
    right: list[Span] = [
        (f" {facts.refused} ", "tag.locked") if facts.refused else (" UNLOCKED ", "tag.open"),
    ]
    if facts.mode:
        right.append((f" {facts.mode} ", "tag.mode"))
    # The name gives way before the state does. Of a path the end says most.
    room = width - width_of(tuple(state)) - width_of(tuple(right)) - 2
    title = clean(facts.title.rstrip("/").rpartition("/")[2], max(0, min(28, room - 12)))
    left: list[Span] = []
    if room >= len(_NAME):
        left.append((_NAME, "strong"))
    if title:
        left.append((f"{title}  ", "accent"))
    left += state
    clock: Span | None = None
    if facts.wall_at is not None:
        clock = (f"  {units.clock(facts.wall_at)} ", "text")
    room = width - width_of(tuple(left)) - width_of(tuple(right)) - 2
    if clock is not None and width_of((clock,)) <= room:
        right.append(clock)
        room -= width_of((clock,))
    for span in _optional(facts, keys):
        if width_of((span,)) <= room:
            left.append(span)
            room -= width_of((span,))
    return spread(left, right, width)


def _optional(facts: HeaderFacts, keys: Keymap) -> list[Span]:
    """Give what is shown as far as there is room, the most wanted first."""
    spans: list[Span] = []
    if facts.load:
        spans.append((f"  LOAD {facts.load}", "warn"))
    if facts.fails:
        more = f" {facts.fails}" if facts.fails > 1 else ""
        spans.append((f"  {EXIT_FAILED} FAILS{more}", "bad"))
    if facts.advice:
        spans.append((f"  {keys.first('page_advice')} {facts.advice} advice", "warn"))
    spans.append((f"  {units.rate(facts.req_s)} req/s", "strong"))
    if facts.dropped_s > 0:
        spans.append((f"  {units.rate(facts.dropped_s)}/s dropped", "bad"))
    spans += [
        (f"  win {units.window(facts.window_s)}", "text"),
    ]
    if facts.edits:
        spans.append((f"  {facts.edits} edit{'' if facts.edits == 1 else 's'}", "accent"))
    if facts.reverts_in_s is not None:
        spans.append((f"  {keys.first('keep')} keep {units.age(facts.reverts_in_s)}", "warn"))
    if facts.recorded:
        ink: Ink = "bad" if "STOPPED" in facts.recorded else "dim"
        spans.append((f"  {facts.recorded}", ink))
    spans += [(f"  {text}", ink) for text, ink in facts.standing]
    return spans


def mode_of(snapshot: Snapshot, agent: str | None) -> str:
    """Give ``NODE`` or ``DRAIN`` as the agent has it, ``NODE here`` where another differs."""
    modes = {one.name: one.options.live.upper() for one in snapshot.agents}
    if not modes:
        return ""
    own = modes.get(agent or "", next(iter(modes.values())))
    return own if len(set(modes.values())) == 1 else f"{own} here"


def load_of(workloads: Sequence[WorkloadSnapshot]) -> str:
    """Give ``PAUSED``, ``STOPPED`` or ``DONE`` when all that could run are so; else nothing."""
    every = {workload.state for workload in workloads}
    states = every - {"done"} or every
    if len(states) != 1:
        return ""
    state = clean(states.pop(), 12).upper()
    return "" if state == "RUNNING" else state
