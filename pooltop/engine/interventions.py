"""What an operator does to one thing in a pool: a socket, a request, a queue.

Node has none of these. They act at once, as pooltop's own clocks do: also a queued request leaves
its place, which Node's ``req.destroy()`` lets it keep until its turn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pooltop.core.states import CloseReason, RequestState
from pooltop.engine.snapshots import request_info
from pooltop.errors import OperatorError, UsageError

if TYPE_CHECKING:
    from pooltop.core.model import OriginKey, RequestId, SocketId
    from pooltop.core.records import RequestRecord
    from pooltop.engine.agent import Agent
    from pooltop.engine.journal import Journal
    from pooltop.engine.shell import PoolShell


def destroy_socket(agent: Agent, socket: SocketId, journal: Journal) -> None:
    """Destroy a socket, in use, idle or connecting; the request on it fails.

    Raises:
        UsageError: it is gone, or closing.
    """
    shell = agent.shell
    connection = shell.connections.get(socket)
    if connection is None or connection.dead:
        raise UsageError(f"agent {agent.name} has no socket s{socket} any more")
    record = shell.core.sockets.get(socket) or shell.core.tunnelling[socket]
    request = record.request
    carried = "nothing was on it" if request is None else f"{_words(shell, request)} was on it"
    journal.write(
        "EDIT",
        f"s{socket} destroyed by operator: {carried}",
        agent=agent.name,
        host=connection.origin.label,
    )
    shell.touch()
    error = OperatorError(f"the operator destroyed its socket s{socket}", what="socket destroyed")
    shell.lost(connection, CloseReason.OPERATOR, error)
    shell.after_this_turn()


def abort_request(agent: Agent, request: RequestId, journal: Journal) -> None:
    """Abort a request, queued or running; a running one takes its socket with it.

    Raises:
        UsageError: it is over.
    """
    shell = agent.shell
    record = shell.core.requests.get(request)
    if record is None or record.state is RequestState.ENDED:
        raise UsageError(f"agent {agent.name} has no request r{request} any more: it is over")
    where = "queued" if record.socket is None else f"on s{record.socket.id}"
    journal.write(
        "EDIT",
        f"{_words(shell, record)} aborted by operator: it was {where}",
        agent=agent.name,
        host=shell.targets[record.origin.key].label,
    )
    error = OperatorError("the operator aborted the request", what="aborted")
    _keep_cause(shell, request, error)
    shell.core.cancel(
        request, now=shell.touch(), code=error.code, message=str(error), outcome=error.outcome
    )
    shell.perform()
    shell.after_this_turn()


def clear_queue(agent: Agent, origin: OriginKey, journal: Journal) -> None:
    """Fail every request that waits for a socket to an origin.

    Raises:
        UsageError: nothing waits there.
    """
    shell = agent.shell
    record = shell.core.waiting.get(origin)
    if record is None:
        target = shell.targets.get(origin)
        where = origin if target is None else target.label
        raise UsageError(f"agent {agent.name} has nothing queued for {where}")
    count = len(record.queue)
    journal.write(
        "EDIT",
        f"queue cleared by operator: {count} {'request' if count == 1 else 'requests'} dropped",
        agent=agent.name,
        host=shell.targets[origin].label,
    )
    error = OperatorError("the operator cleared the queue", what="queue cleared")
    for request in record.queue:
        _keep_cause(shell, request, error)
    shell.core.clear_queue(
        origin, now=shell.touch(), code=error.code, message=str(error), outcome=error.outcome
    )
    shell.perform()
    shell.after_this_turn()


def _keep_cause(shell: PoolShell, request: RequestId, error: OperatorError) -> None:
    exchange = shell.exchanges.get(request)
    if exchange is not None:
        exchange.cause = error


def _words(shell: PoolShell, record: RequestRecord) -> str:
    info = request_info(shell, record)
    return f"r{record.id} {info.method} {info.target}".rstrip()
