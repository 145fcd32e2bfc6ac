"""What a request class says of its clocks; the others are its host's, or its agent's. Pure."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

TimeoutMode = Literal["fail", "node"]

Clock = float | None | UnsetType
"""Seconds; None for no limit; UNSET leaves it to the host, or the agent."""


class OwnClocks(msgspec.Struct, frozen=True, kw_only=True):
    """The clocks that are otherwise for a request class: see ``model.Timeouts``, for each.

    There is no ``free``: an idle socket is nobody's.
    """

    mode: TimeoutMode | UnsetType = UNSET
    queue: Clock = UNSET
    connect: Clock = UNSET
    dns: Clock = UNSET
    tcp: Clock = UNSET
    tls: Clock = UNSET
    idle: Clock = UNSET
    total: Clock = UNSET

    @property
    def said(self) -> dict[str, object]:
        """Give those that it sets, by name."""
        return {
            name: clock
            for name, clock in msgspec.structs.asdict(self).items()
            if clock is not UNSET
        }
