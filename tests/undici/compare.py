"""Ask real undici what it does with a scenario, and say where two traces differ.

    python tests/undici/compare.py [NAME ...] [--record]
    python tests/undici/compare.py --engine [NAME ...]
    python tests/undici/compare.py --seed 7 [--count 100] [--h2] [--engine]

Without names all of ``cases``. Each is run three times with the Node that POOLTOP_NODE names and
the undici in the folder that POOLTOP_UNDICI names, and compared with its stored trace; exit status
1 if one differs, or if undici does not agree with itself. ``--record`` stores what it does. With a
seed, random scenarios are compared with pooltop's core instead, over HTTP/1.1 or with ``--h2``.

``--engine`` is pooltop's engine over real sockets, with each codec: with names, what it does is
compared with the stored traces over HTTP/1.1, and no undici is asked; with a seed, with undici, or
with pooltop's core where there is no undici. Frames of HTTP/2 are left out.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, cast

sys.path.insert(0, str(Path(__file__).parent.parent))
from scenarios.compare import find_node
from undici.driver import Replay
from undici.generate import random_scenario
from undici.generate_h2 import random_h2_scenario
from undici.levels import comparable, without_frames
from undici.live import run_scenario

from pooltop.core.model import Codec

HERE = Path(__file__).parent
ORACLE = HERE / "undici_oracle.mjs"
CASES = sorted(path.stem for path in (HERE / "cases").glob("*.json"))
CODECS: tuple[Codec, ...] = ("h11", "llhttp")
RUNS = 3
UNDICI = "8.12."

Scenario = dict[str, Any]
Trace = dict[str, Any]


class Oracle(NamedTuple):
    """Real undici."""

    node: str
    folder: str
    """Has ``node_modules/undici``."""

    def ask(self, scenario: Scenario) -> str:
        """Give the trace of a scenario, as it is stored."""
        done = subprocess.run(
            [self.node, str(ORACLE)],
            input=json.dumps(scenario),
            env={**os.environ, "POOLTOP_UNDICI": self.folder},
            capture_output=True,
            text=True,
            timeout=60,
        )
        if done.returncode:
            raise RuntimeError(f"{scenario['name']}: {done.stderr}")
        return done.stdout


def find_oracle() -> Oracle | None:
    """Give the oracle; None without a Node, without POOLTOP_UNDICI, or with another undici."""
    node, folder = find_node(), os.environ.get("POOLTOP_UNDICI")
    if node is None or folder is None:
        return None
    package = Path(folder, "node_modules", "undici", "package.json")
    version = json.loads(package.read_text(encoding="utf-8"))["version"]
    return Oracle(node, folder) if version.startswith(UNDICI) else None


def load(folder: str, name: str) -> dict[str, Any]:
    return json.loads((HERE / folder / f"{name}.json").read_text(encoding="utf-8"))


def came_to_rest(trace: Trace) -> bool:
    """Every step of a trace ended with nothing under way and no error outside of a request."""
    return not any("unsettled" in row or "uncaught" in row for row in trace["steps"])


def differences(ours: Trace, theirs: Trace) -> list[str]:
    """Say where two traces differ, one line each."""
    found = []
    for mine, other in zip(ours["steps"], theirs["steps"], strict=True):
        for field in sorted({*mine, *other}):
            a, b = mine.get(field), other.get(field)
            if a != b:
                where = f"step {other['i']} {other['op']} {field}"
                found += [f"{where}: ours {json.dumps(a)} theirs {json.dumps(b)}"]
    if ours["pending"] != theirs["pending"]:
        found.append(f"pending: ours {ours['pending']} theirs {theirs['pending']}")
    return found


def _check(oracle: Oracle, name: str, *, record: bool) -> list[str]:
    """Give what is wrong with a case."""
    try:
        texts = [oracle.ask(load("cases", name)) for _ in range(RUNS)]
    except (RuntimeError, subprocess.TimeoutExpired) as error:
        return [str(error)]
    traces = [json.loads(text) for text in texts]
    if not came_to_rest(traces[0]):
        return ["undici does not come to rest"]
    for other in traces[1:]:
        if len(other["steps"]) != len(traces[0]["steps"]):
            return ["undici does not agree with itself"]
        if found := differences(traces[0], other):
            return ["undici does not agree with itself:", *found]
    if record:
        (HERE / "traces" / f"{name}.json").write_text(texts[0], encoding="utf-8")
        return []
    return differences(traces[0], load("traces", name))


def is_over_http_1(name: str) -> bool:
    """Say whether a case knows nothing of HTTP/2."""
    scenario = load("cases", name)
    return not scenario["dispatcher"]["options"].get("useH2c") and not any(
        spec.get("h2") or spec.get("h2c") for spec in scenario["origins"].values()
    )


def do_live(scenario: Scenario, codec: Codec) -> Trace:
    """Give what pooltop's engine does with a scenario."""
    return asyncio.run(run_scenario(scenario, codec))


