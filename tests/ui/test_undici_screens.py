"""Dispatchers of undici's on the screens: what they looked like when somebody looked, and their keys.

The golden files are written anew as those of ``test_screens`` are.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from golden_screen import GOLDEN, NamingApp, compare, screen_of, written
from msgspec.structs import replace
from still_source import FEW, StillSource
from support.undici_scenes import GONE, STREAMS, picture, pool, sockets, streams

from pooltop.core.model import RequestId, SocketId
from pooltop.core.snapshot import AgentSnapshot
from pooltop.present.inspector import RequestSubject, SocketSubject
from pooltop.present.socket_rows import SocketKey
from pooltop.ui.pages.sockets import SocketsPage

SIZES = [(80, 24), (120, 40), (200, 60)]
TO_STREAMS = ("j", "j", "j")
VIEWS: dict[str, tuple[str, ...]] = {
    "pools": ("1",),
    "edit": ("1", "e", "9"),
    "session": ("1", *TO_STREAMS),
    "host": ("1", *TO_STREAMS, "enter"),
    "streams": ("2",),
    "socket": ("2", "enter"),
    "stream": ("2", "j", "enter"),
    "queue": ("3", "h", "enter"),
}
"""What is pressed to come from the view before to each."""


@pytest.fixture(autouse=True)
def one_time_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Show the clock of Greenwich, whatever this machine's is."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TZ", "UTC0")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("size", SIZES, ids="{0[0]}x{0[1]}".format)
async def test_every_view_of_dispatchers_is_what_it_was(size: tuple[int, int]) -> None:
    source = StillSource()
    app = NamingApp(source, clock=lambda: 1000.0, spent=lambda: 0.0)
    found = {}
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        for _ in range(3):
            source.step()
            await pilot.pause()
        for name, keys in VIEWS.items():
            await pilot.press(*keys)
            await pilot.pause()
            found[name] = written(screen_of(app))
            await pilot.press("escape")
    differences = [
        compare(f"undici/{size[0]}x{size[1]}/{view}", text) for view, text in found.items()
    ]
    assert "" == "".join(differences)


def test_no_golden_file_is_of_a_view_that_is_no_more() -> None:
    folder = GOLDEN / "undici"
    known = {f"{width}x{height}/{view}" for width, height in SIZES for view in VIEWS}
    assert known == {
        str(path.relative_to(folder).with_suffix("")) for path in folder.rglob("*.txt")
    }


def few() -> AgentSnapshot:
    return streams(FEW)


async def test_the_cursor_stays_on_its_stream_while_others_come_and_go(desk) -> None:
    source = StillSource(few())
    async with desk(source) as one:
        await one.press("2", "j", "j")
        page = one.app.board.page
        assert isinstance(page, SocketsPage)
        key = SocketKey("streams", SocketId(1), 3)
        assert (key, RequestSubject(STREAMS, RequestId(2))) == (page.table.cursor, page.subject)

        agent = few()
        origin = agent.origins[0]
        source.told = (replace(agent, origins=(replace(origin, running=origin.running[1:]),)),)
        await one.step()

        assert (key, 1) == (page.table.cursor, page.table.keys.index(key))
        assert "/3 # stream" in one.text()


async def test_from_a_stream_one_comes_to_its_socket_and_back(desk) -> None:
    async with desk(StillSource(few())) as one:
        await one.press("2", "j", "j", "g")
        assert SocketSubject(STREAMS, SocketId(1)) == one.app.board.page.subject
        await one.press("g")
        assert ("Queue", RequestSubject(STREAMS, RequestId(1))) == (
            one.app.board.page.name,
            one.app.board.page.subject,
        )


async def test_what_is_done_to_a_session_and_to_a_stream_says_whom_it_hits(desk) -> None:
    async with desk(StillSource(few())) as one:
        await one.press("2", "D")
        assert "all 4 requests on its session fail" in one.text()
        await one.press("escape", "j", "X")
        assert "ABORT r1 of h2.pay:443" in one.text()
        assert "its stream is reset, the others of the session go on" in one.text()


async def test_without_a_dispatcher_the_pages_are_as_they_were(desk) -> None:
    async with desk(StillSource(sockets())) as one:
        assert "STREAMS" not in one.text()
        await one.press("2")
        assert "PROTO" not in one.text()
        assert "SOCKETS 100  of h1.pay:443" in one.text()


async def test_a_session_that_goes_away_is_seen_on_every_page(desk) -> None:
    async with desk(StillSource(streams(GONE)), size=(200, 60)) as one:
        assert "s1 ggg 3/0 GOAWAY" in one.text()
        await one.press("2")
        assert "GOAWAY" in one.text()
        assert "the peer said GOAWAY, ENHANCE_YOUR_CALM" in one.text()


async def test_streams_are_filtered_and_sorted_as_sockets_are(desk) -> None:
    async with desk(StillSource(few(), pool()), size=(120, 40)) as one:
        await one.press("2", "h", "slash", *"proto:h2 stream>3", "enter")
        rows = one.app.board.page.rows
        assert [5, 7] == [row.id.stream for row in rows]
        assert picture(few()).agents[0].origins[0].running[2] == rows[0].request
