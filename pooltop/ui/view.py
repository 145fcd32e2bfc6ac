"""What one frame is drawn from: the instant, its past, and what the reader has chosen to see."""

from __future__ import annotations

from dataclasses import dataclass

from pooltop.core.company import Company
from pooltop.core.snapshot import AgentSnapshot, OriginSnapshot, Snapshot
from pooltop.lessons.player import LessonPlayer
from pooltop.present.alerts import AlertId
from pooltop.present.header import HeaderFacts
from pooltop.present.history import History, HostId
from pooltop.present.hosts import names_of
from pooltop.present.inspector import HostSubject, RequestSubject, SocketSubject, Subject
from pooltop.present.keys import STANDARD, Keymap
from pooltop.present.line import Line
from pooltop.present.transport import TransportFacts
from pooltop.present.whatif import Promise, Study
from pooltop.ui.desk import Undoes
from pooltop.ui.logbook import Logbook


def host_of(subject: Subject | None) -> HostId | None:
    """Give the host that a subject belongs to; None for a workload, and for nothing."""
    match subject:
        case HostSubject() | SocketSubject() | RequestSubject():
            return subject.host
        case _:
            return None


@dataclass(frozen=True, slots=True)
class View:
    """What is to be seen."""

    snapshot: Snapshot | None
    """The instant shown; None before the first."""
    live: Snapshot | None
    """The newest instant: what an edit form shows even on a frozen screen."""
    history: History
    logbook: Logbook
    until: float | None
    """Nothing that happened after this second is shown; None while the screen follows."""
    header: HeaderFacts
    now: float
    """The reader's own clock: how long an order of rows is held."""
    host: HostId | None = None
    """The host in focus: what the pages of sockets and requests are about."""
    all_hosts: bool = False
    """Whether those pages are about every host instead."""
    plot: int | None = None
    """Which plot is maximised; None shows as many as fit."""
    inspecting: bool = False
    """Whether the inspector covers the page."""
    undoes: Undoes | None = None
    """What the key that takes an edit back would take back; None for nothing."""
    stale: bool = False
    locked: bool = False
    """Whether what changes something is refused, for whatever reason."""
    status: Line = ()
    """What happened last."""
    is_news: bool = True
    """Whether that was just now: for so long it stands in place of the keys, if nowhere else."""
    note: str = ""
    """What a table says while there is no snapshot."""
    ascii_only: bool = False
    keys: Keymap = STANDARD
    company: Company | None = None
    """Who else watches the engine; None where nobody can."""
    transport: TransportFacts | None = None
    """Where a recording stands; None for a live engine."""
    acknowledged: frozenset[AlertId] = frozenset()
    """Alerts that the reader has seen and put aside."""
    lesson: LessonPlayer | None = None
    """Whose step stands at the bottom; None for no lesson."""
    explained: bool = False
    """Whether what the lesson is about stands there instead."""
    presents: bool = False
    """Whether what is measured of its step covers the page, in large digits."""
    study: Study | None = None
    """The host under other limits, where that covers the page; None while it does not."""
    promises: tuple[Promise, ...] = ()
    """What was foretold of edits."""
    alert: AlertId | None = None
    """The one that is shown; None for the gravest that was not put aside."""


def find(
    snapshot: Snapshot | None, host: HostId | None
) -> tuple[AgentSnapshot | None, OriginSnapshot | None]:
    """Give the agent and the origin of a host; None for what is not there (any more)."""
    if snapshot is None or host is None:
        return (None, None)
    agent = next((one for one in snapshot.agents if one.name == host.agent), None)
    if agent is None:
        return (None, None)
    return (agent, next((one for one in agent.origins if one.key == host.origin), None))


def name_of(snapshot: Snapshot | None, host: HostId | None) -> str:
    """Give a host's name as its row has it, told from all others; empty for what is not there."""
    if snapshot is None or host is None:
        return ""
    names = names_of(snapshot)
    return str(names[host]) if host in names else ""
