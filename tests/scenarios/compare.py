"""Compare pooltop with recorded or live traces of Node's http.Agent, from the command line.

    python tests/scenarios/compare.py SCENARIOS [--expected DIR | --node BINARY] [--codec h11]
    python tests/scenarios/compare.py --seed 7 [--count 100] [--timers] [--node BINARY]

Prints one line per scenario and codec with the highest level that agrees, then the differences;
exit status 1 if any scenario misses level 1. A scenario on which live Node does not agree with
itself is named and left out.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))
from scenarios.driver import differences, run_scenario
from scenarios.generate import random_scenario

ORACLE = Path(__file__).with_name("node_oracle.mjs")
CODECS = ("h11", "llhttp")
RUNS = 3
OLDEST_NODE = 24


def find_node() -> str | None:
    """Give the binary that POOLTOP_NODE names, or that is on PATH; None if it is too old."""
    binary = os.environ.get("POOLTOP_NODE") or shutil.which("node")
    if binary is None:
        return None
    version = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True)
    return binary if int(version.stdout.lstrip("v").split(".")[0]) >= OLDEST_NODE else None


def ask_node(node: str, scenario: dict[str, Any]) -> dict[str, Any]:
    """Give the trace of the real agent."""
    done = subprocess.run(
        [node, str(ORACLE)],
        input=json.dumps(scenario),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return json.loads(done.stdout)


def is_steady(node: str, scenario: dict[str, Any], trace: dict[str, Any]) -> bool:
    """Node came to rest after every step, and does the same each time it is asked."""
    return came_to_rest(trace) and all(ask_node(node, scenario) == trace for _ in range(RUNS - 1))


def came_to_rest(trace: dict[str, Any]) -> bool:
    """Every step of a trace ended with nothing under way and no error outside of a request."""
    return not any("unsettled" in row or "uncaught" in row for row in trace["steps"])


def _scenarios(options: argparse.Namespace) -> Iterator[tuple[dict[str, Any], Path | None]]:
    """Give each scenario with the file of its recorded trace, if it has one."""
    if options.seed is not None:
        for seed in range(options.seed, options.seed + options.count):
            yield random_scenario(seed, timers=options.timers), None
    for given in options.scenarios:
        for file in sorted(given.glob("*.json")) if given.is_dir() else [given]:
            scenario = json.loads(file.read_text(encoding="utf-8"))
            yield scenario, options.expected and options.expected / file.name


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenarios", type=Path, nargs="*", help="JSON files or folders of them")
    parser.add_argument("--expected", type=Path, help="folder with the recorded traces")
    parser.add_argument("--seed", type=int, help="random scenarios, from this seed on")
    parser.add_argument("--count", type=int, default=1, help="how many random ones")
    parser.add_argument("--timers", action="store_true", help="random ones with agent timeouts")
    node = os.environ.get("POOLTOP_NODE", "node")
    parser.add_argument("--node", default=node, help="binary to ask when nothing is recorded")
    parser.add_argument("--codec", action="append", choices=CODECS)
    options = parser.parse_args()
    levels = [0, 0, 0]
    left_out = 0
    for scenario, recorded in _scenarios(options):
        name = scenario["name"]
        theirs = (
            json.loads(recorded.read_text(encoding="utf-8"))
            if recorded
            else ask_node(options.node, scenario)
        )
        codecs = options.codec or CODECS if came_to_rest(theirs) else ()
        traces = {codec: asyncio.run(run_scenario(scenario, codec)) for codec in codecs}
        differ = not traces or any(differences(ours, theirs, 2) for ours in traces.values())
        if differ and not recorded and not is_steady(options.node, scenario, theirs):
            print(f"{name:40} Node does not agree with itself")
            left_out += 1
            continue
        for codec, ours in traces.items():
            found = differences(ours, theirs, 2)
            first = differences(ours, theirs, 1)
            level = 0 if first else 1 if found else 2
            levels[level] += 1
            print(f"{name:40} {codec:7} level {level}")
            for line in first or found:
                print(f"    {line}")
    print(
        f"{sum(levels)} runs: {levels[1] + levels[2]} agree at level 1, {levels[2]} at level 2; "
        f"{left_out} scenarios left out"
    )
    return 1 if levels[0] else 0


if __name__ == "__main__":
    sys.exit(main())
