"""Memory that is free goes back to the system."""

from __future__ import annotations

import asyncio
import ctypes
import os
from pathlib import Path

import pytest

from pooltop.ui import memory

_PAGES, _SIZE = 4000, 4000
"""Each is less than what malloc asks the system for on its own."""


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(memory._trim() is None, reason="not glibc")
def test_holes_in_the_heap_are_given_back() -> None:
    libc = ctypes.CDLL(None)
    libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    libc.free.argtypes = [ctypes.c_void_p]
    blocks = [libc.malloc(_SIZE) for _ in range(_PAGES)]
    for block in blocks:
        ctypes.memset(block, 1, _SIZE)
    # Every hundredth stays, so that the end of the heap is in use.
    for block in (b for place, b in enumerate(blocks) if place % 100):
        libc.free(block)
    before = resident()
    memory.give_back()
    assert before - resident() > _PAGES * _SIZE / 2
    for block in blocks[::100]:
        libc.free(block)


def test_where_there_is_no_such_function_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    memory._trim.cache_clear()
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    memory.give_back()
    assert memory._trim() is None
    memory._trim.cache_clear()


async def test_the_dashboard_gives_it_back_again_and_again(
    desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = asyncio.Semaphore(0)
    monkeypatch.setattr("pooltop.ui.dashboard.GIVE_BACK_S", 0.01)
    monkeypatch.setattr("pooltop.ui.dashboard.give_back", given.release)
    async with desk():
        for _ in range(2):
            await asyncio.wait_for(given.acquire(), 10)
