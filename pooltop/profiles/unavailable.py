"""Options of Node's TLS that cannot be had, each with its reason and what to do instead."""

from __future__ import annotations

import re
from collections.abc import Mapping

_BY_NODES_NAME: dict[str, str] = {
    "pfx": "Python's ssl reads no PKCS#12. Split it, and give cert and key: "
    "openssl pkcs12 -in FILE -nokeys -out cert.pem; openssl pkcs12 -in FILE -nocerts -out key.pem",
    "sigalgs": "Python's ssl cannot choose signature algorithms. ciphers can raise the level: "
    '"DEFAULT:@SECLEVEL=3".',
    "dhparam": "a client takes the server's parameters; what is too weak is refused.",
    "honorCipherOrder": "it is a server's option: a client offers, the server chooses.",
    "secureProtocol": "it is Node's old way: write min_version and max_version.",
    "sessionIdContext": "it is a server's option.",
    "clientCertEngine": "OpenSSL engines cannot be used: give cert and key.",
    "privateKeyEngine": "OpenSSL engines cannot be used: give cert and key.",
    "privateKeyIdentifier": "OpenSSL engines cannot be used: give cert and key.",
    "checkServerIdentity": "a profile holds no code: servername says for whom to check.",
    "ALPNProtocols": "Node's https.Agent offers none by default, and nor does this.",
}


def by_both_spellings(options: Mapping[str, str]) -> dict[str, str]:
    """Give what is said of options by Node's spelling, and by ours beside it."""
    return {
        spelling: why
        for name, why in options.items()
        for spelling in (name, re.sub("(?<=[a-z0-9])(?=[A-Z])|(?<=ALPN)", "_", name).lower())
    }


TLS = by_both_spellings(_BY_NODES_NAME)
"""By Node's spelling and by ours."""
