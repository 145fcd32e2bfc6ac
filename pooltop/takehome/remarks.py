"""What an agent has that a client has not: said above the code, never left out silently."""

from __future__ import annotations

import math
from collections.abc import Iterable

from pooltop.takehome.literals import number
from pooltop.takehome.pool import Pool


def seconds(value: float) -> str:
    """Give ``500 ms`` or ``1.5 s``."""
    return f"{number(value * 1000)} ms" if value < 1 else f"{number(value)} s"


def of_hosts(pool: Pool, how: str) -> Iterable[str]:
    """Say which hosts have limits of their own, and what to do about it."""
    for label, limits in sorted(pool.hosts.items()):
        words = ", ".join(
            f"{name} {'unlimited' if math.isinf(limit) else number(limit)}"
            for name, limit in sorted(limits.items())
        )
        yield f"{label[:200]} has {words} of its own: {how}."


def of_clocks(pool: Pool, meant: dict[str, str]) -> Iterable[str]:
    """Say which clocks the client has not, or means otherwise.

    Args:
        pool: whose clocks.
        meant: what to say of a clock, by its name, without its value.
    """
    for name, words in meant.items():
        value = pool.clock(name)
        if value is not None:
            yield f"timeouts.{name} is {seconds(value)} in pooltop: {words}."


def of_the_agent(pool: Pool, *, has_total: str = "", has_free: str = "") -> Iterable[str]:
    """Say what most clients cannot.

    Args:
        pool: whose options.
        has_total: what is instead of maxTotalSockets; empty where there is such a limit.
        has_free: likewise of maxFreeSockets.
    """
    options = pool.options
    if options.max_sockets <= 0:
        yield "maxSockets is 0, which lets nothing be opened: no client has that; here it is 1."
    if has_total and math.isfinite(options.max_total_sockets):
        yield f"maxTotalSockets is {number(options.max_total_sockets)} in pooltop: {has_total}."
    if has_free and pool.options.keep_alive and pool.options.max_free_sockets < pool.at_once:
        yield f"maxFreeSockets is {number(options.max_free_sockets)} in pooltop: {has_free}."
    if options.per_request:
        yield "perRequest is on in pooltop, a new agent for every request: it is not taken home."
    if pool.dispatcher is not None and pool.dispatcher.kind == "h2":
        streams = number(pool.dispatcher.max_concurrent_streams)
        yield (
            f"over HTTP/2 {_limit(options.max_sockets)} sessions of {streams} streams each let as "
            "many requests run; over HTTP/1.1 each needs a connection."
        )
    if not pool.knows_tls:
        yield "a dashboard knows of no files of TLS: pooltop export PROFILE has them."


def _limit(value: float) -> str:
    return "unlimited" if math.isinf(value) else number(value)
