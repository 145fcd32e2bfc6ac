"""Which requests go through a proxy, as Node reads ``proxyEnv``: one for http, one for https.

What is read is what Node 24 reads: the lower case spelling wins, a URL that is neither http nor
https is ignored, no_proxy has Node's forms (no CIDR). A user and password in a proxy's URL become
its Proxy-Authorization and are shown nowhere.

Source: Node v24 lib/internal/http.js, ProxyConfig and parseProxyConfigFromEnv.
"""

from __future__ import annotations

import base64
import ipaddress
import re
from collections.abc import Mapping
from typing import Literal
from urllib.parse import unquote, urlsplit

import msgspec

from pooltop.core.model import DEFAULT_PORTS, Origin, ProxyEnv
from pooltop.errors import ProxyConfigError

_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]*:[0-9a-f:.]*", re.ASCII)
_QUOTABLE = re.compile(r"[\w.:\[\]-]*", re.ASCII)
_BAD_ESCAPE = re.compile(r"%(?![0-9a-fA-F]{2})")


class Proxy(msgspec.Struct, frozen=True, kw_only=True):
    """A proxy server."""

    scheme: Literal["http", "https"]
    """How the proxy itself is spoken to: https is TLS up to the proxy."""
    host: str
    port: int
    authorization: str | None = None
    """The Proxy-Authorization field's value; never shown."""

    def __repr__(self) -> str:
        """Leave the authorization out."""
        return f"Proxy({self.url!r})"

    @property
    def origin(self) -> Origin:
        """Where to connect. Nothing of the request's own address options applies to it."""
        return Origin(scheme=self.scheme, host=self.host, port=self.port)

    @property
    def url(self) -> str:
        """``http://host:port``, without user and password."""
        return f"{self.scheme}://{self.origin.authority}"


class Proxies(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent sends through a proxy, and what not."""

    http: Proxy | None = None
    https: Proxy | None = None
    bypass: tuple[str, ...] = ()
    """The entries of no_proxy, in lower case."""

    def between(self, origin: Origin) -> Proxy | None:
        """Give the proxy that requests to this origin go through; None for a direct connection."""
        proxy = self.https if origin.scheme == "https" else self.http
        if proxy is None or origin.socket_path is not None:
            return None
        return None if self._is_bypassed(origin.host or "localhost", origin.port) else proxy

    def _is_bypassed(self, host: str, port: int) -> bool:
        host = host.lower()
        return any(_matches(entry, host, port) for entry in self.bypass)


def proxy_env_of(env: Mapping[str, str]) -> ProxyEnv:
    """Take the settings out of an environment: of each, the lower case one unless it is empty."""
    return ProxyEnv(
        http_proxy=env.get("http_proxy") or env.get("HTTP_PROXY"),
        https_proxy=env.get("https_proxy") or env.get("HTTPS_PROXY"),
        no_proxy=env.get("no_proxy") or env.get("NO_PROXY"),
    )


def read_proxies(env: ProxyEnv) -> Proxies | None:
    """Give what the settings say; None if they name no proxy.

    Raises:
        ProxyConfigError: a proxy's URL is none; at most its host and port are quoted.
    """
    http = _read_proxy("http_proxy", env.http_proxy)
    https = _read_proxy("https_proxy", env.https_proxy)
    if http is None and https is None:
        return None
    entries = env.no_proxy.split(",") if env.no_proxy else []
    bypass = tuple(entry.strip().lower() for entry in entries)
    return Proxies(http=http, https=https, bypass=bypass)


def _matches(entry: str, host: str, port: int) -> bool:
    if entry in ("*", host, f"{host}:{port}"):
        return True
    if entry.startswith("."):  # as curl: the suffix itself too
        return host == entry[1:] or host.endswith(entry)
    if entry.startswith("*."):
        return host.endswith(entry[1:])
    if "-" in entry:
        first, last, *_ = entry.split("-")
        low, high, here = _ipv4(first.strip()), _ipv4(last.strip()), _ipv4(host)
        return low is not None and high is not None and here is not None and low <= here <= high
    return False


def _ipv4(text: str) -> int | None:
    try:
        return int(ipaddress.IPv4Address(text))
    except ValueError:
        return None


def _read_proxy(setting: str, url: str | None) -> Proxy | None:
    if not url:
        return None
    if any(c < " " or c == "\x7f" for c in url):
        raise ProxyConfigError(f"{setting}: a proxy's URL cannot have control characters")
    if not url.startswith(("http://", "https://")):
        return None  # as Node: socks5:// and the like are somebody else's
    shown = _shown(setting, url)
    try:
        parts = urlsplit(url.rstrip(" "))
        port = parts.port
    except ValueError:
        raise ProxyConfigError(f"{shown} has no possible host or port") from None
    host = parts.hostname or ""
    # A last label of digits makes it an IPv4 address, in the URL standard.
    looks_like_ipv4 = host.rpartition(".")[2].isdigit()
    if not _HOST.fullmatch(host) or (looks_like_ipv4 and _ipv4(host) is None) or port == 0:
        raise ProxyConfigError(f"{shown} has no possible host or port")
    return Proxy(
        scheme="https" if parts.scheme == "https" else "http",
        host=host,
        port=port or DEFAULT_PORTS[parts.scheme],
        authorization=_authorization(shown, parts.username or "", parts.password or ""),
    )


def _shown(setting: str, url: str) -> str:
    """Name a bad URL: by its host and port where it is certain that nothing else is quoted.

    Without an @ in its place, what looks like a host and port may be a user and password.
    """
    scheme, _, rest = url.partition("://")
    _, at, host = re.split(r"[/?#]", rest, maxsplit=1)[0].rpartition("@")
    return f"{setting}: " + (
        f"{scheme}://{host}" if at and _QUOTABLE.fullmatch(host) else "its URL"
    )


def _authorization(shown: str, user: str, password: str) -> str | None:
    if not user and not password:
        return None
    if _BAD_ESCAPE.search(user + password):
        raise ProxyConfigError(f"{shown}: its user or password is not percent-encoded as it must")
    try:
        pair = f"{unquote(user, errors='strict')}:{unquote(password, errors='strict')}"
    except UnicodeDecodeError:
        raise ProxyConfigError(
            f"{shown}: its user or password is not percent-encoded UTF-8"
        ) from None
    return "Basic " + base64.b64encode(pair.encode()).decode()
