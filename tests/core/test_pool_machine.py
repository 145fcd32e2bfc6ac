"""The pool against everything at once: random inputs, and all inputs on a small scope.

After every single step the invariants hold and ``fold(events)`` is the pool's own state: that is
checked in ``Bench.take``. Here the questions are what must be true at the end.
"""

from __future__ import annotations

import copy
import math

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from pooltop.core.events import RequestEnded, RequestFailed
from pooltop.core.model import HOST_LIMITS, OriginKey
from pooltop.core.records import Failure
from pooltop.core.states import CloseReason, RequestState

KEYS = [OriginKey("a:80:"), OriginKey("b:80:"), OriginKey("c:443:")]
LIMITS = st.sampled_from([1, 2, 3, math.inf])
OWN_LIMITS = st.dictionaries(st.sampled_from(HOST_LIMITS), LIMITS)
LOST = st.sampled_from([CloseReason.PEER_FIN, CloseReason.PEER_RESET, CloseReason.PROTOCOL_ERROR])


class PoolMachine(RuleBasedStateMachine):
    """Any input at any time, late ones included."""

    bench_class: type

    @initialize(
        keep_alive=st.booleans(),
        max_sockets=LIMITS,
        max_total_sockets=LIMITS,
        max_free_sockets=st.sampled_from([0, 1, 256]),
        scheduling=st.sampled_from(["lifo", "fifo"]),
        live=st.sampled_from(["node", "drain"]),
        timeout=st.sampled_from([0, 500]),
        per_request=st.sampled_from([False, False, False, True]),
        tunnelled=st.sets(st.sampled_from(KEYS)),
        own=st.dictionaries(st.sampled_from(KEYS), OWN_LIMITS),
        idle_limit=st.sampled_from([300, 700, math.inf]),
    )
    def begin(self, tunnelled, own, idle_limit, **options):
        self.bench = self.bench_class(**options)
        self.bench.pool.tunnelled |= tunnelled
        self.bench.pool.own_limits |= own
        self.bench.pool.limit_idle(idle_limit)

    def pick(self, items, n):
        items = list(items)
        return items[n % len(items)] if items else None

    @rule(key=st.sampled_from(KEYS), keep_alive=st.booleans())
    def submit(self, key, keep_alive):
        self.bench.submit(key, keep_alive=keep_alive)

    @rule()
    def tick(self):
        self.bench.tick()

    @rule()
    def settle(self):
        self.bench.settle()

    @rule(n=st.integers(0, 50))
    def connect(self, n):
        socket = self.pick(self.bench.opening, n)
        if socket is not None:
            self.bench.connect_one(socket)

    @rule(
        n=st.integers(0, 50),
        reason=st.sampled_from([CloseReason.CONNECT_FAILED, CloseReason.TIMED_OUT]),
    )
    def a_tunnel_fails(self, n, reason):
        socket = self.pick(self.bench.pool.tunnelling, n)
        if socket is not None:
            self.bench.take(self.bench.pool.lost(socket, now=self.bench.now, reason=reason))

    @rule(
        n=st.integers(0, 50),
        closes=st.booleans(),
        hint=st.sampled_from([None, 0, 1, 5]),
        sent=st.booleans(),
    )
    def respond(self, n, closes, hint, sent):
        bench = self.bench
        bench.tick()
        connected = [r for r, s in bench.running.items() if s not in bench.opening]
        request = self.pick(connected, n)
        if request is not None:
            if sent:
                bench.take(bench.pool.request_sent(request, now=bench.now))
            reason = CloseReason.CONNECTION_CLOSE if closes else None
            bench.end(request, reason=reason, hint_s=hint, sent=sent)

    @rule(n=st.integers(0, 50))
    def switch_protocols(self, n):
        request = self.pick(self.bench.running, n)
        if request is not None:
            self.bench.detach(request)

    @rule(n=st.integers(0, 50))
    def abort(self, n):
        request = self.pick(self.bench.pool.requests, n)
        if request is not None:
            self.bench.take(self.bench.pool.abort(request, now=self.bench.now))

    @rule(n=st.integers(0, 50))
    def time_out(self, n):
        request = self.pick(self.bench.pool.requests, n)
        if request is not None:
            self.bench.take(
                self.bench.pool.time_out(request, now=self.bench.now, code="T", message="t")
            )

    @rule(n=st.integers(0, 50))
    def cancel(self, n):
        request = self.pick(self.bench.pool.requests, n)
        if request is not None:
            self.bench.take(
                self.bench.pool.cancel(request, now=self.bench.now, code="C", message="c")
            )

    @rule(key=st.sampled_from(KEYS))
    def clear_a_queue(self, key):
        self.bench.take(self.bench.pool.clear_queue(key, now=self.bench.now, code="C", message="c"))

    @rule(n=st.integers(0, 50))
    def the_rest_of_a_request_is_sent(self, n):
        request = self.pick(self.bench.pool.requests, n)
        if request is not None:
            self.bench.take(self.bench.pool.request_sent(request, now=self.bench.now))

    @rule(n=st.integers(0, 50))
    def a_peer_begins_to_close(self, n):
        socket = self.pick(self.bench.pool.sockets, n)
        if socket is not None:
            self.bench.take(self.bench.pool.peer_ended(socket, now=self.bench.now))

    @rule(n=st.integers(0, 50), reason=LOST)
    def lose(self, n, reason):
        socket = self.pick(self.bench.pool.sockets, n)
        if socket is not None:
            self.bench.take(self.bench.pool.lost(socket, now=self.bench.now, reason=reason))

    @rule(n=st.integers(0, 50), again=st.booleans())
    def judge(self, n, again):
        sockets = self.bench.pool.sockets.values()
        dying = [s.id for s in sockets if s.is_dying and s.request is not None]
        socket = self.pick(dying, n)
        if socket is not None:
            self.bench.pool.judge(socket, Failure("STALE", "stale"), again=again)

    @rule(n=st.integers(0, 50))
    def see_a_close(self, n):
        socket = self.pick(self.bench.closing, n)
        if socket is not None:
            self.bench.closing.remove(socket)
            self.bench.take(self.bench.pool.closed(socket, now=self.bench.now))

    @rule(seconds=st.sampled_from([0.1, 1.0]))
    def let_time_pass(self, seconds):
        self.bench.now += seconds
        deadline = self.bench.pool.deadline
        if deadline <= self.bench.now:
            self.bench.take(self.bench.pool.expire(now=self.bench.now))

    @rule(
        option=st.sampled_from(["max_sockets", "max_total_sockets", "max_free_sockets"]),
        value=LIMITS,
    )
    def edit_a_limit(self, option, value):
        self.edit(**{option: value})

    @rule(keep_alive=st.booleans(), live=st.sampled_from(["node", "drain"]))
    def edit_the_mode(self, keep_alive, live):
        self.edit(keep_alive=keep_alive, live=live)

    def edit(self, **options):
        new = msgspec.structs.replace(self.bench.pool.options, **options)
        self.bench.take(self.bench.pool.set_options(new, now=self.bench.now))

    @rule()
    def destroy(self):
        self.bench.take(self.bench.pool.destroy(now=self.bench.now))

    @invariant()
    def no_socket_is_idle_for_longer_than_it_may_be(self):
        if hasattr(self, "bench"):
            limit = self.bench.pool.idle_limit_ms
            for origin in self.bench.pool.origins.values():
                for socket in origin.free.values():
                    assert limit == math.inf or 0 < socket.free_timeout_ms <= limit

    @invariant()
    def every_request_is_pending_or_settled_once(self):
        if hasattr(self, "bench"):
            pending = {r.id for r in self.bench.pool.requests.values() if not r.was_told}
            assert not self.bench.settled.keys() & pending

    @invariant()
    def every_request_is_completed_failed_or_under_way(self):
        """What ``OriginSnapshot.under_way`` is by; over real sockets ``agent_of`` checks it."""
        if hasattr(self, "bench"):
            bench = self.bench
            over = len(bench.of(RequestEnded)) + len(bench.of(RequestFailed))
            known = bench.pool.requests.values()
            under_way = [r for r in known if r.state is not RequestState.ENDED and not r.was_told]
            assert bench.submitted == over + len(under_way)

    def teardown(self):
        """Nothing is left over once the peer has answered everything and everything closed."""
        if not hasattr(self, "bench"):
            return
        bench = self.bench
        self.edit(max_sockets=math.inf, max_total_sockets=math.inf, live="drain")
        for _ in range(1000):
            bench.settle()
            for request in list(bench.pool.requests):
                bench.take(bench.pool.request_sent(request, now=bench.now))
            if bench.running:
                bench.end(next(iter(bench.running)))
            elif not bench.pool.ticks:
                break
        bench.take(bench.pool.destroy(now=bench.now))
        bench.settle()
        assert bench.pool.total_socket_count == 0
        assert not bench.pool.requests


