"""The inspector's pane: whatever it is turned on, a title, lines for its size, keys and a copy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, assert_never

from pooltop.core.model import RequestId, SocketId
from pooltop.core.snapshot import Snapshot, WorkloadSnapshot
from pooltop.core.thresholds import ThresholdState
from pooltop.present import units
from pooltop.present.blocks import Block, Part, as_text, lay_out
from pooltop.present.class_track import ClassTook
from pooltop.present.clean import clean
from pooltop.present.curl import curl_command
from pooltop.present.demand import Demand, demand_of
from pooltop.present.history import History, HostId
from pooltop.present.inspect_host import host_blocks, host_title
from pooltop.present.inspect_request import request_blocks, request_title
from pooltop.present.inspect_socket import socket_blocks, socket_title
from pooltop.present.inspect_workload import workload_blocks, workload_of, workload_title
from pooltop.present.key_line import Hint, hint
from pooltop.present.line import Line
from pooltop.present.pictures import (
    HostPicture,
    RequestPicture,
    SocketPicture,
    host_picture,
    request_picture,
    socket_picture,
)
from pooltop.present.socket_track import KEPT_S
from pooltop.present.workload_track import StartError, WorkloadRates


class HostSubject(NamedTuple):
    """A host, by its identity: what a cursor is pinned to."""

    host: HostId


class SocketSubject(NamedTuple):
    """A socket of a host, likewise."""

    host: HostId
    socket: SocketId


class RequestSubject(NamedTuple):
    """A request of a host, queued or running, likewise."""

    host: HostId
    request: RequestId


class WorkloadSubject(NamedTuple):
    """A workload, likewise."""

    name: str


Subject = HostSubject | SocketSubject | RequestSubject | WorkloadSubject
"""What the inspector is turned on."""
Picture = HostPicture | SocketPicture | RequestPicture | WorkloadSnapshot
"""That at one instant."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What is known of a subject beside the snapshot, by whoever keeps the past."""

    busy: Sequence[float | None] = ()
    """Of a socket: the share of each of the last seconds that it was in use."""
    demand: Demand | None = None
    """Of a host: what came and what was served."""
    errors: float | None = None
    """Of a host: the share of errors within the window, 0..1; None where nothing ended."""
    stale: bool = False
    """Of a host: whether the engine has gone silent, and its numbers are old."""
    rates: WorkloadRates | None = None
    """Of a workload: what it did within the window."""
    cards: tuple[Line, ...] = ()
    """Of a host or a workload: its edits with their before and after."""
    thresholds: tuple[ThresholdState, ...] = ()
    """Of a workload: what the profile says that a run must hold."""
    max_rate: float | None = None
    """Of a workload: what all of them together may send."""
    at: float | None = None
    """Of a workload: the instant."""
    start_error: StartError | None = None
    """Of a workload: how late its arrivals were begun within the window."""
    took: Mapping[str, ClassTook] = field(default_factory=dict)
    """Of a workload: how long the requests of its classes took within the window."""


NOTHING = Beside()


def beside_of(
    picture: Picture,
    history: History,
    at: float,
    window_s: float,
    *,
    stale: bool = False,
    cards: tuple[Line, ...] = (),
    thresholds: tuple[ThresholdState, ...] = (),
    max_rate: float | None = None,
) -> Beside:
    """Give what the kept past has to say.

    Args:
        picture: of what.
        history: the past.
        at: the instant of the picture.
        window_s: what rates cover.
        stale: the engine has gone silent.
        cards: the subject's edits, ready-made, each line as wide as ``blocks.room_in`` says.
        thresholds: of the snapshot.
        max_rate: likewise.
    """
    match picture:
        case SocketPicture():
            track = history.socket(picture.host.id, picture.socket.id)
            return Beside(busy=track.busy(at, KEPT_S))
        case HostPicture():
            past = history.track(picture.id)
            return Beside(
                demand=demand_of(past, at, window_s),
                errors=past.error_share(at, window_s),
                stale=stale,
                cards=cards,
            )
        case WorkloadSnapshot():
            own = history.workload(picture.name)
            return Beside(
                rates=own.rates(at, window_s),
                cards=cards,
                thresholds=thresholds,
                max_rate=max_rate,
                at=at,
                start_error=own.start_error(at, window_s),
                took=own.classes(at, window_s),
            )
        case RequestPicture():
            return NOTHING
        case _:
            assert_never(picture)


def name_of(subject: Subject) -> str:
    """Give ``s17``, ``r8812``, a host's key, a workload's name; clean."""
    match subject:
        case SocketSubject():
            return f"s{subject.socket}"
        case RequestSubject():
            return f"r{subject.request}"
        case HostSubject():
            return clean(subject.host.origin)
        case WorkloadSubject():
            return clean(subject.name, 40)
        case _:
            assert_never(subject)


def picture_of(snapshot: Snapshot, subject: Subject) -> Picture | None:
    """Give the subject as the snapshot has it; None if it is gone."""
    match subject:
        case SocketSubject():
            return socket_picture(snapshot, subject.host, subject.socket)
        case RequestSubject():
            return request_picture(snapshot, subject.host, subject.request)
        case HostSubject():
            return host_picture(snapshot, subject.host)
        case WorkloadSubject():
            return workload_of(snapshot, subject.name)
        case _:
            assert_never(subject)


def title_of(picture: Picture) -> str:
    """Give the pane's title; clean."""
    match picture:
        case SocketPicture():
            return socket_title(picture)
        case RequestPicture():
            return request_title(picture)
        case HostPicture():
            return host_title(picture)
        case WorkloadSnapshot():
            return workload_title(picture)
        case _:
            assert_never(picture)


