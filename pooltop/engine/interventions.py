"""What an operator does to one thing in a pool: a socket, a request, a queue.

Node has none of these. They act at once, as pooltop's own clocks do: also a queued request leaves
its place, which Node's ``req.destroy()`` lets it keep until its turn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pooltop.core.states import CloseReason
from pooltop.engine.pictures import without_query
from pooltop.errors import OperatorError, UsageError

if TYPE_CHECKING:
    from pooltop.core.model import OriginKey, RequestId, SocketId
    from pooltop.engine.carrier import Carrier
    from pooltop.engine.journal import Journal
    from pooltop.engine.shell_base import ShellBase


def destroy_socket(agent: Carrier, socket: SocketId, journal: Journal) -> None:
    """Destroy a socket, in use, idle or connecting; the request on it fails.

    Raises:
        UsageError: it is gone, or closing.
    """
    shell = agent.shell
    connection = shell.connections.get(socket)
    if connection is None or connection.dead:
        raise UsageError(f"agent {agent.name} has no socket s{socket} any more")
    running = shell.running_on(connection)
    if len(running) > 1:
        carried = f"{len(running)} requests were on it"
    else:
        carried = f"{_words(shell, running[0])} was on it" if running else "nothing was on it"
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


def abort_request(agent: Carrier, request: RequestId, journal: Journal) -> None:
    """Abort a request, queued or running; a running one takes its socket with it.

    Raises:
        UsageError: it is over.
    """
    shell = agent.shell
    exchange = shell.exchanges.get(request)
    if exchange is None:
        raise UsageError(f"agent {agent.name} has no request r{request} any more: it is over")
    socket = shell.socket_of(request)
    where = "queued" if socket is None else f"on s{socket}"
    journal.write(
        "EDIT",
        f"{_words(shell, request)} aborted by operator: it was {where}",
        agent=agent.name,
        host=shell.targets[exchange.key].label,
    )
    error = OperatorError("the operator aborted the request", what="aborted")
    _keep_cause(shell, request, error)
    shell.cancel(request, error)


def clear_queue(agent: Carrier, origin: OriginKey, journal: Journal) -> None:
    """Fail every request that waits for a socket to an origin.

    Raises:
        UsageError: nothing waits there.
    """
    shell = agent.shell
    queue = shell.queue_of(origin)
    if not queue:
        target = shell.targets.get(origin)
        where = origin if target is None else target.label
        raise UsageError(f"agent {agent.name} has nothing queued for {where}")
    count = len(queue)
    journal.write(
        "EDIT",
        f"queue cleared by operator: {count} {'request' if count == 1 else 'requests'} dropped",
        agent=agent.name,
        host=shell.targets[origin].label,
    )
    error = OperatorError("the operator cleared the queue", what="queue cleared")
    for request in queue:
        _keep_cause(shell, request, error)
    shell.clear_queue(origin, error)


def _keep_cause(shell: ShellBase, request: RequestId, error: OperatorError) -> None:
    exchange = shell.exchanges.get(request)
    if exchange is not None:
        exchange.cause = error


def _words(shell: ShellBase, request: RequestId) -> str:
    exchange = shell.exchanges.get(request)
    if exchange is None:  # its response is here, and the rest of it is still being sent
        return f"r{request}"
    prepared = exchange.prepared
    return f"r{request} {prepared.method.decode('latin-1')} {without_query(prepared.target)}"
