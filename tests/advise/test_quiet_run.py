"""Nothing is said of a run in which all is well; ``bench/quiet_run.py`` does it for longer."""

from __future__ import annotations

import pytest
from support.quiet import HOSTS, told, watch_quietly

from pooltop.advise.rules.size import LOW_WINDOWS


async def test_hosts_of_every_kind_under_a_moderate_load_raise_nothing():
    quiet = await watch_quietly(6.5, window_s=0.5, look_s=0.05, stall_s=0.1)
    if quiet.windows <= LOW_WINDOWS:
        pytest.skip("this machine is too busy for a run to be healthy")
    assert [] == [told(card) for card in quiet.cards]
    assert HOSTS == quiet.hosts
