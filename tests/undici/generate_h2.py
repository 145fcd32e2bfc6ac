"""Random scenarios over HTTP/2, the same for the same seed.

    python tests/undici/generate_h2.py SEED      # print one

As ``generate.py`` has them over HTTP/1.1. What is known to differ does not come up (README.md): a
pipelining above 1, a destroy() after a GOAWAY, and a request that is given up while it is sent,
whose stream undici leaves open. Nor do aborts where streams are limited: Node's server counts those
streams yet when the next comes, and refuses that.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))
from undici.generate import MOST_LIVE, Generator, Step, written
from undici.wires import Asked, Wire

from pooltop.core.undici.states import ConnState

CODES = (0, 1, 2, 7, 7, 7, 8, 11)


class H2Generator(Generator):
    """Makes one scenario over HTTP/2."""

    def _options(self) -> dict[str, Any]:
        options: dict[str, Any] = {"useH2c": True}
        for chance, option, values in (
            (0.75 if self.kind != "Client" else 0, "connections", (1, 1, 2, 2, 3)),
            (0.3, "maxConcurrentStreams", (1, 2, 3)),
            (0.2 if self.kind == "Agent" else 0, "maxOrigins", (1, 2)),
        ):
            if self._chance(chance):
                options[option] = self._pick(values)
        return options

    def _origins(self) -> dict[str, dict[str, Any]]:
        origins = super()._origins()
        for spec in origins.values():
            spec.pop("refusing", None)  # a refusal overtakes a dial of the same turn
            spec["h2" if spec.get("tls") else "h2c"] = True
            if self._chance(0.6):
                spec["maxStreams"] = self._pick((1, 2, 2, 3, 5))
            if self._chance(0.1):
                spec["mute"] = True
        if self.kind == "RoundRobinPool":
            # It forgets that it is to speak HTTP/2 to http origins.
            for spec in origins.values():
                spec |= {"tls": True, "h2": True}
        return origins

    def _has_limits(self) -> bool:
        return any("maxStreams" in spec for spec in self.scenario["origins"].values())

    # What there is to act on

    def _sessions(self) -> list[Wire]:
        return [w for w in self._wires() if w.talk is not None and w.talk.knows_h2]

    def _voiced(self) -> list[Wire]:
        """Give those that hold nothing back: what is held is not read as one."""
        return [w for w in self._sessions() if w.talk is not None and w.talk.held is None]

    def _waiting(self) -> list[Asked]:
        """Give those that a server may answer: all that it has."""
        return [
            asked
            for asked in self._live()
            if asked.server is not None
            and asked.server is asked.wire
            and asked.server in self._voiced()
            and not asked.answered
            and (asked.pieces is None or asked.body_is_over)
        ]

    def _abortable(self) -> list[Asked]:
        """Give those that a server has whole, and those that were never sent."""
        return [
            asked
            for asked in self._live()
            if asked.wire is None
            or (
                not self._has_limits()
                and asked.server is asked.wire
                and (asked.pieces is None or asked.body_is_over)
            )
        ]

    def _resettable(self) -> list[Asked]:
        return [
            asked
            for asked in self._live()
            if asked.server is not None
            and asked.server is asked.wire
            and asked.server in self._voiced()
            and (not asked.answered or asked.rest)
        ]

    def _halves(self) -> list[Asked]:
        return [asked for asked in super()._halves() if asked.server in self._voiced()]

    # Steps

    def _one(self, *, alone: bool = True) -> Step:
        """Choose a step that does something; in a batch it may take no turn of the loop."""
        replay = self.replay
        live, wires, sessions = len(self._live()), self._wires(), self._voiced()
        idle = [w for w in sessions if w.talk is not None and not w.talk.live]
        muted = [w for w in self._sessions() if w not in sessions]
        held = [
            n for n, dials in replay.world.gates.items() if any(not w.is_destroyed for w in dials)
        ]
        deaf = sorted(replay.world.deaf)
        hearing = [name for name in replay.keys if name not in deaf]
        choices: list[tuple[float, Callable[[], Step]]] = [
            (10 if live < 5 else 4 if live < MOST_LIVE else 0.3, self._dispatch),
            (14 if self._waiting() else 0, self._respond),
            (1 if self._waiting() else 0, lambda: self._named("interim", self._waiting())),
            (5 if self._halves() else 0, lambda: self._named("finish", self._halves())),
            (6 if self._uploads() else 0, self._upload),
            (4 if self._abortable() else 0, lambda: self._named("abort", self._abortable())),
            (8 if held else 0, lambda: self._let_go(held, alone=alone)),
            (1 if idle else 0, lambda: self._hang_up(idle)),
            (1 if wires else 0, lambda: self._hang_up(wires)),
            (3 if sessions else 0, lambda: self._goaway(sessions)),
            (2 if sessions and self._has_limits() else 0, lambda: self._settings(sessions)),
            (3 if self._resettable() else 0, self._rst),
            (4 if muted and alone else 0, lambda: self._voice("unmute", muted)),
            (0.3 if sessions and alone else 0, lambda: self._voice("mute", sessions)),
            (0 if replay.world.gates else 0.3, self._end),
            (0.2 if alone and hearing else 0, lambda: self._listener("unlisten", hearing)),
            (3 if alone and deaf else 0, lambda: self._listener("listen", deaf)),
            (0.4 if self.kind == "BalancedPool" and alone else 0, self._upstream),
        ]
        return self._weighted(choices)()

    def _batch(self) -> list[Step]:
        """Choose things for one turn of the loop; none is given up in the turn that sends it."""
        steps = super()._batch()
        sent = {step["id"] for step in steps if step["op"] == "dispatch"}
        return [s for s in steps if s["op"] != "abort" or s["id"] not in sent]

    def _clash(self, one: Step, other: Step) -> bool:
        def touches(step: Step) -> object:
            match step:
                case {"op": "goaway" | "settings", "socket": socket}:
                    return socket
                case {"op": "rst", "id": name}:
                    server = self.replay.asked[name].server
                    return server and server.id
            return None

        mine, theirs = touches(one), touches(other)
        # What a session reads and what its client writes in one turn is a race of its own.
        return mine is not None or theirs is not None or super()._clash(one, other)

    def _dispatch(self) -> Step:
        self.names += 1
        step: Step = {"op": "dispatch", "id": f"r{self.names}"}
        if self.kind == "Agent":
            step["origin"] = self._pick(list(self.replay.keys))
        kind = self._weighted([(60, ""), (12, "POST"), (6, "PUT"), (5, "HEAD"), (1, "upgrade")])
        if kind == "upgrade":
            step["upgrade"] = "other"
        elif kind:
            step["method"] = kind
        if kind == "PUT" and self._chance(0.7):
            step["body"] = "stream"
        elif kind in ("PUT", "POST") and self._chance(0.7):
            step["body"] = 5
        if self.kind == "Agent" and self._chance(0.05):
            step["allowH2"] = True
        if self._chance(0.05) and len(self._live()) < MOST_LIVE:
            step["then"] = self._dispatch()
        return step

    def _respond(self) -> Step:
        asked = self._pick(self._waiting())
        step: Step = {"op": "respond", "id": asked.name}
        kind = self._weighted([(60, ""), (4, "empty")])
        if kind == "empty":
            return step | {"status": self._pick((204, 304)), "framing": "none"}
        if not asked.is_head and self._chance(0.25):
            step["part"] = True
        return step

    def _goaway(self, wires: Sequence[Wire]) -> Step:
        wire = self._pick(wires)
        assert wire.talk is not None
        streams = [a.name for a in wire.talk.live.values() if a.server is wire]
        if wire.talk.had_goaway:
            # A later one may only name a lower stream, and leaves one out: in which order several
            # are refused is that of a hash table.
            last = ["none", *streams[:-1]][-1]
        else:
            last = self._pick(("all", "none", *streams, *streams))
        step: Step = {"op": "goaway", "socket": wire.id, "last": last}
        return step | ({"code": 2} if self._chance(0.25) else {})

    def _settings(self, wires: Sequence[Wire]) -> Step:
        most = self._pick((1, 2, 3, 10))
        return {"op": "settings", "socket": self._pick(wires).id, "maxConcurrentStreams": most}

    def _rst(self) -> Step:
        asked = self._pick(self._resettable())
        return {"op": "rst", "id": asked.name, "code": self._pick(CODES)}

    def _upload(self) -> Step:
        return {"op": self._pick(("more", "end", "end")), "id": self._pick(self._uploads()).name}

    def _end(self) -> Step:
        # undici's destroy() does not reach a session that goes, and ends a close() at once; and
        # neither waits for a dial that is held.
        conns = self.replay.core.conns.values()
        leaves = any(conn.state is ConnState.LEAVING for conn in conns)
        return {"op": "close"} if leaves or self.replay.closes else super()._end()

    def _voice(self, op: str, wires: Sequence[Wire]) -> Step:
        return {"op": op, "socket": self._pick(wires).id}


def random_h2_scenario(seed: int) -> dict[str, Any]:
    """Give the scenario of a seed."""
    return H2Generator(seed).make()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("seed", type=int)
    print(written(random_h2_scenario(parser.parse_args().seed)), end="")


if __name__ == "__main__":
    main()
