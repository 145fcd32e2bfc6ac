"""What an edit changed, measured before and after it, as a card."""

from __future__ import annotations

import random

import msgspec
import pytest

from pooltop.core.edits import EditRecord
from pooltop.core.histogram import Recorder
from pooltop.core.model import OriginKey
from pooltop.core.snapshot import OriginCounters, OriginLatency, Snapshot
from pooltop.present.cards import Card, card_lines, card_of
from pooltop.present.history import History, HostId
from pooltop.present.line import text_of, width_of

EDIT_AT = 140.1
STEP_S = 0.5


def record(number: int = 7, at: float = EDIT_AT, **values: object) -> EditRecord:
    """Give an edit of agent one."""
    return EditRecord(
        **{
            "number": number,
            "at": at,
            "wall_at": at,
            "agent": "one",
            "option": "max_sockets",
            "before": 20.0,
            "after": 50.0,
            "by": "operator",
            "opened": 30,
        }
        | values
    )


class Sim:
    """A host whose queue, rate, waits and errors are set, and a History that sees every moment."""

    def __init__(self, make, *, hosts: tuple[str, ...] = ("a",)) -> None:
        self._make = make
        self.history = History()
        self.snapshots: list[Snapshot] = []
        self.at = 100.0
        self._names = hosts
        self._done, self._failed = 0.0, 0
        self._waits = Recorder()
        self._chance = random.Random(5)

    def run(
        self,
        seconds: float,
        *,
        rate: float = 100.0,
        queue: int = 0,
        wait: float = 0.0,
        errors: int = 0,
        opened: int = 0,
        edits: tuple[EditRecord, ...] = (),
        state: str = "running",
        agent: str = "one",
    ) -> Snapshot:
        """Let time go by; ``errors`` is how many fail in each step."""
        for _ in range(int(seconds / STEP_S)):
            self.at += STEP_S
            self._done += rate * STEP_S
            self._failed += errors
            for _ in range(int(rate * STEP_S)):
                self._waits.record(wait * self._chance.uniform(0.8, 1.2))
            origins = [self._origin(name, queue, opened) for name in self._names]
            load = self._make.workload(agent=agent, state=state)
            snapshot = self._make.snapshot(
                self.at, self._make.agent(*origins), edits=edits, workloads=(load,)
            )
            self.snapshots.append(snapshot)
            self.history.add(snapshot)
        return self.snapshots[-1]

    def _origin(self, name: str, queue: int, opened: int):
        done = int(self._done)
        return msgspec.structs.replace(
            self._make.origin(name, queued=queue),
            counters=OriginCounters(
                submitted=done + self._failed + 1000,
                completed=done,
                failed={"ECONNRESET": self._failed} if self._failed else {},
                assigned=done,
                opened=opened,
            ),
            latency=OriginLatency(queue=self._waits.freeze()),
        )

    def card(self, edit: EditRecord, snapshot: Snapshot | None = None, host=None, undoes=7) -> Card:
        shown = snapshot or self.snapshots[-1]
        return card_of(edit, shown, self.history, host=host, undoes=undoes)


@pytest.fixture
def drained(make) -> tuple[Sim, EditRecord]:
    """Give a host whose queue an edit drained: 40 s before it, 40 s after it."""
    sim, edit = Sim(make), record()
    sim.run(40, rate=89, queue=140, wait=1.6, opened=20)
    sim.run(40, rate=120, opened=50, edits=(edit,))
    return sim, edit


def figures(card: Card, group: int = 0) -> list[str]:
    return [figure.text for figure in card.groups[group].figures]


def test_a_card_compares_the_half_minutes_before_and_after(drained) -> None:
    sim, edit = drained
    card = sim.card(edit)
    assert ("final", "30s before > after") == (card.state, card.measured)
    assert "queue 140 > 0" == figures(card)[0]
    assert figures(card)[1].startswith("wait95 1.")
    assert figures(card)[1].endswith("s > 0")
    assert ["req/s 89 > 120", "errors 0 > 0", "dials 0 > 30"] == figures(card)[2:]
    assert "one maxSockets 20>50" == card.what
    assert "30 dialled" == card.by_itself


