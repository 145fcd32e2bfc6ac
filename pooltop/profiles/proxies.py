"""An agent's ``proxy_env``: Node's three settings, or the word that says to read the environment.

What Node ignores without a word, as a ``socks5://`` proxy, is refused here: in a profile somebody
wrote it on purpose.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from pooltop.core.model import DEFAULT_PORTS, Origin, ProxyEnv
from pooltop.core.proxies import Proxy, proxy_env_of, read_proxies
from pooltop.errors import ProxyConfigError
from pooltop.profiles.kinds import (
    Fault,
    Kind,
    Refused,
    Schema,
    require_text,
    wrong_type,
)
from pooltop.profiles.shown import did_you_mean, quoted
from pooltop.profiles.texts import Secret

ENVIRONMENT: Literal["environment"] = "environment"
_KEYS = ("http_proxy", "https_proxy", "no_proxy")
_URL = Secret()


@dataclass(frozen=True)
class ProxySettings(Kind):
    """A table with the settings, or ``"environment"``."""

    allowed: str = 'a table with http_proxy, https_proxy, no_proxy, or "environment"'

    def read(self, value: object) -> ProxyEnv | Literal["environment"]:
        """Take either; a URL is never shown, as it may hold a password."""
        if isinstance(value, str):
            if value != ENVIRONMENT:
                raise Refused(Fault("P013", f"allowed is {self.allowed}.", secret=True))
            return ENVIRONMENT
        if not isinstance(value, dict):
            raise wrong_type(self, value)
        faults = [fault for key, text in value.items() if (fault := self._fault(key, text))]
        if faults:
            raise Refused(*faults)
        return proxy_env_of(value)

    def schema(self) -> Schema:
        """Give the table and the word."""
        keys = [spelled for key in _KEYS for spelled in (key, key.upper())]
        table: Schema = {"type": "object", "properties": {key: {"type": "string"} for key in keys}}
        return {"anyOf": [table, {"enum": [ENVIRONMENT]}]}

    def _fault(self, key: str, value: object) -> Fault | None:
        setting = key.lower()
        if setting not in _KEYS or key not in (setting, setting.upper()):
            return Fault("P010", f"unknown key.{did_you_mean(setting, _KEYS)}", (key,), on_key=True)
        try:
            text = require_text(_URL, value)
        except Refused as refused:
            return refused.faults[0]._replace(at=(key,), secret=True)
        if setting == "no_proxy" or not text:
            return None
        if not text.startswith(("http://", "https://")):
            message = "a proxy's URL begins with http:// or https://."
            return Fault("P060", message, (key,), secret=True)
        try:
            read_proxies(ProxyEnv(http_proxy=text))
        except ProxyConfigError as error:
            words = str(error).removeprefix("http_proxy: ")
            return Fault("P060", f"{quoted(words)[1:-1]}.", (key,), secret=True)
        return None


ProxySetting = ProxyEnv | Literal["environment"] | None
"""What an agent says of proxies."""


def proxy_to(settings: ProxySetting, url: str, environ: Mapping[str, str]) -> Proxy | None:
    """Give the proxy that requests to a URL go through; None for a direct connection.

    Args:
        settings: an agent's.
        url: with scheme, host and port.
        environ: read where the settings say so.

    Raises:
        ProxyConfigError: what the environment says is no proxy.
    """
    if settings is None:
        return None
    proxies = read_proxies(proxy_env_of(environ) if settings == ENVIRONMENT else settings)
    if proxies is None:
        return None
    parts = urlsplit(url)
    scheme: Literal["http", "https"] = "https" if parts.scheme == "https" else "http"
    port = parts.port or DEFAULT_PORTS[scheme]
    return proxies.between(Origin(scheme=scheme, host=parts.hostname or "", port=port))
