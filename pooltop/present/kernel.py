"""One host's connections as the kernel sees them."""

from __future__ import annotations

from collections.abc import Sequence

from pooltop.core.snapshot import OriginSnapshot, SocketInfo, TCPInfo, TimeWait
from pooltop.present import units
from pooltop.present.line import Ink, Line, width_of

DEFINITIONS = {
    "TIME_WAIT": "closed connections that the kernel keeps for a minute, of all programs here: "
    "those that this side closed first, each with one of the local ports that new connections "
    "need; peer: those that the host closed first, where it is on this machine.",
    "rtt": "the kernel's smoothed round trip time of the open sockets, least to greatest, and the "
    "socket of the greatest.",
    "resent": "segments sent again since the connections began, of all open sockets; and the "
    "socket with the most.",
    "unacked": "segments sent and not yet acknowledged, of all open sockets.",
    "cwnd": "congestion window in segments, least to greatest of the open sockets.",
}
"""For the help page, in the order of the line."""


def ports_held(time_wait: TimeWait | None, local_ports: int | None) -> float | None:
    """Give the share of the local ports that TIME_WAIT keeps from the peer that has the most."""
    if time_wait is None or not local_ports:
        return None
    return time_wait.fullest / local_ports


def ports_ink(share: float) -> Ink:
    """Give the ink of a share of the local ports."""
    return "bad" if share > 0.9 else "warn" if share > 0.5 else "text"


def kernel_line(origin: OriginSnapshot, local_ports: int | None, width: int) -> Line:
    """Give what the kernel says of an origin, as many whole parts as fit; empty if nothing.

    Args:
        origin: whose.
        local_ports: that the kernel may give to outgoing connections; None if it is not known.
        width: in cells.
    """
    line: Line = ()
    for part in kernel_parts(origin, local_ports):
        longer = (*line, ("  ", "text"), *part) if line else part
        if width_of(longer) <= width:
            line = longer
    return line


def kernel_parts(origin: OriginSnapshot, local_ports: int | None) -> list[Line]:
    """Give the statements of ``kernel_line``, those for which there are numbers."""
    sockets = (*origin.sockets, *origin.free_sockets)
    known = [(socket, socket.kernel) for socket in sockets if socket.kernel is not None]
    parts = [
        _time_wait(origin.time_wait, local_ports),
        _round_trips(known),
        _resent(known),
        _unacked(known),
        _windows(known),
    ]
    return [part for part in parts if part]


_Known = Sequence[tuple[SocketInfo, TCPInfo]]


def _time_wait(held: TimeWait | None, local_ports: int | None) -> Line:
    if held is None:
        return ()
    share = ports_held(held, local_ports)
    ink = "text" if share is None else ports_ink(share)
    line: Line = (("TIME_WAIT ", "dim"), (units.count(held.ours), ink))
    if share is not None and share >= 0.01:
        line += ((f" {units.share(share)} of ports", ink),)
    if held.theirs is not None:
        line += ((" peer ", "dim"), (units.count(held.theirs), "text"))
    return line


def _round_trips(known: _Known) -> Line:
    times = [(tcp.rtt, socket.id) for socket, tcp in known if tcp.rtt is not None]
    if not times:
        return ()
    (least, _), (greatest, where) = min(times), max(times)
    text = units.round_trip(least)
    if len(times) > 1:
        text += f"..{units.round_trip(greatest)} s{where}"
    return (("rtt ", "dim"), (text, "text"))


def _unacked(known: _Known) -> Line:
    counts = [tcp.unacked for _, tcp in known if tcp.unacked is not None]
    return (("unacked ", "dim"), (units.count(sum(counts)), "text")) if counts else ()


def _resent(known: _Known) -> Line:
    counts = [(n, s.id) for s, tcp in known if (n := tcp.retransmitted) is not None]
    if not counts:
        return ()
    total = sum(n for n, _ in counts)
    if not total:
        return (("resent ", "dim"), ("0", "text"))
    most, where = max(counts)
    at = f" s{where} {units.count(most)}" if len(counts) > 1 else ""
    return (("resent ", "dim"), (f"{units.count(total)}{at}", "warn"))


def _windows(known: _Known) -> Line:
    windows = [tcp.cwnd for _, tcp in known if tcp.cwnd is not None]
    if not windows:
        return ()
    least, greatest = min(windows), max(windows)
    text = units.count(least)
    if greatest > least:
        text += f"..{units.count(greatest)}"
    return (("cwnd ", "dim"), (text, "text"))
