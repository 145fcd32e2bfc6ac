"""The log: bounded, in order, and honest about what it left out."""

from __future__ import annotations

from pooltop.core.events import (
    ClientAdded,
    ClientRetired,
    ProtocolKnown,
    RequestRequeued,
    SessionGoingAway,
    SocketOpened,
)
from pooltop.core.states import CloseReason, OpenReason, RetireReason
from pooltop.engine.journal import BURST, CAPACITY, Journal, PoolReporter
from pooltop.present.event_rows import GROUPS
from pooltop.present.journal import COMINGS_AND_GOINGS


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def _texts(journal):
    entries, _ = journal.take()
    return [each.text for each in entries]


def test_entries_come_once_in_order_with_their_times():
    clock = Clock()
    journal = Journal(clock)
    journal.write("INFO", "one", agent="a", host="h")
    clock.now += 0.5
    journal.write("LOAD", "two")
    entries, dropped = journal.take()
    assert 0 == dropped
    assert [(1, 100.0, "INFO", "a", "h", "one"), (2, 100.5, "LOAD", "", "", "two")] == [
        (e.seq, e.at, e.kind, e.agent, e.host, e.text) for e in entries
    ]
    assert 0.5 == round(entries[1].wall_at - entries[0].wall_at, 6)
    assert ((), 0) == journal.take()


def test_a_burst_of_one_kind_at_one_host_is_cut_and_counted():
    clock = Clock()
    journal = Journal(clock)
    for n in range(BURST + 30):
        journal.write("ERROR", f"e{n}", host="h")
    journal.write("ERROR", "elsewhere", host="other")
    journal.write("CLOSE", "another kind", host="h")
    assert BURST + 2 == len(_texts(journal))
    clock.now += 1.0
    assert ["and 30 more like these in that second"] == _texts(journal)
    journal.write("ERROR", "again", host="h")
    assert ["again"] == _texts(journal)


def test_what_does_not_fit_is_dropped_from_the_old_end_and_counted():
    clock = Clock()
    journal = Journal(clock)
    for n in range(CAPACITY + 5):
        clock.now += 1.0
        journal.write("INFO", str(n))
    entries, dropped = journal.take()
    assert (5, CAPACITY) == (dropped, len(entries))
    assert ("5", 6) == (entries[0].text, entries[0].seq)
    assert 0 == journal.take()[1]


def test_memory_is_bounded_whatever_is_written():
    journal = Journal(Clock())
    for n in range(10 * CAPACITY):
        journal.write("ERROR", "x", host=str(n % 50))
    assert len(_texts(journal)) <= 50 * BURST


def test_readers_take_at_their_own_pace_and_each_is_told_what_it_missed():
    clock = Clock()
    journal = Journal(clock)
    quick, slow = journal.cursor(), journal.cursor()
    taken = 0
    for n in range(CAPACITY + 7):
        clock.now += 1.0
        journal.write("INFO", str(n))
        taken += len(journal.take(quick)[0])

    entries, dropped = journal.take(slow)

    assert CAPACITY + 7 == taken
    assert (CAPACITY, 7, "7") == (len(entries), dropped, entries[0].text)
    assert ((), 0) == journal.take(quick) == journal.take(slow)


def test_a_new_reader_is_told_what_is_kept_and_has_missed_nothing():
    clock = Clock()
    journal = Journal(clock)
    for n in range(CAPACITY + 7):
        clock.now += 1.0
        journal.write("INFO", str(n))

    entries, dropped = journal.take(journal.cursor())

    assert (CAPACITY, 0) == (len(entries), dropped)


class Shell:
    """Who tells of events."""

    def __init__(self):
        self.report = None
        self.kinds = ()

    def subscribe(self, report, kinds):
        self.report, self.kinds = report, kinds

    def tell(self, *events):
        for event in events:
            if type(event) in self.kinds:
                self.report(event)


def test_what_undicis_clients_and_connections_do_is_told_in_words():
    journal, shell = Journal(Clock()), Shell()
    PoolReporter(journal, "a", lambda key: "h:80").watch(shell)

    shell.tell(
        ClientAdded(1.0, "h", 1),
        SocketOpened(1.0, "h", 1, OpenReason.DISPATCHED),
        SocketOpened(1.0, "h", 2, OpenReason.PROBE),
        ProtocolKnown(1.0, "h", 2, "h2"),
        RequestRequeued(1.0, "h", 7, 2, CloseReason.PEER_FIN),
        SessionGoingAway(1.0, "h", 2, 11, 205, 1),
        ClientRetired(1.0, "h", 1, RetireReason.TTL),
    )

    entries, _ = journal.take()
    assert [
        ("OPEN", "s2 probe"),
        ("PROTO", "s2 speaks h2"),
        ("RETRY", "r7 put back before those that wait: s2 closed by peer"),
        ("GOAWAY", "s2 ENHANCE_YOUR_CALM, up to stream 205; 1 stream ran"),
        ("CLIENT", "c1 retired: clientTtl"),
    ] == [(entry.kind, entry.text) for entry in entries]
    assert {entry.kind for entry in entries} <= {*COMINGS_AND_GOINGS, *GROUPS["errors"]}
