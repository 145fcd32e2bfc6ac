"""What an agent's kind rules out: keys of another kind, a second origin, an upstream too few."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

from pooltop.core.undici.options import OF_ONE_ORIGIN
from pooltop.profiles.agent_kinds import is_dispatcher, kind_of, upstreams_of, urls_of, words_of
from pooltop.profiles.agent_tables import AGENT
from pooltop.profiles.checks import tables_of
from pooltop.profiles.dispatcher_tables import BALANCED
from pooltop.profiles.installed import is_installed
from pooltop.profiles.reader import Values
from pooltop.profiles.report import Report
from pooltop.profiles.shape import Field, Named, Table
from pooltop.profiles.shown import Path, quoted

_ONE_FOR_ALL = "A dispatcher has one for all its hosts: give this one an agent of its own."
_HTTP1 = "Node's agents speak HTTP/1.1 alone."
_OF_REQUESTS = "Clocks of its requests stand in timeouts: idle and total."
_NOT_YET = "Dispatchers cannot have it yet."

MEANT_IN_AN_AGENT = {
    "connections": 'Did you mean "max_sockets"?',
    "sessions": 'Did you mean "max_sockets"?',
    "pipelining": "There one request is on a socket at a time; for 0 write keep_alive = false.",
    "keep_alive_timeout": 'Did you mean "timeout"?',
    "keep_alive_max_timeout": "There a server's hint only shortens timeout.",
    "keep_alive_timeout_threshold": 'Did you mean "agent_keep_alive_timeout_buffer"?',
    "headers_timeout": _OF_REQUESTS,
    "body_timeout": _OF_REQUESTS,
    "connect_timeout": "Its clock for that is timeouts.connect.",
    "allow_h2": _HTTP1,
    "prefer_h2": _HTTP1,
    "use_h2c": _HTTP1,
    "max_concurrent_streams": _HTTP1,
    "ping_interval": _HTTP1,
    "ping_timeout": _HTTP1,
    "initial_window_size": _HTTP1,
    "connection_window_size": _HTTP1,
    "h2_codec": _HTTP1,
}
"""What is meant by a dispatcher's key in one of Node's agents."""

_OF_DISPATCHERS = {
    "keep_alive": "undici: unsupported keepAlive, use pipelining=0 instead.",
    "keep_alive_msecs": "undici sends the first probe after 60 s.",
    "agent_keep_alive_timeout_buffer": 'Did you mean "keep_alive_timeout_threshold"?',
    "max_sockets": 'Did you mean "connections"?',
    "max_total_sockets": "undici counts by host alone, as connections.",
    "max_free_sockets": "undici keeps every connection for keep_alive_timeout.",
    "scheduling": "undici's kinds take the first client with room, or each in its turn: "
    "undici-round-robin-pool.",
    "timeout": 'Did you mean "keep_alive_timeout"?',
    "free": 'Did you mean "keep_alive_timeout" of the agent?',
    "retry_stale": _NOT_YET,
    "per_request": _NOT_YET,
    "proxy_env": "undici has a dispatcher of its own for proxies, which is not here yet.",
    "sessions": 'Did you mean "connections"?',
    "use_h2c": "undici's own drops it, and speaks HTTP/1.1 to http origins.",
}
"""What is meant by a key of Node's agents, or of another dispatcher, in a dispatcher."""

_OF_A_CLIENT = {
    "connections": 'It has one; for more write kind = "undici-pool".',
    "sessions": 'It has one connection; for more write kind = "undici-pool".',
    "max_sockets": 'It has one connection; for more write kind = "undici-pool".',
    "client_ttl": "It is itself the one client.",
}
_OF_H2 = {
    "connections": 'Did you mean "sessions"?',
    "max_sockets": 'Did you mean "sessions"?',
    "keep_alive": "A session is kept for keep_alive_timeout.",
    "agent_keep_alive_timeout_buffer": "HTTP/2 has no such hint.",
    "keep_alive_max_timeout": "HTTP/2 has no such hint.",
    "keep_alive_timeout_threshold": "HTTP/2 has no such hint.",
    "pipelining": 'Did you mean "max_concurrent_streams"?',
    "max_requests_per_client": "It counts on HTTP/1.1 alone.",
    "allow_h2": "It speaks nothing else.",
    "prefer_h2": "It speaks nothing else.",
    "use_h2c": "It speaks nothing else, to http origins too.",
    "codec": "It is for HTTP/1.1.",
    "scheduling": "The first session with room is taken.",
    "max_free_sockets": "A session is kept for keep_alive_timeout.",
    "max_total_sockets": "Sessions are counted by host alone.",
    "keep_alive_msecs": "Its sessions are probed by PING: ping_interval.",
}
_MEANT = {"undici-client": _OF_DISPATCHERS | _OF_A_CLIENT, "h2": _OF_DISPATCHERS | _OF_H2}


