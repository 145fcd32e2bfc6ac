"""A dispatcher of every kind against everything at once: random inputs, late ones included.

After every step the invariants hold and the fold of the events is the dispatcher's own state: that
is checked in ``Bench.take``. Here it is asked that every request is settled, and only once.
"""

from __future__ import annotations

import math

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from pooltop.core.model import OriginKey
from pooltop.core.records import Failure
from pooltop.core.states import CloseReason
from pooltop.core.undici.records import Ask

KEYS = [OriginKey("a:80:"), OriginKey("b:80:"), OriginKey("c:443:")]
N = st.integers(0, 50)
ASKS = st.builds(
    Ask,
    idempotent=st.booleans(),
    blocking=st.booleans(),
    reset=st.sampled_from([None, None, None, True, False]),
    switches=st.sampled_from([False, False, False, True]),
    upgrade=st.sampled_from(["", "websocket", "other"]),
    is_head=st.sampled_from([False, False, True]),
    body=st.sampled_from(["none", "none", "held", "streamed"]),
    expects_payload=st.booleans(),
    servername=st.sampled_from(["a", "a", "b"]),
    headers_ms=st.sampled_from([None, None, 0, 100, 700]),
    body_ms=st.sampled_from([None, None, 0, 100, 700]),
    allow_h2=st.sampled_from([None, None, False]),
)
CODES = st.sampled_from(["UND_ERR_SOCKET", "UND_ERR_INFO", "ECONNRESET"])
REASONS = st.sampled_from(
    [CloseReason.PEER_FIN, CloseReason.PEER_RESET, CloseReason.PROTOCOL_ERROR]
)
EDITS = st.sampled_from(
    [
        *(("pipelining", n) for n in (0, 1, 3)),
        *(("connections", n) for n in (1, 2, 4, math.inf)),
        *(("max_concurrent_streams", n) for n in (1, 2, 100)),
    ]
)
H2_CODES = st.sampled_from([0, 2, 7, 7, 8, 11])


