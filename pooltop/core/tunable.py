"""What edits change: an http.Agent's own options, or those of a dispatcher of undici's."""

from __future__ import annotations

from pooltop.core import edits
from pooltop.core.model import AgentOptions
from pooltop.core.snapshot import AgentSnapshot
from pooltop.core.undici import edits as undici_edits
from pooltop.core.undici.options import DispatcherOptions

Options = AgentOptions | DispatcherOptions


def in_force(agent: AgentSnapshot) -> Options:
    """Give the options as they are now."""
    return agent.options if agent.dispatcher is None else agent.dispatcher


def at_first(agent: AgentSnapshot) -> Options:
    """Give the options as the profile, or the constructor, had them."""
    if agent.dispatcher is None:
        return agent.initial_options
    return agent.initial_dispatcher or agent.dispatcher


def editable(agent: AgentSnapshot) -> tuple[str, ...]:
    """Give the options that can be changed while traffic flows, in a fixed order."""
    return edits.EDITABLE if agent.dispatcher is None else undici_edits.editable(agent.kind)
