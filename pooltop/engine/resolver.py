"""Names to addresses: literals and localhost at once, all else through the system's look-up.

Rules of this file:

* A look-up never runs on the event loop, and a hung one never delays another host's by more than
  the bound on threads allows, nor the end of the process. concurrent.futures joins its threads
  at exit, so a look-up against a dead name server would hold the terminal for up to 30 s; the
  threads here are daemons of our own, one for each look-up, at most ``max_lookups`` at once.
* Callers who ask for the same name at the same time share one look-up. A caller who gives up
  leaves it to the others; a look-up that all gave up before its turn is not begun.
* An answer is used again for LIFETIME_S (Node asks anew for every connection). A failure is
  never cached: the next dial asks again.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import os
import re
import socket
import threading
import time
from collections.abc import Callable
from typing import Literal, Protocol

import msgspec

from pooltop.engine.oserror import network_error
from pooltop.errors import AbortError, NetworkError, RequestError, UsageError

Family = Literal[4, 6] | None

LIFETIME_S = 5.0
"""How long an answer is used again unless told otherwise. getaddrinfo tells no record's own
lifetime, so this stays well below the usual ones: a host that moves is followed within it."""

_MAX_CACHED = 1024

_GAI_CODES: dict[int, tuple[str, str]] = {
    socket.EAI_NONAME: ("ENOTFOUND", "no such name"),
    socket.EAI_AGAIN: ("EAI_AGAIN", "no name server gave an answer; it may pass"),
    socket.EAI_FAIL: ("EAI_FAIL", "the name server failed"),
    socket.EAI_FAMILY: ("EAI_FAMILY", "the IP version is not supported"),
    socket.EAI_MEMORY: ("EAI_MEMORY", "out of memory"),
    getattr(socket, "EAI_NODATA", -5): ("ENOTFOUND", "the name has no address"),
    getattr(socket, "EAI_ADDRFAMILY", -9): ("ENOTFOUND", "the name has no address"),
}
"""getaddrinfo's errors: Node's code, and words. Source: Node lib/internal/errors.js DNSException,
which calls both NONAME and NODATA "ENOTFOUND"."""

_NUMBER = re.compile(r"(?:0[xX][0-9a-fA-F]*|[0-9]+)\Z")


class Address(msgspec.Struct, frozen=True):
    """One place to connect to."""

    family: int
    """``socket.AF_INET`` or ``socket.AF_INET6``."""
    host: str
    """An IP literal; a link-local IPv6 one may have its zone (``fe80::1%eth0``)."""
    port: int


class Resolver(Protocol):
    """Whatever turns a host into addresses; an agent takes any."""

    async def resolve(self, host: str, port: int, family: Family) -> tuple[Address, ...]:
        """Give at least one address, the most preferred first.

        Args:
            host: a name, or an IP literal without brackets.
            port: goes into the addresses unchanged.
            family: IP version to look up; None takes both.

        Raises:
            NetworkError: ENOTFOUND, EAI_AGAIN, EMFILE ...
        """
        ...


class SystemResolver:
    """The system's ``getaddrinfo``, on daemon threads, with a short memory.

    Belongs to the event loop on which it is first used.
    """

    def __init__(
        self,
        *,
        lifetime_s: float = LIFETIME_S,
        max_lookups: int = 16,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin with nothing remembered and no thread.

        Args:
            lifetime_s: how long an answer is used again; 0 asks every time.
            max_lookups: how many run at once; more wait their turn. One that hangs holds its
                place for as long as the system lets it: 10 s for each name server, as a rule.
            clock: monotonic seconds.
        """
        self._lifetime_s = lifetime_s
        self._max_lookups = max_lookups
        self._clock = clock
        self._cache: dict[_Key, tuple[float, _Found]] = {}
        self._pending: dict[_Key, _LookUp] = {}
        self._waiting: dict[_Key, None] = {}
        """Those of the pending that are not begun, in order."""
        self._running = 0
        self._closed = False
        self.lookups = 0
        """Look-ups begun so far."""
        self.hits = 0
        """Dials so far that were answered from memory; literals and localhost do not count."""

    def __repr__(self) -> str:
        """Show how busy it is."""
        return (
            f"<SystemResolver running={self._running} waiting={len(self._waiting)} "
            f"lookups={self.lookups} hits={self.hits}>"
        )

    async def resolve(self, host: str, port: int, family: Family) -> tuple[Address, ...]:
        """Give the addresses of a host, the most preferred first.

        A literal is what it is, whatever ``family`` says, as in Node. ``localhost`` and the names
        under it are loopback without asking anyone (RFC 6761, 6.3).

        Raises:
            NetworkError: ENOTFOUND, EAI_AGAIN ...; EMFILE when the look-up failed because no file
                descriptor is left; ERR_INVALID_IP_ADDRESS for ``127.1``, ``0x7f.1`` and the like,
                which other programs read as other hosts.
            UsageError: the resolver is closed.
        """
        if self._closed:
            raise UsageError("the resolver is closed")
        found = _without_lookup(host, family)
        if found is None:
            found = await self._look_up((host.lower(), family))
        return tuple(Address(number, literal, port) for number, literal in found)

    async def aclose(self) -> None:
        """Fail whoever waits with AbortError and forget the rest; waits for no thread."""
        self._closed = True
        self._waiting.clear()
        self._cache.clear()
        for look_up in self._pending.values():
            look_up.outcome.set_result(AbortError("the resolver was closed"))
        self._pending.clear()

    async def _look_up(self, key: _Key) -> _Found:
        cached = self._cache.get(key)
        if cached is not None:
            expires_at, found = cached
            if self._clock() < expires_at:
                self.hits += 1
                return found
            del self._cache[key]
        look_up = self._pending.get(key)
        if look_up is None:
            look_up = self._pending[key] = _LookUp(asyncio.get_running_loop().create_future())
            self._waiting[key] = None
            self._start_next()
        look_up.callers += 1
        try:
            outcome = await asyncio.shield(look_up.outcome)
        finally:
            look_up.callers -= 1
            if not look_up.callers and key in self._waiting:
                del self._waiting[key], self._pending[key]
        if isinstance(outcome, RequestError):
            # Each caller raises its own: a shared one would collect all their tracebacks.
            raise type(outcome)(str(outcome), code=outcome.code) from outcome.__cause__
        return outcome

    def _start_next(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting and self._running < self._max_lookups:
            key = next(iter(self._waiting))
            del self._waiting[key]
            thread = threading.Thread(
                target=self._run, args=(loop, key), name="pooltop-resolver", daemon=True
            )
            self._running += 1
            self.lookups += 1
            try:
                thread.start()
            except RuntimeError:  # the process may start no further thread
                error = network_error(errno.EAGAIN, syscall="getaddrinfo", where=key[0])
                loop.call_soon(self._finish, key, error)

    def _run(self, loop: asyncio.AbstractEventLoop, key: _Key) -> None:
        outcome = _ask_the_system(*key)
        with contextlib.suppress(RuntimeError):  # the loop is closed: no one waits any more
            loop.call_soon_threadsafe(self._finish, key, outcome)

    def _finish(self, key: _Key, outcome: _Found | NetworkError) -> None:
        self._running -= 1
        if self._closed:
            return
        if not isinstance(outcome, NetworkError):
            self._remember(key, outcome)
        self._pending.pop(key).outcome.set_result(outcome)
        self._start_next()

    def _remember(self, key: _Key, found: _Found) -> None:
        if self._lifetime_s <= 0:
            return
        if len(self._cache) >= _MAX_CACHED:
            del self._cache[next(iter(self._cache))]
        self._cache[key] = (self._clock() + self._lifetime_s, found)


class _LookUp:
    """One that is begun or waits for its turn."""

    __slots__ = ("callers", "outcome")

    def __init__(self, outcome: asyncio.Future[_Found | RequestError]) -> None:
        self.outcome = outcome
        self.callers = 0
        """Who wait for it."""


_Key = tuple[str, Family]
_Found = tuple[tuple[int, str], ...]


def _without_lookup(host: str, family: Family) -> _Found | None:
    try:
        literal = ipaddress.ip_address(host)
    except ValueError:
        pass
    else:
        return ((socket.AF_INET if literal.version == 4 else socket.AF_INET6, host),)
    name = host.removesuffix(".").lower()
    if name == "localhost" or name.endswith(".localhost") or not host:
        if family == 6:
            return ((socket.AF_INET6, "::1"),)
        if family == 4 or name.endswith(".localhost"):
            return ((socket.AF_INET, "127.0.0.1"),)
        return ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))
    # "Ends in a number" (WHATWG URL, 3.5): no name of the DNS does, so it is meant as an address.
    if _NUMBER.match(name.rpartition(".")[2]):
        raise NetworkError(
            f"{host} is no canonical IPv4 address: write all four numbers in decimal, without "
            "leading zeros, as 127.0.0.1",
            code="ERR_INVALID_IP_ADDRESS",
        )
    return None


