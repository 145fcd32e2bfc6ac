"""Where a profile may lead: hosts, addresses, base URLs.

All of it is checked when the profile is read. Spellings that resolvers read in different ways
(127.1, 0x7f.1, a trailing dot, a zone id) are refused rather than interpreted.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from pooltop.core.model import DEFAULT_PORTS
from pooltop.profiles.kinds import (
    Fault,
    Kind,
    Refused,
    Schema,
    is_from_outside,
    refused,
    require_text,
    wrong_type,
)
from pooltop.profiles.shown import did_you_mean, quoted

LONGEST_HOST = 253
DEMO = "demo:"
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(?=//)")
_WITH_PORT = re.compile(r"(?:\[[^\]]*\]|[^:]*):[0-9]*")
_BARE = re.compile(r"[A-Za-z0-9._-]+(?::[0-9]+)?/?")
_NAME_PART = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_NUMERIC = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")
_HIGHEST_PORT = 65535


def checked_host(host: str) -> str:
    """Give a host in the one spelling that every resolver reads alike, in lower case.

    Raises:
        Refused: it is no host, or one that resolvers disagree about.
    """
    if not host:
        raise refused("P060", "the host is missing.")
    if not host.isascii():
        raise refused("P060", f"the host {quoted(host)} is not ASCII.{_punycode(host)}")
    if host.startswith("[") or ":" in host:
        return _checked_ipv6(host)
    if host.endswith("."):
        raise refused("P060", f"the host {quoted(host)} ends in a dot: leave it out.")
    parts = host.split(".")
    if _NUMERIC.fullmatch(parts[-1]):
        try:
            return str(ipaddress.IPv4Address(host))
        except ValueError:
            raise refused(
                "P060", f"the host {quoted(host)} is not an IPv4 address: write four numbers."
            ) from None
    if len(host) > LONGEST_HOST or not all(_NAME_PART.fullmatch(part) for part in parts):
        raise refused("P060", f"{quoted(host)} is not a host name.")
    return host.lower()


@dataclass(frozen=True)
class HostPattern(Kind):
    """A host, or ``*.`` and what its name ends in."""

    allowed: str = 'a host like "127.0.0.1" or "*.staging.internal"'

    def read(self, value: object) -> str:
        """Take a host or a suffix; never everything."""
        text = require_text(self, value)
        stem = text.removeprefix("*.")
        if "/" in stem or _WITH_PORT.fullmatch(stem):
            raise refused("P060", f"expected {self.allowed}, without scheme, port and path.")
        if "*" in stem:
            raise refused("P060", f"expected {self.allowed}; * stands at the beginning only.")
        if stem != text and _NUMERIC.fullmatch(stem.rpartition(".")[2]):
            raise refused("P060", f"expected {self.allowed}; addresses are named one by one.")
        return ("*." if stem != text else "") + checked_host(stem).strip("[]")

    def schema(self) -> Schema:
        """Say string."""
        return {"type": "string"}


@dataclass(frozen=True)
class HostLabel(Kind):
    """The first part of a host name: ``NAME`` of ``NAME.localhost``."""

    allowed: str = "1 to 63 lower-case letters, digits and hyphens, no hyphen at either end"

    def read(self, value: object) -> str:
        """Take what can stand before ``.localhost``."""
        text = require_text(self, value)
        if not _LABEL.fullmatch(text):
            raise refused("P022", f"it becomes a host name: {self.allowed}.")
        return text

    def schema(self) -> Schema:
        """Give the signs."""
        return {"type": "string", "pattern": f"^{_LABEL.pattern}$"}


@dataclass(frozen=True)
class HostPort(Kind):
    """A host and its port, or a demo server: where a workload's ``base_url`` leads."""

    allowed: str = '"host:port", as "pay-b.internal:8443", or "demo:NAME"'

    def read(self, value: object) -> str:
        """Take what is written as a base_url has it once it is read, so that the two are alike."""
        text = require_text(self, value)
        if text.startswith(DEMO):
            return text
        if "//" in text:
            raise refused("P060", f"expected {self.allowed}, without scheme and path.")
        read = _checked_authority("http", text).partition("://")[2]
        if read == f"{text.lower()}:{DEFAULT_PORTS['http']}":
            raise refused("P060", f"the port is missing: expected {self.allowed}.")
        if read != text:
            raise refused("P060", f"expected {self.allowed}. Did you mean {quoted(read)}?")
        return text

    def schema(self) -> Schema:
        """Say string."""
        return {"type": "string"}


@dataclass(frozen=True)
class ServerName(Kind):
    """The name that a certificate is checked against, and SNI."""

    allowed: str = 'a host name, or "" to send none'

    def read(self, value: object) -> str:
        """Take a host without brackets, or nothing at all."""
        text = require_text(self, value)
        return checked_host(text).strip("[]") if text else text

    def schema(self) -> Schema:
        """Say string."""
        return {"type": "string"}