def test_what_changed_beyond_chance_is_judged_number_by_number(drained) -> None:
    sim, edit = drained
    (group,) = sim.card(edit).groups
    assert ["better", "better", "better", "same", "same"] == [f.word for f in group.figures]
    assert "better" == group.verdict


def test_as_long_as_it_is_measured_nothing_is_judged(drained) -> None:
    sim, edit = drained
    instant = next(s for s in sim.snapshots if s.at >= EDIT_AT + 12)
    card = sim.card(edit, instant)
    assert ("measuring", "measuring 12s of 30s", "") == (
        card.state,
        card.measured,
        card.groups[0].verdict,
    )


def test_a_card_of_the_past_is_what_it_was_then(make) -> None:
    sim, edit = Sim(make), record()
    sim.run(40, rate=89, queue=140, wait=1.6)
    then = []
    for _ in range(100):
        snapshot = sim.run(STEP_S, rate=110, queue=3, wait=0.2, edits=(edit,))
        then.append((snapshot, sim.card(edit)))
    sim.run(200, rate=5, queue=77, wait=3.0, edits=(edit,))
    assert [card for _, card in then] == [sim.card(edit, snapshot) for snapshot, _ in then]


def test_a_replay_of_the_same_snapshots_has_the_same_cards(drained) -> None:
    sim, edit = drained
    again = History()
    for snapshot in sim.snapshots:
        again.add(snapshot)
    assert sim.card(edit) == card_of(edit, sim.snapshots[-1], again, undoes=7)


def test_a_final_card_outlives_the_past_it_was_measured_from(drained) -> None:
    sim, edit = drained
    final = sim.card(edit).groups
    sim.run(1000, rate=10, queue=5, edits=(edit,))
    assert final == sim.card(edit).groups


def test_a_later_edit_cuts_it_short_and_is_named(make) -> None:
    sim, edit = Sim(make), record()
    sim.run(40, rate=100, queue=50, wait=0.5)
    sim.run(15, rate=100, edits=(edit,))
    later = record(9, sim.at + 0.1, before=50.0, after=60.0)
    sim.run(40, rate=100, queue=900, edits=(edit, later))
    card = sim.card(edit)
    assert ("cut", "30s before > 15s after, until edit 9") == (card.state, card.measured)
    assert "queue 50 > 0" == figures(card)[0]
    assert "15s before since edit 7 > 30s after" == sim.card(later).measured


def test_before_a_later_edit_was_made_nobody_knows_of_it(make) -> None:
    sim, edit = Sim(make), record()
    sim.run(40)
    instant = sim.run(10, edits=(edit,))
    later = record(9, sim.at + 0.1)
    sim.run(40, edits=(edit, later))
    assert "measuring 10s of 30s" == sim.card(edit, instant).measured


def test_edits_made_with_one_key_are_one_change(make) -> None:
    sim = Sim(make)
    edits = (
        record(7),
        record(8, EDIT_AT + 0.02, option="max_free_sockets", before=4.0, after=None, opened=0),
    )
    sim.run(40, rate=100, queue=50)
    sim.run(40, rate=100, edits=edits)
    first, second = (sim.card(edit) for edit in edits)
    assert "one maxSockets 20>50, maxFreeSockets 4>-" == first.what
    assert first.groups == second.groups
    assert "30s before > after" == second.measured


def test_an_edit_of_another_agent_cuts_nothing(make) -> None:
    sim, edit = Sim(make), record()
    sim.run(40)
    sim.run(40, edits=(edit, record(8, EDIT_AT + 5, agent="two")))
    assert "final" == sim.card(edit).state


def test_without_traffic_nothing_is_measured(make) -> None:
    sim, edit = Sim(make), record()
    sim.run(40, rate=0)
    sim.run(40, rate=0, edits=(edit,))
    assert ((), "not measured: no traffic") == (sim.card(edit).groups, sim.card(edit).measured)


