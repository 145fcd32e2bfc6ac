"""The book of edits: records, what becomes of them, and what is put back when nobody keeps it."""

from __future__ import annotations

import asyncio
import math
import time

import pytest

from pooltop.core.edits import ASKERS, Edit, EditError
from pooltop.engine import edit_book
from pooltop.engine.edit_book import MOST_RECORDS, EditBook, Who
from pooltop.engine.edit_targets import Effect
from pooltop.engine.journal import Journal
from pooltop.errors import UsageError


class Target:
    """Two options without a pool behind them."""

    agent = "web"
    has_stages = is_on_stages = False

    def __init__(self):
        self.values = {"max_sockets": 20.0, "timeout": 0.0}
        self.changes = []

    def value(self, option):
        return self.values[option]

    def checked(self, edit, *, returns):
        if edit.option not in self.values:
            raise EditError(f"{edit.option} cannot be edited")
        return math.inf if edit.value is None else edit.value

    def change(self, option, value, *, by, returns):
        self.values[option] = value
        self.changes.append((option, value, by))
        return Effect(words="done", opened=3, culled=2, queued=1, live="drain")


class Desk:
    """A book, its target, and a clock that can be put ahead."""

    def __init__(self, monkeypatch):
        self.ahead = 0.0
        loop = asyncio.get_running_loop()
        monkeypatch.setattr(loop, "time", self.now)
        self.target = Target()
        self.journal = Journal()
        targets = {Who("web"): self.target, Who(workload="browse"): self.target}
        self.book = EditBook(targets, self.journal, now=self.now, wall=lambda: 1_700_000_000.0)
        self._id = 0

    def now(self):
        return time.monotonic() + self.ahead

    def set(self, value, *, after=None, by="operator", option="max_sockets", agent="web"):
        self._id += 1
        edit = Edit(
            id=self._id, agent=agent, option=option, value=value, by=by, revert_after_s=after
        )
        return self.book.submit(edit)

    async def wait(self, seconds):
        """Let so much time pass at once."""
        self.ahead += seconds
        for _ in range(3):
            await asyncio.sleep(0)

    @property
    def fates(self):
        return [record.fate for record in self.book.records]

    @property
    def value(self):
        return self.target.values["max_sockets"]

    def told(self):
        entries, _ = self.journal.take()
        return [entry.text for entry in entries]


@pytest.fixture
async def desk(monkeypatch):
    desk = Desk(monkeypatch)
    yield desk
    desk.book.close()


async def test_an_accepted_edit_is_a_record_that_says_what_it_did(desk):
    before = desk.now()
    outcome = desk.set(50.0)
    (record,) = desk.book.records
    assert (1, 1, True) == (outcome.number, record.number, outcome.accepted)
    assert ("web", "", "max_sockets", 20.0, 50.0, "operator") == (
        record.agent,
        record.workload,
        record.option,
        record.before,
        record.after,
        record.by,
    )
    assert (3, 2, 1, "drain") == (record.opened, record.culled, record.queued, record.live)
    assert (3, 2, 1, "drain") == (outcome.opened, outcome.culled, outcome.queued, outcome.live)
    assert before <= record.at <= desk.now()
    assert (1_700_000_000.0, None, "") == (record.wall_at, record.revert_at, record.fate)
    assert ["edit 1 maxSockets 20 > 50 by operator: done"] == desk.told()


async def test_an_edit_that_changes_nothing_is_accepted_without_a_record(desk):
    outcome = desk.set(20.0, after=10.0)
    assert (True, None, 20.0, 20.0) == (
        outcome.accepted,
        outcome.number,
        outcome.before,
        outcome.after,
    )
    assert ((), [], []) == (desk.book.records, desk.target.changes, desk.told())


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (
            Edit(id=1, agent="other", option="max_sockets", value=1.0),
            "no agent 'other': there are web",
        ),
        (
            Edit(id=1, workload="other", option="rate", value=1.0),
            "no workload 'other': there are browse",
        ),
        (Edit(id=1, agent="web", workload="browse", option="rate", value=1.0), "not of both"),
        (Edit(id=1, agent="web", option="colour", value=1.0), "colour cannot be edited"),
    ],
)
async def test_a_refused_edit_says_why_and_leaves_nothing(desk, edit, words):
    outcome = desk.book.submit(edit)
    assert (False, None) == (outcome.accepted, outcome.number)
    assert words in outcome.error
    assert ((), [], []) == (desk.book.records, desk.target.changes, desk.told())


@pytest.mark.parametrize("after", [0.0, -1.0, math.nan, math.inf, 1e9])
async def test_a_time_to_put_back_that_never_or_always_is_over_is_refused(desk, after):
    outcome = desk.set(50.0, after=after)
    assert (False, 20.0) == (outcome.accepted, desk.value)
    assert "put back after more than 0 s" in outcome.error


