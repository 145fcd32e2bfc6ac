"""What can be edited of a dispatcher while it runs, as the edit book sees it."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from pooltop.core.edits import Bounds, Edit, EditError, Value, is_within
from pooltop.core.undici.edits import apply_edit
from pooltop.engine.edit_targets import Effect
from pooltop.engine.edit_words import bounds_words, pool_effect, sockets_ceiling_words
from pooltop.engine.undici.dispatcher import Dispatcher


class DispatcherTarget:
    """A dispatcher's options."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        bounds: Bounds,
        changed: Callable[[], None],
        *,
        ceiling: float,
    ) -> None:
        """Edit ``dispatcher``.

        Args:
            dispatcher: itself.
            bounds: what its profile lets its options be set to without a question.
            changed: called after every change.
            ceiling: connections per host that no question leads beyond.
        """
        self.agent = dispatcher.name
        self._dispatcher = dispatcher
        self._bounds = bounds
        self._changed = changed
        self._ceiling = ceiling

    @property
    def has_stages(self) -> bool:
        """Say that there are none."""
        return False

    @property
    def is_on_stages(self) -> bool:
        """Likewise."""
        return False

    def value(self, option: str) -> Value:
        """Give what is in force."""
        value: Value = getattr(self._dispatcher.dispatcher_options, option)
        return value

    def checked(self, edit: Edit, *, returns: bool = False) -> Value:
        """Give the value that an edit would put in force.

        Raises:
            EditError: no such option, not in this mode, not allowed, beyond the ceiling, or outside
                of the bounds and not confirmed.
        """
        del returns
        options = self._dispatcher.dispatcher_options
        value: Value = getattr(apply_edit(options, edit.option, edit.value), edit.option)
        if edit.option == "connections" and isinstance(value, float) and value > self._ceiling:
            raise EditError(sockets_ceiling_words(value, self._ceiling))
        if not edit.confirmed and not is_within(self._bounds, edit.option, value):
            raise EditError(bounds_words(self._bounds, edit.option, value))
        return value

    def change(self, option: str, value: Value, *, by: str, returns: bool = False) -> Effect:
        """Put a value in force; ``live`` says what the pool does at once."""
        del returns
        options = self._dispatcher.dispatcher_options
        if option == "live":
            after = apply_edit(options, option, value)
        else:
            # What was in force before may be put back in mode "node" too.
            after = apply_edit(replace(options, live="drain"), option, value)
            after = replace(after, live=options.live)
        done = self._dispatcher.shell.set_options(after, by=by, drains=True)
        self._changed()
        return Effect(
            words=pool_effect(done.opened, done.culled, done.queued, done.live),
            opened=done.opened,
            culled=done.culled,
            queued=done.queued,
            live=done.live,
        )
