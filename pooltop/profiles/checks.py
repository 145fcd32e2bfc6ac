"""What no single value can tell: names that must exist, and values that exclude each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, cast

from pooltop.core.edits import is_within
from pooltop.core.model import ProxyEnv
from pooltop.core.reach import is_allowed
from pooltop.profiles.agent_kinds import Limit, kind_of, limit_of, upstreams_of
from pooltop.profiles.hosts import DEMO
from pooltop.profiles.proxies import proxy_to
from pooltop.profiles.reader import Values
from pooltop.profiles.report import Report
from pooltop.profiles.request_head import SECRET_FIELDS
from pooltop.profiles.shown import Path, nearest, one_of, quoted
from pooltop.profiles.stages import check_duration, check_stages
from pooltop.profiles.workload_tables import REQUEST_KEYS, WORKLOAD

NODES_MAX_FREE = 256
"""Written out it is Node's default rather than a decision, so it contradicts nothing."""

_NO_LIMIT = float("inf")
_OF_H2 = ("max_concurrent_streams", "goaway_after", "refuse")
_ADD_AGENT = "add [agents.NAME], for example with keep_alive = true"
_ADD_WORKLOAD = "add [workloads.NAME] with agent and base_url"


class OpenFiles(NamedTuple):
    """How many files this process may have open; inf where that is unknown."""

    limit: float
    share: float
    """Of them may be open when a socket is made: ``Safety.max_open_fds``."""

    @property
    def most(self) -> float:
        """Give how many those are."""
        return self.limit if self.limit == _NO_LIMIT else int(self.limit * self.share)


def check_presence(tree: dict[str, object], report: Report) -> None:
    """Refuse a profile that can send nothing."""
    missing = [key for key in ("agents", "workloads") if tree.get(key, {}) == {}]
    missing = [key for key in missing if not any(nearest(k, (key,)) for k in tree if k != key)]
    if len(missing) == 2:
        report.add((), "P030", f"nothing to send: {_ADD_AGENT}, and {_ADD_WORKLOAD}.")
    elif missing == ["agents"]:
        report.add((), "P030", f"no agents: {_ADD_AGENT}.")
    elif missing == ["workloads"]:
        report.add((), "P030", f"no workloads: {_ADD_WORKLOAD}.")


def check_references(
    tree: dict[str, object],
    values: Values,
    report: Report,
    allow: tuple[str, ...] = (),
    *,
    will_ask: bool = False,
) -> None:
    """Check that what workloads name is there, and that what is there is used.

    Args:
        tree: as it was written.
        values: what was read of it.
        report: takes the problems.
        allow: hosts that may be sent traffic besides those of ``[safety]``.
        will_ask: the operator is asked for the others before anything is sent.
    """
    agents, demos = names_of(tree, "agents"), names_of(tree, "demo")
    safety = cast("Values", values.get("safety", {}))
    allowed = (*cast("tuple[str, ...]", safety.get("allow_hosts", ())), *allow)
    raw = tree.get("safety")
    is_list_read = "allow_hosts" in safety or not (isinstance(raw, dict) and "allow_hosts" in raw)
    is_gate = is_list_read and not will_ask
    used: set[str] = set()
    reached: set[tuple[object, str]] = set()
    for name, workload in tables_of(values, "workloads").items():
        agent = workload.get("agent")
        if isinstance(agent, str):
            used.add(agent)
            check_name(agent, agents, "agents", ("workloads", name, "agent"), report)
    for path, carrier, url in _aims(values):
        reached.add((carrier, url.rpartition("://")[2]))
        if url.startswith(DEMO):
            used.add(url)
            check_name(url.removeprefix(DEMO), demos, "demo", path, report)
        elif is_gate and not goes_to_unix_socket(values, carrier):
            _check_host(url, allowed, path, report)
            _check_proxy(values, carrier, url, allowed, report)
    exports = cast("Values", values.get("exports", {}))
    endpoint = cast("Values", exports.get("otlp", {})).get("endpoint")
    if isinstance(endpoint, str) and is_gate:
        base = "/".join(endpoint.split("/", 3)[:3])
        _check_host(base, allowed, ("export", "otlp", "endpoint"), report)
    hosts = [(n, h) for n, agent in tables_of(values, "agents").items() for h in hosts_of(agent)]
    for name, host in hosts:
        if host.startswith(DEMO):
            place: Path = ("agents", name, "hosts", host)
            check_name(host.removeprefix(DEMO), demos, "demo", place, report)
    if report.has_errors:
        return
    for name, host in hosts:
        if (name, host) not in reached:
            _warn_unreached(name, host, reached, report)
    for kind, prefix, noun in (("agents", "", "agent"), ("demo", DEMO, "demo server")):
        for name in names_of(tree, kind):
            if prefix + name not in used:
                report.warn((kind, name), "P034", f"no workload uses this {noun}.", on_key=True)


