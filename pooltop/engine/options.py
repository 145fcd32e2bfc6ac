"""What ``new http.Agent(options)`` makes of its options: Node's reading of 0, None, NaN and inf.

None stands for a key that is left out. Nothing is coerced: where Node takes ``'2'`` for a number,
this refuses it. What it makes of them is an ``AgentOptions``; what those keys that are no options
of Node's may be, as ``timeouts``, is checked here too.

Source: Node v24 lib/_http_agent.js Agent(); lib/internal/validators.js validateNumber,
validateOneOf; lib/internal/timers.js getTimerDuration.
"""

from __future__ import annotations

import difflib
import ipaddress
import math
import re
from typing import Any, Literal, TypedDict, cast, get_args

import msgspec

from pooltop.core.model import (
    AgentOptions,
    Live,
    Protocol,
    Scheduling,
    TimeoutMode,
    Timeouts,
    TLSOptions,
)
from pooltop.engine.url import is_host
from pooltop.errors import UsageError

MOST_TIMEOUT_MS = 2**31 - 1
"""Node's longest timer: a longer timeout is this one."""
OTHER_KEYWORDS = (
    "name",
    "codec",
    "tls",
    "timeouts",
    "resolver",
    "keep_socket_alive",
    "create_connection",
    "proxy_env",
)
"""What an agent takes besides ``AgentKeywords``: meant, perhaps, by whoever writes another."""
_MEANT = {"keep_alive_initial_delay": "keep_alive_msecs", "reject_unauthorized": "verify"}
"""Words of Node's for what has another name here."""


class AgentKeywords(TypedDict, total=False):
    """The options of an agent, as its constructor takes and ``help(Agent)`` describes them.

    One left out has the default of ``AgentOptions``.
    """

    keep_alive: bool
    keep_alive_msecs: float | None
    agent_keep_alive_timeout_buffer: float | None
    max_sockets: float | None
    max_total_sockets: float | None
    max_free_sockets: float | None
    scheduling: Scheduling | None
    timeout: float | None
    retry_stale: bool
    max_cached_sessions: float | None
    protocol: Protocol | None
    default_port: int | None
    host: str | None
    port: int | None
    local_address: str | None
    family: Literal[4, 6] | None
    socket_path: str | None
    no_delay: bool
    live: Live


def constructed(given: AgentKeywords) -> AgentOptions:
    """Give the options that an agent made with these keywords has.

    Raises:
        TypeError: a keyword is no option's; says which was probably meant.
        UsageError: a value is of the wrong kind or out of range; ``code`` is Node's
            (ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE, ERR_INVALID_ARG_VALUE) where Node refuses
            it too.
    """
    options: dict[str, Any] = {**given}  # Any: checked here, one by one
    for name in options:
        if name not in AgentKeywords.__optional_keys__:
            raise TypeError(f"an agent has no option {name!r}{_probably_meant(name)}")
    default = AgentOptions()
    for name, if_falsy in (
        ("keep_alive_msecs", default.keep_alive_msecs),
        ("max_sockets", default.max_sockets),
        ("max_free_sockets", default.max_free_sockets),
        ("timeout", default.timeout),
    ):
        if name in options:
            options[name] = _or(options[name], if_falsy, name)
    if options.get("timeout", 0) < 0 or options.get("timeout") == math.inf:
        raise _error("ERR_OUT_OF_RANGE", "timeout is a finite number of milliseconds, 0 or more")
    options["timeout"] = min(options.get("timeout", 0), MOST_TIMEOUT_MS)
    if "agent_keep_alive_timeout_buffer" in options:
        options["agent_keep_alive_timeout_buffer"] = _buffer(
            options["agent_keep_alive_timeout_buffer"], default.agent_keep_alive_timeout_buffer
        )
    if "max_total_sockets" in options:
        options["max_total_sockets"] = _max_total(options["max_total_sockets"])
    if "max_cached_sessions" in options:
        most = options["max_cached_sessions"]
        options["max_cached_sessions"] = (
            default.max_cached_sessions if most is None else _number(most, "max_cached_sessions")
        )
    options["scheduling"] = options.get("scheduling") or default.scheduling
    for name, kind in (("scheduling", Scheduling), ("live", Live), ("protocol", Protocol)):
        value = options.get(name)
        if value is not None and value not in get_args(kind):
            allowed = " or ".join(repr(one) for one in get_args(kind))
            raise _error("ERR_INVALID_ARG_VALUE", f"{name} is {allowed}")
    check_connect_options(options)
    if not isinstance(options.get("retry_stale", False), bool):
        raise _error("ERR_INVALID_ARG_TYPE", "retry_stale is True or False")
    options["keep_alive"] = bool(options.get("keep_alive", False))
    return AgentOptions(**options)


