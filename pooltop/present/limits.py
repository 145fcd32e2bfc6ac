"""The limits strip's fields: how an option is written, read back, stepped and explained.

What is allowed is decided by ``core.edits`` alone; here it only gets friendlier words.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal

from pooltop.core.edits import EditError, Value, apply_edit, is_within
from pooltop.core.model import AgentOptions
from pooltop.core.tunable import Options
from pooltop.present.clean import clean

Kind = Literal["count", "time", "switch", "choice"]
UNLIMITED = "-"
_NO_LIMIT = frozenset({"-", "", "inf", "infinity", "unlimited", "none", "no"})
_TIME = re.compile(r"(\d+(?:\.\d+)?) ?(ms|s|m|h)?", re.ASCII)
_MS = {"ms": 1.0, "s": 1000.0, "m": 60_000.0, "h": 3_600_000.0, None: 1.0}
_LONGEST = 24
_TIMES = frozenset(
    (
        *("timeout", "keep_alive_timeout", "keep_alive_max_timeout", "headers_timeout"),
        *("keep_alive_timeout_threshold", "body_timeout", "connect_timeout", "client_ttl"),
        *("ping_interval", "ping_timeout"),
    )
)
"""Options in milliseconds."""
_UNLIMITED_AT_0 = ("timeout", "connections")
"""Options of which 0 is no limit."""
_FIRST_LIMIT = "256"
"""Where stepping down from "no limit" begins."""


@dataclass(frozen=True, slots=True)
class Field:
    """One option of an agent that can be edited."""

    option: str
    """Its name in ``core.edits.EDITABLE``."""
    title: str
    """Node's name."""
    short: str
    """For narrow screens; may be empty where the value speaks for itself."""
    kind: Kind
    allowed: str
    """What may be typed, in words."""
    choices: tuple[str, ...] = ()
    meaning: str = ""


FIELDS: tuple[Field, ...] = (
    Field(
        "max_sockets",
        "maxSockets",
        "maxSockets",
        "count",
        "0 or more, - for unlimited",
        meaning="sockets in use per host",
    ),
    Field(
        "max_free_sockets",
        "maxFreeSockets",
        "maxFree",
        "count",
        "0 or more, - for unlimited",
        meaning="idle sockets kept per host",
    ),
    Field(
        "max_total_sockets",
        "maxTotalSockets",
        "maxTotal",
        "count",
        "0 or more, - for unlimited",
        meaning="sockets over all hosts of the agent, idle ones included",
    ),
    Field(
        "timeout",
        "timeout",
        "timeout",
        "time",
        "500ms, 30s or 2m, - for none",
        meaning="inactivity after which an idle socket is closed",
    ),
    Field(
        "keep_alive",
        "keepAlive",
        "KA",
        "switch",
        "on or off",
        ("on", "off"),
        meaning="keep idle sockets for later requests",
    ),
    Field(
        "scheduling",
        "scheduling",
        "",
        "choice",
        "lifo or fifo",
        ("lifo", "fifo"),
        meaning="which idle socket is taken next",
    ),
    Field(
        "live",
        "live",
        "",
        "choice",
        "node or drain",
        ("node", "drain"),
        meaning="what an edit does at once: what Node does, or drain and cull",
    ),
)
DISPATCHER_FIELDS: tuple[Field, ...] = (
    Field(
        "connections",
        "connections",
        "conns",
        "count",
        "1 or more, - for unlimited",
        meaning="connections, and so clients, per host",
    ),
    Field(
        "pipelining",
        "pipelining",
        "pipelining",
        "count",
        "0 or more, - for unlimited",
        meaning="requests on an HTTP/1.1 connection at a time; 0 closes it after each",
    ),
    Field(
        "max_concurrent_streams",
        "maxConcurrentStreams",
        "streams",
        "count",
        "1 or more",
        meaning="streams of an HTTP/2 session at a time, as far as the server lets us",
    ),
    replace(FIELDS[-1], meaning="what an edit does at once: what undici does, or drain and cull"),
)
"""Of the dispatchers of undici's; ``dispatcher_limits`` knows which kind has which."""
BY_OPTION = {field.option: field for field in (*DISPATCHER_FIELDS, *FIELDS)}


def value_of(options: Options, option: str) -> Value | None:
    """Give an option's value as an Edit would carry it: None for no limit."""
    value: Value = getattr(options, option)
    if isinstance(value, float) and math.isinf(value):
        return None
    return None if option in _UNLIMITED_AT_0 and value == 0 else value


def written(option: str, value: Value | None) -> str:
    """Give a value as it is shown and can be typed, e.g. ``40``, ``-``, ``30s``, ``on``."""
    if value is None or (isinstance(value, float) and math.isinf(value)):
        return UNLIMITED
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, str):
        return clean(value)
    if option in _TIMES:
        return _time(value)
    return f"{value:.0f}" if value == int(value) else f"{value:g}"


def _time(ms: float) -> str:
    if ms <= 0:
        return UNLIMITED
    for unit, size in (("h", 3_600_000), ("m", 60_000), ("s", 1000)):
        if ms >= size and ms % size == 0:
            return f"{ms / size:.0f}{unit}"
    return f"{ms / 1000:g}s" if ms >= 1000 else f"{ms:g}ms"


def parse(option: str, text: str, options: AgentOptions) -> Value | None:
    """Give the value that was typed.

    Args:
        option: One of ``core.edits.EDITABLE``.
        text: As typed.
        options: The agent's present ones, against which the core checks the edit.

    Raises:
        EditError: It is not allowed; the message says what is.
    """
    field = BY_OPTION[option]
    value = read(field, text)
    try:
        after = apply_edit(options, option, value)
    except EditError as error:
        raise EditError(f"must be {field.allowed}") from error
    return value_of(after, option)