def test_any_order_of_inputs_keeps_the_pool_true(bench):
    machine = type("Machine", (PoolMachine,), {"bench_class": bench})
    machine.TestCase.settings = settings(
        max_examples=150, stateful_step_count=50, deadline=None, database=None
    )
    machine.TestCase("runTest").runTest()


def inputs(bench, budget):
    """Every input that means something now, as functions of a copy."""
    pool = bench.pool
    if budget:
        for key in KEYS[:2]:
            yield f"submit {key}", lambda c, key=key: c.submit(key)
    if pool.ticks:
        yield "tick", lambda c: c.tick()
        return  # the shell always ticks before the next input of the network
    for socket in bench.opening:
        yield (
            f"connected {socket}",
            lambda c, s=socket: (
                c.opening.remove(s),
                c.take(c.pool.connected(s, now=0)),
            ),
        )
    for socket in bench.closing:
        yield (
            f"closed {socket}",
            lambda c, s=socket: (
                c.closing.remove(s),
                c.take(c.pool.closed(s, now=0)),
            ),
        )
    for socket, record in pool.sockets.items():
        if not record.is_dying:
            yield (
                f"lost {socket}",
                lambda c, s=socket: c.take(c.pool.lost(s, now=0, reason=CloseReason.PEER_FIN)),
            )
    for request, socket in bench.running.items():
        if socket in bench.opening or pool.requests[request].state is not RequestState.RUNNING:
            continue
        for reason in (None, CloseReason.CONNECTION_CLOSE):
            yield (
                f"respond {request} {reason}",
                lambda c, r=request, why=reason: (
                    c.take(c.pool.request_sent(r, now=0)),
                    c.end(r, reason=why),
                ),
            )
        yield f"detach {request}", lambda c, r=request: c.detach(r)
    for request, record in pool.requests.items():
        if not record.aborted:
            yield f"abort {request}", lambda c, r=request: c.take(c.pool.abort(r, now=0))


