"""``agent.getName()``: the key under which Node pools its sockets, from Node's own option names.

Two requests share sockets exactly when their keys are equal. Path, method and header fields are
in no key; for https what decides about trust is. Not in it, as in Node: ALPNProtocols,
passphrase (but for a pfx), checkServerIdentity, session, secureContext.

One difference: where Node has the contents of a certificate or key, pooltop has its file's path.

Source: Node v24 lib/_http_agent.js Agent.prototype.getName; lib/https.js Agent.prototype.getName.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

_EVEN_IF_FALSE = frozenset({"rejectUnauthorized", "honorCipherOrder", "secureOptions"})
"""Written whenever given: ``rejectUnauthorized: true`` and leaving it out are two keys."""

TLS_FIELDS = (
    "ca",
    "cert",
    "clientCertEngine",
    "ciphers",
    "key",
    "pfx",
    "rejectUnauthorized",
    "servername",
    "minVersion",
    "maxVersion",
    "secureProtocol",
    "crl",
    "honorCipherOrder",
    "ecdhCurve",
    "dhparam",
    "secureOptions",
    "sessionIdContext",
    "sigalgs",
    "privateKeyIdentifier",
    "privateKeyEngine",
)
"""In the order of the key: one colon and a value, or nothing, for each."""


def http_name(options: Mapping[str, object]) -> str:
    """Give the key of an http.Agent; ``localhost::`` for no options at all."""
    name = f"{options.get('host') or 'localhost'}:"
    name += f"{options.get('port') or ''}:{options.get('localAddress') or ''}"
    if options.get("family") in (4, 6):
        name += f":{options['family']}"
    if options.get("socketPath"):
        name += f":{options['socketPath']}"
    return name


def https_name(options: Mapping[str, object]) -> str:
    """Give the key of an https.Agent: that of http, and the twenty fields of TLS."""
    return http_name(options) + "".join(f":{_field(name, options)}" for name in TLS_FIELDS)


def _field(name: str, options: Mapping[str, object]) -> str:
    value = options.get(name)
    if value is None or (not value and name not in _EVEN_IF_FALSE):
        return ""
    if name == "servername" and value == options.get("host"):
        return ""
    if name == "sigalgs":
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return _text(value)


def _text(value: object) -> str:
    """Write a value as JavaScript does when it is added to a string."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return ",".join(_text(item) for item in value)
    return str(value)