def read(field: Field, text: str) -> Value | None:
    """Give what was typed into a field, allowed or not.

    Raises:
        EditError: it is nothing that a field of its kind can hold; the message says what is.
    """
    typed = text.strip().lower()
    if len(typed) > _LONGEST:
        raise EditError(f"too long: {field.allowed}")
    if field.kind in ("switch", "choice"):
        found = [choice for choice in field.choices if typed and choice.startswith(typed)]
        if field.kind == "switch" and typed in ("yes", "true", "1"):
            found = ["on"]
        if field.kind == "switch" and typed in ("no", "false", "0"):
            found = ["off"]
        if len(found) != 1:
            raise EditError(f"must be {field.allowed}")
        return found[0] == "on" if field.kind == "switch" else found[0]
    if not typed:
        raise EditError(f"type a value: {field.allowed}")
    if typed in _NO_LIMIT:
        return None
    match = _TIME.fullmatch(typed)
    if match is None or (field.kind == "count" and match[2] is not None):
        raise EditError(f"must be {field.allowed}")
    number = float(match[1])
    return number * _MS[match[2]] if field.kind == "time" else number


def stepped(option: str, text: str, by: int, options: AgentOptions) -> str:
    """Give the text after a step: numbers by ``by``, times by that many seconds, choices onward.

    A step down never leads up, nor to "no timeout": it stops at one unit (maxFreeSockets at 0), and
    leaves alone what is less already. From nonsense it starts at the present value.
    """
    parsed = partial(_parsed, options)
    return step(BY_OPTION[option], text, by, parse=parsed, now=value_of(options, option))


def _parsed(options: AgentOptions, option: str, text: str) -> Value | None:
    return parse(option, text, options)


def step(
    field: Field,
    text: str,
    by: int,
    *,
    parse: Callable[[str, str], Value | None],
    now: Value | None,
) -> str:
    """Give the text of a field after a step, as ``stepped`` has it.

    Args:
        field: which.
        text: that stands in it.
        by: how far.
        parse: reads the text of an option; it raises an EditError for what is not allowed.
        now: the value that is in force.
    """
    option = field.option
    if field.choices:
        found = [i for i, choice in enumerate(field.choices) if choice.startswith(text or "\0")]
        at = found[0] if found else 0
        return field.choices[(at + (1 if by > 0 else -1)) % len(field.choices)]
    try:
        value = parse(option, text)
    except EditError:
        value = now
    if value is None and field.kind == "time":
        value = 0.0
    if value is None or isinstance(value, str):
        return UNLIMITED if by > 0 else _FIRST_LIMIT
    unit = 1000 if field.kind == "time" else 1
    # maxSockets 0 lets every request wait, and a timeout of 0 is none: who wants that types it.
    lowest = 0 if option in ("max_free_sockets", "pipelining") else min(value, unit)
    return written(option, float(max(lowest, value + by * unit)))


def span_words(option: str, bounds: tuple[float, float]) -> str:
    """Give bounds as they are shown, ``1..200``."""
    least, most = (written(option, bound) for bound in bounds)
    return f"{least}..{most}"


@dataclass(frozen=True, slots=True)
class AgentLimits:
    """An agent's options, as a form edits them (``editing.Editable``)."""

    options: AgentOptions
    before: AgentOptions
    """As the profile has them."""
    bounds: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """What the profile lets an option be edited to without a question."""
    own: Mapping[str, float] = field(default_factory=dict)
    """The limits that the host in question has for itself: those are edited, not the agent's."""
    own_before: Mapping[str, float] = field(default_factory=dict)
    """As the profile has them."""

    @property
    def fields(self) -> tuple[Field, ...]:
        """Its options, in the order in which they are shown."""
        if not self.own:
            return FIELDS
        return tuple(_own(each) if each.option in self.own else each for each in FIELDS)

    def value(self, option: str) -> Value | None:
        """Give an option's value as an Edit would carry it: None for no limit."""
        return _finite(self.own[option]) if option in self.own else value_of(self.options, option)

    def initial(self, option: str) -> Value | None:
        """Give what the profile has."""
        before = self.own_before
        return _finite(before[option]) if option in before else value_of(self.before, option)

    def allowed(self, option: str) -> str:
        """Say what may be typed, and what the profile lets pass without a question."""
        allowed = BY_OPTION[option].allowed
        bounds = self.bounds.get(option)
        if bounds is None:
            return allowed
        return f"{allowed}; the profile's bounds are {span_words(option, bounds)}"

    def asks(self, option: str, value: Value | None) -> str:
        """Say why a value is asked about before it is applied; empty when it is not."""
        if is_within(self.bounds, option, value):
            return ""
        return f"outside {span_words(option, self.bounds[option])}: will ask"

    def parse(self, option: str, text: str) -> Value | None:
        """Give the value that was typed.

        Raises:
            EditError: it is not allowed; the message says what is.
        """
        return parse(option, text, self.options)

    def stepped(self, option: str, text: str, by: int) -> str:
        """Give the text after a step up or down."""
        return stepped(option, text, by, self.options)


def _own(each: Field) -> Field:
    """Give a field that is of one host."""
    return replace(
        each,
        title=f"own {each.title}",
        short=f"own {each.short}",
        meaning=f"{each.meaning.removesuffix(' per host')}, of this host alone",
    )


def _finite(limit: float) -> float | None:
    return None if math.isinf(limit) else limit
