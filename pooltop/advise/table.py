"""All diagnoses there are, in order."""

from __future__ import annotations

from pooltop.advise.diagnosis import Diagnosis
from pooltop.advise.table_early import EARLY
from pooltop.advise.table_late import LATE

TABLE: tuple[Diagnosis, ...] = (*EARLY, *LATE)
"""In the order of their ids; ``Advisor`` tells the gravest first, and in this order those alike."""
