"""What is asked about first: in place of the limits, pinned, and never done by a stray key."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from pooltop.core.company import Company, Standing, ViewerInfo
from pooltop.core.edits import Control
from pooltop.errors import EngineError


class Lock:
    """Another viewer's, until it is taken."""

    def __init__(self) -> None:
        self.standing = Standing.THEIRS
        self.holder = ViewerInfo(number=2, pid=123, wall_since=0.0)
        self.taken: list[bool] = []

    async def take(self, *, force: bool = False) -> None:
        self.taken.append(force)
        self.standing, self.holder = Standing.MINE, None

    async def release(self) -> None:
        self.standing = Standing.FREE


async def test_a_socket_is_destroyed_only_after_its_id_was_typed(desk) -> None:
    async with desk() as one:
        await one.press("2", "D")
        socket = one.app.board.page.subject.socket
        assert f"DESTROY s{socket} of starved.localhost:8081 (pinned)" in one.text()
        await one.press("enter")
        assert [] == one.source.controls
        await one.press(*f"s{socket}", "enter")
        assert [
            Control(action="destroy_socket", agent="starved", socket=socket)
        ] == one.source.controls
        assert f"s{socket} destroyed" in one.text()


async def test_what_is_asked_stays_pinned_while_rows_move_under_it(desk) -> None:
    async with desk() as one:
        await one.press("3", "X")
        request = one.app.board.prompt.question.expects
        await one.step(times=4)
        assert request == one.app.board.prompt.question.expects
        await one.press(*request, "enter")
        assert int(request[1:]) == one.source.controls[0].request


async def test_the_queue_is_cleared_only_after_the_agents_name_was_typed(desk) -> None:
    async with desk() as one:
        await one.press("C")
        assert "queued requests fail; those on sockets go on" in one.text()
        await one.press("enter")
        assert [] == one.source.controls
        await one.press(*"starved", "enter")
        control = one.source.controls[0]
        assert ("clear_queue", "starved") == (control.action, control.agent)


async def test_escape_does_nothing_of_it(desk) -> None:
    async with desk() as one:
        await one.press("C", "escape")
        assert one.app.board.prompt.question is None
        assert "LIMITS" in one.text()
        assert [] == one.source.controls


@pytest.mark.parametrize("key", ["D", "X", "C", "e", "u", "p"])
async def test_a_locked_screen_asks_nothing(desk, key) -> None:
    async with desk(read_only=True) as one:
        for page in ("2", "3", "1"):
            await one.press(page, key)
        assert not one.app.board.asking
        assert [] == one.source.controls
        assert [] == one.source.edits


async def test_an_edit_outside_the_profiles_bounds_is_asked_about(desk) -> None:
    async with desk() as one:
        one.source.bounds = {"max_sockets": (1.0, 20.0)}
        await one.step()
        await one.press("e", "4", "0", "enter")
        assert "maxSockets 40 is outside the profile's bounds 1..20" in one.text()
        assert [] == one.source.edits
        await one.press("enter")
        assert [True] == [edit.confirmed for edit in one.source.edits]


async def test_an_edit_within_the_bounds_is_applied_at_once(desk) -> None:
    async with desk() as one:
        one.source.bounds = {"max_sockets": (1.0, 50.0)}
        await one.step()
        await one.press("e", "4", "0", "enter")
        assert [False] == [edit.confirmed for edit in one.source.edits]


async def test_maxsockets_0_is_asked_about(desk) -> None:
    async with desk() as one:
        await one.press("e", "0", "enter")
        assert "every request that finds none idle waits" in one.text()
        await one.press("escape")
        assert [] == one.source.edits


async def test_a_leap_of_a_workload_is_asked_about(desk) -> None:
    async with desk() as one:
        await one.press("4", "e", *"241", "enter")
        assert "rate 120 > 241 more than doubles the load. 0 requests are under way" in one.text()
        assert [] == one.source.edits
        await one.press("enter")
        assert [("load", 241.0, True)] == [
            (edit.workload, edit.value, edit.confirmed) for edit in one.source.edits
        ]


async def test_a_doubled_workload_is_applied_at_once(desk) -> None:
    async with desk() as one:
        await one.press("4", "e", *"240", "enter")
        assert [False] == [edit.confirmed for edit in one.source.edits]


async def test_where_another_viewer_writes_edits_are_refused_until_o_takes_the_lock(desk) -> None:
    async with desk() as one:
        one.source.lock = Lock()
        await one.press("e")
        assert "viewer 2 (pid 123) writes; O takes the write lock" in one.text()
        await one.press("O")
        assert "will be read-only" in one.text()
        await one.press("enter")
        assert [True] == one.source.lock.taken
        await one.press("e", "9", "enter")
        assert 1 == len(one.source.edits)


async def test_the_help_page_lists_who_watches(desk) -> None:
    here = ViewerInfo(number=1, pid=101, wall_since=0.0, wall_holds_since=0.0)
    other = ViewerInfo(number=2, pid=123, wall_since=0.0, kind="headless", read_only=True)
    async with desk() as one:
        update = one.source.step(send=False)
        one.source.send(replace(update, company=Company(you=1, viewers=(here, other))))
        await one.press("question_mark")
        assert "viewer 1   pid 101" in one.text()
        assert "headless" in one.text()
        assert "read-only for good" in one.text()


async def test_stop_works_although_another_viewer_writes(desk) -> None:
    async with desk() as one:
        one.source.lock = Lock()
        await one.press("P")
        assert ["stop"] == [control.action for control in one.source.controls]


async def test_a_lock_that_cannot_be_had_is_said(desk) -> None:
    class Kept(Lock):
        async def take(self, *, force: bool = False) -> None:
            raise EngineError("viewer 2 was faster")

    async with desk() as one:
        one.source.lock = Kept()
        await one.press("O", "enter")
        assert "write lock: viewer 2 was faster" in one.text()


async def test_q_leaves_at_once_when_nothing_would_be_lost(desk) -> None:
    async with desk() as one:
        await one.press("q")
    assert 0 == one.app.return_code


async def test_q_leaves_at_once_when_everything_is_as_in_the_profile_again(desk) -> None:
    async with desk() as one:
        await one.press("e", "9", "enter", "U")
        await one.step()
        await one.press("q")
    assert 0 == one.app.return_code


async def test_q_asks_when_edits_would_be_lost_and_q_again_leaves(desk) -> None:
    async with desk() as one:
        await one.press("e", "9", "enter")
        await one.step()
        await one.press("q")
        assert "1 edit is not in the profile" in one.text()
        await one.press("escape")
        assert one.app.is_running
        await one.press("q", "q")
    assert 0 == one.app.return_code
