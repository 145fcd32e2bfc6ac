"""Ways to hold connections, by name, and profiles that set two of them against each other.

Everything that ``pooltop demo`` generates is made here: the same traffic (rate, arrivals, seed),
to hosts that are alike (latency, its seed), through agents that differ in one thing. Each side has
a host of its own, so that the server's counters, and the kernel's of closed connections, tell the
sides apart. What is made is the text of a profile: it can be printed, kept and changed.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from typing import NamedTuple

from pooltop.errors import UsageError

_MOST = 100_000
"""Of the number in a name like "limit:8"."""

Value = bool | int | str


class Policy(NamedTuple):
    """One way to hold connections."""

    name: str
    """What the command line calls it: "close", "limit:8"."""
    says: str
    """What it is, in a few words."""
    agent: Mapping[str, Value]
    """Keys of ``[agents.NAME]``, but for the ``kind`` of Node's two classes."""
    protocols: tuple[str, ...] = ("http/1.1",)
    """What its host speaks."""

    @property
    def label(self) -> str:
        """Name it as a profile can: "limit-8"."""
        return self.name.replace(":", "-")


class Traffic(NamedTuple):
    """What both sides are sent, and what answers; times and rates as a profile writes them."""

    rate: str = "100/s"
    seed: int = 7
    """Of the arrivals, and of the latencies: the n-th answer takes as long on either side."""
    tls: bool = True
    latency: str = "20ms"
    """Half of the answers take longer."""
    sigma: float = 0.3
    round_trip: str = "0ms"
    """How far away the hosts are; loopback has no round trip of its own."""


AFAR = "15ms"
"""A round trip within a country: what a new connection costs is seen only where there is one."""
DEFAULT = ("keep-alive", "close")
"""What is compared unless somebody says otherwise."""

_FIXED = (
    Policy("keep-alive", "keepAlive on", {"keep_alive": True, "max_sockets": 10}),
    Policy("close", "keepAlive off", {"keep_alive": False, "max_sockets": 10}),
    Policy("shared", "one agent for all requests", {"keep_alive": True}),
    Policy(
        "per-request", "a new agent for every request", {"keep_alive": True, "per_request": True}
    ),
    Policy("undici", "undici's Pool", {"kind": "undici-pool", "connections": 10}),
    Policy("h2", "HTTP/2, one session", {"kind": "h2", "sessions": 1}, ("h2",)),
)
_NUMBERED = {
    "limit": ("keepAlive on, maxSockets {}", "max_sockets"),
    "free": ("keepAlive on, maxFreeSockets {}", "max_free_sockets"),
}
NAMES = (*(each.name for each in _FIXED), *(f"{name}:N" for name in _NUMBERED))
"""Every policy; N is a number from 1."""


def policy(name: str) -> Policy:
    """Give a policy by its name.

    Raises:
        UsageError: there is none of that name; says which there are.
    """
    for each in _FIXED:
        if each.name == name:
            return each
    kind, colon, number = name.partition(":")
    if kind in _NUMBERED:
        if not (colon and number.isascii() and number.isdigit() and 1 <= int(number[:9]) <= _MOST):
            raise UsageError(f"{kind} needs a number from 1 to {_MOST}, as {kind}:8")
        says, key = _NUMBERED[kind]
        agent: dict[str, Value] = {"keep_alive": True, "max_sockets": 10, key: int(number)}
        return Policy(f"{kind}:{int(number)}", says.format(int(number)), agent)
    near = difflib.get_close_matches(name[:64], (*NAMES, *_NUMBERED), n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    shown = "".join(c if c.isprintable() else "?" for c in name[:64])
    raise UsageError(f"no policy {shown}{hint} There are {', '.join(NAMES)}")


def side(chosen: Policy, traffic: Traffic) -> str:
    """Give the tables of one side: ``[demo]``, ``[agents]`` and ``[workloads]`` of its label."""
    name = chosen.label
    agent: dict[str, Value] = dict(chosen.agent)
    if "kind" not in agent:
        agent = {"kind": "https.Agent" if traffic.tls else "http.Agent", **agent, "codec": "llhttp"}
    latency = f"{{ median = {json.dumps(traffic.latency)}, sigma = {traffic.sigma:g} }}"
    protocols = ", ".join(json.dumps(each) for each in chosen.protocols)
    lines = [
        f"# {chosen.says}",
        f"[demo.{name}]",
        f'scheme = "{"https" if traffic.tls else "http"}"',
        f"protocols = [{protocols}]",
        f"latency = {latency}",
        f"seed = {traffic.seed}",
        f"round_trip = {json.dumps(traffic.round_trip)}",
        'keep_alive_timeout = "5s"',
        "",
        f"[agents.{name}]",
        *(f"{key} = {json.dumps(value)}" for key, value in agent.items()),
        "",
        f"[workloads.{name}]",
        'model = "open"',
        f'agent = "{name}"',
        f'base_url = "demo:{name}"',
        'arrival = "poisson"',
        f"rate = {json.dumps(traffic.rate)}",
        "max_in_flight = 400",
        f"seed = {traffic.seed}",
    ]
    return "\n".join(lines) + "\n"


def comparison(a: str, b: str, traffic: Traffic | None = None) -> str:
    """Give the profile that sets two policies against each other, as TOML.

    Args:
        a: name of the one.
        b: name of the other.
        traffic: what both are sent; None for the usual.

    Raises:
        UsageError: one of them is no policy, or both are the same.
    """
    sent = Traffic() if traffic is None else traffic
    one, other = policy(a), policy(b)
    if one.name == other.name:
        raise UsageError(f"{one.name} is compared with itself: name two policies")
    return "\n".join(
        (
            f"# {one.name} against {other.name}: the same traffic, at the same moments, to hosts",
            "# that are alike.",
            "schema = 1",
            "",
            side(one, sent),
            side(other, sent),
            f'[compare]\na = "{one.label}"\nb = "{other.label}"\n',
        )
    )
