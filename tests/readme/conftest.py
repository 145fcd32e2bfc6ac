"""What the README's examples talk to."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("support.loopback")

from support.loopback import serve

__all__ = ["serve"]
