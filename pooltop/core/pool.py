"""The allocator: which socket a request gets, what becomes of a socket, who waits and why.

This is Node's http.Agent without its sockets. The shell reports what happened (the inputs of
``PoolCore``) and performs the commands that come back. Node's order of decisions is kept step by
step, defects included; what an operator would rather have is in rules/drain.py and used when
``options.live`` is "drain".

Three moments of Node's are kept apart, because what happens between them shows:
- a request is *assigned* a socket, and *attached* to it one tick later (process.nextTick);
- a response *ends*, and its socket is *released* one tick later;
- a socket is *destroyed*, and its *close* is seen one turn of the loop later. Until then it is in
  its list and counts. A request that is on it is settled when the close is seen, or one tick after
  the network or the peer broke it.
Ticks are queued here: the shell calls ``tick`` while there are ``ticks``, at the end of the
callback that it is in, and so before anything else the network brings.

What it knows is in ledger.py; each rule is in a module of its own in ``rules/``.
"""

from __future__ import annotations

from pooltop.core import invariants
from pooltop.core.ledger import Ledger
from pooltop.core.rules import admission, agent_wide, ends, idle, opening, removal, serving


class PoolCore(Ledger):
    """The pools of one agent, all origins together.

    Its inputs are the rules' own functions: a call that only passes on would cost every request.
    """

    # A request begins, and is on its socket
    submit = admission.submit
    set_dial_timeout = opening.set_dial_timeout
    tick = serving.tick
    connected = serving.connected
    request_sent = serving.request_sent
    response_ended = serving.response_ended
    set_timeout = serving.set_timeout
    raise_timeout = serving.raise_timeout

    # Something ends
    abort = ends.abort
    time_out = ends.time_out
    cancel = ends.cancel
    clear_queue = ends.clear_queue
    lost = ends.lost
    peer_ended = ends.peer_ended
    judge = ends.judge
    expire = idle.expire

    # A socket leaves
    closed = removal.closed
    detach = removal.detach

    # All of it
    set_options = agent_wide.set_options
    set_own_limits = agent_wide.set_own_limits
    limit_idle = agent_wide.limit_idle
    destroy = agent_wide.destroy
    forget_queue = agent_wide.forget_queue
    forget_unused_origins = agent_wide.forget_unused_origins

    # For tests
    check_invariants = invariants.check