async def test_what_nobody_keeps_is_put_back_at_its_time_and_both_are_told(desk):
    desk.set(50.0, after=60.0)
    (record,) = desk.book.records
    assert 60.0 == pytest.approx(record.revert_at - record.at)
    await desk.wait(59.0)
    assert (50.0, [""]) == (desk.value, desk.fates)
    await desk.wait(2.0)
    assert (20.0, ["reverted", ""]) == (desk.value, desk.fates)
    old, new = desk.book.records
    assert (None, None) == (old.revert_at, new.revert_at)
    assert (2, "revert", 50.0, 20.0) == (new.number, new.by, new.before, new.after)
    assert [
        "edit 1 maxSockets 20 > 50 by operator: done; reverts in 60 s unless kept",
        "edit 2 maxSockets 50 > 20 by revert of edit 1: done",
    ] == desk.told()
    await desk.wait(1000.0)
    assert 2 == len(desk.book.records)


@pytest.mark.parametrize("number", [1, None])
async def test_what_is_kept_stays(desk, number):
    desk.set(50.0, after=60.0)
    desk.told()
    desk.book.keep(number)
    (record,) = desk.book.records
    assert ("kept", None) == (record.fate, record.revert_at)
    assert ["edit 1 kept: maxSockets 50 stays"] == desk.told()
    await desk.wait(100.0)
    assert (50.0, ["kept"]) == (desk.value, desk.fates)
    desk.book.keep(1)
    assert [] == desk.told()


async def test_keeping_all_keeps_every_option(desk):
    desk.set(50.0, after=60.0)
    desk.set(5.0, after=60.0, option="timeout")
    desk.book.keep(None)
    await desk.wait(100.0)
    assert {"max_sockets": 50.0, "timeout": 5.0} == desk.target.values
    assert ["kept", "kept"] == desk.fates


async def test_an_edit_without_a_clock_can_be_kept_too(desk):
    desk.set(50.0)
    desk.book.keep(1)
    assert ["kept"] == desk.fates


async def test_what_cannot_be_kept_is_refused_with_the_reason(desk):
    with pytest.raises(UsageError, match="no edit is about to be reverted"):
        desk.book.keep(None)
    with pytest.raises(UsageError, match="no edit 7 is remembered"):
        desk.book.keep(7)
    desk.set(50.0, after=60.0)
    desk.set(80.0, after=60.0)
    with pytest.raises(UsageError, match="edit 1 cannot be kept: it was superseded"):
        desk.book.keep(1)
    await desk.wait(61.0)
    with pytest.raises(UsageError, match="edit 2 cannot be kept: it was reverted"):
        desk.book.keep(2)


async def test_a_series_that_nobody_kept_goes_back_to_before_its_first(desk):
    desk.set(50.0, after=60.0)
    await desk.wait(30.0)
    desk.set(80.0, after=60.0)
    assert ["superseded", ""] == desk.fates
    assert None is desk.book.records[0].revert_at
    await desk.wait(40.0)
    assert 80.0 == desk.value
    await desk.wait(25.0)
    assert (20.0, ["reverted", "reverted", ""]) == (desk.value, desk.fates)


async def test_after_a_kept_edit_the_next_goes_back_to_the_kept_value(desk):
    desk.set(50.0, after=60.0)
    desk.book.keep(None)
    desk.set(80.0, after=60.0)
    await desk.wait(61.0)
    assert (50.0, ["kept", "reverted", ""]) == (desk.value, desk.fates)


async def test_options_have_clocks_of_their_own(desk):
    desk.set(50.0, after=60.0)
    desk.set(5.0, after=30.0, option="timeout")
    await desk.wait(31.0)
    assert {"max_sockets": 50.0, "timeout": 0.0} == desk.target.values
    await desk.wait(30.0)
    assert {"max_sockets": 20.0, "timeout": 0.0} == desk.target.values


async def test_an_edit_for_good_ends_the_series(desk):
    desk.set(50.0, after=60.0)
    desk.set(80.0)
    assert ["superseded", ""] == desk.fates
    await desk.wait(100.0)
    assert 80.0 == desk.value


async def test_an_undo_marks_what_it_takes_back_and_ends_its_clock(desk):
    desk.set(50.0, after=60.0)
    desk.told()
    desk.set(20.0, by="undo")
    assert ["undone", ""] == desk.fates
    assert ["edit 2 maxSockets 50 > 20 by undo of edit 1: done"] == desk.told()
    await desk.wait(100.0)
    assert (20.0, 2) == (desk.value, len(desk.book.records))


async def test_an_undo_within_a_series_leaves_its_clock_running(desk):
    desk.set(50.0, after=60.0)
    await desk.wait(30.0)
    desk.set(80.0, after=60.0)
    desk.set(50.0, by="undo")
    assert ["superseded", "undone", ""] == desk.fates
    assert 60.0 == pytest.approx(desk.book.records[2].revert_at - desk.book.records[1].at)
    await desk.wait(40.0)
    assert 50.0 == desk.value
    await desk.wait(25.0)
    assert (20.0, ["reverted", "undone", "reverted", ""]) == (desk.value, desk.fates)