def fingerprint(bench):
    pool = bench.pool
    requests = tuple(
        (r.id, r.state, r.sent, bool(r.aborted), r.keep_alive) for r in pool.requests.values()
    )
    sockets = tuple((s.id, s.state, s.writable) for s in pool.sockets.values())
    waiting = (tuple(pool.waiting), tuple(bench.opening), tuple(sorted(bench.closing)))
    view = pool.view()
    lists = tuple(
        (k, o.sockets, o.free_sockets, o.requests, o.aborted) for k, o in view.origins.items()
    )
    return (requests, sockets, waiting, lists, bool(pool.ticks))


@pytest.mark.parametrize("live", ["node", "drain"])
@pytest.mark.parametrize(
    ("max_sockets", "max_total_sockets"), [(1, math.inf), (2, math.inf), (2, 1), (1, 2)]
)
def test_every_path_of_three_requests_on_two_origins_is_true(
    bench, live, max_sockets, max_total_sockets
):
    start = bench(
        keep_alive=True, max_sockets=max_sockets, max_total_sockets=max_total_sockets, live=live
    )
    seen = set()
    frontier = [(start, 3)]
    while frontier:
        here, budget = frontier.pop()
        for name, act in inputs(here, budget):
            there = copy.deepcopy(here)
            there.events.clear()
            there.commands.clear()
            act(there)
            left = budget - name.startswith("submit")
            mark = (left, fingerprint(there))
            if mark not in seen:
                seen.add(mark)
                frontier.append((there, left))
    assert len(seen) > 500