def _aims(values: Values) -> Iterator[tuple[Path, object, str]]:
    """Give every URL that is sent traffic: where it stands, the agent that carries it, and itself.

    A base_url that is one of its agent's upstreams is told as that.
    """
    agents = tables_of(values, "agents")
    for name, agent in agents.items():
        for index, upstream in enumerate(upstreams_of(agent)):
            yield ("agents", name, "upstreams", index), name, upstream
    for name, workload in tables_of(values, "workloads").items():
        carrier, url = workload.get("agent"), workload.get("base_url")
        if isinstance(url, str) and url not in upstreams_of(agents.get(str(carrier), {})):
            yield ("workloads", name, "base_url"), carrier, url


def check_workloads(tree: dict[str, object], values: Values, report: Report) -> None:
    """Check each workload in itself."""
    raw = cast("dict[str, object]", tree.get("workloads", {}))
    for name, workload in tables_of(values, "workloads").items():
        path: Path = ("workloads", name)
        written = cast("dict[str, object]", raw[name])
        _check_model(workload, written, path, report)
        _check_requests(workload, written, path, report)
        _check_think(workload, path, report)
        check_stages(workload, written, path, report)
        check_duration(workload, path, report)
        users, most = workload.get("users"), workload.get("max_requests")
        if isinstance(users, int) and isinstance(most, int) and users > most:
            message = f"more than max_requests = {most}: some users would never send."
            report.add((*path, "users"), "P019", message)


def check_demo_hosts(values: Values, report: Report) -> None:
    """Warn of what is said about the HTTP/2 of a demo host that does not speak it."""
    for name, host in tables_of(values, "demo").items():
        if "h2" in cast("tuple[str, ...]", host.get("protocols", ())):
            continue
        for key in _OF_H2:
            if key in host:
                message = 'this host does not speak HTTP/2: add protocols = ["http/1.1", "h2"].'
                report.warn(("demo", name, key), "P019", message)


def check_sizes(values: Values, files: OpenFiles, report: Report) -> None:
    """Warn of limits that another limit makes pointless.

    Args:
        values: what was read.
        files: how many files this process may have open.
        report: takes the warnings.
    """
    for name, agent in tables_of(values, "agents").items():
        path: Path = ("agents", name)
        limit, shared = limit_of(kind_of(agent)), _sizes(agent)
        _check_size(shared, limit, path, files, report, here=shared)
        for host, table in hosts_of(agent).items():
            own = _sizes(table)
            _check_size(shared | own, limit, (*path, "hosts", host), files, report, here=own)


def _sizes(table: Values) -> dict[str, float]:
    return {key: value for key, value in table.items() if isinstance(value, int | float)}


