"""What the command line names, read: profiles, keys, times, ports, and what is said over them."""

from __future__ import annotations

import sys

from pooltop.cli.args import ArgumentError
from pooltop.cli.telling import refuse, write
from pooltop.cli.terminal import can_ask

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pooltop.cli.args import Request
    from pooltop.core.model import Profile
    from pooltop.present.keys import Keymap
    from pooltop.profiles import Loaded
    from pooltop.profiles.saving import Saving
    from pooltop.profiles.units import Duration

HEADLESS_S, DASHBOARD_S = 1.0, 0.5
"""Between two pictures, where nothing else is said."""
_SHORTEST_S, _LONGEST_S = 0.1, 3600.0


class KeysRefusedError(Exception):
    """The file of keys cannot be used; the message names every problem with its place."""


def load(request: Request, *, will_ask: bool = False) -> Loaded | None:
    """Give the profile; None when it has mistakes, which were told.

    Args:
        request: names it, and what goes over it.
        will_ask: the operator is asked for hosts that the profile does not allow.

    Raises:
        ArgumentError: a host of ``--allow``, or a policy to compare, is none.
    """
    from pooltop import profiles
    from pooltop.errors import ProfileError

    path = request.profile or _builtin()
    allow, settings = _hosts(request.allow), request.settings
    try:
        if request.policies is None:
            loaded = profiles.load(path, allow=allow, settings=settings, will_ask=will_ask)
        else:
            text, path = _comparison(request), title(request)
            loaded = profiles.load_text(text, path, allow=allow, settings=settings)
    except ProfileError as error:
        write(2, f"{error}\n")
        return None
    if loaded.warnings:
        write(2, "".join(f"{warning}\n" for warning in loaded.warnings))
        if request.strict:
            refuse("--strict: nothing is sent, for a warning counts as an error\n")
            return None
    return loaded


def _comparison(request: Request) -> str:
    """Give the profile that compares the policies of the request, as TOML.

    Raises:
        ArgumentError: one is none.
    """
    from pooltop.demo.policies import AFAR, DEFAULT, Traffic, comparison
    from pooltop.errors import UsageError

    a, b = request.policies or DEFAULT
    try:
        return comparison(a, b, Traffic(tls=not request.plain, round_trip=AFAR))
    except UsageError as error:
        raise ArgumentError(str(error)) from error


def title(request: Request) -> str:
    """Give what screens call what is run: the profile's path, or the demo."""
    if request.profile is not None:
        # A file name need not be text: what is not is shown by its bytes, and fit to send.
        return request.profile.encode("utf-8", "backslashreplace").decode()
    return " ".join(("demo", *(("compare",) if request.policies is not None else ())))


def consented(profile: Profile) -> Profile | None:
    """Give the profile with the hosts that its operator consented to; None if he did not, told."""
    if not can_ask():
        return profile  # every source refuses what nobody consented to
    from pooltop.errors import ProfileError
    from pooltop.sources.asking import Terminal, ask_consent

    try:
        return ask_consent(profile, Terminal(lambda text: write(2, text), sys.stdin.readline))
    except ProfileError as error:
        refuse(f"{error}\n")
        return None


def can_listen(loaded: Loaded) -> bool:
    """Tell whether the port for Prometheus can be had now; says why not, where, and what to do.

    Before any process is started: the engine, which takes the port, could only fail.
    """
    wanted = loaded.profile.exports.prometheus
    if wanted is None:
        return True
    from pooltop.errors import EngineError
    from pooltop.exports.endpoint import Endpoint
    from pooltop.profiles.exports import port_problem

    try:
        Endpoint(wanted.address, wanted.port).close()
    except EngineError as error:
        why = getattr(error.__cause__, "strerror", None) or str(error)
        write(2, f"{port_problem(loaded.effective.layers, why)}\n")
        return False
    return True


def said_of_the_profile(request: Request) -> dict[str, object]:
    """Give what the command line puts in place of the profile's own, by the profile's names.

    Raises:
        ArgumentError: ``--auto-revert``, which is one of the settings, is no time.
    """
    said: dict[str, object] = {"path": title(request)}
    if request.auto_revert is not None:
        from pooltop.profiles.units import AUTO_REVERT

        _read_time("--auto-revert", request.auto_revert, AUTO_REVERT)
    return said


def load_keys(request: Request) -> Keymap:
    """Give the keys of the reader's file, or of the table.

    Raises:
        KeysRefusedError: the file has mistakes.
    """
    from pooltop import keyfile
    from pooltop.errors import ProfileError

    try:
        return keyfile.load_keys(request.keys)
    except ProfileError as error:
        raise KeysRefusedError(str(error)) from error


def saving_of(request: Request, loaded: Loaded | None) -> Saving:
    """Give what writes what was tuned in a run.

    Args:
        request: names the profile, if any.
        loaded: that profile; None where another process has loaded it.
    """
    from pooltop.profiles.saving import Saving

    return Saving(_builtin(), path=request.profile, loaded=loaded, demo=title(request))


def times(request: Request) -> tuple[float | None, float | None]:
    """Give interval and duration in seconds; None where none was given.

    Raises:
        ArgumentError: one cannot be used.
    """
    interval = _time("--interval", request.interval)
    if interval is not None and not _SHORTEST_S <= interval <= _LONGEST_S:
        message = f"--interval {request.interval}: expected 100ms to 1h"
        raise ArgumentError(message)
    return interval, _time("--duration", request.duration)


def port(text: str | None) -> int:
    """Give the port to serve on; None for the usual one.

    Raises:
        ArgumentError: it is none.
    """
    from pooltop.serving import PORT

    if text is None:
        return PORT
    if not (text.isascii() and text.isdigit() and int(text) < 65536):
        message = f"--port {text}: expected a number from 0 to 65535"
        raise ArgumentError(message)
    return int(text)


def _builtin() -> str:
    from pathlib import Path

    return str(Path(__file__).parents[1] / "demo" / "builtin.toml")


def _hosts(words: tuple[str, ...]) -> tuple[str, ...]:
    """Give the hosts of ``--allow`` as a profile's ``allow_hosts`` has them."""
    from pooltop.profiles.hosts import HostPattern
    from pooltop.profiles.kinds import Refused

    hosts = []
    for word in words:
        try:
            hosts.append(HostPattern().read(word))
        except Refused as error:
            message = f"--allow {word}: {error}"
            raise ArgumentError(message) from error
    return tuple(hosts)


def _time(option: str, text: str | None) -> float | None:
    if text is None:
        return None
    from pooltop.profiles.units import Duration

    return _read_time(option, text, Duration())


def _read_time(option: str, text: str, kind: Duration) -> float | None:
    from pooltop.profiles.kinds import Refused

    try:
        return kind.read(text)
    except Refused as error:
        message = f"{option} {text}: {error}"
        raise ArgumentError(message) from error
