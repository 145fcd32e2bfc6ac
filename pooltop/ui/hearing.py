"""Whether the source is heard: nothing yet, live, played, silent, or for good no more."""

from __future__ import annotations

from collections.abc import Callable

from pooltop.present.header import State

_SILENT_S = 5.0
"""Without news for so long the picture is called old."""
_HEARD: dict[State, State] = {"WAITING": "LIVE", "SILENT": "LIVE"}
"""What a state becomes when an update comes; the others stay."""


class Hearing:
    """What is known of the source from when its updates come."""

    def __init__(self, clock: Callable[[], float], *, is_replay: bool) -> None:
        """Wait for the first update.

        Args:
            clock: monotonic seconds, for the reader's own timing.
            is_replay: a recording is played: it is never silent.
        """
        self._clock = clock
        self._is_replay = is_replay
        self._heard_at = clock()
        self.state: State = "WAITING"
        """WAITING, LIVE, SILENT, REPLAY or ENDED: whatever the reader holds on the screen."""
        self.interval_s: float | None = None
        """Seconds between the engine's last two updates; None before there were two."""

    def apart(self, gap_s: float) -> bool:
        """Take the engine's seconds between two updates; tells whether they came in turn.

        An edit is answered at once, out of turn: that is not the rate.
        """
        in_turn = self.interval_s is None or gap_s > self.interval_s / 2
        if in_turn:
            self.interval_s = gap_s
        return in_turn

    def heard(self) -> None:
        """An update is here."""
        self._heard_at = self._clock()
        state = _HEARD.get(self.state, self.state)
        self.state = "REPLAY" if self._is_replay and state == "LIVE" else state

    def ended(self) -> None:
        """No more will come."""
        self.state = "ENDED"

    def look(self) -> None:
        """Notice a silence."""
        patience_s = max(_SILENT_S, 4 * (self.interval_s or 0))
        if self.state == "LIVE" and self.silence_s > patience_s:
            self.state = "SILENT"

    @property
    def silence_s(self) -> float:
        """Seconds since the last update, or since the start."""
        return self._clock() - self._heard_at

    @property
    def is_lost(self) -> bool:
        """Whether no update is to be had now, or never will be."""
        return self.state in ("SILENT", "ENDED")
