"""A source that is looked at on its way to a viewer: what recordings and reports build on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

from pooltop.core.detail import Watch
from pooltop.core.edits import Control, Edit, EditOutcome
from pooltop.sources.base import Source, Update


class Tee(ABC):
    """A Source that passes another one on; a subclass looks at each update on the way."""

    def __init__(self, source: Source) -> None:
        """Name the source that is passed on; nothing of it is started.

        Args:
            source: what to watch; closed with this one.
        """
        self.title = source.title
        self.fixed = source.fixed
        self.lock = source.lock
        self._source = source
        self._on_update: Callable[[Update], None] = _ignore

    @property
    @abstractmethod
    def failure(self) -> str:
        """Why what it is to write is not written, or not whole; empty while all is well."""

    async def start(
        self, on_update: Callable[[Update], None], on_end: Callable[[str], None]
    ) -> None:
        """Start the source; its updates are looked at and passed on.

        Raises:
            PooltopError: the source could not be started.
        """
        self._on_update = on_update
        await self._source.start(self._take, on_end)

    async def submit(self, edit: Edit) -> EditOutcome:
        """Ask the source for an edit."""
        return await self._source.submit(edit)

    async def control(self, control: Control) -> None:
        """Ask the source for what the control says."""
        await self._source.control(control)

    def watch(self, watch: Watch | None) -> None:
        """Have the details of one host: they pass through here as well."""
        self._source.watch(watch)

    async def close(self) -> None:
        """Close the source; what it left is written by ``finish``."""
        await self._source.close()

    @abstractmethod
    def finish(self) -> None:
        """Write what is to be written at the end, where no event loop runs; safe to call twice."""

    @abstractmethod
    def summary(self) -> str:
        """Say what became of it, after its end."""

    @abstractmethod
    def _take(self, update: Update) -> None:
        """Look at an update, and hand it or a changed one to ``_on_update``."""


def _ignore(_: object) -> None:
    """Stand in until ``start``."""
