"""The sizing formulas F1 to F10: how many sockets a host needs, and how long requests would wait.

Symbols, per host and window: λ arrivals per second that were offered; S mean lease in seconds,
from a request's being given a socket until it is returned with its body read; c the limit; A the
sockets in use, weighted by time; a = λS, the offered load in sockets; ρ = a/c.

Everywhere ``math.inf`` as a limit means "no limit", and as a time "longer with every second": what
is offered is at least what c sockets can carry. Erlang's formulas hold for arrivals that wait for
nobody. They are exact for Poisson arrivals and exponential leases; for others they are corrected by
the variation of both (Allen and Cunneen). ``simulate`` has no such assumptions.
"""

from __future__ import annotations

import math

LITTLE_TOLERANCE = 0.1
"""Of Little's law: a difference of more than this share is said before anything is advised."""
MOST_SERVERS = 100_000
"""Erlang's recursion takes a step a server: beyond this it is not asked."""
SLOWING = 0.9
"""A gradient below it means that the target is slowing: nothing that sends it more is advised."""
TIME_WAIT_S = 60.0
"""How long Linux keeps a closed connection's port (include/net/tcp.h, TCP_TIMEWAIT_LEN)."""


def offered_load(arrivals_per_s: float, lease_s: float) -> float:
    """Give a = λS, the sockets that are in use on average if none has to wait (F1).

    Source: J. D. C. Little, "A Proof for the Queuing Formula: L = λW", 1961.
    """
    return arrivals_per_s * lease_s


def obeys_little(measured: float, expected: float) -> bool:
    """Say whether the sockets measured in use are those that Little's law expects (F1).

    If not, the window is no steady state, or something holds sockets that serve nobody.
    """
    return abs(measured - expected) <= LITTLE_TOLERANCE * max(measured, expected)


def staffing(load: float, beta: float = 1.0) -> int:
    """Give the limit by the square-root rule, c = ⌈a + β√a⌉ (F2).

    Args:
        load: a, in sockets.
        beta: 0.5 for economy, 2 for few waits; 1 lets about a fifth of them wait.

    Source: S. Halfin and W. Whitt, "Heavy-Traffic Limits for Queues with Many Exponential
    Servers", 1981.
    """
    return max(1, math.ceil(load + beta * math.sqrt(load)))


def waiting_share(load: float, limit: float) -> float:
    """Give the share of requests that have to wait, Erlang's C (F3).

    Args:
        load: a, in sockets, 0 or more.
        limit: c, 1 or more; inf means no limit.

    Returns:
        From 0 to 1; 1 where the load is all that the limit can carry, or more.
    """
    if load <= 0 or limit > MOST_SERVERS:
        return 0.0
    servers = int(limit)
    if load >= servers:
        return 1.0
    blocked = 1.0
    for k in range(1, servers + 1):
        blocked = load * blocked / (k + load * blocked)
    return blocked / (1 - load / servers * (1 - blocked))


def mean_wait_s(
    load: float, lease_s: float, limit: float, *, ca2: float = 1.0, cs2: float = 1.0
) -> float:
    """Give the mean wait for a socket in seconds, P·S/(c - a)·(Ca² + Cs²)/2 (F3).

    With 120 requests a second of 150 ms each: 41.3, 10.4 and 3.2 ms at 20, 22 and 24 sockets.

    Args:
        load: a, in sockets.
        lease_s: S.
        limit: c; inf means no limit.
        ca2: squared coefficient of variation of the times between arrivals; 0 at a constant pace.
        cs2: likewise of the leases.

    Returns:
        inf where the load is all that the limit can carry, or more.
    """
    if load <= 0 or limit > MOST_SERVERS:
        return 0.0
    if load >= int(limit):
        return math.inf
    share = waiting_share(load, limit)
    return share * lease_s / (int(limit) - load) * (ca2 + cs2) / 2


def wait_quantile_s(load: float, lease_s: float, limit: float, q: float = 0.95) -> float:
    """Give the wait in seconds that a share ``q`` of requests does not exceed (F3).

    It is max(0, S/(c - a)·ln(P/(1 - q))): for Poisson arrivals and exponential leases.

    Returns:
        0 where at most 1 - q of the requests wait at all; inf as in ``mean_wait_s``.
    """
    if load <= 0 or limit > MOST_SERVERS:
        return 0.0
    if load >= int(limit):
        return math.inf
    share = waiting_share(load, limit)
    if share <= 1 - q:
        return 0.0
    return lease_s / (int(limit) - load) * math.log(share / (1 - q))


