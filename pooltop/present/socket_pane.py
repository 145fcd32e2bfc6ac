"""Everything about one host's sockets in a pane of some size: what goes in, and what goes first."""

from __future__ import annotations

import math

from pooltop.core.snapshot import AgentSnapshot, OriginSnapshot, Snapshot
from pooltop.present.handshakes import tls_line
from pooltop.present.kernel import kernel_line
from pooltop.present.line import Line
from pooltop.present.marks import in_use, options_of
from pooltop.present.session_strip import legend_line as session_legend
from pooltop.present.session_strip import session_lines, sessions_of
from pooltop.present.socket_table import LEAST_LINES, socket_table
from pooltop.present.sockets import legend_line, notable_line, strip_lines

ROOMY = 4
"""Lines from which on the legend is one of them; with fewer it has to stand elsewhere."""
_STRIP = 2
"""Lines that the strip gets before anything else does, if it needs them."""


def pane_lines(
    snapshot: Snapshot, agent: AgentSnapshot, origin: OriginSnapshot, width: int, height: int
) -> list[Line]:
    """Give the strip of cells and, as there is room, what is notable, the kernel's view and TLS.

    HTTP/2 sessions come first, a line each.

    With room for LEAST_LINES more there is a table, a line for each socket.

    Args:
        snapshot: the instant.
        agent: of it.
        origin: of the agent.
        width: in cells.
        height: in lines.
    """
    fixed: list[Line] = [notable_line(origin, snapshot.at)] if height > 1 else []
    legend = [legend_of(origin)] if height >= ROOMY else []
    left = height - len(fixed) - len(legend)
    sessions = len(sessions_of(origin))
    strip = min(_STRIP, sessions + _cells_need(agent, origin, width, sessions), left)
    left -= strip
    for line in (
        kernel_line(origin, snapshot.process.local_ports, width),
        tls_line(origin, snapshot.wall_at, width),
    ):
        if line and left:
            fixed.append(line)
            left -= 1
    table = socket_table(origin, snapshot.at, width, left) if left >= LEAST_LINES else []
    strip = strip if table else strip + left
    lines = session_lines(origin, width, strip)
    cells = strip_lines(agent, origin, width, strip - len(lines))
    return [*lines, *cells, *fixed, *legend, *table]


def legend_of(origin: OriginSnapshot) -> Line:
    """Give what the glyphs of an origin's strip mean."""
    return session_legend() if sessions_of(origin) else legend_line()


def _cells_need(agent: AgentSnapshot, origin: OriginSnapshot, width: int, sessions: int) -> int:
    """Give the lines that a cell for every socket without a session, open or possible, takes."""
    limit = options_of(agent, origin).max_sockets
    wanted = max(origin.total, in_use(origin) + origin.free, 0 if math.isinf(limit) else limit)
    return max(0 if sessions else 1, math.ceil((wanted - sessions) / max(1, width)))
