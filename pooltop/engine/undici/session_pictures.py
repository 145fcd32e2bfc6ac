"""What front ends are shown of a dispatcher that an http.Agent has not: clients, and sessions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pooltop.core.dispatcher_snapshot import ClientInfo, SessionInfo, SessionSettings
from pooltop.core.undici.client import Client
from pooltop.core.undici.records import ConnRecord

if TYPE_CHECKING:
    from pooltop.core.model import OriginKey
    from pooltop.engine.h2.peer_settings import PeerSettings
    from pooltop.engine.undici.client_connection import ClientConnection
    from pooltop.engine.undici.shell import DispatcherShell


def client_pictures(shell: DispatcherShell, key: OriginKey) -> tuple[ClientInfo, ...]:
    """Give the clients of an origin, in the order in which they were made."""
    core = shell.core
    ttl_s = core.options.client_ttl / 1000
    found = []
    for id_, client in core.clients.items():
        assert isinstance(client, Client)
        if client.key != key:
            continue
        conn = client.conn or client.dial
        since = client.connected_at
        found.append(
            ClientInfo(
                id=id_,
                socket=None if conn is None else conn.id,
                full=client.is_full,
                pending=len(client.pending),
                running=len(client.running),
                since=since,
                ttl_at=since + ttl_s if ttl_s and since is not None else None,
                # Or its pool is: an Agent's that it has forgotten, an upstream that was removed.
                retiring=id_ in core.retired or (client.is_closed and not core.root.is_closed),
            )
        )
    return tuple(found)


def session_picture(
    shell: DispatcherShell, conn: ConnRecord, connection: ClientConnection
) -> SessionInfo | None:
    """Give the HTTP/2 session of a connection; None for HTTP/1.1, and before it is up."""
    h2 = connection.h2
    if h2 is None or conn.session is None:
        return None
    options = shell.core.options
    own = options.max_concurrent_streams
    pings = conn.session.pings
    session = h2.session
    return SessionInfo(
        streams=session.streams,
        own=None if math.isinf(own) else int(own),
        ours=SessionSettings(initial_window_size=int(options.initial_window_size)),
        peer=_settings(session.peer) if session.has_settings else None,
        window_in=session.window_in,
        window_out=session.window_out,
        ping_rtt=None if h2.ping is None else h2.ping.rtt_s,
        ping_at=None if h2.ping is None else h2.ping.at,
        ping_since=pings[0].at if pings else None,
        goaway=h2.goaway,
        codec=session.codec,
    )


def _settings(peer: PeerSettings) -> SessionSettings:
    return SessionSettings(
        max_concurrent_streams=peer.max_concurrent_streams,
        initial_window_size=peer.initial_window_size,
        max_frame_size=peer.max_frame_size,
        header_table_size=peer.header_table_size,
        max_header_list_size=peer.max_header_list_size,
    )
