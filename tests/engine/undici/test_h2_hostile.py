"""Frames at random, over real sockets: each request is settled, and nothing leaves a callback."""

from __future__ import annotations

import asyncio
import random

import pytest
from hpack import Encoder

from pooltop.core.undici.options import DispatcherOptions
from pooltop.engine.h2 import frames
from pooltop.engine.undici.dispatcher import Dispatcher
from pooltop.errors import RequestError

_LAST = 2**31 - 1


def _head(stream, encoder, status="200", *, ends=True):
    return frames.pack_block(stream, encoder.encode([(":status", status)]), ends=ends)


def _goaway(last, code):
    octets = last.to_bytes(4, "big") + code.to_bytes(4, "big")
    return frames.pack(frames.GOAWAY, 0, 0, octets)


def _any_frame(chance, stream, encoder):
    stream = chance.choice([stream, stream, stream + 2, 1, 2, 99])
    word = chance.choice([0, 1, 7, 8, 65_535, _LAST]).to_bytes(4, "big")
    return chance.choice(
        [
            _head(stream, encoder),
            _head(stream, encoder, chance.choice(["103", "204", "abc", "0"])),
            _head(stream, encoder, ends=False),
            frames.pack(frames.DATA, chance.choice([0, frames.END_STREAM]), stream, bytes(100)),
            frames.pack(frames.RST_STREAM, 0, stream, word),
            frames.pack(frames.SETTINGS, 0, 0, b"\x00" + bytes([chance.randrange(7)]) + word),
            frames.pack(frames.PING, chance.choice([0, frames.ACK]), 0, bytes(8)),
            _goaway(chance.choice([0, 1, stream, _LAST]), chance.choice([0, 0, 2, 11])),
            _goaway(_LAST, 2) + _head(stream, encoder) + _head(stream + 2, encoder),
            frames.pack(frames.WINDOW_UPDATE, 0, chance.choice([0, stream]), word),
            frames.pack(frames.CONTINUATION, 0, stream, bytes(5)),
            chance.randbytes(20),
        ]
    )


def _server(chance):
    async def handle(reader, writer):
        encoder, stream = Encoder(), 1
        try:
            writer.write(frames.pack(frames.SETTINGS, 0, 0))
            await reader.read(65_536)
            served = chance.choice([0, 1, 3, 20])
            for n in range(chance.randrange(40)):
                good = n < served
                writer.write(
                    _head(stream, encoder) if good else _any_frame(chance, stream, encoder)
                )
                stream += chance.choice([0, 2, 2])
                if chance.random() < 0.3:
                    await asyncio.sleep(0)
            if chance.random() < 0.5:
                writer.transport.abort()
        except ConnectionError:
            pass
        writer.close()

    return handle


@pytest.mark.parametrize("kind", ["h2", "undici-pool", "undici-client", "undici-agent"])
@pytest.mark.parametrize("seed", range(8))
async def test_a_server_that_says_anything_settles_each_request(seed, kind):
    chance = random.Random(f"{seed} {kind}")
    options = DispatcherOptions(
        kind=kind, use_h2c=True, connections=2, headers_timeout=300, body_timeout=300
    )
    server = await asyncio.start_server(_server(chance), "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, Dispatcher(options) as dispatcher:

        async def ask(n):
            try:
                body = b"" if n % 3 else bytes(90_000)
                method = "GET" if n % 3 else "POST"
                async with await dispatcher.request(method, url, content=body) as response:
                    await response.read()
            except RequestError as error:
                return error.code
            return response.status

        async with asyncio.timeout(20):
            told = await asyncio.gather(*(ask(n) for n in range(30)))
        (origin,) = dispatcher.snapshot().origins
        counters = origin.counters
        assert (30, 30) == (len(told), counters.submitted)
        assert 30 == counters.completed + sum(counters.failed.values())
        dispatcher.shell.core.check_invariants()
