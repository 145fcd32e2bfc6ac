"""What tests of advice get: raw servers, a leak check, and runs that an advisor watches."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.advising import Watcher
from support.real_sockets import *  # noqa: F403 - the list is there, for all who need it

if TYPE_CHECKING:  # what it has asserts rewritten of may not be imported before it
    from support.loopback import Serve


@pytest.fixture
def watcher(serve: Serve, tmp_path: Path) -> Watcher:
    """Give what runs situations in the test's own loop."""
    return Watcher(serve, tmp_path)
