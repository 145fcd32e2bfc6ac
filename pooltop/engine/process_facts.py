"""What the engine's own process uses: memory, CPU, descriptors. Unknown is None, never 0."""

from __future__ import annotations

import os
import time
from pathlib import Path

from pooltop.core.snapshot import ProcessFacts

_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


def process_facts(
    pid: int, *, loop_lag_s: float, local_ports: int | None, fd_ceiling: int | None
) -> ProcessFacts:
    """Give the facts of this process, now; what the arguments say was found out elsewhere."""
    return ProcessFacts(
        pid=pid,
        rss_bytes=_rss(),
        cpu_s=time.process_time(),
        open_fds=_open_fds(),
        max_fds=max_fds(),
        local_ports=local_ports,
        loop_lag_s=loop_lag_s,
        fd_ceiling=fd_ceiling,
    )


def _rss() -> int | None:
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE
    except OSError:
        return None


def _open_fds() -> int | None:
    for place in ("/proc/self/fd", "/dev/fd"):
        try:
            return len(os.listdir(place)) - 1
        except OSError:
            continue
    return None


def max_fds() -> int | None:
    """Give how many descriptors this process may have; None where there is no such limit."""
    try:
        import resource  # noqa: PLC0415 - not on every platform
    except ImportError:
        return None
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if soft == resource.RLIM_INFINITY else soft