def test_an_edit_from_before_the_screen_was_opened_is_not_measured(make) -> None:
    sim, edit = Sim(make), record(at=90.0)
    sim.run(40, edits=(edit,))
    card = sim.card(edit)
    assert ("no past", "not measured: nobody watched before it") == (card.state, card.measured)


def test_equal_traffic_is_no_change_within_noise(make) -> None:
    sim, edit = Sim(make), record()
    sim.run(40, rate=100, queue=3, wait=0.1)
    sim.run(40, rate=102, queue=3, wait=0.1, edits=(edit,))
    assert "no change within noise" == sim.card(edit).groups[0].verdict


def test_better_and_worse_together_are_mixed(make) -> None:
    sim, edit = Sim(make), record()
    sim.run(40, rate=100, queue=50, wait=1.0)
    sim.run(40, rate=100, errors=5, edits=(edit,))
    (group,) = sim.card(edit).groups
    assert "mixed" == group.verdict
    assert ["better", "better", "same", "worse", "same"] == [f.word for f in group.figures]
    assert "errors 0 > 300 (9.1%)" == group.figures[3].text


def test_a_window_of_less_than_ten_seconds_is_not_judged(make) -> None:
    sim, edit = Sim(make), record(at=105.1)
    sim.run(5.5, rate=100, queue=90)
    sim.run(40, rate=300, edits=(edit,))
    card = sim.card(edit)
    assert "5s before > 30s after" == card.measured
    assert "" == card.groups[0].verdict


@pytest.mark.parametrize(
    "states",
    [("running", "paused"), ("running", "done"), ("paused", "running")],
    ids=" then ".join,
)
def test_where_the_load_was_not_the_same_there_are_numbers_and_no_verdict(make, states) -> None:
    sim, edit = Sim(make), record()
    sim.run(40, rate=89, queue=140, wait=1.6)
    sim.run(20, rate=120, edits=(edit,), state=states[0])
    sim.run(20, rate=0, edits=(edit,), state=states[1])

    card = sim.card(edit)
    assert "30s before > after, and the load was not the same throughout" == card.measured
    assert ("", {"same"}) == (card.groups[0].verdict, {f.word for f in card.groups[0].figures})


def test_a_pause_before_the_edit_leaves_no_verdict_either_and_is_remembered(make) -> None:
    sim, edit = Sim(make), record()
    sim.run(30, rate=0, state="paused")
    sim.run(10, rate=89)
    sim.run(900, rate=120, edits=(edit,))

    assert "and the load was not the same throughout" in sim.card(edit).measured


def test_the_load_of_another_agent_may_come_and_go(make) -> None:
    sim, edit = Sim(make), record()
    sim.run(40, rate=89, queue=140, wait=1.6, agent="two")
    sim.run(40, rate=120, edits=(edit,), state="paused", agent="two")

    card = sim.card(edit)
    assert ("30s before > after", "better") == (card.measured, card.groups[0].verdict)


def test_the_focused_host_of_several_has_figures_of_its_own(make) -> None:
    sim, edit = Sim(make, hosts=("a", "b")), record()
    sim.run(40, rate=50, queue=10)
    sim.run(40, rate=50, edits=(edit,))
    card = sim.card(edit, host=HostId("one", OriginKey("b:80:")))
    assert ["", "b:80"] == [group.label for group in card.groups]
    assert ["queue 20 > 0", "queue 10 > 0"] == [figures(card, n)[0] for n in (0, 1)]
    assert ["req/s 100 > 100", "req/s 50 > 50"] == [figures(card, n)[2] for n in (0, 1)]
    other = sim.card(edit, host=HostId("two", OriginKey("b:80:")))
    assert 1 == len(other.groups)


