"""What is printed when the dashboard itself fails: where, and never with what values."""

from __future__ import annotations

import traceback

from pooltop.present.clean import clean


def report(error: BaseException) -> str:
    """Give a traceback without local variables, safe to print.

    The message of an exception may quote what came from the network, so it is cleaned too.
    """
    told = traceback.TracebackException.from_exception(error, capture_locals=False)
    lines = [line for block in told.format() for line in block.splitlines()]
    text = "\n".join(clean(line) for line in lines)
    return f"{text}\npooltop's dashboard failed; this is a bug of pooltop."