def least_limit(load: float, lease_s: float, target_s: float, *, q: float = 0.95) -> int:
    """Give the smallest limit whose wait at quantile ``q`` is no longer than ``target_s`` (F3, F6).

    Args:
        load: a, in sockets; less than MOST_SERVERS.
        lease_s: S.
        target_s: the wait that is wanted at most.
        q: the quantile that it is wanted of.
    """
    low = max(1, math.floor(load) + 1)
    high = low
    while wait_quantile_s(load, lease_s, high, q) > target_s:
        low, high = high + 1, high * 2
    while low < high:
        middle = (low + high) // 2
        if wait_quantile_s(load, lease_s, middle, q) > target_s:
            low = middle + 1
        else:
            high = middle
    return low


def gradient(long_s: float, short_s: float, *, tolerance: float = 1.5) -> float:
    """Give Netflix's Gradient2, clamp(tolerance·long/short, 0.5, 1): 1 is a healthy target (F5).

    Args:
        long_s: the service time over long, in seconds.
        short_s: that of the last window; 0 or less says nothing, and 1 is given.
        tolerance: how many times the service time may grow before it counts.

    Source: Netflix concurrency-limits, Gradient2Limit.
    """
    if short_s <= 0:
        return 1.0
    return max(0.5, min(1.0, tolerance * long_s / short_s))


def next_limit(limit: float, slope: float, in_flight: float) -> float:
    """Give the limit that Gradient2 would go on with: 0.8·old + 0.2·(g·old + 4) (F5).

    It does not grow while less than half of it is in flight.
    """
    if in_flight < limit / 2:
        return limit
    return 0.8 * limit + 0.2 * (slope * limit + 4)


def envoy_gradient(min_s: float, sample_s: float, *, buffer: float = 0.25) -> float:
    """Give Envoy's gradient, minRTT·(1 + buffer)/sampleRTT (F5); ``envoy_limit`` goes on with it.

    Args:
        min_s: service time of an unloaded target, in seconds.
        sample_s: that of the last window; 0 or less says nothing, and 1 is given.
        buffer: the share by which it may grow unpunished.

    Source: Envoy's adaptive concurrency filter, gradient controller.
    """
    if sample_s <= 0:
        return 1.0
    return max(0.5, min(2.0, min_s * (1 + buffer) / sample_s))


def envoy_limit(limit: float, slope: float) -> float:
    """Give Envoy's next limit, g·old + √(g·old): the root is the room to grow into (F5)."""
    return slope * limit + math.sqrt(slope * limit)


def advised_limit(
    load: float,
    lease_s: float,
    target_s: float,
    *,
    knee: float = math.inf,
    ceiling: float = math.inf,
    descriptors: float = math.inf,
) -> int:
    """Give the limit to propose: the smallest that meets the wait, under every bound (F6).

    Args:
        load: a, in sockets; less than MOST_SERVERS.
        lease_s: S.
        target_s: the queue wait that is wanted of 95 % of requests, at most.
        knee: N*, beyond which the target serves less (``usl``); inf where it is not known.
        ceiling: what the profile allows at most; inf for no limit.
        descriptors: sockets that the process may still have; inf where it is not known.
    """
    bound = min(knee, ceiling, descriptors)
    # Above its bound the smallest that meets the wait is of no interest, and dear to find.
    wanted = bound if load >= bound else least_limit(load, lease_s, target_s)
    return max(1, math.floor(min(wanted, bound)))


def most_closes_per_s(ports: int, *, held_s: float = TIME_WAIT_S) -> float:
    """Give the connections a second that may be closed on our side, to one peer (F7).

    Each holds its local port for ``held_s``. Linux has 28,232 of them: 470 a second.

    Args:
        ports: high - low + 1 of net.ipv4.ip_local_port_range.
        held_s: how long one is held, in seconds.
    """
    return ports / held_s


def free_sockets(high: float, low: float) -> int:
    """Give how many idle sockets are worth keeping: p99(A) - p1(A) of the sockets in use (F8)."""
    return max(0, math.ceil(high - low))


def safe_idle_s(hint_s: float, buffer_s: float, rtt_p99_s: float) -> float:
    """Give how long a socket may be idle and its server surely has not closed it (F9).

    Args:
        hint_s: the server's ``Keep-Alive: timeout``, in seconds; inf where it promised none.
        buffer_s: what is taken off it, Node's agentKeepAliveTimeoutBuffer, in seconds.
        rtt_p99_s: 99 % of round trips are shorter.

    Returns:
        0 where there is no safe time: such a socket is used once.
    """
    return max(0.0, hint_s - buffer_s - rtt_p99_s)


def nested_least(callers: int, each: int) -> int:
    """Give the least limit at which nested calls cannot deadlock, T(m - 1) + 1 (F10).

    Args:
        callers: T, that run at a time.
        each: m, the sockets that one of them holds at once at most.

    Source: HikariCP, "About Pool Sizing".
    """
    return callers * (each - 1) + 1
