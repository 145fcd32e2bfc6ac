"""Why a request waits that a dispatcher of undici's has, in words."""

from __future__ import annotations

from collections.abc import Mapping

from pooltop.core.states import QueueReason
from pooltop.glossary.words.reasons import WAITS

NODE_LIMITS = frozenset((QueueReason.MAX_SOCKETS, QueueReason.MAX_TOTAL_SOCKETS))
"""The reasons that an http.Agent has; all others are undici's."""

MEANINGS: Mapping[str, str] = {
    term.name: term.means for term in WAITS.terms if term.name not in NODE_LIMITS
}
"""What stands behind each of undici's reasons, by its word."""


def meaning_of(reason: QueueReason) -> str:
    """Say what stands behind a reason; empty for Node's limits, which speak for themselves."""
    return MEANINGS.get(reason, "")
