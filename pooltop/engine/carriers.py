"""Makes what carries the requests of an ``[agents.NAME]`` table, by its kind."""

from __future__ import annotations

from pooltop.core.model import AgentProfile
from pooltop.engine.agent import Agent
from pooltop.engine.carrier import Carrier
from pooltop.engine.resolver import Resolver
from pooltop.engine.undici.dispatcher import Dispatcher


def carrier_of(profile: AgentProfile, *, resolver: Resolver) -> Carrier:
    """Make the agent, or the dispatcher, that a profile describes; with no socket yet.

    Raises:
        UsageError: an option, or the environment where it names proxies, is unfit.
    """
    if profile.dispatcher is None:
        return Agent.from_profile(profile, resolver=resolver)
    return Dispatcher.from_profile(profile, resolver=resolver)
