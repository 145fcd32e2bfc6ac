"""Keys that are unknown, misplaced or contradict each other, and names that must exist."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from pooltop.core import model, traffic
from pooltop.core.clocks import OwnClocks
from pooltop.core.edits import EDITABLE
from pooltop.profiles import ProfileErrors, load_text
from pooltop.profiles.agent_tables import BOUNDS, OPTIONS, TLS
from pooltop.profiles.texts import Label
from pooltop.profiles.workload_tables import CLOCKS, DEMO, REQUEST, WORKLOAD

Lines = Callable[[str], list[str]]

_STATUS = 'a status from 200 to 599, or "2xx" to "5xx"'
_DURATION = 'a duration like "500ms", "2s", "1.5m", "1h"'
_BOUND = 'a whole number from 0 to 1000000, or "unlimited"'
_NOTHING = "add [agents.NAME], for example with keep_alive = true"
_NO_WORKLOAD = "add [workloads.NAME] with agent and base_url"

WHOLE = {
    "nothing": ("", [f"1:1 error P030 nothing to send: {_NOTHING}, and {_NO_WORKLOAD}."]),
    "no workloads": ("[agents.a]\n", [f"1:1 error P030 no workloads: {_NO_WORKLOAD}."]),
    "no agents": ('[workloads.w]\nagent = "a"\nbase_url = "http://[::1]"\n', [f"1:1 error P030 no agents: {_NOTHING}."]),
    "slip in a table's name": ('[agent.a]\n[workloads.w]\nagent = "a"\nbase_url = "http://[::1]"\n', ['1:2 error P010 agent: unknown key. Did you mean "agents"?']),
    "workload without anything": ("[agents.a]\n[workloads.w]\n", ['2:1 error P014 workloads.w: agent is missing: add agent = "NAME" of an [agents.NAME] table.', '2:1 error P014 workloads.w: base_url is missing: add base_url = "http://host:port" or "demo:NAME".']),
    "agents is no table": ("agents = 1\n", ["1:1 error P030 no workloads: " + _NO_WORKLOAD + ".", "1:10 error P011 agents = 1: expected tables like [agents.NAME], got a whole number."]),
    "agents is an array": ("[[agents]]\n", ["1:1 error P011 agents: expected tables like [agents.NAME], got an array.", "1:1 error P030 no workloads: " + _NO_WORKLOAD + "."]),
    "an agent is no table": ("[agents]\na = 1\n", ["1:1 error P030 no workloads: " + _NO_WORKLOAD + ".", "2:5 error P011 agents.a = 1: expected a table [agents.NAME], got a whole number."]),
    "hostile key": ('"\\u001b[2J\\u202e" = 1\n[agents.a]\n[workloads.w]\nagent = "a"\nbase_url = "http://[::1]"\n', ['1:1 error P010 "\\u001B[2J\\u202E": unknown key. Allowed are schema, include, env, environment, auto_revert, safety, defaults, demo, agents, workloads, thresholds, compare, record, export, advisor.']),
}  # fmt: skip

ADDED = {
    "unknown in an agent": ("[agents.b]\nmax_socket = 1\n", ['7:1 error P010 agents.b.max_socket: unknown key. Did you mean "max_sockets"?']),
    "unknown in Node's spelling": ("[agents.b]\nmaxSocket = 1\n", ['7:1 error P010 agents.b.maxSocket: unknown key. Did you mean "maxSockets"?']),
    "the option of Node's sockets": ("[agents.b]\nkeepAliveInitialDelay = 5\n", ['7:1 error P010 agents.b.keepAliveInitialDelay: unknown key. Did you mean "keep_alive_msecs"?']),
    "unknown without a likeness": ("[safety]\nzzz = 1\n", ["7:1 error P010 safety.zzz: unknown key. Allowed are allow_hosts, max_rate, max_sockets, max_open_fds, breaker."]),
    "one level too high": ("[agents.b]\nverify = true\n", ["7:1 error P015 agents.b.verify: does not stand here; it belongs in [agents.b.tls]."]),
    "Node's TLS option in the agent": ("[agents.b]\nrejectUnauthorized = false\n", ["7:1 error P015 agents.b.rejectUnauthorized: does not stand here; it belongs in [agents.b.tls]."]),
    "in another table": ("max_sockets = 1\n", ["6:1 error P015 workloads.w.max_sockets: does not stand here; it belongs in [agents.NAME]."]),
    "in one of two tables": ("keep_alive = true\n", ["6:1 error P015 workloads.w.keep_alive: does not stand here; it belongs in [demo.NAME] or [agents.NAME]."]),
    "both spellings": ("[agents.b]\nmaxSockets = 1\nmax_sockets = 2\n", ["7:1 error P017 agents.b.maxSockets: max_sockets says the same: keep one of them."]),
    "data without a file": ('data = { mode = "cylce" }\n', ['6:1 error P014 workloads.w.data: file is missing: add file = "rows.csv".', '6:17 error P013 workloads.w.data.mode = "cylce": allowed are "cycle", "random" or "once". Did you mean "cycle"?']),
    "a stage of the other model": ('model = "closed"\nstages = [ { to = "2/s", over = "1s" }, { to = 5, over = "1s" } ]\n', ['7:19 error P018 workloads.w.stages[0].to = "2/s": a closed workload goes to a number of users, like 50.']),
    "users in an open stage": ('stages = [ { to = 5, over = "1s" } ]\n', ['6:19 error P018 workloads.w.stages[0].to = 5: an open workload goes to a rate, like "200/s".']),
    "parts of stages": ('stages = [ { to = "2/s" }, { over = "1s" }, { hold = "1s", over = "1s" }, {} ]\n', ['6:12 error P014 workloads.w.stages[0]: over is missing: add over = "30s"; or hold = "1m" alone.', '6:28 error P014 workloads.w.stages[1]: to is missing: add to = "200/s", or a number of users; or hold = "1m" alone.', "6:60 error P017 workloads.w.stages[2].over: a stage that holds goes nowhere: make two stages of it.", '6:75 error P014 workloads.w.stages[3]: to is missing: add to = "200/s", or a number of users; or hold = "1m" alone.', '6:75 error P014 workloads.w.stages[3]: over is missing: add over = "30s"; or hold = "1m" alone.']),
    "expectations": ('expect = { status = ["2xx", 304, "2XX", "204", 99, true, "1xx"], max_bytes = -1 }\n', [f'6:34 error P013 workloads.w.expect.status[2] = "2XX": expected {_STATUS}. Did you mean "2xx"?', f'6:41 error P013 workloads.w.expect.status[3] = "204": expected {_STATUS}. Did you mean 204 without quotes?', f"6:48 error P012 workloads.w.expect.status[4] = 99: expected {_STATUS}.", f"6:52 error P011 workloads.w.expect.status[5] = true: expected {_STATUS}, got a boolean.", f'6:58 error P013 workloads.w.expect.status[6] = "1xx": expected {_STATUS}.', "6:78 error P012 workloads.w.expect.max_bytes = -1: expected a whole number from 0 to 9007199254740992."]),
    "nothing expected": ("expect = {}\n", ["6:1 error P014 workloads.w.expect: expects nothing: add status or max_bytes."]),
    "no status expected": ("requests = [ { expect = { status = [] } } ]\n", ['6:36 error P012 workloads.w.requests[0].expect.status: an empty array expects nothing: write a status like 200 or "2xx", or an array of them.']),
    "stages without a time": ('stages = [ { to = "2/s", over = "0s" } ]\n', ["6:1 error P019 workloads.w.stages: stages that take no time end at once: nothing would be sent."]),
    "users at 0 without stages": ('model = "closed"\nusers = 0\n', ["7:9 error P012 workloads.w.users = 0: must be above 0: only stages may begin at 0."]),
    "stages to more users than requests": ('model = "closed"\nmax_requests = 9\nstages = [ { to = 10, over = "1s" } ]\n', ["8:19 error P019 workloads.w.stages[0].to = 10: more than max_requests = 9: some users would never send."]),
    "levels of stages": ('stages = [ { to = "-1/s", over = "1s" }, { to = true, over = "1s" }, { to = "5", over = "x" }, { hold = "0s" } ]\n', ['6:19 error P012 workloads.w.stages[0].to = "-1/s": must be a finite rate from 0/s, at most 1000000/s.', '6:49 error P011 workloads.w.stages[1].to = true: expected a rate like "200/s" (open), or a number of users like 50 (closed), got a boolean.', '6:77 error P021 workloads.w.stages[2].to = "5": a rate needs a unit. Did you mean "5/s"?', f'6:89 error P020 workloads.w.stages[2].over = "x": expected {_DURATION}.', '6:105 error P012 workloads.w.stages[3].hold = "0s": expected more than 0s, at most 596h.']),
    "data": ('data = { file = "x.csv" }\n', ['6:17 error P001 workloads.w.data.file = "x.csv": no such file.']),
    "bounds of what is no number": ("[agents.b.bounds]\nkeepAlive = [1, 2]\n", ["7:1 error P023 agents.b.bounds.keepAlive: it is no number, so it has no bounds."]),
    "an agent for every request": ('[agents.a.hosts."127.0.0.1:80"]\n[agents.b]\nper_request = true\nmaxSockets = 9\n', ["7:1 warn  P034 agents.b: no workload uses this agent.", "9:14 warn  P019 agents.b.maxSockets = 9: with per_request it binds within each agent, which has one socket."]),
    "free timeout": ('[agents.a.timeouts]\nfree = "4s"\n', ['7:8 warn  P019 agents.a.timeouts.free = "4s": no idle socket is kept without keep_alive.']),
    "no free timeout": ('[agents.a.timeouts]\nfree = "0s"\n', ['7:8 error P012 agents.a.timeouts.free = "0s": 0 would keep no idle socket: write keep_alive = false. For Node\'s own rules write "unlimited".']),
    "ends of bounds": ("[agents.b.bounds]\nmax_sockets = [1, -2]\nmax_free_sockets = ['unlimitd', 5]\ntimeout = [1000, '5s']\n", [f"7:19 error P012 agents.b.bounds.max_sockets[1] = -2: expected {_BOUND}.", f'8:21 error P011 agents.b.bounds.max_free_sockets[0] = "unlimitd": expected {_BOUND}, got a string. Did you mean "unlimited"?', '9:12 error P020 agents.b.bounds.timeout[0] = 1000: a duration needs a unit. Did you mean "1000ms"?']),
    "slip in a bound's name": ("[agents.b.bounds]\nmax_socket = [1, 2]\n", ['7:1 error P010 agents.b.bounds.max_socket: unknown key. Did you mean "max_sockets"?']),
    "a value out of its own bounds": ('[agents.b]\nmax_sockets = 9\ntimeout = "5s"\nbounds = { maxSockets = [1, 8], timeout = ["1s", "60s"] }\n', ["6:1 warn  P034 agents.b: no workload uses this agent.", "7:15 warn  P019 agents.b.max_sockets = 9: outside of its own bounds (line 9)."]),
    "slip in a table's name": ("[advisr]\n", ['6:1 error P010 advisr: unknown key. Did you mean "advisor"?']),
    "no such agent": ('[workloads.v]\nagent = "b"\nbase_url = "http://[::1]"\n[agents.bb]\n', ['7:9 error P031 workloads.v.agent = "b": no such agent. Did you mean "bb" (line 9)?']),
    "no such agent, none alike": ('[workloads.v]\nagent = "zz"\nbase_url = "http://[::1]"\n', ['7:9 error P031 workloads.v.agent = "zz": no such agent. There are "a".']),
    "no such demo server": ('[demo.kept]\n[workloads.v]\nagent = "a"\nbase_url = "demo:kep"\n', ['9:12 error P032 workloads.v.base_url = "demo:kep": no such demo server. Did you mean "kept" (line 6)?']),
    "no demo server at all": ('[workloads.v]\nagent = "a"\nbase_url = "demo:x"\n', ['8:12 error P032 workloads.v.base_url = "demo:x": no such demo server: add [demo.NAME].']),
    "users without a model": ("users = 5\n", ['6:1 error P018 workloads.w.users: belongs to model = "closed"; this workload does not say which, so it is "open".']),
    "rate in a closed model": ('model = "closed"\nrate = "5/s"\n', ['7:1 error P018 workloads.w.rate: belongs to model = "open"; this workload is "closed".']),
    "think in an open model": ('model = "open"\nthink = { min = "1s" }\n', ['7:1 error P018 workloads.w.think: belongs to model = "closed"; this workload is "open".']),
    "no model's key beside a wrong model": ('model = "clsoed"\nusers = 5\n', ['6:9 error P013 workloads.w.model = "clsoed": allowed are "open" or "closed". Did you mean "closed"?']),
    "more users than requests": ('model = "closed"\nusers = 50\nmax_requests = 10\n', ["7:9 error P019 workloads.w.users = 50: more than max_requests = 10: some users would never send."]),
    "think the wrong way round": ('model = "closed"\nthink = { min = "2s", max = "1s" }\n', ['7:17 error P019 workloads.w.think.min = "2s": longer than max = "1s".']),
    "path beside requests": ('path = "/x"\nrequests = [ { path = "/y" } ]\n', ["6:1 error P017 workloads.w.path: this workload has requests: put it into each of them."]),
    "two classes of one name": ('requests = [ { name = "x" }, { name = "x" } ]\n', ['6:39 error P033 workloads.w.requests[1].name = "x": a second request class named "x": give each its own name (line 6).']),
    "two classes without a name": ("[[workloads.w.requests]]\n[[workloads.w.requests]]\n", ['7:1 error P033 workloads.w.requests[1]: a second request class named "GET /": give each its own name (line 6).']),
    "connection said twice": ('connection = "close"\nheaders = { Connection = "keep-alive" }\n', ['6:14 error P017 workloads.w.connection = "close": the header Connection says it too: keep one.']),
    "unused demo server": ("[demo.x]\n", ["6:1 warn  P034 demo.x: no workload uses this demo server."]),
    "total below sockets": ("[agents.b]\nmax_sockets = 9\nmax_total_sockets = 5\n", ["6:1 warn  P034 agents.b: no workload uses this agent.", "7:15 warn  P019 agents.b.max_sockets = 9: max_total_sockets = 5 is lower and wins."]),
    "free above sockets": ("[agents.b]\nmax_sockets = 9\nmaxFreeSockets = 50\n", ["6:1 warn  P034 agents.b: no workload uses this agent.", "8:18 warn  P019 agents.b.maxFreeSockets = 50: max_sockets = 9 is lower and wins."]),
    "Node's default free above sockets": ("[agents.b]\nmax_sockets = 9\nmax_free_sockets = 256\n", ["6:1 warn  P034 agents.b: no workload uses this agent."]),
    "a duration that cuts the stages": ('duration = "2s"\nstages = [ { to = "2/s", over = "1s" }, { hold = "4s" } ]\n', ['6:12 warn  P019 workloads.w.duration = "2s": the stages take 5 s: the load ends before they do.']),
    "a duration beyond the stages": ('duration = "6s"\nstages = [ { to = "2/s", over = "1s" }, { hold = "4s" } ]\n', ['6:12 warn  P019 workloads.w.duration = "6s": the stages take 5 s: with them the load ends.']),
    "the stages' own duration": ('duration = "5s"\nstages = [ { to = "2/s", over = "1s" }, { hold = "4s" } ]\n', []),
    "a threshold of what comes after the end": ('duration = "5s"\n[workloads.v]\nagent = "a"\nbase_url = "http://127.0.0.1:80"\nduration = "9s"\n[[thresholds]]\nexpect = "request.errors < 1%"\nafter = "8s"\n[[thresholds]]\nexpect = "request.errors < 1%"\nafter = "9s"\n', ['16:9 warn  P019 thresholds[1].after = "9s": the load is over after 9 s: nothing would be left to judge it by.']),
    "rate at its peak times the longest timeout": ('rate = "1/s"\nmax_in_flight = 100\nstages = [ { to = "60/s", over = "1s" } ]\ntimeouts = { total = "1s" }\nrequests = [ { name = "a" }, { timeouts = { total = "10s" } } ]\n', ["7:17 warn  P019 workloads.w.max_in_flight = 100: 60/s at the peak for a total timeout of 10 s can be 600 at once; arrivals beyond the limit are dropped."]),
    "rate times the timeout of the host": ('rate = "60/s"\nmax_in_flight = 100\n[defaults.timeouts]\ntotal = "1s"\n[agents.a.hosts."127.0.0.1:80"]\ntimeouts = { total = "10s" }\n', ["7:17 warn  P019 workloads.w.max_in_flight = 100: 60/s for a total timeout of 10 s can be 600 at once; arrivals beyond the limit are dropped."]),
    "rate without a timeout": ('rate = "60/s"\nmax_in_flight = 100\nrequests = [ { name = "a" }, { timeouts = { total = "unlimited" } } ]\n[defaults.timeouts]\ntotal = "10s"\n', []),
    "a clock of no request": ('timeouts = { free = "5s" }\n', ["6:14 error P015 workloads.w.timeouts.free: does not stand here; it belongs in [agents.NAME.timeouts]."]),
    "a clock that node has not": ('timeouts = { mode = "node" }\nrequests = [ { timeouts = { total = "5s" } } ]\n', ['7:29 warn  P019 workloads.w.requests[0].timeouts.total: does nothing with mode = "node": Node has no such clock, only idle (its request option timeout), and that is an event: no request fails.']),
    "a phase that outlasts the host's connect": ('timeouts = { tls = "5s" }\n[agents.a.hosts."127.0.0.1:80"]\ntimeouts = { connect = "1s" }\n', ['6:20 warn  P019 workloads.w.timeouts.tls = "5s": connect = 1 s counts dns, tcp and tls together, and comes first.']),
    "rate times timeout": ('rate = "60/s"\nmax_in_flight = 100\n[defaults.timeouts]\ntotal = "10s"\n', ["7:17 warn  P019 workloads.w.max_in_flight = 100: 60/s for a total timeout of 10 s can be 600 at once; arrivals beyond the limit are dropped."]),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), WHOLE.values(), ids=WHOLE.keys())
def test_a_whole_profile_is_refused(lines: Lines, text: str, expected: list[str]) -> None:
    assert [f"x.toml:{line}" for line in expected] == lines(text)


@pytest.mark.parametrize(("added", "expected"), ADDED.values(), ids=ADDED.keys())
def test_what_is_added_to_a_good_profile_is_remarked_upon(
    lines: Lines, good: str, added: str, expected: list[str]
) -> None:
    assert [f"x.toml:{line}" for line in expected] == lines(good + added)


def test_all_problems_come_at_once_in_the_order_of_the_file(lines: Lines) -> None:
    text = """\
