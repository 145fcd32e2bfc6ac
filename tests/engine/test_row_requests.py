"""Requests that a data feed fills in: each its row, whole on the wire, and the end of the rows."""

from __future__ import annotations

import asyncio
import base64

import pytest

from pooltop.core.model import AgentOptions, AgentProfile, Profile
from pooltop.core.rows import DataFeed, FeedSnapshot, RowText
from pooltop.core.template import Template
from pooltop.core.traffic import RequestClass, Workload
from pooltop.engine.engine import Engine
from pooltop.errors import UsageError

FEED = DataFeed(
    mode="once",
    count=3,
    columns={"id": ("7", "a b", '"\u00fc"'), "user": ("x", "yy", "z")},
)


def _row(place, *parts, columns=("id",)):
    return RowText(place=place, template=Template(parts, columns))


@pytest.fixture
async def asked_of(serve):
    """Run a workload of these classes to its end; give what the server was asked, and the engine's words."""

    async def run(*classes, feed=FEED, **more):
        asked = []

        async def handle(wire):
            while (one := await wire.request()) is not None:
                asked.append((one, one.body))
                wire.reply()

        server = await serve(handle)
        workload = Workload(
            name="w", agent="a", base_url=server.url, requests=classes, data=feed, **more
        )
        agent = AgentProfile(name="a", options=AgentOptions(keep_alive=True, max_sockets=1))
        engine = Engine(Profile(path="p", agents=(agent,), workloads=(workload,)))
        engine.start()
        await asyncio.wait_for(engine.done.wait(), 5)
        said = [entry.text for entry in engine.journal.take()[0]]
        load = engine.snapshot().workloads[0]
        await engine.aclose()
        return asked, said, load

    return run


@pytest.mark.parametrize("model", ["open", "closed"])
async def test_each_request_has_a_row_of_its_own_and_the_last_row_ends_the_load(asked_of, model):
    made = RequestClass(
        name="pay",
        method="POST",
        path=_row("path", "/cart/", "?x=1"),
        headers=(("X-Id", _row("header", "<", ">", columns=("user",))), ("X-Fix", "1")),
        body=_row("json", '{"id": "', '"}'),
    )
    shape = {"users": 2} if model == "closed" else {"rate": 500.0}
    asked, said, load = await asked_of(made, model=model, **shape)
    assert ["/cart/7?x=1", "/cart/a%20b?x=1", "/cart/%22%C3%BC%22?x=1"] == sorted(
        (one.target for one, _ in asked), key=lambda t: ("7" not in t, "a" not in t[6:])
    )
    bodies = {one.target: body for one, body in asked}
    assert b'{"id": "7"}' == bodies["/cart/7?x=1"]
    assert '{"id": "\\"\u00fc\\""}'.encode() == bodies["/cart/%22%C3%BC%22?x=1"]
    assert {"<x>", "<yy>", "<z>"} == {one.headers["x-id"] for one, _ in asked}
    assert {str(len(body)) for _, body in asked} == {
        one.headers["content-length"] for one, _ in asked
    }
    assert (3, 3, "done") == (load.sent, load.completed, load.state)
    assert FeedSnapshot(mode="once", count=3, taken=3) == load.data
    assert any("w done: every row of its data was sent, 3 completed" in text for text in said)


async def test_classes_without_a_place_for_rows_take_none(asked_of):
    plain = RequestClass(name="plain", path="/plain", weight=3.0)
    made = RequestClass(name="row", path=_row("path", "/", ""))
    asked, _, load = await asked_of(plain, made, model="closed")
    rows = [one.target for one, _ in asked if one.target != "/plain"]
    assert ["/7", "/a%20b", "/%22%C3%BC%22"] == rows
    assert 3 == load.classes[1].sent
    assert load.sent == len(asked) >= 3


async def test_a_path_can_be_a_rows_own_and_credentials_too(asked_of):
    feed = DataFeed(count=2, columns={"p": ("/a", "/b?c"), "u": ("me", "you")})
    made = RequestClass(
        name="r",
        path=_row("path", "", "", columns=("p",)),
        headers=(("Authorization", _row("basic", "", ":x", columns=("u",))),),
    )
    asked, _, _ = await asked_of(made, feed=feed, model="closed", max_requests=4)
    assert ["/a", "/b?c", "/a", "/b?c"] == [one.target for one, _ in asked]
    sent = [one.headers["authorization"].removeprefix("Basic ") for one, _ in asked]
    assert ["me:x", "you:x"] == [base64.b64decode(each).decode() for each in sent[:2]]


async def test_a_rows_value_that_looks_like_a_mark_or_a_length_is_only_itself(asked_of):
    feed = DataFeed(count=1, columns={"id": ("row-0-0-end",), "b": ("Content-Length: 5",)})
    made = RequestClass(
        name="r",
        method="PUT",
        path=_row("path", "/", ""),
        headers=(("X-Content-Length", "27"),),
        body=_row("text", "", "", columns=("b",)),
    )
    ((one, body),), _, _ = await asked_of(made, feed=feed, model="closed", max_requests=1)
    assert ("/row-0-0-end", b"Content-Length: 5") == (one.target, body)
    assert ("27", "17") == (one.headers["x-content-length"], one.headers["content-length"])


async def test_places_for_rows_without_data_are_refused(asked_of):
    made = RequestClass(name="r", path=_row("path", "/", ""))
    with pytest.raises(UsageError, match="w/r has places for rows, and no data"):
        await asked_of(made, feed=None)
