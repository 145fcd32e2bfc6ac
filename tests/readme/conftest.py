"""What the README's examples talk to."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("support.loopback", "support.proxying")

from support.loopback import serve
from support.proxying import forward_proxy

__all__ = ["forward_proxy", "serve"]
