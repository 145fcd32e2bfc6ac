"""The field's words, once: for ``pooltop explain``, the help page, lessons and advice."""

from __future__ import annotations

from pooltop.glossary.book import Book
from pooltop.glossary.term import Found, Shelf, Term
from pooltop.glossary.words.clocks import CLOCKS, TLS_OPTIONS
from pooltop.glossary.words.closes import CLOSES
from pooltop.glossary.words.codes import SYSTEM_CODES, TLS_CODES
from pooltop.glossary.words.general import CONNECTIONS, HTTP2, QUEUES
from pooltop.glossary.words.measured import MEASURED
from pooltop.glossary.words.node_options import NODE_OPTIONS, OWN_OPTIONS
from pooltop.glossary.words.own_codes import OUTCOMES, OWN_CODES, UNDICI_CODES
from pooltop.glossary.words.phases import CAUSES, PHASES
from pooltop.glossary.words.reasons import COMES_BY, OPENS, RETIRES, WAITS
from pooltop.glossary.words.states import LOAD_STATES, REQUEST_STATES, SOCKET_STATES
from pooltop.glossary.words.undici_options import UNDICI_OPTIONS

SHELVES: tuple[Shelf, ...] = (
    *(NODE_OPTIONS, UNDICI_OPTIONS, OWN_OPTIONS, CLOCKS, TLS_OPTIONS),
    *(CONNECTIONS, QUEUES, HTTP2),
    *(SOCKET_STATES, REQUEST_STATES, LOAD_STATES, PHASES),
    *(WAITS, COMES_BY, OPENS, CLOSES, RETIRES),
    *(CAUSES, SYSTEM_CODES, TLS_CODES, UNDICI_CODES, OWN_CODES, OUTCOMES, MEASURED),
)
"""All that is written down here, in the order in which it is listed."""

__all__ = ["SHELVES", "Book", "Found", "Shelf", "Term"]
