"""Random scenarios with what Node did, stored for machines that have no Node.

    python tests/scenarios/recorded.py [--count 60] [--node BINARY]      # record anew

One line of recorded.jsonl is one scenario and its trace, packed: a row of the trace says what the
row before did not.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))
from scenarios.compare import ask_node, find_node, is_steady
from scenarios.generate import random_scenario

FILE = Path(__file__).with_name("recorded.jsonl")
LISTS = ("sockets", "freeSockets", "requests")
LASTING = ("totalSocketCount", "connecting", "ids")
"""What a row says of the state that it leaves: each value, and each list, only where it is new."""

Trace = dict[str, Any]


def pack(trace: Trace) -> Trace:
    """Leave out what follows from the scenario or from the row before."""
    rows = []
    state: dict[str, Any] = {"ids": {}}
    for row in trace["steps"]:
        kept = {k: v for k, v in row.items() if k not in ("i", "op", "counts", *LASTING)}
        ids = {
            f"{origin}.{name}": found
            for origin, lists in row["ids"].items()
            for name, found in lists.items()
        }
        new = {"totalSocketCount": row["totalSocketCount"], "connecting": row["connecting"]}
        kept |= {k: v for k, v in new.items() if v != state.get(k)}
        kept |= {k: v for k, v in ids.items() if v != state["ids"].get(k, [])}
        state = {**new, "ids": ids}
        rows.append(kept)
    return {"node": trace["node"], "pending": trace["pending"], "steps": rows}


def unpack(scenario: dict[str, Any], packed: Trace) -> Trace:
    """Give the trace that was packed."""
    rows: list[dict[str, Any]] = []
    state: dict[str, Any] = {}
    lists: dict[str, dict[str, list[Any]]] = {
        origin: {name: [] for name in LISTS} for origin in scenario["origins"]
    }
    for i, (step, kept) in enumerate(zip(scenario["steps"], packed["steps"], strict=True)):
        row = {"i": i, "op": step["op"]}
        for field, value in kept.items():
            origin, _, name = field.partition(".")
            if name:
                lists[origin] = {**lists[origin], name: value}
            elif field in LASTING:
                state[field] = value
            else:
                row[field] = value
        counts = {o: {name: len(found) for name, found in lists[o].items()} for o in lists}
        rows.append({**row, **state, "ids": dict(lists), "counts": counts})
    return {"name": scenario["name"], **packed, "steps": rows}


def load() -> list[tuple[dict[str, Any], Trace]]:
    """Give every stored scenario with its trace."""
    lines = FILE.read_text(encoding="utf-8").splitlines()
    stored = [json.loads(line) for line in lines]
    return [(each["scenario"], unpack(each["scenario"], each["trace"])) for each in stored]


def _steady(node: str) -> Iterator[tuple[dict[str, Any], Trace]]:
    for seed in count(1):
        scenario = random_scenario(seed)
        trace = ask_node(node, scenario)
        if is_steady(node, scenario, trace):
            yield scenario, trace


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=60, help="how many scenarios")
    parser.add_argument("--node", default=find_node(), help="binary to ask")
    options = parser.parse_args()
    if options.node is None:
        sys.exit("no node binary: name one with --node or POOLTOP_NODE")
    lines = [
        json.dumps({"scenario": scenario, "trace": pack(trace)}, separators=(",", ":"))
        for scenario, trace in islice(_steady(options.node), options.count)
    ]
    FILE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
