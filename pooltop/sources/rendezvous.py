"""Where viewers find the engines of the background: a directory of this user's, and its names.

An engine NAME holds ``NAME.lock`` with flock(2) while it lives and listens on ``NAME.sock``; what
it writes to stderr is in ``NAME.log``. The kernel lets the lock go however the process ends, so a
name is taken exactly while its engine lives: what a dead one left is told from a living one without
asking anybody, and cleaned up by whoever gets the lock.

Rules of this file:
- The directory is ours alone: of this user, mode 0700, no symbolic link; else nothing is done.
- A file is removed only by who holds the name's lock; and who got the lock looks whether its file
  is still the one at that path, as a cleaner may have been there first.
- Everything in it is reached through the directory's descriptor, never again through its path.
- A shell may have another environment than the one that the engine was started from: who looks for
  a name, or takes one, looks in every place where an engine may be.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import socket
import stat
import sys
import tempfile
import time
from pathlib import Path
from typing import Self

from pooltop.errors import EngineError, UsageError

MOST_NAME = 32
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_BACKLOG = 128
_CLEANERS_TRIES, _CLEANER_S = 5, 0.02
"""A lock may be held for a moment by somebody who looks whether its engine lives."""
_MOST_MISSES = 16
"""So often in a row a cleaner is not by chance at a file between our open and our lock."""
_LONGEST_PATH = 100
"""Bytes of a socket's path that every Unix takes: sun_path has 104 on some."""
_RUNTIME_DIRS = "/run/user"
"""Where XDG_RUNTIME_DIR leads, with the user's number, in a login that has one."""


def check_name(name: str) -> str:
    """Give the name, if it is one.

    Raises:
        UsageError: it has other characters than a-z, 0-9 and -, begins with -, or is too long.
    """
    if _NAME.fullmatch(name) is None:
        raise UsageError(
            f"{name!r} cannot be an engine's name: at most {MOST_NAME} of a-z, 0-9 and -, "
            "the first no -"
        )
    return name


def nobody_of_that_name(name: str, names: list[str]) -> str:
    """Say that there is nobody of a name to connect to, given the names of those who live."""
    if name in names:
        return f"the engine {name} is starting or ending at this moment"
    there = f"there are {', '.join(names)}" if names else "there is none at all"
    return f"no engine named {name} is running; {there}"


def name_for(profile_path: str) -> str:
    """Give the name that an engine has by itself: its profile's, as far as it can be one."""
    stem = Path(profile_path).stem.lower()
    name = re.sub(r"[^a-z0-9]+", "-", stem).strip("-")[:MOST_NAME].strip("-")
    return name or "engine"


