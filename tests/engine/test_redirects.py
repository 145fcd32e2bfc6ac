"""Redirects: followed only where asked for, never with secrets, never where nobody consented."""

from __future__ import annotations

import asyncio
import time

import pytest

from pooltop.core.causes import Cause, listed_cause
from pooltop.core.class_snapshot import PHASES
from pooltop.core.model import AgentOptions, AgentProfile, Profile, Timeouts, TLSOptions
from pooltop.core.safety import Safety
from pooltop.core.traffic import Expect, RequestClass, Workload
from pooltop.engine.engine import Engine
from pooltop.engine.redirects import Redirects, Trail, url_of
from pooltop.engine.request import prepare
from pooltop.errors import RedirectError


@pytest.fixture
async def told():
    """Run one request of a class to its end; give the class's snapshot and the engine."""
    made = []

    async def run(
        url, *, options=None, allow=(), requests=1, tls=None, timeouts=None, load=None, stop=None,
        safety=None, **asked,
    ):  # fmt: skip
        shape = {"model": "closed", "max_requests": requests} | (load or {})
        workload = Workload(
            name="w",
            agent="web",
            base_url=url,
            requests=(RequestClass(name="c", **asked),),
            **shape,
        )
        agent = AgentProfile(
            name="web",
            options=AgentOptions(**({"keep_alive": True} | (options or {}))),
            tls=tls or TLSOptions(),
            timeouts=timeouts or Timeouts(),
        )
        profile = Profile(
            path="p", agents=(agent,), workloads=(workload,), allow_hosts=allow,
            safety=safety or Safety(),
        )  # fmt: skip
        engine = Engine(profile)
        made.append(engine)
        engine.start()
        if stop is not None:
            await stop(engine)
            engine.stop()
        await asyncio.wait_for(engine.done.wait(), 10)
        return engine.snapshot().workloads[0].classes[0], engine

    yield run
    for engine in made:
        await engine.aclose()


@pytest.fixture
async def place(serve):
    """Start a server that answers each path as it is told, and keeps what it was asked."""

    class Place:
        def __init__(self):
            self.answers = {}
            self.asked = []
            self.at = []
            self.takes_s = 0.0

        async def handle(self, wire):
            while (asked := await wire.request()) is not None:
                self.asked.append(asked)
                self.at.append(time.monotonic())
                await asyncio.sleep(self.takes_s)
                status, location = self.answers.get(asked.target, (200, ""))
                field = f"Location: {location}\r\n" if location else ""
                wire.write(f"HTTP/1.1 {status} X\r\n{field}Content-Length: 2\r\n\r\nok".encode())

    async def make(**answers):
        here = Place()
        here.answers = {f"/{path}": answer for path, answer in answers.items()}
        here.url = (await serve(here.handle)).url
        return here

    return make


async def test_a_redirect_is_a_plain_answer_unless_it_is_asked_for(place, told):
    here = await place(a=(302, "/b"))
    found, _ = await told(here.url, path="/a")
    assert ({302: 1}, 0, 1) == (found.statuses, found.redirects, len(here.asked))


async def test_what_is_followed_counts_once_from_its_first_start(place, told):
    here = await place(a=(301, "/b"), b=(302, "/c?d=1"))
    found, engine = await told(
        here.url, path="/a", follow_redirects=2, headers=(("Cookie", "x=y"),)
    )
    assert (1, 1, {200: 1}, 2, {}) == (
        found.sent,
        found.completed,
        found.statuses,
        found.redirects,
        found.failed,
    )
    assert ["/a", "/b", "/c?d=1"] == [each.target for each in here.asked]
    assert 3 == engine.snapshot().agents[0].origins[0].counters.completed
    assert all("x=y" == each.headers["cookie"] for each in here.asked)
    assert 1 == found.phases.total.count


async def test_secrets_stay_with_the_origin_that_they_were_for(place, told):
    there = await place()
    here = await place(a=(307, f"{there.url}/b"))
    secrets = (("Authorization", "Bearer t"), ("Cookie", "x=y"), ("X-Api-Key", "k"))
    found, _ = await told(
        here.url, path="/a", follow_redirects=1, headers=(*secrets, ("Accept", "*/*"))
    )
    assert {200: 1} == found.statuses
    (asked,) = there.asked
    assert ("GET", "*/*") == (asked.method, asked.headers["accept"])
    assert {"authorization", "cookie", "x-api-key"}.isdisjoint(asked.headers)
    assert there.url.removeprefix("http://") == asked.headers["host"]


