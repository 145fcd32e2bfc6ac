"""Making the codec that a connection is to hold, by the name the options give it."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from pooltop.engine.codecs.guard import GuardedCodec
from pooltop.engine.codecs.h1_h11 import H11Parser
from pooltop.engine.codecs.h1_llhttp import LlhttpParser
from pooltop.engine.codecs.pipelined import PipelinedCodec

if TYPE_CHECKING:
    from pooltop.core.model import Codec as CodecName
    from pooltop.engine.codecs.base import Codec
    from pooltop.engine.codecs.parser import Parser


def make_codec(name: CodecName) -> Codec:
    """Give a new guarded codec for one connection."""
    return GuardedCodec(_parser(name))


def make_pipelined(name: CodecName) -> PipelinedCodec:
    """Give one for a connection that has several requests under way."""
    return PipelinedCodec(_parser(name))


def _parser(name: CodecName) -> Parser:
    match name:
        case "h11":
            return H11Parser()
        case "llhttp":
            return LlhttpParser()
        case _:
            assert_never(name)