@pytest.mark.parametrize(
    ("got", "flight", "verdict"), [(80, 0, "keeps up"), (61, 19, "falls behind")]
)
def test_a_workload_is_measured_by_what_it_offered_and_got(make, got, flight, verdict) -> None:
    history, offered, done, waiting = History(), 0, 0, 3
    edit = record(agent="", workload="load", option="rate", before=50.0, after=80.0, opened=0)
    took = Recorder()
    for step in range(161):
        at = 100.0 + step * STEP_S
        after = at > EDIT_AT
        if step:
            offered += 40 if after else 25
            done += (got if after else 50) / 2
            waiting += flight / 2 if after else 0
            took.record(1.7 if after else 1.2)
        load = make.workload(
            offered=offered, completed=int(done), in_flight=int(waiting), latency=took.freeze()
        )
        snapshot = make.snapshot(
            at, make.agent(make.origin()), workloads=(load,), edits=(edit,) if after else ()
        )
        history.add(snapshot)
    card = card_of(edit, snapshot, history)
    (group,) = card.groups
    assert "load rate 50>80" == card.what
    assert "offered/s 50 > 80" == group.figures[0].text
    assert f"completed/s 50 > {got}" == group.figures[1].text
    assert f"in flight 3 > {3 + flight * 30}" == group.figures[2].text
    assert "p95 1.2s > 1.7s" == group.figures[3].text
    assert verdict == group.verdict


def test_a_card_says_what_becomes_of_the_edit(make) -> None:
    sim = Sim(make)
    edit = record(revert_at=EDIT_AT + 60)
    sim.run(40)
    sim.run(29, edits=(edit,))
    lines = card_lines(sim.card(edit), 80, 4)
    assert "reverts in 31s  K keep  u undo " == text_of(lines[-1]).lstrip()
    kept = sim.card(record(fate="kept"))
    gone = sim.card(record(fate="reverted"), undoes=None)
    assert text_of(card_lines(kept, 80, 4)[-1]).endswith("kept  u undo ")
    assert text_of(card_lines(gone, 80, 4)[-1]).endswith("reverted  ")


@pytest.mark.parametrize(
    ("second", "option", "cards"),
    [
        ("operator", "timeout", 1),
        ("operator", "max_sockets", 2),
        ("undo", "max_sockets", 2),
        ("restore", "timeout", 2),
    ],
)
def test_only_what_was_asked_for_together_is_one_card(
    make, second: str, option: str, cards: int
) -> None:
    sim, edit = Sim(make), record()
    sim.run(40)
    then = record(8, EDIT_AT + 0.8, by=second, option=option, before=50.0, after=20.0)
    sim.run(40, edits=(edit, then))
    whats = {sim.card(each).what for each in (edit, then)}
    assert cards == len(whats)
    assert (cards == 1) == any(", " in what for what in whats)


@pytest.mark.parametrize(("undoes", "offered"), [(7, True), (6, False), (None, False)])
def test_undo_is_offered_under_the_edit_that_it_takes_back_and_under_no_other(
    drained, undoes: int | None, offered: bool
) -> None:
    sim, edit = drained
    assert offered == ("undo" in text_of(card_lines(sim.card(edit, undoes=undoes), 80, 4)[-1]))


def test_the_lines_of_a_card_are_as_in_the_design(drained) -> None:
    sim, edit = drained
    lines = [text_of(line).rstrip() for line in card_lines(sim.card(edit), 80, 4)]
    assert " EDIT 7 one maxSockets 20>50, 30s before > after:  better  queue 140 > 0" == lines[0]
    assert lines[1].startswith("        wait95 1.")
    assert lines[1].endswith("s > 0  req/s 89 > 120  errors 0 > 0  dials 0 > 30")
    assert lines[2].startswith("        30 dialled by the edit  ")
    assert lines[2].endswith("u undo")


@pytest.mark.parametrize("width", [1, 7, 20, 40, 80, 200])
@pytest.mark.parametrize("lines", [0, 1, 2, 5])
def test_a_card_of_any_size_fits(drained, width: int, lines: int) -> None:
    sim, edit = drained
    drawn = card_lines(sim.card(edit), width, lines)
    assert len(drawn) <= lines
    assert all(width_of(line) <= width for line in drawn)


def test_hostile_names_are_clean(make) -> None:
    sim, edit = Sim(make), record(agent="one\x1b[2J")
    sim.run(5, edits=(edit,))
    assert "\x1b" not in sim.card(edit).what