@pytest.mark.parametrize("status", [307, 308])
async def test_a_body_goes_to_no_other_origin(place, told, status):
    """It may be a form with a password: nobody could tell."""
    there = await place()
    here = await place(a=(status, f"{there.url}/b"), c=(status, "/d"))
    how = {"method": "POST", "body": b"password=x", "follow_redirects": 1}
    found, _ = await told(here.url, path="/a", **how)
    assert ({"ERR_REDIRECT_BODY": 1}, []) == (found.failed, there.asked)
    assert Cause.REDIRECT is listed_cause("ERR_REDIRECT_BODY")
    found, _ = await told(here.url, path="/c", **how)
    assert ({200: 1}, b"password=x") == (found.statuses, here.asked[-1].body)


async def test_what_it_took_to_be_led_elsewhere_is_a_phase_and_no_time_of_the_other_host(
    place, told
):
    there = await place()
    here = await place(a=(302, f"{there.url}/b"))
    here.takes_s = 0.2
    found, engine = await told(here.url, path="/a", follow_redirects=1)
    phases = found.phases
    assert (1, 1) == (phases.earlier.count, phases.total.count)
    assert 0.2 <= phases.earlier.sum_s <= phases.total.sum_s
    others = (getattr(phases, name).sum_s for name in PHASES)
    assert phases.total.sum_s - sum(others) < 0.1  # begun at once: that is no lateness
    port = int(there.url.rpartition(":")[2])
    (led,) = (each for each in engine.snapshot().agents[0].origins if each.port == port)
    assert led.latency.total.sum_s <= phases.total.sum_s - 0.2


async def test_redirects_wait_for_their_turns_below_the_ceiling(place, told):
    here = await place(a=(302, "/b"), b=(302, "/c"), c=(302, "/d"))
    found, _ = await told(
        here.url, path="/a", follow_redirects=3, safety=Safety(max_rate=40.0),
        load={"model": "open", "rate": 40.0, "max_requests": 6},
    )  # fmt: skip
    assert (6, 18, 24) == (found.completed, found.redirects, len(here.at))
    assert max(here.at) - min(here.at) > 23 / 40 - 0.05


async def test_a_redirect_that_waits_for_its_turn_is_given_up_with_the_load(
    place, told, eventually
):
    here = await place(a=(302, "/b"))

    async def led(engine):
        await eventually(lambda: engine.workloads[0]._hops._waiting)

    found, engine = await told(
        here.url, path="/a", follow_redirects=1, safety=Safety(max_rate=0.01), stop=led
    )
    assert ({"ABORT_ERR": 1}, 0) == (found.failed, found.redirects)
    assert 0 == engine.snapshot().workloads[0].in_flight
    assert 1 == len(here.asked)


async def test_the_total_clock_of_a_redirect_runs_from_the_first_start_and_while_it_waits(
    place, told
):
    here = await place(a=(302, "/b"))
    how = {"path": "/a", "follow_redirects": 1}
    found, _ = await told(
        here.url, **how, safety=Safety(max_rate=0.01), timeouts=Timeouts(total=0.1)
    )
    assert ({"total clock": 1}, 0, 1) == (found.failed, found.redirects, len(here.asked))

    here.takes_s = 0.3
    found, _ = await told(here.url, **how, timeouts=Timeouts(total=0.5))
    assert ({"total clock": 1}, 1) == (found.failed, found.redirects)


async def test_the_host_field_that_decides_the_server_name_decides_it_after_a_redirect_too(
    agent_of,
):
    headers = [("Host", "shop.example")]
    prepared = prepare("GET", "/a", headers, host_header="h", keep_alive=True, body=b"")
    trail = Trail("https://127.0.0.1:1/a", 1)
    _, _, origin = Redirects(agent_of(), ()).next_of(trail, prepared, 302, b"/b")
    assert "shop.example" == origin.servername


@pytest.mark.parametrize(
    ("target", "url"),
    [
        ("/a?u=http://x/y", "http://h:1/a?u=http://x/y"),
        ("http://h:1/b/c", "http://h:1/b/c"),
        ("http://h:1/", "http://h:1/"),
    ],
)
def test_the_url_of_a_request_is_known_also_through_a_proxy(target, url):
    prepared = prepare("GET", target, host_header="h", keep_alive=True)
    assert url == url_of("http://h:1/base", prepared)


def test_a_trail_shows_no_query():
    assert "Trail('http://h/a', left=1)" == repr(Trail("http://h/a?token=x", 1))