def meant_in(kind: str) -> Mapping[str, str]:
    """Give what is meant by keys of other kinds in a dispatcher."""
    return _MEANT.get(kind, _OF_DISPATCHERS)


def check_kinds(tree: dict[str, object], values: Values, report: Report) -> None:
    """Check what stands in every agent against its kind, and where workloads send through it.

    Args:
        tree: as it was written, with canonical keys.
        values: what was read of it.
        report: takes the problems.
    """
    raw = cast("dict[str, object]", tree.get("agents", {}))
    agents = tables_of(values, "agents")
    for name, agent in agents.items():
        written = cast("dict[str, object]", raw[name])
        if "kind" in written and "kind" not in agent:
            continue  # which was told
        path: Path = ("agents", name)
        for field, at in _strange(AGENT, written, path, kind_of(agent)):
            report.add(at, "P018", _why(field, at, agent), on_key=True)
        if kind_of(agent) in BALANCED:
            _check_upstreams(agent, written, path, report)
        _check_idle_words(agent, path, report)
        if agent.get("h2_codec") == "nghttp2" and not is_installed("ngh2"):
            message = 'it needs pip install "pooltop[h2fast]".'
            report.add((*path, "h2_codec"), "P066", message)
    _check_origins(values, agents, report)


def _strange(table: Table, written: object, path: Path, kind: str) -> Iterator[tuple[Field, Path]]:
    """Give the keys that stand somewhere in an agent, and are of another kind."""
    if not isinstance(written, dict):
        return
    for field in table.fields:
        if field.name not in written:
            continue
        at = (*path, field.name)
        if not field.is_of(kind):
            yield field, at
        elif isinstance(field.kind, Table):
            yield from _strange(field.kind, written[field.name], at, kind)
        elif isinstance(field.kind, Named) and isinstance(written[field.name], dict):
            for name, item in written[field.name].items():
                yield from _strange(field.kind.item, item, (*at, name), kind)


def _why(field: Field, at: Path, agent: Values) -> str:
    """Say whose a key is, what this agent is, and what is to be done."""
    kind = kind_of(agent)
    said = (
        f"is {quoted(kind)}"
        if "kind" in agent
        else f"does not say its kind, so it is {quoted(kind)}"
    )
    words = f"belongs to {words_of(field.kinds)}; this agent {said}."
    if not is_dispatcher(agent):
        hint = MEANT_IN_AN_AGENT.get(field.name, "")
    elif at[2] == "hosts" and at[-1] in ("max_sockets", "max_free_sockets", "tls"):
        hint = _ONE_FOR_ALL
    else:
        hint = meant_in(kind).get(field.name, "")
    return f"{words} {hint}".rstrip()


def _check_upstreams(agent: Values, written: dict[str, object], path: Path, report: Report) -> None:
    upstreams = upstreams_of(agent)
    if not upstreams and ("upstreams" in agent or "upstreams" not in written):
        message = 'upstreams is missing: add upstreams = ["http://host:port", "http://other:port"].'
        report.add(path, "P014", message, on_key=True)
    for index, url in enumerate(upstreams):
        first = upstreams.index(url)
        if first != index:
            report.add(
                (*path, "upstreams", index), "P017", "it stands there twice: undici takes it once."
            )


def _check_idle_words(agent: Values, path: Path, report: Report) -> None:
    """Warn of what another option makes pointless."""
    if agent.get("prefer_h2") is True and agent.get("allow_h2") is False:
        report.warn((*path, "prefer_h2"), "P019", "allow_h2 = false offers HTTP/1.1 alone.")
    is_bare = kind_of(agent) == "undici-agent" and agent.get("connections") == 1
    if is_bare and agent.get("client_ttl"):
        message = "with connections = 1 an origin has a bare Client, which is never retired."
        report.warn((*path, "client_ttl"), "P019", message)


def _check_origins(values: Values, agents: dict[str, Values], report: Report) -> None:
    """Refuse a second origin of what has one, and an origin that is no upstream."""
    first: dict[str, tuple[str, Path]] = {}
    for name, workload in tables_of(values, "workloads").items():
        carrier, url = workload.get("agent"), workload.get("base_url")
        if not (isinstance(carrier, str) and isinstance(url, str) and carrier in agents):
            continue
        agent, path = agents[carrier], ("workloads", name, "base_url")
        kind = kind_of(agent)
        if kind in OF_ONE_ORIGIN:
            other, there = first.setdefault(carrier, (url, path))
            if other != url:
                hint = f"a second origin for an agent of kind {quoted(kind)}, which has one"
                tail = '. For several write kind = "undici-agent".'
                report.add(path, "P019", hint, see=there, tail=tail)
        if kind in BALANCED and url not in urls_of(agent, url):
            hint = "not one of the upstreams of its agent"
            tail = ": name the first of them."
            report.add(path, "P019", hint, see=("agents", carrier, "upstreams"), tail=tail)
