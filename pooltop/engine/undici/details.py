"""What is told of a dispatcher's host that somebody looks at, as of the instant of its snapshot."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from pooltop.core.detail import HostDetail, Outlook, Watch
from pooltop.engine.details import MOST_PASTS, request_detail, socket_detail

if TYPE_CHECKING:
    from pooltop.engine.undici.shell import DispatcherShell


def host_detail(shell: DispatcherShell, watch: Watch, pace: float | None) -> HostDetail:
    """Give what is told of one host: see ``ShellBase.detail``."""
    key = watch.origin
    conns = [conn for conn in shell.core.conns.values() if conn.key == key]
    are_few = len(conns) <= MOST_PASTS
    running = [
        shell.exchanges[id_]
        for conn in conns
        for id_, record in conn.client.running.items()
        if record.conn is conn and id_ in shell.exchanges
    ]
    waiting = islice(shell.core.waiting.get(key, {}).items(), max(0, watch.queue))
    return HostDetail(
        agent=watch.agent,
        origin=key,
        sockets=tuple(
            socket_detail(
                shell.connections[conn.id], None, has_past=are_few or conn.id == watch.socket
            )
            for conn in conns
        ),
        requests=(
            *(request_detail(exchange, None, watch) for exchange in running),
            *(
                request_detail(
                    shell.exchanges[id_],
                    Outlook(
                        ahead=ahead,
                        held_by=record.why,
                        in_s=(ahead + 1) / pace if pace and record.aborted is None else None,
                    ),
                    watch,
                )
                for ahead, (id_, record) in enumerate(waiting)
            ),
        ),
    )
