"""What two traces of a scenario must have in common, level by level."""

from __future__ import annotations

from typing import Any

from undici.simulated import NO_RESPONSE

LEVEL_1 = ("i", "op", "stats", "clients", "sockets", "returned", "done")


def comparable(trace: dict[str, Any], level: int) -> dict[str, Any]:
    """Give what two traces of a level must have in common.

    Level 1 compares the counts, what ``dispatch`` answered and how each request ended; level 2 all
    of it but the order of events and the words of an error that is not undici's own; level 3 the
    order of events as well.
    """
    fields = LEVEL_1 if level == 1 else None
    left: set[int] = set()
    rows = [
        {k: _plain(k, v, level) for k, v in row.items() if fields is None or k in fields}
        for row in (_without_repeats(row, left) for row in trace["steps"])
    ]
    return {"steps": rows, "pending": trace["pending"]}


def without_frames(trace: dict[str, Any]) -> dict[str, Any]:
    """Leave out RST_STREAM and GOAWAY: the engine says both where undici just goes (README.md)."""
    steps = [{k: v for k, v in row.items() if k != "frames"} for row in trace["steps"]]
    return trace | {"steps": steps}


def _without_repeats(row: dict[str, Any], left: set[int]) -> dict[str, Any]:
    """Leave all but the first GOAWAY of a socket out: Node's session says another as it ends."""
    frames = []
    for frame in row.get("frames", ()):
        if frame["type"] == "GOAWAY":
            if frame["socket"] in left:
                continue
            left.add(frame["socket"])
        frames.append(frame)
    plain = {k: v for k, v in row.items() if k != "frames"}
    return plain | ({"frames": frames} if frames else {})


def _plain(field: str, value: Any, level: int) -> Any:
    match field:
        case "stats":
            return {name: {k: int(v) for k, v in counts.items()} for name, counts in value.items()}
        case "done":
            return [_outcome(each, level) for each in value]
        case "events":
            events = [_event(*each) for each in value]
            return events if level == 3 else sorted(events, key=str)
        case "skipped":
            return [each.partition(":")[0] for each in value]
    return value


def _event(event: str, origin: str | None, *told: str | None) -> list[str | None]:
    # Which of its upstreams a BalancedPool speaks of, and why a dial failed, is not told; and an
    # error of undici's parser has no code.
    del origin
    code = told[0] if told else None
    if event == "connectionError" or code in (None, NO_RESPONSE[0]):
        return [event]
    return [event, *told] if code.startswith("UND_ERR_") else [event, code]


def _outcome(done: dict[str, Any], level: int) -> dict[str, Any]:
    code = done.get("error", "")
    hidden = set() if code.startswith("UND_ERR_") and "CONNECT" not in code else {"message"}
    if level == 1:
        hidden |= {"socket", "nth", "message"}
    return {k: v for k, v in done.items() if k not in hidden}
