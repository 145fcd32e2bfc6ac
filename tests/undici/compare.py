"""Ask real undici what it does with a scenario, and say where two traces differ.

    python tests/undici/compare.py [NAME ...] [--record]
    python tests/undici/compare.py --seed 7 [--count 100] [--h2]

Without names all of ``cases``. Each is run three times with the Node that POOLTOP_NODE names and
the undici in the folder that POOLTOP_UNDICI names, and compared with its stored trace; exit status
1 if one differs, or if undici does not agree with itself. ``--record`` stores what it does. With a
seed, random scenarios are compared with pooltop's core instead, over HTTP/1.1 or with ``--h2``.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parent.parent))
from scenarios.compare import find_node
from undici.driver import Replay
from undici.generate import random_scenario
from undici.generate_h2 import random_h2_scenario
from undici.levels import comparable

HERE = Path(__file__).parent
ORACLE = HERE / "undici_oracle.mjs"
CASES = sorted(path.stem for path in (HERE / "cases").glob("*.json"))
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


def compare_random(oracle: Oracle, seed: int, *, is_h2: bool = False) -> list[str]:
    """Say where pooltop's core goes another way than undici in the random scenario of a seed.

    The first line says which level agrees, or why the scenario is worth nothing.
    """
    scenario = random_h2_scenario(seed) if is_h2 else random_scenario(seed)
    try:
        theirs = json.loads(oracle.ask(scenario))
    except subprocess.TimeoutExpired:
        return ["left out: undici does not come to an end"]
    if not came_to_rest(theirs):
        return ["left out: undici does not come to rest"]
    ours = Replay(scenario).run()
    at = [differences(comparable(ours, n), comparable(theirs, n)) for n in (1, 2)]
    if at[1]:
        others = [json.loads(oracle.ask(scenario)) for _ in range(RUNS - 1)]
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
    options = parser.parse_args()
    oracle = find_oracle()
    if oracle is None:
        sys.exit(
            f"name a Node with POOLTOP_NODE, a folder with undici {UNDICI}x with POOLTOP_UNDICI"
        )
    wrong = left_out = 0
    with ThreadPoolExecutor(2) as threads:
        if options.seed is not None:
            seeds = range(options.seed, options.seed + options.count)
            asked = [f"random-{seed}" for seed in seeds]
            found = threads.map(lambda n: compare_random(oracle, n, is_h2=options.h2), seeds)
        else:
            asked = options.names
            found = threads.map(lambda name: _check(oracle, name, record=options.record), asked)
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
