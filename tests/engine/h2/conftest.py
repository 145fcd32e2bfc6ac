"""What the HTTP/2 session's tests share: a session of every implementation in turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.h2_frames import SESSIONS, MakeSession, Talk

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(params=SESSIONS)
def make(request: pytest.FixtureRequest) -> MakeSession:
    """Each implementation in turn."""
    return request.param


@pytest.fixture
def new_talk(make: MakeSession) -> Callable[..., Talk]:
    """Makes sessions; the arguments are ``Talk``'s."""
    return lambda *args, **more: Talk(*args, make=make, **more)


@pytest.fixture
def talk(new_talk: Callable[..., Talk]) -> Talk:
    """A session whose SETTINGS were exchanged."""
    return new_talk()
