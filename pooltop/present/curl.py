"""A request as a curl command line, to be pasted into a POSIX shell.

Rules of this file: everything that is not ours is quoted by ``shlex``, so that no shell runs it;
it is clean first, so that a paste holds no control character (a newline would run what stands
before it). What pooltop does not know or does not tell, a body, a query, a secret, stands as a
``$WORD`` for whoever pastes it to set: the command never holds a secret.
"""

from __future__ import annotations

import re
import shlex

from pooltop.core.detail import HIDDEN
from pooltop.present.clean import clean
from pooltop.present.labels import label_of
from pooltop.present.node_key import key_parts
from pooltop.present.pictures import RequestPicture

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
"""A method or a field's name (RFC 9110, 5.6.2)."""
_OWN = frozenset({"content-length", "transfer-encoding"})
"""Fields that curl works out for itself."""
_ADDED = ("User-Agent", "Accept", "Content-Type")
"""Fields that curl adds unless it is told not to."""
_QUERY = "?..."
"""How a snapshot marks a query that it does not tell, of a target or in a field."""


def curl_command(picture: RequestPicture) -> str:
    """Give the command in one line, e.g. ``curl -X POST -H 'accept: */*' https://api.pay/charge``.

    Header fields are there only of a request that was asked for (``detail.Watch.request``).
    """
    words = ["curl", _version(picture), "--globoff", "--path-as-is"]
    words += _method(picture)
    words += _way(picture)
    words += _fields(picture)
    words += _body(picture)
    words += _url(picture)
    return " ".join(words)


def _version(picture: RequestPicture) -> str:
    """Give what has the same protocol spoken: of what waits yet, the one that was spoken last."""
    request, origin = picture.request, picture.host.origin
    if request.stream is None and (picture.socket is not None or origin.protocol != "h2"):
        return "--http1.1"
    return "--http2" if origin.scheme == "https" else "--http2-prior-knowledge"


def _method(picture: RequestPicture) -> list[str]:
    method = picture.request.method
    if method == "HEAD":
        return ["--head"]
    if method in ("", "GET") and not _has_body(picture):
        return []
    return ["-X", shlex.quote(clean(method, 100) or "GET")]


def _way(picture: RequestPicture) -> list[str]:
    """Give what leads to the same server by the same way."""
    origin, socket = picture.host.origin, picture.socket
    words: list[str] = []
    named = dict(key_parts(origin) or ())
    if named.get("localAddress"):
        words += ["--interface", _quoted(named["localAddress"])]
    if named.get("family"):
        words.append("-6" if named["family"] == "6" else "-4")
    if named.get("socketPath"):
        words += ["--unix-socket", _quoted(named["socketPath"])]
    if _server_name(picture):
        words += ["--connect-to", _quoted(f"::{_authority(picture)}")]
    if not origin.verified:
        words.append("--insecure")
    if socket is not None and socket.connected_at is not None:
        words += ["--proxy", _quoted(socket.via)] if socket.via else ["--noproxy", "'*'"]
    return words


def _fields(picture: RequestPicture) -> list[str]:
    fields = () if picture.detail is None else picture.detail.headers
    if not fields:
        return []
    words: list[str] = []
    for name, value in fields:
        # No name but a token: curl would read a file for one that begins with "@".
        if not _TOKEN.fullmatch(name) or name.lower() in _OWN:
            continue
        if value == HIDDEN or value.endswith(_QUERY):
            words += ["-H", f'{shlex.quote(f"{name}: ")}"${_variable(name)}"']
        else:
            words += ["-H", _quoted(f"{name}: {value}" if value else f"{name};")]
    given = {name.lower() for name, _ in fields}
    for name in _ADDED:
        if name.lower() not in given and (name != "Content-Type" or _has_body(picture)):
            words += ["-H", shlex.quote(f"{name}:")]
    return words


def _variable(name: str) -> str:
    return re.sub(r"[^A-Z0-9]", "_", name.upper()).lstrip("0123456789") or "VALUE"


def _has_body(picture: RequestPicture) -> bool:
    return picture.detail is not None and picture.detail.body_bytes != 0


def _body(picture: RequestPicture) -> list[str]:
    # A file's name in $BODY; of a streamed body not even the length is known.
    return ["--data-binary", '@"$BODY"'] if _has_body(picture) else []


def _url(picture: RequestPicture) -> list[str]:
    target = picture.request.target
    path = target.removesuffix(_QUERY) if target.endswith(_QUERY) else target
    if not path.startswith("/"):
        path = f"/{path}"
    name = _server_name(picture)
    authority = f"{clean(name)}:{picture.host.origin.port}" if name else _authority(picture)
    url = shlex.quote(f"{clean(picture.host.origin.scheme)}://{authority}{clean(path)}")
    return ["--url", f'{url}"?$QUERY"' if target.endswith(_QUERY) else url]


def _server_name(picture: RequestPicture) -> str:
    """Give the name of SNI where it is not the host's: curl takes it from the URL."""
    return dict(key_parts(picture.host.origin) or ()).get("servername", "")


def _authority(picture: RequestPicture) -> str:
    label = label_of(picture.host.origin)
    return f"{label.host}:{label.port}"


def _quoted(text: str) -> str:
    return shlex.quote(clean(text))
