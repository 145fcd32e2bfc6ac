"""An absolute URL, taken apart and checked: where to connect, and what to ask for."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from pooltop.core.model import DEFAULT_PORTS, Origin
from pooltop.errors import UsageError

_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]*:[0-9a-f:.]*(?:%[\w.-]+)?", re.ASCII)
"""A name in ASCII or an IPv6 literal with its zone, as urlsplit gives them: in lower case."""
_USER_INFO = re.compile(r"//[^/?#]*@")


def split_url(url: str, *, default_port: int | None = None) -> tuple[Origin, str]:
    """Give the origin and the request target of an absolute http or https URL.

    Args:
        url: absolute.
        default_port: for a URL without one; None for the scheme's own.

    Raises:
        UsageError: it is none, or has a user, an unusable port or characters out of place.
    """
    try:
        shown = _without_secrets(url)
    except (AttributeError, TypeError):
        words = f"a URL is a text, not of type {type(url).__name__}"
        raise UsageError(words, code="ERR_INVALID_ARG_TYPE") from None
    if any(c <= " " or c == "\x7f" for c in url):
        raise UsageError(f"{shown!r}: white space and control characters cannot be in a URL")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        # urlsplit may quote the part before the host, with its password.
        why = "no possible host or port" if "@" in url else str(error)
        raise UsageError(f"{shown!r}: {why}") from None
    scheme = parts.scheme
    if parts.username is not None or parts.password is not None:
        raise UsageError("a user or password in the URL is not sent: use a header")
    if scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"{shown!r}: an http:// or https:// URL with a host is needed")
    if not is_host(parts.hostname):
        raise UsageError(f"{shown!r}: no possible host (an international name in its xn-- form)")
    if port == 0:
        raise UsageError(f"{shown!r}: port 0 cannot be connected to")
    target = parts.path or "/"
    if parts.query:
        target += "?" + parts.query
    if not target.isascii():
        raise UsageError(f"{shown!r}: percent-encode what is not ASCII in the path")
    origin = Origin(
        scheme="https" if scheme == "https" else "http",
        host=parts.hostname,
        port=port or default_port or DEFAULT_PORTS[scheme],
    )
    return origin, target


def is_host(text: str) -> bool:
    """Say whether it is a name in ASCII or an IP address without brackets: safe in a head."""
    return text.isascii() and _HOST.fullmatch(text.lower()) is not None


def _without_secrets(url: str) -> str:
    """Give what an error may quote: no user, no password, no query."""
    return _USER_INFO.sub("//...@", url.partition("?")[0])
