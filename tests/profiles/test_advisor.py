"""``[advisor]``: how a run is judged."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from pooltop.core.advising import DIAGNOSES, UNMUTABLE, AdvisorOptions
from pooltop.core.snapshot import Snapshot
from pooltop.engine.engine import Engine
from pooltop.profiles import load_text
from pooltop.profiles.advisor_tables import ADVISOR, CEILING, TARGET
from pooltop.profiles.config import config_as_toml
from pooltop.profiles.defaults import default_of

Lines = Callable[[str], list[str]]

ALL = """\
[advisor]
mode = "ask"
window = "10s"
min_samples = 50
target = { queue_p95 = "5ms", utilisation = 0.7 }
beta = 2
ceiling = { max_sockets = 128 }
mute = ["A33", "A7"]
"""
_ID = "expected a diagnosis from A1 to A35."
BAD = {
    "a mode": ('mode = "aks"', ['7:8 error P013 advisor.mode = "aks": allowed are "off", "suggest" or "ask". Did you mean "ask"?']),
    "a window without a unit": ("window = 30", ['7:10 error P020 advisor.window = 30: a duration needs a unit. Did you mean "30s"?']),
    "too short a window": ('window = "99ms"', ['7:10 error P012 advisor.window = "99ms": expected "100ms" to "1h".']),
    "too long a window": ('window = "61m"', ['7:10 error P012 advisor.window = "61m": expected "100ms" to "1h".']),
    "no samples": ("min_samples = 0", ["7:15 error P012 advisor.min_samples = 0: expected a whole number from 1 to 1000000."]),
    "no utilisation": ("target = { utilisation = 0 }", ["7:26 error P012 advisor.target.utilisation = 0: expected a number above 0 to 1."]),
    "no wait at all": ('target = { queue_p95 = "0s" }', ['7:24 error P012 advisor.target.queue_p95 = "0s": expected more than 0s, at most 596h.']),
    "much above the load": ("beta = 11", ["7:8 error P012 advisor.beta = 11: expected a number from 0 to 10."]),
    "a ceiling of nothing": ("ceiling = { max_sockets = 0 }", ['7:27 error P012 advisor.ceiling.max_sockets = 0: 0 would advise to send nothing. For no limit write "unlimited".']),
    "mutes": ('mute = ["A36", "a01", "A8", 8]', [f'7:9 error P013 advisor.mute[0] = "A36": no such diagnosis: {_ID}', f'7:16 error P013 advisor.mute[1] = "a01": no such diagnosis: {_ID} Did you mean "A1"?', '7:23 error P019 advisor.mute[2] = "A8": certificates that nobody checks are always told: this cannot be muted.', "7:29 error P011 advisor.mute[3] = 8: expected a diagnosis from A1 to A35, got a whole number."]),
    "a slip": ("windw = '1s'", ['7:1 error P010 advisor.windw: unknown key. Did you mean "window"?']),
}  # fmt: skip


def test_all_that_can_be_said_is_read(good: str) -> None:
    loaded = load_text(good + ALL)

    assert loaded.profile.advisor == AdvisorOptions(
        mode="ask",
        window_s=10.0,
        min_samples=50,
        queue_p95_s=0.005,
        utilisation=0.7,
        beta=2.0,
        max_sockets=128,
        mute=("A33", "A7"),
    )
    assert () == loaded.warnings


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_said_at_its_place(lines: Lines, good: str, case: str) -> None:
    text, problems = BAD[case]

    assert [f"x.toml:{each}" for each in problems] == lines(f"{good}[advisor]\n{text}\n")


def test_without_a_word_there_is_advice_and_its_defaults_are_told(good: str) -> None:
    assert AdvisorOptions() == load_text(good).profile.advisor
    assert AdvisorOptions() == load_text(f"{good}[advisor]\n").profile.advisor
    told = {
        field.name: default_of(table, field)
        for table in (ADVISOR, TARGET, CEILING)
        for field in table.fields
    }
    assert told == {
        "mode": "suggest",
        "window": "30s",
        "min_samples": 200,
        "target": None,
        "queue_p95": "20ms",
        "utilisation": 0.8,
        "beta": 1.0,
        "ceiling": None,
        "max_sockets": "unlimited",
        "mute": None,
    }


def test_no_ceiling_can_be_written_out(good: str) -> None:
    unlimited = good + '[advisor]\nceiling = { max_sockets = "unlimited" }\n'

    assert AdvisorOptions() == load_text(unlimited).profile.advisor


def test_a_setting_goes_before_the_file(good: str) -> None:
    settings = ("advisor.window=1m", "advisor.ceiling.max_sockets=8")
    loaded = load_text(good + ALL, settings=settings)

    assert (60.0, 8) == (loaded.profile.advisor.window_s, loaded.profile.advisor.max_sockets)
    assert 'window = "1m"' in config_as_toml(loaded.effective)


async def test_every_snapshot_says_how_it_is_to_be_judged(good: str) -> None:
    engine = Engine(load_text(good + ALL).profile)
    told = msgspec.msgpack.decode(msgspec.msgpack.encode(engine.snapshot()), type=Snapshot)
    await engine.aclose()

    assert load_text(good + ALL).profile.advisor == told.advisor


def test_every_id_is_there_and_what_cannot_be_muted_is_one() -> None:
    assert ("A1", "A35", 35) == (DIAGNOSES[0], DIAGNOSES[-1], len(set(DIAGNOSES)))
    assert set(UNMUTABLE) < set(DIAGNOSES)
