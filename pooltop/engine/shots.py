"""The requests of a workload: each tells its class's counts, and its runner, what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pooltop.core.answers import unexpected
from pooltop.core.breaker import PUSHBACKS
from pooltop.core.redirects import FOLLOWED
from pooltop.core.traffic import Expect
from pooltop.engine.class_tally import ClassTally
from pooltop.engine.codecs.base import ResponseHead
from pooltop.engine.exchange import Exchange
from pooltop.engine.redirects import Trail
from pooltop.errors import RedirectError, RequestError

if TYPE_CHECKING:
    from pooltop.engine.workload import WorkloadRunner


class Shot(Exchange):
    """One request of a workload: counted, its body let go."""

    runner: WorkloadRunner
    counts: ClassTally
    expect: Expect | None = None

    def on_complete(self) -> None:
        """Tell the workload."""
        self.counts.note_completed(self)
        self.runner.shot_over(failed=False)

    def on_failed(self, error: RequestError) -> None:
        """Tell the workload."""
        self.counts.note_failed(error)
        self.runner.shot_over(failed=True)


class CheckedShot(Shot):
    """One whose response has to be as expected: else it is an error, though it is complete."""

    body_bytes = 0

    def on_data(self, data: bytes) -> None:
        """Count the body."""
        self.body_bytes += len(data)

    def on_complete(self) -> None:
        """Tell the workload, and what is wrong with the response."""
        assert self.expect is not None
        reason = unexpected(self.expect, self.status, self.body_bytes)
        if reason:
            self.counts.unexpected[reason] += 1
            self.runner.around.on_unexpected(self, reason)
        super().on_complete()


class CarefulShot(CheckedShot):
    """One whose workload is guarded: a server that says 429 or 503 is heard at once."""

    def on_head(self, head: ResponseHead) -> None:
        """Keep the status; tell the breaker."""
        super().on_head(head)
        guard = self.runner.guard
        if head.status in PUSHBACKS and guard is not None:
            guard.pushed_back(head, self.origin.authority)

    def on_complete(self) -> None:
        """Tell the workload, and what is wrong with the response if something is expected."""
        if self.expect is None:
            Shot.on_complete(self)
        else:
            super().on_complete()


class FollowingShot(CarefulShot):
    """One that goes where a redirect leads: the last answer, or what went wrong, is what counts.

    Each of its requests is one of the pool that carries it, which counts it from its own start; for
    the class they are one, from the first one's intended start to the last one's end.
    """

    trail: Trail
    location: bytes | None = None

    def on_head(self, head: ResponseHead) -> None:
        """Keep the status, and where it leads."""
        super().on_head(head)
        if head.status in FOLLOWED:
            self.location = next((v for name, v in head.headers if name == b"location"), None)

    def on_complete(self) -> None:
        """Go on to the next request; tell the workload of the last."""
        if self.location is None:
            if self.trail.is_led:
                self.earlier_s += self.intended_at - self.trail.begun_at
                self.intended_at = self.trail.intended_at
            super().on_complete()
            return
        try:
            trail, prepared, origin = self.runner.redirects.next_of(
                self.trail, self.prepared, self.status, self.location
            )
        except RedirectError as error:
            self.runner.around.on_unexpected(self, str(error))
            self.on_failed(error)
            return
        shot = FollowingShot(
            prepared,
            origin,
            self.runner.redirects.timeouts_to(origin, trail),
            intended_at=self.shell.now,
            label=self.label,
        )
        shot.runner, shot.counts, shot.expect = self.runner, self.counts, self.expect
        shot.trail = trail
        self.runner.send_hop(shot)
