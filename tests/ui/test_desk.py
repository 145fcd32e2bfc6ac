"""The stack of edits: each goes back where it came from, and what was taken back is off it."""

from __future__ import annotations

import asyncio
import math

import pytest

from pooltop.core.edits import EditOutcome, EditRecord
from pooltop.core.model import AgentOptions, OriginKey
from pooltop.core.snapshot import AgentSnapshot, OriginSnapshot, Snapshot, WorkloadSnapshot
from pooltop.errors import EngineError
from pooltop.present.editing import WorkloadId
from pooltop.present.history import HostId
from pooltop.ui.desk import EditDesk

WEB = HostId("web", OriginKey("h:80:"))
BROWSE = WorkloadId("browse")


class Engine:
    """Answers edits, and shows what it has of them."""

    def __init__(self):
        self.values = {"max_sockets": 20.0, "timeout": 0.0, "rate": 10.0}
        self.edits = []
        self.records = []
        self.error = ""

    async def submit(self, edit):
        self.edits.append(edit)
        await asyncio.sleep(0)
        if self.error:
            return EditOutcome(id=edit.id, accepted=False, error=self.error)
        before = self.values[edit.option]
        after = math.inf if edit.value is None else edit.value
        self.values[edit.option] = after
        number = None
        if before != after:
            number = len(self.records) + 1
            self.records.append(
                EditRecord(
                    number=number,
                    at=1.0,
                    wall_at=1.0,
                    agent=edit.agent,
                    workload=edit.workload,
                    host=edit.host,
                    option=edit.option,
                    before=before,
                    after=after,
                    by=edit.by,
                )
            )
        return EditOutcome(id=edit.id, accepted=True, before=before, after=after, number=number)

    def snapshot(self, *, auto_revert_s=None, **fates):
        from msgspec.structs import replace

        edits = tuple(replace(r, fate=fates.get(f"n{r.number}", "")) for r in self.records)
        return Snapshot(seq=1, at=1.0, wall_at=1.0, edits=edits, auto_revert_s=auto_revert_s)

    @property
    def sent(self):
        return [(e.agent or e.workload, e.option, e.value, e.by) for e in self.edits]


@pytest.fixture
def engine():
    return Engine()


@pytest.fixture
def desk(engine):
    return EditDesk(engine.submit)


async def test_an_agent_and_a_workload_are_edited_alike_and_undone_from_the_latest_back(
    engine, desk
):
    (first,) = await desk.apply(WEB, (("max_sockets", 50.0),))
    (second,) = await desk.apply(BROWSE, (("rate", 80.0),))
    assert first.text.startswith("edit 1 web maxSockets 20 > 50: raised, 0 dialled")
    assert second.text.startswith("edit 2 browse rate 10 > 80: arrivals go on from here")
    assert [("web", ""), ("", "browse")] == [(e.agent, e.workload) for e in engine.edits]
    assert 2 == desk.undoable
    (back,) = await desk.undo()
    assert back.text.startswith("edit 3 undo: browse rate 80 > 10")
    await desk.undo()
    assert [] == await desk.undo()
    assert [("browse", "rate", 10.0, "undo"), ("web", "max_sockets", 20.0, "undo")] == engine.sent[
        2:
    ]


async def test_what_the_engine_puts_back_is_asked_to_be_and_said(engine, desk):
    desk.see(engine.snapshot(auto_revert_s=60.0))
    (done,) = await desk.apply(WEB, (("max_sockets", 50.0),))
    assert done.text.endswith("; back in 60s unless K keeps it")
    (same,) = await desk.apply(WEB, (("max_sockets", 50.0),))
    assert "web maxSockets stays 50" == same.text
    (back,) = await desk.undo()
    assert "K keeps" not in back.text
    assert [60.0, 60.0, None] == [edit.revert_after_s for edit in engine.edits]


async def test_by_default_an_edit_is_for_good_and_within_bounds_and_ways_back_have_none(
    engine, desk
):
    await desk.apply(WEB, (("max_sockets", 50.0),))
    await desk.apply(WEB, (("max_sockets", 500.0),), confirmed=True)
    await desk.undo()
    assert [None, None, None] == [edit.revert_after_s for edit in engine.edits]
    assert [False, True, True] == [edit.confirmed for edit in engine.edits]


@pytest.mark.parametrize("fate", ["reverted", "undone"])
async def test_what_was_taken_back_elsewhere_is_off_the_stack(engine, desk, fate):
    await desk.apply(WEB, (("max_sockets", 50.0), ("timeout", 5.0)))
    desk.see(engine.snapshot(n2=fate))
    assert 1 == desk.undoable
    await desk.undo()
    assert ("web", "max_sockets", 20.0, "undo") == engine.sent[-1]


