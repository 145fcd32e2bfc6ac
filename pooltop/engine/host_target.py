"""What can be edited of one host of an agent: the limits that the profile gives it for itself."""

from __future__ import annotations

import math
from collections.abc import Callable

from pooltop.core.edits import Bounds, Edit, EditError, Value, apply_edit, is_within
from pooltop.engine.agent import Agent
from pooltop.engine.edit_targets import Effect
from pooltop.engine.edit_words import (
    alone_words,
    bounds_words,
    no_own_limit_words,
    pool_effect,
    sockets_ceiling_words,
)


class HostTarget:
    """A host's own limits (``edit_book.Target``)."""

    has_stages = is_on_stages = False
    """Those are workloads'."""

    def __init__(
        self,
        name: str,
        agent: Agent,
        host: str,
        bounds: Bounds,
        changed: Callable[[], None],
        *,
        ceiling: float = math.inf,
    ) -> None:
        """Edit what a host of ``agent`` has for itself.

        Args:
            name: the agent's.
            agent: itself.
            host: ``host:port``.
            bounds: as for the agent's own options, as are the others.
            changed: likewise.
            ceiling: likewise.
        """
        self.agent = name
        self._agent = agent
        self._host = host
        self._bounds = bounds
        self._changed = changed
        self._ceiling = ceiling

    def value(self, option: str) -> Value:
        """Give what is in force."""
        return self._agent.own.limits_of(self._host)[option]

    def checked(self, edit: Edit, *, returns: bool = False) -> Value:
        """Give the value that an edit would put in force.

        Raises:
            EditError: the host has no such limit, it is not allowed, beyond the ceiling, or outside
                of the bounds and not confirmed.
        """
        del returns
        limits = self._agent.own.limits_of(self._host)
        if edit.option not in limits:
            raise EditError(no_own_limit_words(edit.option, self._host, limits))
        after = apply_edit(self._agent.options, edit.option, edit.value)
        value: float = getattr(after, edit.option)
        if edit.option == "max_sockets" and value > self._ceiling:
            raise EditError(sockets_ceiling_words(value, self._ceiling))
        if not edit.confirmed and not is_within(self._bounds, edit.option, value):
            raise EditError(bounds_words(self._bounds, edit.option, value))
        return value

    def change(self, option: str, value: Value, *, by: str, returns: bool = False) -> Effect:
        """Put a value in force; ``live`` says what the pool does at once."""
        del by, returns
        self._agent.own.set_limit(self._host, option, float(value))
        done = self._agent.shell.own_limits_changed(self._host)
        self._changed()
        options = self._agent.options
        return Effect(
            words=pool_effect(done.opened, done.culled, done.queued, options.live),
            note=alone_words(option) if options.per_request else "",
            opened=done.opened,
            culled=done.culled,
            queued=done.queued,
            live=options.live,
        )
