"""What became of one request class of a workload: counts by cause, and durations by phase.

Rules of this file: as in ``snapshot``.
"""

from __future__ import annotations

import msgspec

from pooltop.core.causes import Cause, totals_by_cause
from pooltop.core.histogram import Histogram

BEGUN_LATE = "begun late"
PHASES = ("earlier", "queue", "dns", "tcp", "tunnel", "tls", "send", "wait", "receive")
"""In the order in which a request goes through them; ``tunnel`` through a proxy alone, ``earlier``
where it was redirected or sent again."""


class PhaseDurations(msgspec.Struct, array_like=True, frozen=True, kw_only=True, gc=False):
    """Seconds that completed requests spent in each phase, and in all of them.

    Of a request whose socket had served before there is no dns, tcp, tunnel and tls: those have as
    many durations as there were first requests on a socket that had such a phase.
    """

    queue: Histogram = Histogram()
    """0 for one that did not queue."""
    dns: Histogram = Histogram()
    tcp: Histogram = Histogram()
    tunnel: Histogram = Histogram()
    """TLS to a proxy, if it wants that, and its answer to CONNECT."""
    tls: Histogram = Histogram()
    send: Histogram = Histogram()
    """From having a socket that can carry bytes to the kernel's having all of the request."""
    wait: Histogram = Histogram()
    """From the request being sent to the response's first byte."""
    receive: Histogram = Histogram()
    """From the response's first byte to its last."""
    total: Histogram = Histogram()
    """From the intended start to the last byte: the phases, and how late it was begun."""
    earlier: Histogram = Histogram()
    """From the start of the first request to that of the last, where it was redirected, or sent
    again as its socket was stale: the other phases are of the last one."""

    @property
    def spent(self) -> dict[str, float]:
        """Seconds that all requests together spent in each phase; BEGUN_LATE is what is in none."""
        each: dict[str, float] = {name: getattr(self, name).sum_s for name in PHASES}
        return {BEGUN_LATE: max(0.0, self.total.sum_s - sum(each.values())), **each}


class ClassSnapshot(msgspec.Struct, array_like=True, frozen=True, kw_only=True, gc=False):
    """One request class of a workload: totals since the start."""

    name: str
    sent: int = 0
    """Handed to the agent."""
    completed: int = 0
    """Responses received whole, whatever their status."""
    failed: dict[str, int] = {}
    """Outcome to count, as in ``OriginCounters.failed``."""
    unexpected: dict[str, int] = {}
    """Of the completed, those that were not what was expected: reason to count."""
    statuses: dict[int, int] = {}
    """Status code to count."""
    phases: PhaseDurations = PhaseDurations()
    redirects: int = 0
    """Redirects that were followed: each is a request of the pool, and none of the class."""

    @property
    def errors_by_cause(self) -> dict[Cause, int]:
        """Requests that failed, and those that were not answered as expected, by cause."""
        found = totals_by_cause(self.failed)
        if self.unexpected:
            found[Cause.UNEXPECTED] = sum(self.unexpected.values())
        return found