@dataclass(frozen=True)
class IPAddress(Kind):
    """An address of this machine, to connect from."""

    allowed: str = "an IP address, as 192.0.2.7 or 2001:db8::7"

    def read(self, value: object) -> str:
        """Take an address without brackets or port."""
        text = require_text(self, value)
        try:
            return str(ipaddress.ip_address(text))
        except ValueError:
            message = f"expected {self.allowed}, got {quoted(text)}."
            raise refused("P022", message) from None

    def schema(self) -> Schema:
        """Say string."""
        return {"type": "string"}


@dataclass(frozen=True)
class IPVersion(Kind):
    """An IP version."""

    allowed: str = "4 or 6"

    def read(self, value: object) -> int:
        """Take one of the two numbers."""
        if isinstance(value, bool) or not isinstance(value, int):
            raise wrong_type(self, value)
        if value not in (4, 6):
            raise refused("P012", f"expected {self.allowed}.")
        return value

    def schema(self) -> Schema:
        """List both."""
        return {"enum": [4, 6]}


@dataclass(frozen=True)
class BaseUrl(Kind):
    """Where a workload goes: ``http://host:port``, ``https://host:port`` or ``demo:NAME``.

    No path: each request class has its own. The port is always written out in the result.
    """

    allowed: str = '"http://host:port", "https://host:port" or "demo:NAME"'

    def read(self, value: object) -> str:
        """Take an absolute URL without user, path, query or fragment."""
        text = require_text(self, value)
        if text.startswith(DEMO):
            return text
        strange = next((c for c in text if c.isspace() or not c.isprintable()), None)
        if strange is not None:
            where = text.index(strange) + 1
            raise refused("P060", f"character {where} is a blank or a control character.")
        scheme = self._scheme(text)
        rest = text[len(scheme) + 3 :]
        authority = re.split(r"[/?#\\]", rest, maxsplit=1)[0]
        if "@" in authority:
            message = "a user name or password does not belong in a URL: use headers."
            raise Refused(Fault("P060", message, secret=True))
        tail = rest[len(authority) :]
        if tail not in ("", "/"):
            # A token may be in what the environment put there.
            shown = "what follows the host" if is_from_outside(value) else quoted(tail)
            raise refused("P060", f"{shown} does not belong here: put it into the request's path.")
        return _checked_authority(scheme, authority)

    def _scheme(self, text: str) -> str:
        match = _SCHEME.match(text)
        if match is None:
            looks_bare = _BARE.fullmatch(text)
            hint = f"Did you mean {quoted('http://' + text)}?" if looks_bare else ""
            message = f"no scheme. {hint or f'Write {self.allowed}.'}"
            raise Refused(Fault("P060", message, secret="@" in text))
        scheme = match[1].lower()
        if scheme not in DEFAULT_PORTS:
            hint = did_you_mean(scheme, DEFAULT_PORTS)
            message = f"the scheme {quoted(match[1])} is not http or https.{hint}"
            raise Refused(Fault("P060", message, secret="@" in text))
        return scheme

    def schema(self) -> Schema:
        """Give how it begins."""
        return {"type": "string", "pattern": "^(https?://|demo:)"}


def _checked_authority(scheme: str, authority: str) -> str:
    if authority.startswith("["):
        host, bracket, after = authority.partition("]")
        if not bracket:
            raise refused("P060", f"{quoted(authority)} has no closing bracket.")
        host += bracket
        port_text = after
        if after and not after.startswith(":"):
            raise refused("P060", f"{quoted(after)} after the bracket is not a port.")
    else:
        host, colon, port_text = authority.partition(":")
        if ":" in port_text:
            raise refused("P060", f"{quoted(authority)}: an IPv6 address stands in brackets.")
        port_text = colon + port_text
    host = checked_host(host)
    return f"{scheme}://{host}:{_checked_port(port_text, scheme)}"


def _checked_port(text: str, scheme: str) -> int:
    if not text:
        return DEFAULT_PORTS[scheme]
    digits = text[1:]
    if not (digits.isascii() and digits.isdigit() and len(digits) <= len(str(_HIGHEST_PORT))):
        raise refused("P060", f"the port {quoted(digits)} is not a number from 1 to 65535.")
    if not 1 <= int(digits) <= _HIGHEST_PORT:
        raise refused("P060", f"the port {int(digits)} is not in 1 to 65535.")
    return int(digits)


def _checked_ipv6(host: str) -> str:
    bare = host.removeprefix("[").removesuffix("]")
    if "%" in bare:
        raise refused("P060", f"the zone in {quoted(host)} means another thing on each machine.")
    try:
        return f"[{ipaddress.IPv6Address(bare)}]"
    except ValueError:
        raise refused("P060", f"{quoted(host)} is not an IPv6 address.") from None


def _punycode(host: str) -> str:
    try:
        return f" Write it as {quoted(host.encode('idna').decode())}."
    except UnicodeError:
        return ""
