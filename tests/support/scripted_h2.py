"""The HTTP/2 side of a scripted server: it says only what it is told to, and can be mute.

h2 keeps the streams; what it would not say, and what it must not know of, is said as octets.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived
from h2.exceptions import ProtocolError
from h2.settings import Settings
from hyperframe.frame import (
    Frame,
    GoAwayFrame,
    PingFrame,
    RstStreamFrame,
    SettingsFrame,
)

if TYPE_CHECKING:
    from support.scripted import Served

PREFACE_OCTETS = 24
EVERY_STREAM = 2**31 - 1
REFUSED_STREAM = 7


class Talk:
    """One connection's HTTP/2."""

    def __init__(self, served: Served, most: int | None, *, is_mute: bool) -> None:
        """Begin, and say the SETTINGS; ``most`` streams at a time, None for any number."""
        self._served = served
        self._frames = b""
        self._skip = PREFACE_OCTETS
        self._held: list[bytes] | None = [] if is_mute else None
        self._rests: dict[int, bytes] = {}
        config = H2Configuration(
            client_side=False, validate_inbound_headers=False, header_encoding="utf-8"
        )
        self._conn = H2Connection(config)
        self._conn.local_settings = Settings(client=False)
        self._conn.initiate_connection()
        self._conn.data_to_send()  # its own SETTINGS would promise what the scenario does not
        self.settings(most)

    def receive(self, data: bytes) -> None:
        """Take what the client said."""
        self._look(data)
        try:
            events = self._conn.receive_data(data)
        except ProtocolError:
            events = []
        for event in events:
            if isinstance(event, RequestReceived):
                assert event.stream_id is not None
                if self._conn.open_inbound_streams > self._most:
                    self._conn.reset_stream(event.stream_id, REFUSED_STREAM)
                    continue
                headers = dict(event.headers or ())
                self._served.session.arrived_on(self._served, headers[":path"], event.stream_id)
            elif isinstance(event, DataReceived) and event.flow_controlled_length:
                assert event.stream_id is not None
                self._conn.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        self._flush()

    # What it is told to say

    def respond(self, stream: int, step: dict[str, Any], *, is_head: bool) -> None:
        framing = step.get("framing", "length")
        is_bare = framing == "none" or is_head
        body = ("" if framing == "none" else step.get("body", "ok-body!")).encode()
        headers = {k.lower(): v for k, v in (step.get("headers") or {}).items()}
        if framing == "length":
            headers["content-length"] = str(len(body))
        status = [(":status", str(step.get("status", 200)))]

        def say() -> None:
            self._conn.send_headers(stream, [*status, *headers.items()], end_stream=is_bare)
            if is_bare:
                return
            half = len(body) >> 1
            if step.get("part"):
                self._conn.send_data(stream, body[:half])
                self._rests[stream] = body[half:]
            else:
                self._conn.send_data(stream, body, end_stream=True)

        self._say(say)

    def finish(self, stream: int) -> bool:
        """Say whether there was anything left of a response."""
        rest = self._rests.pop(stream, None)
        if rest is not None:
            self._say(lambda: self._conn.send_data(stream, rest, end_stream=True))
        return rest is not None

    def interim(self, stream: int, step: dict[str, Any]) -> None:
        headers = [(k.lower(), v) for k, v in step.get("headers", {}).items()]
        status = (":status", str(step.get("status", 103)))
        self._say(lambda: self._conn.send_headers(stream, [status, *headers]))

    def rst(self, stream: int, code: int) -> None:
        if self._rests.pop(stream, None) is not None:
            # Node's server ends a body that it began before it resets its stream.
            self._say(lambda: self._conn.end_stream(stream))
            self._write(RstStreamFrame(stream, error_code=code))
        else:
            self._say(lambda: self._conn.reset_stream(stream, code))

    def goaway(self, code: int, last: int) -> None:
        self._write(GoAwayFrame(0, last_stream_id=last, error_code=code))

    def settings(self, most: int | None) -> None:
        self._most = EVERY_STREAM if most is None else most
        settings = {} if most is None else {SettingsFrame.MAX_CONCURRENT_STREAMS: most}
        self._write(SettingsFrame(0, settings=settings))

    def mute(self) -> None:
        self._held = self._held or []

    def unmute(self) -> None:
        held, self._held = self._held or [], None
        for octets in held:
            self._put(octets)

    # Its own

    def _look(self, data: bytes) -> None:
        """Tell the session of the frames that no event of h2's tells."""
        self._frames += data
        while len(self._frames) >= self._skip + 9:
            start = self._skip
            frame, length = Frame.parse_frame_header(memoryview(self._frames)[start : start + 9])
            end = start + 9 + length
            if len(self._frames) < end:
                return
            frame.parse_body(memoryview(self._frames)[start + 9 : end])
            self._frames, self._skip = self._frames[end:], 0
            if isinstance(frame, RstStreamFrame):
                self._tell(
                    {"type": "RST_STREAM", "stream": frame.stream_id, "code": frame.error_code}
                )
            elif isinstance(frame, PingFrame) and "ACK" not in frame.flags:
                self._tell({"type": "PING"})
            elif isinstance(frame, GoAwayFrame):
                self._tell({"type": "GOAWAY", "code": frame.error_code})

    def _tell(self, frame: dict[str, Any]) -> None:
        self._served.session.heard_frame(self._served, frame)

    def _say(self, say: Callable[[], None]) -> None:
        with contextlib.suppress(ProtocolError):  # the client has reset the stream, or left
            say()
        self._flush()

    def _flush(self) -> None:
        octets = self._conn.data_to_send()
        if octets:
            self._put(octets)

    def _write(self, frame: Frame) -> None:
        self._put(frame.serialize())

    def _put(self, octets: bytes) -> None:
        if self._held is not None:
            self._held.append(octets)
        else:
            self._served.write(octets.decode("latin-1"))