@pytest.mark.parametrize(
    ("location", "code", "words"),
    [
        ("http://192.0.2.7/b", "ERR_REDIRECT_HOST", "192.0.2.7 is not this machine, and not in"),
        ("http://169.254.169.254/", "ERR_REDIRECT_HOST", "169.254.169.254 is not this machine"),
        ("/a", "ERR_REDIRECT_LIMIT", "redirected too often"),
        ("ftp://127.0.0.1/", "ERR_REDIRECT_LOCATION", "http:// or https://"),
        ("http://u:secret@127.0.0.1/", "ERR_REDIRECT_LOCATION", "user or password"),
        ("http://[::1", "ERR_REDIRECT_LOCATION", ""),
        pytest.param(f"ftp://127.0.0.1/{'x' * 2000}", "ERR_REDIRECT_LOCATION", "xxx", id="long"),
    ],
)
async def test_where_it_may_not_be_followed_it_fails_by_its_own_code(
    place, told, location, code, words
):
    here = await place(a=(302, location))
    found, engine = await told(here.url, path="/a", follow_redirects=3)
    assert ({code: 1}, 0) == (found.failed, found.completed)
    assert Cause.REDIRECT is listed_cause(code)
    said = [each.text for each in engine.journal.take()[0] if each.kind == "ERROR"]
    assert 1 == len(said)
    assert words in said[0]
    assert "secret" not in said[0]
    assert len(said[0]) < 400
    assert (4 if location == "/a" else 1) == len(here.asked)


async def test_a_host_that_was_consented_to_is_followed_to_but_never_out_of_tls(agent_of):
    redirects = Redirects(agent_of(keep_alive=True), ("*.ok.example",))
    prepared = prepare("GET", "/a", [("Cookie", "x=y")], host_header="h", keep_alive=True, body=b"")

    def led(location, url="http://127.0.0.1:1/a"):
        return redirects.next_of(Trail(url, 2), prepared, 302, location)

    trail, request, origin = led(b"https://pay.ok.example/b")
    assert (Trail("https://pay.ok.example/b", 1, is_led=True), "pay.ok.example:443") == (
        trail,
        origin.authority,
    )
    assert {b"Host", b"Connection"} == {name for name, _ in request.headers}
    for location, code in (
        (b"http://pay.ok.example/b", "ERR_REDIRECT_DOWNGRADE"),
        (b"https://ok.example/b", "ERR_REDIRECT_HOST"),
    ):
        with pytest.raises(RedirectError) as raised:
            led(location, "https://127.0.0.1:1/a")
        assert code == raised.value.code


async def test_a_proxy_on_the_way_needs_consent_as_well(agent_of):
    agent = agent_of(proxy_env={"http_proxy": "http://192.0.2.9:3128", "no_proxy": "127.0.0.1"})
    prepared = prepare("GET", "/a", host_header="h", keep_alive=True)
    trail = Trail("http://127.0.0.1:1/a", 1)
    with pytest.raises(RedirectError, match=r"192\.0\.2\.9 is not this machine"):
        Redirects(agent, ("ok.example",)).next_of(trail, prepared, 302, b"http://ok.example/")
    _, request, _ = Redirects(agent, ("ok.example", "192.0.2.9")).next_of(
        trail, prepared, 302, b"http://ok.example/"
    )
    assert b"http://ok.example/" == request.target


async def test_an_agent_for_http_goes_nowhere_by_https(place, told):
    here = await place(a=(302, "https://127.0.0.1:9/b"))
    found, _ = await told(here.url, path="/a", follow_redirects=1, options={"protocol": "http:"})
    assert {"ERR_REDIRECT_PROTOCOL": 1} == found.failed


async def test_the_last_answer_is_what_is_expected_or_not(place, told):
    here = await place(a=(303, "/b"), b=(404, ""))
    found, _ = await told(
        here.url, path="/a", method="POST", body=b"x", follow_redirects=1,
        expect=Expect(statuses=((200, 299),)),
    )  # fmt: skip
    assert ({404: 1}, {"status 404": 1}, 1) == (found.statuses, found.unexpected, found.redirects)
    assert ["POST", "GET"] == [each.method for each in here.asked]


async def test_no_proxy_of_the_environment_is_used_unless_asked_for(place, told, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("NODE_USE_ENV_PROXY", "1")
    here = await place(a=(302, "/b"))
    found, _ = await told(here.url, path="/a", follow_redirects=1)
    assert ({200: 1}, ["/a", "/b"]) == (found.statuses, [each.target for each in here.asked])


@pytest.mark.parametrize(
    ("allowed", "code"), [((), "ERR_REDIRECT_HOST"), (("127.0.0.1",), ""), (("localhost",), "ERR_REDIRECT_HOST")]
)  # fmt: skip
async def test_another_machine_leads_nobody_to_what_listens_on_this_one_alone(
    agent_of, allowed, code
):
    redirects = Redirects(agent_of(keep_alive=True), ("pay.ok.example", *allowed))
    prepared = prepare("GET", "/a", [], host_header="h", keep_alive=True, body=b"")

    def led(url):
        return redirects.next_of(Trail(url, 2), prepared, 302, b"http://127.0.0.1:6379/x")

    found = ""
    try:
        led("http://pay.ok.example/a")
    except RedirectError as error:
        found = error.code
    assert code == found
    assert "127.0.0.1:6379" == led("http://localhost:8080/a")[2].authority
