"""What a viewer and an engine process say to each other, byte for byte.

A message is a tagged msgspec Struct as MessagePack behind its length (4 bytes, big-endian).
Every update holds a whole snapshot, so a viewer that missed some needs no repair.

Rules of this file: VERSION goes up with any change that an older peer would misread, and the
golden file in tests/sources changes with it. A field may be added with a default without that, at
the end where a struct is told as an array: unknown fields are ignored, missing ones take their
default.

Order: the engine says Hello. Over an inherited socket the only viewer sends Run once; then Updates
come, and every SubmitEdit and SubmitControl gets one EditDone, ControlDone or Refused with its
number. Goodbye is the last message of whoever sends it.

An engine in the background is sent Launch once over an inherited socket, says Launched when its
load runs (or Goodbye), and listens from then on. Whoever connects sends, first and once, one of:
Attach, to watch as above (TakeLock and ReleaseLock are answered like a control); Describe, which
is answered with Description; or Finish, which ends the engine. Hello comes first so that a version
that cannot be understood is told in words.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec

from pooltop.core.company import Company
from pooltop.core.detail import Watch
from pooltop.core.edits import Control, Edit, EditOutcome
from pooltop.core.model import Profile
from pooltop.core.snapshot import JournalEntry, Snapshot
from pooltop.errors import EngineError

VERSION = 5
LARGEST_BYTES = 64 * 1024 * 1024
"""Of one message: some 200,000 sockets. More is taken for a broken stream."""
LARGEST_REQUEST_BYTES = 64 * 1024
"""Likewise of what an engine in the background is sent by whoever connects."""
_LENGTH_BYTES = 4
_ROOM_BYTES = 64 * 1024
_KEPT_BYTES = 8 * 1024 * 1024
"""Room that was needed once and is larger is not kept."""


class Hello(msgspec.Struct, frozen=True, kw_only=True, tag="hello"):
    """The engine is there and waits for its profile."""

    version: int
    pid: int
    title: str = "pooltop engine"


class Update(msgspec.Struct, frozen=True, kw_only=True, tag="update"):
    """The engine's picture, and its journal since the previous update."""

    snapshot: Snapshot
    entries: tuple[JournalEntry, ...] = ()
    dropped: int = 0
    """Journal entries lost since the previous update."""
    company: Company | None = None
    """All who watch this engine; None where nobody else can."""


class EditDone(msgspec.Struct, frozen=True, kw_only=True, tag="edit-done"):
    """What became of the edit with this number."""

    number: int
    outcome: EditOutcome


class ControlDone(msgspec.Struct, frozen=True, kw_only=True, tag="control-done"):
    """The control with this number was carried out."""

    number: int


class Refused(msgspec.Struct, frozen=True, kw_only=True, tag="refused"):
    """A message was not carried out."""

    number: int
    """Of the edit, the control or what was asked of the lock; 0 for Run and Attach."""
    reason: str


class Goodbye(msgspec.Struct, frozen=True, kw_only=True, tag="goodbye"):
    """Nothing more comes, and why."""

    reason: str


class Launched(msgspec.Struct, frozen=True, kw_only=True, tag="launched"):
    """The load runs, and viewers may attach."""

    name: str
    pid: int


class Description(msgspec.Struct, frozen=True, kw_only=True, tag="description"):
    """What an engine in the background is at."""

    name: str
    pid: int
    profile: str
    """As the header of the dashboard names it; raw."""
    wall_started: float
    """Unix time."""
    viewers: int
    writer: int | None = None
    """Process id of who holds the write lock; None for nobody."""
    load: str = ""
    """"running", "paused", "stopped" or "done"."""
    environment: str = ""


class Run(msgspec.Struct, frozen=True, kw_only=True, tag="run"):
    """Start the load of a profile, and send updates."""

    profile: Profile
    """With every ``demo:`` resolved, and consent given for every host."""
    interval_s: Annotated[float, msgspec.Meta(ge=0.01, le=3600.0)] = 0.5
    """Seconds between two updates."""


class Launch(msgspec.Struct, frozen=True, kw_only=True, tag="launch"):
    """Run a profile in the background."""

    name: str
    """Under which viewers find it."""
    profile: Profile
    """As it was loaded, ``demo:`` not resolved; consent was given for every host."""


class Attach(msgspec.Struct, frozen=True, kw_only=True, tag="attach"):
    """Watch from now on."""

    version: int
    """Of the wire that the viewer speaks."""
    interval_s: Annotated[float, msgspec.Meta(ge=0.1, le=3600.0)] = 0.5
    """Seconds between two updates."""
    kind: Literal["dashboard", "headless"] = "dashboard"
    read_only: bool = False
    """Never hold the write lock."""


class Describe(msgspec.Struct, frozen=True, kw_only=True, tag="describe"):
    """Say what you are at; answered with Description, and closed."""


class Finish(msgspec.Struct, frozen=True, kw_only=True, tag="finish"):
    """Stop the load and end; every viewer is told Goodbye."""


class TakeLock(msgspec.Struct, frozen=True, kw_only=True, tag="take-lock"):
    """Ask for the write lock."""

    number: int
    """Counts from 1, shared with edits and controls."""
    force: bool = False
    """Also from another viewer."""


