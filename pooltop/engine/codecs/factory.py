"""Making the codec that a connection is to hold, by the name the options give it."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from pooltop.engine.codecs.guard import GuardedCodec
from pooltop.engine.codecs.h1_h11 import H11Parser
from pooltop.engine.codecs.h1_llhttp import LlhttpParser

if TYPE_CHECKING:
    from pooltop.core.model import Codec as CodecName
    from pooltop.engine.codecs.base import Codec


def make_codec(name: CodecName) -> Codec:
    """Give a new guarded codec for one connection."""
    match name:
        case "h11":
            return GuardedCodec(H11Parser())
        case "llhttp":
            return GuardedCodec(LlhttpParser())
        case _:
            assert_never(name)
