"""M masks the hosts' names wherever they are painted, and shows them again."""

from __future__ import annotations

import pytest

NAMES = ("kept.localhost", "closed.localhost", "starved.localhost", "secure.localhost")


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (120, 40), (200, 60)])
async def test_no_page_shows_a_hosts_name_while_it_is_masked(desk, size):
    async with desk(size=size) as one:
        assert any(name in one.text() for name in NAMES)
        await one.press("M")
        for page in "123456":
            await one.press(page)
            await one.step()
            assert [] == [name for name in NAMES if name in one.text()]
            await one.press("enter")
            await one.step()
            assert [] == [name for name in NAMES if name in one.text()]
            await one.press("escape")
        await one.press("1", "M")
        assert any(name in one.text() for name in NAMES)


async def test_hosts_are_told_apart_and_the_rows_are_as_they_were(desk):
    async with desk() as one:
        hosts, cursor = one.hosts(), one.cursor()
        before = one.screen()
        await one.press("M")
        after = one.screen()
        assert (one.hosts(), one.cursor()) == (hosts, cursor)
        assert [] == [n for n in (1, 2, 3, 4) if f"host-{n}x" not in one.text()]
        assert [len(line) for line in before] == [len(line) for line in after]


async def test_what_is_copied_is_not_masked(desk):
    async with desk() as one:
        await one.press("M", "y")
        assert "host-" not in one.app.clipboard
        assert ".localhost" in one.app.clipboard
