"""Advice without a screen: told as it comes and goes, in the summary, and in the JSON document."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from pooltop.core.advising import AdvisorOptions
from pooltop.core.snapshot import Snapshot
from pooltop.headless import run_headless

if TYPE_CHECKING:
    from conftest import ScriptedSource

SnapshotAt = Callable[..., Snapshot]


@pytest.fixture
def unverified(snapshot_at: SnapshotAt) -> Callable[..., Snapshot]:
    """Give snapshots of a host whose certificates are accepted unchecked, unless it is said."""

    def make(at: float, *, verified: bool = False, **how: object) -> Snapshot:
        snapshot = snapshot_at(at, **how)
        (agent,) = snapshot.agents
        (origin,) = agent.origins
        origins = (replace(origin, host=f"{origin.host}\x1b[2J", verified=verified),)
        return replace(
            snapshot,
            agents=(replace(agent, origins=origins),),
            advisor=AdvisorOptions(window_s=2.0, mute=("A20",)),  # it has one socket too many
        )

    return make


def _printed(source: ScriptedSource, form: str, capfd: pytest.CaptureFixture[str]) -> str:
    read, write = os.pipe()
    assert 0 == run_headless(source, form=form, interval=1.0, out=write)
    os.close(write)
    with open(read, "rb") as pipe:
        return pipe.read().decode()


def test_advice_is_told_as_it_comes_and_as_it_goes_and_again_at_the_end(
    unverified: Callable[..., Snapshot],
    scripted: type[ScriptedSource],
    capfd: pytest.CaptureFixture[str],
):
    told = _printed(
        scripted(
            unverified(0),
            unverified(1),
            unverified(2, verified=True),
            unverified(4, verified=True, state="done"),
        ),
        "line",
        capfd,
    )
    lines = told.splitlines()
    advice = [line.split("  ", 1)[1] for line in lines if "  ADVICE " in line]
    host = "kept.localhost\\x1b[2J:80"
    assert [
        f"ADVICE A8 {host}: certificates are not verified. Trust the right CA (tls.ca), or set "
        "tls.servername; remove verify = false.",
        f"ADVICE over: A8 {host}: certificates are not verified, after 2s",
    ] == advice
    place = lines.index("advice")
    assert f"  A8 {host}: certificates are not verified (over, after 2s)" == lines[place + 1]
    assert lines[place + 2].startswith("    Any certificate is accepted. Encryption to whoever")
    assert "\x1b" not in told


def test_advice_stands_in_the_document_as_data(
    unverified: Callable[..., Snapshot],
    scripted: type[ScriptedSource],
    capfd: pytest.CaptureFixture[str],
):
    told = _printed(scripted(unverified(0), unverified(1, state="done")), "json", capfd)
    (card,) = json.loads(told)["advice"]
    assert ("A8", "host", "kept", "high", 0.0, None, None) == (
        card["id"],
        card["scope"],
        card["agent"],
        card["confidence"],
        card["from_s"],
        card["until_s"],
        card["proposal"],
    )
    (evidence,) = card["evidence"]
    assert {"name", "value", "unit", "against", "of"} == set(evidence)
    assert "\x1b" not in told


def test_no_advice_is_no_word(
    unverified: Callable[..., Snapshot],
    scripted: type[ScriptedSource],
    capfd: pytest.CaptureFixture[str],
):
    source = scripted(unverified(0, verified=True), unverified(1, verified=True, state="done"))
    assert "advice" not in _printed(source, "line", capfd).lower()