async def test_an_undo_of_a_restore_goes_on_with_the_clock_that_it_ended(desk):
    desk.set(50.0, after=60.0)
    await desk.wait(20.0)
    desk.set(20.0, by="restore")
    desk.set(50.0, by="undo")
    assert ["superseded", "undone", ""] == desk.fates
    first, _, last = desk.book.records
    assert 60.0 == pytest.approx(last.revert_at - first.at)
    await desk.wait(41.0)
    assert (20.0, ["reverted", "undone", "reverted", ""]) == (desk.value, desk.fates)


async def test_an_undo_of_an_edit_for_good_goes_on_with_the_clock_that_it_ended(desk):
    desk.set(50.0, after=60.0)
    desk.set(80.0)
    desk.set(50.0, by="undo")
    await desk.wait(61.0)
    assert 20.0 == desk.value


async def test_an_undo_long_after_a_restore_tries_the_edit_anew(desk):
    desk.set(50.0, after=60.0)
    desk.set(20.0, by="restore")
    await desk.wait(1000.0)
    desk.set(50.0, by="undo")
    last = desk.book.records[-1]
    assert 60.0 == pytest.approx(last.revert_at - last.at)
    await desk.wait(61.0)
    assert 20.0 == desk.value


async def test_restore_and_undo_again_and_again_is_put_back_still_and_can_be_kept(desk):
    desk.set(50.0, after=60.0)
    for _ in range(3):
        desk.set(20.0, by="restore")
        desk.set(50.0, by="undo")
    await desk.wait(61.0)
    assert 20.0 == desk.value
    desk.set(50.0, after=60.0)
    desk.set(20.0, by="restore")
    desk.set(50.0, by="undo")
    desk.book.keep(None)
    await desk.wait(100.0)
    assert 50.0 == desk.value


async def test_many_undos_in_a_series_lose_no_clock(desk):
    steps = [20.0 + n for n in range(MOST_RECORDS)]
    for value in steps[1:]:
        desk.set(value, after=60.0)
    for value in reversed(steps[10:-1]):
        desk.set(value, by="undo")
    assert steps[10] == desk.value
    await desk.wait(61.0)
    assert 20.0 == desk.value


async def test_an_undo_of_what_is_forgotten_leaves_the_clock_running(desk, monkeypatch):
    monkeypatch.setattr(edit_book, "MOST_REMEMBERED", 2)
    for value in (50.0, 60.0, 70.0, 80.0):
        desk.set(value, after=60.0)
    desk.set(50.0, by="undo")
    await desk.wait(61.0)
    assert 20.0 == desk.value


@pytest.mark.parametrize("by", ["revert", "", "me"])
async def test_an_edit_in_the_name_of_someone_else_is_refused(desk, by):
    outcome = desk.set(50.0, by=by)
    assert (False, 20.0, ()) == (outcome.accepted, desk.value, desk.book.records)
    assert f"an edit is by {', '.join(ASKERS)}: not by {by!r}" == outcome.error


async def test_an_undo_of_what_was_kept_is_for_good(desk):
    desk.set(50.0, after=60.0)
    desk.book.keep(None)
    desk.set(80.0, after=60.0)
    desk.set(20.0, by="undo")
    assert ["undone", "superseded", ""] == desk.fates
    await desk.wait(100.0)
    assert 20.0 == desk.value


async def test_undo_upon_undo_names_the_edits_from_the_latest_back(desk):
    for value in (50.0, 20.0, 50.0):
        desk.set(value)
    desk.told()
    for value in (20.0, 50.0, 20.0):
        desk.set(value, by="undo")
    assert ["undone", "undone", "undone", "", "", ""] == desk.fates
    assert ["of edit 3:", "of edit 2:", "of edit 1:"] == [
        words[words.index("of") : words.index(" done")] for words in desk.told()
    ]


async def test_the_latest_records_are_remembered(desk):
    for n in range(MOST_RECORDS + 5):
        desk.set(100.0 + n, after=60.0)
    numbers = [record.number for record in desk.book.records]
    assert list(range(6, MOST_RECORDS + 6)) == numbers
    await desk.wait(61.0)
    assert 20.0 == desk.value


async def test_a_closed_book_puts_nothing_back(desk):
    desk.set(50.0, after=60.0)
    desk.book.close()
    await desk.wait(100.0)
    assert 50.0 == desk.value


@pytest.mark.parametrize(
    ("option", "before", "after", "words"),
    [
        ("max_sockets", 20.0, math.inf, "maxSockets 20 > unlimited"),
        ("max_sockets", 1_000_000.0, 0.0, "maxSockets 1000000 > 0"),
        ("timeout", 0.0, 30_000.0, "timeout none > 30s"),
        ("timeout", 90_000.0, 1500.5, "timeout 90s > 1500.5ms"),
        ("timeout", 7_200_000.0, 1500.0, "timeout 2h > 1500ms"),
        ("keep_alive", True, False, "keepAlive on > off"),
        ("scheduling", "lifo", "fifo", "scheduling lifo > fifo"),
    ],
)
async def test_values_are_told_with_their_units(desk, option, before, after, words):
    desk.target.values[option] = before
    desk.set(after, option=option)
    assert [f"edit 1 {words} by operator: done"] == desk.told()
