"""What a profile's ``[advisor]`` says: whether a run is judged, over how long, and by what.

Rules of this file: as in ``model``.
"""

from __future__ import annotations

from typing import Literal

import msgspec

DIAGNOSES = tuple(f"A{number}" for number in range(1, 36))
"""The ids of all diagnoses there are; ``advise`` has what each is."""
UNMUTABLE = ("A8",)
"""Those that are told whatever ``mute`` says: certificates that nobody checks."""

Mode = Literal["off", "suggest", "ask"]


class AdvisorOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How a run is judged."""

    mode: Mode = "suggest"
    """"off" judges nothing, "suggest" shows what it found and what it would change, "ask" also asks
    by itself whether to change it."""
    window_s: float = 30.0
    """Seconds that are judged together, above 0."""
    min_samples: int = 200
    """Requests of a window below which what is found of them is not certain."""
    queue_p95_s: float = 0.02
    """What 95 % of the requests should wait in the queue at most, in seconds."""
    utilisation: float = 0.8
    """Share of its sockets that a pool should use on average at most, above 0 to 1."""
    beta: float = 1.0
    """How much above its load a pool is staffed, in square roots of the load."""
    max_sockets: int | None = None
    """Sockets per host that no advice leads beyond; None for no limit of its own."""
    mute: tuple[str, ...] = ()
    """Diagnoses that are not told, by their ids."""
