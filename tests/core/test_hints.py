"""Node reads very little of a Keep-Alive field."""

from __future__ import annotations

import pytest

from pooltop.core.hints import keep_alive_timeout


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (b"timeout=5", 5),
        (b"timeout=5, max=100", 5),
        (b"timeout=0", 0),
        (b"timeout=05", 5),
        (b"timeout=5.9", 5),
        (b"timeout=5s", 5),
        (b"timeout=" + b"9" * 10_000, 999_999_999_999),
        (b"", None),
        (b"timeout=", None),
        (b"timeout= 5", None),
        (b"timeout=-5", None),
        (b"timeout=\xb25", None),
        (b"Timeout=5", None),
        (b"max=5, timeout=5", None),
        (b" timeout=5", None),
        (b"timeout=\xff", None),
    ],
)
def test_a_hint_is_read_as_node_reads_it(value, seconds):
    assert seconds == keep_alive_timeout(value)
