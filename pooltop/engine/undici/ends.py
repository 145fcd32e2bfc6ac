"""How a dispatcher ends: undici's ``close`` and ``destroy``, and the end of everything."""

from __future__ import annotations

import asyncio
from asyncio import Future
from functools import partial
from typing import TYPE_CHECKING

from pooltop.core.records import Failure
from pooltop.core.states import CloseReason
from pooltop.core.undici import failures
from pooltop.errors import AbortError, RequestError

if TYPE_CHECKING:
    from pooltop.core.undici.core import UndiciCore
    from pooltop.engine.undici.shell import DispatcherShell

_CLOSED = Failure("ERR_AGENT_CLOSED", "the dispatcher was closed")


class Ends:
    """Those who wait for the end of one shell's dispatcher, and what brings it about."""

    def __init__(self, shell: DispatcherShell) -> None:
        """Begin with nobody waiting."""
        self._shell = shell
        self._core: UndiciCore = shell.core
        self.closes: list[Future[None]] = []
        """Of those who wait for ``close``."""
        self.blame: RequestError | None = None
        """What the caller of ``destroy`` has given the requests to fail with."""

    def close(self) -> Future[None]:
        """Take no more requests; give what is done when all are served: see ``Dispatcher``."""
        over: Future[None] = asyncio.get_running_loop().create_future()
        if self._core.root.is_destroyed:
            gone = failures.CLIENT_DESTROYED
            over.set_exception(AbortError(gone.message, code=gone.code))
            return over
        self.closes.append(over)
        self._core.close(now=self._shell.touch())
        self._go_on()
        return over

    def destroy(self, error: RequestError | None) -> Future[None]:
        """Fail all requests; give what is done when all is closed: see ``Dispatcher``."""
        over: Future[None] = asyncio.get_running_loop().create_future()
        failure = failures.CLIENT_DESTROYED
        if error is not None:
            failure = Failure(error.code, str(error), error.outcome)
            self.blame = error
        self._core.destroy(now=self._shell.touch(), error=failure)
        self._core.root.when_over(partial(_done, over))
        self._go_on()
        return over

    def look(self) -> None:
        """Tell who waits for ``close``, if it is through."""
        if self._core.is_over:
            for over in self.closes:
                _done(over)
            self.closes.clear()

    def end_everything(self) -> None:
        """Have every request fail and every connection end, whoever knows of them yet."""
        shell, core = self._shell, self._core
        now = shell.touch()
        for exchange in shell.exchanges.values():
            exchange.cause = AbortError(_CLOSED.message, code=_CLOSED.code)
        core.destroy(now=now, error=_CLOSED)
        # An Agent that was closed knows its pools no more: they would serve what they have.
        for request in tuple(shell.exchanges):
            core.cancel(request, now=now, code=_CLOSED.code, message=_CLOSED.message)
        for socket in tuple(core.conns):
            core.lost(
                socket,
                now=now,
                reason=CloseReason.AGENT_DESTROYED,
                code=_CLOSED.code,
                message=_CLOSED.message,
            )
        shell.perform()
        shell.after()

    def _go_on(self) -> None:
        self._shell.perform()
        self._shell.after_this_turn()


def _done(over: Future[None]) -> None:
    if not over.done():
        over.set_result(None)
