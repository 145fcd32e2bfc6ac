"""What HTTP lets a profile say: hosts, base URLs, methods, paths, header fields.

All of it is checked when the profile is read, so that nothing can fail or be smuggled into
a request once traffic flows. Spellings that resolvers read in different ways (127.1,
0x7f.1, a trailing dot, a zone id) are refused rather than interpreted.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import cast

from pooltop.core.model import DEFAULT_PORTS
from pooltop.core.rows import RowText
from pooltop.profiles.kinds import (
    Fault,
    Kind,
    Refused,
    Schema,
    refused,
    request_text,
    require_text,
    wrong_type,
)
from pooltop.profiles.shown import did_you_mean, quoted

LONGEST_PATH = 8192
LONGEST_HOST = 253
DEMO = "demo:"
SECRET_FIELDS = frozenset(
    {"authorization", "proxy-authorization", "cookie", "x-api-key", "api-key", "x-auth-token"}
)
"""Fields that make the file itself a secret; in lower case. No field's value is ever shown."""

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(?=//)")
_BARE = re.compile(r"[A-Za-z0-9._-]+(?::[0-9]+)?/?")
_NAME_PART = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_NUMERIC = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PATH = re.compile(r"/[!-~]*")
_HIGHEST_PORT = 65535
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
_IN_PLACE = "x"
"""Stands for what a row puts into a text, where the text around it is checked."""
_SAME_FOR_ALL = ("host", "connection", "upgrade")
_WRITTEN_BY_POOLTOP = {
    "content-length": "pooltop counts the body itself",
    "transfer-encoding": "pooltop frames the body itself",
}


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
            raise refused(
                "P060", f"{quoted(tail)} does not belong here: put it into the request's path."
            )
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


@dataclass(frozen=True)
class Method(Kind):
    """A request method."""

    allowed: str = 'a method like "GET" or "POST"'

    def read(self, value: object) -> str:
        """Take a token as it is; methods are case-sensitive."""
        method = require_text(self, value)
        if not _TOKEN.fullmatch(method):
            raise refused("P062", f"expected {self.allowed}.")
        if method not in _METHODS and method.upper() in _METHODS:
            raise refused("P062", f"methods are upper case. Did you mean {quoted(method.upper())}?")
        if method == "CONNECT":
            raise refused("P062", "CONNECT makes a tunnel, which no pool keeps.")
        return method

    def schema(self) -> Schema:
        """Say token."""
        return {"type": "string", "minLength": 1}


@dataclass(frozen=True)
class RequestPath(Kind):
    """A request target: path and query."""

    allowed: str = 'a path like "/cart?id=1", percent-encoded'

    def read(self, value: object) -> str | RowText:
        """Take what can stand in a request line as it is; of what a row puts in, elsewhere."""
        template = request_text(self, value)
        path = _IN_PLACE.join(template.parts)
        if not path.startswith("/") and (template.parts[0] or not template.columns):
            hint = "" if template.columns else f" Did you mean {quoted('/' + path)}?"
            raise refused("P062", f"a path begins with a slash.{hint}")
        rest = path if path.startswith("/") else f"/{path}"
        if not _PATH.fullmatch(rest) or "#" in path:
            strange = next(c for c in path if not "!" <= c <= "~" or c == "#")
            raise refused(
                "P062", f"{quoted(strange)} cannot stand in a path: percent-encode or drop it."
            )
        bad = _BAD_ESCAPE.search(path)
        if bad is not None:
            part = quoted(path[bad.start() : bad.start() + 3])
            raise refused(
                "P062", f'{part} is not a percent-escape: write "%25" for a percent sign.'
            )
        if len(path) > LONGEST_PATH:
            raise refused("P062", f"longer than {LONGEST_PATH} characters.")
        return RowText(place="path", template=template) if template.columns else path

    def write(self, value: object) -> object:
        """Give the text."""
        return str(value)

    def schema(self) -> Schema:
        """Give how it begins."""
        return {"type": "string", "pattern": "^/"}


@dataclass(frozen=True)
class _FieldValue(Kind):
    """What one header field says."""

    allowed: str = "a string or an array of strings"

    def read(self, value: object) -> str | RowText:
        """Take what can stand in a header as it is; of what a row puts in, elsewhere."""
        template = request_text(self, value)
        text = _IN_PLACE.join(template.parts)
        if any(ord(c) < ord(" ") and c != "\t" for c in text) or "\x7f" in text:
            message = "a header cannot hold CR, LF, NUL or other control characters."
            raise refused("P061", message)
        try:
            text.encode("latin-1")
        except UnicodeEncodeError:
            raise refused("P061", "a header can hold Latin-1 characters only.") from None
        if text != text.strip(" \t"):
            raise refused("P061", "a header's value has no blanks around it.")
        return RowText(place="header", template=template) if template.columns else text

    def schema(self) -> Schema:
        """Say string."""
        return {"type": "string"}


_FIELD_VALUE = _FieldValue()


@dataclass(frozen=True)
class Headers(Kind):
    """Header fields; a field that is sent several times has an array of values."""

    allowed: str = "a table of header fields, each a string or an array of strings"

    def read(self, value: object) -> tuple[tuple[str, str | RowText], ...]:
        """Give the fields in order; every one that is refused is reported."""
        if not isinstance(value, dict):
            raise wrong_type(self, value)
        fields: list[tuple[str, str | RowText]] = []
        faults: list[Fault] = []
        for name, content in value.items():
            fault = _field_name_fault(name, fields)
            if fault:
                faults.append(Fault("P061", fault, (name,), on_key=True))
                continue
            several = content if isinstance(content, list) else [content]
            for index, text in enumerate(several):
                at = (name, index) if isinstance(content, list) else (name,)
                try:
                    field = _FIELD_VALUE.read(text)
                    if isinstance(field, RowText) and name.lower() in _SAME_FOR_ALL:
                        message = "it decides which sockets are used: the same for all requests."
                        raise refused("P043", message)
                    fields.append((name, field))
                except Refused as verdict:
                    faults += [fault._replace(at=at) for fault in verdict.faults]
            if name.lower() == "host" and len(several) > 1:
                faults.append(Fault("P061", "Host is sent once only.", (name,), on_key=True))
        if faults:
            raise Refused(*faults)
        return tuple(fields)

    def write(self, value: object) -> object:
        """Give the table; a field that is sent several times has an array."""
        fields: dict[str, list[str]] = {}
        for name, text in cast("tuple[tuple[str, str], ...]", value):
            fields.setdefault(name, []).append(text)
        return {name: texts[0] if len(texts) == 1 else texts for name, texts in fields.items()}

    def schema(self) -> Schema:
        """Give the table."""
        text: Schema = {"type": "string"}
        several: Schema = {"type": "array", "items": text}
        return {"type": "object", "additionalProperties": {"anyOf": [text, several]}}


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


def _field_name_fault(name: str, before: list[tuple[str, str | RowText]]) -> str:
    lower = name.lower()
    if not _TOKEN.fullmatch(name):
        return "not a header field's name." if name else "a header field needs a name."
    if lower in _WRITTEN_BY_POOLTOP:
        return f"{_WRITTEN_BY_POOLTOP[lower]}: leave it out."
    if lower == "host" and any(earlier.lower() == "host" for earlier, _ in before):
        return "Host is sent once only."
    return ""
