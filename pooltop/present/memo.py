"""What was worked out of an instant, for as long as it is the same: a key must not pay for it.

Of 200 hosts the rows and alerts of one instant take 30 ms; keys come several times between two.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from pooltop.core.snapshot import Snapshot

ValueT = TypeVar("ValueT")


class Memo(Generic[ValueT]):
    """The latest of one kind."""

    __slots__ = ("_key", "_of", "_value")

    def __init__(self) -> None:
        """Know nothing."""
        self._of: Snapshot | None = None
        self._key: Hashable = None
        self._value: ValueT | None = None

    def get(self, of: Snapshot, key: Hashable, make: Callable[[], ValueT]) -> ValueT:
        """Give what ``make`` gives, or gave before.

        Args:
            of: the instant: this very object, for to compare two would take longer.
            key: what else it depends on.
            make: works it out.
        """
        value = self._value
        if value is None or self._of is not of or self._key != key:
            value = self._value = make()
            self._of, self._key = of, key
        return value
