"""Random scenarios, the same for the same seed, chosen step by step so that most steps matter.

    python tests/scenarios/generate.py SEED [--timers]      # print one

Interesting states are made likely: limits of 1 to 3, queues, half-sent responses, sockets held in
their look-up, requests given up in every phase, several things in one turn of the loop.
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
from scenarios.simulated import World

from pooltop.core.states import RequestState, SocketState

Step = dict[str, Any]
T = TypeVar("T")

MOST_LIVE = 10
TIMEOUT_MS = 600
"""Agent timeout of scenarios with timers; a ``wait`` is longer."""
WAIT_MS = 1000
LONG_MS = 60_000
"""An agent timeout that never comes, but makes Keep-Alive hints count."""

REQUEST_CONNECTION = ("close", "keep-alive", "Keep-Alive", "Close", "close, x-other")
HINTS = (
    *("timeout=0", "timeout=1", "timeout=2", "timeout=5", "timeout=5, max=1", "timeout=100000"),
    *("max=5, timeout=1", "Timeout=1", "timeout= 1", "timeout=1.5", "timeout=", "timeout=-1", "1"),
)
RAW = (
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
    "HTTP/1.1 100 Continue\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Le",
    "nonsense\r\n\r\n",
)
"""Responses that are not simply one response; those whose end is "ok" leave a usable socket."""
STRAY = (
    "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
    "nonsense\r\n\r\n",
    "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
)
"""What a server says unasked. Left out is what the guard of our codecs is known to take otherwise
than Node (README.md): an empty line before a response, octets behind the end of one, octets that
are there before the request was sent."""
SETTINGS: dict[str, tuple[Any, ...]] = {
    "maxSockets": (0, 1, 1, 2, 3, 4, None),
    "maxTotalSockets": (0, 1, 2, 2, 3, 4, None),
    "maxFreeSockets": (0, 1, 2, 256, None),
    "scheduling": ("fifo", "lifo"),
    "keepAlive": (True, True, False),
    "timeout": (0, LONG_MS),
}


class Generator:
    """Makes one scenario."""

    def __init__(self, seed: int, *, timers: bool = False) -> None:
        self.random = random.Random(f"pooltop {seed} {timers}")
        self.timers = timers
        self.scenario: dict[str, Any] = {
            "name": f"random-{seed}{'-timers' if timers else ''}",
            "agent": self._agent(),
            "origins": self._origins(),
            "steps": [],
        }
        self.world = World(self.scenario)
        self.names = 0

    def make(self, shortest: int = 8, longest: int = 24) -> dict[str, Any]:
        """Choose all steps; give the scenario."""
        for _ in range(self.random.randint(shortest, longest)):
            if self._chance(0.2):
                step: Step = {"op": "batch", "steps": self._batch()}
            else:
                step = self._one()
            self.scenario["steps"].append(step)
            self.world.apply(step)
        return self.scenario

    # Beginning

    def _agent(self) -> dict[str, Any]:
        agent: dict[str, Any] = {"keepAlive": self._chance(0.85)}
        for chance, option, values in (
            (0.8, "maxSockets", (1, 1, 2, 2, 3)),
            (0.4, "maxTotalSockets", (1, 2, 3, 4)),
            (0.4, "maxFreeSockets", (0, 1, 1, 2)),
            (0.5, "scheduling", ("fifo", "lifo")),
            (0.1, "keepAliveMsecs", (0, 500)),
            (0.5, "timeout", (TIMEOUT_MS,) if self.timers else (LONG_MS,)),
        ):
            if self._chance(chance):
                agent[option] = self._pick(values)
        return agent

    def _origins(self) -> dict[str, dict[str, Any]]:
        count = self._weighted([(4, 1), (4, 2), (2, 3)])
        origins: dict[str, dict[str, Any]] = {name: {} for name in "abc"[:count]}
        if self._chance(0.3):
            origins[self._pick(list(origins))]["gate"] = True
        if self._chance(0.05):
            origins[self._pick(list(origins))]["refusing"] = True
        return origins

    # Steps

    def _one(self, *fresh: str, alone: bool = True) -> Step:
        """Choose a step that does something.

        Args:
            fresh: requests of the same batch, of which the world does not know yet.
            alone: the step may take turns of the loop; not so in a batch.
        """
        world = self.world
        idle = world.sockets_of(SocketState.FREE)
        busy = world.sockets_of(SocketState.ACTIVE)
        half = {each.socket for each in world.half}
        unasked = [socket for socket in idle + busy if socket not in half]
        held = [name for name, sockets in world.held.items() if sockets]
        live = len(world.live) + len(fresh)
        deaf = sorted(world.closed_listeners)
        hearing = [name for name in world.origins if name not in deaf]
        choices: list[tuple[float, Callable[[], Step]]] = [
            (10 if live < 4 else 4 if live < MOST_LIVE else 0.3, self._request),
            (14 if world.waiting else 0, self._respond),
            (5 if world.half else 0, self._finish),
            (2.5 if live else 0, lambda: self._abort(fresh)),
            (7 if held else 0, lambda: self._let_go(self._pick(held), alone=alone)),
            (2 if idle else 0, lambda: self._hang_up(idle)),
            (1.2 if busy else 0, lambda: self._hang_up(busy)),
            (0.7 if alone and unasked else 0, lambda: self._stray(unasked)),
            (2, self._set),
            (0.5, lambda: {"op": "destroy"}),
            (0.3 if alone and hearing else 0, lambda: self._listener("unlisten", hearing)),
            (3 if alone and deaf else 0, lambda: self._listener("listen", deaf)),
            (1 if alone and self.timers else 0, lambda: {"op": "wait", "ms": WAIT_MS}),
        ]
        return self._weighted(choices)()

    def _batch(self) -> list[Step]:
        """Choose things for one turn of the loop."""
        if len(self.world.live) >= MOST_LIVE:
            return self._with_an_answer()
        return self._weighted([(2, self._burst), (4, self._mixed), (4, self._with_an_answer)])()

    def _burst(self) -> list[Step]:
        steps = [self._request() for _ in range(self.random.randint(2, 4))]
        if self._chance(0.3):
            steps.append({"op": "abort", "id": self._pick(steps)["id"]})
        if self._chance(0.15):
            steps.insert(self.random.randint(0, len(steps)), {"op": "destroy"})
        return steps

    def _mixed(self) -> list[Step]:
        steps: list[Step] = []
        for _ in range(self.random.randint(2, 3)):
            fresh = (each["id"] for each in steps if each["op"] == "request")
            step = self._one(*fresh, alone=False)
            if not any(self._clash(step, other) for other in steps):
                steps.append(step)
        return steps

    def _clash(self, one: Step, other: Step) -> bool:
        """In one turn neither server's order between the two, nor the gate's, is certain."""

        def touches(step: Step) -> object:
            match step:
                case {"op": "respond" | "finish", "id": name}:
                    return self.world.asked[name].socket
                case {"op": "serverClose" | "serverReset", "socket": socket}:
                    return socket
                case {"op": "request" | "connect" | "failConnect", "origin": origin}:
                    return origin if self.world.origins[origin].get("gate") else None
            return None

        both_requests = one["op"] == other["op"] == "request"
        return not both_requests and touches(one) is not None and touches(one) == touches(other)

    def _with_an_answer(self) -> list[Step]:
        """Choose what meets an answer on its way: a request, an abort, an edit, another answer."""
        if not self.world.waiting:
            return self._mixed()
        answer = self._respond()
        other = self._weighted(
            [
                (3, self._request),
                (2, lambda: {"op": "abort", "id": answer["id"]}),
                (2, self._respond),
                (1, self._set),
                (1, lambda: self._abort(())),
                (0.5, lambda: {"op": "destroy"}),
            ]
        )()
        return [answer, other] if self._chance(0.5) else [other, answer]

    def _request(self) -> Step:
        self.names += 1
        origin = self._pick(list(self.world.origins))
        step: Step = {"op": "request", "id": f"r{self.names}", "origin": origin}
        if self._chance(0.08):
            step["headers"] = {"Connection": self._pick(REQUEST_CONNECTION)}
        if self.timers and self._chance(0.3):
            step["timeout"] = self._pick((0, TIMEOUT_MS, TIMEOUT_MS + 200))
        return step

    def _respond(self) -> Step:
        step: Step = {"op": "respond", "id": self._pick(self.world.waiting).name}
        if self._chance(0.05):
            step["raw"] = self._pick(RAW)
            return step
        headers = {}
        kind = self._weighted(
            [(60, ""), (14, "close"), (8, "hint"), (6, "1.0"), (6, "eof"), (4, "empty")]
        )
        if kind == "close":
            headers["Connection"] = self._pick(("close", "close", "Close"))
            self._maybe(step, "end", 0.5)
        elif kind == "hint":
            headers["Keep-Alive"] = self._pick(HINTS)
            if self._chance(0.3):
                headers["Connection"] = "keep-alive"
        elif kind == "1.0":
            step["version"] = "1.0"
            if self._chance(0.5):
                headers["Connection"] = self._pick(("keep-alive", "Keep-Alive"))
            else:
                self._maybe(step, "end", 0.5)
        elif kind == "eof":
            step["framing"] = "eof"
            self._maybe(step, "end", 0.85)
        elif kind == "empty":
            step |= self._pick(
                ({"status": 204, "framing": "none"}, {"status": 304, "framing": "none"})
            )
            step["body"] = ""
        elif self._chance(0.05):
            step["status"] = self._pick((404, 500, 503))
        elif self._chance(0.05):
            step["end"] = True
        if kind not in ("eof", "empty") and "version" not in step and self._chance(0.2):
            step["framing"] = "chunked"
        if kind != "empty":
            self._maybe(step, "part", 0.15)
        if headers:
            step["headers"] = headers
        return step

    def _finish(self) -> Step:
        return {"op": "finish", "id": self._pick(self.world.half).name}

    def _abort(self, fresh: Sequence[str]) -> Step:
        """Give a request up, each phase as likely as another."""
        world = self.world
        running = [e for e in world.of_state(RequestState.RUNNING) if not e.answered]
        phases = [
            [each.name for each in world.of_state(RequestState.QUEUED)],
            [each.name for each in running if not each.arrived],
            [each.name for each in running if each.arrived],
            [each.name for each in world.half],
            list(fresh),
        ]
        some = [phase for phase in phases if phase] or [[each.name for each in world.live]]
        return {"op": "abort", "id": self._pick(self._pick(some))}

    def _let_go(self, origin: str, *, alone: bool) -> Step:
        if self._chance(0.2):
            # Not in a batch: whether a failed look-up or an answer is heard first is each event
            # loop's own affair.
            op = "failConnect" if alone else "connect"
            return {"op": op, "origin": origin} | ({"code": "ENOTFOUND"} if alone else {})
        step: Step = {"op": "connect", "origin": origin}
        if len(self.world.held[origin]) > 1 and self._chance(0.3):
            step["count"] = 2
        return step

    def _hang_up(self, sockets: Sequence[int]) -> Step:
        op = "serverClose" if self._chance(0.55) else "serverReset"
        return {"op": op, "socket": self._pick(sockets)}

    def _stray(self, sockets: Sequence[int]) -> Step:
        return {"op": "serverSend", "socket": self._pick(sockets), "data": self._pick(STRAY)}

    def _set(self) -> Step:
        option = self._pick(list(SETTINGS))
        if option == "timeout" and self.timers:
            return {"op": "set", "option": option, "value": self._pick((0, TIMEOUT_MS))}
        return {"op": "set", "option": option, "value": self._pick(SETTINGS[option])}

    def _listener(self, op: str, origins: Sequence[str]) -> Step:
        return {"op": op, "origin": self._pick(origins)}

    # Dice

    def _chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def _pick(self, things: Sequence[T]) -> T:
        return things[self.random.randrange(len(things))]

    def _maybe(self, step: Step, field: str, probability: float) -> None:
        if self._chance(probability):
            step[field] = True

    def _weighted(self, choices: Sequence[tuple[float, T]]) -> T:
        rest = self.random.random() * sum(weight for weight, _ in choices)
        for weight, thing in choices:
            rest -= weight
            if rest < 0:
                return thing
        return choices[0][1]


def random_scenario(seed: int, *, timers: bool = False) -> dict[str, Any]:
    """Give the scenario of a seed; with ``timers`` it has an agent timeout that comes."""
    return Generator(seed, timers=timers).make()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("seed", type=int)
    parser.add_argument("--timers", action="store_true", help="with agent timeouts and waits")
    options = parser.parse_args()
    print(json.dumps(random_scenario(options.seed, timers=options.timers), indent=1))


if __name__ == "__main__":
    main()
