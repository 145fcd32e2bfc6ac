"""Node's key of a host, ``agent.getName()``, taken apart: what tells its sockets from others.

The key joins its fields with colons, and a field may hold some itself. So it is taken apart only
where there is one way to do it; else it stands as a whole.
"""

from __future__ import annotations

from pooltop.core.names import TLS_FIELDS
from pooltop.core.snapshot import OriginSnapshot

DEFINITION = (
    "what Node's agent.getName() gives: requests share sockets exactly when their keys are equal. "
    "For https everything that decides about trust is part of it."
)
"""For the help page."""


def key_parts(origin: OriginSnapshot) -> list[tuple[str, str]] | None:
    """Give each field of the key that is not empty, in Node's names and order; raw.

    Returns:
        None where the key can be read in more than one way, or is none of Node's.
    """
    head = f"{origin.host}:{origin.port}:"
    if not origin.key.startswith(head):
        return None
    fields = origin.key.removeprefix(head).split(":")
    trust = list(TLS_FIELDS) if origin.scheme == "https" else []
    own = len(fields) - len(trust)
    if own not in (1, 2, 3):
        return None
    names = ["localAddress"]
    if own == 3 or (own == 2 and fields[1] in ("4", "6")):
        names.append("family")
    if own == 3 or (own == 2 and fields[1] not in ("4", "6")):
        names.append("socketPath")
    if own == 3 and fields[1] not in ("4", "6"):
        return None
    parts = [("host", origin.host), ("port", str(origin.port))]
    return parts + [
        (name, value) for name, value in zip([*names, *trust], fields, strict=True) if value
    ]