[workloads.browse]
agent = "payment"
base_url = "http://127.0.0.1:99999"
headers = { "x y" = "1", z = "\\n" }
[agents.payments]
max_sockets = 0  # Node's trap
timeouts = { connect = "2s", queue = 500 }
[agents.payments.tls]
verify = false
nonsense = { a = 1 }
"""
    assert [
        'x.toml:2:9 error P031 workloads.browse.agent = "payment": no such agent. Did you mean "payments" (line 5)?',
        'x.toml:3:12 error P060 workloads.browse.base_url = "http://127.0.0.1:99999": the port 99999 is not in 1 to 65535.',
        'x.toml:4:13 error P061 workloads.browse.headers."x y": not a header field\'s name.',
        "x.toml:4:30 error P061 workloads.browse.headers.z: a header cannot hold CR, LF, NUL or other control characters.",
        'x.toml:6:15 error P012 agents.payments.max_sockets = 0: Node reads 0 as "not set", that is unlimited. Write 1 or more, or "unlimited".',
        'x.toml:7:38 error P020 agents.payments.timeouts.queue = 500: a duration needs a unit. Did you mean "500ms"?',
        "x.toml:9:10 warn  P051 agents.payments.tls.verify = false: certificates are not checked.",
        "x.toml:10:1 error P010 agents.payments.tls.nonsense: unknown key. Allowed are ca, cert, key, passphrase, verify, passphrase_env, servername, ciphers, min_version, max_version, ecdh_curve, crl, secure_options, keylog_file.",
    ] == lines(text)  # fmt: skip


def test_a_problem_has_its_parts_as_attributes(good: str) -> None:
    with pytest.raises(ProfileErrors) as caught:
        load_text(good.replace("4", "0"), "x.toml")

    (problem,) = caught.value.problems
    assert ("x.toml", 2, 15, "error", "P012") == (
        problem.file,
        problem.line,
        problem.column,
        problem.severity,
        problem.code,
    )
    assert ("agents.a.max_sockets", "0") == (problem.key, problem.value)


def test_reading_stops_where_problems_only_repeat(lines: Lines) -> None:
    found = lines("".join(f"[agents.a{n}]\nx = 1\n" for n in range(250)))

    assert 201 == len(found)
    assert "x.toml: error P007 200 problems or more: reading stopped here." == found[-1]


def test_columns_count_characters_not_octets(lines: Lines, good: str) -> None:
    text = good + 'requests = [ { name = "\N{SNOWMAN}\u00fc", weight = 0 } ]\n'

    assert lines(text)[0].startswith("x.toml:6:38 error P012 ")


def test_a_limit_above_the_open_files_is_warned_of_with_both_numbers(
    lines: Lines, good: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pooltop.profiles.loading._open_files", lambda: 1024)

    expected = (
        "x.toml:2:15 warn  P053 agents.a.max_sockets = 820: this process may have 1024 files "
        "open (ulimit -n), and a socket beyond 0.8 of them, 819, is refused (max_open_fds)."
    )
    assert [expected] == lines(good.replace("4", "820"))
    assert [] == lines(good.replace("4", "819"))
    assert [] == lines(good.replace("4", "820") + "[safety]\nmax_open_fds = 0.9\n")


@pytest.mark.parametrize(
    ("fields", "gives", "left_out"),
    [
        # A profile's URLs say where to connect, and its kind of agent which scheme.
        (OPTIONS, model.AgentOptions, {"protocol", "default_port", "host", "port"}),
        (TLS.fields, model.TLSOptions, set()),
        (DEMO.fields, model.DemoServer, {"name"}),
        (REQUEST.fields, traffic.RequestClass, set()),
        (CLOCKS.fields, OwnClocks, set()),
        # `[compare]` says whose twin a workload is.
        (WORKLOAD.fields, traffic.Workload, {"name", "twin_of"}),
    ],
)
def test_every_attribute_of_the_model_can_be_written(
    fields: tuple[object, ...], gives: type[msgspec.Struct], left_out: set[str]
) -> None:
    written = {field.gives for field in fields}  # type: ignore[attr-defined]

    assert set() == set(gives.__struct_fields__) - written - left_out


def test_every_editable_number_can_have_bounds_and_nothing_else() -> None:
    names = {field.gives for field in BOUNDS.fields if field.is_of("http.Agent")}
    numbers = {
        option
        for option in EDITABLE
        if isinstance(getattr(model.AgentOptions(), option), float | int)
        and not isinstance(getattr(model.AgentOptions(), option), bool)
    }

    assert numbers == names


@pytest.mark.parametrize("name", ["a.b c", "\u00fc", "x" * 64])
def test_a_name_may_be_anything_that_fits_on_a_line(name: str) -> None:
    assert name == Label().read(name)