def _ask_the_system(name: str, family: Family) -> _Found | NetworkError:
    """Run on a thread: give the answer or the reason, raise nothing."""
    # Node net.js: both versions are asked for only where the machine has an address of each.
    wanted: int = socket.AF_UNSPEC
    flags: int = socket.AI_ADDRCONFIG
    if family is not None:
        wanted, flags = (socket.AF_INET if family == 4 else socket.AF_INET6), 0
    try:
        infos = socket.getaddrinfo(name, None, family=wanted, type=socket.SOCK_STREAM, flags=flags)
    except socket.gaierror as exc:
        return _caused(look_up_error(exc, name, family), exc)
    except OSError as exc:
        return _caused(network_error(exc.errno, syscall="getaddrinfo", where=name), exc)
    except ValueError as exc:  # a NUL, an empty label, one of over 63 octets
        message = f"getaddrinfo ENOTFOUND {name}: not a possible name"
        return _caused(NetworkError(message, code="ENOTFOUND"), exc)
    found = [(int(number), str(sockaddr[0])) for number, _, _, _, sockaddr in infos]
    if not found:
        return NetworkError(f"getaddrinfo ENOTFOUND {name}: no address", code="ENOTFOUND")
    return tuple(dict.fromkeys(found))


def look_up_error(cause: socket.gaierror, name: str, family: Family) -> NetworkError:
    """Give the error to raise for a failure of getaddrinfo, with Node's code."""
    # Out of descriptors, getaddrinfo says "Name or service not known".
    shortage = _descriptor_shortage()
    if shortage is not None:
        return network_error(shortage, syscall="getaddrinfo", where=name)
    code, words = _GAI_CODES.get(cause.errno or 0, (f"EAI_{cause.errno}", cause.strerror or ""))
    if family is not None and code == "ENOTFOUND":
        words = f"no such name, or it has no IPv{family} address"
    return NetworkError(f"getaddrinfo {code} {name}: {words}", code=code)


def _caused(error: NetworkError, cause: BaseException) -> NetworkError:
    error.__cause__ = cause
    return error


def _descriptor_shortage() -> int | None:
    """Give EMFILE or ENFILE if no descriptor can be had at this moment, else None."""
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError as exc:
        return exc.errno if exc.errno in (errno.EMFILE, errno.ENFILE) else None
    return None
