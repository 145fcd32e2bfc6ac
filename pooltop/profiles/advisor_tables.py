"""The tables of the format that are about what is advised, and the names of diagnoses."""

from __future__ import annotations

from dataclasses import dataclass

from pooltop.core.advising import DIAGNOSES, UNMUTABLE, AdvisorOptions
from pooltop.profiles.counts import MOST_SOCKETS
from pooltop.profiles.kinds import (
    Choice,
    Decimal,
    Kind,
    Schema,
    Several,
    Whole,
    refused,
    require_text,
)
from pooltop.profiles.shape import Field, Table
from pooltop.profiles.shown import quoted
from pooltop.profiles.units import Duration

MOST_SAMPLES = 1_000_000
MOST_BETA = 10


@dataclass(frozen=True)
class Mutable(Kind):
    """The id of a diagnosis that may be muted."""

    allowed: str = f"a diagnosis from {DIAGNOSES[0]} to {DIAGNOSES[-1]}"

    def read(self, value: object) -> str:
        """Take the id of one that there is, and that is not told in any case."""
        name = require_text(self, value)
        if name in UNMUTABLE:
            message = "certificates that nobody checks are always told: this cannot be muted."
            raise refused("P019", message)
        if name not in DIAGNOSES:
            meant = "A" + name.strip().lstrip("Aa-_ 0")
            hint = f" Did you mean {quoted(meant)}?" if meant in DIAGNOSES else ""
            raise refused("P013", f"no such diagnosis: expected {self.allowed}.{hint}")
        return name

    def schema(self) -> Schema:
        """List them."""
        return {"enum": [name for name in DIAGNOSES if name not in UNMUTABLE]}


TARGET = Table(
    "[advisor.target]",
    (
        Field("queue_p95", Duration(), attr="queue_p95_s"),
        Field("utilisation", Decimal(0, 1, above=True)),
    ),
    gives=AdvisorOptions,
)
CEILING = Table(
    "[advisor.ceiling]",
    (
        Field(
            "max_sockets",
            Whole(
                1,
                MOST_SOCKETS,
                no_limit=None,
                on_zero='0 would advise to send nothing. For no limit write "unlimited".',
            ),
            echoes=True,
        ),
    ),
    gives=AdvisorOptions,
)
ADVISOR = Table(
    "[advisor]",
    (
        Field("mode", Choice(("off", "suggest", "ask"))),
        Field("window", Duration(), attr="window_s"),
        Field("min_samples", Whole(1, MOST_SAMPLES)),
        Field("target", TARGET),
        Field("beta", Decimal(0, MOST_BETA)),
        Field("ceiling", CEILING),
        Field("mute", Several(Mutable())),
    ),
    gives=AdvisorOptions,
)
