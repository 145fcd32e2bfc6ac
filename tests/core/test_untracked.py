"""A picture of 2,000 sockets is 30,000 values: the garbage collector must not walk through them."""

from __future__ import annotations

import gc

import msgspec
import pytest

from pooltop.core import detail, histogram, snapshot


@pytest.mark.parametrize("module", [detail, histogram, snapshot])
def test_no_value_of_a_snapshot_is_known_to_the_garbage_collector(module) -> None:
    kinds = [
        each
        for each in vars(module).values()
        if isinstance(each, type)
        and issubclass(each, msgspec.Struct)
        and each.__module__ == module.__name__
    ]

    assert kinds
    assert [] == [kind.__name__ for kind in kinds if kind.__struct_config__.gc]


def test_a_decoded_snapshot_is_not_tracked() -> None:
    made = snapshot.Snapshot(seq=1, at=1.0, wall_at=1.0)
    again = msgspec.msgpack.decode(msgspec.msgpack.encode(made), type=snapshot.Snapshot)

    assert [False, False] == [gc.is_tracked(made), gc.is_tracked(again)]
