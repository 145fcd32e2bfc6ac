"""The host table's columns where there are dispatchers of undici's: its numbers beside Node's."""

from __future__ import annotations

from dataclasses import replace

from pooltop.present.columns import COLUMNS
from pooltop.present.hosts import HostRow
from pooltop.present.table import Column
from pooltop.present.undici_stats import STATS

_AFTER = "queue"
"""The column behind which undici's numbers stand."""
_UNDICI_FROM = {
    **{f"undici_{name}": 116 for name in STATS},
    "undici_size": 102,
    "undici_running": 102,
    "undici_pending": 88,
    "undici_connected": 88,
    "streams": 66,
    "clients": 172,
    "agent_kind": 210,
    "bar": 156,
    "oldest": 164,
    "svc95": 188,
    "dials": 180,
    "reuse": 140,
    "spark": 200,
    "agent": 222,
    "time_wait": 228,
    "dns": 260,
    "tcp": 260,
    "tls": 260,
    "in": 242,
    "out": 242,
    "why_closed": 282,
}
"""From where on columns are shown beside undici's numbers."""


def _undici_columns() -> tuple[Column[HostRow], ...]:
    own = ["clients", "streams", *(f"undici_{name}" for name in STATS)]
    order = [column.id for column in COLUMNS if column.id not in own]
    place = order.index(_AFTER) + 1
    order[place:place] = own
    columns = {column.id: column for column in COLUMNS}
    return tuple(
        replace(columns[name], from_width=_UNDICI_FROM.get(name, columns[name].from_width))
        for name in order
    )


UNDICI_COLUMNS = _undici_columns()
"""The same where there are dispatchers of undici's."""
