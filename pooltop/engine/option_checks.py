"""Refusing what can be no option, of an agent or of one request: clocks, TLS, where to connect.

Callers are not all checked by a type checker, and what is wrong would else fail in the midst of a
request. Node's own reading of its constructor's options is in options.py.
"""

from __future__ import annotations

import ipaddress
from typing import Any, get_args

import msgspec

from pooltop.core.clocks import TimeoutMode
from pooltop.core.model import Timeouts, TLSOptions
from pooltop.engine.url import is_host
from pooltop.errors import UsageError


def check_connect_options(given: dict[str, Any]) -> None:
    """Check those options that say how to connect.

    Raises:
        UsageError: no address, port, version or path that can be.
    """
    local_address = given.get("local_address")
    if local_address is not None:
        try:
            # An int or bytes would be one to ipaddress.
            ipaddress.ip_address(local_address if isinstance(local_address, str) else "")
        except ValueError:
            message = f"local_address is an IP address, not {local_address!r}"
            raise UsageError(message, code="ERR_INVALID_IP_ADDRESS") from None
    if given.get("family") not in (None, 4, 6):
        message = "family is 4, 6 or None for either"
        raise UsageError(message, code="ERR_INVALID_ARG_VALUE")
    for name in ("port", "default_port"):
        port = given.get(name)
        if port is not None and not (
            isinstance(port, int) and not isinstance(port, bool) and 0 < port < 65536
        ):
            raise UsageError(f"{name} is a number from 1 to 65535", code="ERR_SOCKET_BAD_PORT")
    for name in ("host", "socket_path"):
        text = given.get(name)
        if text is not None and not (isinstance(text, str) and text and _is_showable(text)):
            message = f"{name} is a text that is not empty, without a NUL, that UTF-8 can carry"
            raise UsageError(message, code="ERR_INVALID_ARG_TYPE")
    host = given.get("host")
    # It is written into the head of a CONNECT, where a line's end would begin a field.
    if host is not None and not is_host(host):
        message = "host is a name (an international one in its xn-- form) or an address without []"
        raise UsageError(message, code="ERR_INVALID_ARG_VALUE")


def check_timeouts(timeouts: Timeouts) -> None:
    """Check the clocks.

    Raises:
        UsageError: they are no ``Timeouts``, there is no such mode, or a clock is no number of
            seconds.
    """
    if not isinstance(timeouts, Timeouts):
        raise UsageError("timeouts is a pooltop.Timeouts, as Timeouts(total=5)")
    if timeouts.mode not in get_args(TimeoutMode):
        raise UsageError(f"timeouts.mode is {' or '.join(get_args(TimeoutMode))}")
    for clock in timeouts.__struct_fields__[1:]:
        limit = getattr(timeouts, clock)
        if limit is not None and not _is_duration(limit):
            raise UsageError(f"timeouts.{clock} is a number of seconds, 0 or more, or None")
    if timeouts.free == 0:
        raise UsageError("timeouts.free is above 0; to keep no idle socket leave keep_alive off")


def checked_tls(tls: TLSOptions) -> TLSOptions:
    """Give the TLS options, checked: a lone path of ``ca`` or ``crl`` is one.

    Raises:
        UsageError: they are no ``TLSOptions``, or one is of the wrong type; no value is shown.
    """
    if not isinstance(tls, TLSOptions):
        raise UsageError('tls is a pooltop.TLSOptions, as TLSOptions(ca=("ca.pem",))')
    given = msgspec.structs.asdict(tls)
    for name in ("ca", "crl"):
        if isinstance(given[name], str):
            given[name] = (given[name],)
    for name, value in given.items():
        try:
            msgspec.convert({name: value}, TLSOptions)
        except msgspec.ValidationError as exc:
            words = str(exc).partition(" - at ")[0]
            raise UsageError(f"tls.{name}: {words}") from exc
    return msgspec.convert(given, TLSOptions)


def _is_duration(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0


def _is_showable(text: str) -> bool:
    """Refuse a NUL, and a lone surrogate: no snapshot or recording could be written with one."""
    return not any(c == "\0" or "\ud800" <= c <= "\udfff" for c in text)
