"""The question at start: may this profile send traffic off this machine?

It is put on a terminal before anything is started. Private networks are asked for once, together;
of any other host the name has to be typed, which no reflex does. Names are looked up for it, and
that is said first, for the look-up is the first thing that leaves the machine.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from pooltop.core.model import Profile
from pooltop.core.reach import Reach, furthest, reach_of
from pooltop.errors import ProfileError
from pooltop.sources.consent import refusal, targets_needing_consent

LONGEST_LOOK_UP_S = 5.0
_MOST_SHOWN = 4
_YES = ("y", "yes")

LookUp = Callable[[str], tuple[str, ...]]
"""Gives a name's addresses; none where there are none, or nobody answers."""


class Terminal(NamedTuple):
    """Who is asked."""

    say: Callable[[str], None]
    """Writes a text as it is."""
    read: Callable[[], str]
    """Gives the next line without its end; "" where there is no more."""


class _Place(NamedTuple):
    host: str
    addresses: tuple[str, ...]
    reach: Reach

    def __str__(self) -> str:
        """Give the host and where it leads."""
        if not self.addresses:
            return self.host
        more = len(self.addresses) - _MOST_SHOWN
        rest = f" and {more} more" if more > 0 else ""
        return f"{self.host} ({', '.join(self.addresses[:_MOST_SHOWN])}{rest})"


def look_up(name: str) -> tuple[str, ...]:
    """Ask the system for a name's addresses; ctrl+c is heard meanwhile."""
    found: list[str] = []

    def work() -> None:
        try:
            answers = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            return
        found.extend(dict.fromkeys(str(answer[4][0]) for answer in answers))

    asking = threading.Thread(target=work, daemon=True, name="look-up")
    asking.start()
    asking.join(LONGEST_LOOK_UP_S)
    return tuple(found)


def ask_consent(profile: Profile, terminal: Terminal, look_up: LookUp = look_up) -> Profile:
    """Give the profile with every host allowed that its operator consented to.

    Args:
        profile: as it was loaded; what it allows itself is not asked for.
        terminal: the operator's.
        look_up: for names.

    Raises:
        ProfileError: a host was not consented to, or is none that can be: nothing is to be sent.
    """
    hosts = targets_needing_consent(profile)
    places = [_look_at(host, terminal, look_up) for host in hosts]
    for place in places:
        if place.reach is Reach.BARRED:
            raise _refused(profile, place, f"{place} is link-local, or a cloud's metadata; ")
    private = [place for place in places if place.reach is Reach.PRIVATE]
    if private and not _is_yes(private, terminal):
        raise _refused(profile, private[0])
    for place in places:
        if place.reach is Reach.PUBLIC and not _is_typed(place, terminal):
            raise _refused(profile, place)
    allowed = (*profile.allow_hosts, *hosts)
    return msgspec.structs.replace(profile, allow_hosts=allowed) if hosts else profile


def _look_at(host: str, terminal: Terminal, look_up: LookUp) -> _Place:
    reach = reach_of(host)
    if reach is not Reach.PUBLIC or _is_address(host):
        return _Place(host, (), reach)
    terminal.say(f"pooltop: looking up {host}, to see whether it is in a network of your own\n")
    addresses = look_up(host)
    return _Place(host, addresses, furthest(addresses))


def _is_address(host: str) -> bool:
    return ":" in host or host.rpartition(".")[2].isdigit()


def _is_yes(places: list[_Place], terminal: Terminal) -> bool:
    names = "".join(f"  {place}\n" for place in places)
    terminal.say(f"pooltop: this sends traffic to your private network:\n{names}Send it? y/N ")
    return terminal.read().strip().lower() in _YES


def _is_typed(place: _Place, terminal: Terminal) -> bool:
    terminal.say(
        f"pooltop: {place} is neither this machine nor a private network. Who is not expected "
        "there may be taken for an attack.\nTo send it traffic type the host: "
    )
    return place.host != "" and terminal.read().strip().lower() == place.host


def _refused(profile: Profile, place: _Place, why: str = "") -> ProfileError:
    return ProfileError(f"{profile.path}: nothing was sent. {why}{refusal(place.host)}")