def _check_size(
    sizes: dict[str, float],
    limit: Limit,
    path: Path,
    files: OpenFiles,
    report: Report,
    *,
    here: dict[str, float],
) -> None:
    """Check the limits of an agent, or of one host of its.

    Args:
        sizes: all that are in force there.
        limit: how the agent limits the connections to one host.
        path: of the table.
        files: how many files this process may have open.
        report: takes the warnings.
        here: those of them that stand in the table.
    """
    sockets, total = sizes.get(limit.gives, _NO_LIMIT), sizes.get("max_total_sockets", _NO_LIMIT)
    free = sizes.get("max_free_sockets", NODES_MAX_FREE)
    if "max_sockets" in here and total < sockets < _NO_LIMIT:
        message = f"max_total_sockets = {total:g} is lower and wins."
        report.warn((*path, "max_sockets"), "P019", message)
    if "max_free_sockets" in here and sockets < free != NODES_MAX_FREE:
        message = f"max_sockets = {sockets:g} is lower and wins."
        report.warn((*path, "max_free_sockets"), "P019", message)
    total_key = "max_total_sockets"
    most, read, key = min((sockets, limit.gives, limit.key), (total, total_key, total_key))
    if read in here and files.most < most < _NO_LIMIT:
        message = (
            f"this process may have {files.limit} files open (ulimit -n), and a socket beyond "
            f"{files.share:g} of them, {files.most}, is refused (max_open_fds)."
        )
        report.warn((*path, key), "P053", message)


def check_bounds(values: Values, report: Report) -> None:
    """Warn of an option that starts where no edit may lead without a question."""
    for name, agent in tables_of(values, "agents").items():
        bounds = cast("dict[str, tuple[float, float]]", agent.get("bounds", {}))
        for option in bounds:
            value = agent.get(option)
            if isinstance(value, int | float) and not is_within(bounds, option, value):
                limit = limit_of(kind_of(agent))
                key = limit.key if option == limit.gives else option
                path: Path = ("agents", name, key)
                see = ("agents", name, "bounds", key)
                hint = "outside of its own bounds"
                report.add(path, "P019", hint, severity="warn", see=see, tail=".")


def names_of(tree: dict[str, object], key: str) -> tuple[str, ...]:
    """Give the names under a top-level key, those of broken tables included."""
    named = tree.get(key)
    return tuple(named) if isinstance(named, dict) else ()


def tables_of(values: Values, key: str) -> dict[str, Values]:
    """Give what was read of the tables under a top-level key."""
    return cast("dict[str, Values]", values.get(key, {}))


def hosts_of(agent: Values) -> dict[str, Values]:
    """Give what was read of an agent's tables for single hosts, by ``host:port``."""
    return cast("dict[str, Values]", agent.get("hosts", {}))


def host_of(url: str) -> str:
    """Give the host of a base_url that was read, with the brackets of an IPv6 address."""
    return url.partition("://")[2].rpartition(":")[0]


def check_name(name: str, names: tuple[str, ...], kind: str, path: Path, report: Report) -> None:
    """Refuse a name of what is not there.

    Args:
        name: as it was written.
        names: those that there are.
        kind: "agents" or "demo".
        path: where it stands.
        report: takes the problem.
    """
    if name in names:
        return
    noun, code = ("agent", "P031") if kind == "agents" else ("demo server", "P032")
    near = None if report.is_crowded else nearest(name, names)
    if near is not None:
        hint = f"no such {noun}. Did you mean {quoted(near)}"
        report.add(path, code, hint, see=(kind, near), tail="?")
    elif names:
        report.add(path, code, f"no such {noun}. There are {_some(names)}.")
    elif kind == "demo":  # no agents at all is a problem of its own
        report.add(path, code, "no such demo server: add [demo.NAME].")


def _warn_unreached(
    agent: str, host: str, reached: set[tuple[object, str]], report: Report
) -> None:
    near = nearest(host, sorted(there for by, there in reached if by == agent))
    hint = f" Did you mean {quoted(near)}?" if near is not None else ""
    message = f"no workload of this agent goes there.{hint}"
    report.warn(("agents", agent, "hosts", host), "P034", message, on_key=True)


def _some(names: tuple[str, ...]) -> str:
    shown = 5
    return (
        one_of(names).replace(" or ", " and ")
        if len(names) <= shown
        else (", ".join(quoted(name) for name in names[:shown]) + f" and {len(names) - shown} more")
    )


