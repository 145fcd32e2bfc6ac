"""The table of keys as Textual binds it."""

from __future__ import annotations

from textual.binding import Binding, BindingsMap

from pooltop.present.keys import KEYS, Keymap


def bindings(keys: Keymap) -> BindingsMap:
    """Give all keys as Textual bindings; a key that was taken from something has none.

    All have priority: the app acts on a key before it looks at the next one. Without it Textual
    hands keys to the focused pane first, and of ``e40`` typed at once the 40 arrives before the
    form is open.
    """
    return BindingsMap(
        Binding(
            name,
            key.action,
            key.help,
            id=key.id,
            tooltip=key.help,
            show=False,
            priority=True,
        )
        for key in KEYS
        for name in keys.names(key.id)
    )
