"""Bytes beside the heap: they come back as they were, and their memory goes back when they go."""

from __future__ import annotations

import random

from pooltop.present.shelf import SEGMENT_BYTES, Parcel, Shelf


def test_bytes_come_back_as_they_were_however_large() -> None:
    shelf = Shelf()
    blocks = [bytes([n]) * size for n, size in enumerate((1, 300_000, SEGMENT_BYTES, 7, 100_000))]

    parcels = [shelf.put(block) for block in blocks]

    assert blocks == [parcel.data for parcel in parcels]
    assert [len(block) for block in blocks] == [parcel.size for parcel in parcels]


def test_a_segment_goes_back_to_the_system_with_the_last_of_its_bytes() -> None:
    shelf = Shelf()
    parcels = [shelf.put(bytes(SEGMENT_BYTES // 4)) for _ in range(9)]
    first = parcels[0].segment

    for parcel in parcels[:3]:
        parcel.drop()
    assert not _is_closed(parcels[0])

    parcels[3].drop()
    assert _is_closed(parcels[0])
    assert {0, SEGMENT_BYTES} == {first.in_use, parcels[4].segment.in_use}


def test_what_is_emptied_while_it_is_filled_is_given_back_when_the_next_one_begins() -> None:
    shelf = Shelf()
    first = shelf.put(bytes(SEGMENT_BYTES - 1))
    first.drop()
    assert not _is_closed(first)

    shelf.put(b"more")

    assert _is_closed(first)


def test_what_is_left_of_a_segment_moves_together_when_most_of_it_was_dropped() -> None:
    shelf = Shelf()
    size = SEGMENT_BYTES // 8
    blocks = [bytes([n]) * size for n in range(32)]
    parcels = [shelf.put(block) for block in blocks]
    for n, parcel in enumerate(parcels):
        if n % 4:
            parcel.drop()

    settled = [shelf.settled(parcel) for parcel in parcels[::4]]

    assert blocks[::4] == [parcel.data for parcel in settled]
    assert len({parcel.segment for parcel in settled}) < 4
    assert [True] * 3 == [_is_closed(parcel) for parcel in parcels[:24:8]]


def test_what_leaves_a_shelf_for_another_leaves_no_memory_behind() -> None:
    newest, older = Shelf(), Shelf()
    blocks = [bytes([n]) * (SEGMENT_BYTES // 4) for n in range(12)]
    parcels = [newest.put(block) for block in blocks]

    moved = [older.take(parcel) for parcel in parcels]

    assert blocks == [parcel.data for parcel in moved]
    assert [True] * 8 + [False] * 4 == [_is_closed(parcel) for parcel in parcels]
    newest.put(b"more")
    assert _is_closed(parcels[-1])


def test_any_order_of_keeping_and_dropping_leaves_what_was_kept() -> None:
    chance = random.Random(3)
    shelf, kept = Shelf(), {}
    for n in range(2000):
        data = chance.randbytes(chance.randrange(1, 20_000))
        kept[n] = (data, shelf.put(data))
        while len(kept) > 100:
            _, parcel = kept.pop(chance.choice(list(kept)))
            parcel.drop()
        if n % 100 == 0:
            kept = {m: (data, shelf.settled(parcel)) for m, (data, parcel) in kept.items()}

    assert [data for data, _ in kept.values()] == [p.data for _, p in kept.values()]
    held = {parcel.segment for _, parcel in kept.values()}
    assert sum(len(data) for data, _ in kept.values()) == sum(segment.in_use for segment in held)


def _is_closed(parcel: Parcel) -> bool:
    return parcel.segment.is_closed