def _check_host(url: str, allowed: tuple[str, ...], path: Path, report: Report) -> None:
    host = host_of(url)
    if not is_allowed(host, allowed):
        bare = host.strip("[]")
        message = f"{bare} is not this machine. To send it traffic add it to [safety]: "
        tail = f"allow_hosts = [{quoted(bare)}], or start with --allow {bare}."
        report.add(path, "P063", message + tail)


def goes_to_unix_socket(values: Values, agent: object) -> bool:
    """Say whether nothing is connected to but a unix socket, whatever host the URL names."""
    agents = tables_of(values, "agents")
    return isinstance(agent, str) and "socket_path" in agents.get(agent, {})


def _check_proxy(
    values: Values, agent: object, url: str, allowed: tuple[str, ...], report: Report
) -> None:
    """Refuse a proxy on the way that nobody allowed: it gets the traffic, whoever the URL names.

    One that the environment names is looked at when the load starts: see sources/consent.py.
    """
    if not isinstance(agent, str):
        return
    settings = tables_of(values, "agents").get(agent, {}).get("proxy_env")
    if isinstance(settings, ProxyEnv):
        proxy = proxy_to(settings, url, {})
        if proxy is not None:
            _check_host(proxy.url, allowed, ("agents", agent, "proxy_env"), report)


def _check_model(workload: Values, written: dict[str, object], path: Path, report: Report) -> None:
    if "model" in written and "model" not in workload:
        return
    model = str(workload.get("model", "open"))
    for field in WORKLOAD.fields:
        if field.only and field.only != model and field.name in written:
            said = "is" if "model" in written else "does not say which, so it is"
            message = f'belongs to model = "{field.only}"; this workload {said} "{model}".'
            report.add((*path, field.name), "P018", message, on_key=True)


def _check_requests(
    workload: Values, written: dict[str, object], path: Path, report: Report
) -> None:
    requests = cast("list[Values]", workload.get("requests", []))
    if "requests" in written:
        for key in REQUEST_KEYS:
            if key in written:
                message = "this workload has requests: put it into each of them."
                report.add((*path, key), "P017", message, on_key=True)
    else:
        _check_connection(workload, path, report)
    seen: dict[str, int] = {}
    raw = cast("list[dict[str, object]]", written.get("requests", []))
    for index, request in enumerate(requests):
        if "name" not in request and "path" in request:
            # As it is written: what the environment put into it may be a secret.
            request["name"] = f"{request.get('method', 'GET')} {raw[index]['path']}"
        place: Path = (*path, "requests", index)
        _check_connection(request, place, report)
        name = request_name(request)
        first = seen.setdefault(name, index)
        if first != index:
            hint = f"a second request class named {quoted(name)}: give each its own name"
            at: Path = (*place, "name") if "name" in raw[index] else place
            report.add(at, "P033", hint, see=(*path, "requests", first), tail=".")


def _check_connection(request: Values, path: Path, report: Report) -> None:
    if request.get("expect") == {} and not report.has_errors:
        report.add(
            (*path, "expect"), "P014", "expects nothing: add status or max_bytes.", on_key=True
        )
    headers = cast("tuple[tuple[str, str], ...]", request.get("headers", ()))
    for name, value in headers:
        if name.lower() == "connection" and "connection" in request:
            report.add((*path, "connection"), "P017", f"the header {name} says it too: keep one.")
        if name.lower() in SECRET_FIELDS and isinstance(value, str) and value:
            report.warn_of_secret((*path, "headers", name))


def _check_think(workload: Values, path: Path, report: Report) -> None:
    think = cast("Values", workload.get("think", {}))
    low, high = think.get("min_s"), think.get("max_s")
    if isinstance(low, float) and isinstance(high, float) and low > high:
        report.add((*path, "think", "min"), "P019", f"longer than max = {quoted(f'{high:g}s')}.")


def request_name(request: Values) -> str:
    """Give a request class's name; without one it is called by what it sends."""
    name = request.get("name")
    return str(name) if name else f"{request.get('method', 'GET')} {request.get('path', '/')}"
