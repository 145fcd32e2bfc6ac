"""Compare pooltop with recorded or live traces of Node's http.Agent, from the command line.

    python tests/scenarios/compare.py SCENARIOS [--expected DIR | --node BINARY] [--codec h11]

Prints one line per scenario and codec with the highest level that agrees, then the differences;
exit status 1 if any scenario misses level 1.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))
from scenarios.driver import differences, run_scenario

ORACLE = Path(__file__).with_name("node_oracle.mjs")


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


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenarios", type=Path, nargs="+", help="JSON files or folders of them")
    parser.add_argument("--expected", type=Path, help="folder with the recorded traces")
    parser.add_argument("--node", default="node", help="binary to ask when nothing is recorded")
    parser.add_argument("--codec", action="append", choices=["h11", "llhttp"])
    options = parser.parse_args()
    files = sorted(f for s in options.scenarios for f in (s.glob("*.json") if s.is_dir() else [s]))
    failed = exact = total = 0
    for file in files:
        scenario = json.loads(file.read_text(encoding="utf-8"))
        if options.expected:
            theirs = json.loads((options.expected / file.name).read_text(encoding="utf-8"))
        else:
            theirs = ask_node(options.node, scenario)
        for codec in options.codec or ["h11", "llhttp"]:
            ours = asyncio.run(run_scenario(scenario, codec))
            total += 1
            first = differences(ours, theirs, 1)
            second = differences(ours, theirs, 2)
            level = 0 if first else 1 if second else 2
            failed += level == 0
            exact += level == 2
            print(f"{file.stem:40} {codec:7} level {level}")
            for line in first or second:
                print(f"    {line}")
    print(f"{total} runs: {total - failed} agree at level 1, {exact} at level 2")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