def check_connect_options(given: dict[str, Any]) -> None:
    """Check those options that say how to connect, of an agent or of one request.

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
            raise _error("ERR_INVALID_IP_ADDRESS", message) from None
    if given.get("family") not in (None, 4, 6):
        raise _error("ERR_INVALID_ARG_VALUE", "family is 4, 6 or None for either")
    for name in ("port", "default_port"):
        port = given.get(name)
        if port is not None and not (
            isinstance(port, int) and not isinstance(port, bool) and 0 < port < 65536
        ):
            raise _error("ERR_SOCKET_BAD_PORT", f"{name} is a number from 1 to 65535")
    for name in ("host", "socket_path"):
        text = given.get(name)
        if text is not None and not (isinstance(text, str) and text and _is_showable(text)):
            words = f"{name} is a text that is not empty, without a NUL, that UTF-8 can carry"
            raise _error("ERR_INVALID_ARG_TYPE", words)
    host = given.get("host")
    # It is written into the head of a CONNECT, where a line's end would begin a field.
    if host is not None and not is_host(host):
        words = "host is a name (an international one in its xn-- form) or an address without []"
        raise _error("ERR_INVALID_ARG_VALUE", words)


def check_timeouts(timeouts: Timeouts) -> None:
    """Check the clocks of an agent or of one request.

    Raises:
        UsageError: they are no ``Timeouts``, there is no such mode, or a clock is no number of
            seconds.
    """
    # Callers are not all checked by a type checker: a mapping would fail in the midst of a request.
    if not isinstance(timeouts, Timeouts):
        raise UsageError("timeouts is a pooltop.Timeouts, as Timeouts(total=5)")
    if timeouts.mode not in get_args(TimeoutMode):
        raise UsageError(f"timeouts.mode is {' or '.join(get_args(TimeoutMode))}")
    for clock in timeouts.__struct_fields__[1:]:
        limit = getattr(timeouts, clock)
        if limit is not None and not _is_duration(limit):
            raise UsageError(f"timeouts.{clock} is a number of seconds, 0 or more, or None")


def checked_tls(tls: TLSOptions) -> TLSOptions:
    """Give the TLS options of an agent or of one request: a lone path of ``ca`` or ``crl`` is one.

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


def _probably_meant(name: str) -> str:
    snake = re.sub("(?<=[a-z])(?=[A-Z])", "_", name).lower()
    snake = _MEANT.get(snake, snake)
    if snake in TLSOptions.__struct_fields__:
        return f": it belongs in tls=TLSOptions({snake}=...)"
    names = (*AgentKeywords.__optional_keys__, *OTHER_KEYWORDS)
    near = difflib.get_close_matches(snake[:64], sorted(names), n=1)
    return f": did you mean {near[0]!r}?" if near else ""


def _is_duration(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0


def _is_showable(text: str) -> bool:
    """Refuse a NUL, and a lone surrogate: no snapshot or recording could be written with one."""
    return not any(c == "\0" or "\ud800" <= c <= "\udfff" for c in text)


def _or(value: object, default: float, name: str) -> float:
    """JavaScript's ``value || default``."""
    if value is None:
        return default
    number = _number(value, name)
    return default if math.isnan(number) or not number else number


def _buffer(value: object, default: float) -> float:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    number = cast("float", value) if is_number else -1.0
    return number if math.isfinite(number) and number >= 0 else default


def _max_total(value: object) -> float:
    if value is None:
        return math.inf
    number = _number(value, "max_total_sockets")
    if math.isnan(number) or number < 1:
        raise _error("ERR_OUT_OF_RANGE", "max_total_sockets is 1 or more, or None for no limit")
    return number


def _number(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _error("ERR_INVALID_ARG_TYPE", f"{name} is a number, or None for Node's default")
    return value


def _error(code: str, message: str) -> UsageError:
    return UsageError(message, code=code)