@pytest.mark.parametrize("fate", ["", "kept", "superseded"])
async def test_what_is_in_force_or_was_overtaken_can_be_undone(engine, desk, fate):
    await desk.apply(WEB, (("max_sockets", 50.0),))
    desk.see(engine.snapshot(n1=fate))
    assert 1 == desk.undoable


async def test_an_undo_is_off_the_stack_once_even_when_its_picture_comes_first(engine, desk):
    await desk.apply(WEB, (("max_sockets", 50.0), ("timeout", 5.0)))
    undoing = asyncio.create_task(desk.undo())
    await asyncio.sleep(0)
    desk.see(engine.snapshot(n2="undone"))
    await undoing
    assert 1 == desk.undoable


async def test_an_undo_that_is_refused_stays_on_the_stack(engine, desk):
    await desk.apply(WEB, (("max_sockets", 50.0),))
    engine.error = "no\x1b[31m"
    (done,) = await desk.undo()
    assert (False, 1) == (done.accepted, desk.undoable)
    assert done.text.startswith("undo: web maxSockets refused: no")
    assert "\x1b" not in done.text


async def test_no_limit_is_undone_to_no_limit(engine, desk):
    engine.values["max_sockets"] = math.inf
    await desk.apply(WEB, (("max_sockets", 5.0),))
    await desk.undo()
    assert ("web", "max_sockets", None, "undo") == engine.sent[-1]


async def test_an_agent_goes_back_to_its_profile_with_what_no_picture_shows_yet(engine, desk):
    await desk.apply(WEB, (("timeout", 5.0),))
    agent = AgentSnapshot(
        name="web",
        options=AgentOptions(max_sockets=50.0),
        initial_options=AgentOptions(max_sockets=20.0),
    )
    await desk.restore(agent)
    assert [("web", "max_sockets", 20.0, "restore"), ("web", "timeout", None, "restore")] == (
        engine.sent[1:]
    )
    assert all(edit.confirmed for edit in engine.edits[1:])


def _host(now, *, agent="web"):
    own = OriginSnapshot(
        key=WEB.origin,
        scheme="http",
        host="h",
        port=80,
        own_limits={"max_sockets": now},
        initial_limits={"max_sockets": 3.0},
    )
    options = AgentOptions(max_sockets=20.0)
    return AgentSnapshot(name=agent, options=options, initial_options=options, origins=(own,))


async def test_what_a_host_has_for_itself_is_edited_undone_and_restored_there(engine, desk):
    agent = _host(3.0)
    desk.see(Snapshot(seq=1, at=1.0, wall_at=1.0, agents=(agent,)))
    (done, _) = await desk.apply(WEB, (("max_sockets", 5.0), ("timeout", 9.0)))
    assert done.text.startswith("edit 1 web h:80 maxSockets 20 > 5: ")
    assert [("h:80", "max_sockets"), ("", "timeout")] == [(e.host, e.option) for e in engine.edits]
    await desk.undo()
    await desk.undo()
    assert ["", "h:80"] == [edit.host for edit in engine.edits[2:]]
    await desk.restore(_host(3.0))
    assert 4 == len(engine.edits)
    await desk.restore(_host(5.0))
    last = engine.edits[-1]
    assert (5, "h:80", 3.0, "restore") == (len(engine.edits), last.host, last.value, last.by)


async def test_a_workload_goes_back_to_its_profile(engine, desk):
    def workload(rate):
        return WorkloadSnapshot(
            name="browse",
            agent="web",
            target="h:80",
            state="running",
            pattern="open",
            rate=rate,
            initial_rate=10.0,
        )

    assert [] == await desk.restore_workload(workload(10.0))
    await desk.restore_workload(workload(80.0))
    await desk.apply(BROWSE, (("rate", 90.0),))
    await desk.restore_workload(workload(10.0))
    assert [10.0, 90.0, 10.0] == [edit.value for edit in engine.edits]
    assert ["restore", "operator", "restore"] == [edit.by for edit in engine.edits]


async def test_an_edit_that_was_not_delivered_is_told_and_not_undoable(desk):
    async def fail(edit):
        raise EngineError("the engine is gone")

    lost = EditDesk(fail)
    (done,) = await lost.apply(BROWSE, (("rate", 5.0),))
    assert (False, 0) == (done.accepted, lost.undoable)
    assert "browse rate was not delivered: the engine is gone" == done.text
