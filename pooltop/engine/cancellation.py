"""Whose cancellation it is: a task of ours runs code of the caller's, which may be cancelled alone.

A resolver, a connector or a request's content awaits what it likes. If something cancels that and
not the task, the CancelledError is a failure like any other: passed on, it would end the task as
if we had asked for it, and the request would wait for ever.
"""

from __future__ import annotations

import asyncio


def is_ours() -> bool:
    """Say whether the running task itself was asked to end; for who has caught CancelledError."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0
