"""The dashboard as it is run: what it shows, what its keys do, and who gets a key."""

from __future__ import annotations

from pooltop.ui.keyboard import Keyboard


class PoolTopApp(Keyboard):
    """A live dashboard over one Source."""
