"""The options of a dispatcher in the words of http.Agent."""

from __future__ import annotations

import math

from pooltop.core.model import AgentOptions
from pooltop.core.undici.options import DispatcherOptions


def projected(options: DispatcherOptions) -> AgentOptions:
    """Give the options of an http.Agent that has the same limits.

    It is what counts, bars and thresholds read: ``max_sockets`` is ``connections``, ``timeout`` the
    idle time without a hint, and there is no other limit. Where it connects is the same.
    """
    return AgentOptions(
        keep_alive=options.pipelining > 0 or options.kind == "h2",
        max_sockets=1 if options.kind == "undici-client" else options.connections or math.inf,
        max_free_sockets=math.inf,
        timeout=options.keep_alive_timeout,
        live=options.live,
        max_cached_sessions=options.max_cached_sessions,
        local_address=options.local_address,
        family=options.family,
        socket_path=options.socket_path,
        no_delay=options.no_delay,
    )
