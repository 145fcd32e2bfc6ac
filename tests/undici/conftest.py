"""What every scenario over real sockets is checked for: that it leaves nothing behind."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("support.leaks")

from support.leaks import _no_leaks, _nothing_is_left

__all__ = ["_no_leaks", "_nothing_is_left"]
