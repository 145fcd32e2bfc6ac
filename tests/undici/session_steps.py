"""What a scenario's servers say of HTTP/2 sessions and streams, beside their responses."""

from __future__ import annotations

from typing import Any

from undici.sessions import EVERY_STREAM, Frame, Talk
from undici.simulated import World
from undici.wires import Asked, Wire

from pooltop.core.model import SocketId

Step = dict[str, Any]


class SessionSteps:
    """Each gives the reason why it could not be done, or nothing."""

    world: World
    asked: dict[str, Asked]

    def _do_rst(self, step: Step) -> str | None:
        asked = self.asked[step["id"]]
        if asked.server is None or asked.server.is_gone:
            return "no request to answer"
        # Node's server ends a body that it began before it resets its stream.
        end = [Frame("end", asked.stream)] if asked.rest else []
        asked.answered, asked.rest = True, []
        rst = Frame("rst", asked.stream, step["code"])
        self.world.sessions.say(asked.server, *end, rst)
        return None

    def _session(self, step: Step) -> tuple[Wire, Talk] | None:
        wire = self.world.wires.get(SocketId(step["socket"]))
        if wire is None or not wire.serves or wire.talk is None:
            return None
        return wire, wire.talk

    def _do_goaway(self, step: Step) -> str | None:
        found, last = self._session(step), step.get("last", "all")
        if found is None:
            return "no such open socket"
        streams = {"all": EVERY_STREAM, "none": 0}
        stream = streams[last] if last in streams else self.asked[last].stream
        goaway = Frame("goaway", value=step.get("code", 0), last=stream)
        self.world.sessions.say(found[0], goaway)
        return None

    def _do_settings(self, step: Step) -> str | None:
        found = self._session(step)
        if found is None:
            return "no such open socket"
        wire, talk = found
        talk.most = step["maxConcurrentStreams"]
        self.world.sessions.say(wire, Frame("settings", value=talk.most))
        return None

    def _do_mute(self, step: Step) -> str | None:
        found = self._session(step)
        if found is None:
            return "no such open socket"
        found[1].held = found[1].held or []
        return None

    def _do_unmute(self, step: Step) -> str | None:
        found = self._session(step)
        if found is None:
            return "no such open socket"
        self.world.sessions.unmute(*found)
        return None
