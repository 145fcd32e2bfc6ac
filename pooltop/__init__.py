"""pooltop: connection pools that behave as Node's do, and a live view of them.

This is the library's public face. Names are imported when they are first used, so that
``pooltop --version`` does not wait for an engine; nothing here loads Textual.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pooltop import errors
    from pooltop.core import events
    from pooltop.core.edits import EDITABLE
    from pooltop.core.model import (
        GLOBAL_AGENT,
        AgentOptions,
        HostOptions,
        Origin,
        Profile,
        ProxyEnv,
        Timeouts,
        TLSOptions,
    )
    from pooltop.core.snapshot import (
        AgentSnapshot,
        OriginSnapshot,
        PeerCertificate,
        PhaseTimings,
        RequestInfo,
        Snapshot,
        SocketInfo,
        TCPInfo,
    )
    from pooltop.core.undici.options import DispatcherOptions
    from pooltop.engine.agent import Agent
    from pooltop.engine.caller_dial import Connector
    from pooltop.engine.resolver import Address, Resolver, SystemResolver
    from pooltop.engine.response import Response
    from pooltop.engine.stream import ByteStream
    from pooltop.engine.undici.dispatcher import Dispatcher
    from pooltop.profiles import load_profile

__version__ = "0.1.0"

__all__ = [
    "EDITABLE",
    "GLOBAL_AGENT",
    "Address",
    "Agent",
    "AgentOptions",
    "AgentSnapshot",
    "ByteStream",
    "Connector",
    "Dispatcher",
    "DispatcherOptions",
    "HostOptions",
    "Origin",
    "OriginSnapshot",
    "PeerCertificate",
    "PhaseTimings",
    "Profile",
    "ProxyEnv",
    "RequestInfo",
    "Resolver",
    "Response",
    "Snapshot",
    "SocketInfo",
    "SystemResolver",
    "TCPInfo",
    "TLSOptions",
    "Timeouts",
    "errors",
    "events",
    "load_profile",
]

_MODULES = {"errors": "pooltop.errors", "events": "pooltop.core.events"}
_HOMES = {
    "Address": "pooltop.engine.resolver",
    "Agent": "pooltop.engine.agent",
    "AgentOptions": "pooltop.core.model",
    "GLOBAL_AGENT": "pooltop.core.model",
    "AgentSnapshot": "pooltop.core.snapshot",
    "ByteStream": "pooltop.engine.stream",
    "Connector": "pooltop.engine.caller_dial",
    "Dispatcher": "pooltop.engine.undici.dispatcher",
    "DispatcherOptions": "pooltop.core.undici.options",
    "EDITABLE": "pooltop.core.edits",
    "HostOptions": "pooltop.core.model",
    "Origin": "pooltop.core.model",
    "OriginSnapshot": "pooltop.core.snapshot",
    "PeerCertificate": "pooltop.core.snapshot",
    "PhaseTimings": "pooltop.core.snapshot",
    "Profile": "pooltop.core.model",
    "ProxyEnv": "pooltop.core.model",
    "RequestInfo": "pooltop.core.snapshot",
    "Resolver": "pooltop.engine.resolver",
    "Response": "pooltop.engine.response",
    "Snapshot": "pooltop.core.snapshot",
    "SocketInfo": "pooltop.core.snapshot",
    "SystemResolver": "pooltop.engine.resolver",
    "TCPInfo": "pooltop.core.snapshot",
    "TLSOptions": "pooltop.core.model",
    "Timeouts": "pooltop.core.model",
    "load_profile": "pooltop.profiles",
}
"""Where each public name lives."""


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for (PEP 562)."""
    home = _HOMES.get(name) or _MODULES.get(name)
    if home is None:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    import importlib  # noqa: PLC0415 - not for --version

    module = importlib.import_module(home)
    value: object = module if name in _MODULES else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the names that are not imported yet as well."""
    return sorted({*globals(), *__all__})
