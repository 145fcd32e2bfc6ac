"""Random scenarios over HTTP/1.1, the same for the same seed, chosen so that most steps matter.

    python tests/undici/generate.py SEED      # print one

Each step is chosen by what the core, with servers that are only imagined, says there is to act on.
Servers answer in the order of a connection, as servers do.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

sys.path.insert(0, str(Path(__file__).parent.parent))
from undici.driver import Replay
from undici.wires import Asked, Wire

Step = dict[str, Any]
T = TypeVar("T")

MOST_LIVE = 9
HINTS = ("timeout=1", "timeout=2", "timeout=30", "timeout=x", "max=5, Timeout=1")
STRAY = ("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", "nonsense\r\n\r\n")


class Generator:
    """Makes one scenario."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(f"undici {seed}")
        self.kind = self._weighted(
            [(3, "Client"), (5, "Pool"), (2, "RoundRobinPool"), (2, "BalancedPool"), (2, "Agent")]
        )
        self.scenario: dict[str, Any] = {
            "name": f"random-{seed}",
            "about": "",
            "dispatcher": {"kind": self.kind, "options": self._options()},
            "origins": self._origins(),
            "steps": [],
        }
        self.replay = Replay(self.scenario)
        self.names = 0
        self.is_ending = False

    def make(self, shortest: int = 8, longest: int = 24) -> dict[str, Any]:
        """Choose all steps; give the scenario."""
        for i in range(self.random.randint(shortest, longest)):
            if self._chance(0.25):
                step: Step = {"op": "batch", "steps": self._batch()}
            else:
                step = self._one()
            self.scenario["steps"].append(step)
            self.replay.exec(i, step)
        return self.scenario

    # Beginning

    def _options(self) -> dict[str, Any]:
        options: dict[str, Any] = {}
        for chance, option, values in (
            (0.6, "pipelining", (0, 1, 2, 2, 3, 3)),
            (0.75 if self.kind != "Client" else 0, "connections", (1, 1, 2, 2, 3)),
            (0.2, "maxRequestsPerClient", (1, 2, 3)),
            (0.5 if self.kind == "BalancedPool" else 0, "errorPenalty", (15, 30, 60)),
            (0.3 if self.kind == "Agent" else 0, "maxOrigins", (1, 2)),
        ):
            if self._chance(chance):
                options[option] = self._pick(values)
        return options

    def _origins(self) -> dict[str, dict[str, Any]]:
        is_one = self.kind not in ("Agent", "BalancedPool")
        count = 1 if is_one else self._weighted([(1, 1), (4, 2), (3, 3)])
        origins: dict[str, dict[str, Any]] = {name: {} for name in "abc"[:count]}
        if self._chance(0.35):
            origins[self._pick(list(origins))]["gate"] = True
        if self._chance(0.08):
            origins[self._pick(list(origins))]["refusing"] = True
        if self._chance(0.15):
            for spec in origins.values():
                spec["tls"] = True
        return origins

    # What there is to act on

    def _wires(self) -> list[Wire]:
        return [w for w in self.replay.world.wires.values() if w.serves and not w.is_taken]

    def _live(self) -> list[Asked]:
        return [each for each in self.replay.asked.values() if not each.is_done]

    def _waiting(self) -> list[Asked]:
        """Give those that a server may answer: the first of each connection."""
        first: dict[int, Asked] = {}
        for asked in self.replay.asked.values():
            wire = asked.server
            if wire is None or not wire.serves or (asked.is_done and not wire.front):
                continue
            if wire.front and wire.front[0] is asked and not asked.answered:
                first[wire.id] = asked
        return list(first.values())

    def _halves(self) -> list[Asked]:
        return [a for a in self._live() if a.rest and a.server is not None and a.server.serves]

    def _uploads(self) -> list[Asked]:
        return [a for a in self._live() if a.pieces is not None and not a.body_is_over]

    # Steps

    def _one(self, *, alone: bool = True) -> Step:
        """Choose a step that does something; in a batch it may take no turn of the loop."""
        replay = self.replay
        live, wires = len(self._live()), self._wires()
        idle = [wire for wire in wires if not wire.front]
        held = [
            n for n, dials in replay.world.gates.items() if any(not w.is_destroyed for w in dials)
        ]
        deaf = sorted(replay.world.deaf)
        hearing = [name for name in replay.keys if name not in deaf]
        pipelines = self.kind == "Client" and alone
        choices: list[tuple[float, Callable[[], Step]]] = [
            (10 if live < 5 else 4 if live < MOST_LIVE else 0.3, self._dispatch),
            (14 if self._waiting() else 0, self._respond),
            (1 if self._waiting() else 0, self._interim),
            (5 if self._halves() else 0, lambda: self._named("finish", self._halves())),
            (6 if self._uploads() else 0, self._upload),
            (2.5 if live else 0, lambda: self._named("abort", self._live())),
            (8 if held else 0, lambda: self._let_go(held, alone=alone)),
            (2 if idle else 0, lambda: self._hang_up(idle)),
            (1.5 if wires else 0, lambda: self._hang_up(wires)),
            (0.7 if idle and alone else 0, lambda: self._stray(idle)),
            (
                1.5 if pipelines else 0,
                lambda: {"op": "pipelining", "value": self._pick((0, 1, 2, 3))},
            ),
            (0.3, self._end),
            (0.3 if alone and hearing else 0, lambda: self._listener("unlisten", hearing)),
            (3 if alone and deaf else 0, lambda: self._listener("listen", deaf)),
            (0.7 if self.kind == "BalancedPool" and alone else 0, self._upstream),
        ]
        return self._weighted(choices)()

    def _batch(self) -> list[Step]:
        """Choose things for one turn of the loop."""
        if len(self._live()) < MOST_LIVE and self._chance(0.6):
            steps = [self._dispatch() for _ in range(self.random.randint(2, 4))]
            if self._chance(0.2):
                steps.append({"op": "abort", "id": self._pick(steps)["id"]})
            return steps
        steps = [self._one(alone=False)]
        other = self._dispatch() if self._chance(0.6) else self._one(alone=False)
        if not self._clash(steps[0], other):
            steps.append(other)
        return steps

    def _clash(self, one: Step, other: Step) -> bool:
        """Say whether both are about one connection, whose order of events is the kernel's."""

        def touches(step: Step) -> object:
            match step:
                case {"op": "serverClose" | "serverReset", "socket": socket}:
                    return socket
                case {"op": "respond" | "finish" | "interim", "id": name}:
                    server = self.replay.asked[name].server
                    return server and server.id
                case {"op": "more" | "end" | "breakBody", "id": name}:
                    return name
                case {"op": "connect" | "failConnect" | "dispatch"}:
                    return "gate" if self.replay.world.gates else None
            return None

        return one == other or (touches(one) is not None and touches(one) == touches(other))

    def _dispatch(self) -> Step:
        self.names += 1
        step: Step = {"op": "dispatch", "id": f"r{self.names}"}
        if self.kind == "Agent":
            step["origin"] = self._pick(list(self.replay.keys))
        kind = self._weighted(
            [(60, ""), (10, "POST"), (5, "PUT"), (5, "HEAD"), (3, "DELETE"), (2, "upgrade")]
        )
        if kind == "upgrade":
            step["upgrade"] = "websocket"
        elif kind:
            step["method"] = kind
        if kind == "PUT":
            step["body"] = "stream"
        elif kind in ("POST", "DELETE") and self._chance(0.7):
            step["body"] = 5
        if self._chance(0.6):
            step["blocking"] = False
        if self._chance(0.1):
            step["idempotent"] = self._chance(0.5)
        if self._chance(0.08):
            step["reset"] = self._chance(0.5)
        if self._chance(0.05) and len(self._live()) < MOST_LIVE:
            step["then"] = self._dispatch()
        return step

    def _respond(self) -> Step:
        asked = self._pick(self._waiting())
        step: Step = {"op": "respond", "id": asked.name}
        if asked.is_upgrade and self._chance(0.7):
            return step | {
                "status": 101,
                "framing": "none",
                "headers": {"Connection": "Upgrade", "Upgrade": "websocket"},
            }
        headers = {}
        kind = self._weighted(
            [(60, ""), (12, "close"), (8, "hint"), (5, "1.0"), (4, "empty"), (5, "eof")]
        )
        if kind == "close":
            headers["Connection"] = "close"
        elif kind == "hint":
            headers["Keep-Alive"] = self._pick(HINTS)
        elif kind == "1.0":
            step["version"] = "1.0"
            if self._chance(0.5):
                headers["Connection"] = "keep-alive"
        elif kind == "empty":
            step |= {"status": self._pick((204, 304)), "framing": "none"}
            if self._chance(0.2):
                headers["Content-Length"] = "5"
        elif kind == "eof" and not asked.is_head:
            step["framing"] = "eof"
        elif self._chance(0.2):
            step["framing"] = "chunked"
        if asked.is_head and self._chance(0.5):
            headers["Connection"] = "keep-alive"
        if kind not in ("empty", "eof") and not asked.is_head and self._chance(0.15):
            step["part"] = True
        return step | ({"headers": headers} if headers else {})

    def _interim(self) -> Step:
        step = self._named("interim", self._waiting())
        if self._chance(0.2):
            step["status"] = 100
        elif self._chance(0.3):
            step["headers"] = {"Keep-Alive": self._pick(HINTS)}
        return step

    def _upload(self) -> Step:
        asked = self._pick(self._uploads())
        # Nobody hears of a body that breaks while its request waits in a pool.
        may_break = asked.wire is not None and not asked.wire.is_destroyed
        ops = ("more", "more", "end", "end", *(["breakBody"] if may_break else []))
        return {"op": self._pick(ops), "id": asked.name}

    def _named(self, op: str, some: Sequence[Asked]) -> Step:
        return {"op": op, "id": self._pick(some).name}

    def _let_go(self, held: Sequence[str], *, alone: bool) -> Step:
        origin = self._pick(held)
        if alone and self._chance(0.15):
            return {"op": "failConnect", "origin": origin}
        return {"op": "connect", "origin": origin}

    def _hang_up(self, wires: Sequence[Wire]) -> Step:
        op = "serverClose" if self._chance(0.55) else "serverReset"
        return {"op": op, "socket": self._pick(wires).id}

    def _stray(self, wires: Sequence[Wire]) -> Step:
        return {"op": "serverSend", "socket": self._pick(wires).id, "data": self._pick(STRAY)}

    def _end(self) -> Step:
        return {"op": self._pick(("close", "close", "destroy"))}

    def _upstream(self) -> Step:
        op = self._pick(("addUpstream", "removeUpstream"))
        return {"op": op, "origin": self._pick(list(self.replay.keys))}

    def _listener(self, op: str, origins: Sequence[str]) -> Step:
        return {"op": op, "origin": self._pick(origins)}

    # Dice

    def _chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def _pick(self, things: Sequence[T]) -> T:
        return things[self.random.randrange(len(things))]

    def _weighted(self, choices: Sequence[tuple[float, T]]) -> T:
        rest = self.random.random() * sum(weight for weight, _ in choices)
        for weight, thing in choices:
            rest -= weight
            if rest < 0:
                return thing
        return choices[0][1]


def random_scenario(seed: int) -> dict[str, Any]:
    """Give the scenario of a seed."""
    return Generator(seed).make()


def written(scenario: dict[str, Any]) -> str:
    """Give a scenario as text, one step a line."""
    *head, (_, steps) = scenario.items()
    lines = [f" {json.dumps(k)}: {json.dumps(v, ensure_ascii=False)}," for k, v in head]
    body = ",\n".join(f"  {json.dumps(step, ensure_ascii=False)}" for step in steps)
    return "\n".join(["{", *lines, ' "steps": [', body, " ]", "}"]) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("seed", type=int)
    print(written(random_scenario(parser.parse_args().seed)), end="")


if __name__ == "__main__":
    main()
