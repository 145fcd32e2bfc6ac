"""A dispatcher's limits in the words of an http.Agent."""

from __future__ import annotations

import math

import pytest

from pooltop.core.model import AgentOptions
from pooltop.core.undici.options import DispatcherOptions, built_in
from pooltop.core.undici.projection import projected


@pytest.mark.parametrize(
    ("options", "max_sockets"),
    [
        (DispatcherOptions(connections=8), 8),
        (DispatcherOptions(connections=0), math.inf),
        (DispatcherOptions(), math.inf),
        (DispatcherOptions(kind="undici-client"), 1),
        (built_in("h2"), 1),
    ],
)
def test_connections_are_sockets_of_which_none_is_too_idle_to_keep(
    options: DispatcherOptions, max_sockets: float
) -> None:
    told = projected(options)

    assert (max_sockets, math.inf, math.inf) == (
        told.max_sockets,
        told.max_total_sockets,
        told.max_free_sockets,
    )


@pytest.mark.parametrize(
    ("options", "is_kept"),
    [
        (DispatcherOptions(), True),
        (DispatcherOptions(pipelining=0), False),
        (DispatcherOptions(kind="h2", pipelining=0), True),
    ],
)
def test_without_pipelining_no_connection_is_kept_but_a_session_is(
    options: DispatcherOptions, is_kept: bool
) -> None:
    assert is_kept is projected(options).keep_alive


def test_where_and_how_long_are_the_same_in_both() -> None:
    same = {
        "live": "drain",
        "max_cached_sessions": 7,
        "local_address": "127.0.0.2",
        "family": 4,
        "socket_path": "/run/s",
        "no_delay": False,
    }
    assert AgentOptions(
        keep_alive=True, timeout=5000, max_free_sockets=math.inf, **same
    ) == projected(DispatcherOptions(keep_alive_timeout=5000, **same))