class DispatcherMachine(RuleBasedStateMachine):
    """Any input at any time."""

    bench_class: type

    @initialize(
        kind=st.sampled_from(
            ["client", "pool", "round-robin-pool", "balanced-pool", "agent", "h2"]
        ),
        speaks_h2=st.booleans(),
        use_h2c=st.booleans(),
        max_concurrent_streams=st.sampled_from([1, 2, 100]),
        ping_interval=st.sampled_from([0, 500]),
        ping_timeout=st.sampled_from([math.inf, 700]),
        connections=st.sampled_from([0, 1, 2, 3]),
        pipelining=st.sampled_from([0, 1, 1, 2, 3]),
        max_requests_per_client=st.sampled_from([0, 1, 2]),
        client_ttl=st.sampled_from([0, 0, 900]),
        max_origins=st.sampled_from([2, 10]),
        headers_timeout=st.sampled_from([0, 600]),
        body_timeout=st.sampled_from([0, 600]),
        connect_timeout=st.sampled_from([0, 600]),
        secure=st.sets(st.sampled_from(KEYS)),
    )
    def begin(self, kind, secure, speaks_h2, **options):
        upstreams = KEYS[:2] if kind == "balanced-pool" else ()
        self.bench = self.bench_class(kind, upstreams=upstreams, **options)
        self.bench.core.secure |= secure
        self.bench.speaks_h2 = speaks_h2 or kind == "h2"

    def pick(self, items, n):
        items = list(items)
        return items[n % len(items)] if items else None

    def fronts(self):
        """Give the requests that may be answered next: on HTTP/2 all that run."""
        view = self.bench.core.view()
        return [
            request
            for id_, conn in view.sockets.items()
            if id_ not in self.bench.closing
            for request in (conn.requests if conn.protocol == "h2" else conn.requests[:1])
        ]

    def has_begun(self, request):
        record = self.bench.core.requests[request]
        return record.conn.has_head if record.conn.session is None else record.has_begun

    def sessions(self):
        return [id_ for id_, conn in self.bench.core.conns.items() if conn.session is not None]

    def streams(self):
        """Give the requests that run over HTTP/2."""
        found = self.bench.core.requests.values()
        return [r.id for r in found if r.conn is not None and r.conn.session is not None]

    @rule(key=st.sampled_from(KEYS), ask=ASKS)
    def dispatch(self, key, ask):
        self.bench.ask(key, ask)

    @rule()
    def tick(self):
        self.bench.tick()

    @rule()
    def turn(self):
        self.bench.turn()

    @rule()
    def settle(self):
        self.bench.settle()

    @rule(n=N)
    def connect(self, n):
        socket = self.pick(self.bench.opening, n)
        if socket is not None:
            self.bench.connect(socket)

    @rule(n=N, most=st.sampled_from([None, None, 0, 1, 2, 5]))
    def send_settings(self, n, most):
        socket = self.pick(self.sessions(), n)
        if socket is not None:
            self.bench.settings(socket, most)

    @rule(n=N, last=st.sampled_from([0, 1, 3, 5, 2**31 - 1]), code=st.sampled_from([0, 0, 2]))
    def go_away(self, n, last, code):
        socket = self.pick(self.sessions(), n)
        if socket is not None:
            self.bench.goaway(socket, last, code=code)

    @rule(n=N, code=H2_CODES)
    def reset_a_stream(self, n, code):
        request = self.pick(self.streams(), n)
        if request is not None:
            self.bench.peer_resets(request, code)

    @rule(n=N)
    def find_fault_with_a_stream(self, n):
        request = self.pick(self.streams(), n)
        if request is not None:
            self.bench.core.stream_failed(request, now=self.bench.now, code="F", message="f")
            self.bench.take()

    @rule(n=N)
    def leave_a_head_unsent(self, n):
        request = self.pick(self.streams(), n)
        if request is not None:
            self.bench.core.stream_unsent(request, now=self.bench.now)
            self.bench.take()

    @rule(n=N)
    def answer_a_ping(self, n):
        socket = self.pick(self.sessions(), n)
        if socket is not None:
            self.bench.pong(socket)

    @rule(n=N, code=CODES, altname=st.booleans())
    def refuse(self, n, code, altname):
        socket = self.pick(self.bench.opening, n)
        if socket is not None:
            self.bench.refuse(Failure(code, "refused"), socket, altname=altname)

    @rule(
        n=N,
        status=st.sampled_from([100, 101, 103, 200, 200, 204]),
        keep=st.booleans(),
        hint=st.sampled_from([None, None, 1, 5]),
        ends=st.booleans(),
    )
    def respond(self, n, status, keep, hint, ends):
        request = self.pick(self.fronts(), n)
        if request is None:
            return
        self.bench.head(request, status=status, keep=keep, hint_s=hint)
        if ends and status >= 200:
            self.bench.end(request)

    @rule(n=N)
    def end_a_response(self, n):
        request = self.pick(filter(self.has_begun, self.fronts()), n)
        if request is not None:
            self.bench.end(request)

    @rule(n=N)
    def switch_protocols(self, n):
        found = [self.bench.core.requests[r] for r in self.fronts()]
        switching = [r.id for r in found if r.ask.switches and r.conn.session is None]
        request = self.pick(switching, n)
        if request is not None:
            self.bench.core.detach(request, now=self.bench.now)
            self.bench.running.pop(request)
            self.bench.take()

    @rule(n=N)
    def the_rest_of_a_request_is_sent(self, n):
        request = self.pick(self.bench.core.requests, n)
        if request is not None:
            self.bench.core.request_sent(request, now=self.bench.now)
            self.bench.take()

    @rule(n=N, is_full=st.booleans())
    def the_kernel_is_full(self, n, is_full):
        socket = self.pick(self.bench.core.conns, n)
        if socket is not None:
            self.bench.core.written(socket, now=self.bench.now, is_full=is_full)
            self.bench.take()

    @rule(n=N)
    def abort(self, n):
        request = self.pick(self.bench.core.requests, n)
        if request is not None:
            self.bench.abort(request)

    @rule(n=N)
    def cancel(self, n):
        request = self.pick(self.bench.core.requests, n)
        if request is not None:
            self.bench.core.cancel(request, now=self.bench.now, code="C", message="c")
            self.bench.take()

    @rule(n=N)
    def time_out(self, n):
        request = self.pick(self.bench.core.requests, n)
        if request is not None:
            self.bench.core.time_out(request, now=self.bench.now, code="T", message="t")
            self.bench.take()

    @rule(key=st.sampled_from(KEYS))
    def clear_a_queue(self, key):
        self.bench.core.clear_queue(key, now=self.bench.now, code="C", message="c")
        self.bench.take()
        assert key not in self.bench.core.waiting

    @rule(n=N, code=CODES, reason=REASONS)
    def lose(self, n, code, reason):
        up = [id_ for id_ in self.bench.core.conns if id_ not in self.bench.opening]
        socket = self.pick(up, n)
        if socket is not None:
            self.bench.lose(socket, code, reason)

    @rule(n=N)
    def see_a_close(self, n):
        socket = self.pick(self.bench.closing, n)
        if socket is not None:
            self.bench.see_close(socket)

    @rule(seconds=st.sampled_from([0.1, 0.6, 5.0]))
    def let_time_pass(self, seconds):
        self.bench.now += seconds
        while self.bench.core.deadline <= self.bench.now:
            self.bench.expire()

    @rule(edit=EDITS)
    def edit(self, edit):
        core = self.bench.core
        new = msgspec.structs.replace(core.options, **dict([edit]))
        core.set_options(new, now=self.bench.now, drains=True)
        self.bench.take()

    @rule(key=st.sampled_from(KEYS), adds=st.booleans())
    def change_the_upstreams(self, key, adds):
        core = self.bench.core
        if core.options.kind == "undici-balanced-pool":
            (core.add_upstream if adds else core.remove_upstream)(key, now=self.bench.now)
            self.bench.take()

    @rule(n=N)
    def close_or_destroy(self, n):
        # Seldom: after it, little else can happen.
        if n == 7:
            self.bench.core.close(now=self.bench.now)
        elif n == 8:
            self.bench.core.destroy(now=self.bench.now)
        self.bench.take()

    @invariant()
    def every_request_is_known_or_settled_or_answered(self):
        if hasattr(self, "bench"):
            known = self.bench.core.requests.keys()
            assert not known & self.bench.settled.keys()

    @invariant()
    def the_numbers_agree(self):
        if hasattr(self, "bench"):
            stats = self.bench.core.total_stats()
            assert stats.size == stats.pending + stats.running
            assert min(stats.connected, stats.pending, stats.running) >= 0

    def answer_for_the_sessions(self):
        """Let the servers allow streams, and say that they are there."""
        for socket in self.sessions():
            session = self.bench.core.conns[socket].session
            if not session.has_settings or session.peer_streams == 0:
                self.bench.settings(socket, 5)
            while session.pings:
                self.bench.pong(socket)

    def free_who_is_blocked(self):
        """Let the server close what a HEAD blocks that was told to: undici waits for that alone."""
        for conn in list(self.bench.core.conns.values()):
            if conn.is_blocking and not conn.client.running:
                self.bench.lose(conn.id)

    def teardown(self):
        """Every request is settled once the servers answer, and nothing is left after a close."""
        if not hasattr(self, "bench"):
            return
        bench = self.bench
        for _ in range(1000):
            bench.settle()
            self.answer_for_the_sessions()
            for request in list(bench.core.requests):
                bench.core.request_sent(request, now=bench.now)
                bench.take()
            front = next(iter(self.fronts()), None)
            if front is None:
                if not bench.core.requests:
                    break
                self.free_who_is_blocked()
                bench.wait(1.0)
                continue
            if not self.has_begun(front):
                bench.head(front)
            if front in bench.core.requests:
                bench.end(front)
        assert not bench.core.requests, "a request is never settled"
        bench.core.close(now=bench.now)
        bench.take()
        bench.settle()
        assert bench.core.is_over
        assert not bench.core.conns
        assert not bench.core.clients


def test_any_order_of_inputs_keeps_a_dispatcher_true(bench):
    machine = type("Machine", (DispatcherMachine,), {"bench_class": bench})
    machine.TestCase.settings = settings(
        max_examples=200, stateful_step_count=50, deadline=None, database=None
    )
    machine.TestCase("runTest").runTest()