def _check_engine(name: str) -> list[str]:
    """Give what is wrong with the engine in a case."""
    theirs = comparable(load("traces", name), 3)
    found = []
    for codec in CODECS:
        ours = do_live(load("cases", name), codec)
        if not came_to_rest(ours):
            found.append(f"{codec}: the engine does not come to rest")
            continue
        found += [f"{codec}: {line}" for line in differences(comparable(ours, 3), theirs)]
    return found


def _gave_a_body_up(ours: Trace) -> bool:
    messages = (each.get("message", "") for row in ours["steps"] for each in row.get("done", ()))
    return any("streamed body with it" in message for message in messages)


def compare_random(
    oracle: Oracle | None,
    seed: int,
    do: Callable[[Scenario], Trace] | None = None,
    *,
    is_h2: bool = False,
) -> list[str]:
    """Say where pooltop goes another way than undici in the random scenario of a seed.

    The first line says which level agrees, or why the scenario is worth nothing.

    Args:
        oracle: None to compare with pooltop's core instead.
        seed: any.
        do: what pooltop does; None for its core.
        is_h2: over HTTP/2.
    """
    scenario = random_h2_scenario(seed) if is_h2 else random_scenario(seed)
    try:
        theirs = Replay(scenario).run() if oracle is None else json.loads(oracle.ask(scenario))
    except subprocess.TimeoutExpired:
        return ["left out: undici does not come to an end"]
    if not came_to_rest(theirs):
        return ["left out: undici does not come to rest"]
    ours = Replay(scenario).run() if do is None else do(scenario)
    if _gave_a_body_up(ours):
        return ["left out: a streamed body went with its connection (README.md)"]
    if not came_to_rest(ours):
        return ["level 0", f"pooltop does not come to rest: {ours['steps'][-1]['unsettled']}"]
    if do is not None:
        ours, theirs = without_frames(ours), without_frames(theirs)
    at = [differences(comparable(ours, n), comparable(theirs, n)) for n in (1, 2)]
    if at[1] and oracle is not None:
        others = [json.loads(oracle.ask(scenario)) for _ in range(RUNS - 1)]
        if do is not None:
            others = list(map(without_frames, others))
        if any(differences(comparable(o, 2), comparable(theirs, 2)) for o in others):
            return ["left out: undici does not agree with itself"]
    return [f"level {0 if at[0] else 1 if at[1] else 2}", *(at[0] or at[1])]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=CASES, help="cases; all without")
    parser.add_argument("--record", action="store_true", help="store what undici does")
    parser.add_argument("--seed", type=int, help="random ones, from this seed on")
    parser.add_argument("--count", type=int, default=1, help="how many random ones")
    parser.add_argument("--h2", action="store_true", help="random ones over HTTP/2")
    parser.add_argument("--engine", action="store_true", help="pooltop's engine, over real sockets")
    options = parser.parse_args()
    oracle = find_oracle()
    if oracle is None and not options.engine:
        sys.exit(
            f"name a Node with POOLTOP_NODE, a folder with undici {UNDICI}x with POOLTOP_UNDICI"
        )
    wrong = left_out = 0
    with ThreadPoolExecutor(2) as threads:
        asked: list[str] = options.names
        if options.seed is not None:
            seeds = range(options.seed, options.seed + options.count)
            ways = [partial(do_live, codec=codec) for codec in CODECS] if options.engine else [None]
            runs = [(seed, do) for seed in seeds for do in ways]
            asked = [f"random-{seed}" for seed, _ in runs]
            found = threads.map(lambda run: compare_random(oracle, *run, is_h2=options.h2), runs)
        elif options.engine:
            asked = list(filter(is_over_http_1, asked))
            found = threads.map(_check_engine, asked)
        else:
            found = threads.map(
                lambda name: _check(cast("Oracle", oracle), name, record=options.record), asked
            )
        for name, lines in zip(asked, found, strict=True):
            is_left_out = bool(lines) and lines[0].startswith("left out")
            left_out += is_left_out
            is_well = not lines or lines[0] == "level 2" or is_left_out
            wrong += not is_well
            if lines[1:] or not is_well:
                print("\n    ".join([f"{name}: {lines[0]}", *lines[1:]]), flush=True)
    print(f"{len(asked)} scenarios, {wrong} not as they should be, {left_out} left out")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
