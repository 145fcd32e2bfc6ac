"""The card of a comparison says what the server counted, to the last connection."""

from __future__ import annotations

import asyncio
import json

import pytest

from pooltop.core.snapshot import Snapshot
from pooltop.demo.addresses import resolve_demo
from pooltop.demo.policies import Traffic, comparison
from pooltop.demo.server import DemoServers
from pooltop.present.versus import pair_of
from pooltop.present.versus_card import card_json, card_text
from pooltop.profiles import load_text
from pooltop.sources.base import Update
from pooltop.sources.local import LocalSource

REQUESTS = 60
Card = dict[str, tuple[float | None, float | None]]


NEAR = Traffic(rate="300/s", latency="3ms")
FAR = NEAR._replace(round_trip="5ms")


async def run(
    a: str, b: str, *said: str, traffic: Traffic = NEAR
) -> tuple[Snapshot, dict[str, dict[str, int]]]:
    """Let both sides send REQUESTS over TLS; give the last picture, and the servers' counters."""
    text = comparison(a, b, traffic)
    most = tuple(f"workloads.{name.replace(':', '-')}.max_requests={REQUESTS}" for name in (a, b))
    profile = load_text(text, "compared", settings=(*most, *said)).profile
    over: asyncio.Future[Snapshot] = asyncio.get_running_loop().create_future()

    def take(update: Update) -> None:
        if _is_over(update.snapshot) and not over.done():
            over.set_result(update.snapshot)

    async with DemoServers(profile.demo) as servers:
        source = LocalSource(resolve_demo(profile, servers.addresses), interval_s=0.1)
        await source.start(take, lambda _: None)
        try:
            async with asyncio.timeout(20):
                return await over, servers.stats()
        finally:
            await source.close()


def _is_over(snapshot: Snapshot) -> bool:
    return all(each.state == "done" and not each.in_flight for each in snapshot.workloads)


def card_of(snapshot: Snapshot) -> Card:
    pair = pair_of(snapshot)
    assert pair is not None
    measures = json.loads(card_json(pair, snapshot))["measures"]
    return {each["id"]: (each["a"], each["b"]) for each in measures}


@pytest.mark.parametrize("traffic", [NEAR, FAR], ids=["near", "far"])
@pytest.mark.parametrize(("a", "b"), [("keep-alive", "close"), ("per-request", "h2")])
async def test_the_cards_numbers_are_the_servers_own(a: str, b: str, traffic: Traffic) -> None:
    snapshot, stats = await run(a, b, traffic=traffic)

    card = card_of(snapshot)
    accepted = tuple(stats[name]["connections_accepted"] for name in (a, b))
    assert accepted == card["connections"] == card["handshakes"]
    assert (REQUESTS, REQUESTS) == card["answered"]
    assert card["answered"] == tuple(stats[name]["requests"] for name in (a, b))
    assert card["answered"] == tuple(stats[name]["responses"] for name in (a, b))


async def test_close_takes_a_connection_for_each_request_and_says_so() -> None:
    # With a limit Node hands a socket to whoever waits, keepAlive or not.
    snapshot, stats = await run("keep-alive", "close", "agents.close.max_sockets=unlimited")

    card = card_of(snapshot)
    kept, closed = card["connections"]
    assert (REQUESTS, 1.0) == (closed, card["per_connection"][1])
    assert stats["keep-alive"]["connections_accepted"] == kept < REQUESTS / 2
    assert REQUESTS / kept == card["per_connection"][0]
    for measure in ("handshake", "handshake_cpu"):
        spent = card[measure]
        assert 0 < spent[0] < spent[1]
    assert card["handshake_cpu"][1] < card["handshake"][1]
    pair = pair_of(snapshot)
    assert pair is not None
    (row,) = [line for line in card_text(pair, snapshot) if " connections  " in line]
    assert ["connections", str(kept), str(REQUESTS)] == row.split()[:3]


async def test_both_sides_were_sent_the_same_at_the_same_moments() -> None:
    snapshot, _ = await run("keep-alive", "close")

    first, second = snapshot.workloads
    assert (REQUESTS, REQUESTS) == (first.offered, second.offered)
    assert first.pattern == second.pattern