class ReleaseLock(msgspec.Struct, frozen=True, kw_only=True, tag="release-lock"):
    """Let the write lock go."""

    number: int
    """Counts from 1, shared with edits and controls."""


class SubmitEdit(msgspec.Struct, frozen=True, kw_only=True, tag="edit"):
    """Ask for a live edit."""

    number: int
    """Counts from 1, shared with controls."""
    edit: Edit


class SubmitControl(msgspec.Struct, frozen=True, kw_only=True, tag="control"):
    """Pause, resume or stop the load."""

    number: int
    """Counts from 1, shared with edits."""
    control: Control


class SetWatch(msgspec.Struct, frozen=True, kw_only=True, tag="watch"):
    """Tell the details of this host in every update from now on; never answered."""

    watch: Watch | None
    """None for of no host."""


FromEngine = Hello | Update | EditDone | ControlDone | Refused | Goodbye | Launched | Description
"""What a viewer receives."""
FromWatching = SubmitEdit | SubmitControl | SetWatch | TakeLock | ReleaseLock
"""What an engine receives from whoever watches it."""
FromViewer = FromWatching | Run | Goodbye | Launch | Attach | Describe | Finish
"""What an engine receives."""
Message = FromEngine | FromViewer
"""Either."""


class WireError(EngineError):
    """The peer sent what is no message."""

    code = "ERR_WIRE"


_encoder = msgspec.msgpack.Encoder()


def encode(message: Message) -> bytes:
    """Give a message's bytes, its length before it.

    Raises:
        WireError: it is larger than LARGEST_BYTES, or holds text that is not Unicode.
    """
    try:
        body = _encoder.encode(message)
    except UnicodeEncodeError as error:
        problem = f"a message holds text that cannot be sent: {error}"
        raise WireError(problem) from error
    if len(body) > LARGEST_BYTES:
        problem = f"a message of {len(body)} bytes is larger than {LARGEST_BYTES}"
        raise WireError(problem)
    return len(body).to_bytes(_LENGTH_BYTES, "big") + body


class Frames:
    """Cuts a stream of bytes into the bodies of messages, however it arrives.

    Whoever reads the stream writes into ``room`` and tells ``filled`` how much that was: a picture
    of thousands of sockets is never copied, and all pictures come into the same memory.
    """

    def __init__(self, largest: int = LARGEST_BYTES) -> None:
        """Begin with nothing; a message may have ``largest`` bytes."""
        self._largest = largest
        self._memory = bytearray(_ROOM_BYTES)
        self._end = 0

    def room(self) -> memoryview:
        """Give where the next bytes go, at least one."""
        return memoryview(self._memory)[self._end :]

    def filled(self, count: int) -> Iterator[memoryview]:
        """Take so many bytes, give each body that they complete, to be read before the next one.

        Raises:
            WireError: a length is over the limit; the stream is of no further use.
        """
        self._end += count
        start = 0
        needed = _ROOM_BYTES
        whole = memoryview(self._memory)
        while self._end - start >= _LENGTH_BYTES:
            length = int.from_bytes(whole[start : start + _LENGTH_BYTES], "big")
            if length > self._largest:
                problem = f"a message of {length} bytes is announced, {self._largest} are allowed"
                raise WireError(problem)
            end = start + _LENGTH_BYTES + length
            if self._end < end:
                needed = end - start
                break
            yield whole[start + _LENGTH_BYTES : end]
            start = end
        self._make_room(start, needed)

    def _make_room(self, start: int, needed: int) -> None:
        """Leave out what is before ``start``, and go towards room for so many bytes from there."""
        rest = memoryview(self._memory)[start : self._end]
        have = len(self._memory)
        # Another memory, for whoever fills this one still holds a view of it. No more than twice as
        # large, for what is announced need not come; a little larger than needed, as the next
        # picture will be.
        if have < needed and 2 * len(rest) > have:
            self._memory = bytearray(min(2 * have, needed + needed // 4))
        elif have > _KEPT_BYTES >= needed:
            self._memory = bytearray(_ROOM_BYTES)
        elif not start:
            return
        self._memory[: len(rest)] = rest
        self._end = len(rest)


_from_engine = msgspec.msgpack.Decoder(FromEngine)
_from_viewer = msgspec.msgpack.Decoder(FromViewer)


def read_from_engine(body: bytes | memoryview) -> FromEngine:
    """Give what an engine said.

    Raises:
        WireError: it is no message of an engine.
    """
    try:
        message: FromEngine = _from_engine.decode(body)
    except msgspec.MsgspecError as error:
        problem = f"the engine sent what is no message: {error}"
        raise WireError(problem) from error
    return message


def read_from_viewer(body: bytes | memoryview) -> FromViewer:
    """Give what a viewer said.

    Raises:
        WireError: it is no message of a viewer.
    """
    try:
        message: FromViewer = _from_viewer.decode(body)
    except msgspec.MsgspecError as error:
        problem = f"the viewer sent what is no message: {error}"
        raise WireError(problem) from error
    return message