class Rendezvous:
    """The directory, open. Close it when it is not needed any more."""

    def __init__(self, path: str, descriptor: int, elsewhere: tuple[Rendezvous, ...] = ()) -> None:
        """Keep; ``open_rendezvous`` makes it, with the other places where engines may be."""
        self.path = path
        self._descriptor = descriptor
        self._elsewhere = elsewhere

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def close(self) -> None:
        """Close the directory; what was claimed stays claimed. Safe to call twice."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)
        for place in self._elsewhere:
            place.close()

    def names(self) -> list[str]:
        """Give the names of the engines that live, in order; what others left is removed."""
        return sorted({name for place in (self, *self._elsewhere) for name in place.names_here()})

    def names_here(self) -> list[str]:
        """Give those of this place alone."""
        found = sorted(
            name
            for file in os.listdir(self._descriptor)
            if file.endswith(".lock") and _NAME.fullmatch(name := file.removesuffix(".lock"))
        )
        return [name for name in found if not self._clean(name)]

    def claim(self, name: str) -> Claim:
        """Take a name for this process; nobody can connect before ``Claim.listen``.

        Raises:
            UsageError: it cannot be a name.
            EngineError: a living engine has it, or the directory cannot be used.
        """
        check_name(name)
        try:
            lock = self._lock(name, create=True)
            for _ in range(_CLEANERS_TRIES):
                if lock is not None:
                    break
                time.sleep(_CLEANER_S)
                lock = self._lock(name, create=True)
            # Ours is held by now: of two who take a name in two places at least one sees the other.
            if lock is None or any(name in place.names_here() for place in self._elsewhere):
                if lock is not None:
                    self._give_up(name, lock)
                raise EngineError(
                    f"an engine named {name} is running already: pooltop attach {name} shows it, "
                    f"pooltop stop {name} ends it, --name gives this one another name"
                )
            self._remove(f"{name}.sock")
        except OSError as error:
            raise EngineError(f"{self.path}: {name} cannot be set up: {error}") from error
        return Claim(self, name, lock)

    def connect(self, name: str, *, within_s: float) -> socket.socket:
        """Give a socket to the engine of that name; its other end is to be looked at.

        Raises:
            UsageError: it cannot be a name.
            EngineError: there is no such engine, or it takes nobody in.
        """
        check_name(name)
        for place in (self, *self._elsewhere):
            end = place.connect_here(name, within_s)
            if end is not None:
                return end
        raise EngineError(nobody_of_that_name(name, self.names()))

    def connect_here(self, name: str, within_s: float) -> socket.socket | None:
        """Give a socket to the engine of a name; None when nobody listens under it in this place.

        Raises:
            EngineError: it takes nobody in.
        """
        end = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            end.settimeout(within_s)
            end.connect(self._reach(f"{name}.sock"))
        except (FileNotFoundError, ConnectionRefusedError):
            end.close()
            return None
        except OSError as error:
            end.close()
            # A full backlog is told as EAGAIN by a socket with a deadline.
            words = (
                "it does not answer"
                if isinstance(error, (TimeoutError, BlockingIOError))
                else str(error)
            )
            raise EngineError(f"the engine {name} cannot be reached: {words}") from error
        except BaseException:
            end.close()
            raise
        return end

    def open_log(self, name: str) -> int:
        """Give a descriptor of the name's empty log; for who claimed it."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        return os.open(f"{name}.log", flags, 0o600, dir_fd=self._descriptor)

    def remove(self, name: str, *, log: bool) -> None:
        """Remove what a claimed name has left; its log only on demand."""
        for suffix in (".sock", ".log", ".lock") if log else (".sock", ".lock"):
            self._remove(name + suffix)

    def is_in_place(self) -> bool:
        """Tell whether it is still what is found at its path."""
        try:
            there = os.stat(self.path, follow_symlinks=False)
        except OSError:
            return False
        return os.path.samestat(os.fstat(self._descriptor), there)

    def holds(self, name: str, lock: int) -> bool:
        """Tell whether this lock is still the name's: a cleaner may have removed its file."""
        return self._is_at(lock, f"{name}.lock")

    def stat_socket(self, name: str) -> os.stat_result | None:
        """Give what is known of the file of a name's socket; None when there is none."""
        try:
            return os.stat(f"{name}.sock", dir_fd=self._descriptor, follow_symlinks=False)
        except OSError:
            return None

    def _give_up(self, name: str, lock: int) -> None:
        try:
            self.remove(name, log=False)
        finally:
            os.close(lock)

    def _clean(self, name: str) -> bool:
        """Remove what is left if its engine is dead; tells whether it was."""
        try:
            lock = self._lock(name, create=False)
        except FileNotFoundError:
            return True
        except OSError:
            return False
        if lock is None:
            return False
        # The log stays: it may have the last words.
        self._give_up(name, lock)
        return True

    def _lock(self, name: str, *, create: bool) -> int | None:
        """Give the descriptor of the name's lock, held; None when another process holds it."""
        file = f"{name}.lock"
        flags = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | (os.O_CREAT if create else 0)
        for _ in range(_MOST_MISSES):
            lock = os.open(file, flags, 0o600, dir_fd=self._descriptor)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if self._is_at(lock, file):
                    return lock
            except BlockingIOError:
                os.close(lock)
                return None
            except BaseException:
                os.close(lock)
                raise
            os.close(lock)  # a cleaner removed it between our open and our lock
        return None

    def _is_at(self, descriptor: int, file: str) -> bool:
        try:
            there = os.stat(file, dir_fd=self._descriptor, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return os.path.samestat(os.fstat(descriptor), there)

    def listen(self, name: str) -> socket.socket:
        """Give a socket that listens under a claimed name and does not block.

        Raises:
            EngineError: it cannot listen there.
        """
        try:
            return self._listen(name)
        except OSError as error:
            raise EngineError(f"{self.path}: {name} cannot listen: {error}") from error

    def _listen(self, name: str) -> socket.socket:
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            listener.setblocking(False)
            path = self._reach(f"{name}.sock")
            listener.bind(path)
            os.chmod(path, 0o600)  # before it listens: nobody can have connected
            listener.listen(_BACKLOG)
        except BaseException:
            listener.close()
            raise
        return listener

    def _reach(self, file: str) -> str:
        """Give a path that leads through our descriptor where there is one: short, and no swap."""
        if sys.platform == "linux" and os.path.isdir(f"/proc/self/fd/{self._descriptor}"):
            return f"/proc/self/fd/{self._descriptor}/{file}"
        path = os.path.join(self.path, file)
        if len(os.fsencode(path)) > _LONGEST_PATH:
            raise EngineError(f"{path} is too long for a socket: set XDG_RUNTIME_DIR or TMPDIR")
        return path

    def _remove(self, file: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(file, dir_fd=self._descriptor)


class Claim:
    """A name that this process has until it is released; the rendezvous must stay open so long."""

    def __init__(self, rendezvous: Rendezvous, name: str, lock: int) -> None:
        """Keep; ``Rendezvous.claim`` makes it."""
        self.name = name
        self._rendezvous = rendezvous
        self._lock = lock
        self._listener: socket.socket | None = None
        self._socket: os.stat_result | None = None

    def open_log(self) -> int:
        """Give a descriptor of the name's log, emptied; the caller's to close.

        Raises:
            EngineError: it cannot be written.
        """
        try:
            return self._rendezvous.open_log(self.name)
        except OSError as error:
            raise EngineError(f"the log of {self.name} cannot be written: {error}") from error

    def listen(self) -> socket.socket:
        """Let viewers connect; gives the listening socket, which ``release`` closes.

        Raises:
            EngineError: it cannot listen there.
        """
        self._listener = self._rendezvous.listen(self.name)
        self._socket = self._rendezvous.stat_socket(self.name)
        return self._listener

    def is_found(self) -> bool:
        """Tell whether viewers find it: cleaners take files away, a logout whole directories."""
        if self._lock < 0:
            return False
        there = self._rendezvous.stat_socket(self.name)
        return (
            there is not None
            and self._socket is not None
            and os.path.samestat(there, self._socket)
            and self._rendezvous.holds(self.name, self._lock)
            and self._rendezvous.is_in_place()
        )

    def release(self, *, keep_log: bool) -> None:
        """Give the name up, and leave nothing but, if it is kept, the log; safe to call twice."""
        lock, self._lock = self._lock, -1
        if lock < 0:
            return
        if self._listener is not None:
            self._listener.close()
        try:
            with contextlib.suppress(OSError):
                # Where our lock was taken away, the files of the name are another engine's by now.
                if self._rendezvous.holds(self.name, lock):
                    self._rendezvous.remove(self.name, log=not keep_log)
        finally:
            os.close(lock)


def _places() -> tuple[str, ...]:
    """Give where an engine may be found; first where one of this environment is."""
    temporary = os.path.join(tempfile.gettempdir(), f"pooltop-{os.geteuid()}")
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if os.path.isabs(runtime):
        place = os.path.join(runtime, "pooltop")
        return (place, temporary) if os.path.isdir(runtime) else (temporary,)
    return temporary, os.path.join(_RUNTIME_DIRS, str(os.geteuid()), "pooltop")


def open_rendezvous() -> Rendezvous:
    """Open this user's directory, ``$XDG_RUNTIME_DIR/pooltop`` or one of the temporary ones.

    Raises:
        EngineError: it cannot be made, or is not ours alone.
    """
    path, *others = _places()
    try:
        with contextlib.suppress(FileExistsError):
            os.mkdir(path, 0o700)
        descriptor = _open(path)
    except OSError as error:
        raise EngineError(f"{path} cannot be used for engines to be found in: {error}") from error
    elsewhere = []
    for other in others:
        # Not there, or somebody else's: no engine of ours is in it.
        with contextlib.suppress(OSError):
            elsewhere.append(Rendezvous(other, _open(other)))
    return Rendezvous(path, descriptor, tuple(elsewhere))


def _open(path: str) -> int:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    problem = _problem(os.fstat(descriptor))
    if problem:
        os.close(descriptor)
        raise PermissionError(problem)
    return descriptor


def _problem(found: os.stat_result) -> str:
    if found.st_uid != os.geteuid():
        return f"it belongs to user {found.st_uid}, not to {os.geteuid()}"
    mode = stat.S_IMODE(found.st_mode)
    if mode & 0o077:
        return f"its mode is {mode:04o}, and must be 0700"
    return ""
