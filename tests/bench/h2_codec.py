"""What an HTTP/2 request costs before any I/O: CPU a request, and octets written for a GET.

    python tests/bench/h2_codec.py [--requests 3000] [--rounds 5]

A server's octets are made beforehand, as nginx compresses them (literals, then its table), so that
only the session's own work is timed: opening a stream, taking what is to be written, and receiving
the response. With so many streams open at once as a row says. Medians over the rounds, CPU time.
The rows go by who speaks HTTP/2 beneath the guard; the last is the h2 library alone, used as its
documentation does, without what the guard adds.
"""

from __future__ import annotations

import argparse
import statistics
import time

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived
from hpack import Encoder
from hyperframe.frame import SettingsFrame

from pooltop.engine.h2.factory import default_codec, make_session
from pooltop.engine.h2.form import form_of
from pooltop.engine.request import prepare

FIELDS = [
    (b":status", b"200"),
    (b"server", b"nginx/1.22.1"),
    (b"date", b"Mon, 23 Nov 2026 04:40:00 GMT"),
    (b"content-type", b"text/plain"),
    (b"content-length", b"12"),
]
TABLED = "from its table"
BODY = b"hello, pool\n"
SETTINGS = SettingsFrame(0, settings={3: 128, 4: 65536, 5: 2**24 - 1}).serialize()
PREPARED = prepare(
    "GET",
    "/",
    [("user-agent", "pooltop"), ("accept", "*/*")],
    host_header="127.0.0.1:8443",
    keep_alive=True,
)


class Nobody:
    """Every sink, and deaf but for what flow control needs."""

    def __init__(self, codec: str) -> None:
        self.session = make_session(self, codec=codec)
        self.ended = 0

    def on_settings(self, settings) -> None:
        """Pass over."""

    on_goaway = on_stream_reset = on_stream_fault = on_ping_ack = on_sendable = on_settings
    on_informational = on_head = on_switched = on_settings


class Reader:
    """One response's reader."""

    def __init__(self, of: Nobody, stream: int) -> None:
        self.of = of
        self.stream = stream

    def on_head(self, head) -> None:
        """Pass over."""

    on_informational = on_switched = on_head

    def on_data(self, data: bytes) -> None:
        """Read at once."""
        self.of.session.consumed(self.stream, len(data))

    def on_end(self, end) -> None:
        """Count."""
        self.of.ended += 1


def responses(requests: int, *, tabled: bool) -> list[bytes]:
    """Every response's octets, in order."""
    coder = Encoder()
    found = []
    for n in range(requests):
        block = coder.encode(FIELDS) if tabled else Encoder().encode(FIELDS)
        stream = (2 * n + 1).to_bytes(4, "big")
        found.append(
            len(block).to_bytes(3, "big") + b"\1\4" + stream + block
            + b"\0\0\x0c\0\1" + stream + BODY
        )  # fmt: skip
    return found


def ours(
    requests: int, width: int, answers: list[bytes], codec: str
) -> tuple[float, float, list[int]]:
    """Give microseconds of sending and of receiving a request, and octets written for each."""
    of = Nobody(codec)
    session = of.session
    session.preface()
    session.receive(memoryview(SETTINGS), now=0.0)
    session.take()
    form = form_of(PREPARED, scheme="https")
    sent = received = 0.0
    sizes = []
    for first in range(0, requests, width):
        begin = time.process_time()
        for n in range(first, first + width):
            reader = Reader(of, 2 * n + 1)
            session.open(reader.stream, form, reader, ends=True)
        octets = session.take()
        between = time.process_time()
        session.receive(memoryview(b"".join(answers[first : first + width])), now=0.0)
        received += time.process_time() - between
        sent += between - begin
        sizes.append(len(octets) // width)
    assert of.ended == requests
    return sent / requests * 1e6, received / requests * 1e6, sizes


def library(
    requests: int, width: int, answers: list[bytes], _: str
) -> tuple[float, float, list[int]]:
    """The same of the h2 library alone."""
    connection = H2Connection(H2Configuration(client_side=True, header_encoding=None))
    connection.initiate_connection()
    connection.receive_data(SETTINGS)
    connection.data_to_send()
    fields = list(form_of(PREPARED, scheme="https").fields)
    sent = received = 0.0
    sizes = []
    for first in range(0, requests, width):
        begin = time.process_time()
        for n in range(first, first + width):
            connection.send_headers(2 * n + 1, fields, end_stream=True)
        octets = connection.data_to_send()
        between = time.process_time()
        for event in connection.receive_data(b"".join(answers[first : first + width])):
            if isinstance(event, DataReceived):
                size = event.flow_controlled_length
                connection.acknowledge_received_data(size, event.stream_id)
        received += time.process_time() - between
        sent += between - begin
        sizes.append(len(octets) // width)
    return sent / requests * 1e6, received / requests * 1e6, sizes


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--requests", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    codecs = ["h2"] if default_codec() == "h2" else ["h2", "nghttp2"]
    if len(codecs) == 1:
        print("nghttp2 is left out: ngh2 is not installed (the extra h2fast)")
    rows = [
        (f"{codec}, {width} wide, {said}", ours, width, said == TABLED, codec)
        for codec in codecs
        for width, said in ((1, TABLED), (10, TABLED), (100, TABLED), (100, "literals"))
    ]
    rows.append((f"h2 alone, 100 wide, {TABLED}", library, 100, True, "h2"))
    taken: dict[str, list[tuple[float, float]]] = {row[0]: [] for row in rows}
    written: dict[str, list[int]] = {}
    for _ in range(options.rounds):
        for name, run, width, tabled, codec in rows:
            requests = options.requests // width * width
            answers = responses(requests, tabled=tabled)
            sent, received, sizes = run(requests, width, answers, codec)
            taken[name].append((sent, received))
            if width == 1:
                written[codec] = sizes
    for codec, sizes in written.items():
        print(
            f"{codec}: octets written for a GET: {sizes[0]} the first time, "
            f"{sizes[-1]} from then on"
        )
    print(f"{'':40} {'send us':>8} {'receive us':>11} {'both us':>8}")
    for name, times in taken.items():
        sent = statistics.median(one for one, _ in times)
        received = statistics.median(one for _, one in times)
        print(f"{name:40} {sent:8.1f} {received:11.1f} {sent + received:8.1f}")


if __name__ == "__main__":
    main()
