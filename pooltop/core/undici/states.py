"""The states of a connection and of a request in undici, and the only allowed moves.

A pair that is not in a table is a bug of ours (AssertionError). Where a request waits, in the
queue of a pool or of a client, and whether it runs, is decided here and by no flag.
"""

from __future__ import annotations

from enum import StrEnum


class ConnState(StrEnum):
    """Where a client's connection is in its life."""

    DIALLING = "dialling"
    """undici's kConnecting; requests wait for it in the client."""
    UP = "up"
    """The client's kHTTPContext: it can carry requests."""
    LEAVING = "leaving"
    """HTTP/2: no longer the client's. What runs on it is finished, and it is given nothing new."""
    GOING = "going"
    """Destroyed, its close not yet seen: nothing is written, what ran on it still counts."""
    GONE = "gone"


CONN_MOVES: dict[ConnState, frozenset[ConnState]] = {
    # Straight to GONE: the dial failed, and there is no socket to see closed.
    ConnState.DIALLING: frozenset({ConnState.UP, ConnState.GOING, ConnState.GONE}),
    # Straight to GONE: it left, still open, in the hands of its caller (an upgrade).
    ConnState.UP: frozenset({ConnState.LEAVING, ConnState.GOING, ConnState.GONE}),
    ConnState.LEAVING: frozenset({ConnState.GOING, ConnState.GONE}),
    ConnState.GOING: frozenset({ConnState.GONE}),
    ConnState.GONE: frozenset(),
}


class ReqState(StrEnum):
    """Where a request is in its life."""

    POOLED = "pooled"
    """With a pool, which has no client for it; every request begins here."""
    PENDING = "pending"
    """In a client's queue."""
    RUNNING = "running"
    """On a connection, written or being written."""
    DONE = "done"
    """Its caller knows how it ended. It may still stand where it stood: a request that is given up
    keeps its place on its connection until that is closed."""


REQ_MOVES: dict[ReqState, frozenset[ReqState]] = {
    ReqState.POOLED: frozenset({ReqState.PENDING, ReqState.DONE}),
    # Back to POOLED: its client stood alone, and is one of a pool's now (mode "drain").
    ReqState.PENDING: frozenset({ReqState.RUNNING, ReqState.POOLED, ReqState.DONE}),
    # Back to PENDING: the connection went, and it was not at its head; or its stream was refused.
    ReqState.RUNNING: frozenset({ReqState.PENDING, ReqState.DONE}),
    ReqState.DONE: frozenset(),
}


class Resuming(StrEnum):
    """Whether a client is at its queue (undici's kResuming)."""

    IDLE = "idle"
    SCHEDULED = "scheduled"
    """It will be, one microtask later: a streamed body may yet end within this one."""
    AT_IT = "at it"


class Drain(StrEnum):
    """What a client owes those who were told to wait (undici's Client kNeedDrain)."""

    NONE = "none"
    SCHEDULED = "scheduled"
    """A ``drain`` one microtask later."""
    OWED = "owed"
    """A ``drain`` once it is no longer busy. Only now does a dispatch answer false."""


class IdleCheck(StrEnum):
    """Whether it is known that nothing waits to be read on a connection that was idle."""

    NOT_MADE = "not made"
    UNDER_WAY = "under way"
    """One turn of the loop: what the kernel holds is read before anything is written."""
    MADE = "made"


class Clock(StrEnum):
    """Which of the three clocks of an HTTP/1.1 connection runs (undici's timeoutType)."""

    NONE = "none"
    HEADERS = "headers"
    BODY = "body"
    KEEP_ALIVE = "keep-alive"
