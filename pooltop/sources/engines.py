"""The engines of the background, for whoever has no event loop: start one, list all, end one."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from typing import Self, TypeVar

import msgspec

from pooltop.children import environment, exit_words
from pooltop.core.model import Profile
from pooltop.errors import EngineError
from pooltop.sources.attached import CONNECT_S
from pooltop.sources.consent import require_consent
from pooltop.sources.peer import require_own
from pooltop.sources.rendezvous import Rendezvous, check_name, open_rendezvous
from pooltop.sources.wire import (
    VERSION,
    Describe,
    Description,
    Finish,
    Frames,
    FromEngine,
    Goodbye,
    Hello,
    Launch,
    Launched,
    Message,
    encode,
    read_from_engine,
)

LAUNCH_TIMEOUT_S = 25.0
"""How long an engine may take from its spawn until its load runs."""
STOP_TIMEOUT_S = 2.0
"""How long an engine that is to end may take before it is killed."""
TERM_S = 1.0
"""How long it may take beyond that, once SIGTERM was sent to it."""
_ANSWER_S = 1.0

_M = TypeVar("_M", bound=Message)


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """An engine that lives."""

    name: str
    description: Description | None = None
    """None where it did not answer."""
    problem: str = ""
    """Why not, in words."""


def launch(profile: Profile, name: str) -> Launched:
    """Run a profile in the background; its load runs when this returns.

    Args:
        profile: as it was loaded; consent was given for every host.
        name: under which viewers find it.

    Raises:
        ProfileError: a host needs consent.
        UsageError: it cannot be a name.
        EngineError: the engine could not be started, or says in words why it cannot run this.
    """
    check_name(name)
    require_consent(profile)
    ours, theirs = socket.socketpair()
    with ours, tempfile.TemporaryFile() as errors:
        with theirs:
            child = _spawn(theirs, errors.fileno())
        try:
            talk = _Talk(ours, within_s=LAUNCH_TIMEOUT_S)
            talk.expect(Hello)
            talk.send(Launch(name=name, profile=profile))
            launched = talk.expect(Launched)
        except _Ended as ended:
            words = str(ended)
            if not words:
                _reap(child)
                words = f"the engine {exit_words(child.poll(), errors)}"
            raise EngineError(words) from None
        finally:
            if sys.exc_info()[0] is not None:
                ours.close()
                _reap(child)
    # It is nobody's child from here on: that it is not waited for is no mistake.
    child.returncode = 0
    return launched


def find() -> list[Found]:
    """Give all engines of this user's that live, by name.

    Raises:
        EngineError: the directory where they are found cannot be used.
    """
    with open_rendezvous() as rendezvous:
        return [_describe(rendezvous, name) for name in rendezvous.names()]


def stop(name: str) -> str:
    """End an engine: its load at once, itself within STOP_TIMEOUT_S or TERM_S more; gives how.

    Raises:
        UsageError: it cannot be a name.
        EngineError: there is no such engine, or it is not to be ended.
    """
    with open_rendezvous() as rendezvous:
        deadline = time.monotonic() + STOP_TIMEOUT_S
        with rendezvous.connect(name, within_s=CONNECT_S) as end:
            pid = require_own(end)
            with _Process(pid) as process:
                how = _ask_to_finish(end, process, deadline)
        rendezvous.names()  # which removes what a killed one leaves
    return f"engine {name} (pid {pid}) {how}"


def _ask_to_finish(end: socket.socket, process: _Process, deadline: float) -> str:
    talk = _Talk(end, within_s=STOP_TIMEOUT_S / 2)
    try:
        hello = talk.expect(Hello)
        process.pid = process.pid or hello.pid  # where the kernel does not tell it
        if hello.version == VERSION:
            talk.send(Finish())
        else:
            process.signal(signal.SIGTERM)
        talk.expect(Launched)  # never comes: what is waited for is the end
    except (_Ended, EngineError):
        pass
    if process.has_ended_by(deadline):
        return "has ended"
    # One that takes nobody in may hear this still, and then ends its demo and tells its viewers.
    process.signal(signal.SIGTERM)
    if process.has_ended_by(deadline + TERM_S):
        return "has ended"
    process.signal(signal.SIGKILL)
    if process.has_ended_by(deadline + TERM_S + 1.0):
        return f"did not end within {STOP_TIMEOUT_S + TERM_S:g} s and was killed"
    raise EngineError(f"process {process.pid} cannot be ended")


def _describe(rendezvous: Rendezvous, name: str) -> Found:
    try:
        with rendezvous.connect(name, within_s=CONNECT_S) as end:
            require_own(end)
            talk = _Talk(end, within_s=_ANSWER_S)
            hello = talk.expect(Hello)
            if hello.version != VERSION:
                words = f"speaks version {hello.version} of the wire, not {VERSION}"
                return Found(name=name, problem=words)
            talk.send(Describe())
            return Found(name=name, description=talk.expect(Description))
    except (EngineError, _Ended) as error:
        return Found(name=name, problem=str(error) or "it ended meanwhile")


def _spawn(stdin: socket.socket, stderr: int) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "pooltop.sources.daemon"],
            env=environment(),
            stdin=stdin.fileno(),
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            # Of no terminal: its Ctrl-C and its hanging up are not the engine's.
            start_new_session=True,
        )
    except OSError as error:
        raise EngineError(f"the engine could not be started: {error}") from error


def _reap(child: subprocess.Popen[bytes]) -> None:
    try:
        child.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


class _Ended(Exception):
    """The other side ended the talk; the message is its Goodbye, or empty."""


class _Talk:
    """Messages over a blocking socket, all within one deadline."""

    def __init__(self, end: socket.socket, *, within_s: float) -> None:
        self._end = end
        self._within_s = within_s
        self._deadline = time.monotonic() + within_s
        self._frames = Frames()
        self._messages: list[FromEngine] = []

    def send(self, message: Message) -> None:
        try:
            self._end.settimeout(self._left())
            self._end.sendall(encode(message))
        except OSError as error:
            raise _Ended from error

    def expect(self, kind: type[_M]) -> _M:
        """Give the next message of a kind; others are passed over."""
        while True:
            message = self._next()
            if isinstance(message, kind):
                return message
            if isinstance(message, Goodbye):
                raise _Ended(message.reason)

    def _next(self) -> FromEngine:
        while not self._messages:
            try:
                self._end.settimeout(self._left())
                count = self._end.recv_into(self._frames.room())
            except TimeoutError:
                words = f"the engine did not answer within {self._within_s:g} s"
                raise EngineError(words) from None
            except OSError as error:
                raise _Ended from error
            if not count:
                raise _Ended
            self._messages += map(read_from_engine, self._frames.filled(count))
        return self._messages.pop(0)

    def _left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


class _Process:
    """Another's process, held by a descriptor where there are such: its number is never reused."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._descriptor = -1

    def __enter__(self) -> Self:
        if self.pid and hasattr(os, "pidfd_open"):
            with contextlib.suppress(OSError):
                self._descriptor = os.pidfd_open(self.pid)
        return self

    def __exit__(self, *_: object) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)

    def signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            if self._descriptor >= 0:
                signal.pidfd_send_signal(self._descriptor, number)
            elif self.pid:
                os.kill(self.pid, number)

    def has_ended_by(self, deadline: float) -> bool:
        if self._descriptor < 0:
            return self._is_gone_by(deadline)
        left = max(0.0, deadline - time.monotonic())
        return bool(select.select([self._descriptor], [], [], left)[0])

    def _is_gone_by(self, deadline: float) -> bool:
        while self.pid:
            try:
                os.kill(self.pid, 0)
            except ProcessLookupError:
                return True
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.01)
        return True
