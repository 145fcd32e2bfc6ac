"""What ``new http.Agent(options)`` makes of its options: Node's reading of 0, None, NaN and inf.

None stands for a key that is left out. Nothing is coerced: where Node takes ``'2'`` for a number,
this refuses it. What it makes of them is an ``AgentOptions``. What a request may bring as well is
checked in option_checks.py.

Source: Node v24 lib/_http_agent.js Agent(); lib/internal/validators.js validateNumber,
validateOneOf; lib/internal/timers.js getTimerDuration.
"""

from __future__ import annotations

import difflib
import math
import re
from typing import Any, Literal, TypedDict, cast, get_args

from pooltop.core.model import AgentOptions, Live, Protocol, Scheduling, TLSOptions
from pooltop.engine.option_checks import check_connect_options
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
    "hosts",
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
    per_request: bool
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
    for name in ("retry_stale", "per_request"):
        if not isinstance(options.get(name, False), bool):
            raise _error("ERR_INVALID_ARG_TYPE", f"{name} is True or False")
    options["keep_alive"] = bool(options.get("keep_alive", False))
    return AgentOptions(**options)


def _probably_meant(name: str) -> str:
    snake = re.sub("(?<=[a-z])(?=[A-Z])", "_", name).lower()
    snake = _MEANT.get(snake, snake)
    if snake in TLSOptions.__struct_fields__:
        return f": it belongs in tls=TLSOptions({snake}=...)"
    names = (*AgentKeywords.__optional_keys__, *OTHER_KEYWORDS)
    near = difflib.get_close_matches(snake[:64], sorted(names), n=1)
    return f": did you mean {near[0]!r}?" if near else ""


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