def inspector_lines(
    picture: Picture, width: int, height: int, *, beside: Beside = NOTHING, ascii_only: bool = False
) -> list[Line]:
    """Give the pane's lines.

    Args:
        picture: what is shown.
        width: in cells.
        height: in lines.
        beside: what the past has to say.
        ascii_only: no characters beyond ASCII are drawn.
    """
    return lay_out(_blocks(picture, width, height, beside, ascii_only=ascii_only), width, height)


def _blocks(
    picture: Picture, width: int, height: int, beside: Beside, *, ascii_only: bool
) -> list[Block]:
    match picture:
        case SocketPicture():
            return socket_blocks(picture, width, height, busy=beside.busy, ascii_only=ascii_only)
        case RequestPicture():
            return request_blocks(picture, width, height, ascii_only=ascii_only)
        case HostPicture():
            return host_blocks(
                picture,
                demand=beside.demand,
                errors=beside.errors,
                stale=beside.stale,
                cards=beside.cards,
            )
        case WorkloadSnapshot():
            return workload_blocks(
                picture,
                rates=beside.rates,
                max_rate=beside.max_rate,
                at=beside.at,
                cards=beside.cards,
                thresholds=beside.thresholds,
                start_error=beside.start_error,
                took=beside.took,
                width=width,
            )
        case _:
            assert_never(picture)


_ROOM = 1000
"""Lines and cells of a copy: everything is in it."""


def copy_of(picture: Picture, *, beside: Beside = NOTHING) -> str:
    """Give everything that the pane could show as plain text; clean, drawings left out."""
    return as_text(title_of(picture), _blocks(picture, _ROOM, _ROOM, beside, ascii_only=True))


def curl_of(picture: Picture) -> str | None:
    """Give a request's curl command, of a socket that of the request on it; None without one."""
    match picture:
        case RequestPicture():
            return curl_command(picture)
        case SocketPicture():
            request = picture.request
            if request is None:
                return None
            host = picture.host
            told = host.of_request(request.id)
            return curl_command(RequestPicture(host, request, told, picture.socket))
        case HostPicture() | WorkloadSnapshot():
            return None
        case _:
            assert_never(picture)


def leads_to(picture: Picture) -> Subject | None:
    """Give where the pane's ``g`` goes; None for nowhere.

    From a request to the socket it is on or gets, from a socket to the request it carries, from a
    host to the head of its queue.
    """
    match picture:
        case RequestPicture():
            gets = picture.gets
            socket = gets[0][0] if picture.is_queued and gets else picture.request.socket
            return None if socket is None else SocketSubject(picture.host.id, socket)
        case SocketPicture():
            number = picture.socket.request
            if number is None and picture.request is not None:
                number = picture.request.id
            return None if number is None else RequestSubject(picture.host.id, number)
        case HostPicture():
            head = next(iter(picture.origin.requests), None)
            return None if head is None else RequestSubject(picture.id, head.id)
        case WorkloadSnapshot():
            return None
        case _:
            assert_never(picture)


def leads_nowhere(subject: Subject | None, picture: Picture | None) -> str:
    """Say why there is nowhere to go to from a subject of which ``leads_to`` gives None.

    Args:
        subject: what the cursor is on; None for nothing.
        picture: what is known of it; None for nothing.
    """
    match picture:
        case RequestPicture() if picture.is_queued:
            name, place = f"r{picture.request.id}", picture.place
            if place is None or place == 1:
                return f"{name}: it is not known which socket it would get"
            first = units.count(place - 1)
            return (
                f"{name} waits behind {first}: only of the first is it known which socket it gets"
            )
        case RequestPicture():
            return f"r{picture.request.id} is on no socket"
        case SocketPicture():
            return f"s{picture.socket.id} carries no request"
        case HostPicture():
            return f"nothing waits for {picture.name}"
        case WorkloadSnapshot() | None:
            return (
                "it leads nowhere from here"
                if subject is None
                else f"{name_of(subject)} leads nowhere"
            )
        case _:
            assert_never(picture)


def gone_lines(
    subject: HostSubject | SocketSubject | WorkloadSubject, width: int, height: int
) -> list[Line]:
    """Give what is said of a subject that the snapshot does not have; of requests see last_seen."""
    match subject:
        case SocketSubject():
            words = "is closed. The events say when and why."
        case HostSubject():
            words = "is not there: an agent forgets hosts without sockets and requests."
        case WorkloadSubject():
            words = "is not there."
        case _:
            assert_never(subject)
    line: Line = ((f"{name_of(subject)} ", "strong"), (words, "dim"))
    return lay_out([Block("", [Part(line)])], width, height)


def hints_of(picture: Picture) -> tuple[Hint, ...]:
    """Give the pane's keys, the most wanted first; those that lead nowhere are not among them."""
    goes = leads_to(picture) is not None
    match picture:
        case SocketPicture():
            return (
                hint("copy", "copy"),
                *((hint("follow", "its request"),) if goes else ()),
                hint("destroy", f"destroy (type s{picture.socket.id})"),
            )
        case RequestPicture():
            queued = picture.is_queued
            return (
                hint("copy", "copy as curl"),
                *(
                    (hint("follow", "the socket it gets" if queued else "its socket"),)
                    if goes
                    else ()
                ),
                hint("abort", f"abort (type r{picture.request.id})"),
            )
        case HostPicture():
            return (
                hint("copy", "copy"),
                *((hint("follow", "head of the queue"),) if goes else ()),
                hint("edit", "edit"),
                hint("clear", "clear queue (type the host)"),
            )
        case WorkloadSnapshot():
            return (
                hint("copy", "copy"),
                hint("edit", "edit"),
                hint("pause", "pause"),
            )
        case _:
            assert_never(picture)
