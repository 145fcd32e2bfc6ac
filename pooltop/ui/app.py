"""The dashboard as it is run: what it shows, and what its keys do."""

from __future__ import annotations

from pooltop.ui.writing import WritingKeys


class PoolTopApp(WritingKeys):
    """A live dashboard over one Source."""
